//! A span's row, of one event that says it.
#![allow(clippy::ref_option_ref, reason = "Serialize_tuple's own code")]

use std::rc::Rc;

use serde_tuple::Serialize_tuple;

use super::compact_id::pack;
use super::cut::{cut, indexed};
use super::link;
use super::sent::{Revision, Sent};
use crate::limits::MAX_INDEXED_BYTES;
use crate::model::{Micros, SpanBody, Status};
use crate::named_row;

named_row! {
    /// A span's row, named as the columns are.
    #[derive(Debug, Clone, PartialEq, Serialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct SpanRow<'a> {
        /// Which of the traces that are written together.
        pub trace: usize,
        pub id: Rc<str>,
        pub parent: Option<i64>,
        pub envelope: Option<i64>,
        pub name: &'a str,
        pub r#type: usize,
        pub status: u8,
        pub start_us: Option<Micros>,
        pub duration_us: Option<Micros>,
        pub model: Option<&'a str>,
        pub prompt_tokens: Option<u64>,
        pub completion_tokens: Option<u64>,
        pub total_tokens: Option<u64>,
        pub cost_nano: Option<i64>,
        pub rev_us: Micros,
        pub rev_hash: i64,
        pub offset: usize,
        pub length: usize,
        /// Which of the batches that are written together.
        pub batch: usize,
        pub context: Option<String>,
    }
}

impl<'a> SpanRow<'a> {
    pub(super) fn of(span: &'a SpanBody<'a>, sent: &Sent, trace: usize) -> Self {
        let Revision(rev_us, rev_hash) = sent.revision(span.start, span.end);
        let envelope = sent.event.envelope.as_ref();
        Self {
            trace,
            id: match span.id.as_ref().or(envelope) {
                Some(id) => Rc::from(pack(id)),
                None => sent.made_up_id(),
            },
            parent: span.parent.as_deref().map(link),
            envelope: envelope.map(|id| link(id)),
            name: cut(&span.name, MAX_INDEXED_BYTES),
            r#type: span.kind.code(),
            status: u8::from(span.status == Status::Error),
            start_us: span.start,
            duration_us: span.end.map(|end| end - span.start.unwrap_or(0)),
            model: indexed(span.model.as_ref()),
            prompt_tokens: span.usage.prompt,
            completion_tokens: span.usage.completion,
            total_tokens: span.usage.total(),
            cost_nano: span.cost.as_deref().and_then(nano_dollars),
            rev_us,
            rev_hash,
            offset: sent.event.range.start,
            length: sent.event.range.len(),
            batch: sent.at,
            context: sent.context(),
        }
    }

    pub(super) fn revision(&self) -> Revision {
        Revision(self.rev_us, self.rev_hash)
    }

    /// Whether it has begun and not ended, as far as it says.
    pub(super) fn open(&self) -> u8 {
        u8::from(self.start_us.is_some() && self.duration_us.is_none())
    }
}

/// A JSON number of dollars as billionths, the unit that adds up exactly.
fn nano_dollars(number: &str) -> Option<i64> {
    let dollars: f64 = number.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "at most 1e15, `formats` refuses more")]
    Some((dollars * 1e9).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_dollars_in_billionths() {
        for (number, nano) in [
            ("0", 0),
            ("0.003", 3_000_000),
            ("1.5e-6", 1_500),
            ("0.1", 100_000_000),
            ("-2", -2_000_000_000),
            ("1e6", 1_000_000_000_000_000),
        ] {
            assert_eq!(nano_dollars(number), Some(nano), "{number}");
        }
    }
}
