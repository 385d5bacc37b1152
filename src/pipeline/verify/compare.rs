//! A trace as it is stored beside what some of its raw batches say: what they say and it
//! lacks, and what it says of them that they do not.
//!
//! Everything that is stored of a trace is said by some event. Who has read a few of its
//! batches can vouch for what their events say; what is left is open, until the batches
//! that say it are read as well. Of what no batch says something stays open to the end.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use crate::model::Body;
use ingest_core::fold::head::{Field, Head};
use ingest_core::fold::metadata::Metadata;
use ingest_core::fold::place::{BatchName, Place};
use ingest_core::fold::root::Root;
use ingest_core::fold::sent::Sent;
use ingest_core::fold::span::Span;
use ingest_core::fold::tags::Tags;
use ingest_core::fold::trace::{Trace, fold};
use ingest_core::index_writer::stored_row::Stored;

/// Spans' own rows, by the spans' ids.
pub(super) type Rows = HashMap<Rc<str>, Span>;

/// Most names in one sentence.
const MAX_NAMES: usize = 3;

/// A comparison under way.
pub(super) struct Comparison<'a> {
    stored: &'a Stored,
    rows: &'a Rows,
    /// The batches whose events are all told.
    here: &'a HashSet<Rc<BatchName>>,
    /// Fields that no event said yet, and texts of those that are sets.
    fields: BTreeSet<&'static str>,
    models: BTreeSet<Rc<str>>,
    tags: BTreeSet<Rc<str>>,
    /// Places of metadata that were said.
    metadata: BTreeSet<Place>,
    /// Of each span's events those that were said, as bits: a span keeps at most a hundred.
    parts: HashMap<Rc<str>, u128>,
}

/// What a comparison came to.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// What is stored and not said by the batch that it names.
    pub(super) wrong: Vec<String>,
    /// Fields that some other batch has to say.
    pub(super) fields: Vec<String>,
    /// Batches that are named and are not among these.
    pub(super) elsewhere: BTreeSet<Rc<BatchName>>,
    /// Events of spans with rows of their own that these batches say.
    pub(super) in_rows: usize,
}

/// The parts of a head of which each event that says something says all of it, by name.
type Test = fn(&Head, &Head) -> bool;

/// Whether a head's field is as an event says it, or nothing.
const FIELDS: [(&str, Test); 17] = [
    ("start_us", |stored, said| stored.start_us == said.start_us),
    ("end_us", |stored, said| stored.end_us.is_none() || stored.end_us == said.end_us),
    ("active_us", |stored, said| stored.active_us == said.active_us),
    ("created_ms", |stored, said| stored.created_ms == said.created_ms),
    ("ended", |stored, said| !stored.ended || said.ended),
    ("name", |stored, said| is_said(&stored.name, &said.name)),
    ("session", |stored, said| is_said(&stored.session, &said.session)),
    ("user", |stored, said| is_said(&stored.user, &said.user)),
    ("parent_trace", |stored, said| is_said(&stored.parent_trace, &said.parent_trace)),
    ("deployment", |stored, said| is_said(&stored.deployment, &said.deployment)),
    ("evaluators", |stored, said| is_said(&stored.evaluators, &said.evaluators)),
    ("root", |stored, said| {
        let place = |root: &Root| (root.partial, root.child, root.start_us, Rc::clone(&root.id));
        stored.root.is_none() || stored.root.as_ref().map(place) == said.root.as_ref().map(place)
    }),
    ("root's name", |stored, said| of_root(stored, said, |root| &root.name)),
    ("input_preview", |stored, said| of_root(stored, said, |root| &root.input)),
    ("output_preview", |stored, said| of_root(stored, said, |root| &root.output)),
    ("error_preview", |stored, said| of_root(stored, said, |root| &root.error)),
    ("tags", |stored, said| !matches!(stored.tags, Tags::OfEvent(..)) || stored.tags == said.tags),
];

fn is_said(stored: &Field, said: &Field) -> bool {
    stored.is_none() || stored == said
}

fn of_root<T: PartialEq>(stored: &Head, said: &Head, text: fn(&Root) -> &Option<T>) -> bool {
    let Some(root) = &stored.root else { return true };
    let of_same = said.root.as_ref().filter(|said| said.id == root.id);
    text(root).is_none() || of_same.is_some_and(|said| text(said) == text(root))
}

