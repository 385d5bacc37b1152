//! From a body to scores, or to everything that is wrong with them. One pass over what each
//! says; nothing recurses, and no tree of values is built.

use std::ops::Range;

use super::reply;
use crate::error::{Detail, Reject};
use crate::formats::decoded::Decoded;
use crate::formats::field;
use crate::json::descend;
use crate::json::error::SyntaxError;
use crate::json::lex::next;
use crate::json::scan;
use crate::json::text::cut;
use crate::json::value::{Kind, Value};
use crate::limits::{
    MAX_DETAILS, MAX_SCORE_METADATA_BYTES, MAX_SCORE_NAME_CHARS, MAX_SCORE_REASONING_CHARS,
    MAX_SCORES, MAX_SCORES_BODY_BYTES,
};
use crate::model::{Body, Event, Json, Micros, Millis, Rank, ScoreBody, ScoreSource, Text};

/// What ids begin with that this service gives to scores of its own.
const OWN_PREFIX: &str = "sc_";

/// A field of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Id,
    TraceId,
    SpanId,
    EvaluatorName,
    Value,
    Label,
    Reasoning,
    Metadata,
    CreatedAt,
}

/// Every spelling of each.
const FIELDS: [(&str, Field); 13] = [
    ("id", Field::Id),
    ("traceId", Field::TraceId),
    ("trace_id", Field::TraceId),
    ("spanId", Field::SpanId),
    ("span_id", Field::SpanId),
    ("evaluatorName", Field::EvaluatorName),
    ("evaluator_name", Field::EvaluatorName),
    ("name", Field::EvaluatorName),
    ("value", Field::Value),
    ("label", Field::Label),
    ("reasoning", Field::Reasoning),
    ("metadata", Field::Metadata),
    ("createdAt", Field::CreatedAt),
];

/// Where each field of a score was last seen, and how it was spelled. A null leaves what was
/// there.
type Slots = [Option<(&'static str, Value)>; Field::CreatedAt as usize + 1];

/// How scores stand in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// The body is one.
    One,
    /// It is an array of them.
    Array,
    /// It has an array of them.
    Scores,
}

impl Shape {
    /// How many arrays and objects are open around a score.
    fn depth(self) -> usize {
        self as usize
    }

    fn path(self, index: usize) -> String {
        match self {
            Self::One => String::new(),
            Self::Array => format!("[{index}]"),
            Self::Scores => format!("scores[{index}]"),
        }
    }
}

/// What is wrong with scores: all counted, the first kept.
#[derive(Default)]
struct Problems {
    details: Vec<Detail>,
    total: usize,
}

/// Looks a body over, with what its sender is to read of it.
pub(super) fn check(body: &[u8], by: ScoreSource) -> Result<Decoded, Reject> {
    let mut answers = Vec::new();
    let (mut decoded, shape) = walk(body, by, |event| answers.extend(reply::answer(&event)))?;
    decoded.answer = serde_json::to_string(&(shape == Shape::One, answers)).ok();
    Ok(decoded)
}

/// Gives every good score of a body, in order.
pub(super) fn scores<'a>(
    body: &'a [u8],
    by: ScoreSource,
    each: impl FnMut(Event<'a>),
) -> Result<(), Reject> {
    walk(body, by, each).map(drop)
}

/// A score by itself.
pub(super) fn single(text: &str, by: ScoreSource) -> Option<Event<'_>> {
    let (found, start) = next(text.as_bytes(), 0);
    if found != b'{' || text.len() > MAX_SCORES_BODY_BYTES {
        return None;
    }
    let mut problems = Problems::default();
    let (event, end) = score(text, start, by, (0, Shape::One), &mut problems).ok()?;
    scan::end(text.as_bytes(), end).ok()?;
    event
}

/// The deletion that a body is.
pub(super) fn deletion(body: &[u8]) -> Option<Event<'_>> {
    let text = std::str::from_utf8(body).ok()?;
    let mut id = None;
    let end = descend::object(text, 0, 0, &mut |key, at| {
        let value = descend::value(text, at, 1)?;
        if key == "id" {
            id = value.text(text);
        }
        Ok(value.range().end)
    });
    scan::end(body, end.ok()?).ok()?;
    let id = id.filter(|id| !id.is_empty())?;
    let score = ScoreBody { id: Some(id), deleted: true, ..ScoreBody::default() };
    Some(event(score, 0, 0..body.len(), Rank::Update))
}

fn event(score: ScoreBody, index: usize, range: Range<usize>, rank: Rank) -> Event {
    let (context, envelope, timestamp) = (None, None, None);
    Event { index, range, context, envelope, timestamp, rank, body: Body::Score(score) }
}

