//! A log record as OTLP has it, as far as it may be content of a span; and where those of an
//! export lie that are. What they say is `map`'s.

use std::ops::Range;

use super::export::Problem;
use super::span::{AnyValue, Attributes, Id};
use crate::limits::MAX_OTLP_SPANS;
use crate::model::Text;

/// A log record. Times are nanoseconds since the epoch, 0 for none.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct LogRecord<'a> {
    pub(super) trace_id: Id<16>,
    pub(super) span_id: Id<8>,
    pub(super) time_ns: u64,
    /// When it was collected: what some records have alone.
    pub(super) observed_ns: u64,
    pub(super) event_name: Text<'a>,
    pub(super) body: AnyValue<'a>,
    pub(super) attributes: Attributes<'a>,
}

/// The attribute that had the name of an event before records had a field for it.
pub(super) const EVENT_NAME: &str = "event.name";

/// What the names of all events begin with that may be content.
pub(super) const PREFIX: &str = "gen_ai.";

/// What lies where in an export of logs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct LogExport {
    /// Records that are content of spans, in order.
    pub(super) content: Vec<LocatedRecord>,
    /// How many others there are.
    pub(super) others: usize,
}

/// Where a record lies that is content of a span, and whether it can be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LocatedRecord {
    /// The places of its resource, its scope and itself, each among its likes.
    pub(super) at: [usize; 3],
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// What is wrong with it.
    pub(super) problem: Option<Problem>,
}

impl LogExport {
    /// Whether more of its records are content than may be.
    pub(super) fn is_over(&self) -> bool {
        self.content.len() > MAX_OTLP_SPANS
    }
}

impl LocatedRecord {
    /// Where it is, as the JSON encoding spells it.
    pub(super) fn path(&self) -> String {
        let [resource, scope, record] = self.at;
        format!("resourceLogs[{resource}].scopeLogs[{scope}].logRecords[{record}]")
    }
}
