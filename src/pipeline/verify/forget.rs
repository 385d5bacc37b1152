//! Deleting the rows of traces that are wrong, so that their raw batches write them anew:
//! the fold only adds. Nothing of R2 is ever deleted, and no row is whose batches are not
//! all there.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::TimeRange;
use crate::error::{Error, Fault, Reject};
use crate::index::verification::SpanToForget;
use crate::index::{Database, budgets, decode, verification};
use crate::model::Millis;
use ingest_core::fold::compact_id::{pack, unpack};
use ingest_core::fold::model_use::{ModelUse, model_uses};
use ingest_core::fold::place::BatchName;
use ingest_core::fold::span::Span;
use ingest_core::index_writer::budget::Spending;
use ingest_core::index_writer::counted::add_uses;
use ingest_core::index_writer::statements::{self, is_conflict};
use ingest_core::index_writer::stored_row::{Stored, unpack_span};
use ingest_core::index_writer::whole_row::{self, WholeRow};
use ingest_core::pack::usage::Cells;

/// What to forget.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForgetRequest {
    /// The time from which on the raw batches were read, ISO 8601.
    pub since: String,
    /// The project, by its id.
    pub project: String,
    /// Traces, by their ids: at most [`MOST`].
    #[serde(default)]
    pub traces: Vec<String>,
    /// Keys of rows of spans that are no trace's: at most [`MOST`].
    #[serde(default)]
    pub keys: Vec<String>,
    /// The ids of batches of the project that are not in R2 any more, or not as they were:
    /// at most [`MOST_GONE`].
    #[serde(default)]
    pub gone: Vec<String>,
}

/// What was forgotten.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    /// Traces that are gone, or were not there.
    pub traces: Vec<String>,
    /// Traces that are kept, each with the reason.
    pub kept: Vec<(String, String)>,
    /// Whether rows are left of which these are only the beginning: the same is to be asked
    /// for again.
    pub more: bool,
}

/// Most traces, and most keys, in one request.
pub const MOST: usize = 100;
/// Most batches that may be gone of a project. Where more are, somebody has to look.
pub const MOST_GONE: usize = 1_000;

/// Times that rows are read again, because others have written them in between.
const MAX_CONFLICTS: u32 = 20;

/// Forgets traces.
///
/// # Errors
/// 400 for what cannot be read, or is too much; a fault of D1, after which the same can be
/// asked for again.
pub async fn forget(
    request: &ForgetRequest,
    now: Millis,
    db: &impl Database,
) -> Result<Forgotten, Error> {
    let range = TimeRange::read(&request.since, None)?;
    let ForgetRequest { traces, keys, gone, .. } = request;
    for (name, count, most) in [
        ("traces", traces.len(), MOST),
        ("keys", keys.len(), MOST),
        ("gone", gone.len(), MOST_GONE),
    ] {
        if count > most {
            return Err(Reject::invalid(name, format!("at most {most}")).into());
        }
    }
    let gone: HashSet<&str> = gone.iter().map(|id| &**id).collect();
    for _ in 0..MAX_CONFLICTS {
        if let Some(forgotten) = try_forget(request, range, &gone, now, db).await? {
            return Ok(forgotten);
        }
    }
    Err(Fault::Unavailable { what: "the index", why: "others write these traces".into() }.into())
}

