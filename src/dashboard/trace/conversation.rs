//! A trace as one conversation: what its calls of models and its tools said, in the order in
//! which they did. Beside the tree where scripts run, else a page of its own.

use std::collections::{BTreeSet, HashSet};

use maud::{Markup, html};

use crate::batch::RawStore;
use crate::dashboard::span::messages::{Look, inner, message};
use crate::dashboard::span::page::kind_name;
use crate::dashboard::span::thread::{Step, StepKind, thread};
use crate::dashboard::ui::asset::Asset;
use crate::dashboard::ui::format;
use crate::dashboard::ui::format::{count, duration};
use crate::dashboard::ui::json_view::Budget;
use crate::dashboard::ui::layout::{Shell, document};
use crate::dashboard::ui::url::{chosen_url, query_value, span_url, trace_url};
use crate::dashboard::view::View;
use crate::error::{Error, Reject};
use crate::index::found::{Parent, Span, read_trace, root_of};
use crate::index::read::TraceRow;
use crate::index::{Database, spans};
use crate::model::{SpanBody, SpanType, Status};
use crate::payload::{Missing, Payloads};
use crate::reply::Reply;

/// Most steps of a part.
const STEPS: usize = 100;
/// A part ends with the step that brings what is read to so many bytes: what was said before
/// is read again with each call.
const READ: u64 = 4 * 1024 * 1024;
/// So much of a part is shown.
const SHOWN: usize = 512 * 1024;

/// Where a trace's conversation is.
#[must_use]
pub fn path(trace: &str) -> String {
    trace_url(trace) + "/conversation"
}

/// `GET /traces/{id}/conversation`, from the step that `from` counts: a part of the trace's
/// page when htmx asks, else a page of its own.
///
/// # Errors
/// 404 when the project has no such trace; a fault of the database or the store.
pub async fn page(view: &View<'_, impl Database, impl RawStore>, id: &str) -> Result<Reply, Error> {
    let ran = view.db.run(spans::select_trace(view.project, id)).await?;
    let none = || Reject::NotFound(crate::api::NO_TRACE.into());
    let (trace, spans) = read_trace(&ran)?.ok_or_else(none)?;
    drop(ran);
    let _hold = view.source.budget.take((2 * spans.len() * size_of::<Span>()) as u64, view.now)?;
    let steps = steps_of(&spans);
    let from = query_value(view.query, "from").and_then(|from| from.parse().ok());
    let from = from.unwrap_or(0).min(steps.len());
    let to = from + fitting(steps.get(from..).unwrap_or_default());
    // What the last call before this part said is in the one before.
    let before = steps.get(..from).unwrap_or_default();
    let known = before.iter().rposition(|(_, kind)| *kind == StepKind::Call);
    let known = known.and_then(|at| before.get(at)).map(|(span, _)| (*span, StepKind::Known));
    let part: Vec<_> =
        known.into_iter().chain(steps.get(from..to).unwrap_or_default().iter().copied()).collect();
    let slices: Vec<_> = part.iter().flat_map(|(span, _)| &span.slices).collect();
    let payloads = Payloads::read(&view.source, &slices).await?;
    let bodies: Vec<_> = part.iter().map(|(span, _)| payloads.span(span)).collect();
    let is_last = to == steps.len();
    let read = part.iter().zip(&bodies);
    let read: Vec<_> = read.map(|((span, kind), body)| step(span, *kind, body, is_last)).collect();
    let unread = bodies.iter().find_map(|body| body.as_ref().err());
    let shown = html! {
        section.conversation data-conversation=(path(id)) {
            header {
                h2 { "Conversation" }
                span.muted { (format::counted(count_of(steps.len()), "step")) }
                span.spacer {}
                @if view.part {
                    button.quiet.icon.close type="button" data-close aria-label="Close" title="Close (Esc)" { "✕" }
                }
            }
            @if from > 0 { p { a href=(path(id)) { "From the beginning" } } }
            @if let Some(why) = unread {
                p.message.warn { "Some of it cannot be shown: " (*why) "." }
            }
            (shown(&trace, &part, &read, view.plain))
            @if !is_last {
                p { a.button href=(format!("{}?from={to}", path(id))) {
                    "Go on, " (count(count_of(steps.len() - to))) " more steps"
                } }
            }
        }
    };
    if view.part {
        return Ok(Reply::html(200, shown));
    }
    let back = trace_url(id);
    let title = format!("Conversation · {}", trace.name);
    let shell = Shell {
        title: &title,
        project: view.shown_project(),
        assets: &[Asset::TraceCss, Asset::ChatCss, Asset::Htmx, Asset::SpanJs],
        back: Some((&back, "Trace")),
    };
    let main = html! { div.alone { h1 { (format::name(&trace.name)) } (shown) } };
    Ok(Reply::html(200, document(&shell, &main)))
}

