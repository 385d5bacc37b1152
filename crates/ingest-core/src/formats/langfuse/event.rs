//! From the places of an event's fields to an [`Event`], or to what is wrong with it: each
//! problem by its path, with what was expected and what was found.

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_128;

use super::places::{Envelope, Fields};
use super::read::Reader;
use super::score;
use super::usage;
use crate::formats::field::Problem;
use crate::json::value::Value;
use crate::model::{Body, Event, Micros, Rank, SpanBody, SpanType, Status, Text, TraceBody};

/// An item of a batch.
pub(super) struct Found<'a> {
    /// Its place in the batch.
    pub(super) index: usize,
    /// Its id as JSON text; empty where it says none.
    pub(super) id: &'a str,
    pub(super) meaning: Meaning<'a>,
}

/// What an item of a batch comes to.
pub(super) enum Meaning<'a> {
    /// A good event.
    Event(Box<Event<'a>>),
    /// What an SDK says of itself, which nobody keeps.
    Nothing,
    /// A bad event.
    Bad(Vec<Problem>),
}

impl<'a> Meaning<'a> {
    /// The event, if it is a good one.
    pub(super) fn into_event(self) -> Option<Event<'a>> {
        match self {
            Self::Event(event) => Some(*event),
            Self::Nothing | Self::Bad(_) => None,
        }
    }
}

/// An item that is no object.
pub(super) fn not_an_event(found: Value) -> Meaning<'static> {
    let message = format!("expected an object, found {}", found.kind().noun());
    Meaning::Bad(vec![Problem::new("", message)])
}

/// What an event's `type` says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Trace,
    Score,
    Log,
    /// Something of an observation, whose kind is known unless `body.type` says it.
    Observation(Option<Kind>, Rank),
}

/// A kind of observation: what it is here, how types of events begin, how bodies spell it.
type Kind = (SpanType, &'static str, &'static str);

/// An event: it has no length.
const EVENT: Kind = (SpanType::Custom, "event", "EVENT");

/// The kinds of observations. Those after the third only some servers know.
const KINDS: [Kind; 10] = [
    (SpanType::Chain, "span", "SPAN"),
    (SpanType::Llm, "generation", "GENERATION"),
    EVENT,
    (SpanType::Agent, "agent", "AGENT"),
    (SpanType::Tool, "tool", "TOOL"),
    (SpanType::Chain, "chain", "CHAIN"),
    (SpanType::Retrieval, "retriever", "RETRIEVER"),
    (SpanType::Llm, "embedding", "EMBEDDING"),
    (SpanType::Guardrail, "guardrail", "GUARDRAIL"),
    (SpanType::Custom, "evaluator", "EVALUATOR"),
];

/// What is said to who sent another type.
const TYPES: &str = "one of trace-create, span-create, span-update, generation-create, \
                     generation-update, event-create, score-create, sdk-log";

fn meaning_of(kind: &str) -> Option<Says> {
    match kind {
        "trace-create" => return Some(Says::Trace),
        "score-create" => return Some(Says::Score),
        "sdk-log" => return Some(Says::Log),
        _ => {}
    }
    let (object, action) = kind.rsplit_once('-')?;
    let rank = match action {
        "create" => Rank::Create,
        "update" => Rank::Update,
        _ => return None,
    };
    if object == "observation" {
        return Some(Says::Observation(None, rank));
    }
    let kind = KINDS.iter().find(|(_, word, _)| *word == object)?;
    Some(Says::Observation(Some(*kind), rank))
}

const LEVELS: [(Status, &str); 4] = [
    (Status::Ok, "DEFAULT"),
    (Status::Ok, "DEBUG"),
    (Status::Ok, "WARNING"),
    (Status::Error, "ERROR"),
];

/// The event that lies at these places.
pub(super) fn event<'a>(
    text: &'a str,
    envelope: &Envelope,
    fields: &Fields,
    range: Range<usize>,
    index: usize,
) -> Meaning<'a> {
    let mut read = Reader { text, problems: Vec::new() };
    let id = read.required_id("id", envelope.id);
    let says = says(&mut read, envelope.kind);
    if says == Some(Says::Log) && read.problems.is_empty() {
        return Meaning::Nothing;
    }
    let timestamp = read.time("timestamp", envelope.timestamp);
    if read.object("body", envelope.body).is_none() {
        read.require("body", envelope.body);
        return Meaning::Bad(read.problems);
    }
    let mut rank = Rank::Create;
    let body = match says {
        Some(Says::Trace) => Body::Trace(trace(&mut read, fields, &id)),
        Some(Says::Score) => Body::Score(score::body(&mut read, fields, &id)),
        Some(Says::Observation(kind, of)) => {
            rank = of;
            Body::Span(observation(&mut read, fields, &id, kind, rank, timestamp))
        }
        Some(Says::Log) | None => return Meaning::Bad(read.problems),
    };
    if read.problems.is_empty() {
        let (context, envelope) = (None, None);
        Meaning::Event(Box::new(Event { index, range, context, envelope, timestamp, rank, body }))
    } else {
        Meaning::Bad(read.problems)
    }
}

