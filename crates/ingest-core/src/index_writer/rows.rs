//! What batches' events come to: a row for each span and a row for each trace
//! they touch. Order and repetition among them are gone after this; the
//! SQL that merges the rows into what D1 holds is `statements`'s.

use std::collections::HashMap;
use std::rc::Rc;

use super::sent::Sent;
use super::span_row::SpanRow;
use super::trace_row::TraceRow;
use crate::model::Body;

/// The rows of some events, each span and each trace once.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Rows<'a> {
    /// One for each span.
    pub spans: Vec<SpanRow<'a>>,
    /// One for each trace.
    pub traces: Vec<TraceRow<'a>>,
}

impl<'a> Rows<'a> {
    /// The rows of these events.
    #[must_use]
    pub fn of(sent: &[Sent<'a>]) -> Self {
        let mut rows = Self::default();
        let mut traces: HashMap<&str, usize> = HashMap::new();
        let mut spans: HashMap<(usize, Rc<str>), usize> = HashMap::with_capacity(sent.len());
        for one in sent {
            let id = match &one.event.body {
                Body::Trace(trace) => &trace.id,
                Body::Span(span) => &span.trace,
            };
            let at = *traces.entry(id).or_insert_with(|| {
                rows.traces.push(TraceRow::new(id, one));
                rows.traces.len() - 1
            });
            let Some(row) = rows.traces.get_mut(at) else { continue };
            row.created_ms = row.created_ms.min(one.batch.received);
            match &one.event.body {
                Body::Trace(trace) => row.see_event(trace, one),
                Body::Span(span) => {
                    let span_row = SpanRow::of(span, one, at);
                    row.see_span(span, &span_row, one);
                    if let Some(said) = &span.of_trace {
                        row.see_said(said, span, &span_row, one);
                    }
                    let id = Rc::clone(&span_row.id);
                    let kept = *spans.entry((at, id)).or_insert(rows.spans.len());
                    match rows.spans.get_mut(kept) {
                        Some(kept) if kept.revision() < span_row.revision() => *kept = span_row,
                        Some(_) => {}
                        None => rows.spans.push(span_row),
                    }
                }
            }
        }
        for span in &rows.spans {
            if let Some(trace) = rows.traces.get_mut(span.trace) {
                trace.add(span);
            }
        }
        rows
    }
}