fn walk<'a>(
    body: &'a [u8],
    by: ScoreSource,
    mut each: impl FnMut(Event<'a>),
) -> Result<(Decoded, Shape), Reject> {
    if body.len() > MAX_SCORES_BODY_BYTES {
        let message = format!("the body has {} bytes, over {MAX_SCORES_BODY_BYTES}", body.len());
        return Err(Reject::TooLarge(message));
    }
    let text = field::text_of(body)?;
    let malformed = |error: SyntaxError| error.into_reject(text);
    let (shape, at) = find(text)?;
    let (mut problems, mut events, mut accepted) = (Problems::default(), 0, 0);
    let mut one = |at: usize| -> Result<usize, SyntaxError> {
        let (found, start) = next(text.as_bytes(), at);
        let mut end = start;
        // Beyond the most only counted, to be refused.
        if found == b'{' && events < MAX_SCORES {
            let event;
            (event, end) = score(text, start, by, (events, shape), &mut problems)?;
            accepted += usize::from(event.is_some());
            event.into_iter().for_each(&mut each);
        } else {
            let value = descend::value(text, start, shape.depth())?;
            problems.mistyped(events, &shape.path(events), "an object", value.kind());
            end = value.range().end.max(end);
        }
        events += 1;
        Ok(end)
    };
    if shape == Shape::One {
        one(at).map_err(malformed)?;
    } else {
        let outer = shape.depth() - 1;
        descend::array(text, at, outer, &mut one).map_err(malformed)?;
    }
    if events == 0 {
        let message = format!("expected 1 to {MAX_SCORES} scores, found none");
        return Err(Reject::invalid("scores", message));
    }
    if events > MAX_SCORES {
        return Err(Reject::TooLarge(format!("more than {MAX_SCORES} scores in a batch")));
    }
    let Problems { details, total: problems } = problems;
    let invalid = events - accepted;
    Ok((Decoded { events, accepted, invalid, problems, details, answer: None }, shape))
}

/// How scores stand in a body that is JSON, and where they begin.
fn find(text: &str) -> Result<(Shape, usize), Reject> {
    let malformed = |error: SyntaxError| error.into_reject(text);
    let mut scores = None;
    let root = descend::value(text, 0, 0).map_err(malformed)?;
    scan::end(text.as_bytes(), root.range().end).map_err(malformed)?;
    let found = |kind: Kind| format!("found {}", kind.noun());
    match root.kind() {
        Kind::Array => return Ok((Shape::Array, root.range().start)),
        Kind::Object => {}
        other => {
            let expected = "expected a score, an array of them, or an object with `scores`";
            return Err(Reject::invalid("body", format!("{expected}, {}", found(other))));
        }
    }
    let read = descend::object(text, 0, 0, &mut |key, at| {
        let value = descend::value(text, at, 1)?;
        if key == "scores" && value.kind() != Kind::Null {
            scores = Some(value);
        }
        Ok(value.range().end)
    });
    read.map_err(malformed)?;
    match scores {
        None => Ok((Shape::One, root.range().start)),
        Some(scores) if scores.kind() == Kind::Array => Ok((Shape::Scores, scores.range().start)),
        Some(other) => {
            let message = format!("expected an array, {}", found(other.kind()));
            Err(Reject::invalid("scores", message))
        }
    }
}

/// The score at a place, unless something is wrong with it; and the place after it.
fn score<'a>(
    text: &'a str,
    start: usize,
    by: ScoreSource,
    (index, shape): (usize, Shape),
    problems: &mut Problems,
) -> Result<(Option<Event<'a>>, usize), SyntaxError> {
    let mut slots = Slots::default();
    let end = descend::object(text, start, shape.depth(), &mut |key, at| {
        let value = descend::value(text, at, shape.depth() + 1)?;
        let field = FIELDS.iter().find(|(name, _)| *name == key);
        if let Some((name, field)) = field.filter(|_| value.kind() != Kind::Null)
            && let Some(slot) = slots.get_mut(*field as usize)
        {
            *slot = Some((*name, value));
        }
        Ok(value.range().end)
    })?;
    let before = problems.total;
    let mut check = Check { text, slots: &slots, by, index, shape, problems };
    let body = ScoreBody {
        id: check.id(Field::Id, "id"),
        trace: check.required("traceId", Field::TraceId, Check::id),
        span: check.id(Field::SpanId, "spanId"),
        session: None,
        name: check
            .required("evaluatorName", Field::EvaluatorName, Check::name)
            .unwrap_or_default(),
        value: check.required("value", Field::Value, Check::value),
        label: check.string(Field::Label, MAX_SCORE_NAME_CHARS),
        boolean: false,
        reasoning: check.string(Field::Reasoning, MAX_SCORE_REASONING_CHARS),
        metadata: check.metadata(),
        deleted: false,
        source: by,
    };
    let timestamp = check.created_at();
    let good = problems.total == before;
    let of = |body| Event { timestamp, ..event(body, index, start..end, Rank::Create) };
    Ok((good.then(|| of(body)), end))
}

