//! OpenTelemetry's wire format, OTLP over HTTP (1.11): exports of spans, in protobuf and
//! in JSON. An export is read in three steps, whichever encoding it has: `protobuf` or
//! `json` finds its spans (`export`) and, where they are wanted, makes each one of its
//! bytes (`span`); `map` says what a span means. A bad span costs itself and no other.
//!
//! A span's own bytes do not say what made it: its resource and scope are its context.

mod body;
mod export;
mod json;
mod json_writer;
mod log_record;
pub mod logs;
mod map;
mod protobuf;
mod reply;
mod show;
mod span;

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use self::body::{check_size, malformed, text_of, too_many};
use self::export::{Export, Located, Scope};
use self::map::detail::Detail;
use self::map::shared::Shared;
use self::map::span_body;
use self::span::Span;
use super::content_type::{is_json, is_protobuf};
use super::decoded::Decoded;
use super::wire_format::{EventBytes, Extras, WireFormat};
use crate::error::{Detail as ErrorDetail, Reject};
use crate::limits::{MAX_DETAILS, MAX_OTLP_BODY_BYTES};
use crate::model::{Body, Event};

/// Where exports of spans are posted to: the default of every exporter; 2Signal's own
/// path, and what becomes of it when it is set as the base; those of Langfuse's SDKs and of
/// LangSmith's.
const PATHS: &[&str] = &[
    "/v1/traces",
    reply::COUNTING_PATH,
    "/api/v1/otel/v1/traces",
    "/api/public/otel/v1/traces",
    "/otel/v1/traces",
];

/// Where metrics are posted to. Some clients send them unasked, and print an error each time
/// that they are refused. ([`logs`] are another format.)
const UNKEPT_PATHS: &[&str] = &["/v1/metrics"];

/// The row of OTLP in protobuf.
pub const PROTOBUF: WireFormat = WireFormat {
    ending: "otlp.pb",
    paths: PATHS,
    unkept_paths: UNKEPT_PATHS,
    accepts: |content_type| content_type.is_some_and(is_protobuf),
    content_type: "application/x-protobuf",
    max_body_bytes: MAX_OTLP_BODY_BYTES,
    keeps_good_events: true,
    check: |body| Ok(check(&locate_protobuf(body)?)),
    decode: |body| Ok(decode(&locate_protobuf(body)?, body, &AS_PROTOBUF)),
    decode_event: |bytes| decode_event(bytes, &AS_PROTOBUF),
    show_event: |bytes| {
        Some(Cow::Owned(show::span(&protobuf::message::span(bytes.own, 0..bytes.own.len()))))
    },
    accepted: reply::accepted_in_protobuf,
    unkept: reply::unkept_in_protobuf,
    rejected: reply::rejected_in_protobuf,
    extras: Extras::NONE,
};

/// The row of OTLP in JSON.
pub const JSON: WireFormat = WireFormat {
    ending: "otlp.json",
    paths: PATHS,
    unkept_paths: UNKEPT_PATHS,
    accepts: |content_type| content_type.is_some_and(is_json),
    content_type: "application/json in UTF-8",
    max_body_bytes: MAX_OTLP_BODY_BYTES,
    keeps_good_events: true,
    check: |body| Ok(check(&locate_json(text_of(body)?)?)),
    decode: |body| Ok(decode(&locate_json(text_of(body)?)?, body, &AS_JSON)),
    decode_event: |bytes| decode_event(bytes, &AS_JSON),
    show_event: |bytes| std::str::from_utf8(bytes.own).ok().map(Cow::Borrowed),
    accepted: reply::accepted_in_json,
    unkept: reply::unkept_in_json,
    rejected: reply::rejected_in_json,
    extras: Extras::NONE,
};

/// How an encoding is read, once it is known what lies where.
struct Encoding {
    /// A span, of its bytes.
    span: for<'a> fn(&'a [u8]) -> Span<'a>,
    /// What spans share, of the pieces of their resource and of their scope.
    shared: MakeShared,
}

type MakeShared = for<'a> fn(&[&'a [u8]], &[&'a [u8]]) -> Shared<'a>;

const AS_PROTOBUF: Encoding = Encoding {
    span: |own| protobuf::message::span(own, 0..own.len()),
    shared: |resource, scope| {
        Shared::of(protobuf::message::resource(resource), protobuf::message::scope(scope))
    },
};

const AS_JSON: Encoding = Encoding {
    span: |own| json::message::span(std::str::from_utf8(own).unwrap_or_default(), 0),
    shared: |resource, scope| {
        Shared::of(json::message::resource(last(resource)), json::message::scope(last(scope)))
    },
};

/// The last of some pieces, as text: in JSON there is one.
fn last<'a>(pieces: &[&'a [u8]]) -> &'a str {
    pieces.last().and_then(|piece| std::str::from_utf8(piece).ok()).unwrap_or_default()
}

