//! A trace: what it came to, and its spans as tree and waterfall in one, with
//! one span's detail beside them. Made from the index alone, whatever the
//! payloads weigh: those of a span are read when it is chosen.

use maud::{Markup, html};
use xxhash_rust::xxh3::xxh3_64;

use super::asset::Asset;
use super::format::{self, count, dollars, duration, encode, exact_dollars};
use super::json::Json;
use super::json_view::{self, Budget};
use super::layout::{Shell, document};
use super::tree::Tree;
use super::{Answer, View, rows, span_page, waterfall};
use crate::api::NO_TRACE;
use crate::batch::RawStore;
use crate::error::{Error, Reject};
use crate::model::{Body, Millis, Status};
use crate::payload::Payloads;
use crate::store::read::{self, Span, TraceRow};
use crate::store::{Database, query};
use crate::wire;

/// So much of a trace's metadata is shown.
const METADATA: usize = 32 * 1024;
/// So many spans with errors are named in the header.
const ERRORS: usize = 5;

/// `GET /traces/{id}`, with `?span={id}` for one of its spans. A script that asks
/// is told the trace's state alone, to see whether that has changed.
///
/// # Errors
/// 404 when the project has no such trace; a fault of the database or the store.
pub async fn page(
    view: &View<'_, impl Database, impl RawStore>,
    id: &str,
) -> Result<Answer, Error> {
    let none = || Reject::NotFound(NO_TRACE.into());
    if view.part {
        // Only whether something has changed: by key, one row.
        let row = query::get_trace(view.project, id).into_iter().take(1).collect();
        let trace = read::traces(&view.db.run(row).await?)?.into_iter().next().ok_or_else(none)?;
        return Ok(html! { (state(&trace, view.now)) }.into());
    }
    let ran = view.db.run(query::get_trace(view.project, id)).await?;
    let (trace, spans) = read::trace(&ran)?.ok_or_else(none)?;
    let asked = span_page::value(view.query, "span");
    let chosen = asked.as_ref().and_then(|id| spans.iter().find(|span| span.id == *id));
    let elsewhere = trace.metadata_elsewhere();
    let slices: Vec<_> =
        chosen.and_then(|span| span.slice.as_ref()).into_iter().chain(&elsewhere).collect();
    let source = &view.source;
    let payloads = Payloads::read(source.store, &slices, source.held, source.now).await?;
    let tree = Tree::of(&spans, trace.start_us, trace.end_us);
    let detail =
        chosen.map(|span| span_page::detail(&trace, span, &span_page::event(span, &payloads)));
    let first = chosen.or_else(|| tree.rows.first().and_then(|row| spans.get(row.span)));
    let title = if trace.name.is_empty() { "Trace" } else { &trace.name };
    let shell = Shell {
        title,
        project: Some(view.project_name),
        assets: &[Asset::TraceCss, Asset::Htmx, Asset::TraceJs, Asset::SpanJs],
        back: Some(("/traces", "Traces")),
    };
    let main = html! {
        div.trace data-trace-id=(trace.id) data-state=(state(&trace, view.now)) data-live[is_live(&trace, view.now)] {
            (header(&trace, &spans, metadata(&trace, &payloads), view.now))
            @if asked.is_some() && chosen.is_none() {
                p.message.warn { "This trace has no span " code { (asked.unwrap_or_default()) } ", or not yet." }
            }
            @if spans.is_empty() {
                p.message { "No span of this trace has come yet." }
            } @else {
                div.split {
                    section.spans {
                        (toolbar(&trace, &tree))
                        (waterfall::table(&tree, &spans, first.map(|span| span.id.as_str())))
                        @if tree.rows.len() > waterfall::MAX_ROWS {
                            p.muted { "The first " (count_of(waterfall::MAX_ROWS)) " of " (count_of(tree.rows.len())) " spans are shown." }
                        }
                    }
                    div.grip role="separator" aria-orientation="vertical" aria-label="Width of the span's detail"
                        aria-controls="span" aria-valuemin="20" aria-valuemax="75" aria-valuenow="35" tabindex="0" {}
                    (aside(&trace, first, detail))
                }
            }
        }
        (help())
    };
    Ok(document(&shell, &main).into())
}

/// What is different when a trace has changed, or only its status has with time.
fn state(trace: &TraceRow, now: Millis) -> String {
    let TraceRow { spans, errors, tokens, cost_nano, start_us, end_us, open, name, .. } = trace;
    let (end, status) = (end_us.unwrap_or_default(), trace.status(now).as_str());
    let text =
        format!("{spans} {errors} {open} {status} {tokens} {cost_nano} {start_us} {end} {name}");
    format!("{:016x}", xxh3_64(text.as_bytes()))
}

/// Whether more of a trace may come while one looks at it.
fn is_live(trace: &TraceRow, now: Millis) -> bool {
    const RECENT: Millis = 10 * 60 * 1_000;
    let last = trace.end_us.unwrap_or(trace.start_us) / 1_000;
    now.saturating_sub(last.max(trace.created_ms)) < RECENT
}

/// The detail's place. Without one it is fetched, so that the tree does not wait
/// for it.
fn aside(trace: &TraceRow, first: Option<&Span>, detail: Option<Markup>) -> Markup {
    let url = first.map(|span| format!("/traces/{}/spans/{}", encode(&trace.id), encode(&span.id)));
    let later = url.filter(|_| detail.is_none());
    html! {
        aside #span .detail role="region" aria-label="Span" tabindex="-1" hx-sync="replace"
            hx-get=[later.as_ref()] hx-trigger=[later.as_ref().map(|_| "load")] {
            @if let Some(detail) = detail { (detail) }
        }
    }
}

