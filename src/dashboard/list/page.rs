//! The list of traces: the page, and the part of it that is asked for again and
//! again while it is open. What is on the page besides is the form's (`form`)
//! and the chart's (`chart`).

use maud::{Markup, html};
use xxhash_rust::xxh3::xxh3_64;

use super::filter::{ListQuery, Problem};
use super::{find, first_trace, form, rows};
use crate::batch::RawStore;
use crate::dashboard::ui::asset::Asset;
use crate::dashboard::ui::format::{count, encode, time};
use crate::dashboard::ui::layout::{Shell, document};
use crate::dashboard::ui::url::query_value;
use crate::dashboard::view::View;
use crate::error::Error;
use crate::index::read::read_trace_row;
use crate::index::sorting::MAX_SORTED;
use crate::index::traces;
use crate::index::traces::{Next, Page};
use crate::index::{Database, spans};
use crate::model::Millis;
use crate::reply::Reply;
use crate::search;

/// Traces on a page.
pub(super) const LIMIT: usize = 50;

/// `GET /traces`: all of the page, or the list alone when htmx asks.
///
/// # Errors
/// A fault of the database. A query that cannot be read is a page that says so.
pub async fn page(view: &View<'_, impl Database, impl RawStore>) -> Result<Reply, Error> {
    let mut asked = ListQuery::parse(view.query);
    if let Some(text) = query_value(view.query, "find") {
        let id = text.trim();
        let ran = view.db.run(vec![spans::select_trace_row(view.project, id)]).await?;
        if read_trace_row(&ran)?.is_some() {
            return Ok(Reply::see(format!("/traces/{}", encode(id))));
        }
        find::take(&mut asked, &text);
        return Ok(Reply::see(asked.newest("/traces")));
    }
    let (filter, before) = match asked.filter(view.now) {
        Ok(filter) => filter,
        Err(problems) => return Ok(unreadable(view, &asked, &problems)),
    };
    let has = |wanted: &str| {
        form_urlencoded::parse(view.query.as_bytes()).any(|(name, _)| name == wanted)
    };
    if view.part && has("values") {
        return Ok(Reply::html(200, find::values(view, &asked, &filter).await?));
    }
    let page = search::page(view.project, (&filter, before, LIMIT), view.db, &view.source).await?;
    if !page.any {
        let waiting = first_trace::section(view.origin, view.local);
        return Ok(if view.part {
            live(waiting, view.known.as_deref())
        } else {
            empty(view, &waiting)
        });
    }
    if let (true, Some(shown)) = (view.part, query_value(view.query, "further")) {
        let shown = shown.parse().unwrap_or(LIMIT).saturating_add(page.rows.len());
        return Ok(Reply::html(200, further_part(&asked, &page, shown, view.now)));
    }
    let list = list_of(&asked, &page, view.now);
    if view.part {
        // A page that waited for the first trace has no form and no chart.
        let answer = live(list, view.known.as_deref());
        return Ok(if has("waiting") { answer.with("hx-refresh", "true") } else { answer });
    }
    let etag = etag(&list.0);
    let main = html! {
        (form::form(&asked, &[]))
        // Charts do not know what is in texts.
        @if !asked.asks_for_words() {
            section.charts #chart aria-label="Charts"
                hx-get=(asked.newest("/chart")) hx-trigger="load, refresh" hx-swap="innerMorph" {}
        }
        (container(view.now, &asked, &asked.newest("/traces"), &etag, &list))
        (further(&asked, &page.next, page.rows.len()))
    };
    Ok(Reply::html(200, shell(view, &asked, &main)))
}

fn shell<D, S>(view: &View<'_, D, S>, asked: &ListQuery, main: &Markup) -> Markup {
    let summary = asked.summary();
    let title = if summary.is_empty() { "Traces".into() } else { summary + " · Traces" };
    let shell = Shell {
        title: &title,
        project: Some(view.project_name),
        assets: &[Asset::ListCss, Asset::Htmx, Asset::ListJs],
        back: None,
    };
    document(&shell, main)
}

/// Where it looks on by itself for what the list has not looked for yet: where that ends, if
/// somebody does not stop it.
fn further(asked: &ListQuery, next: &Next, shown: usize) -> Markup {
    html! {
        @if let Next::Perhaps(place) = next {
            div.further hx-get=(find::further(&asked.after(*place), shown)) hx-trigger="load" hx-swap="outerHTML" {
                p.searched role="status" hidden { "Looking further back than " (time(place.start_us)) "… "
                    button.quiet.small type="button" data-stop { "Stop" } }
            }
        }
    }
}

