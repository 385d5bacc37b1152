//! What a run says, as a span: its kind, its texts, its metadata; and what the root of a
//! trace says of that.

use std::borrow::Cow;

use super::run::{Identity, Operation, Run};
use super::usage;
use super::value::{Sent, with_fields};
use crate::limits::MAX_TAGS;
use crate::model::{Json, OfTrace, Provider, Said, SpanBody, SpanType, Status, Text, TraceSaid};

/// Of the two that a root sends, the patch says all that the post did, and more.
const PATCH_RANK: u8 = 0;
/// See [`PATCH_RANK`].
const POST_RANK: u8 = 1;

/// Where sessions are named in the metadata, the best name first.
const SESSIONS: [&str; 3] = ["session_id", "thread_id", "conversation_id"];

/// The span that a run is.
pub(super) fn span<'a>(
    run: &Run<'a>,
    identity: Identity<'a>,
    operation: Operation,
) -> SpanBody<'a> {
    let kind = run.kind.and_then(Sent::text).map(|kind| type_of(&kind));
    let extra = run.extra.and_then(Sent::object);
    let metadata = extra.and_then(|extra| extra.field("metadata")).and_then(Sent::object);
    // Others repeat what the calls of models in them say.
    let model_call = kind.is_none_or(|(_, calls_model)| calls_model);
    let (usage, cost) =
        if model_call { usage::read(run.outputs, metadata) } else { <_>::default() };
    let parameters = || read_parameters(extra, metadata);
    let error = run.error.and_then(Sent::unless_empty).filter(|error| error.json != "\"\"");
    let of_trace = (identity.id == identity.trace).then(|| of_trace(run, metadata, operation));
    let payload = |sent: Option<Sent<'a>>| Some(Cow::Borrowed(sent?.unless_empty()?.json));
    SpanBody {
        name: run.name.and_then(Sent::text),
        kind: kind.map(|(kind, _)| kind),
        start: identity.start,
        end: identity.end,
        input: payload(run.inputs),
        output: payload(run.outputs),
        model: model_call.then(|| read_model(extra, metadata)).flatten(),
        provider: read_provider(metadata).filter(|_| model_call),
        model_parameters: model_call.then(parameters).flatten(),
        usage,
        cost,
        status: error.map(|_| Status::Error),
        error_message: error.map(first_line),
        metadata: metadata.map(|metadata| metadata.json.into()),
        trace_said: trace_said(&identity, operation),
        of_trace: of_trace.filter(|said| *said != OfTrace::default()).map(Box::new),
        trace: identity.trace,
        id: Some(identity.id),
        parent: identity.parent,
        ..SpanBody::default()
    }
}

/// A run that is changed may be named by its id alone.
fn trace_said(identity: &Identity, operation: Operation) -> TraceSaid {
    match operation {
        _ if identity.id != identity.trace => TraceSaid::Here,
        Operation::Patch if !identity.trace_said => TraceSaid::Guessed,
        _ => TraceSaid::Always,
    }
}

/// The type of a span, and whether a model is called in it.
fn type_of(run_type: &str) -> (SpanType, bool) {
    match run_type {
        "llm" | "embedding" => (SpanType::Llm, true),
        "tool" => (SpanType::Tool, false),
        "retriever" => (SpanType::Retrieval, false),
        "chain" | "prompt" | "parser" => (SpanType::Chain, false),
        _ => (SpanType::Custom, false),
    }
}

