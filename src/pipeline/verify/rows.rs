//! A step along the rows of the index, project by project: its traces, its rows of spans,
//! its ledger. Whether some raw batch mentioned them is the caller's to know, who has seen
//! those; what rows of spans come to is added up here.

use serde::{Deserialize, Serialize};

use super::{Difference, Remedy, TimeRange};
use crate::error::{Error, Fault, Reject};
use crate::index::{Database, decode, verification};
use crate::model::{Micros, Millis};
use ingest_core::fold::compact_id::unpack;
use ingest_core::fold::spans::{Spans, Totals};
use ingest_core::index_writer::stored_row::{read_totals, unpack_span, write_totals};
use ingest_core::pack::{Damaged, hex, spans};

/// Which rows, and from where on: one step that the caller repeats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowsRequest {
    /// Only what was received at this time or later, ISO 8601.
    pub since: String,
    /// Only what was received before this time, ISO 8601; all there is, without one.
    #[serde(default)]
    pub until: Option<String>,
    /// Only this project's, by its id.
    #[serde(default)]
    pub project: Option<String>,
    /// Where the last step stopped: its `next`.
    #[serde(default)]
    pub after: Option<String>,
}

/// What a step found, of one project.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Walked {
    /// Where the next step begins; `None` when this was the last.
    pub next: Option<String>,
    /// The project.
    pub project: String,
    /// The ids of traces whose first batch was received in the range.
    pub traces: Vec<String>,
    /// The ids of batches of the ledger that were received in the range.
    pub batches: Vec<String>,
    /// Of a trace that has spans with rows of their own, all of which were read now: its id,
    /// the version of its row, and how many events those rows have.
    pub rows: Option<(String, i64, usize)>,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// Where a step begins.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Place {
    project: String,
    /// The project's number, where all projects are gone along.
    number: i64,
    part: Part,
    /// The last key or id.
    last: String,
    /// What the rows of a trace's spans come to so far.
    sum: Option<Sum>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Part {
    #[default]
    Traces,
    Spans,
    Ledger,
}

/// What some rows of spans come to, up to one of them.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Sum {
    version: i64,
    span: String,
    events: usize,
    totals: String,
    /// What is wrong so far.
    wrong: Vec<String>,
}

/// Looks at some rows.
///
/// # Errors
/// 400 for what cannot be read; a fault of D1, after which the same step can be taken again.
pub async fn walk(request: &RowsRequest, db: &impl Database) -> Result<Walked, Error> {
    let range = TimeRange::read(&request.since, request.until.as_deref())?;
    let only = request.project.as_deref();
    let place = match &request.after {
        Some(after) => serde_json::from_str(after)
            .map_err(|_| Reject::invalid("after", "expected the `next` of another step"))?,
        None => match first_place(only, 0, db).await? {
            Some(place) => place,
            None => return Ok(Walked::default()),
        },
    };
    let mut walked = Walked { project: place.project.clone(), ..Walked::default() };
    let next = match place.part {
        Part::Traces => walk_traces(range, place.clone(), &mut walked, db).await?,
        Part::Spans => walk_spans(range, place.clone(), &mut walked, db).await?,
        Part::Ledger => walk_ledger(range, place.clone(), &mut walked, db).await?,
    };
    let next = match (next, place.part) {
        (Some(next), _) => Some(next),
        (None, Part::Traces) => Some(place.go_on(Part::Spans)),
        (None, Part::Spans) => Some(place.go_on(Part::Ledger)),
        (None, Part::Ledger) if only.is_some() => None,
        (None, Part::Ledger) => first_place(only, place.number, db).await?,
    };
    let next = next.map(|next| serde_json::to_string(&next));
    walked.next =
        next.transpose().map_err(|e| Fault::Internal(format!("a place in the index: {e}")))?;
    Ok(walked)
}

/// Where the project begins, or the next one after a number.
async fn first_place(
    only: Option<&str>,
    after: i64,
    db: &impl Database,
) -> Result<Option<Place>, Fault> {
    if let Some(project) = only {
        return Ok(Some(Place { project: project.into(), ..Place::default() }));
    }
    let ran = db.run(vec![verification::select_next_tenant(after)]).await?;
    let row = ran.rows.iter().flatten().next().map(|row| decode(row)).transpose()?;
    Ok(row.map(|(number, project)| Place { project, number, ..Place::default() }))
}

impl Place {
    /// The beginning of another part.
    fn go_on(self, part: Part) -> Self {
        Self { part, last: String::new(), sum: None, ..self }
    }
}

async fn walk_traces(
    range: TimeRange,
    place: Place,
    walked: &mut Walked,
    db: &impl Database,
) -> Result<Option<Place>, Fault> {
    let ran = db.run(vec![verification::select_traces(&place.project, &place.last)]).await?;
    let rows: Vec<(String, String, Millis, u8)> =
        ran.rows.iter().flatten().map(|row| decode(row)).collect::<Result<_, _>>()?;
    for (_, id, created, lost) in &rows {
        if !range.contains(*created) {
            continue;
        }
        if *lost != 0 {
            let what = "it has no rows of those spans that have rows of their own";
            let found = Difference::of_trace(&place.project, id, Remedy::Forget, what);
            walked.differences.push(found);
        }
        walked.traces.push(unpack(id.clone()));
    }
    Ok(rows.into_iter().next_back().map(|(last, ..)| Place { last, ..place }))
}

