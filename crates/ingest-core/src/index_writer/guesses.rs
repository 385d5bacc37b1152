//! Spans that some events name without their trace: each of those is taken for the root of
//! a trace with its own id, until it is found where it is. What is asked for that comes with
//! what is written, so it costs those nothing who always say a trace.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::Statement;
use super::chunks::json;
use super::statements::{self, TENANT};
use super::stored_row::{COUNT_BITS, MOVED, SECOND_BITS, key_second};
use super::template::{expand, fill};
use crate::fold::compact_id::{self, Packed, pack};
use crate::fold::sent::Sent;
use crate::limits::{MAX_SPANS_SEARCHED, MAX_TRACES_SEARCHED};
use crate::model::{Body, Millis, TraceSaid};
use crate::pack::hex;

/// The trace of a span, if it is said, and the span: their ids, as they are kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Named(pub Option<Rc<str>>, pub Rc<str>);

/// How much later than its receipt an event's trace may begin, by the clock of its client.
const AHEAD_S: i64 = 60 * 60;

/// The spans in some events that may be named without their trace, or are.
pub(super) fn named(sent: &[Sent]) -> Vec<Named> {
    let named = sent.iter().filter_map(|one| {
        let Body::Span(span) = &one.event.body else { return None };
        let id = span.id.as_ref()?;
        let trace = || Rc::from(pack(&span.trace));
        match span.trace_said {
            TraceSaid::Always => None,
            TraceSaid::Here => Some(Named(Some(trace()), pack(id).into())),
            TraceSaid::Guessed => Some(Named(None, pack(id).into())),
        }
    });
    named.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Gives those of them that are taken for traces, as far as the index knows, and are not, as
/// far as anybody said, or may not be: JSON of [`Named`].
#[must_use]
pub fn select(project: &str, named: String) -> Statement {
    let moved = MOVED.to_string();
    let sql = fill(include_str!("sql/guesses.sql"), &[("TENANT", TENANT), ("MOVED", &moved)]);
    Statement::new(expand(&sql, &[]), vec![project.into(), named.into()])
}

/// Reads the rows of traces.
#[must_use]
pub fn select_rows(project: &str, ids: &[&str]) -> Statement {
    statements::stored_traces(project, json(&ids))
}

/// Looks for spans in the traces that began last before a time: at most
/// [`MAX_TRACES_SEARCHED`] of them. Gives traces and spans. Only ids of 128 bits are looked
/// for, which are nowhere by chance.
#[must_use]
pub fn search(project: &str, spans: &[&str], received: Millis) -> Statement {
    let long = spans.iter().filter_map(|id| match compact_id::read(id) {
        Packed::Bytes { bytes, .. } if bytes.len() == 16 => Some((*id, hex::write(&bytes))),
        _ => None,
    });
    let asked: Vec<_> = long.take(MAX_SPANS_SEARCHED).collect();
    let (bits, most) = ((SECOND_BITS + COUNT_BITS).to_string(), MAX_TRACES_SEARCHED.to_string());
    let holes = [("TENANT", TENANT), ("KEY_BITS", &*bits), ("MOST", &*most)];
    let sql = expand(&fill(include_str!("sql/search_spans.sql"), &holes), &[]);
    let last = ((key_second(received.saturating_mul(1_000)) + AHEAD_S + 1) << COUNT_BITS) - 1;
    Statement::new(sql, vec![project.into(), json(&asked).into(), last.into()])
}
