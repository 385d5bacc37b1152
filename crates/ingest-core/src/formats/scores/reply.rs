//! What a client reads of the scores that it sent: what it said, with the id and the time
//! that they have.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::error::Detail;
use crate::formats::decoded::{Kept, Receipt};
use crate::model::{Body, Event};
use crate::reply::Reply;
use crate::time;

/// What is noted of a good score while its body is there: its id or its place in the batch,
/// and what else is answered of it, JSON without the braces around it.
pub(super) type Answer = (Option<String>, usize, String);

/// What is noted of a body: whether it is one score, and the good ones.
type Answers = (bool, Vec<Answer>);

/// What is to be answered of a score.
pub(super) fn answer(event: &Event) -> Option<Answer> {
    let Body::Score(score) = &event.body else { return None };
    let mut fields = String::new();
    for (name, value) in [
        ("traceId", json!(score.trace)),
        ("spanId", json!(score.span)),
        ("evaluatorName", json!(score.name)),
        ("value", json!(score.value)),
        ("label", json!(score.label)),
        ("reasoning", json!(score.reasoning)),
    ] {
        // Writing to a string never fails.
        let _ = write!(fields, "\"{name}\":{value},");
    }
    let metadata = score.metadata.as_deref().unwrap_or("null");
    let id = score.id.as_deref().map(str::to_owned);
    Some((id, event.index, format!("{fields}\"metadata\":{metadata}")))
}

/// 201: the score, or the number of them, each of them, and each bad one that was left out.
pub(super) fn accepted(receipt: &Receipt) -> Reply {
    let Receipt { events, refused, lenient, answer, kept } = receipt;
    let answers: Option<Answers> =
        answer.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let (one, answers) = answers.unwrap_or_default();
    let scores: Vec<_> = answers.iter().map(|answer| show(answer, kept.as_ref())).collect();
    let body = match scores.first().filter(|_| one) {
        Some(score) => score.clone(),
        None => batch(*events, &scores, refused.as_ref()),
    };
    let reply = Reply::json(201, body);
    if *lenient { reply.with("preference-applied", "handling=lenient") } else { reply }
}

fn batch(events: usize, scores: &[String], refused: Option<&(usize, Vec<Detail>)>) -> String {
    let scores = scores.join(",");
    let refused = refused.map_or_else(String::new, |(rejected, errors)| {
        format!(r#","rejected":{rejected},"errors":{}"#, json!(errors))
    });
    format!(r#"{{"accepted":{events},"scores":[{scores}]{refused}}}"#)
}

fn show((id, index, fields): &Answer, kept: Option<&Kept>) -> String {
    let id = id.clone().or_else(|| kept.map(|kept| format!("{}-{index}", kept.batch)));
    let at = kept.map(|kept| time::with_millis(kept.received.saturating_mul(1_000)));
    let (id, at) = (Value::from(id), Value::from(at));
    format!(r#"{{"id":{id},{fields},"source":"api","createdAt":{at}}}"#)
}
