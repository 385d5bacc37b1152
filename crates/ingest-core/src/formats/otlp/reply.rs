//! What exporters read: in the encoding of their request, the status that makes them do
//! the right thing. They count every 2xx and 3xx as success and never retry a 4xx but
//! 429; they retry 503, and give up for good at a 500.

use serde_json::{Map, Value, json};

use crate::error::{Detail, Error, Kind};
use crate::formats::decoded::Receipt;
use crate::reply::{Reply, error_headers, error_message};

/// 2Signal's path, whose JSON answers have the number of spans.
pub(super) const COUNTING_PATH: &str = "/api/v1/otel/traces";

/// Exactly this, without parameters: Go's exporter compares the text.
const PROTOBUF: &str = "application/x-protobuf";

/// Seconds after which an exporter should try again: some give up where it is longer
/// than what is left of the ten that they take in all.
const RETRY_AFTER_S: &str = "1";

/// Bad spans that a message names.
const NAMED: usize = 3;

/// How many spans were not kept, and which, for people.
fn refused(receipt: &Receipt) -> Option<(usize, String)> {
    let (count, details) = receipt.refused.as_ref().filter(|(count, _)| *count > 0)?;
    let named =
        details.iter().take(NAMED).map(|Detail { path, message, .. }| format!("{path}: {message}"));
    let named = named.collect::<Vec<_>>().join("; ");
    let more = count.saturating_sub(NAMED.min(details.len()));
    let rest = if more == 0 { String::new() } else { format!("; and {more} more") };
    Some((*count, format!("{named}{rest}")))
}

pub(super) fn accepted_in_json(receipt: &Receipt, path: &str) -> Reply {
    let mut body = Map::new();
    if let Some((count, message)) = refused(receipt) {
        // 64-bit integers are text in protobuf's JSON.
        let partial = json!({ "rejectedSpans": count.to_string(), "errorMessage": message });
        body.insert("partialSuccess".into(), partial);
    }
    if path == COUNTING_PATH {
        body.insert("accepted".into(), json!(receipt.events));
    }
    Reply::content(200, "application/json", Value::Object(body).to_string())
}

pub(super) fn accepted_in_protobuf(receipt: &Receipt, _: &str) -> Reply {
    let mut body = Vec::new();
    if let Some((count, message)) = refused(receipt) {
        put_partial(&mut body, count, &message);
    }
    Reply::content(200, PROTOBUF, body)
}

/// Writes a partial success: so many refused, and a word on it.
fn put_partial(body: &mut Vec<u8>, count: usize, message: &str) {
    let mut partial = Vec::new();
    if count > 0 {
        put_number(&mut partial, 1, count as u64);
    }
    put_bytes(&mut partial, 2, message.as_bytes());
    put_bytes(body, 1, &partial);
}

/// What came of log records, for people: how many could not be kept, and what is not.
fn unkept_logs(receipt: &Receipt) -> Option<(usize, String)> {
    let (count, named) = refused(receipt).unwrap_or_default();
    let said = [Some(named).filter(|named| !named.is_empty()), receipt.answer.clone()];
    let said: Vec<_> = said.into_iter().flatten().collect();
    (!said.is_empty()).then(|| (count, said.join("; ")))
}

pub(super) fn logs_accepted_in_json(receipt: &Receipt, _: &str) -> Reply {
    let partial = unkept_logs(receipt).map(|(count, message)| {
        json!({ "partialSuccess":
            { "rejectedLogRecords": count.to_string(), "errorMessage": message } })
    });
    let body = partial.unwrap_or_else(|| json!({}));
    Reply::content(200, "application/json", body.to_string())
}

pub(super) fn logs_accepted_in_protobuf(receipt: &Receipt, _: &str) -> Reply {
    let mut body = Vec::new();
    if let Some((count, message)) = unkept_logs(receipt) {
        put_partial(&mut body, count, &message);
    }
    Reply::content(200, PROTOBUF, body)
}

/// What is said of signals that are not kept.
pub(super) const TRACES_ONLY: &str = "Edgespan keeps traces only";

pub(super) fn unkept_in_json() -> Reply {
    let body = json!({ "partialSuccess": { "errorMessage": TRACES_ONLY } });
    Reply::content(200, "application/json", body.to_string())
}

pub(super) fn unkept_in_protobuf() -> Reply {
    let mut body = Vec::new();
    put_partial(&mut body, 0, TRACES_ONLY);
    Reply::content(200, PROTOBUF, body)
}

pub(super) fn rejected_in_json(error: &Error, request_id: &str) -> Reply {
    let (status, code) = status(error);
    let message = error_message(error, request_id);
    // For exporters, and for those who know this API.
    let body = json!({
        "code": code,
        "message": message,
        "data": null,
        "error": { "code": error.kind().code, "message": message },
    });
    with_headers(Reply::content(status, "application/json", body.to_string()), error)
}

