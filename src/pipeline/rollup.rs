//! Adding up what deliveries added to the hourly rollup: it becomes hours and days, a bounded
//! number at a time. Each is added once: it goes in the transaction that adds it. Run by the
//! cron, by any number at once, and stopped anywhere.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::error::Fault;
use crate::index::rollups::{self, Deliveries, Time, UsageRow};
use crate::index::{Database, words};
use crate::model::Millis;
use ingest_core::index_writer::statements::{insert_deliveries, is_conflict};
use ingest_core::index_writer::stored_row::KEY_EPOCH_S;
use ingest_core::index_writer::word_blocks::{self, HOUR_S, second_of_key};
use ingest_core::pack::usage::{Cells, Key, Sums};
use ingest_core::pack::words::{Block, Doc};

/// Deliveries wait so long for others: each time an hour's row and a day's are written anew.
const WAIT_MS: Millis = 5 * 60_000;
/// Fewer blocks of words of an hour are left as they are: each that goes is a row deleted.
const MERGED: usize = 8;
/// Steps of a run, those that find a damaged row among them: each is six calls of D1, and the
/// sweeper makes some, too, of the fifty that a run may make on the free plan.
const STEPS: usize = 5;
/// Hours that a step adds to, and as many days at most; each may have a hundred kilobytes. What
/// is of others waits for the next step.
const HOURS: usize = 16;

/// What a run came to; for the log.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct RolledUp {
    /// Deliveries that were added up.
    pub deliveries: usize,
    /// Hours and days that were written.
    pub rows: usize,
    /// Blocks of words that are in others now.
    pub blocks: usize,
    /// Projects whose rows cannot be read: theirs wait, and hold up nobody else's.
    pub damaged: Vec<String>,
}

/// One run.
///
/// # Errors
/// A fault of the database; what was done until then holds.
pub async fn roll_up(now: Millis, db: &impl Database) -> Result<RolledUp, Fault> {
    let mut done = RolledUp::default();
    for _ in 0..STEPS {
        let due = db.run(vec![rollups::select_due(now - WAIT_MS, &done.damaged)]).await?;
        let Some(project) = due.rows.into_iter().flatten().next() else { break };
        match step(&project, now, db).await {
            Ok((deliveries, rows, blocks)) => {
                done.deliveries += deliveries;
                done.rows += rows;
                done.blocks += blocks;
            }
            Err(Fault::Internal(_)) => done.damaged.push(project),
            // Another run is at it.
            Err(fault) if is_conflict(&fault.to_string()) => break,
            Err(fault) => return Err(fault),
        }
    }
    Ok(done)
}

/// Adds up deliveries of a project: how many, how many rows were written, and how many blocks of
/// words are in others now.
async fn step(
    project: &str,
    now: Millis,
    db: &impl Database,
) -> Result<(usize, usize, usize), Fault> {
    let read = db.run(vec![rollups::select_deliveries(project)]).await?;
    let read = rollups::read_deliveries(&read.rows.concat())?;
    let Deliveries { keys, mut cells, .. } = read;
    let hours: BTreeSet<i64> = cells.0.keys().map(|key| key.hour).collect();
    // The newest first: what is looked at most.
    let hours: BTreeSet<i64> = hours.into_iter().rev().take(HOURS).collect();
    let day = |hour: i64| (24, hour.div_euclid(24) * 24);
    let times: BTreeSet<Time> = hours.iter().flat_map(|hour| [(1, *hour), day(*hour)]).collect();
    let times: Vec<Time> = times.into_iter().collect();
    let ran = db.run(vec![rollups::select_usage(project, &times)]).await?;
    let mut rows: BTreeMap<Time, UsageRow> =
        times.into_iter().map(|time| (time, UsageRow::new(time))).collect();
    for row in rollups::read_usage(&ran.rows.concat())? {
        rows.insert(row.time, row);
    }
    for (key, sums) in by_cost(&cells) {
        for time in [(1, key.hour), day(key.hour)] {
            if let (Some(row), true) = (rows.get_mut(&time), hours.contains(&key.hour)) {
                row.add(key.by, &key.value, sums);
            }
        }
    }
    cells.0.retain(|key, _| !hours.contains(&key.hour));
    let rows: Vec<UsageRow> = rows.into_values().collect();
    let mut statements = rollups::compact(project, &keys, &rows);
    // They have waited long enough: the next step has them.
    statements.extend(insert_deliveries(project, &cells, now - WAIT_MS - 1_000));
    db.run(statements).await?;
    let blocks = merge_blocks(project, &hours, db).await?;
    Ok((keys.len(), rows.len(), blocks))
}

/// Makes few blocks of words of many, in hours whose traces were told of lately; how many
/// blocks are gone.
async fn merge_blocks(
    project: &str,
    hours: &BTreeSet<i64>,
    db: &impl Database,
) -> Result<usize, Fault> {
    let seconds: Vec<_> = hours.iter().map(|hour| hour * HOUR_S - KEY_EPOCH_S).collect();
    let ran = db.run(vec![words::select_small(project, &seconds)]).await?;
    let mut of_hours: BTreeMap<i64, Vec<(i64, Block)>> = BTreeMap::new();
    for (key, block) in words::read_blocks(&ran.rows.concat(), None)? {
        of_hours.entry(second_of_key(key) / HOUR_S).or_default().push((key, block));
    }
    of_hours.retain(|_, blocks| blocks.len() >= MERGED);
    let (mut gone, mut traces) = (Vec::new(), HashMap::<Rc<str>, (Doc, BTreeSet<u32>)>::new());
    for (key, block) in of_hours.into_values().flatten() {
        gone.push(key);
        let words = block.by_doc();
        for (doc, words) in block.docs.into_iter().zip(words) {
            let (known, all) =
                traces.entry(Rc::clone(&doc.id)).or_insert_with(|| (doc.clone(), BTreeSet::new()));
            known.whole |= doc.whole;
            all.extend(words);
        }
    }
    if gone.is_empty() {
        return Ok(0);
    }
    let [guard, delete] = words::replace(project, &gone);
    let mut statements = vec![guard, delete];
    for row in word_blocks::blocks(traces.into_values().collect()) {
        let row = serde_json::to_string(&[row]).unwrap_or_default();
        statements.push(word_blocks::insert(project, row));
    }
    match db.run(statements).await {
        Ok(_) => Ok(gone.len()),
        // Another run is at it.
        Err(fault) if is_conflict(&fault.to_string()) => Ok(0),
        Err(fault) => Err(fault),
    }
}

/// Cells, those that cost most first: of values that are too many these are kept apart.
fn by_cost(cells: &Cells) -> Vec<(&Key, &Sums)> {
    let mut all = cells.in_order();
    all.sort_by_key(|(_, sums)| std::cmp::Reverse((sums.cost_nano, sums.count)));
    all
}
