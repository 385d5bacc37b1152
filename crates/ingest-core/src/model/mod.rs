//! The domain: events as clients send them, decoded as far as the index needs
//! and no further. Payloads stay slices of the body they came in, where its format lets
//! them.

mod provider;
mod status;

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use crate::limits::MAX_TOKENS;

pub use self::provider::Provider;
pub use self::status::{Progress, QUIET_US, Status, TraceStatus};

/// A point in time: microseconds since 1970-01-01T00:00:00Z, the precision
/// that clients send.
pub type Micros = i64;

/// A point in time: milliseconds since the epoch, the precision of the
/// platform's clock.
pub type Millis = i64;

/// Decoded text: borrowed unless the JSON string had escapes in it. Lone
/// surrogate escapes, which are not text, have become U+FFFD; ids have none.
pub type Text<'a> = Cow<'a, str>;

/// A value as JSON text: a slice of the body where that is JSON, byte for byte as it
/// was sent; made from it where the wire format has no JSON.
pub type Json<'a> = Cow<'a, str>;

/// What becomes of a batch that has bad events in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Handling {
    /// It is refused whole.
    #[default]
    Strict,
    /// Its good events are accepted (RFC 7240's `handling=lenient`).
    Lenient,
}

/// One event of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<'a> {
    /// Its place in `batch`, from 0, bad events counted.
    pub index: usize,
    /// Its bytes in the body.
    pub range: Range<usize>,
    /// What else in the body it cannot be understood without, in the order that its
    /// format reads them: what many events say once. Most formats have none.
    pub context: Option<Rc<[Range<usize>]>>,
    /// The envelope's `id`.
    pub envelope: Option<Text<'a>>,
    /// The envelope's `timestamp`.
    pub timestamp: Option<Micros>,
    /// What it is to other events for the same thing, by its format.
    pub rank: Rank,
    /// What it says.
    pub body: Body<'a>,
}

impl<'a> Event<'a> {
    /// An event that lies there and creates what it is about, of which nothing else is said.
    #[must_use]
    pub fn new(range: Range<usize>, body: Body<'a>) -> Self {
        let (context, envelope, timestamp) = (None, None, None);
        Self { index: 0, range, context, envelope, timestamp, rank: Rank::Create, body }
    }
}

/// What an event is to others for the same trace or span: of what two of them say, that of
/// the greater rank counts, whatever their clocks say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Rank {
    /// It says a piece of what counts where no other event says it: one message of a
    /// conversation. Pieces of one thing are put together in order of their times.
    Piece,
    /// It says what counts where no other event says it.
    Supplement,
    /// It creates the thing. Formats whose events are complete have no others.
    #[default]
    Create,
    /// It changes what another event created.
    Update,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq)]
pub enum Body<'a> {
    /// Something of a trace.
    Trace(TraceBody<'a>),
    /// Something of a span.
    Span(SpanBody<'a>),
    /// How good something is.
    Score(ScoreBody<'a>),
}

impl<'a> Body<'a> {
    /// The id of the trace that it says something of. A score is kept beside its trace.
    #[must_use]
    pub fn trace_id(&self) -> Option<&Text<'a>> {
        match self {
            Self::Trace(trace) => Some(&trace.id),
            Self::Span(span) => Some(&span.trace),
            Self::Score(_) => None,
        }
    }
}

/// What an event says of a trace.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TraceBody<'a> {
    /// `id`.
    pub id: Text<'a>,
    /// `name`; may be empty.
    pub name: Option<Text<'a>>,
    /// `startTime`.
    pub start: Option<Micros>,
    /// `endTime`.
    pub end: Option<Micros>,
    /// `sessionId`.
    pub session: Option<Text<'a>>,
    /// Who it is for, in formats whose traces say that.
    pub user: Option<Text<'a>>,
    /// `parentTraceId`.
    pub parent_trace: Option<Text<'a>>,
    /// `deploymentId`.
    pub deployment: Option<Text<'a>>,
    /// `tags`.
    pub tags: Vec<Text<'a>>,
    /// Whether its tags are added to those of other events, and do not replace them.
    pub adds_tags: bool,
    /// `evaluators`: those that it asks for, where it says so; none where it asks for none.
    pub evaluators: Option<Vec<Text<'a>>>,
    /// `metadata`: a JSON object.
    pub metadata: Option<Json<'a>>,
    /// What went in, in formats whose traces have an input of their own.
    pub input: Option<Json<'a>>,
    /// What came out, likewise.
    pub output: Option<Json<'a>>,
}

