//! The scores that some raw batches say, beside their rows. What a batch says that the ledger
//! knows is there, or something newer is.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::{Difference, Remedy};
use ingest_core::fold::compact_id::unpack;
use ingest_core::fold::score::fold_scores;
use ingest_core::fold::sent::Sent;
use ingest_core::index_writer::score_row::ScoreRow;

/// Scores of a project, each with the place of the batch that says it.
#[derive(Default)]
pub(super) struct Said(Vec<(usize, ScoreRow)>);

impl Said {
    pub(super) fn add(&mut self, at: usize, sent: &Sent) {
        let scores = fold_scores(std::slice::from_ref(sent));
        self.0.extend(scores.into_iter().map(|score| (at, ScoreRow::of(score))));
    }

    /// Their ids, as they are kept.
    pub(super) fn ids(&self) -> BTreeSet<&str> {
        self.0.iter().map(|(_, row)| &*row.id).collect()
    }

    /// What differs, and the places of the batches that mend it; `settled` are those whose
    /// scores have to be there.
    pub(super) fn compare(
        &self,
        project: &str,
        settled: &HashSet<usize>,
        rows: &[String],
    ) -> (Vec<Difference>, Vec<usize>) {
        let read = |row: &String| {
            let row: Vec<Value> = serde_json::from_str(row).ok()?;
            Some((row.first()?.as_str()?.to_owned(), row))
        };
        let rows: HashMap<String, Vec<Value>> = rows.iter().filter_map(read).collect();
        let (mut differences, mut lacking) = (Vec::new(), Vec::new());
        for (at, row) in self.0.iter().filter(|(at, _)| settled.contains(at)) {
            let said = serde_json::to_value(row).unwrap_or_default();
            let said = said.as_array().map(Vec::as_slice).unwrap_or_default();
            let stored = rows.get(&*row.id).map(Vec::as_slice);
            let (why, remedy) = match stored {
                None => ("it is not there", Remedy::Queue),
                Some(stored) if order(stored) < order(said) => {
                    ("it is older than what is said of it", Remedy::Queue)
                }
                Some(stored) if order(stored) == order(said) && stored != said => {
                    ("it is not what its batch says", Remedy::None)
                }
                Some(_) => continue,
            };
            if remedy == Remedy::Queue {
                lacking.push(*at);
            }
            let (project, score) = (project.into(), Some(unpack(row.id.to_string())));
            let what = why.into();
            differences.push(Difference { project, score, what, remedy, ..Difference::default() });
        }
        (differences, lacking)
    }
}

/// How new a row is: the fields that decide, in their order.
fn order(row: &[Value]) -> Vec<i64> {
    let of = |name: &str| {
        let at = ScoreRow::FIELDS.iter().position(|field| *field == name);
        at.and_then(|at| row.get(at)).and_then(Value::as_i64).unwrap_or(i64::MIN)
    };
    // As `write_scores.sql` has it.
    let for_good = of("deleted") == 1 && of("source") < 2;
    let rest = ["source", "rank", "at_us", "hash"].map(of);
    [i64::from(for_good)].into_iter().chain(rest).collect()
}
