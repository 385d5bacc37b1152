//! What the read API's answers look like. Times are ISO 8601 in UTC with
//! milliseconds, a trace's cost is a decimal string, payloads are the client's
//! own bytes.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::index::found::{Costs, Parent, Span};
use crate::index::read::{Slice, TraceRow};
use crate::model::{Json, Micros, Millis, SpanBody, SpanType};
use crate::payload::{Content, Missing, Payloads};
use crate::time;
use ingest_core::fold::price::CostSource;

/// A page of the list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<'a> {
    pub traces: Vec<Trace<'a>>,
    /// For the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// A trace, in lists and alone.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace<'a> {
    id: &'a str,
    name: &'a str,
    status: &'static str,
    start_time: String,
    end_time: Option<String>,
    duration_ms: Option<i64>,
    total_cost: String,
    /// Of one trace alone: who says the costs of its spans, and the models of calls without.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_sources: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unpriced_models: Option<&'a BTreeSet<String>>,
    total_tokens: i64,
    tags: Option<&'a RawValue>,
    metadata: Option<Cow<'a, RawValue>>,
    /// What went in and came out of the trace itself, in formats that have that.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Cow<'a, RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Cow<'a, RawValue>>,
    /// Why one of these is not here though it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_error: Option<Missing>,
    session_id: Option<&'a str>,
    user_id: Option<&'a str>,
    parent_trace_id: Option<&'a str>,
    deployment_id: Option<&'a str>,
    evaluators: Option<&'a RawValue>,
    span_count: i64,
    /// Spans that failed.
    error_count: i64,
    score_count: i64,
    created_at: String,
}

impl<'a> Trace<'a> {
    /// The trace of a row, as of a time; long metadata is among the payloads.
    pub fn of(row: &'a TraceRow, payloads: &'a Payloads, now: Millis) -> Self {
        let (metadata, payload_error) = match row.metadata_elsewhere() {
            Some(slices) => match payloads.trace_metadata(&slices) {
                Ok(metadata) => (metadata, None),
                Err(why) => (None, Some(why)),
            },
            None => (row.metadata.as_deref().map(Json::from), None),
        };
        Self {
            id: &row.id,
            name: &row.name,
            status: row.status(now).as_str(),
            start_time: time::with_millis(row.start_us),
            end_time: row.end_us.map(time::with_millis),
            duration_ms: row.end_us.map(|end| millis_between(row.start_us, end)),
            total_cost: dollars(row.cost_nano),
            cost_sources: None,
            unpriced_models: None,
            total_tokens: row.tokens,
            tags: raw(Some(row.tags.as_deref().unwrap_or("[]"))),
            metadata: metadata.and_then(checked),
            input: None,
            output: None,
            payload_error,
            session_id: row.session.as_deref(),
            user_id: row.user.as_deref(),
            parent_trace_id: row.parent_trace.as_deref(),
            deployment_id: row.deployment.as_deref(),
            evaluators: raw(Some(row.evaluators.as_deref().unwrap_or("[]"))),
            span_count: row.spans,
            error_count: row.errors,
            score_count: row.scores.unwrap_or_default(),
            created_at: time::of_millis(row.created_ms),
        }
    }
}

impl<'a> Trace<'a> {
    /// With its own input and output, which are among the payloads; lists have none.
    #[must_use]
    pub fn with_content(mut self, row: &TraceRow, payloads: &'a Payloads) -> Self {
        let mut read = |slice: Option<Slice>, which: fn(Content<'a>) -> Option<Json<'a>>| {
            let content = slice.map(|slice| payloads.trace_content(&slice)).transpose();
            content
                .unwrap_or_else(|why| {
                    self.payload_error = Some(why);
                    None
                })
                .and_then(which)
                .and_then(checked)
        };
        let input = read(row.own_input(), |(input, _)| input);
        let output = read(row.own_output(), |(_, output)| output);
        Self { input, output, ..self }
    }
}

impl<'a> Trace<'a> {
    /// With what is known of where its costs are from; lists say nothing of that.
    #[must_use]
    pub fn with_costs(self, costs: &'a Costs) -> Self {
        let sources = costs.sources.iter().map(|source| source.as_str()).collect();
        Self { cost_sources: Some(sources), unpriced_models: Some(&costs.unpriced), ..self }
    }
}

/// A span with its payloads.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SpanOut<'a> {
    id: &'a str,
    trace_id: &'a str,
    parent_span_id: Option<&'a str>,
    /// Set when the parent was named but is not there, or not yet.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    parent_missing: bool,
    name: &'a str,
    /// Null while nothing has come of it that says one.
    r#type: Option<&'static str>,
    start_time: Option<String>,
    end_time: Option<String>,
    duration_ms: Option<i64>,
    input: Option<&'a RawValue>,
    output: Option<&'a RawValue>,
    model: Option<&'a str>,
    model_parameters: Option<&'a RawValue>,
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
    cached_tokens: Option<u64>,
    cost: Option<Box<RawValue>>,
    cost_source: Option<&'static str>,
    status: &'static str,
    error_message: Option<&'a str>,
    metadata: Option<&'a RawValue>,
    /// Why input, output, parameters, metadata and the error's message are
    /// null though some may have been sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_error: Option<Missing>,
    created_at: Option<String>,
}