/// The score whose body a request has, and its id: where it says none, one that is made
/// of the bytes, so that the same request is the same score.
pub(super) fn score_alone<'a>(
    text: &'a str,
    fields: &Fields,
    range: Range<usize>,
) -> (Meaning<'a>, String) {
    let mut read = Reader { text, problems: Vec::new() };
    let hash = xxh3_128(text.get(range.clone()).unwrap_or_default().as_bytes());
    let body = score::body(&mut read, fields, &Text::Owned(format!("{hash:032x}")));
    let id = body.id.as_deref().unwrap_or_default().to_owned();
    if !read.problems.is_empty() {
        return (Meaning::Bad(read.problems), id);
    }
    let body = Body::Score(body);
    let (context, envelope, timestamp, rank) = (None, None, None, Rank::Create);
    let event = Event { index: 0, range, context, envelope, timestamp, rank, body };
    (Meaning::Event(Box::new(event)), id)
}

fn says(read: &mut Reader, kind: Option<Value>) -> Option<Says> {
    let word = read.required_text("type", kind)?;
    let says = meaning_of(&word);
    if let (None, Some(found)) = (says, kind) {
        read.unlike("type", TYPES, found);
    }
    says
}

fn trace<'a>(read: &mut Reader<'a>, fields: &Fields, event: &Text<'a>) -> TraceBody<'a> {
    let said = read.time("body.timestamp", fields.timestamp);
    let started = read.time("body.start_time", fields.decorator_start);
    let start = [said, started].into_iter().flatten().min();
    let end = read.time("body.end_time", fields.decorator_end);
    TraceBody {
        id: read.id("body.id", fields.id).unwrap_or_else(|| event.clone()),
        name: read.string("body.name", fields.name),
        start,
        end: end.map(|end| end.max(start.unwrap_or(end))),
        session: read.string("body.sessionId", fields.session),
        user: read.string("body.userId", fields.user),
        tags: read.tags(fields.tags),
        adds_tags: true,
        metadata: read.metadata(fields.metadata),
        input: read.json(fields.input),
        output: read.json(fields.output),
        ..TraceBody::default()
    }
}

fn observation<'a>(
    read: &mut Reader<'a>,
    fields: &Fields,
    event: &Text<'a>,
    kind: Option<Kind>,
    rank: Rank,
    timestamp: Option<Micros>,
) -> SpanBody<'a> {
    let id = read.id("body.id", fields.id).unwrap_or_else(|| event.clone());
    let kind = kind.or_else(|| legacy_kind(read, fields.kind, rank));
    let creates = rank == Rank::Create;
    let start = read.time("body.startTime", fields.start);
    let start = if creates { start.or(timestamp) } else { start };
    let end = read.time("body.endTime", fields.end);
    let end = if kind == Some(EVENT) { start } else { end };
    let kind = kind.map(|(kind, ..)| kind);
    let level = read.one_of("body.level", fields.level, &LEVELS);
    let message = read.string("body.statusMessage", fields.status_message);
    let failed = level.map_or(!creates, |status| status == Status::Error);
    let mut body = SpanBody {
        trace: read.id("body.traceId", fields.trace).unwrap_or_else(|| id.clone()),
        id: Some(id),
        parent: read.id("body.parentObservationId", fields.parent),
        name: read.string("body.name", fields.name),
        // A span is what is nothing better: an update says nothing of that.
        kind: kind.filter(|kind| creates || *kind != SpanType::Chain),
        start,
        end: end.map(|end| end.max(start.unwrap_or(end))),
        input: read.json(fields.input),
        output: read.json(fields.output),
        status: level,
        error_message: message.filter(|_| failed),
        metadata: read.metadata(fields.metadata),
        ..SpanBody::default()
    };
    if kind == Some(SpanType::Llm) {
        body.model = read.string("body.model", fields.model);
        body.model_parameters = read.object("body.modelParameters", fields.model_parameters);
        body.usage = usage::tokens(read, fields);
        body.cost = usage::cost(read, fields);
    }
    body
}

/// What the events of the first SDKs say in their body.
fn legacy_kind(read: &mut Reader, value: Option<Value>, rank: Rank) -> Option<Kind> {
    if rank == Rank::Create {
        read.require("body.type", value);
    }
    let words = KINDS.map(|kind| (kind, kind.2));
    read.one_of("body.type", value, &words)
}
