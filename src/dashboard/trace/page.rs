//! A trace: what it came to, and its spans as tree and waterfall in one, with
//! one span's detail beside them. Made from the index alone, whatever the
//! payloads weigh: those of a span are read when it is chosen.

use std::borrow::Cow;

use maud::{Markup, html};
use xxhash_rust::xxh3::xxh3_64;

use super::content;
use super::conversation;
use super::failures;
use super::help::help;
use super::tree::Tree;
use super::waterfall;
use crate::access::api_keys::LOCAL_KEY;
use crate::api::{NO_TRACE, scores_with_trace};
use crate::batch::RawStore;
use crate::dashboard::scores::list::{count_of_scores, score_list};
use crate::dashboard::scores::rating;
use crate::dashboard::scores::rating::rating_of;
use crate::dashboard::share;
use crate::dashboard::span;
use crate::dashboard::ui::asset::Asset;
use crate::dashboard::ui::format;
use crate::dashboard::ui::format::{count, dollars, encode, exact_dollars};
use crate::dashboard::ui::json::Json;
use crate::dashboard::ui::json_view;
use crate::dashboard::ui::json_view::Budget;
use crate::dashboard::ui::layout::{Shell, document, unfolding_preview};
use crate::dashboard::ui::status::show_trace_status;
use crate::dashboard::ui::trace_state::{duration_so_far, running_until, version_of};
use crate::dashboard::ui::url::{query_value, session_url, span_url, trace_url, user_url};
use crate::dashboard::view::View;
use crate::error::{Error, Reject};
use crate::index::found;
use crate::index::found::{Found, Span};
use crate::index::read::{TraceRow, read_trace_row};
use crate::index::scores::{Score, newest_of};
use crate::index::{Database, scores, spans};
use crate::model::{Micros, Millis, TraceStatus};
use crate::payload::Payloads;
use crate::reply::Reply;

/// So much of a trace's metadata is shown.
const METADATA: usize = 32 * 1024;
/// So many spans with errors are named in the header.
const ERRORS: usize = 5;

