//! A session: its traces in the order in which they happened, what was said in them, and what
//! they came to together.

use std::borrow::Cow;

use maud::{Markup, html};
use xxhash_rust::xxh3::xxh3_64;

use crate::batch::RawStore;
use crate::dashboard::span::chat::Message;
use crate::dashboard::span::messages::{Look, inner, message};
use crate::dashboard::span::thread::Thread;
use crate::dashboard::ui::asset::Asset;
use crate::dashboard::ui::format;
use crate::dashboard::ui::format::{count, dollars, duration, encode, exact_dollars};
use crate::dashboard::ui::json_view::Budget;
use crate::dashboard::ui::layout::{Shell, document, unfolding_preview};
use crate::dashboard::ui::status::show_trace_status;
use crate::dashboard::ui::trace_state::{duration_so_far, running_until};
use crate::dashboard::ui::url::{query_value, trace_url};
use crate::dashboard::view::View;
use crate::error::Error;
use crate::index::found::{Span, root_of};
use crate::index::read::{Slice, TraceRow};
use crate::index::sessions::{MAX_TURNS, Near, PACK_BYTES, Turn};
use crate::index::{Database, sessions};
use crate::model::{Micros, Millis, TraceStatus};
use crate::payload::Payloads;
use crate::reply::Reply;

/// So much of what its traces said is read.
const READ: u64 = 4 * 1024 * 1024;
/// So much of that is shown.
const SHOWN: usize = 512 * 1024;

/// `GET /sessions/{id}`: those of its traces that are near `at` (microseconds since the
/// epoch), or the newest. When htmx asks, the turns alone, or that they are those it knows.
///
/// # Errors
/// A fault of the database or the store.
pub async fn page(view: &View<'_, impl Database, impl RawStore>, id: &str) -> Result<Reply, Error> {
    let asked: Option<Micros> = query_value(view.query, "at").and_then(|at| at.parse().ok());
    let at = asked.unwrap_or_else(|| view.now.saturating_mul(1_000));
    let near =
        sessions::read_near(view.db.run(sessions::select_near(view.project, id, at)).await?)?;
    let etag = etag(&near, view);
    let is_known = |known: &str| known.contains(etag.trim_start_matches("W/"));
    if view.part && view.known.as_deref().is_some_and(is_known) {
        return Ok(Reply::empty(304).as_page().with("etag", etag));
    }
    let shown = turns_of(view, id, &near, asked).await?;
    if view.part {
        return Ok(Reply::html(200, shown).with("etag", etag));
    }
    let shell = Shell {
        title: &format!("Session {id}"),
        project: Some(view.project_name),
        assets: &[Asset::TraceCss, Asset::ChatCss, Asset::Htmx, Asset::SessionJs],
        back: Some(("/traces", "Traces")),
    };
    let last = near.traces.last();
    let is_live = near.later.is_none() && last.is_some_and(|last| is_live(last, view.now));
    let url = format!(
        "/sessions/{}{}",
        encode(id),
        asked.map_or(String::new(), |at| format!("?at={at}"))
    );
    let main = html! {
        div.session #session hx-get=(url) hx-trigger="poll" hx-swap="innerMorph" data-etag=(etag) data-live[is_live] { (shown) }
    };
    Ok(Reply::html(200, document(&shell, &main)))
}

/// What is different when a trace of it has changed, has come, or is another only with time.
fn etag<D, S>(near: &Near, view: &View<'_, D, S>) -> String {
    let states: Vec<_> = near.traces.iter().map(|trace| trace.status(view.now)).collect();
    format!("W/\"{:016x}\"", xxh3_64(format!("{near:?} {states:?} {}", view.plain).as_bytes()))
}

/// Whether more of a session may come while one looks at it.
fn is_live(last: &TraceRow, now: Millis) -> bool {
    const RECENT: Millis = 30 * 60 * 1_000;
    now.saturating_sub((last.active_us / 1_000).max(last.created_ms)) < RECENT
}

/// The head of the page, and as many of its turns as are shown at once: from the one that was
/// asked for, else the last.
async fn turns_of(
    view: &View<'_, impl Database, impl RawStore>,
    id: &str,
    near: &Near,
    asked: Option<Micros>,
) -> Result<Markup, Error> {
    let all = &near.traces;
    let first = asked.and_then(|at| all.iter().position(|trace| trace.start_us >= at));
    let first = first.unwrap_or(all.len()).min(all.len().saturating_sub(MAX_TURNS));
    let to = all.len().min(first + MAX_TURNS);
    let shown = all.get(first..to).unwrap_or_default();
    let ids: Vec<&str> = shown.iter().map(|trace| &*trace.id).collect();
    let read = sessions::read_turns(
        &view.db.run(sessions::select_turns(view.project, &ids, PACK_BYTES)).await?,
    )?;
    let mut room = READ;
    let newest_first = shown.iter().rev();
    let mut turns: Vec<_> =
        newest_first.map(|trace| Content::of(read.get(&trace.id), &mut room)).collect();
    turns.reverse();
    let slices: Vec<_> = turns.iter().flatten().flat_map(Content::slices).collect();
    let payloads = Payloads::read(&view.source, &slices).await?;
    let said: Vec<_> =
        turns.iter().map(|turn| turn.as_ref().map(|turn| turn.read(&payloads))).collect();
    let go = |at: Micros| format!("/sessions/{}?at={at}", encode(id));
    let place = |at: usize| all.get(at).map(|trace| go(trace.start_us));
    let before = place(first.saturating_sub(MAX_TURNS)).filter(|_| first > 0);
    let after = place(to);
    Ok(html! {
        header.summary {
            div.title { (unfolding_preview(id, &html! { h1 { "Session " span.of { (id) } } })) button.quiet.small type="button" data-copy=(id) { "Copy" } }
            @if let Some(first) = all.first() { (totals(first, all, view.now)) }
        }
        @if let Some(earlier) = near.earlier {
            p.muted { "Searched back to " (format::time(earlier)) ". " a href=(go(earlier)) { "Search further back" } }
        }
        @if let Some(url) = before { p { a href=(url) { (first) " earlier turns" } } }
        @if all.is_empty() {
            p.message { "No trace of this session was found in this time." }
        } @else {
            (list(shown, &said, first > 0 || near.earlier.is_some(), view))
        }
        @if let Some(url) = after { p { a href=(url) { (all.len() - to) " later turns" } } }
        @if let Some(later) = near.later {
            p.muted { "Searched on to " (format::time(later)) ". " a href=(go(later)) { "Search further on" } }
        }
    })
}

