//! `GET /compare?a=…&b=…`: two traces side by side; without `b` those that one may want to
//! compare with; with `spanA` and `spanB` the texts of a step.

use maud::{Markup, html};

use super::align::{Step, align};
use super::texts::texts;
use crate::api::NO_TRACE;
use crate::batch::RawStore;
use crate::dashboard::trace::tree::Tree;
use crate::dashboard::ui::asset::Asset;
use crate::dashboard::ui::format::{self, count, dollars, duration, encode};
use crate::dashboard::ui::layout::{Shell, document};
use crate::dashboard::ui::status::show_trace_status;
use crate::dashboard::ui::trace_state::running_until;
use crate::dashboard::ui::url::query_value;
use crate::dashboard::view::View;
use crate::error::{Error, Reject};
use crate::index::found::{Span, read_trace};
use crate::index::read::TraceRow;
use crate::index::traces::{Filter, ListRow};
use crate::index::{Database, spans, traces};
use crate::model::{Millis, Status, TraceStatus};
use crate::reply::Reply;

/// Steps that are shown.
const MOST_STEPS: usize = 3_000;
/// Traces that are offered to compare with.
const OFFERED: usize = 20;

/// The page.
///
/// # Errors
/// 404 for a trace that the project has not; a fault of the database or the store.
pub async fn page(view: &View<'_, impl Database, impl RawStore>) -> Result<Reply, Error> {
    let [a, b, span_a, span_b] =
        ["a", "b", "spanA", "spanB"].map(|name| query_value(view.query, name).unwrap_or_default());
    if a.is_empty() {
        return Err(Reject::invalid("a", "expected the id of a trace").into());
    }
    let step =
        (!span_a.is_empty() && !span_b.is_empty()).then_some([(&*a, &*span_a), (&*b, &*span_b)]);
    let texts = match step {
        Some(both) => Some(texts(view, both).await?),
        None => None,
    };
    if view.part {
        return Ok(Reply::html(200, texts.unwrap_or_default()));
    }
    if b.is_empty() {
        return offer(view, &a).await;
    }
    let [(a, of_a), (b, of_b)] = [read(view, &a).await?, read(view, &b).await?];
    let [tree_a, tree_b] = [tree(&a, &of_a, view.now), tree(&b, &of_b, view.now)];
    let steps = align((&tree_a, &of_a), (&tree_b, &of_b));
    let cut = [(&a, &of_a), (&b, &of_b)]
        .iter()
        .any(|(trace, spans)| i64::try_from(spans.len()).is_ok_and(|read| read < trace.spans))
        || steps.len() > MOST_STEPS;
    let main = html! {
        div.compare {
            h1 { "Two traces" }
            (totals(&a, &b, view.now))
            label.only { input type="checkbox" id="only"; "Only what differs" }
            div.halves {
                div.scroll tabindex="0" role="region" aria-label="Steps" {
                    table.steps {
                        thead { tr {
                            th scope="col" { "Step" } th.place scope="col" { "In" }
                            th.num scope="col" { "Duration A" } th.num scope="col" { "B" }
                            th.num.dear scope="col" { "Tokens A" } th.num.dear scope="col" { "B" }
                            th.num.dear scope="col" { "Cost A" } th.num.dear scope="col" { "B" }
                            th scope="col" { "Texts" }
                        } }
                        tbody { @for step in steps.iter().take(MOST_STEPS) { (row(step, &a.id, &b.id)) } }
                    }
                }
                section #texts aria-live="polite" aria-label="Texts of a step" {
                    @if let Some(texts) = &texts { (texts) }
                    @else { p.muted { "“Compare” beside a step shows what went in and out of it in each." } }
                }
            }
            @if cut { p.muted { "Only the first steps of these traces are compared." } }
        }
    };
    Ok(Reply::html(200, shell(view, "Compare", &a.id, &main)))
}

fn shell<D, S>(view: &View<'_, D, S>, title: &str, trace: &str, main: &Markup) -> Markup {
    let back = format!("/traces/{}", encode(trace));
    let shell = Shell {
        title,
        project: Some(view.project_name),
        assets: &[Asset::CompareCss, Asset::Htmx],
        back: Some((&back, "Trace")),
    };
    document(&shell, main)
}