/// `GET /traces/{id}`, with `?span={id}` for one of its spans. A script that asks
/// is told the trace's state alone, to see whether that has changed.
///
/// # Errors
/// 404 when the project has no such trace; a fault of the database or the store.
pub async fn page(view: &View<'_, impl Database, impl RawStore>, id: &str) -> Result<Reply, Error> {
    let asked = query_value(view.query, "span");
    if view.part {
        return current_state(view, id, asked.as_deref()).await;
    }
    let mut asked_for = spans::select_trace(view.project, id);
    let first_of_scores = asked_for.len();
    asked_for.extend(scores::select_with_trace(view.project, id));
    let mut ran = view.db.run(asked_for).await?;
    let of_scores = ran.rows.split_off(first_of_scores);
    let (trace, spans) = found::read_trace(&ran)?.ok_or_else(no_trace)?;
    drop(ran);
    let ids = spans.iter().map(|span| &*span.id);
    let scores = scores_with_trace(view.project, id, &of_scores, ids, view.db).await?;
    let cut = i64::try_from(spans.len()).is_ok_and(|shown| shown < trace.spans);
    let held = 2 * spans.len() * size_of::<Span>()
        + 3 * of_scores.iter().flatten().map(String::len).sum::<usize>();
    let _hold = view.source.budget.take(held as u64, view.now)?;
    // One that is not among those that are shown is read by itself.
    let beyond = match &asked {
        Some(span) if cut && !spans.iter().any(|shown| shown.id == *span) => {
            let ran = view.db.run(spans::select_span(view.project, id, span)).await?;
            found::read_span(&ran, span)?.and_then(|found| found.spans.into_iter().next())
        }
        _ => None,
    };
    let chosen = asked.as_ref().and_then(|id| spans.iter().find(|span| span.id == *id));
    let chosen = chosen.or(beyond.as_ref());
    let talks = chosen.is_none() && query_value(view.query, "conversation").is_some();
    let elsewhere = trace.metadata_elsewhere().unwrap_or_default();
    let slices: Vec<_> =
        chosen.into_iter().flat_map(|span| &span.slices).chain(&elsewhere).collect();
    let payloads = Payloads::read(&view.source, &slices).await?;
    let own = span::cost::own_prices(view, chosen).await?;
    let running = running_until(&trace, view.now);
    let tree = Tree::of(&spans, trace.start_us, trace.end_us, running);
    let last_score = newest_of(&scores, &trace.id);
    let detail = chosen
        .map(|span| span::page::detail_of(view, &trace, span, &payloads.span(span), &scores, &own));
    let seen = tree.rows.iter().find(|row| !row.other);
    let failed = trace.status(view.now) == TraceStatus::Error;
    let cause = failures::first_cause(&tree.rows).filter(|_| failed);
    let first = chosen.or_else(|| cause.or(seen).and_then(|row| spans.get(row.span)));
    let short = title(&trace);
    let shell = Shell {
        title: &chosen
            .map_or_else(|| short.clone(), |span| format!("{} · {short}", start(&span.name))),
        project: view.shown_project(),
        assets: &[
            Asset::TraceCss,
            Asset::ChatCss,
            Asset::ScoresCss,
            Asset::Htmx,
            Asset::TraceJs,
            Asset::AxisJs,
            Asset::LiveJs,
            Asset::SpanJs,
        ],
        back: view.shown_project().map(|_| ("/traces", "Traces")),
    };
    let main = html! {
        div.trace data-trace-id=(trace.id) data-title=(short) data-state=(state(&trace, last_score, view.now))
            data-live[running.is_some() || is_live(&trace, view.now)] data-running[running.is_some()] {
            (header(&trace, (&tree, &spans), &scores, metadata(&trace, &payloads), view))
            @if asked.is_some() && chosen.is_none() {
                p.message.warn { "This trace has no span " code { (asked.unwrap_or_default()) } ", or not yet." }
            }
            @if spans.is_empty() {
                p.message data-note {
                    @match trace.status(view.now) {
                        TraceStatus::Unfinished => "No span of this trace ever came.",
                        TraceStatus::Running => "No span of this trace has come yet.",
                        TraceStatus::Ok | TraceStatus::Error => "This trace has no spans.",
                    }
                }
            } @else {
                div.split {
                    section.spans {
                        (toolbar(&trace, &tree, running.is_some()))
                        (waterfall::waterfall_table(&tree, &spans, first.map(|span| span.id.as_str()), cut))
                        @if cut {
                            p.muted { "The first " (count_of(spans.len())) " of " (count(trace.spans)) " spans are shown." }
                        }
                    }
                    div.grip role="separator" aria-orientation="vertical" aria-label="Width of the span's detail"
                        aria-controls="span" aria-valuemin="20" aria-valuemax="75" aria-valuenow="35" tabindex="0" {}
                    (aside(&trace, first, detail, talks))
                }
            }
        }
        (help())
    };
    Ok(Reply::html(200, document(&shell, &main)))
}

/// What tells whether something has changed, without what that is: a few rows by their keys.
async fn current_state(
    view: &View<'_, impl Database, impl RawStore>,
    id: &str,
    asked: Option<&str>,
) -> Result<Reply, Error> {
    let mut statements = match asked {
        Some(span) => spans::select_span(view.project, id, span),
        None => vec![spans::select_trace_row(view.project, id)],
    };
    statements.push(scores::select_newest(view.project, id));
    let mut ran = view.db.run(statements).await?;
    let last_score = scores::read_newest(&ran.rows.pop().unwrap_or_default())?;
    let (trace, span) = if let Some(span) = asked {
        let Found { trace, spans, .. } = found::read_span(&ran, span)?.ok_or_else(no_trace)?;
        (trace, spans.into_iter().next())
    } else {
        (read_trace_row(&ran)?.ok_or_else(no_trace)?, None)
    };
    let span = span.map(|span| version_of(&span, &trace, last_score, view.now));
    let state =
        html! { (state(&trace, last_score, view.now)) @if let Some(span) = span { " " (span) } };
    Ok(Reply::html(200, state))
}

fn no_trace() -> Reject {
    Reject::NotFound(NO_TRACE.into())
}

/// What is different when a trace has changed, or only its status has with time.
fn state(trace: &TraceRow, last_score: Option<Micros>, now: Millis) -> String {
    let text = format!("{trace:?} {last_score:?} {:?}", trace.status(now));
    format!("{:016x}", xxh3_64(text.as_bytes()))
}

/// The beginning of a name, for where there is little room.
fn start(name: &str) -> &str {
    const LENGTH: usize = 80;
    let name = format::name_text(name);
    name.get(..name.floor_char_boundary(LENGTH)).unwrap_or(name)
}

