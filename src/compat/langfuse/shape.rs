//! Traces, observations and scores as Langfuse's SDKs read them, made of this API's own answers
//! by other names. Their values are copied as they are; a table says which, since a type
//! for each shape would be 20 KB of the Worker.

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::query::Page;
use crate::error::Fault;

/// An object of this API's answers.
pub struct Ours<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Ours<'a> {
    /// That of some JSON.
    pub fn of(answer: &'a str) -> Result<Self, Fault> {
        serde_json::from_str(answer).map(Self).map_err(|e| odd(&e))
    }

    /// A value as JSON; of what is not there null.
    fn raw(&self, name: &str) -> &'a str {
        self.0.get(name).map_or("null", |value| value.get())
    }

    /// A value that is text.
    pub fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.raw(name)).ok()
    }

    /// The items of a list.
    pub fn list(&self, name: &str) -> Result<Vec<Ours<'a>>, Fault> {
        list(self.raw(name))
    }

    /// A time in milliseconds as one in seconds.
    fn seconds(&self, name: &str) -> String {
        let ms: f64 = self.raw(name).parse().unwrap_or_default();
        (ms / 1_000.0).to_string()
    }
}

/// The objects of a list.
pub fn list(answer: &str) -> Result<Vec<Ours<'_>>, Fault> {
    let items: Vec<&RawValue> = serde_json::from_str(answer).map_err(|e| odd(&e))?;
    items.into_iter().map(|item| Ours::of(item.get())).collect()
}

fn odd(e: &serde_json::Error) -> Fault {
    Fault::Internal(format!("an answer of the API: {e}"))
}

/// Fields of a trace: their names, and where their values come from.
const TRACE: &[(&str, &str)] = &[
    ("id", "id"),
    ("timestamp", "startTime"),
    ("name", "name"),
    ("input", "input"),
    ("output", "output"),
    ("sessionId", "sessionId"),
    ("userId", "userId"),
    ("metadata", "metadata"),
    ("tags", "tags"),
    ("createdAt", "createdAt"),
    ("updatedAt", "createdAt"),
];

/// What no trace says here.
const NO_TRACE_SAYS: &str =
    r#""release":null,"version":null,"public":false,"environment":"default""#;

/// The same of a span.
const SPAN: &[(&str, &str)] = &[
    ("id", "id"),
    ("traceId", "traceId"),
    ("parentObservationId", "parentSpanId"),
    ("name", "name"),
    ("endTime", "endTime"),
    ("model", "model"),
    ("input", "input"),
    ("output", "output"),
    ("metadata", "metadata"),
    ("statusMessage", "errorMessage"),
    ("calculatedTotalCost", "cost"),
    ("createdAt", "createdAt"),
    ("updatedAt", "createdAt"),
];

/// What no span says here.
const NO_SPAN_SAYS: &str =
    r#""completionStartTime":null,"version":null,"promptId":null,"environment":"default""#;

/// The same of a score. In lists an SDK wants it to have a `trace`, whatever is in it.
const SCORE: &[(&str, &str)] = &[
    ("id", "id"),
    ("name", "evaluatorName"),
    ("value", "value"),
    ("comment", "reasoning"),
    ("observationId", "spanId"),
    ("metadata", "metadata"),
    ("timestamp", "createdAt"),
    ("createdAt", "createdAt"),
    ("updatedAt", "createdAt"),
];

/// What no score says here.
const NO_SCORE_SAYS: &str =
    r#""authorUserId":null,"configId":null,"queueId":null,"environment":"default","trace":{}"#;

/// An object that is written field by field.
struct Written(String);

impl Written {
    fn of(ours: &Ours, fields: &[(&str, &str)], constant: &str) -> Self {
        let mut written = Self(format!("{{{constant}"));
        for (name, from) in fields {
            written.field(name, ours.raw(from));
        }
        written
    }

