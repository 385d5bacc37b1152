//! Blocks of words as statements: looking for traces by words, and making few blocks of many.

use super::{Statement, decode};
use crate::error::Fault;
use crate::limits::MAX_BLOCK_TRACES;
use ingest_core::index_writer::statements::TENANT;
use ingest_core::index_writer::stored_row::{COUNT_BITS, SECOND_BITS};
use ingest_core::index_writer::template::fill;
use ingest_core::index_writer::word_blocks::HOUR_S;
use ingest_core::pack::hex;
use ingest_core::pack::words::{Block, hash_bytes};
use ingest_core::sql_file;

sql_file!(scan_sql, "sql/scan_words.sql", &[]);
sql_file!(read_sql, "sql/read_words.sql", &[]);
sql_file!(small_sql, "sql/small_blocks.sql", &[]);
sql_file!(guard_sql, "sql/guard_words.sql", &[]);
sql_file!(delete_sql, "sql/delete_words.sql", &[]);

/// Blocks that one question looks through, and bytes of them, the last of which may pass that:
/// some 30 ms.
const BLOCKS: usize = 400;
const BLOCK_BYTES: usize = 16 * 1024 * 1024;
/// Blocks that are made one at once, and bytes of them.
const MERGED: usize = 200;
const MERGED_BYTES: usize = 1024 * 1024;

fn filled(sql: &str) -> String {
    let numbers = [
        ("KEY_BITS", i64::from(SECOND_BITS + COUNT_BITS)),
        ("SECOND_BITS", SECOND_BITS.into()),
        ("COUNT_BITS", COUNT_BITS.into()),
        ("HOUR_S", HOUR_S),
    ];
    let numbers = numbers.map(|(name, number)| (name, number.to_string()));
    let mut holes = vec![("TENANT", TENANT)];
    holes.extend(numbers.iter().map(|(name, number)| (*name, &**number)));
    fill(sql, &holes)
}

fn bounded(sql: &str, bounds: [(&str, usize); 3]) -> String {
    let bounds = bounds.map(|(name, bound)| (name, bound.to_string()));
    fill(sql, &bounds.each_ref().map(|(name, bound)| (*name, &**bound)))
}

/// A block that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scanned {
    /// Its key.
    pub key: i64,
    /// How many bytes it has.
    pub bytes: usize,
    /// Whether words are in it.
    pub hit: bool,
}

/// Blocks with traces of these seconds, both ends included, in which words may be: newest
/// first, those before a block.
#[must_use]
pub fn select_scan(
    project: &str,
    words: &[u32],
    (first, last): (i64, i64),
    before: Option<i64>,
) -> Statement {
    // A block is under its last trace's second, which is in the hour of its others.
    let hour_end = ((last / HOUR_S + 1) * HOUR_S).min(1 << SECOND_BITS);
    let before = before.map_or(i64::MAX, |key| key - 1);
    let mut params =
        vec![project.into(), (first << COUNT_BITS).into(), ((hour_end << COUNT_BITS) - 1).into()];
    params.extend([before.to_string().into(), last.into()]);
    let has: Vec<_> = words
        .iter()
        .map(|word| {
            params.push(hex::write(&hash_bytes(*word)).into());
            format!("instr(b.words, unhex(?{})) > 0", params.len())
        })
        .collect();
    let (all, any) = (has.join(" and "), has.join(" or "));
    let sql = fill(&filled(scan_sql()), &[("ALL", &all), ("ANY", &any)]);
    let bounds = [("BLOCKS", BLOCKS), ("BYTES", BLOCK_BYTES), ("MOST", 0)];
    Statement::new(bounded(&sql, bounds), params)
}

/// What [`select_scan`] found, and whether there may be more.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what it asks for.
pub fn read_scan(rows: &[String]) -> Result<(Vec<Scanned>, bool), Fault> {
    let read = |row: &String| {
        let (key, bytes, hit): (String, usize, u8) = decode(row)?;
        Ok(Scanned { key: read_key(&key)?, bytes, hit: hit != 0 })
    };
    let mut all: Vec<Scanned> = rows.iter().map(read).collect::<Result<_, Fault>>()?;
    all.sort_by_key(|block| std::cmp::Reverse(block.key));
    let bytes: usize = all.iter().map(|block| block.bytes).sum();
    let more = all.len() >= BLOCKS || bytes >= BLOCK_BYTES;
    Ok((all, more))
}

fn read_key(key: &str) -> Result<i64, Fault> {
    key.parse().map_err(|_| Fault::Internal("a row of the index: no key".into()))
}

fn keys(keys: impl IntoIterator<Item = i64>) -> String {
    let keys: Vec<_> = keys.into_iter().map(|key| key.to_string()).collect();
    serde_json::to_string(&keys).unwrap_or_default()
}

/// These blocks.
#[must_use]
pub fn select_blocks(project: &str, blocks: &[i64]) -> Statement {
    let keys = keys(blocks.iter().copied());
    Statement::new(filled(read_sql()), vec![project.into(), keys.into()])
}

/// Blocks with their keys; of their words those that are wanted, if some are.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what [`select_blocks`] asks for.
pub fn read_blocks(rows: &[String], wanted: Option<&[u32]>) -> Result<Vec<(i64, Block)>, Fault> {
    let damaged = |_| Fault::Internal("a row of the index: its words are damaged".into());
    let read = |row: &String| {
        let (key, words): (String, String) = decode(row)?;
        let words = hex::read(&words).unwrap_or_default();
        Ok((read_key(&key)?, Block::read(&words, wanted).map_err(damaged)?))
    };
    rows.iter().map(read).collect()
}

/// Blocks that are worth being made one, of the hours that begin at these seconds.
#[must_use]
pub fn select_small(project: &str, hours: &[i64]) -> Statement {
    let hours = serde_json::to_string(hours).unwrap_or_default();
    let bounds = [("SMALL", MAX_BLOCK_TRACES / 2), ("MOST", MERGED), ("BYTES", MERGED_BYTES)];
    let sql = bounded(&filled(small_sql()), bounds);
    Statement::new(sql, vec![project.into(), hours.into()])
}

/// What goes before others are written in the place of these blocks, and after: it fails with
/// a conflict where one of them is gone.
#[must_use]
pub fn replace(project: &str, blocks: &[i64]) -> [Statement; 2] {
    let keys = keys(blocks.iter().copied());
    [guard_sql(), delete_sql()]
        .map(|sql| Statement::new(filled(sql), vec![project.into(), (&*keys).into()]))
}
