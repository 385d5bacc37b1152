//! Feedback on a run, which is a score of a span, or of the trace of which that is the root.

use super::value::{Sent, read_id, read_time};
use crate::formats::field::Problem;
use crate::model::{Micros, ScoreBody};

/// What a piece of feedback says, and when it was given.
///
/// # Errors
/// What makes it none that can be kept.
pub(super) fn read(sent: Sent<'_>) -> Result<(ScoreBody<'_>, Option<Micros>), Problem> {
    let [id, run, trace, key, score, value] =
        sent.fields(["id", "run_id", "trace_id", "key", "score", "value"]);
    let [comment, extra, created, modified] =
        sent.fields(["comment", "extra", "created_at", "modified_at"]);
    let run = read_id("run_id", run)?.ok_or_else(|| Problem::new("run_id", "required"))?;
    let trace = read_id("trace_id", trace)?;
    let name = key.and_then(Sent::text).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Problem::new("key", "expected what is judged, as text"))?;
    let created = read_time("created_at", created)?;
    let modified = read_time("modified_at", modified)?;
    let boolean = score.filter(|score| matches!(score.json, "true" | "false"));
    let truth = boolean.map(|score| if score.json == "true" { 1.0 } else { 0.0 });
    let number = |sent: Option<Sent>| sent.and_then(Sent::number);
    let body = ScoreBody {
        id: read_id("id", id)?,
        span: Some(run).filter(|run| trace.as_ref() != Some(run)),
        trace,
        session: None,
        name,
        value: truth.or_else(|| number(score)).or_else(|| number(value)),
        label: value.and_then(Sent::text).or_else(|| score.and_then(Sent::text)),
        boolean: boolean.is_some(),
        reasoning: comment.and_then(Sent::text).filter(|comment| !comment.is_empty()),
        metadata: extra.and_then(Sent::object).map(|extra| extra.json.into()),
        ..ScoreBody::default()
    };
    Ok((body, modified.or(created)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feedback_is_a_score_of_a_span_or_of_its_trace() {
        let read = |json: &'static str| read(Sent::all_of(json).unwrap());
        let (score, at) = read(
            r#"{"id":"f","run_id":"r","trace_id":"r","key":"helpful","score":0.9,"comment":"ok",
            "created_at":"2026-11-24T20:18:13Z","modified_at":"2026-11-24T20:18:14Z","extra":{}}"#,
        )
        .unwrap();
        assert_eq!(at, Some(1_795_551_494_000_000));
        assert_eq!((score.trace.as_deref(), score.span.as_deref()), (Some("r"), None));
        assert_eq!((&*score.name, score.value, score.label), ("helpful", Some(0.9), None));
        assert_eq!((score.id.as_deref(), score.reasoning.as_deref()), (Some("f"), Some("ok")));
        let (alone, at) = read(r#"{"run_id":"r","key":"k","score":true,"value":"A"}"#).unwrap();
        assert_eq!((alone.trace, alone.span.as_deref(), at), (None, Some("r"), None));
        assert_eq!((alone.value, alone.label.as_deref()), (Some(1.0), Some("A")));
        assert!(alone.boolean);
        let (of_value, _) = read(r#"{"run_id":"r","key":"k","value":3}"#).unwrap();
        assert_eq!((of_value.value, of_value.boolean), (Some(3.0), false));
        for (json, field) in [
            (r#"{"key":"k"}"#, "run_id"),
            (r#"{"run_id":"r"}"#, "key"),
            (r#"{"run_id":"r","key":"k","created_at":"soon"}"#, "created_at"),
        ] {
            assert_eq!(read(json).map_err(|problem| problem.field), Err(field), "{json}");
        }
    }
}
