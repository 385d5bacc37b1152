//! A trace's row: what events say of it and its spans add up to. Which of two events
//! counts does not depend on their order.
#![allow(clippy::ref_option_ref, reason = "Serialize_tuple's own code")]

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::rc::Rc;

use serde::{Serialize, Serializer};
use serde_tuple::Serialize_tuple;

use super::compact_id::pack;
use super::cut::{cut, indexed, list, short};
use super::sent::{Revision, Sent};
use super::span_row::SpanRow;
use crate::limits::{
    MAX_INDEXED_BYTES, MAX_INDEXED_LISTS_BYTES, MAX_PREVIEW_BYTES, MAX_SAID_TAG_BYTES,
    MAX_SAID_TAGS,
};
use crate::model::{Micros, Millis, OfTrace, Said, SpanBody, Text, TraceBody};
use crate::named_row;

named_row! {
    /// What the batches say of one trace, named as the columns are.
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
        pub tags: Tags<'a>,
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
        pub name_by: Option<String>,
        pub session_by: Option<String>,
        pub metadata_by: Option<String>,
        pub user: Option<&'a str>,
        pub user_by: Option<String>,
    }
}

named_row! {
    /// What of a span goes into its trace's totals.
    #[derive(Debug, Clone, PartialEq, Serialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct Change {
        pub id: Rc<str>,
        pub status: u8,
        pub total_tokens: Option<u64>,
        pub cost_nano: Option<i64>,
        pub rev_us: Micros,
        pub rev_hash: i64,
        /// Whether it has begun and not ended.
        pub open: u8,
    }
}

/// A trace's tags.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Tags<'a> {
    /// Nothing was said of them.
    #[default]
    None,
    /// Those of an event of its own, as JSON.
    OfEvent(String),
    /// Those that spans say, of which there may be too many.
    OfSpans(BTreeSet<&'a str>),
}

impl Serialize for Tags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_none(),
            Self::OfEvent(json) => serializer.serialize_str(json),
            Self::OfSpans(tags) => {
                let first: Vec<_> = tags.iter().take(MAX_SAID_TAGS).collect();
                let json = serde_json::to_string(&first).map_err(serde::ser::Error::custom)?;
                serializer.serialize_str(&json)
            }
        }
    }
}

/// Where sums stop, either side of zero: short of where 64 bits do. From there on
/// they depend on the order of what is added.
pub(super) const MAX_SUM: i64 = 9_000_000_000_000_000_000;

/// Takes in what is said of a trace. Commutes, as the SQL does.
impl<'a> TraceRow<'a> {
    /// A trace of which nothing was seen yet.
    pub(super) fn new(id: &'a str, first: &Sent) -> Self {
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
            tags: Tags::None,
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
            name_by: None,
            session_by: None,
            metadata_by: None,
            user: None,
            user_by: None,
        }
    }

    /// One of the spans that it will have.
    pub(super) fn add(&mut self, row: &SpanRow) {
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
        self.changes.push(Change { id, status, total_tokens, cost_nano, rev_us, rev_hash, open });
    }

    /// One of its spans.
    pub(super) fn see_span(&mut self, span: &'a SpanBody<'a>, row: &SpanRow<'a>, sent: &Sent) {
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

    /// What one of its spans says of it. Of what is said of a field the least counts, by
    /// the rank of its source and the place of the span; an event of the trace's own
    /// counts before all of them, and knows all but the user.
    pub(super) fn see_said(
        &mut self,
        said: &'a OfTrace<'a>,
        span: &SpanBody,
        row: &SpanRow,
        sent: &Sent,
    ) {
        let child = u8::from(span.parent.is_some());
        let start = sent.start(span.start, span.end).cast_unsigned() ^ (1 << 63);
        let order = |rank: u8| format!("{rank:02}{child}{start:016x}{}", row.id);
        if let Some(order) = better(said.user.as_ref(), self.user_by.as_ref(), order) {
            self.user_by = Some(order);
            self.user = indexed(said.user.as_ref().map(|said| &said.value));
        }
        if self.event_us.is_some() {
            return;
        }
        if let Some(order) = better(said.name.as_ref(), self.name_by.as_ref(), order) {
            self.name_by = Some(order);
            self.name = indexed(said.name.as_ref().map(|said| &said.value));
        }
        if let Some(order) = better(said.session.as_ref(), self.session_by.as_ref(), order) {
            self.session_by = Some(order);
            self.session = indexed(said.session.as_ref().map(|said| &said.value));
        }
        if let Some(order) = better(said.metadata.as_ref(), self.metadata_by.as_ref(), order) {
            self.metadata_by = Some(order);
            self.metadata = said.metadata.as_ref().map(|said| short(&said.value));
            self.event_offset = sent.event.range.start;
            self.event_length = sent.event.range.len();
            self.event_context = sent.context();
            self.event_batch = sent.at;
        }
        if said.tags.is_empty() {
            return;
        }
        if !matches!(self.tags, Tags::OfSpans(_)) {
            self.tags = Tags::OfSpans(BTreeSet::new());
        }
        if let Tags::OfSpans(tags) = &mut self.tags {
            tags.extend(said.tags.iter().map(|tag| cut(tag, MAX_SAID_TAG_BYTES)));
        }
    }

    /// An event of its own.
    pub(super) fn see_event(&mut self, trace: &'a TraceBody<'a>, sent: &Sent) {
        self.start_us = self.start_us.min(sent.start(trace.start, None));
        self.end_us = self.end_us.max(trace.end);
        self.active_us = self.active_us.max(sent.active(trace.start, trace.end));
        let Revision(event_us, event_hash) = sent.revision(trace.start, trace.end);
        if (Some(event_us), event_hash) <= (self.event_us, self.event_hash) {
            return;
        }
        let tags = list(&trace.tags, MAX_INDEXED_LISTS_BYTES - "[]".len());
        let evaluators = list(&trace.evaluators, MAX_INDEXED_LISTS_BYTES - tags.len());
        self.event_us = Some(event_us);
        self.event_hash = event_hash;
        self.ended = u8::from(trace.end.is_some());
        self.name = Some(cut(&trace.name, MAX_INDEXED_BYTES));
        self.session = indexed(trace.session.as_ref());
        self.parent_trace = indexed(trace.parent_trace.as_ref());
        self.deployment = indexed(trace.deployment.as_ref());
        self.tags = Tags::OfEvent(tags);
        self.evaluators = Some(evaluators);
        self.metadata = trace.metadata.as_deref().map(short);
        self.event_offset = sent.event.range.start;
        self.event_length = sent.event.range.len();
        self.event_batch = sent.at;
        self.event_context = sent.context();
        (self.name_by, self.session_by, self.metadata_by) = (None, None, None);
    }
}

/// The order of what is said, where it is before the order of what was said so far.
fn better<T>(
    said: Option<&Said<T>>,
    so_far: Option<&String>,
    order: impl Fn(u8) -> String,
) -> Option<String> {
    let order = order(said?.rank);
    so_far.is_none_or(|so_far| order < *so_far).then_some(order)
}

impl TraceRow<'_> {
    /// Whether spans said something of it.
    pub(super) fn is_said(&self) -> bool {
        let by = [&self.name_by, &self.session_by, &self.metadata_by, &self.user_by];
        by.iter().any(|by| by.is_some()) || matches!(self.tags, Tags::OfSpans(_))
    }
}
