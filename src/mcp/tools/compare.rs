//! `compare_traces`: two traces side by side. Spans are the same that have the same names
//! from the root on, in order; of those that went otherwise the output's first difference is
//! looked up for what is on the page.

use std::fmt::Write;

use super::super::arguments::{Argument, Arguments, CURSOR, Takes};
use super::super::asked::{AIM, Asked, cost, few, ms};
use super::super::refusal::Refusal;
use super::super::text::{Object, Rows, greatest_first, quoted};
use super::outline::{Outline, took};
use super::search::row;
use crate::api::dollars;
use crate::batch::RawStore;
use crate::dashboard::compare::align::align;
use crate::index::Database;
use crate::index::found::Span;
use crate::index::read::{Slice, TraceRow};
use crate::model::SpanType;
use crate::payload::Payloads;

pub(super) const TAKES: &[Argument] = &[
    Argument {
        name: "trace_ids",
        takes: Takes::Texts(2),
        about: "The two traces, a and b.",
        needed: Some("search_traces finds both"),
    },
    CURSOR,
];

/// Pairs of which outputs are read for a page, and bytes of their events.
const OUTPUTS: usize = 40;
const MAX_EVENT_BYTES: u64 = 256 * 1024;
/// What is shown around the first difference of two outputs.
const AROUND: usize = 100;