/// The exception, which stands before its stack trace.
fn first_line(error: Sent<'_>) -> Text<'_> {
    let line = |text: &str| {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.next().unwrap_or_default().len()
    };
    match error.text().unwrap_or(Cow::Borrowed(error.json)) {
        Cow::Borrowed(text) => {
            let text = text.trim_start();
            Cow::Borrowed(text.get(..line(text)).unwrap_or(text))
        }
        Cow::Owned(text) => {
            let text = text.trim_start();
            Cow::Owned(text.get(..line(text)).unwrap_or(text).to_owned())
        }
    }
}

fn read_model<'a>(extra: Option<Sent<'a>>, metadata: Option<Sent<'a>>) -> Option<Text<'a>> {
    let named = metadata.and_then(|metadata| metadata.field("ls_model_name"));
    let invoked = || {
        let params = extra?.field("invocation_params")?;
        let [model, model_name] = params.fields(["model", "model_name"]);
        model.and_then(Sent::text).or_else(|| model_name.and_then(Sent::text))
    };
    named.and_then(Sent::text).or_else(invoked).filter(|model| !model.is_empty())
}

fn read_provider(metadata: Option<Sent<'_>>) -> Option<Provider> {
    Provider::parse(&metadata?.field("ls_provider")?.text()?)
}

/// Parameters of a call that are said one by one, and what they are called.
const PARAMETERS: [(&str, &str); 3] =
    [("ls_temperature", "temperature"), ("ls_max_tokens", "max_tokens"), ("ls_stop", "stop")];

fn read_parameters<'a>(extra: Option<Sent<'a>>, metadata: Option<Sent<'a>>) -> Option<Json<'a>> {
    let invocation = extra.and_then(|extra| extra.field("invocation_params"));
    if let Some(invocation) = invocation.and_then(Sent::object) {
        return Some(invocation.json.into());
    }
    let metadata = metadata?;
    let base = metadata.field("ls_invocation_params").and_then(Sent::object);
    let mut more = Vec::new();
    for ((_, name), value) in PARAMETERS.iter().zip(metadata.fields(PARAMETERS.map(|(key, _)| key)))
    {
        let known = base.is_some_and(|base| base.field(name).is_some());
        more.extend(value.filter(|_| !known).map(|value| (*name, value.json)));
    }
    match base {
        Some(base) if more.is_empty() => Some(base.json.into()),
        None if more.is_empty() => None,
        base => Some(with_fields(base, &more).into()),
    }
}

/// What the root says of its trace. What its children say of themselves they have from it,
/// or it is theirs alone.
fn of_trace<'a>(run: &Run<'a>, metadata: Option<Sent<'a>>, operation: Operation) -> OfTrace<'a> {
    let rank = if operation == Operation::Patch { PATCH_RANK } else { POST_RANK };
    let said = |value: Option<Text<'a>>| value.map(|value| Said { rank, value });
    let named = |keys: &[&str]| {
        let metadata = metadata?;
        keys.iter().find_map(|key| metadata.field(key)?.label())
    };
    // The project of LangSmith, by its name.
    let project = run.session_name.filter(|name| name.text().is_some_and(|name| !name.is_empty()));
    let known = || metadata.is_some_and(|metadata| metadata.field("session_name").is_some());
    let about = match project.filter(|_| !known()) {
        Some(project) => {
            Some(Json::Owned(with_fields(metadata, &[("session_name", project.json)])))
        }
        None => metadata.map(|metadata| metadata.json.into()),
    };
    OfTrace {
        name: said(run.name.and_then(Sent::text)),
        session: said(named(&SESSIONS)),
        user: said(named(&["user_id"])),
        tags: run.tags.map(|tags| tags.texts(MAX_TAGS)).unwrap_or_default(),
        metadata: about.map(|value| Said { rank, value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &'static str, operation: Operation) -> SpanBody<'static> {
        let mut run = Run::default();
        for key in ["id", "trace_id", "name", "run_type", "inputs", "outputs", "error", "extra"]
            .into_iter()
            .chain(["tags", "session_name", "start_time", "end_time"])
        {
            run.set(key, Sent::all_of(json).unwrap().field(key));
        }
        span(&run, run.identify().unwrap(), operation)
    }

    #[test]
    fn what_is_empty_takes_no_part() {
        let json = r#"{"id":"a","trace_id":"t","name":null,"run_type":null,"inputs":{},"outputs":{ },
            "error":null,"extra":{"metadata":{}},"tags":[]}"#;
        let empty = SpanBody {
            trace: "t".into(),
            id: Some("a".into()),
            trace_said: TraceSaid::Here,
            ..SpanBody::default()
        };
        assert_eq!(read(json, Operation::Post), empty);
    }

    #[test]
    fn only_a_patch_may_leave_its_trace_to_be_guessed() {
        let said = |json: &'static str, operation| read(json, operation).trace_said;
        for (json, post, patch) in [
            (r#"{"id":"a"}"#, TraceSaid::Always, TraceSaid::Guessed),
            (r#"{"id":"a","trace_id":null}"#, TraceSaid::Always, TraceSaid::Guessed),
            (r#"{"id":"a","trace_id":"a"}"#, TraceSaid::Always, TraceSaid::Always),
            (r#"{"id":"a","trace_id":"t"}"#, TraceSaid::Here, TraceSaid::Here),
        ] {
            let found = (said(json, Operation::Post), said(json, Operation::Patch));
            assert_eq!(found, (post, patch), "{json}");
        }
    }

    #[test]
    fn types_and_what_only_calls_of_models_have() {
        for (run_type, kind, model) in [
            ("llm", Some(SpanType::Llm), true),
            ("embedding", Some(SpanType::Llm), true),
            ("tool", Some(SpanType::Tool), false),
            ("retriever", Some(SpanType::Retrieval), false),
            ("chain", Some(SpanType::Chain), false),
            ("prompt", Some(SpanType::Chain), false),
            ("parser", Some(SpanType::Chain), false),
            ("whatever", Some(SpanType::Custom), false),
        ] {
            let json = format!(
                r#"{{"id":"a","trace_id":"t","run_type":"{run_type}","extra":{{"metadata":
                {{"ls_model_name":"m","ls_temperature":0.5,"usage_metadata":{{"input_tokens":3,
                "output_tokens":4,"total_cost":0.1}}}}}}}}"#
            );
            let span = read(json.leak(), Operation::Post);
            assert_eq!((span.kind, span.model.is_some()), (kind, model), "{run_type}");
            assert_eq!(span.usage.total(), model.then_some(7), "{run_type}");
            assert_eq!(span.cost.is_some(), model, "{run_type}");
            assert_eq!(span.model_parameters.is_some(), model, "{run_type}");
        }
    }

    #[test]
    fn parameters_are_those_of_the_call_or_put_together() {
        for (extra, parameters) in [
            (r#"{"invocation_params":{"model":"m","n":1}}"#, Some(r#"{"model":"m","n":1}"#)),
            (
                r#"{"invocation_params":{},"metadata":{"ls_invocation_params":{"n":1.0},"ls_temperature":0.3,"ls_stop":["x"]}}"#,
                Some(r#"{"n":1.0,"temperature":0.3,"stop":["x"]}"#),
            ),
            (
                r#"{"metadata":{"ls_invocation_params":{"temperature":1},"ls_temperature":0.3}}"#,
                Some(r#"{"temperature":1}"#),
            ),
            (
                r#"{"metadata":{"ls_invocation_params":{},"ls_max_tokens":9}}"#,
                Some(r#"{"max_tokens":9}"#),
            ),
            (r#"{"metadata":{"ls_temperature":null}}"#, None),
        ] {
            let extra = Sent::all_of(extra).unwrap();
            let found = read_parameters(Some(extra), extra.field("metadata"));
            assert_eq!(found.as_deref(), parameters, "{extra:?}");
        }
    }

    #[test]
    fn the_first_line_of_an_error_is_its_message() {
        for (error, message) in [
            (
                r#""ValueError('kaput')\n\nTraceback (most recent call last):\n  …""#,
                "ValueError('kaput')",
            ),
            (r#""timeout""#, "timeout"),
            (r#""\n  late\nrest""#, "late"),
            (r#"{"code":1}"#, r#"{"code":1}"#),
        ] {
            let json = format!(r#"{{"id":"a","trace_id":"t","error":{error}}}"#);
            let span = read(json.leak(), Operation::Patch);
            assert_eq!(span.status, Some(Status::Error), "{error}");
            assert_eq!(span.error_message.as_deref(), Some(message));
        }
        let none = read(r#"{"id":"a","error":""}"#, Operation::Patch);
        assert_eq!((none.status, none.error_message), (None, None));
    }

    #[test]
    fn only_the_root_says_something_of_the_trace() {
        let child = r#"{"id":"a","trace_id":"t","name":"n","tags":["x"],"session_name":"p",
            "extra":{"metadata":{"session_id":"s"}}}"#;
        assert_eq!(read(child, Operation::Post).of_trace, None);
        let root = r#"{"id":"t","trace_id":"t","name":"n","tags":["x",1,"y"],"session_name":"p",
            "extra":{"metadata":{"thread_id":"th","session_id":7,"user_id":"u"}}}"#;
        for (operation, rank) in [(Operation::Post, 1), (Operation::Patch, 0)] {
            let said = *read(root, operation).of_trace.unwrap();
            let text = |value: &'static str| Some(Said { rank, value: Cow::Borrowed(value) });
            assert_eq!((&said.name, &said.session), (&text("n"), &text("7")));
            assert_eq!((&said.user, &said.tags[..]), (&text("u"), &["x".into(), "y".into()][..]));
            let metadata = r#"{"thread_id":"th","session_id":7,"user_id":"u","session_name":"p"}"#;
            assert_eq!(said.metadata.unwrap().value, metadata);
        }
    }
}
