//! `search_traces`: the list of traces by a filter. Which model each called most, and what
//! made it fail first, is looked up in what is packed in its row.

use std::collections::HashMap;

use super::super::arguments::{Argument, Arguments, CURSOR, LIMIT, Takes, may};
use super::super::asked::{AIM, Asked, at, cost, few, list_of, ms};
use super::super::refusal::Refusal;
use super::super::text::{Object, Rows};
use super::outline::{causes, error_texts, main_model};
use crate::batch::RawStore;
use crate::dashboard::list::filter::ListQuery;
use crate::dashboard::ui::json::Json;
use crate::index::Database;
use crate::index::filter::{Filter, Sort};
use crate::index::packed::{Part, Wanted, read_packed, select_packed};
use crate::index::read::TraceRow;
use crate::index::traces::{ListPlace, read_traces, select_traces};
use crate::model::TraceStatus;
use crate::search;
use ingest_core::fold::words;

pub(super) const TAKES: &[Argument] = &[
    may(
        "q",
        Takes::Text,
        "Words in its input, output or error, at most 12; \"in quotes\": together.",
    ),
    may("sort", Takes::One(&["time", "duration", "cost", "tokens"]), "The greatest first."),
    may("name", Takes::Text, "A part of the trace's name, in any case."),
    may("status", Takes::One(&["ANY", "OK", "ERROR", "RUNNING", "UNFINISHED"]), "How it ended."),
    may("tags", Takes::Texts(10), "Tags that it has, all of them."),
    may("session_id", Takes::Text, "The session that it is of."),
    may("model", Takes::Text, "A part of the name of a model that it calls."),
    SINCE,
    UNTIL,
    may("min_duration_ms", Takes::Number, "It took at least so long."),
    may("min_cost_usd", Takes::Number, "It cost at least so much."),
    LIMIT,
    CURSOR,
];

/// From when on.
pub(super) const SINCE: Argument =
    may("since", Takes::Time, "From then on: 2026-11-24T10:00:00Z, or how long ago: 24h, 7d.");
/// Until when.
pub(super) const UNTIL: Argument = may("until", Takes::Time, "Until then, likewise.");

/// What is packed is read of no more spans than this at once.
const MAX_SPANS: i64 = 20_000;

pub(super) async fn answer<D: Database, S: RawStore>(
    mut answer: Object,
    arguments: &Arguments<'_>,
    asked: &Asked<'_, D, S>,
) -> Result<Object, Refusal> {
    let (filter, limit) = (filter(arguments, asked)?, arguments.whole("limit"));
    let after = arguments.list_place()?;
    let (traces, next) =
        search::traces(asked.project, (&filter, after, limit), asked.db, asked.source).await?;
    let about = look_up(&traces, asked).await?;
    answer.text("url", &asked.list_url("/traces", &list_query(arguments, &filter)));
    let mut rows = Rows::new(AIM.saturating_sub(answer.len() + 400));
    let added = rows.fill(traces.iter().map(|trace| {
        let (model, error) = about.get(&*trace.id).cloned().unwrap_or_default();
        row(trace, &model, &error, asked)
    }));
    let last = added.checked_sub(1).and_then(|last| traces.get(last)).and_then(place);
    let next = if added < traces.len() { last } else { next.place() };
    answer.list("traces", &rows.all);
    if let Some(place) = next {
        answer.text("nextCursor", &arguments.cursor_to_place(place));
        answer.text(
            "more",
            "There may be more: repeat the call with cursor, or narrow it with status or since.",
        );
    } else if added == 0 && after.is_none() {
        answer.text("more", &nothing(asked).await?);
    }
    Ok(answer)
}

/// What is asked for. Words that cannot be looked for are refused: without them all traces would
/// be found.
fn filter<D: Database, S: RawStore>(
    arguments: &Arguments<'_>,
    asked: &Asked<'_, D, S>,
) -> Result<Filter, Refusal> {
    let words = arguments.text("q").map(|q| words::Wanted::parse(&q).ok_or(NO_WORDS));
    let words = words.transpose().map_err(|why| Refusal::Told(why.into()))?;
    #[expect(clippy::cast_possible_truncation, reason = "a bound that is that large holds nothing")]
    let times = |name, factor: f64| arguments.number(name).map(|number| (number * factor) as i64);
    Ok(Filter {
        now: asked.now(),
        from: arguments.since(None),
        to: arguments.until(),
        status: TraceStatus::parse(arguments.word("status")),
        words,
        sort: Sort::parse(arguments.word("sort")),
        name: arguments.text("name"),
        tags: arguments.texts("tags"),
        session: arguments.text("session_id"),
        model: arguments.text("model"),
        min_duration_us: times("min_duration_ms", 1e3),
        min_cost_nano: times("min_cost_usd", 1e9),
        ..Filter::default()
    })
}

