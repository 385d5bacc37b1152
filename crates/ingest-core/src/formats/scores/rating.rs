//! Ratings: what a person says on a page of how good a trace or a span is. Nobody posts
//! them: the Worker makes each of a form that somebody who is signed in has sent, so whoever
//! sends batches cannot say that a person has made a score.
//!
//! A rating says its own time, which the Worker chooses later than that of the rating before
//! it. So what one pressed last counts, whatever the clocks of isolates say, and what is
//! taken back may be rated again: taking back is newer than the rating, and not for good as
//! the deletion of a score is.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::FORMAT;
use crate::error::Reject;
use crate::formats::decoded::Decoded;
use crate::formats::wire_format::{Extras, WireFormat};
use crate::limits::{MAX_ID_BYTES, MAX_SCORE_REASONING_CHARS};
use crate::model::{Body, Event, Micros, Rank, ScoreBody, ScoreSource};

/// What scores are called that people make.
pub const EVALUATOR: &str = "human";

/// The most that one letter takes in JSON: `\u0000`.
const MAX_LETTER_BYTES: usize = 6;

/// Ratings, as the Worker makes them.
pub const RATING: WireFormat = WireFormat {
    ending: "rating.json",
    paths: &[],
    max_body_bytes: MAX_LETTER_BYTES * (MAX_SCORE_REASONING_CHARS + 4 * MAX_ID_BYTES),
    check: |body| {
        let events = read(body).into_iter().count();
        Ok(Decoded { events: 1, accepted: events, invalid: 1 - events, ..Decoded::default() })
    },
    decode: |body| {
        let odd = || Reject::invalid("body", "expected a rating");
        Ok(vec![read(body).ok_or_else(odd)?])
    },
    decode_event: |bytes| read(bytes.own).into_iter().collect(),
    extras: Extras::NONE,
    ..FORMAT
};

/// What a person says of a trace or a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating<'a> {
    /// The score's id: one for each person and what is rated.
    pub id: Cow<'a, str>,
    /// When. Microseconds since the epoch.
    pub at: Micros,
    /// The trace.
    pub trace_id: Cow<'a, str>,
    /// The span, where it is not of the whole trace.
    pub span_id: Option<Cow<'a, str>>,
    /// The id of the key that whoever rates is signed in with.
    pub by: Cow<'a, str>,
    /// Whether it is good, if that is said.
    pub good: Option<bool>,
    /// A note.
    pub note: Option<Cow<'a, str>>,
    /// Whether the rating is taken back.
    pub taken_back: bool,
}

impl Rating<'_> {
    /// The body of a batch that says this.
    #[must_use]
    pub fn to_body(&self) -> Vec<u8> {
        let Self { id, at, trace_id, span_id, by, good, note, taken_back } = self;
        let body = json!({ "id": id, "at": at, "traceId": trace_id, "spanId": span_id, "by": by,
            "good": good, "note": note, "takenBack": taken_back });
        body.to_string().into_bytes()
    }
}

fn read(body: &[u8]) -> Option<Event<'_>> {
    // By hand: what derives it takes the Worker ten times as much.
    let rating: Value = serde_json::from_slice(body).ok()?;
    let text = |name: &str| {
        let text = rating.get(name)?.as_str().filter(|text| !text.is_empty())?;
        Some(Cow::Owned(text.to_owned()))
    };
    let (by, good) = (text("by")?, rating.get("good").and_then(Value::as_bool));
    let score = ScoreBody {
        id: Some(text("id")?),
        trace: Some(text("traceId")?),
        span: text("spanId"),
        name: EVALUATOR.into(),
        value: good.map(|good| f64::from(u8::from(good))),
        label: good.map(|good| if good { "good" } else { "bad" }.into()),
        boolean: good.is_some(),
        reasoning: text("note"),
        metadata: Some(json!({ "keyId": by }).to_string().into()),
        deleted: rating.get("takenBack")?.as_bool()?,
        source: ScoreSource::Person,
        ..ScoreBody::default()
    };
    Some(Event {
        index: 0,
        range: 0..body.len(),
        context: None,
        envelope: None,
        timestamp: Some(rating.get("at")?.as_i64()?),
        rank: Rank::Create,
        body: Body::Score(score),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::wire_format::EventBytes;

    fn rating() -> Rating<'static> {
        Rating {
            id: "sc_1".into(),
            at: 5,
            trace_id: "t\u{1}\"".into(),
            span_id: None,
            by: "key_1".into(),
            good: Some(false),
            note: Some("why\n\"so\"".into()),
            taken_back: false,
        }
    }

    #[test]
    fn says_who_made_it_and_when() {
        let body = rating().to_body();
        let events = (RATING.decode)(&body).unwrap();
        let again = (RATING.decode_event)(&EventBytes { own: &body, context: Vec::new() });
        assert_eq!(events, again);
        let [event] = &events[..] else { panic!() };
        let Body::Score(score) = &event.body else { panic!() };
        assert_eq!((event.timestamp, event.rank), (Some(5), Rank::Create));
        assert_eq!(score.source, ScoreSource::Person);
        assert_eq!((score.value, score.label.as_deref()), (Some(0.0), Some("bad")));
        assert_eq!(score.trace.as_deref(), Some("t\u{1}\""));
        assert_eq!(score.reasoning.as_deref(), Some("why\n\"so\""));
        assert_eq!(score.metadata.as_deref(), Some(r#"{"keyId":"key_1"}"#));
        assert!(!score.deleted);
        let only_a_note = Rating { good: None, ..rating() }.to_body();
        let [event] = &(RATING.decode)(&only_a_note).unwrap()[..] else { panic!() };
        assert!(
            matches!(&event.body, Body::Score(score) if score.value.is_none() && !score.boolean)
        );
    }

    #[test]
    fn what_is_no_rating_is_refused() {
        let no_trace = Rating { trace_id: "".into(), ..rating() }.to_body();
        for body in [&b""[..], b"{}", br#"{"traceId":"t","name":"human","value":1}"#, &no_trace] {
            assert!((RATING.decode)(body).is_err());
            assert_eq!((RATING.check)(body).unwrap().invalid, 1);
        }
    }
}
