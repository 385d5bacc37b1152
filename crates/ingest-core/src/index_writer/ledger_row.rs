//! A batch's row in the ledger, and what is counted of it.

use serde_tuple::Serialize_tuple;

use crate::model::Millis;
use crate::named_row;

named_row! {
    /// A batch, named as the columns are.
    #[derive(Debug, Clone, PartialEq, Serialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct LedgerRow {
        pub id: String,
        pub received_ms: Millis,
        pub events: usize,
        pub bytes: usize,
        /// Milliseconds since it was received.
        pub delay_ms: Millis,
        /// Deliveries beyond the first.
        pub retried: u32,
    }
}