/// What is said of words that cannot be looked for.
const NO_WORDS: &str = "q must be 1 to 12 words of inputs, outputs and errors.";

/// The list in the dashboard with that filter.
fn list_query(arguments: &Arguments<'_>, filter: &Filter) -> ListQuery {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let least = |name, unit| arguments.number(name).map(|least| format!("{least}{unit}"));
    let mut query = ListQuery {
        status: filter.status.map(|status| status.as_str().into()).unwrap_or_default(),
        name: text(&filter.name),
        session: text(&filter.session),
        model: text(&filter.model),
        min_duration: least("min_duration_ms", "ms").unwrap_or_default(),
        min_cost: least("min_cost_usd", "").unwrap_or_default(),
        sort: filter.sort.map(|_| arguments.word("sort").into()).unwrap_or_default(),
        q: arguments.text("q").unwrap_or_default(),
        ..list_of((filter.from, filter.to))
    };
    filter.tags.iter().for_each(|tag| query.add_tag(tag));
    query
}

fn place(trace: &TraceRow) -> Option<ListPlace> {
    Some(ListPlace { key: trace.key.parse().ok()?, start_us: trace.start_us })
}

/// Of each trace the model that it calls most, and the first error in it, as far as they are
/// found at little cost.
async fn look_up<D: Database, S: RawStore>(
    traces: &[TraceRow],
    asked: &Asked<'_, D, S>,
) -> Result<HashMap<String, (String, String)>, Refusal> {
    let mut spans = 0;
    let some = traces.iter().take_while(|trace| {
        spans += trace.spans;
        spans <= MAX_SPANS
    });
    let keys: Vec<_> = some.filter_map(place).collect();
    let Some((first, last)) =
        keys.iter().max_by_key(|p| p.key).zip(keys.iter().min_by_key(|p| p.key))
    else {
        return Ok(HashMap::new());
    };
    let after = Some(ListPlace { key: first.key.saturating_add(1), ..*first });
    let part = Part { after, to: Some(*last), ..Part::default() };
    // Of those between that are not on the page some are read in vain.
    let limit = 2 * traces.len();
    let ran = asked.db.run(vec![select_packed(asked.project, &part, Wanted::All, limit)]).await?;
    let (packed, _) = read_packed(&ran, asked.project, limit)?;
    let _hold = asked.hold(packed.iter().map(|trace| trace.spans.len()).sum())?;
    let of_page = |id: &str| traces.iter().any(|trace| trace.id == id);
    let packed: Vec<_> = packed.into_iter().filter(|trace| of_page(&trace.id)).collect();
    let failed: Vec<_> = packed
        .iter()
        .map(|trace| causes(&trace.spans, trace.start_us, trace.end_us).first().copied())
        .collect();
    let mut texts = error_texts(&failed.iter().flatten().copied().collect::<Vec<_>>(), asked)
        .await?
        .into_iter();
    let found = packed.iter().zip(&failed).map(|(trace, failed)| {
        let text = failed.and_then(|_| texts.next()).flatten().unwrap_or_default();
        let model = main_model(&trace.spans).unwrap_or_default().to_owned();
        (trace.id.clone(), (model, text))
    });
    Ok(found.collect())
}

/// A trace as a row.
pub(super) fn row<D: Database, S: RawStore>(
    trace: &TraceRow,
    model: &str,
    error: &str,
    asked: &Asked<'_, D, S>,
) -> Object {
    let mut row = Object::new();
    row.text("id", &trace.id).shown("name", &trace.name, 120);
    row.text("status", trace.status(asked.now()).as_str()).text("startedAt", &at(trace.start_us));
    row.known("durationMs", trace.end_us.map(|end| ms(trace.start_us, end)));
    row.whole("spans", trace.spans).some("errors", trace.errors).some("tokens", trace.tokens);
    cost(&mut row, "costUsd", trace.cost_nano);
    row.shown("model", model, 100);
    if let Some(session) = &trace.session {
        row.text("sessionId", session);
    }
    let tags = Json::new(trace.tags.as_deref().unwrap_or("[]"));
    let tags: Vec<String> = tags.items().filter_map(Json::text).map(String::from).collect();
    if !tags.is_empty() {
        row.list("tags", &few(&tags, 10, 60));
    }
    row.shown("error", error, 200);
    row.text("url", &asked.trace_url(&trace.id));
    row
}

/// What is said where nothing was found.
async fn nothing<D: Database, S: RawStore>(asked: &Asked<'_, D, S>) -> Result<String, Refusal> {
    let ran = asked.db.run(select_traces(asked.project, &Filter::default(), None, 1)).await?;
    let (newest, _) = read_traces(&ran, 1)?;
    Ok(match newest.first() {
        None => "This project has no traces yet; one just sent can take a second.".into(),
        Some(newest) => format!(
            "No trace is like that. The newest of this project started at {}; leave out since, status or what else narrows it.",
            at(newest.start_us)
        ),
    })
}
