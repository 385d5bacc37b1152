//! Batches as statements of the sweeper take them.

use ingest_core::named_row;
use serde_tuple::Serialize_tuple;

use super::json;
use crate::batch::BatchRef;
use crate::model::Millis;

named_row! {
    /// A batch, named as the columns are.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct BatchRow<'a> {
        pub project: &'a str,
        pub batch: &'a str,
        pub object: String,
        pub received_ms: Millis,
    }
}

/// The batches as JSON.
#[must_use]
pub fn to_json(batches: &[BatchRef]) -> String {
    let rows: Vec<_> = batches
        .iter()
        .map(|b| BatchRow {
            project: &b.project,
            batch: &b.id,
            object: b.key(),
            received_ms: b.received,
        })
        .collect();
    json(&rows)
}