pub(super) fn rejected_in_protobuf(error: &Error, request_id: &str) -> Reply {
    let (status, code) = status(error);
    let mut body = Vec::new();
    put_number(&mut body, 1, code);
    put_bytes(&mut body, 2, error_message(error, request_id).as_bytes());
    with_headers(Reply::content(status, PROTOBUF, body), error)
}

/// The status, and the code of `google.rpc.Status` that goes with it.
fn status(error: &Error) -> (u16, u64) {
    match error.kind() {
        // A 500 is final for most exporters, and what failed here may pass.
        Kind { status: 500.., .. } => (503, 14),
        Kind { status, .. } => (
            status,
            match status {
                401 => 16,
                403 => 7,
                404 | 405 => 12,
                413 | 429 => 8,
                _ => 3,
            },
        ),
    }
}

fn with_headers(reply: Reply, error: &Error) -> Reply {
    let retry = reply.status == 503;
    let headers =
        error_headers(error).into_iter().filter(|(name, _)| *name != "retry-after" || !retry);
    let reply = headers.fold(reply, |reply, (name, value)| reply.with(name, value));
    if retry { reply.with("retry-after", RETRY_AFTER_S) } else { reply }
}

/// Writes a field of protobuf: a whole number.
fn put_number(message: &mut Vec<u8>, field: u8, number: u64) {
    message.push(field << 3);
    put_varint(message, number);
}

/// Writes a field of protobuf: text, or a message.
fn put_bytes(message: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    message.push(field << 3 | 2);
    put_varint(message, bytes.len() as u64);
    message.extend_from_slice(bytes);
}

fn put_varint(message: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        message.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    message.push(number.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Fault, Reject};

    fn receipt(bad: usize) -> Receipt {
        let detail = |n: usize| Detail {
            index: Some(n),
            path: format!("spans[{n}].spanId"),
            message: "expected 8 bytes, found 7".into(),
        };
        let refused = Some((bad, (0..bad).map(detail).collect()));
        Receipt { events: 5, refused, lenient: false, answer: None, kept: None }
    }

    #[test]
    fn what_is_kept_is_200_with_nothing_more() {
        let protobuf = accepted_in_protobuf(&receipt(0), "/v1/traces");
        assert_eq!((protobuf.status, &*protobuf.body), (200, &b""[..]));
        assert_eq!(protobuf.headers, [("content-type", PROTOBUF.into())]);
        assert_eq!(accepted_in_json(&receipt(0), "/v1/traces").text(), "{}");
        assert_eq!(accepted_in_json(&receipt(0), COUNTING_PATH).text(), r#"{"accepted":5}"#);
    }

    #[test]
    fn bad_spans_are_counted_and_the_first_named() {
        let json: Value =
            serde_json::from_str(accepted_in_json(&receipt(5), "/v1/traces").text()).unwrap();
        let partial = &json["partialSuccess"];
        assert_eq!(partial["rejectedSpans"], "5");
        let message = partial["errorMessage"].as_str().unwrap();
        assert!(message.starts_with("spans[0].spanId: expected 8 bytes, found 7; "), "{message}");
        assert!(message.ends_with("; and 2 more"), "{message}");
        let body = accepted_in_protobuf(&receipt(1), "/v1/traces").body;
        assert_eq!(body[..4], [0x0a, 46, 0x08, 1]);
        assert_eq!(body.len(), 48);
    }

    #[test]
    fn failures_have_a_status_that_says_whether_to_retry() {
        for (error, status, code, retry) in [
            (Error::from(Reject::invalid("body", "bad")), 400, 3, None),
            (Reject::Unauthorized("no key").into(), 401, 16, None),
            (Reject::TooLarge("large".into()).into(), 413, 8, None),
            (Reject::UnsupportedMediaType("x".into()).into(), 415, 3, None),
            (Reject::RateLimited { limit: 1, window_s: 10 }.into(), 429, 8, Some("10")),
            (Reject::QuotaExceeded { retry_after_s: 9 }.into(), 429, 8, Some("9")),
            (Fault::Internal("x".into()).into(), 503, 14, Some("1")),
            (Fault::Unavailable { what: "r2", why: "x".into() }.into(), 503, 14, Some("1")),
        ] {
            let json = rejected_in_json(&error, "id-1");
            let protobuf = rejected_in_protobuf(&error, "id-1");
            assert_eq!((json.status, protobuf.status), (status, status));
            let body: Value = serde_json::from_str(json.text()).unwrap();
            assert_eq!(body["code"], code);
            assert_eq!(body["error"]["code"], error.kind().code);
            assert_eq!(protobuf.body[..2], [0x08, u8::try_from(code).unwrap()]);
            for reply in [&json, &protobuf] {
                let found: Vec<_> =
                    reply.headers.iter().filter(|(name, _)| *name == "retry-after").collect();
                assert_eq!(found.first().map(|(_, value)| &**value), retry);
                assert!(found.len() < 2);
            }
        }
    }
}