async fn read(
    view: &View<'_, impl Database, impl RawStore>,
    id: &str,
) -> Result<(TraceRow, Vec<Span>), Error> {
    let ran = view.db.run(spans::select_trace(view.project, id)).await?;
    Ok(read_trace(&ran)?.ok_or_else(|| Reject::NotFound(NO_TRACE.into()))?)
}

fn tree(trace: &TraceRow, spans: &[Span], now: Millis) -> Tree {
    Tree::of(spans, trace.start_us, trace.end_us, running_until(trace, now))
}

/// The traces of the same name, for whoever has one.
async fn offer(view: &View<'_, impl Database, impl RawStore>, id: &str) -> Result<Reply, Error> {
    let ran = view.db.run(vec![spans::select_trace_row(view.project, id)]).await?;
    let trace = crate::index::read::read_trace_row(&ran)?;
    let trace = trace.ok_or_else(|| Reject::NotFound(NO_TRACE.into()))?;
    let filter = Filter { now: view.now, name: Some(trace.name.clone()), ..Filter::default() };
    let statements = traces::select_page(view.project, &filter, None, 4 * OFFERED);
    let found = traces::read_page(&view.db.run(statements.into()).await?, 4 * OFFERED)?;
    let alike = found.rows.iter().filter(|row| row.name == trace.name && row.id != trace.id);
    let mut alike: Vec<&ListRow> = alike.collect();
    // What was asked the same comes first, and before what went alike what went otherwise: a
    // good run for a bad one.
    let status = trace.status(view.now);
    alike.sort_by_key(|row| {
        (row.input_preview != trace.input_preview, row.status(view.now) == status)
    });
    alike.truncate(OFFERED);
    let main = html! {
        div.compare {
            h1 { "Compare with another trace" }
            form method="get" action="/compare" {
                input type="hidden" name="a" value=(trace.id);
                label { "The other's id" input name="b" required autocomplete="off" spellcheck="false"; }
                button.primary type="submit" { "Compare" }
            }
            @if alike.is_empty() {
                p.muted { "None of the newest traces has the same name." }
            } @else {
                h2 { "Of the same name: first what was asked the same" }
                div.scroll tabindex="0" role="region" aria-label="Traces of the same name" {
                    table.offers { thead { tr {
                        th scope="col" { "Output" } th scope="col" { "Started" } th scope="col" { "Status" }
                        th.num scope="col" { "Duration" } th.num scope="col" { "Tokens" } th.num scope="col" { "Cost" }
                    } } tbody { @for row in alike { (offered(&trace, row, view.now)) } } }
                }
            }
        }
    };
    Ok(Reply::html(200, shell(view, "Compare", id, &main)))
}

fn offered(trace: &TraceRow, row: &ListRow, now: Millis) -> Markup {
    let status = row.status(now);
    let said = row.error_preview.as_deref().filter(|_| status == TraceStatus::Error);
    let said = said.or(row.output_preview.as_deref()).unwrap_or(&row.id);
    html! {
        tr {
            td.said {
                a href={ "/compare?a=" (encode(&trace.id)) "&b=" (encode(&row.id)) } title=(row.id) { (said) }
                @if row.input_preview != trace.input_preview {
                    @if let Some(asked) = &row.input_preview { span.muted { "asked: " (asked) } }
                }
            }
            td.nowrap { (format::time(row.start_us)) }
            td { (show_trace_status(status, row.failures)) }
            td.num { @if let Some(end) = row.end_us { (duration(end.saturating_sub(row.start_us))) } }
            td.num { (count(row.tokens)) }
            td.num { (dollars(row.cost_nano)) }
        }
    }
}

