//! What a log record says of its span: the messages of a call of a model. Either one record
//! has all of them, or there is one for each message, as older conventions have it.

use super::content::{CHOICE, messages, said};
use super::detail::Detail;
use super::value::{as_str, micros, to_json};
use crate::formats::otlp::json_writer::{JsonWriter, Parse};
use crate::formats::otlp::log_record::{EVENT_NAME, LogRecord};
use crate::formats::otlp::span::AnyValue;
use crate::model::{Body, Event, Json, Rank, SpanBody};

/// The record that has all messages of a call.
const DETAILS: &str = "gen_ai.client.inference.operation.details";

/// The event that a record is, if it is content of a span: of its range and its index it
/// says nothing.
///
/// One that has all messages counts where the span itself has none; of several the newest.
/// Those of one message each are pieces of the same, put together in order of their times
/// (records of one microsecond in the order of a hash), whatever exports they come in. A
/// record with all messages counts before them. None says when its span was, or what.
pub(crate) fn log_event<'a>(record: &LogRecord<'a>, detail: Detail) -> Option<Event<'a>> {
    if record.trace_id.is_none() || record.span_id.is_none() {
        return None;
    }
    let (rank, input, output) = content(record, detail)?;
    let times = [record.time_ns, record.observed_ns];
    let body = Body::Span(SpanBody {
        trace: record.trace_id.to_hex().into(),
        id: Some(record.span_id.to_hex().into()),
        input,
        output,
        ..SpanBody::default()
    });
    let timestamp = times.into_iter().find_map(micros);
    Some(Event { timestamp, rank, ..Event::new(0..0, body) })
}

/// What went in and what came out, as far as the record has it.
type Content<'a> = (Rank, Option<Json<'a>>, Option<Json<'a>>);

fn content<'a>(record: &LogRecord<'a>, detail: Detail) -> Option<Content<'a>> {
    let LogRecord { event_name, attributes, body, .. } = record;
    let in_attribute = || as_str(attributes.get(EVENT_NAME));
    let name = Some(&**event_name).filter(|name| !name.is_empty()).or_else(in_attribute)?;
    if name == DETAILS {
        let output = said(attributes, "gen_ai.output.messages");
        let output = output.map(|output| to_json(output, Parse::Always, detail));
        let input = messages(attributes, detail);
        return (input.is_some() || output.is_some()).then_some((Rank::Supplement, input, output));
    }
    if name == CHOICE {
        return Some((Rank::Piece, None, Some(message("assistant", body, detail)?)));
    }
    let role = name.strip_prefix("gen_ai.")?.strip_suffix(".message")?;
    Some((Rank::Piece, Some(message(role, body, detail)?), None))
}

/// A list of the message in the body of a record. Where content is not captured the body has
/// all of a message but that, or is not there.
fn message<'a>(role: &str, body: &AnyValue<'_>, detail: Detail) -> Option<Json<'a>> {
    let mut json = JsonWriter::new(detail);
    let mut has_content = false;
    json.list([body], |json, body| {
        json.object(|object| match body {
            AnyValue::Map(pairs) => {
                let inner = pairs.iter().find_map(|(key, value)| match value {
                    AnyValue::Map(inner) if key == "message" => Some(inner),
                    _ => None,
                });
                let outer = pairs.iter().filter(|(key, _)| inner.is_none() || key != "message");
                let all: Vec<_> = inner.into_iter().flatten().chain(outer).collect();
                let own = all.iter().find(|(key, _)| key == "role");
                let own = own.and_then(|(_, role)| as_str(Some(role)));
                object.field("role").text(own.unwrap_or(role));
                for (key, value) in all.into_iter().filter(|(key, _)| key != "role") {
                    let is_content = matches!(&**key, "content" | "tool_calls" | "parts");
                    has_content |= is_content && says_something(value);
                    object.field(key).value(value);
                }
            }
            text => {
                has_content = says_something(text);
                object.field("role").text(role);
                object.field("content").parsed(text, Parse::Structured);
            }
        });
    });
    has_content.then(|| json.finish().into())
}

fn says_something(value: &AnyValue<'_>) -> bool {
    match value {
        AnyValue::Empty => false,
        AnyValue::Text(text) => !text.is_empty(),
        AnyValue::List(items) => !items.is_empty(),
        _ => true,
    }
}
