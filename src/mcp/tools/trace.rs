//! `get_trace`: a trace's outline. Page by page every span is reached, in the order of the
//! tree; of a trace of more than ten thousand one part after another.

use std::collections::BTreeMap;
use std::collections::HashMap;

use super::super::arguments::{Argument, Arguments, CURSOR, TRACE_ID, Takes, may};
use super::super::asked::{AIM, Asked, cost};
use super::super::refusal::Refusal;
use super::super::text::{Object, Rows, greatest_first, shown};
use super::outline::{ERROR_BYTES, Outline, error_texts, is_call, main_model, span_row, took};
use super::scores::short as short_score;
use super::search;
use crate::batch::RawStore;
use crate::dashboard::trace::row::{Failure, TreeRow};
use crate::index::Database;
use crate::index::found::Span;
use crate::index::scores::{ScoreFilter, read_list, select_list};
use crate::index::spans::SpanPlace;
use crate::model::SpanType;

pub(super) const TAKES: &[Argument] = &[
    TRACE_ID,
    may(
        "view",
        Takes::One(&["summary", "all", "errors", "llm", "critical_path"]),
        "summary says what stands out and then lists all spans; the others list the spans that they name.",
    ),
    CURSOR,
];

/// Bytes of each list of what stands out.
const DIGEST_BYTES: usize = 2_000;
/// Errors whose texts are read for a page.
const ERRORS: usize = 50;

pub(super) async fn answer<D: Database, S: RawStore>(
    mut answer: Object,
    arguments: &Arguments<'_>,
    asked: &Asked<'_, D, S>,
) -> Result<Object, Refusal> {
    let id = arguments.text("trace_id").unwrap_or_default();
    let view = arguments.word("view");
    // The place in the order of spans at which the part begins, and the last span before.
    let place = arguments.cursor()?;
    let is_first = place.is_none();
    let [start, after, last] = place.unwrap_or_default();
    let part: Option<SpanPlace> = start.parse().ok().map(|start| (start, after));
    let last = Some(last).filter(|last| !last.is_empty());
    let outline = Outline::read(&id, part.clone(), asked).await?;
    let all: Vec<_> = outline.rows().filter(|(span, row)| is_in(view, span, row)).collect();
    let begin = match &last {
        None => 0,
        // A span that has moved out of the view since is not found: then from the start.
        Some(last) => all.iter().position(|(span, _)| span.id == *last).map_or(0, |at| at + 1),
    };
    let rest = all.get(begin..).unwrap_or_default();
    let texts = texts(&outline, rest, is_first, asked).await?;
    if is_first {
        let model = main_model(&outline.spans).unwrap_or_default();
        answer.json("trace", &search::row(&outline.trace, model, "", asked).end());
        answer.whole("spanCount", outline.trace.spans);
        if view == "summary" {
            digest(&mut answer, &outline, &texts);
        }
        scores_of(&mut answer, &id, asked).await?;
    }
    answer.text("url", &asked.trace_url(&id));
    let mut rows = Rows::new(AIM.saturating_sub(answer.len() + 400));
    let start = outline.trace.start_us;
    let added = rows.fill(rest.iter().map(|(span, row)| {
        let text = texts.get(&*span.id).map(String::as_str);
        span_row(span, Some(row.level.saturating_sub(1)), start, text)
    }));
    answer.list("spans", &rows.all);
    let next: Option<(Option<&SpanPlace>, &str)> = match rest.get(added) {
        Some(_) => {
            let last = added.checked_sub(1).and_then(|last| rest.get(last));
            Some((part.as_ref(), last.map_or("", |(span, _)| &*span.id)))
        }
        None => outline.next.as_ref().map(|next| (Some(next), "")),
    };
    if let Some((part, last)) = next {
        let left = rest.len() - added;
        let (start, after) = part.map_or((String::new(), ""), |(at, id)| (at.to_string(), id));
        answer.text("nextCursor", &arguments.cursor_to(&[&start, after, last]));
        let more = if outline.next.is_some() { " at least" } else { "" };
        let more = format!(
            "{left} spans follow{more}: repeat the call with cursor, or ask for view errors, llm or critical_path."
        );
        answer.text("more", &more);
    } else if all.is_empty() {
        answer.text("more", "No span is in this view; view all lists every one.");
    }
    Ok(answer)
}

fn is_in(view: &str, span: &Span, row: &TreeRow) -> bool {
    match view {
        "errors" => row.failure.is_some(),
        "llm" => is_call(span),
        "critical_path" => !row.critical.is_empty(),
        _ => true,
    }
}

