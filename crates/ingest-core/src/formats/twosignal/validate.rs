//! From an event's slots to an [`Event`], or to everything that is wrong with
//! it: each problem by path, in the client's own spelling, with what was
//! expected and what was found. Where fields are in the body is `envelope`'s.

use std::ops::Range;

use crate::error::Detail;
use crate::limits::{MAX_COST_USD, MAX_DETAILS, MAX_ID_BYTES, MAX_TAGS, MAX_TOKENS};
use crate::model::{
    Body, Event, Json, Micros, Rank, SpanBody, SpanType, Status, Text, TraceBody, TraceSaid, Usage,
};
use crate::time;

use super::fields::{Field, Slots};
use crate::json::number;
use crate::json::scan;
use crate::json::scan::More;
use crate::json::text::{lone_surrogate, quote};
use crate::json::value::{Kind, Value};

/// The problems of a batch: all counted, the first [`MAX_DETAILS`] kept.
#[derive(Debug, Default)]
pub(super) struct Problems {
    pub(super) details: Vec<Detail>,
    pub(super) total: usize,
}

impl Problems {
    #[cold]
    fn push(
        &mut self,
        index: usize,
        path: impl FnOnce() -> String,
        message: impl FnOnce() -> String,
    ) {
        self.total += 1;
        if self.details.len() < MAX_DETAILS {
            let path = format!("batch[{index}]{}", path());
            self.details.push(Detail { index: Some(index), path, message: message() });
        }
    }

    /// An item of `batch` that is no object.
    pub(super) fn not_an_event(&mut self, index: usize, found: Kind) {
        self.push(index, String::new, || format!("expected an object, found {}", found.noun()));
    }
}

/// The event in the slots, or `None` and at least one more problem.
pub(super) fn event<'a>(
    text: &'a str,
    slots: &Slots,
    range: Range<usize>,
    index: usize,
    problems: &mut Problems,
) -> Option<Event<'a>> {
    let before = problems.total;
    let mut check = Check { text, slots, index, problems };
    let envelope = check.optional_id(Field::EventId);
    check.require(Field::EventType);
    let kind = check.one_of(Field::EventType, &EVENT_TYPES);
    let timestamp = check.time(Field::Timestamp);
    check.require(Field::Body);
    let has_body = check.object(Field::Body).is_some();
    let body = match kind.filter(|_| has_body)? {
        Creates::Trace => Body::Trace(check.trace()),
        Creates::Span => Body::Span(check.span()?),
    };
    if check.problems.total > before {
        return None;
    }
    Some(Event { index, range, context: None, envelope, timestamp, rank: Rank::Create, body })
}

/// What an event's `type` says it creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Creates {
    Trace,
    Span,
}

const EVENT_TYPES: [(Creates, &str); 2] =
    [(Creates::Trace, "trace-create"), (Creates::Span, "span-create")];

const STATUSES: [(Status, &str); 2] = [(Status::Ok, "OK"), (Status::Error, "ERROR")];

/// The slots of one event, and where its problems go. Each method reads one
/// field as what it should be; a missing one is `None` and no problem, but
/// where the method's name says otherwise.
struct Check<'c, 'a> {
    text: &'a str,
    slots: &'c Slots,
    index: usize,
    problems: &'c mut Problems,
}

