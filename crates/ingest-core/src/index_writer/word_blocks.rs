//! Blocks of words as rows: the words that a delivery's traces were told of, those of each hour
//! by themselves. A trace is in the blocks of the hour that its key names, which never changes:
//! who goes along traces by their keys finds all that is known of each where he is.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Statement;
use super::statements::TENANT;
use super::stored_row::{COUNT_BITS, SECOND_BITS};
use super::template::fill;
use crate::limits::{MAX_BLOCK_TRACES, MAX_BLOCK_WORDS};
use crate::pack::hex;
use crate::pack::words::{Block, Doc};
use crate::sql_file;

sql_file!(insert_sql, "sql/insert_words.sql", &[]);

/// Seconds of keys whose traces have blocks in common.
pub const HOUR_S: i64 = 3_600;

/// The second that a key names: of a trace, or of the last trace of a block.
#[must_use]
pub fn second_of_key(key: i64) -> i64 {
    key >> COUNT_BITS & ((1 << SECOND_BITS) - 1)
}

/// A block as it is written: the seconds of its last trace and its first, how many it has, how
/// many of those have words in other blocks, its bytes.
#[derive(Debug, Serialize)]
pub struct BlockRow(i64, i64, usize, usize, String);

/// The blocks of these traces.
#[must_use]
pub fn blocks(mut docs: Vec<(Doc, BTreeSet<u32>)>) -> Vec<BlockRow> {
    docs.sort_by_key(|(doc, _)| doc.second);
    let mut rows = Vec::new();
    let mut rest = &*docs;
    while let Some((first, _)) = rest.first() {
        let mut words = 0;
        let fits = rest.iter().take(MAX_BLOCK_TRACES).take_while(|(doc, own)| {
            let room = words == 0 || words + own.len() <= MAX_BLOCK_WORDS;
            words += own.len();
            room && doc.second / HOUR_S == first.second / HOUR_S
        });
        let (some, others) = rest.split_at(fits.count());
        rest = others;
        let last = some.last().map_or(first.second, |(doc, _)| doc.second);
        let parted = some.iter().filter(|(doc, _)| !doc.whole).count();
        let block = Block::of(some.iter().map(|(doc, words)| (doc.clone(), words)).collect());
        rows.push(BlockRow(last, first.second, some.len(), parted, hex::write(&block.write())));
    }
    rows
}

/// Writes blocks: JSON of [`BlockRow`]s.
#[must_use]
pub fn insert(project: &str, rows: String) -> Statement {
    let [second, count] = [SECOND_BITS, COUNT_BITS].map(|bits| bits.to_string());
    let holes = [("TENANT", TENANT), ("SECOND_BITS", &second), ("COUNT_BITS", &count)];
    Statement::new(fill(insert_sql(), &holes), vec![project.into(), rows.into()])
}
