//! `list_errors`: what failed by itself in the traces of a time, grouped by span and message.
//! A page is of so many traces in which something failed; the next goes on from there.

use std::collections::{BTreeSet, HashMap};

use super::super::arguments::{Argument, Arguments, CURSOR, LIMIT, Takes, may};
use super::super::asked::{Asked, at, list_of};
use super::super::refusal::Refusal;
use super::super::text::{Object, Rows, greatest_first, quoted, shown};
use super::outline::{causes, error_texts};
use super::search::{SINCE, UNTIL};
use crate::batch::RawStore;
use crate::dashboard::list::filter::ListQuery;
use crate::index::Database;
use crate::index::found::Span;
use crate::index::packed::{PackedTrace, Part, Wanted, read_packed, select_packed};
use crate::model::{Micros, SpanType};
use ingest_core::index_writer::counted::alike;

pub(super) const TAKES: &[Argument] = &[
    SINCE,
    UNTIL,
    may("name", Takes::Text, "A part of the trace's name, in any case."),
    LIMIT,
    CURSOR,
];

/// Traces that are looked into for a page.
const TRACES: usize = 100;
/// Errors of a trace whose texts are read: more of one kind tell nothing new.
const OF_TRACE: usize = 20;
/// Bytes of the groups.
const GROUPS_BYTES: usize = 11_000;
/// Bytes of the ids of traces that are too large to be looked into as a whole.
const LARGE_BYTES: usize = 1_500;

/// Errors of a kind.
struct Group<'f> {
    message: String,
    span: &'f Span,
    trace: &'f PackedTrace,
    count: i64,
    traces: BTreeSet<&'f str>,
    first: Micros,
    last: Micros,
}

pub(super) async fn answer<D: Database, S: RawStore>(
    mut answer: Object,
    arguments: &Arguments<'_>,
    asked: &Asked<'_, D, S>,
) -> Result<Object, Refusal> {
    let start = (arguments.since(Some("24h")), arguments.until());
    let after = arguments.list_place()?;
    let part = Part { start, after, to: None };
    let ran =
        asked.db.run(vec![select_packed(asked.project, &part, Wanted::Failed, TRACES)]).await?;
    let (found, next) = read_packed(&ran, asked.project, TRACES)?;
    drop(ran);
    let _hold = asked.hold(found.iter().map(|trace| trace.spans.len()).sum())?;
    let asked_name = arguments.text("name").unwrap_or_default();
    let name = Some(asked_name.to_lowercase()).filter(|name| !name.is_empty());
    let named = |trace: &&PackedTrace| {
        name.as_ref().is_none_or(|name| trace.name.to_lowercase().contains(name))
    };
    let mut failed: Vec<(&PackedTrace, &Span)> = Vec::new();
    for trace in found.iter().filter(named) {
        let causes = causes(&trace.spans, trace.start_us, trace.end_us);
        failed.extend(causes.into_iter().take(OF_TRACE).map(|span| (trace, span)));
    }
    let spans: Vec<&Span> = failed.iter().map(|(_, span)| *span).collect();
    let texts = error_texts(&spans, asked).await?;
    let groups = group(&failed, &texts);
    let list = ListQuery { status: "ERROR".into(), name: asked_name, ..list_of(start) };
    answer.text("url", &asked.list_url("/traces", &list));
    let mut rows = Rows::new(GROUPS_BYTES);
    let limit = arguments.whole("limit");
    let order = greatest_first(groups.iter().map(|group| group.count)).into_iter().take(limit);
    let order = order.filter_map(|place| groups.get(place));
    let added = rows.fill(order.map(|group| row(group, asked)));
    answer.list("errors", &rows.all);
    let mut more = String::new();
    if added < groups.len() {
        let left = groups.len() - added;
        more = format!("{left} rarer groups are left out: narrow it with name, since or until. ");
    }
    let read = |trace: &PackedTrace| i64::try_from(trace.spans.len()).unwrap_or(i64::MAX);
    let large = found.iter().filter(named).filter(|trace| read(trace) < trace.count);
    let large: Vec<String> = large.map(|trace| quoted(&trace.id)).collect();
    if !large.is_empty() {
        let mut ids = Rows::new(LARGE_BYTES);
        large.into_iter().take_while(|id| ids.add_if(id.clone())).for_each(drop);
        answer.list("partlyRead", &ids.all);
        more.push_str("Of the traces in partlyRead the first spans alone were looked into: get_trace with view errors lists all that failed. ");
    }
    if let Some(place) = next.place() {
        answer.text("nextCursor", &arguments.cursor_to_place(place));
        let at = at(place.start_us);
        more = format!(
            "{more}These are of traces since {at}; repeat the call with cursor for those before, whose groups are counted anew."
        );
    } else if groups.is_empty() && after.is_none() && more.is_empty() {
        more = "Nothing failed in this time; since is 24h where it is not said.".into();
    }
    if !more.is_empty() {
        answer.text("more", more.trim_end());
    }
    Ok(answer)
}

/// Errors by span and message.
fn group<'f>(failed: &[(&'f PackedTrace, &'f Span)], texts: &[Option<String>]) -> Vec<Group<'f>> {
    let mut places: HashMap<(&str, String), usize> = HashMap::new();
    let mut groups: Vec<Group<'f>> = Vec::new();
    for ((trace, span), text) in failed.iter().zip(texts) {
        let text = text.as_deref().unwrap_or_default();
        let at = span.end_us.or(span.start_us).unwrap_or(trace.start_us);
        let place = *places.entry((&*span.name, alike(text))).or_insert_with(|| {
            groups.push(Group {
                message: text.to_owned(),
                span,
                trace,
                count: 0,
                traces: BTreeSet::new(),
                first: at,
                last: at,
            });
            groups.len() - 1
        });
        let Some(group) = groups.get_mut(place) else { continue };
        group.count += 1;
        group.traces.insert(&trace.id);
        (group.first, group.last) = (group.first.min(at), group.last.max(at));
    }
    groups
}

fn row<D: Database, S: RawStore>(group: &Group<'_>, asked: &Asked<'_, D, S>) -> Object {
    let Group { message, span, trace, count, traces, first, last } = group;
    let mut example = Object::new();
    example.text("traceId", &trace.id).text("spanId", &span.id);
    example.text("url", &asked.span_url(&trace.id, &span.id));
    let mut row = Object::new();
    row.text("message", &shown(message, 300)).shown("span", &span.name, 120);
    row.text("type", SpanType::name_of(span.kind)).whole("count", *count);
    row.whole("traces", i64::try_from(traces.len()).unwrap_or(i64::MAX));
    row.text("first", &at(*first)).text("last", &at(*last)).json("example", &example.end());
    row
}
