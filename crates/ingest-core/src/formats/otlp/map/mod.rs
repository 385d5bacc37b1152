//! From a span as OTLP has it to what it says to people. To be filled.

use super::span::{Resource, Scope, Span};
use crate::model::{SpanBody, SpanType, Status, Usage};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    Index,
    Full,
}

pub(super) fn span_body<'a>(
    span: &Span<'a>,
    _: &Resource<'a>,
    _: &Scope<'a>,
    _: Detail,
) -> SpanBody<'a> {
    let micros = |ns: u64| (ns > 0).then(|| (ns / 1_000).cast_signed());
    SpanBody {
        trace: span.trace_id.to_string().into(),
        id: Some(span.span_id.to_string().into()),
        parent: span.parent_id.map(|id| id.to_string().into()),
        name: span.name.clone(),
        kind: SpanType::Custom,
        start: micros(span.start_ns),
        end: micros(span.end_ns),
        input: None,
        output: None,
        model: None,
        model_parameters: None,
        usage: Usage::default(),
        cost: None,
        status: Status::Ok,
        error_message: None,
        metadata: None,
        of_trace: None,
    }
}
