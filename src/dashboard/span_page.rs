//! One span: what went in, what came out, what it took. Its payloads are read
//! from the raw batch, this span's bytes alone; large ones are put on the page
//! only when they are asked for.

use maud::{Markup, html};

use super::format::{self, count, encode, exact_dollars};
use super::json_view;
use super::layout::{Shell, document, unfolding};
use super::span_payload::{Asked, part};
use super::took::Took;
use super::trace_page::{running, version};
use super::{Answer, View, asset::Asset};
use crate::batch::RawStore;
use crate::error::{Error, Reject};
use crate::model::{Body, Millis, SpanBody, SpanType};
use crate::payload::{Missing, Payloads};
use crate::store::read::{self, Span, TraceRow};
use crate::store::{Database, query};
use crate::wire;

/// So much is shown of a cost as it was sent: a number may have any length.
const MAX_COST: usize = 200;

/// A payload of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// What went in.
    Input,
    /// What came out.
    Output,
    /// How the model was asked.
    Parameters,
    /// What else the client said.
    Metadata,
    /// What went wrong.
    Error,
}

impl Slot {
    /// In the order in which they are shown.
    const ALL: [Self; 5] =
        [Self::Error, Self::Input, Self::Output, Self::Parameters, Self::Metadata];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::Parameters => "parameters",
            Self::Metadata => "metadata",
            Self::Error => "error",
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Input => "Input",
            Self::Output => "Output",
            Self::Parameters => "Model parameters",
            Self::Metadata => "Metadata",
            Self::Error => "Error",
        }
    }

    /// The one that a query's `part` names.
    fn asked(query: &str) -> Option<Self> {
        let part = value(query, "part")?;
        Self::ALL.into_iter().find(|slot| slot.name() == part)
    }

    /// Its JSON, if the span has one; the text of an error.
    pub(super) fn of<'a>(self, body: &'a SpanBody<'_>) -> Option<&'a str> {
        match self {
            Self::Input => body.input,
            Self::Output => body.output,
            Self::Parameters => body.model_parameters,
            Self::Metadata => body.metadata,
            Self::Error => body.error_message.as_deref().filter(|text| !text.is_empty()),
        }
    }
}

/// The last value of a name in a query string.
#[must_use]
pub fn value(query: &str, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.filter(|(key, _)| key == name).last().map(|(_, value)| value.into_owned())
}

/// `GET /traces/{id}/spans/{span}`: a part of the trace's page when htmx asks,
/// else that page; `?part=` for one payload, `view=` for how it is shown.
///
/// # Errors
/// 404 when the trace has no such span; a fault of the database or the store.
pub async fn page(
    view: &View<'_, impl Database, impl RawStore>,
    trace_id: &str,
    span_id: &str,
) -> Result<Answer, Error> {
    let slot = Slot::asked(view.query);
    if !view.part && slot.is_none() {
        let (trace, span) = (encode(trace_id), encode(span_id));
        return Ok(Answer::see(format!("/traces/{trace}?span={span}")));
    }
    let (trace, span, payloads) = fetch(view, trace_id, span_id).await?;
    let event = event(&span, &payloads);
    let Some(slot) = slot else { return Ok(detail(&trace, &span, &event, view.now).into()) };
    let path = path(&trace.id, &span.id);
    let look = value(view.query, "view");
    let part = match &event {
        Ok(body) => part(slot, body, &path, Asked::For(look.as_deref())),
        Err(why) => unreadable(why),
    };
    if view.part {
        return Ok(part.into());
    }
    let back = format!("/traces/{}?span={}", encode(&trace.id), encode(&span.id));
    let shell = Shell {
        title: &span.name,
        project: Some(view.project_name),
        assets: &[Asset::TraceCss, Asset::Htmx, Asset::SpanJs],
        back: Some((&back, "Trace")),
    };
    Ok(document(&shell, &html! { h1 { (span.name) } h2.sr { "Payload" } (part) }).into())
}

