//! Exports of logs, of which those records are kept that are content of spans: the messages
//! of calls of models, which some instrumentations send so and not on the spans. Such a
//! record is an event of its span that counts where the span says nothing itself, whichever
//! of them comes first. All other records are acknowledged and counted.

use std::borrow::Cow;

use super::body::{check_size, malformed, text_of, too_many};
use super::log_record::{LogExport, LogRecord};
use super::map::detail::Detail;
use super::map::logs::log_event;
use super::{json, protobuf, reply, show};
use crate::error::{Detail as ErrorDetail, Reject};
use crate::formats::content_type::{is_json, is_protobuf};
use crate::formats::decoded::Decoded;
use crate::formats::wire_format::{EventBytes, Extras, WireFormat};
use crate::limits::{MAX_DETAILS, MAX_OTLP_BODY_BYTES};
use crate::model::Event;

/// The default of every exporter.
const PATHS: &[&str] = &["/v1/logs"];

/// The row of logs in protobuf.
pub const PROTOBUF: WireFormat = WireFormat {
    ending: "otlplogs.pb",
    paths: PATHS,
    unkept_paths: &[],
    accepts: |content_type| content_type.is_some_and(is_protobuf),
    content_type: "application/x-protobuf",
    max_body_bytes: MAX_OTLP_BODY_BYTES,
    keeps_good_events: true,
    check: |body| Ok(check(&locate_protobuf(body)?)),
    decode: |body| Ok(decode(&locate_protobuf(body)?, body, protobuf::logs::record)),
    decode_event: |bytes| event(bytes.own, protobuf::logs::record).into_iter().collect(),
    show_event: |bytes| Some(Cow::Owned(show::log_record(&protobuf::logs::record(bytes.own)))),
    accepted: reply::logs_accepted_in_protobuf,
    unkept: reply::unkept_in_protobuf,
    rejected: reply::rejected_in_protobuf,
    extras: Extras::NONE,
};

/// The row of logs in JSON.
pub const JSON: WireFormat = WireFormat {
    ending: "otlplogs.json",
    paths: PATHS,
    unkept_paths: &[],
    accepts: |content_type| content_type.is_some_and(is_json),
    content_type: "application/json in UTF-8",
    max_body_bytes: MAX_OTLP_BODY_BYTES,
    keeps_good_events: true,
    check: |body| Ok(check(&locate_json(text_of(body)?)?)),
    decode: |body| Ok(decode(&locate_json(text_of(body)?)?, body, json::logs::record)),
    decode_event: |bytes: &EventBytes<'_>| {
        event(bytes.own, json::logs::record).into_iter().collect()
    },
    show_event: |bytes| std::str::from_utf8(bytes.own).ok().map(Cow::Borrowed),
    accepted: reply::logs_accepted_in_json,
    unkept: reply::unkept_in_json,
    rejected: reply::rejected_in_json,
    extras: Extras::NONE,
};

/// How a record is read, in an encoding.
type ReadRecord = for<'a> fn(&'a [u8]) -> LogRecord<'a>;

/// What an export has too many of.
const MANY: &str = "records that are messages of spans";

fn locate_protobuf(body: &[u8]) -> Result<LogExport, Reject> {
    check_size(body)?;
    protobuf::logs::locate(body).map_err(malformed)?.ok_or_else(|| too_many(MANY))
}

fn locate_json(text: &str) -> Result<LogExport, Reject> {
    let export = json::logs::locate(text);
    export.map_err(|error| error.into_reject(text))?.ok_or_else(|| too_many(MANY))
}

fn check(export: &LogExport) -> Decoded {
    let bad = export.content.iter().enumerate().filter_map(|(index, record)| {
        let message = record.problem.as_ref()?.message.clone();
        Some(ErrorDetail { index: Some(index), path: record.path(), message })
    });
    let invalid = export.content.iter().filter(|record| record.problem.is_some()).count();
    Decoded {
        events: export.content.len(),
        accepted: export.content.len() - invalid,
        invalid,
        problems: invalid,
        details: bad.take(MAX_DETAILS).collect(),
        answer: (export.others > 0).then(|| {
            let records = if export.others == 1 { "log record" } else { "log records" };
            let others = export.others;
            format!("{}: {others} {records} without messages of a span", reply::TRACES_ONLY)
        }),
    }
}

fn decode<'a>(export: &LogExport, body: &'a [u8], read: ReadRecord) -> Vec<Event<'a>> {
    let good = export.content.iter().enumerate().filter(|(_, record)| record.problem.is_none());
    let events = good.filter_map(|(index, record)| {
        let own = body.get(record.range.clone())?;
        let event = log_event(&read(own), Detail::Index)?;
        Some(Event { index, range: record.range.clone(), ..event })
    });
    events.collect()
}

fn event(own: &[u8], read: ReadRecord) -> Option<Event<'_>> {
    let event = log_event(&read(own), Detail::Full)?;
    Some(Event { range: 0..own.len(), ..event })
}
