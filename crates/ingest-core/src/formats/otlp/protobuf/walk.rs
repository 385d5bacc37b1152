//! From an export's bytes to its spans: where each lies, with its resource and scope, and
//! whether it can be read. Nothing is built; what a span says is `message`'s.

use std::ops::Range;

use super::wire::{Fields, Malformed, Value};
use crate::formats::otlp::export::{Export, Located, Problem, Scope};
use crate::limits::MAX_OTLP_DEPTH;

/// A message of OTLP, by what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    Span,
    LogRecord,
    Event,
    Link,
    Status,
    Resource,
    Scope,
    KeyValue,
    AnyValue,
    ArrayValue,
    KeyValueList,
}

impl Message {
    /// The message that this field holds, where it holds one that is read.
    fn child(self, number: u32) -> Option<Self> {
        Some(match (self, number) {
            (Self::Span, 9)
            | (Self::LogRecord, 6)
            | (Self::Event | Self::Scope, 3)
            | (Self::Link, 4)
            | (Self::Resource | Self::KeyValueList, 1) => Self::KeyValue,
            (Self::Span, 11) => Self::Event,
            (Self::Span, 13) => Self::Link,
            (Self::Span, 15) => Self::Status,
            (Self::KeyValue, 2) | (Self::ArrayValue, 1) | (Self::LogRecord, 5) => Self::AnyValue,
            (Self::AnyValue, 5) => Self::ArrayValue,
            (Self::AnyValue, 6) => Self::KeyValueList,
            _ => return None,
        })
    }
}

/// Finds everything in an export.
///
/// # Errors
/// The first place that is no protobuf, in whatever message; `None` in place of an
/// export that has more than one may have.
pub(crate) fn locate(body: &[u8]) -> Result<Option<Export>, Malformed> {
    let mut export = Export::default();
    for resource_spans in messages(body, 0..body.len(), 1) {
        let resource_spans = resource_spans?;
        let resource = export.resources.len();
        export.resources.push(pieces(body, &resource_spans, Message::Resource)?);
        if export.is_over() {
            return Ok(None);
        }
        for (at, scope_spans) in messages(body, resource_spans, 2).enumerate() {
            let scope_spans = scope_spans?;
            let scope = export.scopes.len();
            let pieces = pieces(body, &scope_spans, Message::Scope)?;
            export.scopes.push(Scope { at, resource, pieces });
            if export.is_over() {
                return Ok(None);
            }
            for (at, range) in messages(body, scope_spans, 2).enumerate() {
                let range = range?;
                let problem = check_span(body, range.clone())?;
                export.spans.push(Located { at, scope, range, problem });
                if export.is_over() {
                    return Ok(None);
                }
            }
        }
    }
    Ok(Some(export))
}

/// The messages in a field of a message. All of its fields are looked at.
pub(super) fn messages(
    body: &[u8],
    range: Range<usize>,
    wanted: u32,
) -> impl Iterator<Item = Result<Range<usize>, Malformed>> {
    let mut fields = Fields::of(body, range);
    std::iter::from_fn(move || {
        loop {
            match fields.next() {
                Ok(Some((number, Value::Bytes(from, to)))) if number == wanted => {
                    return Some(Ok(from..to));
                }
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(malformed) => return Some(Err(malformed)),
            }
        }
    })
}

/// Most pieces of a message that are put together. Nobody is known to send two.
const MAX_PIECES: usize = 16;

/// The resource or scope, field 1 of what it is said of: mostly one piece.
fn pieces(
    body: &[u8],
    range: &Range<usize>,
    message: Message,
) -> Result<Vec<Range<usize>>, Malformed> {
    let all = messages(body, range.clone(), 1).take(MAX_PIECES + 1);
    let pieces = all.collect::<Result<Vec<_>, _>>()?;
    if pieces.len() > MAX_PIECES {
        return Err(Malformed { at: range.start, expected: "a resource or scope in one piece" });
    }
    for piece in &pieces {
        check(body, piece.clone(), message, 0)?;
    }
    Ok(pieces)
}

/// What is wrong with a span, all of which has to be protobuf.
fn check_span(body: &[u8], range: Range<usize>) -> Result<Option<Problem>, Malformed> {
    let size = range.len();
    let (mut trace, mut span, mut parent): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
    let mut fields = Fields::of(body, range);
    while let Some((number, value)) = fields.next()? {
        let Value::Bytes(from, to) = value else { continue };
        let bytes = || body.get(from..to).unwrap_or_default();
        match number {
            1 => trace = bytes(),
            2 => span = bytes(),
            4 => parent = bytes(),
            _ => {
                if let Some(child) = Message::Span.child(number) {
                    check(body, from..to, child, 0)?;
                }
            }
        }
    }
    Ok(Problem::of_size(size)
        .or_else(|| Problem::of_id("traceId", 16, trace))
        .or_else(|| Problem::of_id("spanId", 8, span))
        .or_else(|| Problem::of_parent(parent)))
}

/// All of a message has to be protobuf, down to the depth to which values are read.
pub(super) fn check(
    body: &[u8],
    range: Range<usize>,
    message: Message,
    depth: usize,
) -> Result<(), Malformed> {
    let depth = depth + usize::from(message == Message::AnyValue);
    if depth > MAX_OTLP_DEPTH {
        return Ok(());
    }
    let mut fields = Fields::of(body, range);
    while let Some((number, value)) = fields.next()? {
        if let (Some(child), Value::Bytes(from, to)) = (message.child(number), value) {
            check(body, from..to, child, depth)?;
        }
    }
    Ok(())
}
