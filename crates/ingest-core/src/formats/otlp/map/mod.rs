//! From a span as OTLP has it to what it says to people: its type, what went in and came
//! out, what it used, whether it failed, and what it says of its trace. Attributes are
//! named otherwise by every family of instrumentation; here is which names are known.

mod content;
pub(super) mod detail;
mod kind;
pub(super) mod logs;
mod metadata;
mod of_trace;
pub(super) mod shared;
mod status;
mod unflatten;
mod usage;
mod value;

use self::content::{Found, find_input, find_model, find_output};
use self::detail::Detail;
use self::kind::{Family, classify};
use self::metadata::{Used, read_metadata, read_parameters};
use self::shared::Shared;
use self::value::micros;
use super::span::Span;
use crate::model::{SpanBody, SpanType, Status, TraceSaid, Usage};

/// What a span says.
pub(super) fn span_body<'a>(span: &Span<'a>, shared: &Shared<'a>, detail: Detail) -> SpanBody<'a> {
    let (kind, family) = classify(span);
    // Agents repeat what their calls of models used; it would count twice.
    let has_usage = matches!(kind, SpanType::Llm | SpanType::Retrieval);
    let attributes = &span.attributes;
    let usage = if has_usage { usage::read_usage(attributes, family) } else { Usage::default() };
    let model = if has_usage { find_model(attributes, family) } else { None };
    // Lists show words of what a root has, which may be at its end.
    let content = if span.parent_id.is_none() { Detail::Full } else { detail };
    let input = find_input(span, kind, family, content);
    let output = find_output(span, kind, family, content);
    let status = status::read_status(span);
    let beside = family == Family::Beside && input.is_none() && output.is_none();
    let full = detail == Detail::Full;
    let model_parameters = if full { read_parameters(attributes) } else { None };
    let metadata = full.then(|| {
        let content = input.iter().chain(&output).flat_map(|found| found.keys.iter().copied());
        let used = Used {
            keys: content.chain(model.as_ref().map(|(_, key)| *key)).collect(),
            usage: has_usage,
            parameters: model_parameters.is_some(),
        };
        read_metadata(span, shared, &used)
    });
    let of_trace = of_trace::of_trace(span, shared);
    let json = |found: Option<Found<'a>>| found.map(|found| found.json);
    let start = micros(span.start_ns);
    SpanBody {
        trace: span.trace_id.to_hex().into(),
        id: Some(span.span_id.to_hex().into()),
        parent: span.parent_id.map(|id| id.to_hex().into()),
        name: Some(span.name.clone()),
        kind: Some(kind),
        start,
        end: micros(span.end_ns).map(|end| end.max(start.unwrap_or(end))),
        input: json(input),
        output: json(output),
        provider: if model.is_some() { usage::read_provider(attributes) } else { None },
        model: model.map(|(model, _)| model),
        model_parameters,
        usage,
        cost: if has_usage { usage::read_cost(attributes) } else { None },
        status: Some(status),
        error_message: if status == Status::Error { status::read_error(span) } else { None },
        metadata,
        may_repeat: kind == SpanType::Llm,
        beside,
        trace_said: TraceSaid::Always,
        of_trace: Some(Box::new(of_trace)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::span::{AnyValue, Attributes, Id, Resource, Scope};
    use super::*;

    /// A span with these texts as attributes.
    pub(super) fn span(pairs: &[(&'static str, &'static str)]) -> Span<'static> {
        let pairs = pairs.iter().map(|(key, text)| ((*key).into(), AnyValue::Text((*text).into())));
        Span {
            name: "n".into(),
            kind: 1,
            start_ns: 5_000,
            end_ns: 9_999,
            attributes: Attributes::of(pairs.collect()),
            ..Span::default()
        }
    }

    #[test]
    fn what_is_used_is_said_once_and_nothing_is_lost() {
        let span = span(&[
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.request.model", "gpt"),
            ("gen_ai.request.temperature", "0.2"),
            ("gen_ai.input.messages", r#"[{"role":"user","parts":[]}]"#),
            ("gen_ai.system_instructions", r#"[{"type":"text","content":"help"}]"#),
            ("gen_ai.output.messages", "[]"),
            ("gen_ai.usage.input_tokens", "5"),
            ("session.id", "s"),
            ("x.own", "1"),
            ("metadata", r#"{"plan":"pro"}"#),
        ]);
        let scope = Scope { name: "lib".into(), ..Scope::default() };
        let shared = Shared::of(Resource::default(), scope);
        let full = span_body(&span, &shared, Detail::Full);
        let input = r#"[{"role":"system","parts":[{"type":"text","content":"help"}]},{"role":"user","parts":[]}]"#;
        assert_eq!(full.input.as_deref(), Some(input));
        assert_eq!(full.model_parameters.as_deref(), Some(r#"{"temperature":"0.2"}"#));
        let metadata = r#"{"gen_ai.operation.name":"chat","plan":"pro","x.own":"1","kind":"INTERNAL","scope":{"name":"lib"}}"#;
        assert_eq!(full.metadata.as_deref(), Some(metadata));
        assert_eq!((full.start, full.end), (Some(5), Some(9)));
        let index = span_body(&span, &shared, Detail::Index);
        let rest = SpanBody { model_parameters: None, metadata: None, ..full };
        assert_eq!(index, rest);
    }

    #[test]
    fn an_agent_keeps_what_it_repeats_to_itself() {
        let span = span(&[
            ("gen_ai.operation.name", "invoke_agent"),
            ("gen_ai.usage.input_tokens", "5"),
            ("gen_ai.request.model", "gpt"),
        ]);
        let body = span_body(&span, &Shared::nothing(), Detail::Full);
        assert_eq!((body.kind, body.model), (Some(SpanType::Agent), None));
        assert_eq!(body.usage, Usage::default());
        assert!(body.metadata.unwrap().contains(r#""gen_ai.usage.input_tokens":"5""#));
    }

    #[test]
    fn the_index_gets_all_of_what_a_root_says_and_the_beginning_of_what_others_do() {
        let long = format!(r#"[{{"role":"user","content":"{}"}}]"#, "long ".repeat(200));
        let text = AnyValue::Text(long.clone().into());
        let key = "gen_ai.input.messages";
        let root = Span { attributes: Attributes::of(vec![(key.into(), text)]), ..span(&[]) };
        let child = Span { parent_id: Some(Id::default()), ..root.clone() };
        let input = |span| span_body(span, &Shared::nothing(), Detail::Index).input.unwrap();
        assert_eq!(input(&root).len(), long.len());
        assert_eq!(input(&child).len(), 320);
    }

    #[test]
    fn a_clock_that_ran_backwards_makes_no_time() {
        let span = Span { end_ns: 1_000, ..span(&[]) };
        let body = span_body(&span, &Shared::nothing(), Detail::Index);
        assert_eq!((body.start, body.end), (Some(5), Some(5)));
    }
}
