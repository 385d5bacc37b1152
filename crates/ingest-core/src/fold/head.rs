//! What is said of a trace itself: by its own events, by its spans, by all of them
//! together. Each field is folded by itself, by a rule that order makes no difference to.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::cut::{cut, list, short};
use super::metadata::Metadata;
use super::part::{Part, Texts};
use super::place::Place;
use super::preview;
use super::preview::Side;
use super::root::Root;
use super::sent::Sent;
use super::span::Span;
use super::standing::{SpanStanding, Standing, Told};
use super::tags::{Tags, first_of};
use crate::limits::{MAX_INDEXED_BYTES, MAX_INDEXED_LISTS_BYTES, MAX_MODELS, MAX_SAID_TAG_BYTES};
use crate::model::{Micros, Millis, OfTrace, Rank, Said, SpanBody, Text, TraceBody};

/// A text of a trace, and who says it.
pub type Field = Option<Told<Rc<str>>>;

/// What an event of a trace's own says that is not kept in the index: where that event lies,
/// and who says it.
pub type Lying = Option<Told<Place>>;

/// What is said of a trace itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The least time that any event says.
    pub start_us: Micros,
    /// The greatest.
    pub end_us: Option<Micros>,
    /// When it was last heard of.
    pub active_us: Micros,
    /// When the first batch that mentions it was received.
    pub created_ms: Millis,
    /// Whether an event of its own says an end.
    pub ended: bool,
    /// The event of the span that is taken for its root.
    pub root: Option<Root>,
    /// Its name, its session, who it is for.
    pub name: Field,
    /// See `name`.
    pub session: Field,
    /// See `name`.
    pub user: Field,
    /// What only its own events say.
    pub parent_trace: Field,
    /// See `parent_trace`.
    pub deployment: Field,
    /// A JSON array of strings. See `parent_trace`.
    pub evaluators: Field,
    /// Its tags.
    pub tags: Tags,
    /// Its metadata.
    pub metadata: Metadata,
    /// Where its own input and output lie, which the index does not keep.
    pub input: Lying,
    /// See `input`.
    pub output: Lying,
    /// The models that its spans say, ever: the first [`MAX_MODELS`] in order, a line each.
    pub models: BTreeSet<Rc<str>>,
}

impl Default for Head {
    fn default() -> Self {
        Self {
            start_us: Micros::MAX,
            end_us: None,
            active_us: Micros::MIN,
            created_ms: Millis::MAX,
            ended: false,
            root: None,
            name: None,
            session: None,
            user: None,
            parent_trace: None,
            deployment: None,
            evaluators: None,
            tags: Tags::None,
            metadata: Metadata::None,
            input: None,
            output: None,
            models: BTreeSet::new(),
        }
    }
}

/// Tags of which all that are ever said count.
fn said_tags(tags: &[Text]) -> BTreeSet<Rc<str>> {
    tags.iter().map(|tag| Rc::from(cut(tag, MAX_SAID_TAG_BYTES))).collect()
}

/// Takes another value if it is less, or greater; whether it is.
fn widen<T: Ord>(old: &mut T, new: T, than: Ordering) -> bool {
    let counts = new.cmp(old) == than;
    if counts {
        *old = new;
    }
    counts
}

impl Head {
    /// Takes in what another fold says of the trace; whether that changes anything.
    pub fn merge(&mut self, mut other: Self) -> bool {
        let mut changed = widen(&mut self.start_us, other.start_us, Ordering::Less);
        changed |= widen(&mut self.end_us, other.end_us, Ordering::Greater);
        changed |= widen(&mut self.active_us, other.active_us, Ordering::Greater);
        changed |= widen(&mut self.created_ms, other.created_ms, Ordering::Less);
        changed |= widen(&mut self.ended, other.ended, Ordering::Greater);
        changed |= Told::take(&mut self.name, other.name);
        if self.name.is_some() {
            for root in [&mut self.root, &mut other.root].into_iter().flatten() {
                root.name = None;
            }
        }
        changed |= Root::take(&mut self.root, other.root);
        changed |= Told::take(&mut self.session, other.session);
        changed |= Told::take(&mut self.user, other.user);
        changed |= Told::take(&mut self.parent_trace, other.parent_trace);
        changed |= Told::take(&mut self.deployment, other.deployment);
        changed |= Told::take(&mut self.evaluators, other.evaluators);
        changed |= self.tags.take(other.tags);
        changed |= self.metadata.take(other.metadata);
        changed |= Told::take(&mut self.input, other.input);
        changed |= Told::take(&mut self.output, other.output);
        changed | first_of(&mut self.models, other.models, MAX_MODELS)
    }