/// The slots of a score, and where its problems go. Each method reads a field as what it
/// should be; a missing one is `None` and no problem, but where it is required.
struct Check<'c, 'a> {
    text: &'a str,
    slots: &'c Slots,
    by: ScoreSource,
    index: usize,
    shape: Shape,
    problems: &'c mut Problems,
}

impl<'a> Check<'_, 'a> {
    fn get(&self, field: Field) -> Option<(&'static str, Value)> {
        self.slots.get(field as usize).copied().flatten()
    }

    fn problem(&mut self, name: &str, message: String) {
        let path = self.shape.path(self.index);
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        self.problems.push(self.index, path, message);
    }

    fn required<T>(
        &mut self,
        name: &'static str,
        field: Field,
        read: fn(&mut Self, Field, &'static str) -> Option<T>,
    ) -> Option<T> {
        let before = self.problems.total;
        let found = read(self, field, name);
        if found.is_none() && self.problems.total == before {
            // An empty text is none.
            let why = if self.get(field).is_some() {
                "expected a text that is not empty"
            } else {
                "required"
            };
            self.problem(name, why.into());
        }
        found
    }

    /// A text of at most so many characters.
    fn string(&mut self, field: Field, most: usize) -> Option<Text<'a>> {
        let (name, value) = self.get(field)?;
        let Some(text) = value.text(self.text) else {
            self.problem(name, format!("expected a string, found {}", value.kind().noun()));
            return None;
        };
        let chars = text.chars().count();
        if chars > most {
            self.problem(name, format!("expected at most {most} characters, found {chars}"));
            return None;
        }
        Some(text)
    }

    fn name(&mut self, field: Field, _: &'static str) -> Option<Text<'a>> {
        self.string(field, MAX_SCORE_NAME_CHARS).filter(|name| !name.is_empty())
    }

    /// An id as those of traces and spans are; an empty one is none.
    fn id(&mut self, field: Field, _: &'static str) -> Option<Text<'a>> {
        let (name, value) = self.get(field)?;
        let of_client = self.by == ScoreSource::Client && field == Field::Id;
        let own = |id: &Text| of_client && id.starts_with(OWN_PREFIX);
        let why = match field::id(self.text, value) {
            Ok(Some(id)) if own(&id) => {
                format!(
                    "expected an id that does not begin with {OWN_PREFIX}, as those of evaluators do"
                )
            }
            Ok(id) => return id,
            Err(why) => why,
        };
        self.problem(name, why);
        None
    }

    fn value(&mut self, field: Field, _: &'static str) -> Option<f64> {
        let (name, value) = self.get(field)?;
        let raw = value.raw(self.text);
        let number = raw.parse().ok().filter(|number| (0.0..=1.0).contains(number));
        let number = number.filter(|_| value.kind() == Kind::Number);
        if number.is_none() {
            let found = if value.kind() == Kind::Number { &*cut(raw) } else { value.kind().noun() };
            self.problem(name, format!("expected a number from 0 to 1, found {found}"));
        }
        number
    }

    /// When it was made, in milliseconds since the epoch: clients do not say it, and what
    /// they have there is ignored.
    fn created_at(&self) -> Option<Micros> {
        let (_, value) = self.get(Field::CreatedAt).filter(|_| self.by != ScoreSource::Client)?;
        let millis: Millis = value.raw(self.text).parse().ok()?;
        millis.checked_mul(1_000)
    }

    fn metadata(&mut self) -> Option<Json<'a>> {
        let (name, value) = self.get(Field::Metadata)?;
        let bytes = value.range().len();
        if value.kind() != Kind::Object {
            self.problem(name, format!("expected an object, found {}", value.kind().noun()));
            return None;
        }
        if bytes > MAX_SCORE_METADATA_BYTES {
            let most = MAX_SCORE_METADATA_BYTES;
            self.problem(name, format!("expected at most {most} bytes, found {bytes}"));
            return None;
        }
        Some(value.raw(self.text).into())
    }
}

impl Problems {
    fn push(&mut self, index: usize, path: String, message: String) {
        self.total += 1;
        if self.details.len() < MAX_DETAILS {
            self.details.push(Detail { index: Some(index), path, message });
        }
    }

    fn mistyped(&mut self, index: usize, path: &str, wanted: &str, found: Kind) {
        self.push(index, path.into(), format!("expected {wanted}, found {}", found.noun()));
    }
}