impl<'a> SpanOut<'a> {
    /// The span of a row and of its event, or of the reason why that is not
    /// there: then what the index has must do.
    pub fn of(
        trace: &'a str,
        row: &'a Span,
        parent: &'a Parent,
        event: &'a Result<SpanBody<'a>, Missing>,
    ) -> Self {
        let body = event.as_ref().ok();
        let (parent_span_id, parent_missing) = match parent {
            // A client that follows parents up must come to an end.
            Parent::None | Parent::Itself => (None, false),
            Parent::Span(id) => (Some(id.as_str()), false),
            Parent::Missing | Parent::Elsewhere(_) => {
                (body.and_then(|b| b.parent.as_deref()), true)
            }
        };
        let cost = body
            .and_then(|b| b.cost.as_deref().map(str::to_owned))
            .or_else(|| row.cost_nano.map(dollars));
        Self {
            id: &row.id,
            trace_id: trace,
            parent_span_id,
            parent_missing,
            name: body.and_then(|b| b.name.as_deref()).unwrap_or(&row.name),
            r#type: (!row.unreceived).then(|| SpanType::name_of(row.kind)),
            start_time: row.start_us.map(time::with_millis),
            end_time: row.end_us.map(time::with_millis),
            duration_ms: row.start_us.zip(row.end_us).map(|(s, e)| millis_between(s, e)),
            input: raw(body.and_then(|b| b.input.as_deref())),
            output: raw(body.and_then(|b| b.output.as_deref())),
            model: body.map_or(row.model.as_deref(), |b| b.model.as_deref()),
            model_parameters: raw(body.and_then(|b| b.model_parameters.as_deref())),
            prompt_tokens: row.prompt_tokens,
            completion_tokens: row.completion_tokens,
            total_tokens: row.total_tokens,
            cached_tokens: body.and_then(|b| b.usage.cached),
            cost: cost.and_then(|c| RawValue::from_string(c).ok()),
            cost_source: row.cost_source.map(CostSource::as_str),
            status: row.status.as_str(),
            error_message: body.and_then(|b| b.error_message.as_deref()),
            metadata: raw(body.and_then(|b| b.metadata.as_deref())),
            payload_error: event.as_ref().err().copied(),
            created_at: row.received_ms.map(time::of_millis),
        }
    }
}

/// JSON text as it is. It was checked when it came in.
fn raw(json: Option<&str>) -> Option<&RawValue> {
    json.and_then(|json| serde_json::from_str(json).ok())
}

/// The same, of text that may be nobody else's.
fn checked(json: Json<'_>) -> Option<Cow<'_, RawValue>> {
    match json {
        Json::Borrowed(json) => raw(Some(json)).map(Cow::Borrowed),
        Json::Owned(json) => RawValue::from_string(json).ok().map(Cow::Owned),
    }
}

/// Whole milliseconds from one time to another; a clock that ran backwards
/// makes it 0.
fn millis_between(start: Micros, end: Micros) -> Millis {
    end.saturating_sub(start).max(0) / 1_000
}

/// Billionths of a dollar as a decimal, without needless zeros: `0.0034`.
pub fn dollars(nano: i64) -> String {
    let (sign, nano) = (if nano < 0 { "-" } else { "" }, nano.unsigned_abs());
    let text = format!("{sign}{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_costs_as_decimals() {
        for (nano, text) in [
            (0, "0"),
            (3_400_000, "0.0034"),
            (1, "0.000000001"),
            (-2_500_000_000, "-2.5"),
            (120_000_000_000, "120"),
        ] {
            assert_eq!(dollars(nano), text);
        }
    }
}
