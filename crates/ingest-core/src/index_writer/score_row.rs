//! A score's row as it is written.

use std::rc::Rc;

use serde_tuple::Serialize_tuple;

use crate::fold::place::Order;
use crate::fold::score::Score;
use crate::model::Micros;
use crate::named_row;

named_row! {
    /// A score, named as the columns are.
    #[derive(Debug, Clone, PartialEq, Serialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct ScoreRow {
        pub id: Rc<str>,
        pub deleted: u8,
        pub rank: u8,
        pub at_us: Micros,
        pub hash: u32,
        pub trace: Option<String>,
        pub span: Option<String>,
        pub session: Option<String>,
        pub subject: Option<String>,
        pub name: Option<String>,
        pub value: Option<String>,
        pub boolean: u8,
        pub label: Option<String>,
        pub reasoning: Option<String>,
        pub metadata: Option<String>,
        pub source: u8,
    }
}

impl ScoreRow {
    /// The row of a score.
    #[must_use]
    pub fn of(score: Score) -> Self {
        let Order { rank, at_us, hash } = score.order;
        let value = score.value.and_then(|value| serde_json::to_string(&value).ok());
        Self {
            id: score.id,
            deleted: score.deleted.into(),
            rank: rank as u8,
            at_us,
            hash,
            subject: score.trace.clone().or_else(|| score.span.clone()),
            trace: score.trace,
            span: score.span,
            session: score.session,
            name: score.name,
            value,
            boolean: score.boolean.into(),
            label: score.label,
            reasoning: score.reasoning,
            metadata: score.metadata,
            source: score.source as u8,
        }
    }
}