impl<'a> Comparison<'a> {
    pub(super) fn new(
        stored: &'a Stored,
        rows: &'a Rows,
        here: &'a HashSet<Rc<BatchName>>,
    ) -> Self {
        let head = &stored.trace.head;
        let tags = if let Tags::OfAll(tags) = &head.tags { tags.clone() } else { BTreeSet::new() };
        Self {
            stored,
            rows,
            here,
            fields: FIELDS.iter().map(|(name, _)| *name).collect(),
            models: head.models.clone(),
            tags,
            metadata: BTreeSet::new(),
            parts: HashMap::new(),
        }
    }

    /// Vouches for what this event of the trace says.
    pub(super) fn hear(&mut self, event: &Sent) {
        for (_, Trace { head, spans, .. }) in fold(std::slice::from_ref(event)) {
            let stored = &self.stored.trace.head;
            for (name, is_said) in FIELDS {
                if is_said(stored, &head) {
                    self.fields.remove(name);
                }
            }
            self.hear_older_previews(event);
            self.models.retain(|model| !head.models.contains(model));
            if let Tags::OfAll(said) = &head.tags {
                self.tags.retain(|tag| !said.contains(tag));
            }
            self.hear_metadata(&head.metadata);
            for span in spans {
                let Some(known) = self.span(&span.id) else { continue };
                let said = known.parts().iter().zip(0..u128::BITS);
                let said = said.filter(|(part, _)| span.parts().contains(part));
                let bits = said.fold(0, |bits, (_, at)| bits | 1 << at);
                *self.parts.entry(span.id).or_default() |= bits;
            }
        }
    }

    /// Rows from before have the beginnings of JSON, not words.
    fn hear_older_previews(&mut self, event: &Sent) {
        const BYTES: usize = 80;
        let Some(root) = &self.stored.trace.head.root else { return };
        let Body::Span(span) = &event.event.body else { return };
        for (name, stored, json) in [
            ("input_preview", &root.input, &span.input),
            ("output_preview", &root.output, &span.output),
        ] {
            let json = json.as_deref().unwrap_or_default();
            let start = json.get(..json.floor_char_boundary(BYTES));
            if start.is_some() && stored.as_ref().map(|(_, text)| &**text) == start {
                self.fields.remove(name);
            }
        }
    }

    fn span(&self, id: &str) -> Option<&'a Span> {
        self.stored.trace.spans.get(id).or_else(|| self.rows.get(id))
    }

    fn hear_metadata(&mut self, said: &Metadata) {
        match (&self.stored.trace.head.metadata, said) {
            (Metadata::OfEvents(parts, text), Metadata::OfEvents(events, of_event)) => {
                let same = events.iter().filter(|event| parts.contains(event));
                let same = same.filter(|_| parts.len() > 1 || text == of_event);
                self.metadata.extend(same.map(|(_, place)| place.clone()));
            }
            (stored @ Metadata::OfSpan(_, place, _), said) if stored == said => {
                self.metadata.insert(place.clone());
            }
            _ => {}
        }
    }

    /// What is open, now that all events of these batches are told.
    pub(super) fn end(self) -> Compared {
        let mut compared = Compared::default();
        let Self { stored: Stored { trace, .. }, rows, here, .. } = self;
        let texts = |name: &str, texts: &BTreeSet<Rc<str>>| -> Vec<String> {
            texts.iter().map(|text| format!("{name} {text}")).collect()
        };
        compared.fields.extend(self.fields.iter().map(|name| (*name).to_owned()));
        compared.fields.extend(texts("model", &self.models));
        compared.fields.extend(texts("tag", &self.tags));
        for place in trace.head.metadata.places() {
            if !here.contains(&place.batch) {
                compared.elsewhere.insert(Rc::clone(&place.batch));
            } else if !self.metadata.contains(place) {
                compared.wrong.push("its metadata is not what its batch says".into());
            }
        }
        let mut altered = Vec::new();
        let is_said =
            |span: &Span, at: u32| self.parts.get(&span.id).is_some_and(|bits| bits & 1 << at != 0);
        for span in trace.spans.list() {
            for (part, at) in span.parts().iter().zip(0..u128::BITS) {
                if !here.contains(&part.place.batch) {
                    compared.elsewhere.insert(Rc::clone(&part.place.batch));
                } else if !is_said(span, at) {
                    altered.push(Rc::clone(&span.id));
                }
            }
        }
        for span in rows.values() {
            for (part, at) in span.parts().iter().zip(0..u128::BITS) {
                if is_said(span, at) {
                    compared.in_rows += 1;
                } else if here.contains(&part.place.batch) {
                    altered.push(Rc::clone(&span.id));
                }
            }
        }
        if !altered.is_empty() {
            let names = names(altered.iter().map(|id| &**id));
            compared.wrong.push(format!("{names}: not what its batch says there"));
        }
        let twice = names(
            trace.spans.list().iter().map(|span| &*span.id).filter(|id| rows.contains_key(*id)),
        );
        if !twice.is_empty() {
            compared.wrong.push(format!("{twice}: packed, and in a row of its own as well"));
        }
        compared
    }
}

