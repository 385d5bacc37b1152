//! From the text of an export of logs to those of its records that are content of spans, and
//! from the text of a record to what it says.

use super::message::{any_value, attributes, id};
use super::scalar::read_unsigned;
use crate::formats::otlp::export::Problem;
use crate::formats::otlp::log_record::{LocatedRecord, LogExport, LogRecord, PREFIX};
use crate::formats::otlp::map::detail::Detail;
use crate::formats::otlp::map::logs::log_event;
use crate::formats::otlp::span::{Attributes, ValueBudget};
use crate::json::descend::{array, object, skip, value};
use crate::json::error::{SyntaxError, SyntaxErrorKind, fail};
use crate::json::lex::next;
use crate::json::scan;

/// Finds the records of an export that are content.
///
/// # Errors
/// What is no JSON, and a root that is no object; `None` in place of an export that has
/// more content than one may have.
pub(crate) fn locate(text: &str) -> Result<Option<LogExport>, SyntaxError> {
    let bytes = text.as_bytes();
    let (found, start) = next(bytes, 0);
    if found != b'{' {
        let kind = scan::value(bytes, start, 0)?.kind();
        return fail(bytes, start, SyntaxErrorKind::Root(kind));
    }
    let mut export = LogExport::default();
    let mut path = [0; 3];
    let end = list(text, start, 0, &["resourceLogs", "resource_logs"], &mut |resource, at| {
        path[0] = resource;
        list(text, at, 2, &["scopeLogs", "scope_logs"], &mut |scope, at| {
            path[1] = scope;
            list(text, at, 4, &["logRecords", "log_records"], &mut |n, at| {
                path[2] = n;
                note(text, at, path, &mut export)
            })
        })
    })?;
    scan::end(bytes, end)?;
    Ok((!export.is_over()).then_some(export))
}

/// Gives each item of the list under these names in the object at a place, with its number.
fn list(
    text: &str,
    at: usize,
    depth: usize,
    names: &[&str],
    each: &mut dyn FnMut(usize, usize) -> Result<usize, SyntaxError>,
) -> Result<usize, SyntaxError> {
    let mut count = 0;
    object(text, at, depth, &mut |key, at| {
        if !names.contains(&key) {
            return skip(text, at, depth + 1);
        }
        array(text, at, depth + 1, &mut |at| {
            count += 1;
            each(count - 1, at)
        })
    })
}

/// Notes the record at a place; the place after it.
fn note(
    text: &str,
    at: usize,
    path: [usize; 3],
    export: &mut LogExport,
) -> Result<usize, SyntaxError> {
    let found = value(text, at, 6)?;
    let (own, range) = (found.raw(text), found.range());
    let problem = Problem::of_size(range.len());
    // Most others are told by this alone. A name may be written with escapes.
    let may_be = own.contains(PREFIX) || own.contains("\\u");
    // One that is too large is not read.
    let is_content = may_be
        && (problem.is_some() || log_event(&record(own.as_bytes()), Detail::Index).is_some());
    let end = range.end;
    if !is_content {
        export.others += 1;
    } else if !export.is_over() {
        export.content.push(LocatedRecord { at: path, range, problem });
    }
    Ok(end)
}

/// A record.
pub(crate) fn record(own: &[u8]) -> LogRecord<'_> {
    let text = std::str::from_utf8(own).unwrap_or_default();
    let mut record = LogRecord::default();
    let mut pairs = Vec::new();
    let budget = &mut ValueBudget::new();
    // It was read before: it ends well.
    let _ = object(text, 0, 0, &mut |key, at| {
        match key {
            "attributes" => return attributes(text, at, 0, &mut pairs, budget),
            "body" => return any_value(text, at, 0, &mut record.body, budget),
            _ => {}
        }
        let found = value(text, at, 0)?;
        match key {
            "traceId" | "trace_id" => record.trace_id = id(found, text),
            "spanId" | "span_id" => record.span_id = id(found, text),
            "timeUnixNano" | "time_unix_nano" => record.time_ns = read_unsigned(found, text),
            "observedTimeUnixNano" | "observed_time_unix_nano" => {
                record.observed_ns = read_unsigned(found, text);
            }
            "eventName" | "event_name" => {
                record.event_name = found.text(text).unwrap_or_default();
            }
            _ => {}
        }
        Ok(found.range().end)
    });
    record.attributes = Attributes::of(pairs);
    record
}