    fn field(&mut self, name: &str, json: &str) {
        self.0.extend([",\"", name, "\":", json]);
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A trace as Langfuse's SDKs read it, with observations and scores that are written already.
/// In lists there are no observations: the index does not know them without the trace's row.
pub fn trace(ours: &Ours, observations: &[String], scores: &[String]) -> String {
    let mut trace = Written::of(ours, TRACE, NO_TRACE_SAYS);
    let id = ours.text("id").unwrap_or_default();
    let path = format!("\"/traces/{}\"", utf8_percent_encode(&id, NON_ALPHANUMERIC));
    trace.field("htmlPath", &path);
    trace.field("latency", &ours.seconds("durationMs"));
    // A decimal in text.
    trace.field("totalCost", ours.raw("totalCost").trim_matches('"'));
    trace.field("observations", &format!("[{}]", observations.join(",")));
    trace.field("scores", &format!("[{}]", scores.join(",")));
    trace.end()
}

/// A score of a trace as Langfuse's SDKs read it: of a value, of one that is true or false,
/// or of a text.
pub fn score(ours: &Ours, trace: &str) -> String {
    let mut score = Written::of(ours, SCORE, NO_SCORE_SAYS);
    let value = ours.raw("value");
    let data_type = data_type(ours.raw("boolean") == "true", value != "null");
    let text = match (data_type, value.parse()) {
        ("BOOLEAN", Ok(0.0)) => Some("False".into()),
        ("BOOLEAN", _) => Some("True".into()),
        ("CATEGORICAL", _) => Some(ours.text("label").unwrap_or_default()),
        _ => ours.text("label"),
    };
    score.field("traceId", &Value::from(trace).to_string());
    let source = match ours.raw("source") {
        "\"evaluator\"" => "\"EVAL\"",
        "\"human\"" => "\"ANNOTATION\"",
        _ => "\"API\"",
    };
    score.field("source", source);
    score.field("dataType", &Value::from(data_type).to_string());
    score.field("stringValue", &Value::from(text).to_string());
    score.end()
}

/// What Langfuse calls a score's value.
pub fn data_type(boolean: bool, has_value: bool) -> &'static str {
    match (boolean, has_value) {
        (true, _) => "BOOLEAN",
        (false, true) => "NUMERIC",
        (false, false) => "CATEGORICAL",
    }
}

/// A span as Langfuse's SDKs read it. They want a start: one that says none has the other.
pub fn observation(ours: &Ours, start: &str) -> String {
    let mut span = Written::of(ours, SPAN, NO_SPAN_SAYS);
    let quoted = |text: &str| Value::from(text).to_string();
    let start = ours.text("startTime").unwrap_or_else(|| start.to_owned());
    span.field("startTime", &quoted(&start));
    span.field("type", &quoted(kind(ours)));
    span.field("level", &quoted(level(ours)));
    span.field("latency", &ours.seconds("durationMs"));
    span.field("modelParameters", &parameters(ours.raw("modelParameters")));
    if ours.raw("totalTokens") != "null" {
        // The names that Langfuse had first, and those that it has now.
        let mut usage = Written(String::from("{\"unit\":\"TOKENS\""));
        let mut details = Written(format!("{{\"total\":{}", ours.raw("totalTokens")));
        usage.field("total", ours.raw("totalTokens"));
        for (name, from, both) in [
            ("input", "promptTokens", true),
            ("output", "completionTokens", true),
            ("input_cached_tokens", "cachedTokens", false),
        ] {
            let count = ours.raw(from);
            if both {
                usage.field(name, count);
            }
            // Nothing in it may be null.
            if count != "null" {
                details.field(name, count);
            }
        }
        span.field("usage", &usage.end());
        span.field("usageDetails", &details.end());
    }
    if ours.raw("cost") != "null" {
        span.field("costDetails", &format!("{{\"total\":{}}}", ours.raw("cost")));
    }
    span.end()
}

/// What Langfuse calls a span: what has no length is an event.
pub fn kind(ours: &Ours) -> &'static str {
    let at_once =
        || ours.raw("startTime") != "null" && ours.raw("startTime") == ours.raw("endTime");
    match ours.raw("type") {
        "\"LLM\"" => "GENERATION",
        "\"AGENT\"" => "AGENT",
        "\"TOOL\"" => "TOOL",
        "\"RETRIEVAL\"" => "RETRIEVER",
        "\"GUARDRAIL\"" => "GUARDRAIL",
        "\"CUSTOM\"" if at_once() => "EVENT",
        _ => "SPAN",
    }
}

/// The level of a span.
pub fn level(ours: &Ours) -> &'static str {
    if ours.raw("status") == "\"ERROR\"" { "ERROR" } else { "DEFAULT" }
}

/// The parameters of a model, in which the SDKs read no objects: those are their JSON.
fn parameters(raw: &str) -> String {
    let Ok(Ours(all)) = Ours::of(raw) else { return "null".into() };
    let mut shown = Vec::new();
    for (name, value) in all {
        let value = value.get();
        let flat =
            if value.starts_with('{') { Value::from(value).to_string() } else { value.into() };
        shown.push(format!("{}:{flat}", Value::from(name)));
    }
    format!("{{{}}}", shown.join(","))
}

/// A page of a list, of so many items or at least so many.
pub fn page(items: &[String], Page { number, limit }: Page, known: usize) -> String {
    let meta = json!({
        "page": number,
        "limit": limit,
        "totalItems": known,
        "totalPages": known.div_ceil(limit),
    });
    format!("{{\"data\":[{}],\"meta\":{meta}}}", items.join(","))
}
