//! One span: what went in, what came out, what it took. Its payloads are read
//! from the raw batch, this span's bytes alone; large ones are put on the page
//! only when they are asked for.

use std::borrow::Cow;

use maud::{Markup, html};
use prices::price::overrides::Overrides;

use super::cost::{own_prices, show_cost};
use super::payload::{PayloadRequest, Place, part};
use super::payload_field::PayloadField;
use crate::api::scores_with_trace;
use crate::batch::RawStore;
use crate::dashboard::scores::list::score_list;
use crate::dashboard::scores::rating;
use crate::dashboard::scores::rating::rating_of;
use crate::dashboard::ui::asset::Asset;
use crate::dashboard::ui::format;
use crate::dashboard::ui::format::count;
use crate::dashboard::ui::json_view;
use crate::dashboard::ui::layout::{Shell, document, unfolding_preview};
use crate::dashboard::ui::span_duration::SpanDuration;
use crate::dashboard::ui::trace_state::{running_until, version_of};
use crate::dashboard::ui::url::{chosen_url, query_value, span_url};
use crate::dashboard::view::View;
use crate::error::{Error, Reject};
use crate::index::found;
use crate::index::found::{Found, Span};
use crate::index::read::TraceRow;
use crate::index::scores::{Score, newest_of};
use crate::index::{Database, QueryResults, scores, spans};
use crate::model::{SpanBody, SpanType};
use crate::payload::{Missing, Payloads};
use crate::reply::Reply;

/// So much is shown of a cost as it was sent: a number may have any length.
const MAX_COST: usize = 200;

/// `GET /traces/{id}/spans/{span}`: a part of the trace's page when htmx asks,
/// else that page; `?part=` for one payload, `view=` for how it is shown.
///
/// # Errors
/// 404 when the trace has no such span; a fault of the database or the store.
pub async fn page(
    view: &View<'_, impl Database, impl RawStore>,
    trace_id: &str,
    span_id: &str,
) -> Result<Reply, Error> {
    let field = PayloadField::asked(view.query);
    if !view.part && field.is_none() {
        return Ok(Reply::see(chosen_url(trace_id, span_id)));
    }
    let Some(field) = field else {
        return Ok(Reply::html(200, detail(view, trace_id, span_id).await?));
    };
    let (trace, span, payloads) = fetch(view, trace_id, span_id).await?;
    let event = payloads.span(&span);
    let path = span_url(&trace.id, &span.id);
    let mode = query_value(view.query, "view");
    let part = match &event {
        Ok(body) => html! {
            @if let Some(raw) = field.of(body) {
                (part(field, raw, Place::Span(&path), PayloadRequest::For(mode.as_deref()), view.plain))
            }
        },
        Err(why) => unreadable(why),
    };
    if view.part {
        return Ok(Reply::html(200, part));
    }
    let back = chosen_url(&trace.id, &span.id);
    let shell = Shell {
        title: &span.name,
        project: view.shown_project(),
        assets: &[Asset::TraceCss, Asset::ChatCss, Asset::Htmx, Asset::SpanJs],
        back: Some((&back, "Trace")),
    };
    let main = html! { h1 { (span.name) } h2.sr { "Payload" } (part) };
    Ok(Reply::html(200, document(&shell, &main)))
}

/// `GET /traces/{id}/spans/{span}/raw?part=input`: a payload as it was sent; without
/// `part` the whole event.
///
/// # Errors
/// As [`page`], and 404 for a payload that is not there.
pub async fn raw_payload(
    view: &View<'_, impl Database, impl RawStore>,
    trace_id: &str,
    span_id: &str,
) -> Result<Reply, Error> {
    let (_, span, payloads) = fetch(view, trace_id, span_id).await?;
    let body = payloads.span(&span).map_err(|why| Reject::NotFound(why.into()))?;
    let field = PayloadField::asked(view.query);
    let content_type =
        if field == Some(PayloadField::Error) { "text/plain" } else { "application/json" };
    let text = match field {
        Some(field) => field.of(&body).map(Cow::Borrowed),
        None => shown(&span, &payloads),
    };
    let none = || Reject::NotFound("this span has no such payload".into());
    let text = text.ok_or_else(none)?;
    Ok(Reply::raw_payload(content_type, text.into_owned()))
}