fn locate_protobuf(body: &[u8]) -> Result<Export, Reject> {
    check_size(body)?;
    protobuf::walk::locate(body).map_err(malformed)?.ok_or_else(|| too_many(MANY))
}

fn locate_json(text: &str) -> Result<Export, Reject> {
    let export = json::walk::locate(text);
    export.map_err(|error| error.into_reject(text))?.ok_or_else(|| too_many(MANY))
}

/// What an export may have too many of.
const MANY: &str = "spans, scopes or resources";

fn check(export: &Export) -> Decoded {
    let bad = export.spans.iter().enumerate().filter_map(|(index, span)| {
        let problem = span.problem.as_ref()?;
        let dot = if problem.field.is_empty() { "" } else { "." };
        let path = format!("{}{dot}{}", export.path(span), problem.field);
        Some(ErrorDetail { index: Some(index), path, message: problem.message.clone() })
    });
    let invalid = export.spans.iter().filter(|span| span.problem.is_some()).count();
    Decoded {
        events: export.spans.len(),
        accepted: export.spans.len() - invalid,
        invalid,
        problems: invalid,
        details: bad.take(MAX_DETAILS).collect(),
        answer: None,
    }
}

/// A scope's place, what its spans share, and their context.
type OfScope<'a> = (usize, Shared<'a>, Rc<[Range<usize>]>);

fn decode<'a>(export: &Export, body: &'a [u8], encoding: &Encoding) -> Vec<Event<'a>> {
    let bytes = |range: &Range<usize>| body.get(range.clone()).unwrap_or_default();
    let mut events = Vec::with_capacity(export.spans.len());
    // Those of one scope stand together.
    let mut of_scope: Option<OfScope> = None;
    for (index, Located { scope, range, problem, .. }) in export.spans.iter().enumerate() {
        if problem.is_some() {
            continue;
        }
        let known = of_scope.take().filter(|(of, ..)| of == scope);
        let (_, shared, context) = of_scope.insert(known.unwrap_or_else(|| {
            let none = Scope::default();
            let found = export.scopes.get(*scope).unwrap_or(&none);
            let resource = export.resources.get(found.resource).map_or(&[][..], Vec::as_slice);
            let pieces = |ranges: &[Range<usize>]| ranges.iter().map(bytes).collect::<Vec<_>>();
            let shared = (encoding.shared)(&pieces(resource), &pieces(&found.pieces));
            (*scope, shared, context(resource, &found.pieces))
        }));
        let span = (encoding.span)(bytes(range));
        let context = Some(Rc::clone(&*context));
        let body = Body::Span(span_body(&span, shared, Detail::Index));
        events.push(Event { index, context, ..Event::new(range.clone(), body) });
    }
    events
}

/// The context of a span: the pieces of its resource, an empty range, those of its scope;
/// without the empty one where each is a single piece, as nearly always.
fn context(resource: &[Range<usize>], scope: &[Range<usize>]) -> Rc<[Range<usize>]> {
    if let ([resource], [scope]) = (resource, scope) {
        return Rc::new([resource.clone(), scope.clone()]);
    }
    let between = std::iter::once(0..0);
    resource.iter().cloned().chain(between).chain(scope.iter().cloned()).collect()
}

fn decode_event<'a>(bytes: &EventBytes<'a>, encoding: &Encoding) -> Vec<Event<'a>> {
    let own = bytes.own;
    let (resource, scope) = match &*bytes.context {
        [resource, scope] if !resource.is_empty() || !scope.is_empty() => {
            (std::slice::from_ref(resource), std::slice::from_ref(scope))
        }
        pieces => {
            let between = pieces.iter().position(|piece| piece.is_empty());
            let (resource, scope) = pieces.split_at(between.unwrap_or(pieces.len()));
            (resource, scope.get(1..).unwrap_or_default())
        }
    };
    let shared = (encoding.shared)(resource, scope);
    let body = Body::Span(span_body(&(encoding.span)(own), &shared, Detail::Full));
    vec![Event::new(0..own.len(), body)]
}