async fn walk_ledger(
    range: TimeRange,
    place: Place,
    walked: &mut Walked,
    db: &impl Database,
) -> Result<Option<Place>, Fault> {
    let ran = db.run(vec![verification::select_ledger(&place.project, &place.last)]).await?;
    let rows: Vec<(String, Millis)> =
        ran.rows.iter().flatten().map(|row| decode(row)).collect::<Result<_, _>>()?;
    let last = rows.last().map(|(last, _)| last.clone());
    let meant = rows.into_iter().filter(|(_, received)| range.contains(*received));
    walked.batches = meant.map(|(id, _)| id).collect();
    Ok(last.map(|last| Place { last, ..place }))
}

/// A key that has rows of spans, and the row of its trace, if there is one.
type Large = (String, Option<String>, Option<i64>, Option<Millis>, Option<String>, Option<String>);

/// A row of a span: its id, start, envelope, and what is packed in it.
type SpanRow = (String, Option<Micros>, Option<i64>, String);

async fn walk_spans(
    range: TimeRange,
    place: Place,
    walked: &mut Walked,
    db: &impl Database,
) -> Result<Option<Place>, Fault> {
    let sum = place.sum.clone();
    let span = sum.as_ref().map_or("", |sum| &*sum.span);
    let [large, rows] = verification::select_large(&place.project, &place.last, span);
    let ran = db.run(vec![large, rows]).await?;
    let [large, rows] = ran.rows.as_slice() else { return Ok(None) };
    let Some(large) = large.first() else { return Ok(None) };
    let (key, id, version, created, beyond, pack): Large = decode(large)?;
    let after: i64 = key.parse().unwrap_or(i64::MAX);
    let done = Place { last: after.saturating_add(1).to_string(), sum: None, ..place.clone() };
    let Some(id) = id else {
        let what = "rows of spans under this key are of no trace".into();
        let (project, remedy) = (place.project, Remedy::Forget);
        let found = Difference { project, key: Some(key), what, remedy, ..Difference::default() };
        walked.differences.push(found);
        return Ok(Some(done));
    };
    if created.is_some_and(|created| !range.contains(created)) {
        return Ok(Some(done));
    }
    let version = version.unwrap_or_default();
    // The trace whose rows were begun may have been deleted since.
    let sum = sum.filter(|_| place.last == key);
    let begun = sum.as_ref().map(|sum| sum.version);
    let mut sum = sum.unwrap_or_default();
    let packed = pack.as_deref().and_then(hex::read).ok_or(Damaged).and_then(|b| spans::read(&b));
    let mut totals = read_totals(&sum.totals).unwrap_or_default();
    for row in rows {
        let (id, start, envelope, pack): SpanRow = decode(row)?;
        match add(&mut totals, &id, (start, envelope), &pack, packed.as_ref().ok()) {
            Ok(events) => sum.events += events,
            Err(what) if sum.wrong.len() < 3 => sum.wrong.push(what),
            Err(_) => {}
        }
        sum.span = id;
    }
    (sum.totals, sum.version) = (write_totals(&totals), version);
    // A row that was written meanwhile is another's to judge.
    let stands = begun.is_none_or(|begun| begun == version);
    if !rows.is_empty() && stands {
        return Ok(Some(Place { last: key, sum: Some(sum), ..place }));
    }
    if stands {
        if beyond.as_deref().and_then(|beyond| read_totals(beyond).ok()) != Some(totals) {
            sum.wrong.push("not what the rows of its spans come to: beyond".into());
        }
        for what in sum.wrong {
            let found = Difference::of_trace(&place.project, &id, Remedy::Forget, what);
            walked.differences.push(found);
        }
        walked.rows = Some((unpack(id), version, sum.events));
    }
    Ok(Some(done))
}

/// Adds a row to what others come to: how many events it has, or what is wrong with it.
fn add(
    totals: &mut Totals,
    id: &str,
    columns: (Option<Micros>, Option<i64>),
    pack: &str,
    packed: Option<&Spans>,
) -> Result<usize, String> {
    let named = unpack(id.to_owned());
    let Ok(span) = unpack_span(pack) else {
        return Err(format!("the row of span {named} cannot be unpacked"));
    };
    let folded = span.fold();
    totals.add(&folded);
    if *span.id != *id || columns != (folded.start_us, folded.envelope.map(u64::cast_signed)) {
        return Err(format!("the row of span {named} is not what is packed in it"));
    }
    if packed.is_some_and(|packed| packed.get(id).is_some()) {
        return Err(format!("span {named}: packed, and in a row of its own as well"));
    }
    Ok(span.parts().len())
}