impl<'a> Check<'_, 'a> {
    fn trace(&mut self) -> TraceBody<'a> {
        TraceBody {
            id: self.required_id(Field::Id),
            name: Some(self.required_text(Field::Name)),
            start: self.time(Field::StartTime),
            end: self.time(Field::EndTime),
            session: self.string(Field::SessionId),
            parent_trace: self.optional_id(Field::ParentTraceId),
            deployment: self.string(Field::DeploymentId),
            user: None,
            tags: self.strings(Field::Tags),
            adds_tags: false,
            evaluators: self.slots.get(Field::Evaluators).map(|_| self.strings(Field::Evaluators)),
            metadata: self.object(Field::Metadata),
            input: None,
            output: None,
        }
    }

    /// `None` only for a missing or unknown `type`.
    fn span(&mut self) -> Option<SpanBody<'a>> {
        let trace = self.required_id(Field::TraceId);
        let id = self.optional_id(Field::Id);
        let parent = self.optional_id(Field::ParentSpanId);
        let name = Some(self.required_text(Field::Name));
        self.require(Field::Type);
        let kind = self.one_of(Field::Type, &SpanType::ALL);
        let start = self.time(Field::StartTime);
        let end = self.time(Field::EndTime);
        let model = self.string(Field::Model);
        let model_parameters = self.object(Field::ModelParameters);
        let usage = self.usage();
        let cost = self.cost();
        let status = self.one_of(Field::Status, &STATUSES);
        let error_message = self.string(Field::ErrorMessage);
        let metadata = self.object(Field::Metadata);
        Some(SpanBody {
            trace,
            id,
            parent,
            name,
            kind: Some(kind?),
            start,
            end,
            input: self.any(Field::Input),
            output: self.any(Field::Output),
            model,
            provider: None,
            model_parameters,
            usage,
            cost,
            status,
            error_message,
            metadata,
            may_repeat: false,
            beside: false,
            trace_said: TraceSaid::Always,
            of_trace: None,
        })
    }

    #[inline]
    fn require(&mut self, field: Field) {
        if self.slots.get(field).is_none() {
            self.problem(field, || "required".to_owned());
        }
    }

    /// `wanted` was expected; `found` is said as the client spelled it.
    #[cold]
    fn unlike(&mut self, field: Field, wanted: &str, found: Value) {
        let text = self.text;
        self.problem(field, || format!("expected {wanted}, found {}", quote(text, found)));
    }

    /// A value of another kind than was expected.
    #[cold]
    fn mistyped(&mut self, field: Field, wanted: &str, found: Value) {
        self.problem(field, || format!("expected {wanted}, found {}", found.kind().noun()));
    }

    fn problem(&mut self, field: Field, message: impl FnOnce() -> String) {
        let camel = self.slots.is_camel(field);
        self.problems.push(self.index, || format!(".{}", field.path(camel)), message);
    }

    fn any(&self, field: Field) -> Option<Json<'a>> {
        self.slots.get(field).map(|value| value.raw(self.text).into())
    }

    fn object(&mut self, field: Field) -> Option<Json<'a>> {
        let value = self.slots.get(field)?;
        if value.kind() != Kind::Object {
            self.mistyped(field, "an object", value);
            return None;
        }
        Some(value.raw(self.text).into())
    }

    fn string(&mut self, field: Field) -> Option<Text<'a>> {
        let value = self.slots.get(field)?;
        let text = value.text(self.text);
        if text.is_none() {
            self.mistyped(field, "a string", value);
        }
        text
    }

    fn required_text(&mut self, field: Field) -> Text<'a> {
        self.require(field);
        self.string(field).unwrap_or_default()
    }

    /// An id that is not too long; an empty one is none. Halves of surrogate pairs
    /// are not let into ids, for all of them would become the same character, nor
    /// are `.` and `..`, which no URL can end in.
    fn optional_id(&mut self, field: Field) -> Option<Text<'a>> {
        let id = self.string(field)?;
        let found = self.slots.get(field)?;
        if found.kind() == Kind::Escaped
            && let Some(half) = self.text.get(found.inner()).and_then(lone_surrogate)
        {
            let message = || format!("expected text, found half of a surrogate pair, {half}");
            self.problem(field, message);
            return None;
        }
        if matches!(&*id, "." | "..") {
            self.unlike(field, "an id other than . and .., which no URL can end in", found);
            return None;
        }
        if id.len() > MAX_ID_BYTES {
            let bytes = id.len();
            self.problem(field, || format!("expected at most {MAX_ID_BYTES} bytes, found {bytes}"));
            return None;
        }
        Some(id).filter(|id| !id.is_empty())
    }

    fn required_id(&mut self, field: Field) -> Text<'a> {
        self.require(field);
        if let Some(value) = self.slots.get(field)
            && value.raw(self.text) == "\"\""
        {
            self.unlike(field, "a string that is not empty", value);
        }
        self.optional_id(field).unwrap_or_default()
    }

    /// One of a list of words.
    fn one_of<T: Copy>(&mut self, field: Field, words: &[(T, &str)]) -> Option<T> {
        let value = self.slots.get(field)?;
        let Some(text) = value.text(self.text) else {
            self.mistyped(field, "a string", value);
            return None;
        };
        let word = words.iter().find(|(_, word)| *word == text).map(|(t, _)| *t);
        if word.is_none() {
            let words: Vec<_> = words.iter().map(|(_, word)| *word).collect();
            self.unlike(field, &format!("one of {}", words.join(", ")), value);
        }
        word
    }

    fn time(&mut self, field: Field) -> Option<Micros> {
        const WANTED: &str = "an ISO 8601 date and time such as 2026-03-14T10:00:00.000Z";
        let value = self.slots.get(field)?;
        let Some(text) = value.text(self.text) else {
            self.mistyped(field, WANTED, value);
            return None;
        };
        let time = time::parse(&text);
        if time.is_none() {
            self.unlike(field, WANTED, value);
        }
        time
    }

    /// The first [`MAX_TAGS`] strings; all of them are looked at.
    fn strings(&mut self, field: Field) -> Vec<Text<'a>> {
        let mut strings = Vec::new();
        let Some(value) = self.slots.get(field) else {
            return strings;
        };
        if value.kind() != Kind::Array {
            self.mistyped(field, "an array of strings", value);
            return strings;
        }
        // Scanned before, so this finds no fault and ends where it did.
        let mut at = value.range().start + 1;
        let mut place = 0_usize;
        while let Ok(More::At(start)) = scan::more(self.text.as_bytes(), at, b']', place == 0)
            && let Ok(item) = scan::value(self.text.as_bytes(), start, 0)
        {
            at = item.range().end;
            if matches!(item.kind(), Kind::Plain | Kind::Escaped) {
                if strings.len() < MAX_TAGS {
                    strings.extend(item.text(self.text));
                }
            } else if item.kind() != Kind::Null {
                let camel = self.slots.is_camel(field);
                self.problems.push(
                    self.index,
                    || format!(".{}[{place}]", field.path(camel)),
                    || format!("expected a string, found {}", item.kind().noun()),
                );
            }
            place += 1;
        }
        strings
    }

    fn usage(&mut self) -> Usage {
        if self.object(Field::Usage).is_none() {
            return Usage::default();
        }
        Usage {
            prompt: self.tokens(Field::PromptTokens),
            completion: self.tokens(Field::CompletionTokens),
            total: self.tokens(Field::TotalTokens),
            cached: self.tokens(Field::CachedTokens),
            ..Usage::default()
        }
    }

    fn tokens(&mut self, field: Field) -> Option<u64> {
        let value = self.slots.get(field)?;
        let wanted = || format!("an integer from 0 to {MAX_TOKENS}");
        if value.kind() != Kind::Number {
            self.mistyped(field, &wanted(), value);
            return None;
        }
        let tokens = number::integer(value.raw(self.text)).filter(|tokens| *tokens <= MAX_TOKENS);
        if tokens.is_none() {
            self.unlike(field, &wanted(), value);
        }
        tokens
    }

    fn cost(&mut self) -> Option<Json<'a>> {
        let value = self.slots.get(Field::Cost)?;
        if value.kind() != Kind::Number {
            self.mistyped(Field::Cost, "a number", value);
            return None;
        }
        let raw = value.raw(self.text);
        if !number::is_cost(raw) {
            let wanted = format!("a number of dollars from -{MAX_COST_USD} to {MAX_COST_USD}");
            self.unlike(Field::Cost, &wanted, value);
            return None;
        }
        Some(raw.into())
    }
}
