//! `list_scores`: scores, newest first, and what they come to by name.

use std::collections::BTreeMap;

use super::super::arguments::{Argument, Arguments, CURSOR, LIMIT, Takes, may};
use super::super::asked::{Asked, at, list_of};
use super::super::refusal::Refusal;
use super::super::text::{Object, Rows, shown};
use super::search::{SINCE, UNTIL};
use crate::batch::RawStore;
use crate::index::Database;
use crate::index::score_results::{
    Results, read_extent, read_results, select_extent, select_results,
};
use crate::index::scores::{
    Score, ScoreFilter, ScorePlace, read, read_list, select_list, select_of_trace,
};

pub(super) const TAKES: &[Argument] = &[
    may("name", Takes::Text, "The evaluator's or the score's name, as a whole."),
    may("trace_id", Takes::Text, "The trace that they are of."),
    SINCE,
    UNTIL,
    may("below", Takes::Number, "Values of at most this."),
    may("above", Takes::Number, "Values of at least this."),
    LIMIT,
    CURSOR,
];

/// Bytes of the scores, and of what they come to.
const SCORES_BYTES: usize = 9_000;
const NAMES_BYTES: usize = 3_000;

pub(super) async fn answer<D: Database, S: RawStore>(
    mut answer: Object,
    arguments: &Arguments<'_>,
    asked: &Asked<'_, D, S>,
) -> Result<Object, Refusal> {
    let limit = arguments.whole("limit");
    let trace = arguments.text("trace_id");
    // A trace's scores may be of any time.
    let from = arguments.since(Some("7d").filter(|_| trace.is_none()));
    let number = |name| arguments.number(name).map(|number| number.to_string());
    let filter = ScoreFilter {
        trace: trace.clone(),
        name: arguments.text("name"),
        min_value: number("above"),
        max_value: number("below"),
        from,
        to: arguments.until(),
        ..ScoreFilter::default()
    };
    let after = arguments.cursor()?;
    let after: Option<ScorePlace> = after.map(|[at, id]| (at.parse().unwrap_or_default(), id));
    let ran =
        asked.db.run(vec![select_list(asked.project, &filter, after.as_ref(), limit)]).await?;
    let (scores, next) = read_list(&ran, limit)?;
    if after.is_none() {
        let names = names(&filter, asked).await?;
        answer.list("names", &names.all);
    }
    let url = match &trace {
        Some(id) => asked.trace_url(id),
        None => asked.list_url("/scores", &list_of((filter.from, filter.to))),
    };
    answer.text("url", &url);
    let mut rows = Rows::new(SCORES_BYTES);
    let added = rows.fill(scores.iter().map(|score| {
        let mut row = short(score);
        if let Some(trace) = &score.trace {
            row.text("traceId", trace);
            let url = score
                .span
                .as_deref()
                .map_or_else(|| asked.trace_url(trace), |span| asked.span_url(trace, span));
            row.text("url", &url);
        } else if let Some(session) = &score.session {
            row.text("sessionId", session).text("url", &asked.session_url(session, score.at_us));
        }
        row
    }));
    answer.list("scores", &rows.all);
    let last = scores.get(added.saturating_sub(1)).filter(|_| added < scores.len());
    let last =
        last.map(|last| (last.at_us, ingest_core::fold::compact_id::pack(&last.id).into_owned()));
    if let Some(next) = last.or(next) {
        answer.text("nextCursor", &arguments.cursor_to(&[&next.0.to_string(), &next.1]));
        answer.text("more", "There may be more: repeat the call with cursor, or narrow it with name, below or above.");
    } else if scores.is_empty() && after.is_none() {
        answer.text(
            "more",
            "No score is like that; since is 7d where it is not said, and names are whole.",
        );
    }
    Ok(answer)
}

/// A score without what it is of, but for its span.
pub(super) fn short(score: &Score) -> Object {
    let mut row = Object::new();
    row.shown("name", &score.name, 120);
    if let Some(value) = &score.value {
        row.json("value", value);
    }
    row.shown("label", score.label.as_deref().unwrap_or_default(), 100);
    row.text("source", score.source()).text("at", &at(score.at_us));
    row.shown("comment", score.reasoning.as_deref().unwrap_or_default(), 200);
    if let Some(span) = &score.span {
        row.text("spanId", span);
    }
    row
}

/// What scores of a time come to by name: those of a trace, or all.
async fn names<D: Database, S: RawStore>(
    filter: &ScoreFilter,
    asked: &Asked<'_, D, S>,
) -> Result<Rows, Refusal> {
    let (from, to) = (filter.from, filter.to);
    let found: Vec<(String, Results)> = if let Some(trace) = &filter.trace {
        let ran = asked.db.run(vec![select_of_trace(asked.project, trace)]).await?;
        let scores = read(ran.rows.first().map(Vec::as_slice).unwrap_or_default())?;
        let mut by_name: BTreeMap<String, Results> = BTreeMap::new();
        let in_time = |at| from.is_none_or(|from| at >= from) && to.is_none_or(|to| at <= to);
        for score in scores.iter().filter(|score| in_time(score.at_us)) {
            let value = score.value.as_deref().and_then(|value| value.parse().ok());
            let all = by_name.entry(score.name.clone()).or_default();
            *all = Results::sum(&[*all, Results::of(value)]);
        }
        by_name.into_iter().collect()
    } else {
        let ran = asked.db.run(vec![select_extent(asked.project, from, to)]).await?;
        let buckets = read_extent(&ran, from, to, asked.now().saturating_mul(1_000))?;
        let ran = asked.db.run(vec![select_results(asked.project, &buckets)]).await?;
        let sum = |(name, all): (String, Vec<Results>)| (name, Results::sum(&all));
        read_results(&ran)?.into_iter().map(sum).collect()
    };
    let wanted = filter.name.as_ref();
    let mut rows = Rows::new(NAMES_BYTES);
    for (name, all) in found.iter().filter(|(name, _)| wanted.is_none_or(|wanted| wanted == name)) {
        let mut row = Object::new();
        row.text("name", &shown(name, 120)).whole("count", all.scores);
        for (key, value) in [("mean", all.mean()), ("min", all.least), ("max", all.greatest)] {
            if let Some(value) = value {
                row.json(key, &((value * 1e4).round() / 1e4).to_string());
            }
        }
        rows.add_if(row.end());
    }
    Ok(rows)
}
