//! The tree and the waterfall as one table: a row for each span, its name
//! indented, its bar on the axis that all share. Five thousand rows are
//! common, so a row is little HTML and no script. Which rows there are, and
//! what is critical, is `tree`'s.

use std::fmt::Write;

use ingest_core::fold::price::CostSource;
use maud::{Markup, PreEscaped, html};

use super::row::{Failure, ParentProblem, TreeRow, Window, children};
use super::tree::Tree;
use crate::dashboard::span::page::unnamed;
use crate::dashboard::ui::format::{self, count};
use crate::dashboard::ui::span_duration::SpanDuration;
use crate::index::found::Span;
use crate::model::{Micros, SpanType};

/// Rows that the browser lays out together, or not at all while they are out of
/// sight.
const ROWS_A_GROUP: usize = 50;
/// The axis in the units that bars are placed in: a ten-thousandth of a percent,
/// because who zooms in sees a hundredth of it as all of it.
const UNITS: i64 = 1_000_000;
/// Parts of bars that are closer than this are not told apart.
const CLOSE: i64 = UNITS / 2_000;
/// Parts of bars that are shorter than this are not worth a mark.
const SHORT: i64 = UNITS / 500;
/// The deepest level that is indented further than the one above it.
const MAX_INDENT: usize = 24;
/// From so many levels on they are indented less.
const MANY_LEVELS: usize = 10;

/// The time that the waterfall shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    start: Micros,
    length: Micros,
}

impl Axis {
    /// From the one time to the other.
    #[must_use]
    pub fn of((start, end): Window) -> Self {
        Self { start, length: end.saturating_sub(start).max(1) }
    }

    fn place(&self, at: Micros) -> i64 {
        let from_start = i128::from(at.saturating_sub(self.start)) * i128::from(UNITS);
        let place = (from_start / i128::from(self.length)).clamp(0, i128::from(UNITS));
        i64::try_from(place).unwrap_or(UNITS)
    }

    /// Round times from the start on, each with its place; at most ten.
    fn ticks(&self) -> impl Iterator<Item = (i64, Micros)> + use<> {
        let (axis, step) = (*self, step(self.length / MAX_TICKS + 1));
        let times = std::iter::successors(Some(0), move |at: &Micros| at.checked_add(step));
        times
            .take_while(move |at| *at <= axis.length)
            .map(move |at| (axis.place(axis.start.saturating_add(at)), at))
    }
}

const MAX_TICKS: i64 = 8;

/// The first round length of time that is no less.
fn step(least: Micros) -> Micros {
    const SECOND: Micros = 1_000_000;
    const ROUND: [Micros; 16] =
        [2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200];
    let decimal = |unit: Micros| {
        let powers = std::iter::successors(Some(unit), |unit| unit.checked_mul(10));
        powers
            .flat_map(|unit| [1, 2, 5].map(|n| unit.saturating_mul(n)))
            .find(|step| *step >= least)
    };
    if least <= SECOND {
        return decimal(1).unwrap_or(SECOND);
    }
    let round = ROUND.into_iter().map(|s| s * SECOND).find(|step| *step >= least);
    round.or_else(|| decimal(86_400 * SECOND)).unwrap_or(Micros::MAX)
}

/// A tick's time without what is zero in it: `1.5 s`, `2 m`, `1 h 30 m`.
fn tick_label(us: Micros) -> String {
    let decimal = |unit: Micros, name: &str| {
        let text = format!("{}.{:03}", us / unit, us % unit * 1_000 / unit);
        format!("{} {name}", text.trim_end_matches('0').trim_end_matches('.'))
    };
    let s = us / 1_000_000;
    let pair = |(a, one): (i64, &str), (b, two): (i64, &str)| match b {
        0 => format!("{} {one}", count(a)),
        b => format!("{} {one} {b} {two}", count(a)),
    };
    match us {
        0 => "0".into(),
        1..1_000 => format!("{us} µs"),
        1_000..1_000_000 => decimal(1_000, "ms"),
        _ if s < 60 => decimal(1_000_000, "s"),
        _ if s < 3_600 => pair((s / 60, "m"), (s % 60, "s")),
        _ if s < 86_400 => pair((s / 3_600, "h"), (s % 3_600 / 60, "m")),
        _ => pair((s / 86_400, "d"), (s % 86_400 / 3_600, "h")),
    }
}

