//! Writing batches that are decoded: reading the rows of their traces, folding them in,
//! writing the rows; again where somebody else was faster. Two calls of D1 as a rule.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::evaluations::is_due;
use crate::error::Fault;
use crate::index::project_settings::{self, ProjectSettings};
use crate::index::{Database, QueryResults};
use crate::model::Millis;
use ingest_core::index_writer::delivery::{Delivery, Source};
use ingest_core::index_writer::guesses::Named;
use ingest_core::index_writer::statements::is_conflict;
use ingest_core::index_writer::touched::Touched;
use prices::price::call::PriceBook;

/// Why a message could not be written.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// Perhaps next time; it may be this batch's own.
    Passing(String),
    /// D1 does nothing for anybody at the moment, as far as this tells.
    Away(String),
    /// Not by this release, ever.
    Lasting(String),
}

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    /// The batches that are new to the ledger, or that it knows by an earlier object now.
    pub(super) batches: HashSet<String>,
    /// Rows that D1 wrote, as it bills them.
    pub(super) rows_written: u64,
    /// Spans that are taken for traces and perhaps are none, by project.
    pub(super) guesses: BTreeMap<String, Vec<Named>>,
    /// The traces that are to be evaluated as they are now.
    pub(super) evaluate: Vec<Touched>,
}

/// Times that rows are read again, because others have written them in between. Each time
/// one of those others has got on.
const MAX_CONFLICTS: u32 = 20;

/// Folds batches into the index.
///
/// # Errors
/// That of the index, of which nothing or a part was written: all of it may be done again.
pub(super) async fn fold_in(
    sources: &[Source<'_>],
    now: &impl Fn() -> Millis,
    db: &impl Database,
) -> Result<Fresh, Failure> {
    let mut delivery = Delivery::of(sources, now());
    let mut settings = None;
    let mut fresh = Fresh::default();
    let mut conflicts = 0;
    while !delivery.is_done() {
        // Reading changes nothing, and scores alone have nothing to be read.
        let mut reads = delivery.read();
        let rows_read = reads.len();
        let unset: Vec<String> = match settings {
            None => delivery.projects_of_traces().map(str::to_owned).collect(),
            Some(_) => Vec::new(),
        };
        reads.extend(unset.iter().map(|project| project_settings::select(project)));
        let read = if reads.is_empty() { Ok(QueryResults::default()) } else { db.run(reads).await };
        let mut read = read.map_err(|fault| failure(fault.to_string()))?;
        let set = read.rows.split_off(rows_read.min(read.rows.len()));
        // Read once, with the first rows: others that write meanwhile change none of it.
        let set = match settings.take() {
            Some(settings) => settings,
            None => Settings::read(unset, set, &mut delivery)
                .map_err(|fault| failure(fault.to_string()))?,
        };
        let Settings { evaluating, prices } = settings.insert(set);
        let damaged = |why| {
            let then = "`npm run verify -- --repair` makes its row anew from the raw batches";
            Failure::Passing(format!("a trace in the index: {why}; {then}"))
        };
        let writing =
            delivery.write(&read.rows, db.row_bounds(), now(), prices).map_err(damaged)?;
        // Only what is as it was read is written, so this can be done again and by others.
        match db.run(writing.statements).await {
            Ok(ran) => {
                for (at, rows) in ran.rows.into_iter().enumerate() {
                    let ask = writing.asks.iter().find(|(ask, _)| *ask == at && !rows.is_empty());
                    match ask {
                        Some((_, project)) => {
                            let named =
                                rows.iter().filter_map(|row| serde_json::from_str(row).ok());
                            fresh.guesses.entry(project.clone()).or_default().extend(named);
                        }
                        None => fresh.batches.extend(rows),
                    }
                }
                fresh.rows_written += ran.rows_written;
                let at = now();
                let due = |trace: &Touched| is_due(trace, evaluating.contains(&trace.project), at);
                fresh.evaluate.extend(writing.touched.into_iter().filter(due));
                delivery.wrote(&writing.left);
            }
            Err(fault) => {
                let why = fault.to_string();
                conflicts += 1;
                if !is_conflict(&why) || conflicts > MAX_CONFLICTS {
                    return Err(failure(why));
                }
            }
        }
    }
    Ok(fresh)
}

/// What the projects of a delivery have set.
#[derive(Debug, Default)]
struct Settings {
    /// Those that have evaluators that run unasked.
    evaluating: BTreeSet<String>,
    /// What calls cost in each.
    prices: PriceBook,
}

impl Settings {
    /// What rows say; budgets are the delivery's to count for.
    fn read(
        projects: Vec<String>,
        rows: Vec<Vec<String>>,
        delivery: &mut Delivery,
    ) -> Result<Self, Fault> {
        let mut all = Self::default();
        for (project, rows) in projects.into_iter().zip(rows).filter(|(_, rows)| !rows.is_empty()) {
            let ProjectSettings { evaluates, prices, budgets } = project_settings::read(rows)?;
            delivery.set_budgets(&project, budgets);
            all.prices.set(&project, prices);
            if evaluates {
                all.evaluating.insert(project);
            }
        }
        Ok(all)
    }
}

pub(super) fn failure(why: String) -> Failure {
    if names_a_statement(&why) { Failure::Passing(why) } else { Failure::Away(why) }
}

/// Whether D1 says that a statement was not to its liking, which may be one
/// batch's own doing. Anything else (overloaded, timed out, reset, not reached)
/// is nobody's in particular (developers.cloudflare.com/d1/observability/debug-d1).
fn names_a_statement(why: &str) -> bool {
    const OF_STATEMENTS: [&str; 6] = [
        "SQLITE_CONSTRAINT",
        "SQLITE_ERROR",
        "SQLITE_MISMATCH",
        "SQLITE_RANGE",
        "SQLITE_TOOBIG",
        "D1_TYPE_ERROR",
    ];
    OF_STATEMENTS.iter().any(|code| why.contains(code))
}