/// What an event says of a span.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpanBody<'a> {
    /// `traceId`.
    pub trace: Text<'a>,
    /// `id`; without one the envelope's stands in, and without that one is
    /// made from the batch and the event's place in it.
    pub id: Option<Text<'a>>,
    /// `parentSpanId`: a span's id or an envelope's. An empty one is none.
    pub parent: Option<Text<'a>>,
    /// `name`; may be empty.
    pub name: Option<Text<'a>>,
    /// `type`.
    pub kind: Option<SpanType>,
    /// `startTime`.
    pub start: Option<Micros>,
    /// `endTime`.
    pub end: Option<Micros>,
    /// `input`: any JSON.
    pub input: Option<Json<'a>>,
    /// `output`: any JSON.
    pub output: Option<Json<'a>>,
    /// `model`.
    pub model: Option<Text<'a>>,
    /// Who serves the model.
    pub provider: Option<Provider>,
    /// `modelParameters`: a JSON object.
    pub model_parameters: Option<Json<'a>>,
    /// `usage`.
    pub usage: Usage,
    /// `cost`: a JSON number, in US dollars.
    pub cost: Option<Json<'a>>,
    /// `status`, where it says one.
    pub status: Option<Status>,
    /// `errorMessage`.
    pub error_message: Option<Text<'a>>,
    /// `metadata`: a JSON object.
    pub metadata: Option<Json<'a>>,
    /// Whether it is a call of a model whose usage and cost may be those of the call right
    /// above it, said once more: where both are instrumented.
    pub may_repeat: bool,
    /// Whether it is of what goes on beside the work of models: a request of HTTP, a query of
    /// a database, as their instrumentation says it.
    pub beside: bool,
    /// Whether its trace is said, where its format has events that do not.
    pub trace_said: TraceSaid,
    /// What it says of its trace, in formats that have no events for traces.
    pub of_trace: Option<Box<OfTrace<'a>>>,
}

/// Whether an event says which trace its span is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TraceSaid {
    /// It does, and so do all others of the span.
    #[default]
    Always,
    /// It does; others of the span may name that alone.
    Here,
    /// It does not: that the span is the root of a trace with its own id is a guess.
    Guessed,
}

/// A judgement of a trace, of one of its spans, or of a session: by a person, a program or
/// a model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScoreBody<'a> {
    /// Its id: of events with one id the newest counts. Without one it is made from the
    /// batch and the event's place in it.
    pub id: Option<Text<'a>>,
    /// The trace. Some clients name the span alone.
    pub trace: Option<Text<'a>>,
    /// The span, where it is not of the whole trace.
    pub span: Option<Text<'a>>,
    /// The session, where it is of no trace.
    pub session: Option<Text<'a>>,
    /// What is judged: the evaluator's name.
    pub name: Text<'a>,
    /// The value, where it is a number; 1 and 0 for true and false.
    pub value: Option<f64>,
    /// The value in words.
    pub label: Option<Text<'a>>,
    /// Whether the value is one of two.
    pub boolean: bool,
    /// Why.
    pub reasoning: Option<Text<'a>>,
    /// A JSON object.
    pub metadata: Option<Json<'a>>,
    /// Whether it says that there is to be no such score: for good, whatever else is said of
    /// it; where a person says it of a rating, until that person rates again.
    pub deleted: bool,
    /// Who made it.
    pub source: ScoreSource,
}

/// Who makes scores. Of two who make one with the same id the later here counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ScoreSource {
    /// A client of the API, whatever its format.
    #[default]
    Client,
    /// An evaluator that this service runs.
    Evaluator,
    /// A person, on a page.
    Person,
}

/// What a span says of its trace. Spans of one trace may disagree, so each field is said
/// with a rank, the better source the smaller; see [`Said`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OfTrace<'a> {
    /// The trace's name.
    pub name: Option<Said<Text<'a>>>,
    /// The session that it belongs to.
    pub session: Option<Said<Text<'a>>>,
    /// The user that it is for.
    pub user: Option<Said<Text<'a>>>,
    /// Its tags: those of all spans together.
    pub tags: Vec<Text<'a>>,
    /// A JSON object.
    pub metadata: Option<Said<Json<'a>>>,
}