/// The errors' texts of the spans that come next, and of those that stand out.
async fn texts<'o, D: Database, S: RawStore>(
    outline: &'o Outline,
    rest: &[(&'o Span, &TreeRow)],
    is_first: bool,
    asked: &Asked<'_, D, S>,
) -> Result<HashMap<&'o str, String>, Refusal> {
    // A page has some 80 rows.
    let mut wanted: Vec<&Span> = rest
        .iter()
        .take(150)
        .filter(|(_, row)| row.failure.is_some())
        .map(|(span, _)| *span)
        .collect();
    wanted.truncate(ERRORS);
    if is_first {
        wanted.extend(caused(outline).take(10));
    }
    let texts = error_texts(&wanted, asked).await?;
    let found = wanted.iter().zip(texts).filter_map(|(span, text)| Some((&*span.id, text?)));
    Ok(found.collect())
}

fn caused(outline: &Outline) -> impl Iterator<Item = &Span> {
    let causes = outline.rows().filter(|(_, row)| row.failure == Some(Failure::Cause));
    causes.map(|(span, _)| span)
}

/// What stands out in a trace.
fn digest(answer: &mut Object, outline: &Outline, texts: &HashMap<&str, String>) {
    answer.json("byType", &by_type(&outline.spans));
    let mut errors = Rows::new(DIGEST_BYTES);
    for span in caused(outline).take(10) {
        let mut row = short(span);
        if let Some(text) = texts.get(&*span.id) {
            row.text("error", &shown(text, ERROR_BYTES / 2));
        }
        errors.add_if(row.end());
    }
    answer.list("errors", &errors.all);
    let on_path = |row: &TreeRow| row.critical.iter().map(|(from, to)| to - from).sum::<i64>();
    let path: Vec<_> = outline.rows().filter(|(_, row)| !row.critical.is_empty()).collect();
    let mut longest = greatest_first(path.iter().map(|(_, row)| on_path(row)));
    longest.truncate(15);
    let path: Vec<_> = longest.into_iter().filter_map(|at| path.get(at)).collect();
    let began = |row: &TreeRow| row.critical.first().map_or(0, |(from, _)| from.saturating_neg());
    let in_order = greatest_first(path.iter().map(|(_, row)| began(row)));
    let path = in_order.into_iter().filter_map(|at| path.get(at)).map(|(span, row)| {
        let mut line = short(span);
        line.whole("ms", on_path(row) / 1_000).end()
    });
    top(answer, "criticalPath", path);
    let time = |span: &Span| took(span).unwrap_or_default();
    let slowest = first_ten(&outline.spans, time).map(|span| {
        let mut line = short(span);
        line.whole("ms", time(span)).end()
    });
    top(answer, "slowest", slowest);
    let spent = |span: &Span| span.cost_nano.unwrap_or_default();
    let costliest = first_ten(&outline.spans, spent).map(|span| {
        let mut line = short(span);
        cost(&mut line, "costUsd", spent(span));
        line.end()
    });
    top(answer, "costliest", costliest);
}

/// The ten spans of which something is greatest, if it is more than nothing.
fn first_ten(spans: &[Span], what: fn(&Span) -> i64) -> impl Iterator<Item = &Span> {
    let order = greatest_first(spans.iter().map(what)).into_iter().take(10);
    order.filter_map(|at| spans.get(at)).filter(move |span| what(span) > 0)
}

fn top(answer: &mut Object, key: &'static str, lines: impl Iterator<Item = String>) {
    let mut rows = Rows::new(DIGEST_BYTES);
    for line in lines {
        rows.add_if(line);
    }
    answer.list(key, &rows.all);
}

fn short(span: &Span) -> Object {
    let mut line = Object::new();
    line.text("id", &span.id).shown("name", &span.name, 60);
    line
}

/// What the spans come to by type.
fn by_type(spans: &[Span]) -> String {
    let mut types: BTreeMap<&'static str, [i64; 4]> = BTreeMap::new();
    for span in spans {
        let [count, time, tokens, nano] = types.entry(SpanType::name_of(span.kind)).or_default();
        *count += 1;
        *time += took(span).unwrap_or_default();
        *tokens += span.total_tokens.and_then(|n| i64::try_from(n).ok()).unwrap_or_default();
        *nano += span.cost_nano.unwrap_or_default();
    }
    let mut all = Object::new();
    for (name, [count, time, tokens, nano]) in types {
        let mut one = Object::new();
        one.whole("spans", count).whole("ms", time).some("tokens", tokens);
        cost(&mut one, "costUsd", nano);
        all.json(name, &one.end());
    }
    all.end()
}

/// Scores that are shown with a trace.
const SCORES: usize = 20;

/// The newest scores of a trace.
async fn scores_of<D: Database, S: RawStore>(
    answer: &mut Object,
    id: &str,
    asked: &Asked<'_, D, S>,
) -> Result<(), Refusal> {
    let of_trace = ScoreFilter { trace: Some(id.into()), ..ScoreFilter::default() };
    let ran = asked.db.run(vec![select_list(asked.project, &of_trace, None, SCORES)]).await?;
    let (found, _) = read_list(&ran, SCORES)?;
    if !found.is_empty() {
        top(answer, "scores", found.iter().map(|score| short_score(score).end()));
    }
    Ok(())
}