/// What was found further back, and where it looks on: by itself until a page is full.
fn further_part(asked: &ListQuery, page: &Page, shown: usize, now: Millis) -> Markup {
    html! {
        @if !page.rows.is_empty() {
            div.found { (rows::list_table(asked, &page.rows, now)) }
        }
        @match &page.next {
            Next::Perhaps(_) if shown < LIMIT => (further(asked, &page.next, shown)),
            Next::Perhaps(place) | Next::More(place) => nav.pages { a.button rel="next" href=(asked.after(*place)) { "Older" } },
            Next::End => p.searched role="status" { "Looked through all of it." },
        }
    }
}

/// What holds the list, and has it asked for again: list.js says when. The time is
/// what scripts set their clock by.
fn container(now: Millis, asked: &ListQuery, url: &str, etag: &str, list: &Markup) -> Markup {
    html! {
        div.pending {
            button.primary #new-traces type="button" hidden {}
        }
        p.sr #announce role="status" {}
        div #list data-made=(now) hx-get=(url) hx-trigger="poll" hx-swap="innerMorph" data-etag=(etag)
            data-later[!asked.before.is_empty()] { (list) }
    }
}

/// The page of a project without a trace.
fn empty<D, S>(view: &View<'_, D, S>, waiting: &Markup) -> Reply {
    let etag = etag(&waiting.0);
    let asked = ListQuery::default();
    let main = container(view.now, &asked, "/traces?waiting=1", &etag, waiting);
    Reply::html(200, shell(view, &asked, &main))
}

fn unreadable<D, S>(view: &View<'_, D, S>, asked: &ListQuery, problems: &[Problem]) -> Reply {
    let main = html! {
        (form::form(asked, problems))
        p { a href="/traces" { "Show all traces of the last 24 hours" } }
    };
    Reply::html(400, if view.part { main } else { shell(view, asked, &main) })
}

/// The list again, or that it is the one that is known. The tag is weak: what
/// stands between here and the browser may compress.
fn live(list: Markup, known: Option<&str>) -> Reply {
    let etag = etag(&list.0);
    if known.is_some_and(|known| known.contains(etag.trim_start_matches("W/"))) {
        return Reply::empty(304).as_page().with("etag", etag);
    }
    Reply::html(200, list).with("etag", etag)
}

fn etag(html: &str) -> String {
    format!("W/\"{:016x}\"", xxh3_64(html.as_bytes()))
}

fn list_of(asked: &ListQuery, page: &Page, now: Millis) -> Markup {
    let older = match &page.next {
        Next::End => None,
        Next::More(place) => Some(("Older", place)),
        Next::Perhaps(place) => Some(("Search further back", place)),
    };
    html! {
        @if page.rows.is_empty() {
            (nothing(asked, &page.next))
        } @else {
            (rows::list_table(asked, &page.rows, now))
        }
        @if let Some(place) = &page.compared_to {
            p.searched { "Of the newest " (count(MAX_SORTED)) " traces, back to " (time(place.start_us)) "." }
        }
        @if let (Next::Perhaps(place), false) = (&page.next, page.rows.is_empty()) {
            p.searched { "Searched back to " (time(place.start_us)) "." }
        }
        @if older.is_some() || !asked.before.is_empty() {
            nav.pages aria-label="Pages" {
                @if !asked.before.is_empty() {
                    a.button rel="first" href=(asked.newest("/traces")) { "Newest" }
                }
                @if let Some((text, place)) = older {
                    a.button rel="next" href=(asked.after(*place)) { (text) }
                }
            }
        }
    }
}

/// That nothing was found as far as was looked.
fn no_match(asked: &ListQuery) -> String {
    // How many traces were looked at.
    let walked = count(traces::MAX_ROWS_SCANNED);
    if asked.before.is_empty() && asked.to.is_empty() {
        format!("No match in the newest {walked} traces")
    } else {
        format!("No match in these {walked} traces")
    }
}

fn nothing(asked: &ListQuery, next: &Next) -> Markup {
    html! {
        div.nothing {
            @if let Next::Perhaps(place) = next {
                h2 { (no_match(asked)) }
                p.muted { "Searched back to " (time(place.start_us)) "." }
            } @else if !asked.before.is_empty() {
                h2 { "No older traces" }
            } @else {
                h2 { "No traces here" }
                p.muted {
                    @if asked.narrows() { "None in this range of time passes the filter." }
                    @else { "None started in this range of time." }
                }
                @if asked.range != "all" {
                    p { a href=(asked.in_all_time()) { "Look through all time" } }
                }
            }
        }
    }
}
