//! Changes of spans that were sent without their trace, once it is known where those spans
//! are. Each becomes a raw batch that says the same with the trace in it, and that the trace
//! of its own that it was taken for is a part of that one; then that is written like any other. So
//! the raw batches say all that the index does, in any order, and say it again when they are
//! replayed or compared. All of it may be repeated: the same raw batch comes out, under the same key.
//!
//! Whichever of the two comes first, the other finds it: who says a span's trace is told of a
//! trace with the span's id as that is written (`index_writer::guesses`), and who does not looks
//! for the span. That is bounded, by how many traces are looked through.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::fold_in::{Failure, Fresh, failure, fold_in};
use crate::batch::{BatchRef, RawStore};
use crate::error::Fault;
use crate::formats::Formats;
use crate::formats::wire_format::EventBytes;
use crate::index::Database;
use crate::model::Millis;
use ingest_core::fold::compact_id::unpack;
use ingest_core::fold::part::{Part, mark};
use ingest_core::fold::place::Place;
use ingest_core::fold::span::Span;
use ingest_core::index_writer::delivery::Source;
use ingest_core::index_writer::guesses::{Named, search, select_rows};
use ingest_core::index_writer::stored_row::StoredRow;

/// A span with the events that do not say its trace, and the traces that it is in.
#[derive(Debug, Default)]
struct Guess {
    parts: Vec<Part>,
    traces: BTreeSet<Rc<str>>,
}

/// Writes what was found out by what was just written, and adds what that came to.
///
/// # Errors
/// That of the index or the store: all of it may be done again.
pub(super) async fn settle_guesses(
    fresh: &mut Fresh,
    now: &impl Fn() -> Millis,
    formats: Formats,
    store: &impl RawStore,
    db: &impl Database,
) -> Result<(), Failure> {
    for (project, named) in std::mem::take(&mut fresh.guesses) {
        for (span, Guess { parts, traces }) in find(&project, &named, db).await? {
            for (trace, part) in
                traces.iter().flat_map(|trace| parts.iter().map(move |p| (trace, p)))
            {
                let names = (&*unpack(span.to_string()), &*unpack(trace.to_string()));
                let said = say(&project, names, &part.place, formats, store).await;
                let said = said.map_err(|fault| Failure::Passing(fault.to_string()))?;
                let Some((batch, body)) = said else { continue };
                let format = formats.of_key(&batch.key());
                let decoded = format.and_then(|format| (format.decode)(&body).ok());
                let Some(events) = decoded else { continue };
                let source = Source { batch: &batch, body: &body, events, attempt: 1 };
                let folded = fold_in(&[source], now, db).await?;
                fresh.rows_written += folded.rows_written;
                fresh.evaluate.extend(folded.evaluate);
            }
        }
    }
    Ok(())
}

/// What is known of these spans where each is taken for a trace, and in which others they are.
async fn find(
    project: &str,
    named: &[Named],
    db: &impl Database,
) -> Result<BTreeMap<Rc<str>, Guess>, Failure> {
    let away = |fault: Fault| failure(fault.to_string());
    let ids: BTreeSet<&str> = named.iter().map(|Named(_, span)| &**span).collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let rows = db.run(vec![select_rows(project, &ids)]).await.map_err(away)?.rows;
    let mut guesses: BTreeMap<Rc<str>, Guess> = BTreeMap::new();
    for row in rows.iter().flatten() {
        let row: Option<StoredRow> = serde_json::from_str(row).ok();
        let Some((id, Ok(Some(stored)))) = row.map(|row| (Rc::clone(&row.id), row.unpack())) else {
            continue;
        };
        let parts = stored.trace.spans.get(&id).into_iter().flat_map(Span::parts);
        let parts: Vec<_> =
            parts.filter(|part| part.fields.marks & mark::GUESSED != 0).cloned().collect();
        if parts.is_empty() {
            continue;
        }
        let known = stored.trace.head.parent_trace.map(|told| told.value);
        let said = named.iter().filter(|Named(_, span)| *span == id);
        let said = said.filter_map(|Named(trace, _)| trace.clone());
        let traces = said.chain(known).collect();
        guesses.insert(id, Guess { parts, traces });
    }
    let lost = guesses.iter().filter(|(_, guess)| guess.traces.is_empty());
    let lost: Vec<_> = lost.map(|(id, guess)| (Rc::clone(id), guess.parts.last())).collect();
    let received = lost.iter().filter_map(|(_, part)| Some((*part)?.place.batch.received)).max();
    if let Some(received) = received {
        let ids: Vec<&str> = lost.iter().map(|(id, _)| &**id).collect();
        let rows = db.run(vec![search(project, &ids, received)]).await.map_err(away)?.rows;
        let found = rows.iter().flatten().filter_map(|row| serde_json::from_str(row).ok());
        // In one trace, as a rule; of several it is the same one each time.
        let found: BTreeSet<(Rc<str>, Rc<str>)> = found.collect();
        for (trace, span) in found {
            if let Some(guess) = guesses.get_mut(&span).filter(|guess| guess.traces.is_empty()) {
                guess.traces.insert(trace);
            }
        }
    }
    Ok(guesses)
}

/// Stores the raw batch that says what an event says of a span, and its trace; `None` where
/// the event is there no more.
async fn say(
    project: &str,
    (span, trace): (&str, &str),
    place: &Place,
    formats: Formats,
    store: &impl RawStore,
) -> Result<Option<(BatchRef, Vec<u8>)>, Fault> {
    let Place { batch, offset, length, context } = place;
    let (id, ending) = (batch.id.to_string(), batch.ending.to_string());
    let from = BatchRef { project: project.into(), id, received: batch.received, ending };
    let format = formats.of_key(&from.key());
    let Some(name_trace) = format.and_then(|format| format.extras.name_trace) else {
        return Ok(None);
    };
    let mut ranges = vec![(*offset, *length)];
    ranges.extend(context.iter().flat_map(|context| context.iter().copied()));
    let mut read = Vec::new();
    for (offset, length) in ranges {
        let bytes = store.get(&from.key(), Some(offset..offset.saturating_add(length))).await?;
        let Some(bytes) = bytes else { return Ok(None) };
        read.push(bytes);
    }
    let mut pieces = read.iter().map(Vec::as_slice);
    let own = pieces.next().unwrap_or_default();
    let bytes = EventBytes { own, context: pieces.collect() };
    let Some((ending, body)) = name_trace(&bytes, span, trace) else { return Ok(None) };
    // Received when the event was: it is kept as long, and says the same times.
    let to = BatchRef::of(project, &body, batch.received, ending);
    store.put(&to.key(), &store.body_of(&body)).await?;
    Ok(Some((to, body)))
}
