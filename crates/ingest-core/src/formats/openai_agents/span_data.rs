//! What a span of the Agents SDK was doing: its `span_data`, whose `type` says which of its
//! fields there are.

use crate::formats::object::Object;
use crate::model::{Json, SpanType, Text, Usage};

/// A span's data as everybody else knows it.
pub(super) struct SpanData<'a> {
    pub(super) kind: SpanType,
    pub(super) name: Text<'a>,
    pub(super) input: Option<Json<'a>>,
    pub(super) output: Option<Json<'a>>,
    pub(super) model: Option<Text<'a>>,
    pub(super) parameters: Option<Json<'a>>,
    pub(super) usage: Usage,
    pub(super) metadata: Option<Json<'a>>,
}

/// The types of `span_data` and what they are here; any other is `CUSTOM`.
const TYPES: [(&str, SpanType); 11] = [
    ("agent", SpanType::Agent),
    ("generation", SpanType::Llm),
    ("response", SpanType::Llm),
    ("function", SpanType::Tool),
    ("mcp_tools", SpanType::Tool),
    ("handoff", SpanType::Delegation),
    ("guardrail", SpanType::Guardrail),
    ("transcription", SpanType::Voice),
    ("speech", SpanType::Voice),
    ("speech_group", SpanType::Voice),
    ("custom", SpanType::Custom),
];

/// Fields that stand elsewhere than in a span's metadata.
const FIELDS: [&str; 7] = ["type", "name", "input", "output", "model", "model_config", "usage"];

impl<'a> SpanData<'a> {
    /// Reads the data of a span.
    pub(super) fn read(item: &Object<'a>) -> Self {
        let data = item.object("span_data");
        let own = data.object("data");
        let said = data.text("type").unwrap_or_default();
        let known = TYPES.iter().find(|(name, _)| *name == said).map(|(_, kind)| *kind);
        // A run and a turn of an agent, which the SDK sends as custom spans.
        let step = own.text("sdk_span_type").filter(|step| matches!(&**step, "task" | "turn"));
        let kind = match (known, &step) {
            (Some(SpanType::Custom), Some(_)) => SpanType::Chain,
            (known, _) => known.unwrap_or(SpanType::Custom),
        };
        let name = match (&*said, &step) {
            ("handoff", _) => data.text("to_agent").map(|to| format!("handoff to {to}").into()),
            ("custom", Some(step)) => {
                let turn = || Some(format!("{step} {}", own.json("turn")?).into());
                own.text("name").or_else(turn)
            }
            ("mcp_tools", _) => data.text("server"),
            _ => None,
        };
        let name = name.or_else(|| data.text("name")).unwrap_or_else(|| said.clone());
        let custom = kind == SpanType::Custom;
        let input = data.json("input").or_else(|| own_data(&data, custom));
        let listed = || if said == "mcp_tools" { data.json("result") } else { None };
        let output = data.json("output").or_else(listed);
        let mut elsewhere = FIELDS.to_vec();
        if custom {
            elsewhere.push("data");
        }
        if said == "mcp_tools" {
            elsewhere.extend(["server", "result"]);
        }
        let llm = kind == SpanType::Llm;
        Self {
            kind,
            name,
            input,
            output,
            model: data.text("model"),
            parameters: data.object_json("model_config"),
            // A run and its turns repeat what the calls in them used.
            usage: if llm { read_usage(&data.object("usage")) } else { Usage::default() },
            metadata: metadata(data.without(&elsewhere), item.object_json("metadata")),
        }
    }
}

/// What a custom span is about.
fn own_data<'a>(data: &Object<'a>, custom: bool) -> Option<Json<'a>> {
    // It is `{}` where nothing was said.
    data.json("data").filter(|json| custom && &**json != "{}")
}

/// What the data says besides, and under a key of its own what the program says of the span.
fn metadata(data: Option<String>, own: Option<Json<'_>>) -> Option<Json<'_>> {
    match (data, own) {
        (Some(data), Some(own)) => {
            let open = data.strip_suffix('}').unwrap_or(&data);
            Some(format!("{open},\"metadata\":{own}}}").into())
        }
        (Some(data), None) => Some(data.into()),
        (None, own) => own,
    }
}

/// Counts that include what was cached.
fn read_usage(usage: &Object<'_>) -> Usage {
    Usage {
        prompt: usage.tokens("input_tokens"),
        completion: usage.tokens("output_tokens"),
        total: usage.tokens("total_tokens"),
        cached: usage.object("input_tokens_details").tokens("cached_tokens"),
        cache_write: usage.object("input_tokens_details").tokens("cache_write_tokens"),
        ..Usage::default()
    }
}