    /// Names its root as the root's span is named, by what is known of that span; whether that
    /// changes anything. (Of inputs and outputs nothing is known but what they begin with
    /// when their event comes: that of an update from before its span was the root is lost
    /// to lists.)
    pub fn name_root<'a>(&mut self, known: impl Fn(&str) -> [Option<&'a Span>; 3]) -> bool {
        let Some(root) = self.root.as_mut().filter(|_| self.name.is_none()) else { return false };
        let name = known(&root.id).into_iter().flatten().filter_map(Span::name).max();
        root.take_name(name)
    }

    /// Takes in an event of one of its spans.
    pub(super) fn see_span(&mut self, span: &SpanBody, id: &Rc<str>, part: &Part, sent: &Sent) {
        let start = sent.start(span.start, span.end);
        self.start_us = self.start_us.min(start);
        self.end_us = self.end_us.max(span.end.or(span.start));
        self.active_us = self.active_us.max(sent.active(span.start, span.end));
        if let Some(model) = &part.fields.model
            && !self.models.contains(model)
        {
            let line = model.replace('\n', " ").into();
            first_of(&mut self.models, BTreeSet::from([line]), MAX_MODELS);
        }
        let child = span.parent.is_some();
        // Most spans are not what the trace is shown by: nothing is made of their texts.
        let partial = part.order.rank != Rank::Create;
        if Root::may_be(self.root.as_ref(), partial, child, start, id) {
            let preview = |json: Option<&str>, side| {
                json.map(|json| (part.order, Rc::from(preview::words(json, side))))
            };
            let error = span.error_message.as_ref().filter(|text| !text.is_empty());
            let name = part.fields.name.clone().filter(|_| self.name.is_none());
            let root = Root {
                partial,
                child,
                start_us: start,
                id: Rc::clone(id),
                name: name.map(|name| (part.order, name)),
                input: preview(span.input.as_deref(), Side::Input),
                output: preview(span.output.as_deref(), Side::Output),
                error: error.map(|text| (part.order, Rc::from(preview::error(text)))),
            };
            Root::take(&mut self.root, Some(root));
        }
    }

    /// Takes in what a span says of its trace.
    pub(super) fn see_said(
        &mut self,
        said: &OfTrace,
        span: &SpanBody,
        id: &Rc<str>,
        sent: &Sent,
        texts: &mut Texts,
    ) {
        let by = |rank| SpanStanding {
            rank,
            child: span.parent.is_some(),
            start_us: sent.start(span.start, span.end),
            id: Rc::clone(id),
        };
        let mut told = |said: Option<&Said<Text>>| {
            let Said { rank, value } = said?;
            let value = texts.keep(cut(value, MAX_INDEXED_BYTES));
            Some(Told { by: Standing::Span(by(*rank)), value })
        };
        Told::take(&mut self.name, told(said.name.as_ref()));
        Told::take(&mut self.session, told(said.session.as_ref()));
        Told::take(&mut self.user, told(said.user.as_ref()));
        if let Some(Said { rank, value }) = &said.metadata {
            let text = short(value).into();
            self.metadata.take(Metadata::OfSpan(by(*rank), sent.place(), text));
        }
        if !said.tags.is_empty() {
            self.tags.take(Tags::OfAll(said_tags(&said.tags)));
        }
    }

    /// Takes in an event of its own.
    pub(super) fn see_event(&mut self, trace: &TraceBody, sent: &Sent) {
        self.start_us = self.start_us.min(sent.start(trace.start, None));
        self.end_us = self.end_us.max(trace.end);
        self.active_us = self.active_us.max(sent.active(trace.start, trace.end));
        self.ended |= trace.end.is_some();
        let order = sent.order(trace.start, trace.end);
        let by = || Standing::Event(order);
        let told = |text: Option<&Text>| {
            let value = cut(text?, MAX_INDEXED_BYTES).into();
            Some(Told { by: by(), value })
        };
        Told::take(&mut self.name, told(trace.name.as_ref()));
        Told::take(&mut self.session, told(trace.session.as_ref()));
        Told::take(&mut self.user, told(trace.user.as_ref()));
        Told::take(&mut self.parent_trace, told(trace.parent_trace.as_ref()));
        Told::take(&mut self.deployment, told(trace.deployment.as_ref()));
        let tags = list(&trace.tags, MAX_INDEXED_LISTS_BYTES - "[]".len());
        if let Some(evaluators) = &trace.evaluators {
            let value = list(evaluators, MAX_INDEXED_LISTS_BYTES - tags.len()).into();
            Told::take(&mut self.evaluators, Some(Told { by: by(), value }));
        }
        if !trace.tags.is_empty() {
            self.tags.take(if trace.adds_tags {
                Tags::OfAll(said_tags(&trace.tags))
            } else {
                Tags::OfEvent(order, tags.into())
            });
        }
        if let Some(metadata) = &trace.metadata {
            let text = short(metadata).into();
            self.metadata.take(Metadata::OfEvents(vec![(order, sent.place())], text));
        }
        for (lying, said) in [(&mut self.input, &trace.input), (&mut self.output, &trace.output)] {
            Told::take(lying, said.as_ref().map(|_| Told { by: by(), value: sent.place() }));
        }
    }
}