/// The table. `selected` is the span whose detail is shown; `cut` whether there are
/// more spans than these: then nothing can be said of all below one.
#[must_use]
pub fn waterfall_table(tree: &Tree, spans: &[Span], selected: Option<&str>, cut: bool) -> Markup {
    let axis = Axis::of(tree.window);
    let rows = &tree.rows;
    let sums = sums(rows, spans, cut);
    let deep = match rows.iter().map(|row| row.level).max() {
        Some(MANY_LEVELS..=MAX_INDENT) => "tree deep",
        Some(level) if level > MAX_INDENT => "tree deeper",
        _ => "tree",
    };
    let class = if tree.now.is_some() { format!("{deep} running") } else { deep.into() };
    let now = tree.now.map(|now| (axis.place(now), now.saturating_sub(axis.start).max(0)));
    // Where it says "now" no other label has room.
    let has_room = |place: i64| now.is_none_or(|(now, _)| (place - now).abs() > UNITS / 8);
    html! {
        div class=(class) role="treegrid" aria-label="Spans" aria-rowcount=(rows.len() + 1) aria-colcount="6" {
            div.head role="row" {
                @for (class, name) in [("n", "Name"), ("m", "Model"), ("t", "Tokens"), ("c", "Cost"), ("d", "Duration")] {
                    div.(class) role="columnheader" { (name) }
                }
                div.w role="columnheader" {
                    span.sr { "Timeline" }
                    svg aria-hidden="true" data-length=(axis.length) data-now=[now.map(|(_, at)| at)] {
                        @for (n, (place, at)) in axis.ticks().enumerate().filter(|(_, (place, _))| has_room(*place)) {
                            text class=(tick_class(n, place)) x=(percent(place)) y="50%" { (tick_label(at)) }
                        }
                        @if let Some((place, _)) = now { text.now x=(percent(place)) y="50%" { "now" } }
                    }
                }
            }
            div.body role="presentation" {
                svg.lines aria-hidden="true" {
                    @for (place, _) in axis.ticks() {
                        line x1=(percent(place)) x2=(percent(place)) y2="100%" {}
                    }
                    @if let Some((place, _)) = now { line.now x1=(percent(place)) x2=(percent(place)) y2="100%" {} }
                }
                @for (group, sums) in rows.chunks(ROWS_A_GROUP).zip(sums.chunks(ROWS_A_GROUP)) {
                    div.group role="rowgroup" {
                        @for (row, sums) in group.iter().zip(sums) {
                            @if let Some(span) = spans.get(row.span) { (one(row, span, *sums, (&axis, tree.now), selected)) }
                        }
                    }
                }
            }
        }
    }
}

/// Every other tick gives way where there is little room; one at the end is
/// written before its line.
fn tick_class(n: usize, place: i64) -> &'static str {
    match (n % 2, place > UNITS * 94 / 100) {
        (0, false) => "tick",
        (0, true) => "end",
        (_, false) => "minor",
        (_, true) => "minor end",
    }
}

/// Tokens and cost of each row: the span's own, or else those of the spans below
/// it together. Where a client gave a span the sum of those below, they are not
/// counted twice. Where spans are missing from the page only the span's own.
fn sums(rows: &[TreeRow], spans: &[Span], cut: bool) -> Vec<(Option<i64>, Option<i64>)> {
    let mut sums = vec![(None, None); rows.len()];
    let add = |a: Option<i64>, b: Option<i64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (a, b) => a.or(b),
    };
    for (at, row) in rows.iter().enumerate().rev() {
        let below = children(rows, at).filter(|_| !cut).filter_map(|(at, _)| sums.get(at).copied());
        let below =
            below.fold((None, None), |(t, c), (tokens, cost)| (add(t, tokens), add(c, cost)));
        let own = spans.get(row.span);
        let tokens = own.and_then(|span| span.total_tokens).and_then(|n| i64::try_from(n).ok());
        let tokens = tokens.filter(|tokens| *tokens != 0 || below.0.is_none());
        let cost = own.and_then(|span| span.cost_nano).filter(|nano| *nano != 0);
        if let Some(sum) = sums.get_mut(at) {
            *sum = (tokens.or(below.0), cost.or(below.1));
        }
    }
    sums
}

