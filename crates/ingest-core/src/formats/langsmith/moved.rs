//! A run that was named by its id alone, once its trace is known: what was said of it, with
//! the trace in it, and that the trace of its own that it was taken for is a part of that.
//! No client sends this: it becomes a raw batch of its own, so that whoever reads those
//! finds the run where it belongs.

use super::value::{Sent, read_id, with_fields};
use crate::formats::field::Problem;
use crate::model::TraceBody;

/// The batch that says so, of a patch as it was sent.
pub(super) fn write(patch: &str, id: &str, trace: &str) -> Option<Vec<u8>> {
    let json = |text: &str| serde_json::to_string(text).ok();
    let (id, trace) = (json(id)?, json(trace)?);
    let patch = Sent::all_of(patch)?.object()?;
    let patch = with_fields(Some(patch), &[("id", &id), ("trace_id", &trace)]);
    Some(format!(r#"{{"patch":[{patch}],"moved":[{{"id":{id},"to":{trace}}}]}}"#).into_bytes())
}

/// What is said of the trace that it was taken for.
///
/// # Errors
/// What makes it none that can be kept.
pub(super) fn read(sent: Sent<'_>) -> Result<TraceBody<'_>, Problem> {
    let [id, to] = sent.fields(["id", "to"]);
    let id = read_id("id", id)?.ok_or_else(|| Problem::new("id", "required"))?;
    let to = read_id("to", to)?.ok_or_else(|| Problem::new("to", "required"))?;
    Ok(TraceBody { id, parent_trace: Some(to), ..TraceBody::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_gets_its_trace_and_keeps_all_else() {
        let patch = r#" {"id":"r","trace_id":null,"outputs":{"a":1.0}} "#;
        let body = String::from_utf8(write(patch.trim(), "r", "t\"").unwrap()).unwrap();
        let expected = r#"{"patch":[{"id":"r","trace_id":null,"outputs":{"a":1.0},"id":"r","trace_id":"t\""}],"moved":[{"id":"r","to":"t\""}]}"#;
        assert_eq!(body, expected);
        assert_eq!(write("[]", "r", "t"), None);
        let read = |json: &'static str| read(Sent::all_of(json).unwrap());
        let said = read(r#"{"id":"r","to":"t"}"#).unwrap();
        assert_eq!((&*said.id, said.parent_trace.as_deref()), ("r", Some("t")));
        assert!(read(r#"{"id":"r"}"#).is_err() && read(r#"{"to":"t"}"#).is_err());
    }
}
