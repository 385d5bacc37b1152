//! A trace's row with all its columns, to be compared with what they should be: they are
//! a function of the fold that is packed in it.

use std::rc::Rc;

use serde_json::Value;
use serde_json::value::RawValue;

use super::Statement;
use super::counted::Counted;
use super::statements::{self, Asked, plain_columns};
use super::stored_row::{NO_COLUMNS, Stored, StoredRow, StoredSpan, TraceRow, unpack_span};
use crate::fold::metadata::Metadata;
use crate::fold::span::Span;
use crate::pack::Damaged;

/// A trace's row.
#[derive(Debug)]
pub struct WholeRow {
    /// The trace's id, as it is kept.
    pub id: Rc<str>,
    /// The version of the row.
    pub version: Option<i64>,
    /// What it counts as by hour, whether its pack can be read or not.
    pub counted: Option<Counted>,
    /// The trace; `None` where its pack was not read, because those that came before it
    /// were enough for one read.
    pub unpacked: Result<Option<Stored>, Damaged>,
    /// The columns, in the order of [`plain_columns`].
    values: Vec<Value>,
}

/// Reads the rows of traces, and those of the named spans that have some.
#[must_use]
pub fn select(project: &str, asked: &[Asked]) -> [Statement; 2] {
    let ids: Vec<&str> = asked.iter().map(|(id, _)| *id).collect();
    let ids = serde_json::to_string(&ids).unwrap_or_default();
    let spans = serde_json::to_string(asked).unwrap_or_default();
    [statements::whole_traces(project, ids), statements::stored_spans(project, spans)]
}

/// Columns that rows have since they were written again.
const LATER: [&str; 3] = ["root_failed", "failures", "error_preview"];

impl WholeRow {
    /// A row that was read; `None` for what is no row at all.
    #[must_use]
    pub fn read(row: &str) -> Option<Self> {
        let (id, stored, values): (_, &RawValue, _) = serde_json::from_str(row).ok()?;
        let stored = serde_json::from_str::<StoredRow>(stored.get());
        let version = stored.as_ref().ok().map(|row| row.version);
        let counted = stored.as_ref().ok().and_then(StoredRow::counted);
        let unpacked = stored.map_err(|_| Damaged).and_then(StoredRow::unpack);
        Some(Self { id, version, counted, unpacked, values })
    }

    /// The columns that are not what the trace comes to.
    #[must_use]
    pub fn wrong_columns(&self, stored: &Stored) -> Vec<&'static str> {
        let Stored { trace, beyond, .. } = stored;
        let row = TraceRow::of(Rc::clone(&self.id), None, &trace.head, &trace.spans, None, *beyond);
        let should = serde_json::to_value(&row).unwrap_or_default();
        let should = should.as_array().into_iter().flatten().skip(NO_COLUMNS.len());
        let pairs = plain_columns().zip(should.zip(&self.values));
        // What rows from before do not have is no difference.
        let is_older = |name: &str, is: &Value| is.is_null() && LATER.contains(&name);
        let mut wrong: Vec<_> = pairs
            .filter(|(name, (should, is))| should != is && !is_older(name, is))
            .map(|(name, _)| name)
            .collect();
        // Several events make it: then it stands in none of them.
        if let Metadata::OfEvents(parts, text) = &trace.head.metadata
            && parts.len() > 1
            && !text.is_empty()
        {
            wrong.push("metadata");
        }
        wrong
    }
}

/// A span's own row: its trace, and the span that is packed in it; `None` for what is no
/// row at all.
#[must_use]
pub fn read_span(row: &str) -> Option<(Rc<str>, Result<Span, Damaged>)> {
    let StoredSpan(trace, id, pack) = serde_json::from_str(row).ok()?;
    let span = unpack_span(&pack);
    Some((trace, span.and_then(|span| if span.id == id { Ok(span) } else { Err(Damaged) })))
}