fn count_of(n: usize) -> String {
    count(i64::try_from(n).unwrap_or(i64::MAX))
}

fn header(trace: &TraceRow, spans: &[Span], metadata: Option<Markup>, now: Millis) -> Markup {
    let tags = trace.tags.as_deref().unwrap_or("[]");
    let tags = Json::new(tags).items().filter_map(Json::text);
    let errors = || spans.iter().filter(|span| span.status == Status::Error);
    let more_errors = errors().count().saturating_sub(ERRORS);
    html! {
        header.summary {
            div.title {
                h1 { @if trace.name.is_empty() { em { "no name" } } @else { (trace.name) } }
                (rows::status(trace.status(now), trace.errors))
                @for tag in tags { a.tag href=(format!("/traces?range=all&tag={}", encode(&tag))) { (tag) } }
            }
            dl.facts {
                div { dt { "Started" } dd { (format::time(trace.start_us)) } }
                div { dt { "Duration" } dd {
                    @match trace.end_us {
                        Some(end) => (duration(end.saturating_sub(trace.start_us))),
                        None => em { "no end" },
                    }
                } }
                div { dt { "Spans" } dd { (count(trace.spans)) } }
                div { dt { "Tokens" } dd { (count(trace.tokens)) } }
                div { dt { "Cost" } dd title=(exact_dollars(trace.cost_nano)) { (dollars(trace.cost_nano)) } }
                @if let Some(session) = &trace.session {
                    div { dt { "Session" } dd { a href=(session_url(session, trace.start_us)) { (session) } } }
                }
                @if let Some(parent) = &trace.parent_trace {
                    div { dt { "Parent trace" } dd { a href=(format!("/traces/{}", encode(parent))) { (parent) } } }
                }
                @if let Some(deployment) = &trace.deployment { div { dt { "Deployment" } dd { (deployment) } } }
                div { dt { "Trace ID" } dd.id { code { (trace.id) } button.quiet.small type="button" data-copy=(trace.id) { "Copy" } } }
            }
            @if trace.errors > 0 || metadata.is_some() {
                div.more {
                    @if trace.errors > 0 {
                        p.errors {
                            span.error-text { (format::counted(trace.errors, "error")) }
                            @for span in errors().take(ERRORS) {
                                a href=(format!("?span={}", encode(&span.id))) data-show=(span.id) {
                                    @if span.name.is_empty() { "no name" } @else { (span.name) }
                                }
                            }
                            @if more_errors > 0 { span.muted { "and " (count_of(more_errors)) " more" } }
                        }
                    }
                    @if let Some(metadata) = metadata {
                        details.metadata { summary { "Metadata" } (metadata) }
                    }
                }
            }
        }
    }
}

/// Where a session's traces are, beginning with those around this one.
#[must_use]
pub fn session_url(session: &str, at: i64) -> String {
    format!("/sessions/{}?at={at}", encode(session))
}

fn metadata(trace: &TraceRow, payloads: &Payloads) -> Option<Markup> {
    let json = match trace.metadata_elsewhere() {
        None => trace.metadata.as_deref()?,
        Some(slice) => match payloads.get(&slice).map(wire::decode_event) {
            Ok(Some(event)) => match event.body {
                Body::Trace(body) => body.metadata?,
                Body::Span(_) => return None,
            },
            _ => return Some(html! { p.muted { "could not be read" } }),
        },
    };
    let mut budget = Budget::new(METADATA);
    let shown = json_view::view(Json::new(json), &mut budget);
    Some(html! { (shown) @if budget.cut { p.muted { "This is not all of it." } } })
}

fn toolbar(trace: &TraceRow, tree: &Tree) -> Markup {
    let nested = tree.rows.iter().any(|row| row.children > 0);
    html! {
        div.tools role="toolbar" aria-label="Spans" {
            input type="search" data-search placeholder="Search spans  ( / )" aria-label="Search spans" autocomplete="off" spellcheck="false";
            span.muted data-matches aria-live="polite" {}
            span.spacer {}
            @if nested {
                button.small type="button" data-fold="all" { "Collapse all" }
                button.small type="button" data-fold="none" { "Expand all" }
            }
            @if trace.errors > 0 { button.small type="button" data-next-error { "Next error" } }
            button.small type="button" data-unzoom hidden { "Zoom out" }
            span.legend title="The chain of work that determined when the trace ended" { "Critical path" }
            button.quiet.icon type="button" data-help aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" { "?" }
        }
    }
}

fn help() -> Markup {
    const KEYS: [(&str, &str); 11] = [
        ("↑ ↓", "previous, next span"),
        ("→", "expand, or to the first child"),
        ("←", "collapse, or to the parent"),
        ("Home End", "first, last span"),
        ("Enter", "show the span"),
        ("E", "next error"),
        ("Z", "zoom to the span"),
        ("0", "zoom out"),
        ("/", "search"),
        ("Esc", "leave the search, close the span"),
        ("?", "this help"),
    ];
    html! {
        dialog #help aria-label="Keyboard shortcuts" {
            h2 { "Keyboard" }
            dl { @for (key, what) in KEYS { div { dt { @for key in key.split(' ') { kbd { (key) } } } dd { (what) } } } }
            form method="dialog" { button.primary { "Close" } }
        }
    }
}