/// Something that differs.
enum Line<'s> {
    Changed(&'s Span, &'s Span),
    OnlyInA(&'s Span),
    OnlyInB(&'s Span),
}

pub(super) async fn answer<D: Database, S: RawStore>(
    mut answer: Object,
    arguments: &Arguments<'_>,
    asked: &Asked<'_, D, S>,
) -> Result<Object, Refusal> {
    let ids = arguments.texts("trace_ids");
    let [a, b] = ids.as_slice() else {
        return Err(Refusal::Told(
            "trace_ids must be a list of two ids; search_traces finds them.".into(),
        ));
    };
    let begin = arguments.cursor()?.and_then(|[begin]| begin.parse().ok()).unwrap_or(0_usize);
    let a = Outline::read(a, None, asked).await?;
    let b = Outline::read(b, None, asked).await?;
    let lines = differences(&a, &b);
    if begin == 0 {
        answer.json("a", &totals(&a.trace, asked)).json("b", &totals(&b.trace, asked));
        answer.json("difference", &difference(&a.trace, &b.trace));
    }
    answer.text("url", &asked.trace_url(&a.trace.id));
    let rest = lines.get(begin..).unwrap_or_default();
    let page = rest.get(..OUTPUTS.min(rest.len())).unwrap_or(rest);
    let payloads = read(page, asked).await?;
    let mut rows = Rows::new(AIM.saturating_sub(answer.len() + 500));
    let (mut only_a, mut only_b, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    let mut added = 0;
    for line in page {
        let (list, row) = match line {
            Line::OnlyInA(span) => (&mut only_a, alone(span)),
            Line::OnlyInB(span) => (&mut only_b, alone(span)),
            Line::Changed(a, b) => (&mut changed, pair(a, b, &payloads)),
        };
        if !rows.add(row.clone()) {
            break;
        }
        added += 1;
        list.push(row);
    }
    answer.list("changed", &changed).list("onlyInA", &only_a).list("onlyInB", &only_b);
    let left = rest.len() - added;
    let mut more = String::new();
    if left > 0 {
        answer.text("nextCursor", &arguments.cursor_to(&[&(begin + added).to_string()]));
        more = format!("{left} differences follow: repeat the call with cursor. ");
    } else if lines.is_empty() {
        more = "No span differs in status, time, tokens or model. ".into();
    }
    for (name, outline) in [("a", &a), ("b", &b)].iter().filter(|(_, it)| it.next.is_some()) {
        let read = outline.spans.len();
        write!(more, "Of {name} the first {read} spans alone were compared. ").ok();
    }
    if !more.is_empty() {
        answer.text("more", more.trim_end());
    }
    Ok(answer)
}

fn totals<D: Database, S: RawStore>(trace: &TraceRow, asked: &Asked<'_, D, S>) -> String {
    row(trace, "", "", asked).end()
}

/// What b has more than a.
fn difference(a: &TraceRow, b: &TraceRow) -> String {
    let took = |trace: &TraceRow| trace.end_us.map(|end| ms(trace.start_us, end));
    let mut all = Object::new();
    all.known("durationMs", took(a).zip(took(b)).map(|(a, b)| b - a));
    all.whole("spans", b.spans - a.spans).whole("errors", b.errors - a.errors);
    all.whole("tokens", b.tokens.saturating_sub(a.tokens));
    all.json("costUsd", &dollars(b.cost_nano.saturating_sub(a.cost_nano)));
    all.end()
}

/// What differs: what went otherwise, the largest difference of time first; then what one
/// has alone, in the order of the trees.
fn differences<'o>(a: &'o Outline, b: &'o Outline) -> Vec<Line<'o>> {
    let (mut changed, mut only_a, mut only_b) = (Vec::new(), Vec::new(), Vec::new());
    for step in align((&a.tree, &a.spans), (&b.tree, &b.spans)) {
        match (step.a, step.b) {
            (Some(a), Some(b)) if figures(a) != figures(b) => changed.push((a, b)),
            (Some(a), None) => only_a.push(Line::OnlyInA(a)),
            (None, Some(b)) => only_b.push(Line::OnlyInB(b)),
            _ => {}
        }
    }
    let ms = |span: &Span| took(span).unwrap_or(0);
    let order = greatest_first(changed.iter().map(|(a, b)| (ms(a) - ms(b)).abs()));
    let changed =
        order.into_iter().filter_map(|at| changed.get(at)).map(|(a, b)| Line::Changed(a, b));
    changed.chain(only_a).chain(only_b).collect()
}

fn figures(span: &Span) -> (&'static str, Option<i64>, Option<u64>, Option<&str>, Option<i64>) {
    let status = span.status.as_str();
    (status, took(span), span.total_tokens, span.model.as_deref(), span.cost_nano)
}

fn alone(span: &Span) -> String {
    let mut row = Object::new();
    row.text("id", &span.id).text("type", SpanType::name_of(span.kind));
    row.shown("name", &span.name, 120).known("ms", took(span)).end()
}

/// The events of pairs whose outputs are compared, as far as they are short.
async fn read<D: Database, S: RawStore>(
    page: &[Line<'_>],
    asked: &Asked<'_, D, S>,
) -> Result<Payloads, Refusal> {
    let pairs = page.iter().filter_map(|line| match line {
        Line::Changed(a, b) => Some([*a, *b]),
        _ => None,
    });
    let mut left = 4 * 1024 * 1024_u64;
    let slices: Vec<&Slice> = pairs
        .flatten()
        .filter(|span| span.event_bytes() <= MAX_EVENT_BYTES)
        .flat_map(|span| &span.slices)
        .take_while(|slice| {
            let bytes = slice.bytes_after(None);
            let fits = bytes <= left;
            left = left.saturating_sub(bytes);
            fits
        })
        .collect();
    Ok(Payloads::read(asked.source, &slices).await?)
}

fn pair(a: &Span, b: &Span, payloads: &Payloads) -> String {
    let mut row = Object::new();
    row.text("aId", &a.id).text("bId", &b.id).text("type", SpanType::name_of(a.kind));
    row.shown("name", &a.name, 120);
    if a.status != b.status {
        let both = [a, b].map(|span| quoted(span.status.as_str()));
        row.list("status", &both);
    }
    for (key, both) in [
        ("ms", [took(a), took(b)]),
        ("tokens", [a, b].map(|span| span.total_tokens.and_then(|n| i64::try_from(n).ok()))),
    ] {
        if both[0] != both[1] {
            row.list(key, &both.map(|n| n.map_or("null".into(), |n| n.to_string())));
        }
    }
    if a.model != b.model {
        row.list("model", &few(&[a, b].map(|span| span.model.clone().unwrap_or_default()), 2, 100));
    }
    if a.cost_nano != b.cost_nano {
        cost(&mut row, "costUsdMore", b.cost_nano.unwrap_or(0) - a.cost_nano.unwrap_or(0));
    }
    let bodies = payloads.span(a).ok().zip(payloads.span(b).ok());
    if let Some((Some(a), Some(b))) = bodies.map(|(a, b)| (a.output, b.output))
        && a != b
    {
        let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
        row.whole("outputDiffersAt", i64::try_from(same).unwrap_or(i64::MAX));
        row.list("output", &few(&[around(&a, same), around(&b, same)], 2, 500));
    }
    row.end()
}

/// A text around a byte of it.
fn around(text: &str, at: usize) -> String {
    let mut from = at.saturating_sub(AROUND).min(text.len());
    while !text.is_char_boundary(from) {
        from -= 1;
    }
    let mut to = (at + AROUND).min(text.len());
    while !text.is_char_boundary(to) {
        to += 1;
    }
    text.get(from..to).unwrap_or_default().to_owned()
}