/// What one of several sources says. Of what the spans of a trace say, the one with the
/// smallest rank counts; then the root's; then that of the span that started first; then
/// the one with the smallest span id. A minimum, so order never matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said<T> {
    /// Which source it is from: 0 for the best.
    pub rank: u8,
    /// What it says.
    pub value: T,
}

/// Token counts, each at most [`crate::limits::MAX_TOKENS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// `promptTokens`.
    pub prompt: Option<u64>,
    /// `completionTokens`.
    pub completion: Option<u64>,
    /// `totalTokens`, as sent.
    pub total: Option<u64>,
    /// `cachedTokens`: those of the prompt that came from a cache.
    pub cached: Option<u64>,
    /// Those of the prompt that were put into a cache, for five minutes where it says how long.
    pub cache_write: Option<u64>,
    /// Those of the prompt that were put into a cache for an hour.
    pub cache_write_1h: Option<u64>,
    /// Those of the prompt that were sound.
    pub audio: Option<u64>,
}

impl Usage {
    /// With what was put into caches: in all, for five minutes, for an hour. Some say both the
    /// whole and its parts, some only what they know no time of as the whole.
    #[must_use]
    pub fn with_writes(self, all: Option<u64>, short: Option<u64>, hour: Option<u64>) -> Self {
        let parts = short.unwrap_or(0).saturating_add(hour.unwrap_or(0));
        let cache_write = match all {
            Some(all) if all >= parts => Some(all - hour.unwrap_or(0)),
            Some(all) => Some(all.saturating_add(short.unwrap_or(0)).min(MAX_TOKENS)),
            None => short,
        };
        Self { cache_write, cache_write_1h: hour, ..self }
    }

    /// The total that is shown and added up: the one sent, or prompt and
    /// completion together where none (or 0, which the SDK sends for none)
    /// was sent. `None` when there is no count at all. No more than one count may
    /// be, for sums are in 64 bits.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        match (self.total, self.prompt, self.completion) {
            (None | Some(0), None, None) => self.total,
            (None | Some(0), p, c) => Some((p.unwrap_or(0) + c.unwrap_or(0)).min(MAX_TOKENS)),
            (total, ..) => total,
        }
    }
}

/// What kind of work a span is. D1 stores the place in [`SpanType::ALL`], so
/// that list only ever grows at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanType {
    /// An agent's turn or run.
    Agent,
    /// A call of a language model.
    Llm,
    /// A call of a tool.
    Tool,
    /// A look-up of documents.
    Retrieval,
    /// A fixed sequence of steps.
    Chain,
    /// Anything else.
    Custom,
    /// Work handed to another agent.
    Delegation,
    /// Speech in or out.
    Voice,
    /// Work handed to a person.
    HumanHandoff,
    /// A check of what goes in or comes out.
    Guardrail,
}

impl SpanType {
    /// Every type with its spelling on the wire. Append only.
    pub const ALL: [(SpanType, &'static str); 10] = [
        (Self::Agent, "AGENT"),
        (Self::Llm, "LLM"),
        (Self::Tool, "TOOL"),
        (Self::Retrieval, "RETRIEVAL"),
        (Self::Chain, "CHAIN"),
        (Self::Custom, "CUSTOM"),
        (Self::Delegation, "DELEGATION"),
        (Self::Voice, "VOICE"),
        (Self::HumanHandoff, "HUMAN_HANDOFF"),
        (Self::Guardrail, "GUARDRAIL"),
    ];

    /// The type that the wire spells so, if there is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(t, _)| *t)
    }

    /// The number that D1 stores.
    #[must_use]
    pub fn code(self) -> usize {
        Self::ALL.iter().position(|(t, _)| *t == self).unwrap_or_default()
    }

    /// The spelling of the type that D1 stores under this number.
    #[must_use]
    pub fn name_of(code: usize) -> &'static str {
        Self::ALL.get(code).map_or("CUSTOM", |(_, name)| name)
    }
}
