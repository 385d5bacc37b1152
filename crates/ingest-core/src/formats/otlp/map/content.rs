//! What went into a span and what came out. Each source is an attribute, a group of them
//! or the span's events; which come first depends on what the span is and on the family
//! of its type.

use std::borrow::Cow;

use super::detail::Detail;
use super::kind::Family;
use super::unflatten::unflatten;
use super::value::{as_str, parse, to_json, unquoted};
use crate::formats::otlp::json_writer::{JsonWriter, Parse};
use crate::formats::otlp::span::{AnyValue, Attributes, Span};
use crate::model::{Json, SpanType};

/// Where content may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// An attribute.
    Key(&'static str, Parse),
    /// An attribute that is JSON if the second one says so.
    Typed(&'static str, &'static str),
    /// Attributes of this prefix.
    Flat(&'static str),
    /// Messages, with the system's instructions before them.
    Messages,
    /// The parts of an answer of the AI SDK.
    AiSdkAnswer,
    /// Events of the span: messages, or the choice.
    Messaged,
    Chosen,
    /// The message of a tool among the events.
    ToolMessage,
}

use Family::{GenAi, Langfuse, OpenInference, Other};
use Parse::{Always, Never, Structured};
use Place::{AiSdkAnswer, Chosen, Flat, Key, Messaged, Messages, ToolMessage, Typed};

type Source = (Family, Place);

const MODEL_INPUT: &[Source] = &[
    (Langfuse, Key("langfuse.observation.input", Structured)),
    (OpenInference, Flat("llm.input_messages.")),
    (OpenInference, Typed("input.value", "input.mime_type")),
    (GenAi, Messages),
    (Other, Key("ai.prompt.messages", Always)),
    (Other, Key("ai.prompt", Always)),
    (Other, Flat("gen_ai.prompt.")),
    (Other, Key("gen_ai.prompt", Always)),
    (Other, Key("gen_ai.prompt_json", Always)),
    (Other, Key("mlflow.spanInputs", Always)),
    (Other, Messaged),
];

const MODEL_OUTPUT: &[Source] = &[
    (Langfuse, Key("langfuse.observation.output", Structured)),
    (OpenInference, Flat("llm.output_messages.")),
    (OpenInference, Typed("output.value", "output.mime_type")),
    (GenAi, Key("gen_ai.output.messages", Always)),
    (Other, AiSdkAnswer),
    (Other, Flat("gen_ai.completion.")),
    (Other, Key("gen_ai.completion", Always)),
    (Other, Key("gen_ai.completion_json", Always)),
    (Other, Key("mlflow.spanOutputs", Always)),
    (Other, Chosen),
];

const TOOL_INPUT: &[Source] = &[
    (Langfuse, Key("langfuse.observation.input", Structured)),
    (OpenInference, Typed("input.value", "input.mime_type")),
    (GenAi, Key("gen_ai.tool.call.arguments", Always)),
    (Other, Key("tool_arguments", Always)),
    (Other, Key("traceloop.entity.input", Always)),
    (Other, Key("ai.toolCall.args", Always)),
    (Other, Key("gen_ai.prompt", Always)),
    (Other, ToolMessage),
];

const TOOL_OUTPUT: &[Source] = &[
    (Langfuse, Key("langfuse.observation.output", Structured)),
    (OpenInference, Typed("output.value", "output.mime_type")),
    (GenAi, Key("gen_ai.tool.call.result", Structured)),
    (Other, Key("tool_response", Always)),
    (Other, Key("traceloop.entity.output", Always)),
    (Other, Key("ai.toolCall.result", Always)),
    (Other, Key("gen_ai.completion", Always)),
    (Other, Chosen),
];

const OTHER_INPUT: &[Source] = &[
    (Langfuse, Key("langfuse.observation.input", Structured)),
    (OpenInference, Typed("input.value", "input.mime_type")),
    (GenAi, Messages),
    (GenAi, Key("gen_ai.retrieval.query.text", Never)),
    (Other, Key("traceloop.entity.input", Always)),
    (Other, Key("pydantic_ai.all_messages", Always)),
    (Other, Key("ai.value", Always)),
    (Other, Key("ai.values", Always)),
    (Other, Key("lmnr.span.input", Always)),
];

const OTHER_OUTPUT: &[Source] = &[
    (Langfuse, Key("langfuse.observation.output", Structured)),
    (OpenInference, Typed("output.value", "output.mime_type")),
    (OpenInference, Flat("retrieval.documents.")),
    (GenAi, Key("gen_ai.output.messages", Always)),
    (GenAi, Key("gen_ai.retrieval.documents", Always)),
    (Other, Key("traceloop.entity.output", Always)),
    (Other, Key("final_result", Structured)),
    (Other, Key("ai.embedding", Always)),
    (Other, Key("ai.embeddings", Always)),
    (Other, Key("lmnr.span.output", Always)),
];

/// What was found, and the attributes that it was found in: their name or, where they are
/// many, what their names begin with.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found<'a> {
    pub(super) json: Json<'a>,
    pub(super) keys: Vec<&'static str>,
}

