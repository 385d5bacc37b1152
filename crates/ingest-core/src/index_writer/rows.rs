//! What batches' events come to: a row for each span and a row for each trace
//! they touch. Order and repetition among them are gone after this; the
//! SQL that merges the rows into what D1 holds is `statements`'s.
#![allow(clippy::ref_option_ref, reason = "Serialize_tuple's own code")]

use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

use serde_tuple::Serialize_tuple;

use super::compact_id::pack;
use super::link;
use super::sent::{Revision, Sent};
use crate::limits::{
    MAX_INDEXED_BYTES, MAX_INDEXED_LISTS_BYTES, MAX_INDEXED_METADATA_BYTES, MAX_PREVIEW_BYTES,
    MAX_TAGS,
};
use crate::model::{Body, Micros, Millis, SpanBody, Status, Text, TraceBody};

/// A span's row, named as the columns are. Serialized as an array: `statements`
/// counts the fields.
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
    pub took_us: Option<Micros>,
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

/// What the batches say of one trace, named as the columns are. Serialized as
/// an array, likewise.
#[derive(Debug, Clone, PartialEq, Serialize_tuple)]
#[allow(missing_docs, reason = "the columns are documented in migrations/")]
pub struct TraceRow<'a> {
    pub id: Text<'a>,
    pub start_us: Micros,
    pub end_us: Option<Micros>,
    pub root_child: u8,
    pub root_us: Micros,
    pub root_span: Rc<str>,
    pub root_rev_us: Micros,
    pub root_rev_hash: i64,
    pub root_name: Option<&'a str>,
    pub input_preview: Option<&'a str>,
    pub output_preview: Option<&'a str>,
    pub event_us: Option<Micros>,
    pub event_hash: i64,
    pub name: Option<&'a str>,
    pub session: Option<&'a str>,
    pub parent_trace: Option<&'a str>,
    pub deployment: Option<&'a str>,
    pub tags: Option<String>,
    pub evaluators: Option<String>,
    pub metadata: Option<&'a str>,
    pub event_offset: usize,
    pub event_length: usize,
    pub created_ms: Millis,
    /// Which of the batches that are written together.
    pub event_batch: usize,
    /// The first of them that mentions the trace, and the place in it of the first
    /// event that does: what the key of a new trace is made of.
    pub first_batch: usize,
    pub first_event: usize,
    /// What the spans add up to, as if none of them were there yet.
    pub spans: i64,
    pub errors: i64,
    pub tokens: i64,
    pub cost_nano: i64,
    pub open: i64,
    pub active_us: Micros,
    pub ended: u8,
    /// What each of the spans said, for those that are there.
    pub changes: Vec<Change>,
    pub event_context: Option<String>,
}

/// What of a span goes into its trace's totals: id, status, tokens, cost,
/// revision, whether it is open.
pub type Change = (Rc<str>, u8, Option<u64>, Option<i64>, Micros, i64, u8);

/// Where sums stop, either side of zero: short of where 64 bits do. From there on
/// they depend on the order of what is added.
pub(super) const MAX_SUM: i64 = 9_000_000_000_000_000_000;

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

impl<'a> SpanRow<'a> {
    fn of(span: &'a SpanBody<'a>, sent: &Sent, trace: usize) -> Self {
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
            took_us: span.end.map(|end| end - span.start.unwrap_or(0)),
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

    fn revision(&self) -> Revision {
        Revision(self.rev_us, self.rev_hash)
    }

    /// Whether it has begun and not ended, as far as it says.
    fn open(&self) -> u8 {
        u8::from(self.start_us.is_some() && self.took_us.is_none())
    }
}

/// Takes in what is said of a trace. Commutes, as the SQL does.
impl<'a> TraceRow<'a> {
    /// A trace of which nothing was seen yet.
    fn new(id: &'a str, first: &Sent) -> Self {
        Self {
            id: pack(id),
            start_us: Micros::MAX,
            end_us: None,
            root_child: 2,
            root_us: 0,
            root_span: Rc::default(),
            root_rev_us: 0,
            root_rev_hash: 0,
            root_name: None,
            input_preview: None,
            output_preview: None,
            event_us: None,
            event_hash: 0,
            name: None,
            session: None,
            parent_trace: None,
            deployment: None,
            tags: None,
            evaluators: None,
            metadata: None,
            event_offset: 0,
            event_length: 0,
            created_ms: Millis::MAX,
            event_batch: 0,
            first_batch: first.at,
            first_event: first.event.index,
            spans: 0,
            errors: 0,
            tokens: 0,
            cost_nano: 0,
            open: 0,
            active_us: Micros::MIN,
            ended: 0,
            changes: Vec::new(),
            event_context: None,
        }
    }

    /// One of the spans that it will have.
    fn add(&mut self, row: &SpanRow) {
        let SpanRow { status, total_tokens, cost_nano, rev_us, rev_hash, .. } = *row;
        let tokens = total_tokens.and_then(|n| i64::try_from(n).ok()).unwrap_or(0);
        self.spans += 1;
        self.errors += i64::from(status);
        let add = |sum: i64, n| sum.saturating_add(n).clamp(-MAX_SUM, MAX_SUM);
        self.tokens = add(self.tokens, tokens);
        self.cost_nano = add(self.cost_nano, cost_nano.unwrap_or(0));
        let open = row.open();
        self.open += i64::from(open);
        let id = Rc::clone(&row.id);
        self.changes.push((id, status, total_tokens, cost_nano, rev_us, rev_hash, open));
    }