/// Where what a trace said lies.
struct Content<'a> {
    root: Option<&'a Span>,
    own: [Option<Slice>; 2],
}

/// What went in and what came out.
type Said<'a> = [Option<Cow<'a, str>>; 2];

impl<'a> Content<'a> {
    /// That of its root, and its own where its format has that; `None` if there is no room for
    /// them.
    fn of(turn: Option<&'a Turn>, left: &mut u64) -> Option<Self> {
        let root = turn.and_then(|(_, spans)| root_of(spans));
        let own =
            turn.map(|(trace, _)| [trace.own_input(), trace.own_output()]).unwrap_or_default();
        let content = Self { root, own };
        let before = std::iter::once(None).chain(content.slices().map(Some));
        let read = content.slices().zip(before).map(|(slice, before)| slice.bytes_after(before));
        let bytes: u64 = read.sum();
        *left = left.checked_sub(bytes)?;
        Some(content)
    }

    fn slices(&self) -> impl Iterator<Item = &Slice> {
        self.root.into_iter().flat_map(|root| &root.slices).chain(self.own.iter().flatten())
    }

    fn read<'p>(&self, payloads: &'p Payloads) -> Said<'p> {
        let owned = |json: Cow<'p, str>| Cow::Owned(inner(&json).into_owned());
        let body = self.root.and_then(|root| payloads.span(root).ok());
        let of_root = body.map(|body| [body.input, body.output]).unwrap_or_default();
        let own = |slice: &Option<Slice>| payloads.trace_content(slice.as_ref()?).ok();
        let [input, output] = &self.own;
        let own =
            [own(input).and_then(|(input, _)| input), own(output).and_then(|(_, output)| output)];
        let [input, output] = of_root;
        let [own_input, own_output] = own;
        [input.or(own_input).map(owned), output.or(own_output).map(owned)]
    }
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

fn list<D, S>(
    traces: &[TraceRow],
    said: &[Option<Said<'_>>],
    began_earlier: bool,
    view: &View<'_, D, S>,
) -> Markup {
    let mut thread = Thread::default();
    let mut is_missing = began_earlier;
    let mut messages = Vec::with_capacity(said.len());
    for said in said {
        let [input, output] = said.as_ref().map_or([None, None], |said| {
            let [input, output] = said;
            [input.as_deref(), output.as_deref()]
        });
        messages.push(thread.turn(input, output, is_missing));
        is_missing = said.is_none();
    }
    // The newest first, each at most half of what is left: so the ones before have some, too.
    let mut left = SHOWN;
    let mut turns: Vec<Markup> = Vec::with_capacity(traces.len());
    for (trace, messages) in traces.iter().zip(&messages).rev() {
        let mut budget = Budget::new(left / 2);
        turns.push(one(trace, messages, &mut budget, view));
        left -= budget.used();
    }
    html! {
        ol.turns aria-label="Traces" {
            @for (at, (trace, turn)) in traces.iter().zip(turns.iter().rev()).enumerate() {
                @let before = at.checked_sub(1).and_then(|at| traces.get(at));
                @if let Some(pause) = before.and_then(|before| pause(before, trace, view.now)) {
                    li.pause { (duration(pause)) " later" }
                }
                (turn)
            }
        }
    }
}

/// The time between two traces, where there is one that counts.
fn pause(before: &TraceRow, trace: &TraceRow, now: Millis) -> Option<Micros> {
    const COUNTS: Micros = 1_000_000;
    Some(trace.start_us.saturating_sub(end(before, now))).filter(|pause| *pause >= COUNTS)
}

fn one<D, S>(
    trace: &TraceRow,
    messages: &[Message<'_>],
    budget: &mut Budget,
    view: &View<'_, D, S>,
) -> Markup {
    let now = view.now;
    let look = Look { plain: view.plain, ..Look::default() };
    let is_said = !messages.is_empty() && budget.has_room();
    html! {
        li.turn #(format!("turn-{}", trace.id)) data-trace-id=(trace.id) {
            div.line {
                a.name.cut href=(trace_url(&trace.id)) title=(trace.name) { (format::name(&trace.name)) }
                (show_trace_status(trace.status(now), trace.failures))
                span.spacer {}
                span.muted { (format::time(trace.start_us)) }
            }
            @if is_said {
                ol.chat {
                    @for said in messages {
                        @if budget.has_room() { (message(said, look, budget)) }
                    }
                }
            } @else {
                @for (label, preview) in [("In", &trace.input_preview), ("Out", &trace.output_preview)] {
                    @if let Some(preview) = preview { p.preview { span.muted { (label) } span { (preview) } } }
                }
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