/// `GET /traces/{id}/spans/{span}/image?image=…`: an image that its messages have, by its name.
///
/// # Errors
/// As [`page`], and 404 for one that is not there, or is none of the types that are shown.
pub async fn image(
    view: &View<'_, impl Database, impl RawStore>,
    trace_id: &str,
    span_id: &str,
) -> Result<Reply, Error> {
    let (_, span, payloads) = fetch(view, trace_id, span_id).await?;
    let body = payloads.span(&span).map_err(|why| Reject::NotFound(why.into()))?;
    let name = query_value(view.query, "image").unwrap_or_default();
    let fields = [PayloadField::Input, PayloadField::Output].into_iter();
    let found =
        fields.filter_map(|field| field.of(&body)).find_map(|raw| super::image::find(raw, &name));
    Ok(found.ok_or_else(|| Reject::NotFound("this span has no such image".into()))?)
}

/// The event that says all of a span; of several a list of them, the oldest first.
fn shown<'a>(span: &Span, payloads: &'a Payloads) -> Option<Cow<'a, str>> {
    let events: Vec<_> =
        span.slices.iter().map(|slice| payloads.show(slice).ok()).collect::<Option<_>>()?;
    match <[_; 1]>::try_from(events) {
        Ok([event]) => Some(event),
        Err(events) => Some(Cow::Owned(format!("[{}]", events.join(",\n")))),
    }
}

/// A span and what its events say.
async fn fetch(
    view: &View<'_, impl Database, impl RawStore>,
    trace: &str,
    span: &str,
) -> Result<(TraceRow, Span, Payloads), Error> {
    let ran = view.db.run(spans::select_span(view.project, trace, span)).await?;
    read(view, &ran, span).await
}

/// The same with its scores, as the page shows it.
async fn detail(
    view: &View<'_, impl Database, impl RawStore>,
    trace: &str,
    span: &str,
) -> Result<Markup, Error> {
    let mut asked = spans::select_span(view.project, trace, span);
    let first_of_scores = asked.len();
    asked.extend(scores::select_with_trace(view.project, trace));
    let mut ran = view.db.run(asked).await?;
    let of_scores = ran.rows.split_off(first_of_scores);
    let (trace, span, payloads) = read(view, &ran, span).await?;
    let ids = [&*span.id];
    let scores = scores_with_trace(view.project, &trace.id, &of_scores, ids, view.db).await?;
    let own = own_prices(view, Some(&span)).await?;
    Ok(detail_of(view, &trace, &span, &payloads.span(&span), &scores, &own))
}

async fn read(
    view: &View<'_, impl Database, impl RawStore>,
    ran: &QueryResults,
    span: &str,
) -> Result<(TraceRow, Span, Payloads), Error> {
    let none = || Reject::NotFound("this trace has no span with this id".into());
    let Found { trace, spans, .. } = found::read_span(ran, span)?.ok_or_else(none)?;
    let span = spans.into_iter().next().ok_or_else(none)?;
    let slices: Vec<_> = span.slices.iter().collect();
    let payloads = Payloads::read(&view.source, &slices).await?;
    Ok((trace, span, payloads))
}

fn unreadable(why: &str) -> Markup {
    html! { p.message.warn { "What went in and out cannot be shown: " (why) "." } }
}