/// What a stored trace lacks of what is told of it, in a few words.
pub(super) fn find_lacking(stored: &Stored, rows: &Rows, news: Trace) -> Option<String> {
    let trace = &stored.trace;
    let mut merged = trace.head.clone();
    merged.merge(news.head);
    let mut lacking: Vec<String> = Vec::new();
    if merged != trace.head {
        let moved = FIELDS.iter().filter(|(_, same)| !same(&merged, &trace.head));
        let mut moved: Vec<_> = moved.map(|(name, _)| *name).collect();
        let sets = [
            ("models", merged.models != trace.head.models),
            ("tags", merged.tags != trace.head.tags),
            ("metadata", merged.metadata != trace.head.metadata),
        ];
        moved.extend(sets.iter().filter(|(_, moved)| *moved).map(|(name, _)| *name));
        moved.dedup();
        lacking.extend(moved.iter().map(|name| (*name).to_owned()));
    }
    let spans: Vec<_> = news
        .spans
        .into_iter()
        .filter_map(|span| {
            let id = Rc::clone(&span.id);
            let Some(known) = trace.spans.get(&id).or_else(|| rows.get(&id)) else {
                return Some(id);
            };
            let mut merged = known.clone();
            // Of a hundred events the oldest is put in and left out again.
            (merged.merge(span) && merged != *known).then_some(id)
        })
        .collect();
    if !spans.is_empty() {
        lacking.push(names(spans.iter().map(|id| &**id)));
    }
    (!lacking.is_empty()).then(|| lacking.join(", "))
}

/// The batches that a trace names.
pub(super) fn named<'a>(stored: &'a Stored, rows: &'a Rows) -> HashSet<&'a BatchName> {
    let Trace { head, spans, .. } = &stored.trace;
    let parts = spans.list().iter().chain(rows.values()).flat_map(Span::parts);
    let told = head.input.iter().chain(&head.output).map(|told| &told.value);
    let places = parts.map(|part| &part.place).chain(told).chain(head.metadata.places());
    places.map(|place| &*place.batch).collect()
}

/// Whether a trace names another object of a batch, received in the same millisecond, and
/// not this one. To the ledger the two are one: so this one need not have been written, and
/// says nothing that the other does not.
pub(super) fn is_named_otherwise(name: &BatchName, named: &HashSet<&BatchName>) -> bool {
    let is_twin = |other: &&BatchName| (other.received, &other.id) == (name.received, &name.id);
    !named.contains(name) && named.iter().any(is_twin)
}

/// Some spans, by the ids that clients know; empty without any.
pub(super) fn names<'a>(kept: impl Iterator<Item = &'a str>) -> String {
    let mut ids: Vec<_> =
        kept.map(|id| ingest_core::fold::compact_id::unpack(id.to_owned())).collect();
    ids.sort_unstable();
    ids.dedup();
    let more = ids.len().saturating_sub(MAX_NAMES);
    ids.truncate(MAX_NAMES);
    match (ids.len(), more) {
        (0, _) => String::new(),
        (1, 0) => format!("span {}", ids.join("")),
        (_, 0) => format!("spans {}", ids.join(", ")),
        _ => format!("spans {} and {more} more", ids.join(", ")),
    }
}
