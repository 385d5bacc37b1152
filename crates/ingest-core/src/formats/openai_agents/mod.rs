//! The wire format of OpenAI's Agents SDK: what its `BackendSpanExporter` posts. An item is a
//! trace, once, when it begins, or a span, once, when it has ended. So nothing is updated;
//! children come before their parents, and a trace has no times of its own. A bad item costs
//! itself and no other: the SDK drops a batch that is refused.

mod span_data;

use std::borrow::Cow;
use std::ops::Range;

use self::span_data::SpanData;
use super::content_type::{JSON, is_json};
use super::field::Problem;
use super::list::{List, decode_one};
use super::object::Object;
use super::wire_format::{EventBytes, Extras, WireFormat};
use crate::limits::{MAX_EVENTS, MAX_OTLP_BODY_BYTES};
use crate::model::{Body, Event, SpanBody, Status, Text, TraceBody};
use crate::reply::Reply;

/// The body: items of several traces, mixed. The SDK sends at most 128 at a time, whatever
/// they are in bytes, so it may send as much as exporters of OpenTelemetry.
const LIST: List = List { key: "data", max_bytes: MAX_OTLP_BODY_BYTES, max_events: MAX_EVENTS };

/// The row of this format.
pub const FORMAT: WireFormat = WireFormat {
    ending: "agents.json",
    paths: &["/v1/traces/ingest"],
    unkept_paths: &[],
    accepts: |content_type| content_type.is_none_or(is_json),
    content_type: JSON,
    max_body_bytes: MAX_OTLP_BODY_BYTES,
    keeps_good_events: true,
    check: |body| LIST.decode(body, read_item, &mut |_| {}),
    decode: |body| {
        let mut events = Vec::new();
        LIST.decode(body, read_item, &mut |event| events.push(event))?;
        Ok(events)
    },
    decode_event: |bytes| {
        text_of(bytes).and_then(|text| decode_one(text, read_item)).into_iter().collect()
    },
    show_event: |bytes| text_of(bytes).map(Cow::Borrowed),
    accepted: |receipt, _| receipt.to_reply(200),
    unkept: || Reply::empty(204),
    rejected: Reply::error,
    extras: Extras::NONE,
};

fn text_of<'a>(bytes: &EventBytes<'a>) -> Option<&'a str> {
    std::str::from_utf8(bytes.own).ok()
}

/// Reads an item.
fn read_item<'a>(item: &Object<'a>, range: Range<usize>) -> Result<Event<'a>, Problem> {
    let body = match item.text("object").as_deref() {
        Some("trace") => Body::Trace(read_trace(item)?),
        Some("trace.span") => Body::Span(read_span(item)?),
        _ => {
            return Err(Problem::new("object", "expected one of trace, trace.span"));
        }
    };
    Ok(Event::new(range, body))
}

fn read_trace<'a>(item: &Object<'a>) -> Result<TraceBody<'a>, Problem> {
    Ok(TraceBody {
        id: item.required_id("id")?,
        name: item.text("workflow_name"),
        session: item.text("group_id"),
        // The SDK knows no users; metadata is where people put them.
        user: item.object("metadata").text("user_id"),
        metadata: item.object_json("metadata"),
        ..TraceBody::default()
    })
}

fn read_span<'a>(item: &Object<'a>) -> Result<SpanBody<'a>, Problem> {
    let (trace, id) = (item.required_id("trace_id")?, item.required_id("id")?);
    let (start, end) = (item.time("started_at")?, item.time("ended_at")?);
    let parent = item.id("parent_id")?;
    let data = SpanData::read(item);
    let failed = item.get("error").is_some();
    Ok(SpanBody {
        trace,
        id: Some(id),
        parent,
        name: Some(data.name),
        kind: Some(data.kind),
        start,
        end,
        input: data.input,
        output: data.output,
        model: data.model,
        model_parameters: data.parameters,
        usage: data.usage,
        status: Some(if failed { Status::Error } else { Status::Ok }),
        error_message: if failed { error_message(item) } else { None },
        metadata: data.metadata,
        ..SpanBody::default()
    })
}

/// What an error says, and its data.
fn error_message<'a>(item: &Object<'a>) -> Option<Text<'a>> {
    let error = item.object("error");
    match (error.text("message"), error.json("data")) {
        (Some(message), Some(data)) => Some(format!("{message}: {data}").into()),
        (Some(message), None) => Some(message),
        (None, _) => item.json("error"),
    }
}