/// What went in.
pub(super) fn find_input<'a>(
    span: &Span<'a>,
    kind: SpanType,
    family: Family,
    detail: Detail,
) -> Option<Found<'a>> {
    find(
        span,
        family,
        detail,
        match kind {
            SpanType::Llm => [MODEL_INPUT, OTHER_INPUT, &[]],
            SpanType::Tool => [TOOL_INPUT, OTHER_INPUT, MODEL_INPUT],
            _ => [OTHER_INPUT, MODEL_INPUT, TOOL_INPUT],
        },
    )
}

/// What came out.
pub(super) fn find_output<'a>(
    span: &Span<'a>,
    kind: SpanType,
    family: Family,
    detail: Detail,
) -> Option<Found<'a>> {
    find(
        span,
        family,
        detail,
        match kind {
            SpanType::Llm => [MODEL_OUTPUT, OTHER_OUTPUT, &[]],
            SpanType::Tool => [TOOL_OUTPUT, OTHER_OUTPUT, MODEL_OUTPUT],
            _ => [OTHER_OUTPUT, MODEL_OUTPUT, TOOL_OUTPUT],
        },
    )
}

/// The first that is there: of each list those of the family, then the others.
fn find<'a>(
    span: &Span<'a>,
    family: Family,
    detail: Detail,
    lists: [&[Source]; 3],
) -> Option<Found<'a>> {
    lists
        .into_iter()
        .find_map(|list| own_first(list, family).find_map(|place| read(span, *place, detail)))
}

/// What a list has for a family, then what it has for the others.
fn own_first<T>(list: &[(Family, T)], family: Family) -> impl Iterator<Item = &T> {
    let own = list.iter().filter(move |(of, _)| *of == family);
    own.chain(list.iter().filter(move |(of, _)| *of != family)).map(|(_, what)| what)
}

fn read<'a>(span: &Span<'a>, place: Place, detail: Detail) -> Option<Found<'a>> {
    let Span { attributes, .. } = span;
    let found = |json, keys: &[&'static str]| Some(Found { json, keys: keys.to_vec() });
    match place {
        Key(key, kind) => found(to_json(said(attributes, key)?, kind, detail), &[key]),
        Typed(key, kind) => {
            let is_json = as_str(attributes.get(kind)) == Some("application/json");
            let parse = if is_json { Always } else { Never };
            found(to_json(said(attributes, key)?, parse, detail), &[key, kind])
        }
        Flat(prefix) => found(unflatten(attributes, prefix, detail)?, &[prefix]),
        Messages => {
            let keys = ["gen_ai.input.messages", "gen_ai.system_instructions"];
            found(messages(attributes, detail)?, &keys)
        }
        AiSdkAnswer => ai_sdk_answer(attributes, detail),
        Messaged => found(event_messages(span, detail, |name| name != CHOICE)?, &[]),
        Chosen => found(choice(span, detail)?, &[]),
        ToolMessage => {
            let event = span.events.iter().find(|event| event.name == "gen_ai.tool.message")?;
            found(to_json(event.attributes.get("content")?, Structured, detail), &[])
        }
    }
}

/// A value that says something.
pub(super) fn said<'s, 'a>(attributes: &'s Attributes<'a>, key: &str) -> Option<&'s AnyValue<'a>> {
    attributes.get(key).filter(|value| match value {
        AnyValue::Text(text) => !text.is_empty(),
        AnyValue::Empty => false,
        _ => true,
    })
}

