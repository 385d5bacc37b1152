//! All that a span says and that has no field of its own, as one JSON object: attributes
//! under their own names, then what OpenTelemetry has besides: kind, events, links,
//! scope, resource, and what the client left out.

use super::detail::Detail;
use super::of_trace::{is_metadata, is_said};
use super::shared::Shared;
use super::usage::is_usage;
use super::value::{as_str, to_json};
use crate::formats::otlp::json_writer::{JsonWriter, ObjectWriter, Parse};
use crate::formats::otlp::span::{AnyValue, Attributes, Resource, Scope, Span};
use crate::model::Json;
use crate::time;

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
        let json = to_json(attributes.get(key)?, Parse::Structured, Detail::Full);
        if json.trim_start().starts_with('{') && json.trim() != "{}" {
            return Some(json);
        }
    }
    let mut json = JsonWriter::new(Detail::Full);
    json.object(|object| {
        for prefix in [PARAMETERS, SETTINGS] {
            for (key, value) in attributes.with_prefix(prefix) {
                let name = key.get(prefix.len()..).unwrap_or_default();
                if name != "model" && first_of(attributes, prefix, name) {
                    object.field(name).parsed(value, Parse::Structured);
                }
            }
        }
    });
    let json = json.finish();
    (json != "{}").then(|| json.into())
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
pub(super) fn read_metadata<'a>(span: &Span<'_>, shared: &Shared<'_>, used: &Used) -> Json<'a> {
    let Shared { resource, scope, .. } = shared;
    let mut json = JsonWriter::new(Detail::Full);
    json.object(|object| {
        for (key, value) in span.attributes.all().iter().filter(|(key, _)| !used.has(key)) {
            if let Some(name) = key.strip_prefix(OBSERVATION) {
                object.field(name).parsed(value, observation(scope, resource));
            } else if key != "metadata" || !push_inner(object, value) {
                object.field(key).parsed(value, Parse::Structured);
            }
        }
        push_own(object, span, shared);
    });
    json.finish().into()
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
fn push_inner(object: &mut ObjectWriter<'_>, value: &AnyValue<'_>) -> bool {
    let json = to_json(value, Parse::Structured, Detail::Full);
    let inner = json.trim().strip_prefix('{').and_then(|inner| inner.strip_suffix('}'));
    let Some(inner) = inner else { return false };
    object.fields(inner.trim());
    true
}

/// Names of the kinds of spans, by OTLP's numbers.
const KINDS: [&str; 6] = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];

fn push_own(
    object: &mut ObjectWriter<'_>,
    span: &Span<'_>,
    Shared { scope, resource_json, .. }: &Shared<'_>,
) {
    let kind = usize::try_from(span.kind).ok().and_then(|kind| KINDS.get(kind));
    if let Some(kind) = kind.filter(|_| span.kind > 0) {
        object.field("kind").text(kind);
    }
    if !span.events.is_empty() {
        object.field("events").list(&span.events, |json, event| {
            let at = (event.time_ns / 1_000).cast_signed();
            json.object(|object| {
                object.field("name").text(&event.name);
                object.field("time").text(&time::with_micros(at));
                push_attributes(object, &event.attributes, event.dropped_attributes);
            });
        });
    }
    if !span.links.is_empty() {
        object.field("links").list(&span.links, |json, link| {
            json.object(|object| {
                object.field("traceId").text(&link.trace_id);
                object.field("spanId").text(&link.span_id);
                push_attributes(object, &link.attributes, 0);
            });
        });
    }
    for (name, dropped) in [
        ("droppedAttributesCount", span.dropped_attributes),
        ("droppedEventsCount", span.dropped_events),
        ("droppedLinksCount", span.dropped_links),
    ] {
        if dropped > 0 {
            object.field(name).raw(&dropped.to_string());
        }
    }
    if !span.trace_state.is_empty() {
        object.field("traceState").text(&span.trace_state);
    }
    if !scope.name.is_empty() {
        object.field("scope").object(|object| {
            object.field("name").text(&scope.name);
            if !scope.version.is_empty() {
                object.field("version").text(&scope.version);
            }
            push_attributes(object, &scope.attributes, 0);
        });
    }
    if let Some(json) = resource_json {
        object.field("resource").raw(json);
    }
}

fn push_attributes(object: &mut ObjectWriter<'_>, attributes: &Attributes<'_>, dropped: u32) {
    if !attributes.all().is_empty() {
        object.field("attributes").object(|object| {
            for (key, value) in attributes.all() {
                object.field(key).parsed(value, Parse::Structured);
            }
        });
    }
    if dropped > 0 {
        object.field("droppedAttributesCount").raw(&dropped.to_string());
    }
}