fn count_of(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The spans that say something, and what they are to the conversation.
fn steps_of(spans: &[Span]) -> Vec<(&Span, StepKind)> {
    let is_call = |span: &Span| SpanType::name_of(span.kind) == "LLM";
    // A call that holds another says what that does.
    let holders: HashSet<&str> = spans
        .iter()
        .filter(|span| is_call(span))
        .filter_map(|span| match &span.parent {
            Parent::Span(id) => Some(&**id),
            _ => None,
        })
        .collect();
    let root = root_of(spans).map(|root| &*root.id);
    let kind = |span: &Span| match SpanType::name_of(span.kind) {
        _ if span.beside => None,
        "LLM" if holders.contains(&*span.id) => Some(StepKind::Whole),
        "LLM" => Some(StepKind::Call),
        "TOOL" | "RETRIEVAL" | "HUMAN_HANDOFF" | "GUARDRAIL" => Some(StepKind::Tool),
        _ => (root == Some(&*span.id)).then_some(StepKind::Whole),
    };
    spans.iter().filter_map(|span| Some((span, kind(span)?))).collect()
}

/// How many of these steps are read at once.
fn fitting(steps: &[(&Span, StepKind)]) -> usize {
    let (mut read, mut before) = (0, None);
    let fits = steps.iter().take(STEPS).take_while(|(span, _)| {
        let room = read < READ;
        for slice in &span.slices {
            read += slice.bytes_after(before);
            before = Some(slice);
        }
        room
    });
    fits.count()
}

/// A step, of what was read of its span. What comes out of the whole stands at the end.
#[must_use]
pub fn step<'a>(
    span: &'a Span,
    kind: StepKind,
    body: &'a Result<SpanBody<'_>, Missing>,
    is_last: bool,
) -> Step<'a> {
    let body = body.as_ref().ok();
    let output = body.and_then(|body| body.output.as_deref());
    Step {
        kind,
        name: &span.name,
        start: span.start_us,
        end: span.end_us,
        input: body.and_then(|body| body.input.as_deref()).map(inner),
        output: output.filter(|_| is_last || kind != StepKind::Whole).map(inner),
        failed: span.status == Status::Error,
    }
}

fn shown(trace: &TraceRow, part: &[(&Span, StepKind)], steps: &[Step<'_>], plain: bool) -> Markup {
    let turns = thread(steps);
    let mut budget = Budget::new(SHOWN);
    // The steps of which something is not shown.
    let mut left_out = BTreeSet::new();
    html! {
        @if turns.is_empty() { p.muted { "Nothing in this trace says what went in or came out." } }
        ol.chat.thread {
            @for (n, turn) in turns.iter().enumerate() {
                @let is_same = n.checked_sub(1).and_then(|n| turns.get(n)).is_some_and(|last| last.step == turn.step);
                @if let Some((span, _)) = part.get(turn.step) {
                    @if budget.has_room() {
                        @if !is_same { li.step { (from(trace, span)) } }
                        @let path = span_url(&trace.id, &span.id);
                        @let look = Look { plain, span: Some(&path), ..Look::default() };
                        @for said in &turn.messages { (message(said, look, &mut budget)) }
                        @if turn.is_end && span.status == Status::Error {
                            li.failed { span.error-text { "This step failed." } }
                        }
                    }
                    @if !budget.has_room() { ({ left_out.insert(turn.step); html! {} }) }
                }
            }
        }
        @if !left_out.is_empty() {
            p.muted { "What " (format::counted(count_of(left_out.len()), "step")) " said is not all here: this is much. It is in the spans." }
        }
    }
}

/// Which span says what follows.
fn from(trace: &TraceRow, span: &Span) -> Markup {
    let href = chosen_url(&trace.id, &span.id);
    let after = span.start_us.map(|start| start.saturating_sub(trace.start_us).max(0));
    html! {
        span.kind.(format!("k{}", span.kind)) { (kind_name(span.kind)) }
        a.cut href=(href) data-show=(span.id) title=(span.name) { (format::name_text(&span.name)) }
        @if let Some(model) = &span.model { code.cut { (model) } }
        span.spacer {}
        @if let Some(after) = after { span.muted { "+" (duration(after)) } }
    }
}