fn one(
    row: &TreeRow,
    span: &Span,
    (tokens, cost): (Option<i64>, Option<i64>),
    (axis, now): (&Axis, Option<Micros>),
    selected: Option<&str>,
) -> Markup {
    let open = span.start_us.is_some() && span.end_us.is_none();
    let took = SpanDuration::of(span.start_us, span.end_us, now);
    let class = format!(
        "r k{}{}{}{}{}{}{}{}",
        span.kind.min(SpanType::ALL.len()),
        if row.failure.is_some() { " e" } else { "" },
        if row.failure == Some(Failure::PassedOn) { " v" } else { "" },
        if row.critical.is_empty() { "" } else { " p" },
        if open { " u" } else { "" },
        if row.other { " o" } else { "" },
        if row.above_others { " z" } else { "" },
        match (&span.model, tokens.is_some() || cost.is_some()) {
            (Some(_), _) => "",
            (None, true) => " x1",
            (None, false) => " x3",
        },
    );
    let chosen = selected == Some(&span.id);
    let sum = |own: bool| (!own).then_some("Of the spans below");
    html! {
        div role="row" class=(class) aria-level=(row.level) aria-expanded=[(row.children > 0).then_some("true")]
            data-span-id=(span.id) aria-selected=[chosen.then_some("true")] tabindex=[chosen.then_some("0")] {
            div.n role="gridcell" {
                @if row.children > 0 { i {} }
                @if row.level > MAX_INDENT { small title="Depth" { (row.level) } }
                a href=(format!("?span={}", format::encode(&span.id))) tabindex="-1" {
                    @if span.name.is_empty() { em { (unnamed(span)) } } @else { (span.name) }
                }
                @match row.failure {
                    Some(Failure::Cause) => b { "error" },
                    Some(Failure::PassedOn) => b title="It failed, and so did a step of it" { "passed on" },
                    None => {}
                }
                @match took {
                    SpanDuration::Running(_) => span { "running" },
                    SpanDuration::NeverEnded => small { "never ended" },
                    SpanDuration::Reversed(_) => u { "ends before it starts" },
                    _ => {}
                }
                @match row.odd {
                    Some(ParentProblem::Missing) => u title="The span that it names as its parent has not come, or not yet" { "parent not received" },
                    Some(ParentProblem::NotShown) => u title="The span that it names as its parent is not among those shown" { "parent not shown" },
                    Some(ParentProblem::Loop) => u title="Its parents lead back to itself" { "parent in a loop" },
                    None => {}
                }
            }
            @if let Some(model) = &span.model { div.m role="gridcell" { (model) } }
            @if let Some(tokens) = tokens {
                @let sum = sum(span.total_tokens.and_then(|n| i64::try_from(n).ok()) == Some(tokens));
                div.t role="gridcell" title=[sum] { @if sum.is_some() { "Σ " } (format::short(tokens)) }
            }
            @if let Some(nano) = cost {
                @let sum = sum(span.cost_nano.is_some_and(|nano| nano != 0));
                @let computed = span.cost_source.is_some_and(|source| source != CostSource::Client);
                @let whose = sum.or(computed.then_some("Computed from prices"));
                div.c role="gridcell" title=[format::cost_title(nano, whose)] { @if sum.is_some() { "Σ " } (format::dollars(nano)) }
            }
            div.d role="gridcell" { @if took == SpanDuration::NeverEnded { em { "–" } } @else { (took.shown()) } }
            @if let Some(own) = row.own { (bar(row, own, open, axis)) }
        }
    }
}

/// A span's bar: light where its children ran, full where it was alone, and the
/// critical path below it. Styles give it its height and its colour.
fn bar(row: &TreeRow, own: Window, endless: bool, axis: &Axis) -> Markup {
    let mut rects = String::new();
    let light = row.children > 0 || endless;
    rect(&mut rects, own, if light { "l" } else { "" }, axis);
    if !endless {
        parts(&mut rects, &row.alone, "", axis);
    }
    parts(&mut rects, &row.critical, "q", axis);
    html! { svg.w aria-hidden="true" { (PreEscaped(rects)) } }
}

