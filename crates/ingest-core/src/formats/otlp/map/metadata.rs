//! All that a span says and that has no field of its own, as one JSON object: attributes
//! under their own names, then what OpenTelemetry has besides: kind, events, links,
//! scope, resource, and what the client left out.

use super::of_trace::{is_metadata, is_said, push_resource};
use super::usage::is_usage;
use super::value::{Parse, as_str, push_key, push_list, push_text, to_json};
use crate::formats::otlp::span::{AnyValue, Attributes, Resource, Scope, Span};
use crate::model::Json;

/// Metadata of an observation of Langfuse, each under the name that follows.
const OBSERVATION: &str = "langfuse.observation.metadata.";

/// Parameters of a model, by prefix; the first is an object of them.
const PARAMETERS: &str = "gen_ai.request.";
const SETTINGS: &str = "ai.settings.";
const OBJECTS: [&str; 3] = [
    "langfuse.observation.model.parameters",
    "llm.invocation_parameters",
    "model_request_parameters",
];

/// The parameters of the call, as a JSON object.
pub(super) fn read_parameters<'a>(attributes: &Attributes<'a>) -> Option<Json<'a>> {
    let object = OBJECTS.iter().filter_map(|key| as_str(attributes.get(key)).map(|_| *key));
    for key in object {
        let json = to_json(attributes.get(key)?, Parse::Structured);
        if json.trim_start().starts_with('{') && json.trim() != "{}" {
            return Some(json);
        }
    }
    let mut json = String::from("{");
    let mut first = true;
    for prefix in [PARAMETERS, SETTINGS] {
        for (key, value) in attributes.with_prefix(prefix) {
            let name = key.get(prefix.len()..).unwrap_or_default();
            if name != "model" && first_of(attributes, prefix, name) {
                push_key(&mut json, name, &mut first);
                json.push_str(&to_json(value, Parse::Structured));
            }
        }
    }
    json.push('}');
    (!first).then(|| json.into())
}

/// Whether no parameter of this name comes before this prefix's.
fn first_of(attributes: &Attributes<'_>, prefix: &str, name: &str) -> bool {
    prefix == PARAMETERS || attributes.get(&format!("{PARAMETERS}{name}")).is_none()
}

/// What has been said in a field of its own: keys, or what they begin with.
pub(super) struct Used {
    pub(super) keys: Vec<&'static str>,
    /// Whether usage and cost are.
    pub(super) usage: bool,
    /// Whether the parameters are.
    pub(super) parameters: bool,
}

impl Used {
    fn has(&self, key: &str) -> bool {
        let parameters =
            || OBJECTS.contains(&key) || key.starts_with(PARAMETERS) || key.starts_with(SETTINGS);
        self.keys.iter().any(|used| *used == key || (used.ends_with('.') && key.starts_with(used)))
            || (self.usage && is_usage(key))
            || (self.parameters && parameters())
            || is_said(key)
            || is_metadata(key)
            || key == "langfuse.observation.status_message"
    }
}

/// The metadata of a span.
pub(super) fn read_metadata<'a>(
    span: &Span<'_>,
    resource: &Resource<'_>,
    scope: &Scope<'_>,
    used: &Used,
) -> Json<'a> {
    let mut json = String::from("{");
    let mut first = true;
    for (key, value) in span.attributes.all() {
        if used.has(key) {
            continue;
        }
        if let Some(name) = key.strip_prefix(OBSERVATION) {
            push_key(&mut json, name, &mut first);
            json.push_str(&to_json(value, observation(scope, resource)));
            continue;
        }
        if key == "metadata" && push_inner(&mut json, value, &mut first) {
            continue;
        }
        push_key(&mut json, key, &mut first);
        json.push_str(&to_json(value, Parse::Structured));
    }
    push_own(&mut json, span, resource, scope, &mut first);
    json.push('}');
    json.into()
}