/// `GET /traces/{id}/spans/{span}/raw?part=input`: a payload as it was sent; without
/// `part` the whole event.
///
/// # Errors
/// As [`page`], and 404 for a payload that is not there.
pub async fn raw(
    view: &View<'_, impl Database, impl RawStore>,
    trace_id: &str,
    span_id: &str,
) -> Result<Answer, Error> {
    let (_, span, payloads) = fetch(view, trace_id, span_id).await?;
    let body = event(&span, &payloads).map_err(|why| Reject::NotFound(why.into()))?;
    let slot = Slot::asked(view.query);
    let content_type = if slot == Some(Slot::Error) { "text/plain" } else { "application/json" };
    let text = match slot {
        Some(slot) => slot.of(&body),
        None => span.slice.as_ref().and_then(|slice| payloads.get(slice).ok()),
    };
    let none = || Reject::NotFound("this span has no such payload".into());
    Ok(Answer {
        status: 200,
        headers: vec![
            ("content-type", format!("{content_type}; charset=utf-8")),
            // Nothing a client sent is a document of this origin, whatever a
            // browser takes it for.
            ("content-security-policy", "default-src 'none'; sandbox".into()),
        ],
        body: text.ok_or_else(none)?.to_owned(),
    })
}

async fn fetch(
    view: &View<'_, impl Database, impl RawStore>,
    trace: &str,
    span: &str,
) -> Result<(TraceRow, Span, Payloads), Error> {
    let ran = view.db.run(query::get_span(view.project, trace, span)).await?;
    let none = || Reject::NotFound("this trace has no span with this id".into());
    let (trace, spans) = read::trace(&ran)?.ok_or_else(none)?;
    let span = spans.into_iter().next().ok_or_else(none)?;
    let source = &view.source;
    let slices: Vec<_> = span.slice.iter().collect();
    let payloads = Payloads::read(source.store, &slices, source.held, source.now).await?;
    Ok((trace, span, payloads))
}

/// The span's own event.
///
/// # Errors
/// Why it is not there.
pub fn event<'a>(span: &Span, payloads: &'a Payloads) -> Result<SpanBody<'a>, Missing> {
    const ODD: Missing = "the raw batch is not what the index says";
    let bytes = payloads.get(span.slice.as_ref().ok_or(ODD)?)?;
    match wire::decode_event(bytes).ok_or(ODD)?.body {
        Body::Span(body) => Ok(body),
        Body::Trace(_) => Err(ODD),
    }
}

fn path(trace: &str, span: &str) -> String {
    format!("/traces/{}/spans/{}", encode(trace), encode(span))
}

fn unreadable(why: &str) -> Markup {
    html! { p.message.warn { "What went in and out cannot be shown: " (why) "." } }
}

/// All about a span, for the region beside the tree.
#[must_use]
pub fn detail(
    trace: &TraceRow,
    span: &Span,
    event: &Result<SpanBody<'_>, Missing>,
    now: Millis,
) -> Markup {
    let path = path(&trace.id, &span.id);
    let took = Took::of(span.start_us, span.end_us, running(trace, now));
    let body = event.as_ref().ok();
    let name = body.map_or(&*span.name, |body| &*body.name);
    let class = format!("k{}", span.kind);
    let heading =
        html! { h2.(class) { @if name.is_empty() { em { "no name" } } @else { (name) } } };
    html! {
        header data-url=(path) data-version=(version(span, trace, now)) {
            div.title {
                (unfolding(name, &heading))
                button.quiet.icon.close type="button" data-close aria-label="Close" title="Close (Esc)" { "✕" }
            }
            p.line {
                span.kind.(class) { (kind(span.kind)) }
                (took.status(span.status))
                @if let Some(model) = body.and_then(|b| b.model.as_deref()).or(span.model.as_deref()) {
                    code title=(model) { (model) }
                }
            }
            (numbers(trace, span, body, took))
            div.find {
                input type="search" data-find placeholder="Find in this span" aria-label="Find in this span";
                span.muted data-found aria-live="polite" {}
            }
        }
        @match event {
            Err(why) => (unreadable(why)),
            Ok(body) => @for slot in Slot::ALL { (part(slot, body, &path, Asked::No)) },
        }
        (about(trace, span, body, &path))
    }
}