/// Forgets them as they are; nothing where one of them was changed meanwhile.
async fn try_forget(
    request: &ForgetRequest,
    range: TimeRange,
    gone: &HashSet<&str>,
    now: Millis,
    db: &impl Database,
) -> Result<Option<Forgotten>, Error> {
    let ForgetRequest { project, traces, keys, .. } = request;
    let mut forgotten = Forgotten::default();
    let mut wanted: Vec<WholeRow> = Vec::new();
    let mut unread: Vec<String> = traces.iter().map(|id| pack(id).into_owned()).collect();
    while !unread.is_empty() {
        let asked: Vec<_> = unread.iter().map(|id| (&**id, Vec::new())).collect();
        let ran = db.run(whole_row::select(project, &asked).into()).await?;
        let rows = ran.rows.first().into_iter().flatten().filter_map(|row| WholeRow::read(row));
        let mut rows: HashMap<Rc<str>, WholeRow> =
            rows.map(|row| (Rc::clone(&row.id), row)).collect();
        let before = unread.len();
        unread.retain(|id| {
            let Some(row) = rows.remove(&**id) else {
                forgotten.traces.push(unpack(id.clone()));
                return false;
            };
            if matches!(row.unpacked, Ok(None)) {
                return true;
            }
            match find_reason_to_keep(&row, range, gone) {
                Some(why) => forgotten.kept.push((unpack(id.clone()), why)),
                None => wanted.push(row),
            }
            false
        });
        if unread.len() == before {
            break;
        }
    }
    let ids: Vec<&str> = wanted.iter().map(|row| &*row.id).collect();
    let spans = verification::select_spans_to_forget(project, &ids);
    let ran = db.run(vec![spans, budgets::select_kept(project)]).await?;
    let [rows, kept] = ran.rows.as_slice() else {
        return Err(Fault::Internal("what is to be forgotten is two results".into()).into());
    };
    let mut spending = Spending::of(budgets::read_kept(kept)?.into());
    let rows = rows.iter().map(|row| decode(row));
    let rows: Vec<SpanToForget> = rows.collect::<Result<_, _>>()?;
    let last = verification::are_all(&rows);
    let cells = count_off(&rows, if last { &wanted } else { &[] });
    for counted in wanted.iter().filter(|_| last).filter_map(|row| row.counted.as_ref()) {
        spending.add(counted, -1);
    }
    let versions: Vec<_> = wanted.iter().map(|row| (&row.id, row.version)).collect();
    let versions = serde_json::to_string(&versions).unwrap_or_default();
    let mut statements = vec![statements::guard(project, versions)];
    statements.extend(statements::insert_deliveries(project, &cells, now));
    let spent = spending.rows();
    if !spent.is_empty() {
        let spent = serde_json::to_string(&spent).unwrap_or_default();
        statements.push(statements::spend(project, spent));
    }
    statements.extend(verification::forget_spans(project, &rows));
    let ids = if last { ids } else { Vec::new() };
    statements.extend(verification::forget_traces(project, &ids, now));
    statements.push(verification::forget_strays(project, keys));
    let ran = match db.run(statements).await {
        Ok(ran) => ran,
        Err(fault) if is_conflict(&fault.to_string()) => return Ok(None),
        Err(fault) => return Err(fault.into()),
    };
    let [.., deleted, strays] = ran.rows.as_slice() else { return Ok(Some(forgotten)) };
    forgotten.traces.extend(deleted.iter().map(|id| unpack(id.clone())));
    forgotten.more = deleted.len() < wanted.len() || !unread.is_empty() || !strays.is_empty();
    Ok(Some(forgotten))
}

/// What goes off the hourly rollup with these rows of spans and of traces. What cannot be
/// unpacked cannot be taken off.
fn count_off(spans: &[SpanToForget], traces: &[WholeRow]) -> Cells {
    let mut cells = Cells::default();
    let spans = spans.iter().filter_map(|(.., pack)| unpack_span(pack).ok());
    add_uses(spans.filter_map(|span| ModelUse::of(&span)), &mut cells, -1);
    for row in traces {
        let Some(counted) = &row.counted else { continue };
        counted.add_to(&mut cells, -1);
        if let Ok(Some(stored)) = &row.unpacked {
            add_uses(model_uses(&stored.trace.spans), &mut cells, -1);
        }
    }
    cells
}

/// Why a row is kept: something in it may not be written again.
fn find_reason_to_keep(row: &WholeRow, range: TimeRange, gone: &HashSet<&str>) -> Option<String> {
    let Ok(Some(Stored { trace, beyond, .. })) = &row.unpacked else {
        let why = "batches of its project are gone, and which are its cannot be read";
        return (!gone.is_empty()).then(|| why.into());
    };
    let names = trace.spans.list().iter().flat_map(Span::parts).map(|part| &part.place);
    let names: HashSet<&BatchName> =
        names.chain(trace.head.metadata.places()).map(|place| &*place.batch).collect();
    if let Some(name) = names.iter().find(|name| gone.contains(&*name.id)) {
        return Some(format!("its batch {} is gone, or is not what it was", name.id));
    }
    if beyond.is_some() && !gone.is_empty() {
        return Some("batches of its project are gone, and they may be its".into());
    }
    let first = names.iter().map(|name| name.received).min();
    let first = first.map_or(trace.head.created_ms, |first| first.min(trace.head.created_ms));
    (first < range.since).then(|| "it has batches from before --since".into())
}