/// Python's SDK of Langfuse writes every value as JSON from version 5 on; before that,
/// and in JavaScript, a text is a text.
fn observation(scope: &Scope<'_>, resource: &Resource<'_>) -> Parse {
    let python = as_str(resource.attributes.get("telemetry.sdk.language")) == Some("python");
    let major = scope.version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    let always = scope.name == "langfuse-sdk" && python && major.is_some_and(|major| major >= 5);
    if always { Parse::Always } else { Parse::Structured }
}

/// Writes the fields of an object beside the others.
fn push_inner(json: &mut String, value: &AnyValue<'_>, first: &mut bool) -> bool {
    let object = to_json(value, Parse::Structured);
    let inner = object.trim().strip_prefix('{').and_then(|inner| inner.strip_suffix('}'));
    let Some(inner) = inner.map(str::trim) else { return false };
    if !inner.is_empty() {
        if !std::mem::take(first) {
            json.push(',');
        }
        json.push_str(inner);
    }
    true
}

/// Names of the kinds of spans, by OTLP's numbers.
const KINDS: [&str; 6] = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];

fn push_own(
    json: &mut String,
    span: &Span<'_>,
    resource: &Resource<'_>,
    scope: &Scope<'_>,
    first: &mut bool,
) {
    let kind = usize::try_from(span.kind).ok().and_then(|kind| KINDS.get(kind));
    if let Some(kind) = kind.filter(|_| span.kind > 0) {
        push_key(json, "kind", first);
        push_text(json, kind);
    }
    if !span.events.is_empty() {
        push_key(json, "events", first);
        push_list(json, span.events.iter(), |json, event| {
            let mut first = true;
            json.push('{');
            push_key(json, "name", &mut first);
            push_text(json, &event.name);
            push_key(json, "time", &mut first);
            push_text(json, &crate::time::with_micros((event.time_ns / 1_000).cast_signed()));
            push_attributes(json, &event.attributes, event.dropped_attributes, &mut first);
            json.push('}');
        });
    }
    if !span.links.is_empty() {
        push_key(json, "links", first);
        push_list(json, span.links.iter(), |json, link| {
            let mut first = true;
            json.push('{');
            push_key(json, "traceId", &mut first);
            push_text(json, &link.trace_id);
            push_key(json, "spanId", &mut first);
            push_text(json, &link.span_id);
            push_attributes(json, &link.attributes, 0, &mut first);
            json.push('}');
        });
    }
    for (name, dropped) in [
        ("droppedAttributesCount", span.dropped_attributes),
        ("droppedEventsCount", span.dropped_events),
        ("droppedLinksCount", span.dropped_links),
    ] {
        if dropped > 0 {
            push_key(json, name, first);
            json.push_str(&dropped.to_string());
        }
    }
    if !span.trace_state.is_empty() {
        push_key(json, "traceState", first);
        push_text(json, &span.trace_state);
    }
    if !scope.name.is_empty() {
        push_key(json, "scope", first);
        let mut first = true;
        json.push('{');
        push_key(json, "name", &mut first);
        push_text(json, &scope.name);
        if !scope.version.is_empty() {
            push_key(json, "version", &mut first);
            push_text(json, &scope.version);
        }
        push_attributes(json, &scope.attributes, 0, &mut first);
        json.push('}');
    }
    if !resource.attributes.all().is_empty() {
        push_key(json, "resource", first);
        push_resource(json, resource);
    }
}

fn push_attributes(json: &mut String, attributes: &Attributes<'_>, dropped: u32, first: &mut bool) {
    if !attributes.all().is_empty() {
        push_key(json, "attributes", first);
        let mut first = true;
        json.push('{');
        for (key, value) in attributes.all() {
            push_key(json, key, &mut first);
            json.push_str(&to_json(value, Parse::Structured));
        }
        json.push('}');
    }
    if dropped > 0 {
        push_key(json, "droppedAttributesCount", first);
        json.push_str(&dropped.to_string());
    }
}