/// What both come to, and what the second has more.
fn totals(a: &TraceRow, b: &TraceRow, now: Millis) -> Markup {
    let took = |trace: &TraceRow| trace.end_us.map(|end| end.saturating_sub(trace.start_us));
    let figures = |trace: &TraceRow, name: &str| {
        html! {
            tr {
                th scope="row" { (name) " " a href={ "/traces/" (encode(&trace.id)) } { (trace.id) } }
                td.nowrap { (format::time(trace.start_us)) }
                td { (show_trace_status(trace.status(now), trace.failures)) }
                td.num { (took(trace).map_or("–".into(), duration)) }
                td.num { (count(trace.spans)) }
                td.num { (count(trace.tokens)) }
                td.num { (dollars(trace.cost_nano)) }
            }
        }
    };
    let more = |n: i64, text: String| if n > 0 { format!("+{text}") } else { text };
    let between = |a: i64, b: i64, show: fn(i64) -> String| {
        let n = b.saturating_sub(a);
        let text = show(n.saturating_abs());
        if n < 0 { format!("−{text}") } else { more(n, text) }
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Totals" {
            table.totals {
                thead { tr {
                    th scope="col" { "Trace" } th scope="col" { "Started" } th scope="col" { "Status" }
                    th.num scope="col" { "Duration" } th.num scope="col" { "Spans" }
                    th.num scope="col" { "Tokens" } th.num scope="col" { "Cost" }
                } }
                tbody {
                    (figures(a, "A"))
                    (figures(b, "B"))
                    tr {
                        th scope="row" { "B against A" } td {} td {}
                        td.num { (took(a).zip(took(b)).map_or("–".into(), |(a, b)| between(a, b, duration))) }
                        td.num { (between(a.spans, b.spans, count)) }
                        td.num { (between(a.tokens, b.tokens, count)) }
                        td.num { (between(a.cost_nano, b.cost_nano, dollars)) }
                    }
                }
            }
        }
    }
}

fn tokens(span: &Span) -> Option<i64> {
    span.total_tokens.and_then(|n| i64::try_from(n).ok())
}

/// Whether both took about as long: within a fifth, or a millisecond.
fn is_near(a: &Span, b: &Span) -> bool {
    match (a.duration_us(), b.duration_us()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1_000.max(a.min(b) / 5),
        (a, b) => a == b,
    }
}

/// Whether both have it and it came to the same in both but for the time it took.
fn is_same(a: &Span, b: &Span) -> bool {
    is_near(a, b)
        && a.status == b.status
        && tokens(a) == tokens(b)
        && a.model == b.model
        && a.cost_nano == b.cost_nano
}

fn row(step: &Step<'_>, trace_a: &str, trace_b: &str) -> Markup {
    let Step { level, a, b } = *step;
    let Some(either) = a.or(b) else { return Markup::default() };
    let same = a.zip(b).is_some_and(|(a, b)| is_same(a, b));
    let near = a.zip(b).is_some_and(|(a, b)| is_near(a, b));
    let failed = |span: Option<&Span>| span.is_some_and(|span| span.status == Status::Error);
    let figure = |of: fn(&Span) -> Option<i64>, show: fn(i64) -> String| {
        let text = |span: Option<&Span>| span.and_then(of).map_or_else(String::new, show);
        [text(a), text(b)]
    };
    let figures = [
        figure(Span::duration_us, duration),
        figure(tokens, count),
        figure(|span| span.cost_nano, dollars),
    ];
    let place = match (a, b) {
        (Some(_), Some(_)) => "both",
        (Some(_), None) => "A only",
        _ => "B only",
    };
    html! {
        tr.same[same].alone[place != "both"] {
            th scope="row" { span.(format!("l{}", level.min(12))) { @if either.name.is_empty() { em { "no name" } } @else { (either.name) } }
                @for (side, span) in [("A", a), ("B", b)] { @if failed(span) { " " span.error-text { "failed in " (side) } } }
                @if let Some((a, b)) = a.zip(b).filter(|(a, b)| a.model != b.model) {
                    " " span.muted { (a.model.as_deref().unwrap_or("no model")) " → " (b.model.as_deref().unwrap_or("no model")) }
                }
            }
            td.nowrap.muted.place { (place) }
            @for (at, pair) in figures.iter().enumerate() {
                @for text in pair { td.num.dear[at > 0].differs[pair[0] != pair[1] && (at > 0 || !near)] { (text) } }
            }
            td { @if let (Some(a), Some(b)) = (a, b) {
                @let href = format!("/compare?a={}&b={}&spanA={}&spanB={}", encode(trace_a), encode(trace_b), encode(&a.id), encode(&b.id));
                a href=(href) hx-get=(href) hx-target="#texts" aria-label={ "Compare the texts of " (either.name) } { "Compare" }
            } }
        }
    }
}