/// Several parts: those that are hardly apart as one, those that are hardly
/// there not at all.
fn parts(out: &mut String, parts: &[Window], class: &str, axis: &Axis) {
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (from, to) in parts {
        let (from, to) = (axis.place(*from), axis.place(*to));
        match joined.last_mut() {
            Some(last) if from <= last.1 + CLOSE => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    for (from, to) in joined.into_iter().filter(|(from, to)| to - from >= SHORT) {
        write_rect(out, from, to, class);
    }
}

fn rect(out: &mut String, (from, to): Window, class: &str, axis: &Axis) {
    write_rect(out, axis.place(from), axis.place(to), class);
}

fn write_rect(out: &mut String, from: i64, to: i64, class: &str) {
    // Without any width there is nothing to see; styles make the least visible.
    let from = from.min(UNITS - 1);
    let (x, width) = (percent(from), percent((to - from).max(1)));
    let _ = match class {
        "" => write!(out, "<rect x={x} width={width} />"),
        class => write!(out, "<rect class={class} x={x} width={width} />"),
    };
}

/// Ten-thousandths of a percent as SVG takes them: `12.5%`.
fn percent(units: i64) -> String {
    let text = format!("{}.{:04}", units / 10_000, units % 10_000);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::spans;
    use super::*;

    fn labels(length: Micros) -> Vec<String> {
        Axis::of((7, 7 + length)).ticks().map(|(_, at)| tick_label(at)).collect()
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(labels(1_000_000), ["0", "200 ms", "400 ms", "600 ms", "800 ms", "1 s"]);
        assert_eq!(labels(3_300_000), ["0", "500 ms", "1 s", "1.5 s", "2 s", "2.5 s", "3 s"]);
        assert_eq!(labels(400_000_000), ["0", "1 m", "2 m", "3 m", "4 m", "5 m", "6 m"]);
        assert_eq!(labels(1).len(), 2);
        for length in [0, 1, 3, 999, 12_345, 59_000_000, 86_400_000_000, 1 << 55, Micros::MAX] {
            let places: Vec<_> = Axis::of((0, length)).ticks().collect();
            assert!((1..=10).contains(&places.len()), "{length}: {places:?}");
            assert!(
                places.is_sorted() && places.iter().all(|(place, _)| (0..=UNITS).contains(place))
            );
        }
    }

    #[test]
    fn bars_lie_on_the_axis_whatever_their_times() {
        let axis = Axis::of((Micros::MIN, Micros::MAX));
        assert_eq!((axis.place(Micros::MIN), axis.place(Micros::MAX)), (0, UNITS));
        let axis = Axis::of((100, 100));
        assert_eq!((axis.place(5), axis.place(100), axis.place(Micros::MAX)), (0, 0, UNITS));
        let mut out = String::new();
        write_rect(&mut out, UNITS, UNITS, "");
        write_rect(&mut out, 125_000, 250_500, "q");
        assert_eq!(out, "<rect x=99.9999% width=0.0001% /><rect class=q x=12.5% width=12.55% />");
    }

    #[test]
    fn shows_gaps_and_joins_what_cannot_be_told_apart() {
        let spans = spans(&[("a", "", 0, 1_000), ("b", "a", 0, 400), ("c", "a", 700, 1_000)]);
        let tree = Tree::of(&spans, 0, None, None);
        let html = bar(&tree.rows[0], (0, 1_000), false, &Axis::of(tree.window)).into_string();
        assert!(
            html.contains("<rect class=l x=0% width=100% /><rect x=40% width=30% />"),
            "{html}"
        );
        let many: Vec<Window> = (0..5_000).map(|n| (n * 1_000, n * 1_000 + 900)).collect();
        let mut out = String::new();
        parts(&mut out, &many, "q", &Axis::of((0, 5_000_000)));
        assert_eq!(out.matches("<rect").count(), 1);
    }

    #[test]
    fn adds_up_what_spans_below_cost_once() {
        let mut spans =
            spans(&[("a", "", 0, 9), ("b", "a", 1, 2), ("c", "b", 1, 2), ("d", "a", 2, 3)]);
        spans[1].total_tokens = Some(10);
        spans[2].total_tokens = Some(10);
        spans[3].total_tokens = Some(5);
        spans[2].cost_nano = Some(7);
        let tree = Tree::of(&spans, 0, None, None);
        let (none, cost) = (None, Some(7));
        let expected = [(Some(15), cost), (Some(10), cost), (Some(10), cost), (Some(5), none)];
        assert_eq!(sums(&tree.rows, &spans, false), expected);
    }

    #[test]
    fn days_of_an_axis_are_written_as_elsewhere() {
        assert_eq!(tick_label(1_000 * 86_400 * 1_000_000), "1,000 d");
        assert_eq!(tick_label((2 * 24 + 4) * 3_600 * 1_000_000), "2 d 4 h");
    }

    #[test]
    fn rows_are_small_and_names_are_text() {
        let mut spans = spans(&[("<b>\"'&", "?", 0, 10)]);
        spans[0].name = "<script>alert(1)</script>".into();
        spans[0].model = Some("<img src=x>".into());
        let tree = Tree::of(&spans, 0, None, None);
        let html = waterfall_table(&tree, &spans, Some("<b>\"'&"), false).into_string();
        assert!(
            !html.contains("<script") && !html.contains("<img") && !html.contains("<b>"),
            "{html}"
        );
        assert!(html.contains("data-span-id=\"&lt;b&gt;&quot;'&amp;\""), "{html}");
        assert!(html.contains("parent not received") && html.contains("aria-selected=\"true\""));
        let row =
            one(&tree.rows[0], &spans[0], (Some(1), Some(1)), (&Axis::of(tree.window), None), None)
                .into_string();
        assert!(row.len() < 700, "{}", row.len());
    }
}