/// All about a span, with those of its trace's scores that are its, for the region beside
/// the tree.
#[must_use]
pub fn detail_of<D, S>(
    view: &View<'_, D, S>,
    trace: &TraceRow,
    span: &Span,
    event: &Result<SpanBody<'_>, Missing>,
    scores: &[Score],
    own: &Overrides,
) -> Markup {
    let (now, last_score) = (view.now, newest_of(scores, &trace.id));
    let said = rating_of(view, &trace.id, Some(&span.id), scores);
    let scores: Vec<_> =
        scores.iter().filter(|score| score.span.as_deref() == Some(&*span.id)).collect();
    let path = span_url(&trace.id, &span.id);
    let took = SpanDuration::of(span.start_us, span.end_us, running_until(trace, now));
    let body = event.as_ref().ok();
    let name = body.and_then(|body| body.name.as_deref()).unwrap_or(&span.name);
    let class = format!("k{}", span.kind);
    let heading =
        html! { h2.(class) { @if name.is_empty() { em { (unnamed(span)) } } @else { (name) } } };
    html! {
        header data-url=(path) data-version=(version_of(span, trace, last_score, now)) {
            div.title {
                (unfolding_preview(name, &heading))
                @if !view.guest { (rating::form(&trace.id, Some(&span.id), &said)) }
                button.quiet.icon.close type="button" data-close aria-label="Close" title="Close (Esc)" { "✕" }
            }
            p.line {
                @if !span.unreceived {
                    span.kind.(class) { (kind_name(span.kind)) }
                    (took.status(span.status))
                }
                @if let Some(model) = body.and_then(|b| b.model.as_deref()).or(span.model.as_deref()) {
                    code title=(model) { (model) }
                }
            }
            (numbers(trace, span, body, own, took))
            div.find {
                input type="search" data-find placeholder="Find in this span" aria-label="Find in this span";
                span.muted data-found aria-live="polite" {}
                span.spacer {}
                button.small type="button" data-texts aria-pressed=(if view.plain { "false" } else { "true" })
                    title="Show texts as Markdown, or as they were sent" { "Markdown" }
            }
        }
        @if !scores.is_empty() {
            section.part {
                header { h3 { "Scores" } }
                (score_list(&scores, |_| None))
            }
        }
        @match event {
            Err(why) => (unreadable(why)),
            Ok(body) => {
                @if span.unreceived {
                    p.message { "Its messages have come as logs. The span itself has not, or not yet." }
                }
                @if is_without_messages(body) {
                    p.message {
                        "Its messages were not sent. Many instrumentations leave them out unless they are told to send them; "
                        "those of OpenTelemetry by " code { "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY" } "."
                    }
                }
                @for (field, raw) in PayloadField::ALL.into_iter().filter_map(|field| Some((field, field.of(body)?))) {
                    (part(field, raw, Place::Span(&path), PayloadRequest::No, view.plain))
                }
            },
        }
        (about(trace, span, body, &path))
    }
}

/// What stands in place of a name that a span has not.
#[must_use]
pub fn unnamed(span: &Span) -> &'static str {
    if span.unreceived { "span not received" } else { format::NO_NAME }
}

/// Whether this is the call of a model, by a client that could have sent its messages and
/// did not: those that say of their trace what only instrumentations do.
fn is_without_messages(body: &SpanBody<'_>) -> bool {
    let nothing = body.input.is_none() && body.output.is_none();
    body.kind == Some(SpanType::Llm) && nothing && body.of_trace.is_some()
}

/// `Human handoff`, but `LLM`.
#[must_use]
pub fn kind_name(code: usize) -> String {
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

fn numbers(
    trace: &TraceRow,
    span: &Span,
    body: Option<&SpanBody<'_>>,
    own: &Overrides,
    took: SpanDuration,
) -> Markup {
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
                    @if let (SpanDuration::Running(_), Some(start)) = (took, span.start_us) {
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
            (show_cost(span, body, own))
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
                @if let Some(cost) = body.and_then(|body| body.cost.as_deref()) { div { dt { "Cost as sent" } dd { code { (json_view::start(cost, MAX_COST)) @if cost.len() > MAX_COST { "…" } } } } }
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
        let names: Vec<_> = (0..11).map(kind_name).collect();
        assert_eq!(
            names.join(", "),
            "Agent, LLM, Tool, Retrieval, Chain, Custom, Delegation, Voice, Human handoff, Guardrail, Custom"
        );
    }
}
