//! `list_scores`: scores, newest first, and what they come to by name.

use std::collections::BTreeMap;

use super::super::arguments::{Argument, Arguments, CURSOR, LIMIT, Takes, may};
use super::super::asked::{Asked, at};
use super::super::refusal::Refusal;
use super::super::text::{Object, Rows, shown};
use super::search::{SINCE, UNTIL};
use crate::batch::RawStore;
use crate::dashboard::ui::format::encode;
use crate::index::Database;
use crate::index::score_results::{
    Results, read_extent, read_results, select_extent, select_results,
};
use crate::index::scores::{Score, ScoreFilter, ScorePlace, read_list, select_list};

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
        let names = names(arguments, &filter, &scores, asked).await?;
        answer.list("names", &names.all);
    }
    let url = trace
        .as_deref()
        .map_or_else(|| format!("{}/scores", asked.origin), |id| asked.trace_url(id));
    answer.text("url", &url);
    let mut rows = Rows::new(SCORES_BYTES);
    let added = scores.iter().take_while(|score| {
        let mut row = short(score);
        if let Some(trace) = &score.trace {
            row.text("traceId", trace);
            let url = score
                .span
                .as_deref()
                .map_or_else(|| asked.trace_url(trace), |span| asked.span_url(trace, span));
            row.text("url", &url);
        } else if let Some(session) = &score.session {
            row.text("sessionId", session);
            row.text(
                "url",
                &format!("{}/sessions/{}?at={}", asked.origin, encode(session), score.at_us),
            );
        }
        rows.add(row.end())
    });
    let added = added.count();
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

/// What scores come to by name: of a trace those that were found, else those of the time.
async fn names<D: Database, S: RawStore>(
    arguments: &Arguments<'_>,
    filter: &ScoreFilter,
    scores: &[Score],
    asked: &Asked<'_, D, S>,
) -> Result<Rows, Refusal> {
    let found: Vec<(String, Results)> = if filter.trace.is_some() {
        let mut by_name: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for score in scores {
            let value: Option<f64> = score.value.as_deref().and_then(|value| value.parse().ok());
            by_name.entry(&score.name).or_default().extend(value);
        }
        by_name.into_iter().map(|(name, values)| (name.to_owned(), results(&values))).collect()
    } else {
        let (from, to) = (filter.from, filter.to);
        let ran = asked.db.run(vec![select_extent(asked.project, from, to)]).await?;
        let buckets = read_extent(&ran, from, to, asked.now().saturating_mul(1_000))?;
        let ran = asked.db.run(vec![select_results(asked.project, &buckets)]).await?;
        let sum = |(name, all): (String, Vec<Results>)| (name, Results::sum(&all));
        read_results(&ran)?.into_iter().map(sum).collect()
    };
    let wanted = arguments.text("name");
    let mut rows = Rows::new(NAMES_BYTES);
    for (name, all) in
        found.iter().filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted == name))
    {
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

fn results(values: &[f64]) -> Results {
    let count = i64::try_from(values.len()).unwrap_or(i64::MAX);
    Results {
        scores: count,
        valued: count,
        total: values.iter().sum(),
        least: values.iter().copied().reduce(f64::min),
        greatest: values.iter().copied().reduce(f64::max),
        ..Results::default()
    }
}
