//! From an export of logs to those of its records that are content of spans, and from the
//! bytes of a record to what it says.

use std::ops::Range;

use super::message::{any_value, bytes, fields, id, key_value, text};
use super::walk::{Message, check, messages};
use super::wire::{Fields, Malformed, Value};
use crate::formats::otlp::export::Problem;
use crate::formats::otlp::log_record::{EVENT_NAME, LocatedRecord, LogExport, LogRecord, PREFIX};
use crate::formats::otlp::map::detail::Detail;
use crate::formats::otlp::map::logs::log_event;
use crate::formats::otlp::span::{Attributes, ValueBudget};

/// Finds the records of an export that are content.
///
/// # Errors
/// The first place that is no protobuf. Of records that cannot be content only their own
/// fields are looked at. `None` in place of an export that has more content than one may
/// have.
pub(crate) fn locate(body: &[u8]) -> Result<Option<LogExport>, Malformed> {
    let mut export = LogExport::default();
    for (resource, resource_logs) in messages(body, 0..body.len(), 1).enumerate() {
        for (scope, scope_logs) in messages(body, resource_logs?, 2).enumerate() {
            for (at, range) in messages(body, scope_logs?, 2).enumerate() {
                let range = range?;
                let problem = Problem::of_size(range.len());
                if !may_be_content(body, range.clone())?
                    || !is_content(body, &range, problem.as_ref())?
                {
                    export.others += 1;
                    continue;
                }
                let at = [resource, scope, at];
                export.content.push(LocatedRecord { at, range, problem });
                if export.is_over() {
                    return Ok(None);
                }
            }
        }
    }
    Ok(Some(export))
}

/// Whether a record has a name of those that content has.
fn may_be_content(body: &[u8], range: Range<usize>) -> Result<bool, Malformed> {
    let mut fields = Fields::of(body, range);
    let mut may_be = false;
    while let Some((number, value)) = fields.next()? {
        may_be |= match (number, value) {
            (6, Value::Bytes(from, to)) => is_event_name(body, from..to)?,
            (12, Value::Bytes(..)) => bytes(body, value).starts_with(PREFIX.as_bytes()),
            _ => false,
        };
    }
    Ok(may_be)
}

/// Whether an attribute is the name of the event.
fn is_event_name(body: &[u8], attribute: Range<usize>) -> Result<bool, Malformed> {
    let mut fields = Fields::of(body, attribute);
    let mut is_name = false;
    while let Some((number, value)) = fields.next()? {
        if number == 1 {
            is_name = bytes(body, value) == EVENT_NAME.as_bytes();
        }
    }
    Ok(is_name)
}

/// Whether a record is content: all of it has to be protobuf then. One that is too large is
/// not read.
fn is_content(
    body: &[u8],
    range: &Range<usize>,
    problem: Option<&Problem>,
) -> Result<bool, Malformed> {
    check(body, range.clone(), Message::LogRecord, 0)?;
    let own = body.get(range.clone()).unwrap_or_default();
    Ok(problem.is_some() || log_event(&record(own), Detail::Index).is_some())
}

/// A record.
pub(crate) fn record(own: &[u8]) -> LogRecord<'_> {
    let mut record = LogRecord::default();
    let mut attributes = Vec::new();
    let budget = &mut ValueBudget::new();
    for (number, value) in fields(own, 0..own.len()) {
        match (number, value) {
            (1, Value::Fixed64(time)) => record.time_ns = time,
            (5, Value::Bytes(..)) => record.body = any_value(own, value.range(), 0, budget),
            (6, Value::Bytes(..)) => attributes.extend(key_value(own, value.range(), 0, budget)),
            (9, Value::Bytes(..)) => record.trace_id = id(bytes(own, value)),
            (10, Value::Bytes(..)) => record.span_id = id(bytes(own, value)),
            (11, Value::Fixed64(time)) => record.observed_ns = time,
            (12, Value::Bytes(..)) => record.event_name = text(own, value),
            _ => {}
        }
    }
    record.attributes = Attributes::of(attributes);
    record
}
