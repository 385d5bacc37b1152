//! A session: its traces in the order in which they happened, and what they
//! came to together.

use maud::{Markup, html};

use crate::batch::RawStore;
use crate::dashboard::ui::asset::Asset;
use crate::dashboard::ui::format;
use crate::dashboard::ui::format::{count, dollars, duration, encode, exact_dollars};
use crate::dashboard::ui::layout::{Shell, document, unfolding_preview};
use crate::dashboard::ui::status::show_trace_status;
use crate::dashboard::ui::trace_state::{duration_so_far, running_until};
use crate::dashboard::ui::url::query_value;
use crate::dashboard::view::View;
use crate::error::Error;
use crate::index::read::TraceRow;
use crate::index::{Database, sessions};
use crate::model::{Micros, Millis, TraceStatus};
use crate::reply::Reply;

/// `GET /sessions/{id}`: those of its traces that are near `at` (microseconds since the
/// epoch), or the newest.
///
/// # Errors
/// A fault of the database.
pub async fn page(view: &View<'_, impl Database, impl RawStore>, id: &str) -> Result<Reply, Error> {
    let asked = query_value(view.query, "at").and_then(|at| at.parse().ok());
    let at: Micros = asked.unwrap_or_else(|| view.now.saturating_mul(1_000));
    let near =
        sessions::read_near(view.db.run(sessions::select_near(view.project, id, at)).await?)?;
    let go = |at: Micros| format!("/sessions/{}?at={at}", encode(id));
    let shell = Shell {
        title: &format!("Session {id}"),
        project: Some(view.project_name),
        assets: &[Asset::TraceCss, Asset::ChatCss],
        back: Some(("/traces", "Traces")),
    };
    let main = html! {
        div.session {
            header.summary {
                div.title { (unfolding_preview(id, &html! { h1 { "Session " span.of { (id) } } })) button.quiet.small type="button" data-copy=(id) { "Copy" } }
                @if let Some(first) = near.traces.first() { (totals(first, &near.traces, view.now)) }
            }
            @if let Some(earlier) = near.earlier {
                p.muted { "Searched back to " (format::time(earlier)) ". " a href=(go(earlier)) { "Search further back" } }
            }
            @if near.traces.is_empty() {
                p.message { "No trace of this session was found in this time." }
            } @else {
                (list(&near.traces, view.now))
            }
            @if let Some(later) = near.later {
                p.muted { "Searched on to " (format::time(later)) ". " a href=(go(later)) { "Search further on" } }
            }
        }
    };
    Ok(Reply::html(200, document(&shell, &main)))
}

/// Until when something of a trace is known: while it runs, until now.
fn end(trace: &TraceRow, now: Millis) -> Micros {
    let known = trace.end_us.unwrap_or(trace.start_us);
    running_until(trace, now).map_or(known, |now| now.max(known))
}

fn totals(first: &TraceRow, traces: &[TraceRow], now: Millis) -> Markup {
    let sum = |of: fn(&TraceRow) -> i64| traces.iter().map(of).fold(0, i64::saturating_add);
    let last = traces.iter().map(|trace| end(trace, now)).fold(first.start_us, Micros::max);
    let errors = traces.iter().filter(|trace| trace.status(now) == TraceStatus::Error).count();
    let cost = sum(|trace| trace.cost_nano);
    html! {
        dl.facts {
            div { dt { "Started" } dd { (format::time(first.start_us)) } }
            div { dt { "First to last" } dd { (duration(last.saturating_sub(first.start_us))) } }
            div { dt { "Traces" } dd { (traces.len()) } }
            div { dt { "With errors" } dd class=[(errors > 0).then_some("error-text")] { (errors) } }
            div { dt { "Spans" } dd { (count(sum(|trace| trace.spans))) } }
            div { dt { "Tokens" } dd { (count(sum(|trace| trace.tokens))) } }
            div { dt { "Cost" } dd title=(exact_dollars(cost)) { (dollars(cost)) } }
        }
    }
}

fn list(traces: &[TraceRow], now: Millis) -> Markup {
    html! {
        ol.turns aria-label="Traces" {
            @for (at, trace) in traces.iter().enumerate() {
                @let before = at.checked_sub(1).and_then(|at| traces.get(at));
                @if let Some(pause) = before.and_then(|before| pause(before, trace, now)) {
                    li.pause { (duration(pause)) " later" }
                }
                (one(trace, now))
            }
        }
    }
}

/// The time between two traces, where there is one that counts.
fn pause(before: &TraceRow, trace: &TraceRow, now: Millis) -> Option<Micros> {
    const COUNTS: Micros = 1_000_000;
    Some(trace.start_us.saturating_sub(end(before, now))).filter(|pause| *pause >= COUNTS)
}

fn one(trace: &TraceRow, now: Millis) -> Markup {
    html! {
        li.turn data-trace-id=(trace.id) {
            div.line {
                a.name.cut href=(format!("/traces/{}", encode(&trace.id))) title=(trace.name) {
                    @if trace.name.is_empty() { em { "no name" } } @else { (trace.name) }
                }
                (show_trace_status(trace.status(now), trace.failures))
                span.spacer {}
                span.muted { (format::time(trace.start_us)) }
            }
            @for (label, preview) in [("In", &trace.input_preview), ("Out", &trace.output_preview)] {
                @if let Some(preview) = preview { p.preview { span.muted { (label) } span { (preview) } } }
            }
            @if let Some(why) = trace.error_preview.as_ref().filter(|_| trace.status(now) == TraceStatus::Error) {
                p.preview { span.muted { "Why" } span.error-text { (why) } }
            }
            p.numbers {
                span { (duration_so_far(trace, now)) }
                span { (format::counted(trace.spans, "span")) }
                @if trace.tokens != 0 { span { (count(trace.tokens)) " tokens" } }
                @if trace.cost_nano != 0 { span title=(exact_dollars(trace.cost_nano)) { (dollars(trace.cost_nano)) } }
            }
        }
    }
}