    /// One of its spans.
    fn see_span(&mut self, span: &'a SpanBody<'a>, row: &SpanRow<'a>, sent: &Sent) {
        let start = sent.start(span.start, span.end);
        self.start_us = self.start_us.min(start);
        self.end_us = self.end_us.max(span.end.or(span.start));
        self.active_us = self.active_us.max(sent.active(span.start, span.end));
        // The least by (has a parent, start, id), of its revisions the newest.
        let child = u8::from(span.parent.is_some());
        let order = (self.root_child, self.root_us).cmp(&(child, start)).reverse();
        let order = order
            .then_with(|| row.id.cmp(&self.root_span))
            .then_with(|| (self.root_rev_us, self.root_rev_hash).cmp(&(row.rev_us, row.rev_hash)));
        if order != Ordering::Less {
            return;
        }
        let preview = |json: Option<&'a str>| json.map(|j| cut(j, MAX_PREVIEW_BYTES));
        self.root_child = child;
        self.root_us = start;
        self.root_span.clone_from(&row.id);
        self.root_rev_us = row.rev_us;
        self.root_rev_hash = row.rev_hash;
        self.root_name = Some(row.name);
        self.input_preview = preview(span.input.as_deref());
        self.output_preview = preview(span.output.as_deref());
    }

    /// An event of its own.
    fn see_event(&mut self, trace: &'a TraceBody<'a>, sent: &Sent) {
        self.start_us = self.start_us.min(sent.start(trace.start, None));
        self.end_us = self.end_us.max(trace.end);
        self.active_us = self.active_us.max(sent.active(trace.start, trace.end));
        let Revision(event_us, event_hash) = sent.revision(trace.start, trace.end);
        if (Some(event_us), event_hash) <= (self.event_us, self.event_hash) {
            return;
        }
        let tags = list(&trace.tags, MAX_INDEXED_LISTS_BYTES - "[]".len());
        let evaluators = list(&trace.evaluators, MAX_INDEXED_LISTS_BYTES - tags.len());
        let short = |metadata: &'a str| {
            if metadata.len() > MAX_INDEXED_METADATA_BYTES { "" } else { metadata }
        };
        self.event_us = Some(event_us);
        self.event_hash = event_hash;
        self.ended = u8::from(trace.end.is_some());
        self.name = Some(cut(&trace.name, MAX_INDEXED_BYTES));
        self.session = indexed(trace.session.as_ref());
        self.parent_trace = indexed(trace.parent_trace.as_ref());
        self.deployment = indexed(trace.deployment.as_ref());
        self.tags = Some(tags);
        self.evaluators = Some(evaluators);
        self.metadata = trace.metadata.as_deref().map(short);
        self.event_offset = sent.event.range.start;
        self.event_length = sent.event.range.len();
        self.event_batch = sent.at;
        self.event_context = sent.context();
    }
}

/// A JSON number of dollars as billionths, the unit that adds up exactly.
fn nano_dollars(number: &str) -> Option<i64> {
    let dollars: f64 = number.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "at most 1e15, `formats` refuses more")]
    Some((dollars * 1e9).round() as i64)
}

fn indexed<'a>(text: Option<&'a Text<'a>>) -> Option<&'a str> {
    text.map(|t| cut(t, MAX_INDEXED_BYTES))
}

/// A JSON array of the first texts, as many as fit into so many bytes.
fn list(texts: &[Text], most: usize) -> String {
    let mut json = String::from("[");
    for text in texts.iter().take(MAX_TAGS) {
        let Ok(text) = serde_json::to_string(cut(text, MAX_INDEXED_BYTES)) else { break };
        let comma = if json.len() > 1 { "," } else { "" };
        if json.len() + comma.len() + text.len() + "]".len() > most {
            break;
        }
        json.push_str(comma);
        json.push_str(&text);
    }
    json.push(']');
    json
}

/// The longest beginning of the text that has at most `most` bytes.
fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_character_boundaries() {
        assert_eq!(cut("abc", 4), "abc");
        assert_eq!(cut("abc", 2), "ab");
        assert_eq!(cut("aé", 2), "a");
    }

    #[test]
    fn lists_as_many_texts_as_fit() {
        let texts = |texts: &[&str]| {
            texts.iter().map(|text| Text::from((*text).to_owned())).collect::<Vec<_>>()
        };
        for (all, most, json) in [
            (&["a", "b"][..], 9, r#"["a","b"]"#),
            (&["a", "b"], 8, r#"["a"]"#),
            (&["a", "b"], 4, "[]"),
            (&["a", "bcd", "e"], 10, r#"["a"]"#),
            (&["\u{1}"], 10, r#"["\u0001"]"#),
            (&["\u{1}"], 9, "[]"),
            (&[], 2, "[]"),
        ] {
            assert_eq!(list(&texts(all), most), json, "{all:?} in {most}");
        }
    }

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