/// The messages of the conventions, after the system's instructions unless they have
/// some of their own.
pub(super) fn messages<'a>(attributes: &Attributes<'a>, detail: Detail) -> Option<Json<'a>> {
    let messages = said(attributes, "gen_ai.input.messages")?;
    let plain = || Some(to_json(messages, Always, detail));
    let Some(instructions) = said(attributes, "gen_ai.system_instructions") else {
        return plain();
    };
    let instructions = to_json(instructions, Structured, detail);
    let whole = to_json(messages, Always, Detail::Full);
    let inner = whole.trim().strip_prefix('[').and_then(|list| list.strip_suffix(']'));
    let own = ["\"role\":\"system\"", "\"role\": \"system\""];
    let Some(inner) = inner.filter(|list| !own.iter().any(|own| list.contains(own))) else {
        return plain();
    };
    let mut json = JsonWriter::new(detail);
    json.raw("[");
    json.object(|object| {
        object.field("role").text("system");
        // Parts where they are a list, as other messages have them.
        let field = if instructions.starts_with('[') { "parts" } else { "content" };
        object.field(field).raw(&instructions);
    });
    if !inner.trim().is_empty() {
        json.raw(",");
        json.raw(inner);
    }
    json.raw("]");
    Some(json.finish().into())
}

/// What the AI SDK has of an answer: text, calls of tools, an object.
fn ai_sdk_answer<'a>(attributes: &Attributes<'a>, detail: Detail) -> Option<Found<'a>> {
    let keys = ["ai.response.text", "ai.response.toolCalls", "ai.response.object"];
    let json = match keys.map(|key| said(attributes, key)) {
        [None, None, None] => return None,
        [None, None, Some(object)] => to_json(object, Always, detail),
        [text, calls, _] => {
            let mut json = JsonWriter::new(detail);
            json.object(|object| {
                object.field("role").text("assistant");
                object.field("content").value(text.unwrap_or(&AnyValue::Empty));
                if let Some(calls) = calls {
                    object.field("tool_calls").parsed(calls, Always);
                }
            });
            json.finish().into()
        }
    };
    Some(Found { json, keys: keys.to_vec() })
}

/// The event with an answer.
pub(super) const CHOICE: &str = "gen_ai.choice";

/// Messages among a span's events, each with the role that its name says, and all else
/// that it has.
fn event_messages<'a>(
    span: &Span<'a>,
    detail: Detail,
    wanted: impl Fn(&str) -> bool,
) -> Option<Json<'a>> {
    let messages = span.events.iter().filter_map(|event| {
        let name = event.name.strip_prefix("gen_ai.")?;
        let choice = (event.name == CHOICE).then_some("assistant");
        let role = name.strip_suffix(".message").or(choice);
        role.filter(|_| wanted(&event.name)).map(|role| (role, event))
    });
    let messages: Vec<_> = messages.collect();
    if messages.is_empty() {
        return None;
    }
    let mut json = JsonWriter::new(detail);
    json.list(messages, |json, (role, event)| {
        json.object(|object| {
            object.field("role").text(role);
            for (key, value) in event.attributes.all().iter().filter(|(key, _)| key != "role") {
                let key = if key == "message" { "content" } else { key };
                object.field(key).parsed(value, Structured);
            }
        });
    });
    Some(json.finish().into())
}

/// What the events say of the answer: on a tool's span what the tool gave, else messages.
fn choice<'a>(span: &Span<'a>, detail: Detail) -> Option<Json<'a>> {
    let has = |name: &str| span.events.iter().any(|event| event.name == name);
    if has("gen_ai.tool.message") && !has("gen_ai.user.message") {
        let event = span.events.iter().find(|event| event.name == CHOICE)?;
        return Some(to_json(event.attributes.get("message")?, Structured, detail));
    }
    event_messages(span, detail, |name| name == CHOICE)
}

/// Attributes with the name of a model, the best first.
const MODELS: [(Family, &[&str]); 4] = [
    (Langfuse, &["langfuse.observation.model.name"]),
    (OpenInference, &["llm.model_name", "embedding.model_name"]),
    (GenAi, &["gen_ai.response.model", "gen_ai.request.model"]),
    (Other, &["ai.response.model", "ai.model.id", "mlflow.llm.model", "model", "ai.model"]),
];

/// The model that a span called, and the attribute that says it.
pub(super) fn find_model<'a>(
    attributes: &Attributes<'a>,
    family: Family,
) -> Option<(Cow<'a, str>, &'static str)> {
    let named = own_first(&MODELS, family)
        .copied()
        .flatten()
        .find_map(|key| Some((unquoted(attributes.get(key))?, *key)));
    // On calls that failed it is nowhere else.
    named.or_else(|| {
        let key = "llm.invocation_parameters";
        let parameters = parse(as_str(attributes.get(key))?)?;
        let model = parameters.get("model")?.as_str()?;
        Some((model.to_owned().into(), key))
    })
}