/// `Human handoff`, but `LLM`.
#[must_use]
pub fn kind(code: usize) -> String {
    let name = SpanType::name_of(code);
    if name == "LLM" {
        return name.into();
    }
    let mut text = name.to_ascii_lowercase().replace('_', " ");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

fn numbers(trace: &TraceRow, span: &Span, body: Option<&SpanBody<'_>>, took: Took) -> Markup {
    let after =
        span.start_us.map(|start| start.saturating_sub(trace.start_us)).filter(|us| *us > 0);
    let tokens = |n: Option<u64>| n.map(|n| count(i64::try_from(n).unwrap_or(i64::MAX)));
    let parts = [
        ("in", span.prompt_tokens),
        ("out", span.completion_tokens),
        ("cached", body.and_then(|body| body.usage.cached)),
    ];
    let parts = parts.into_iter().filter_map(|(name, n)| Some((name, tokens(n)?)));
    html! {
        dl.facts {
            div {
                dt { "Duration" }
                dd {
                    (took.shown())
                    @if took.is_reversed() { span.muted { " · ends before it starts" } }
                    @if let (Took::Running(_), Some(start)) = (took, span.start_us) {
                        span.muted { " · running since " (format::time(start)) }
                    }
                }
            }
            @if let Some(after) = after {
                div { dt { "Began after" } dd { (format::duration(after)) } }
            }
            @if let Some(total) = tokens(span.total_tokens) {
                div {
                    dt { "Tokens" }
                    dd { (total) @for (name, n) in parts { span.muted { " · " (n) " " (name) } } }
                }
            }
            @if let Some(nano) = span.cost_nano {
                div { dt { "Cost" } dd { (exact_dollars(nano)) } }
            }
        }
    }
}

/// When and where, for those who look things up.
fn about(trace: &TraceRow, span: &Span, body: Option<&SpanBody<'_>>, path: &str) -> Markup {
    let parent = body.and_then(|body| body.parent.as_deref());
    let id = |name: &str, id: &str| {
        html! { div { dt { (name) } dd { code { (id) } " " button.quiet.small type="button" data-copy=(id) { "Copy" } } } }
    };
    html! {
        section.part.about {
            header { h3 { "Details" } }
            dl {
                @if let Some(at) = span.start_us { div { dt { "Started" } dd { (format::time(at)) } } }
                @if let Some(at) = span.end_us { div { dt { "Ended" } dd { (format::time(at)) } } }
                @if let Some(at) = span.received_ms { div { dt { "Received" } dd { (format::time(at.saturating_mul(1_000))) } } }
                @if let Some(cost) = body.and_then(|body| body.cost) { div { dt { "Cost as sent" } dd { code { (json_view::start(cost, MAX_COST)) @if cost.len() > MAX_COST { "…" } } } } }
                (id("Span", &span.id))
                @if let Some(parent) = parent { (id("Parent", parent)) }
                (id("Trace", &trace.id))
            }
            p { a href=(format!("{path}/raw")) target="_blank" rel="noopener" { "The whole event as it was sent" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_kinds_as_people_do() {
        let names: Vec<_> = (0..11).map(kind).collect();
        assert_eq!(
            names.join(", "),
            "Agent, LLM, Tool, Retrieval, Chain, Custom, Delegation, Voice, Human handoff, Guardrail, Custom"
        );
    }

    #[test]
    fn finds_what_a_query_asks_for() {
        assert_eq!(Slot::asked("view=json&part=output"), Some(Slot::Output));
        assert_eq!(Slot::asked("part=outputs"), None);
        assert_eq!(value("a=1&a=%2F&b", "a").as_deref(), Some("/"));
    }
}