/// What tells the page from those of other traces, also of the same name: ids
/// that begin with the time differ in their ends.
fn title(trace: &TraceRow) -> String {
    const END: usize = 8;
    let id = &trace.id;
    let end = id.get(id.ceil_char_boundary(id.len().saturating_sub(END))..).unwrap_or_default();
    format!("{} · {end}", start(&trace.name))
}

/// Whether more of a trace may come while one looks at it.
fn is_live(trace: &TraceRow, now: Millis) -> bool {
    const RECENT: Millis = 10 * 60 * 1_000;
    let last = trace.end_us.unwrap_or(trace.start_us) / 1_000;
    now.saturating_sub(last.max(trace.created_ms)) < RECENT
}

/// The detail's place. Without one it is fetched, so that the tree does not wait
/// for it.
fn aside(trace: &TraceRow, first: Option<&Span>, detail: Option<Markup>, talks: bool) -> Markup {
    let span = |span: &Span| span_url(&trace.id, &span.id);
    let url = if talks { Some(conversation::path(&trace.id)) } else { first.map(span) };
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

fn header<D, S>(
    trace: &TraceRow,
    (tree, spans): (&Tree, &[Span]),
    scores: &[Score],
    metadata: Option<Markup>,
    view: &View<'_, D, S>,
) -> Markup {
    let causes = || failures::causes(&tree.rows).filter_map(|row| spans.get(row.span));
    let count_up = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    // Of spans that are not on the page the index knows more.
    let is_cut = count_up(spans.len()) < trace.spans;
    let failures = if is_cut { trace.failures } else { count_up(causes().count()) };
    let more = failures.saturating_sub(count_up(causes().take(ERRORS).count()));
    let status = trace.status(view.now);
    let name = html! { h1 { (format::name(&trace.name)) } };
    html! {
        header.summary {
            div.title {
                (unfolding_preview(&trace.name, &name))
                (show_trace_status(status, failures))
                (tags(trace))
            }
            dl.facts {
                div { dt { "Started" } dd { (format::time(trace.start_us)) } }
                div { dt { "Duration" } dd { (duration_so_far(trace, view.now)) } }
                @if status == TraceStatus::Unfinished {
                    div { dt { "Last heard of" } dd { (format::time(trace.active_us)) } }
                }
                div { dt { "Spans" } dd { (count(trace.spans)) } }
                div { dt { "Tokens" } dd { (count(trace.tokens)) } }
                div { dt { "Cost" } dd title=(exact_dollars(trace.cost_nano)) { (dollars(trace.cost_nano)) } }
                @if !view.guest { div { dt { "Rating" } dd { (rating::form(&trace.id, None, &rating_of(view, &trace.id, None, scores))) } } }
                @if let Some(user) = &trace.user {
                    div { dt { "User" } dd { a href=(user_url(user)) title=(user) { (user) } } }
                }
                @if let Some(session) = &trace.session {
                    div { dt { "Session" } dd { a href=(session_url(session, trace.start_us)) title=(session) { (session) } } }
                }
                @if let Some(parent) = &trace.parent_trace {
                    div { dt { "Parent trace" } dd { a href=(trace_url(parent)) title=(parent) { (parent) } } }
                }
                @if let Some(deployment) = &trace.deployment {
                    div { dt { "Deployment" } dd { (unfolding_preview(deployment, &html! { span { (deployment) } })) } }
                }
                div { dt { "Trace ID" } dd.id {
                    code title=(trace.id) { (trace.id) }
                    button.quiet.small type="button" data-copy=(trace.id) { "Copy" }
                    button.quiet.small type="button" data-copy-link title="The address of this page, with the span that is chosen" { "Copy link" }
                    button.quiet.small type="button" data-copy=(curl(trace, view)) title="A command that gets this trace as JSON" { "Copy as curl" }
                    @if !view.guest {
                        a.button.quiet.small href={ "/compare?a=" (encode(&trace.id)) } { "Compare" }
                        (share::form(&trace.id))
                    }
                } }
            }
            @let content = content::place(trace, spans.is_empty());
            @if failures > 0 || metadata.is_some() || !scores.is_empty() || content.is_some() {
                div.more {
                    @if failures > 0 {
                        p.errors {
                            span.error-text { (format::counted(failures, "failed step")) }
                            @for span in causes().take(ERRORS) {
                                a href=(format!("?span={}", encode(&span.id))) data-show=(span.id) { (format::name_text(&span.name)) }
                            }
                            @if more > 0 { span.muted { "and " (count(more)) " more" } }
                        }
                    }
                    @if !scores.is_empty() { (scores_of(scores)) }
                    @if let Some(content) = content { (content) }
                    @if let Some(metadata) = metadata {
                        details.metadata { summary { "Metadata" } (metadata) }
                    }
                }
            }
        }
    }
}

/// The scores of the trace and of its spans: few are there to be seen.
fn scores_of(scores: &[Score]) -> Markup {
    const FEW: usize = 3;
    let to_span = |span: &str| {
        Some(html! { a href=(format!("?span={}", encode(span))) data-show=(span) { "span" } })
    };
    let all: Vec<_> = scores.iter().collect();
    html! {
        details.metadata open[scores.len() <= FEW] {
            summary { (count_of_scores(scores.len())) }
            (score_list(&all, to_span))
        }
    }
}

/// The first tags, and the others on request.
fn tags(trace: &TraceRow) -> Markup {
    const SHOWN: usize = 8;
    let tags = Json::new(trace.tags.as_deref().unwrap_or("[]"));
    let tags: Vec<_> = tags.items().filter_map(Json::text).collect();
    let (first, others) = tags.split_at(SHOWN.min(tags.len()));
    let link = |tag: &str| {
        let href = format!("/traces?range=all&tag={}", encode(tag));
        html! { a.tag href=(href) title=(tag) { (tag) } }
    };
    html! {
        @for tag in first { (link(tag)) }
        @if !others.is_empty() {
            details.tags {
                summary { (others.len()) " more tags" }
                div { @for tag in others { (link(tag)) } }
            }
        }
    }
}

/// What gets the same from the API, for a shell.
fn curl<D, S>(trace: &TraceRow, view: &View<'_, D, S>) -> String {
    let key = if view.local { LOCAL_KEY } else { "$TWOSIGNAL_API_KEY" };
    let (origin, id) = (view.origin, encode(&trace.id));
    format!("curl -H \"Authorization: Bearer {key}\" '{origin}/api/v1/traces/{id}'")
}

fn metadata(trace: &TraceRow, payloads: &Payloads) -> Option<Markup> {
    let json = match trace.metadata_elsewhere() {
        None => Cow::Borrowed(trace.metadata.as_deref()?),
        Some(slices) => match payloads.trace_metadata(&slices) {
            Ok(metadata) => metadata?,
            Err(_) => return Some(html! { p.muted { "could not be read" } }),
        },
    };
    let mut budget = Budget::new(METADATA);
    let shown = json_view::view(Json::new(&json), &mut budget);
    Some(html! { (shown) @if budget.cut.is_some() { p.muted { "This is not all of it." } } })
}

fn toolbar(trace: &TraceRow, tree: &Tree, runs: bool) -> Markup {
    let nested = tree.rows.iter().any(|row| row.children > 0);
    let others = tree.rows.iter().filter(|row| row.other).count();
    html! {
        div.tools role="toolbar" aria-label="Spans" {
            input type="search" data-search placeholder="Search spans  ( / )" aria-label="Search spans" autocomplete="off" spellcheck="false";
            span.muted data-matches aria-live="polite" {}
            span.spacer {}
            button.small type="button" data-follow aria-pressed="false" hidden[!runs]
                title="Chooses the newest step that runs, as it comes (F)" { "Follow" }
            // Always there: what comes later may need them.
            button.small type="button" data-others aria-pressed="false" hidden[others == 0]
                title="Requests of HTTP, queries of databases and the like that did not fail (O)" {
                (count_of(others)) @if others == 1 { " other span" } @else { " other spans" }
            }
            button.small type="button" data-fold="all" hidden[!nested] { "Collapse all" }
            button.small type="button" data-fold="none" hidden[!nested] { "Expand all" }
            button.small type="button" data-next-error hidden[trace.errors == 0] { "Next error" }
            a.small.button href=(conversation::path(&trace.id)) data-talk title="What was said, as one thread (\\)" { "Conversation" }
            button.small type="button" data-unzoom hidden { "Zoom out" }
            span.legend title="The chain of work that determined when the trace ended" { "Critical path" }
            button.quiet.icon type="button" data-help aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" { "?" }
        }
    }
}
