//! The queue's pipeline: from messages to rows in D1. Batches that arrive
//! together are written together, because a call of D1 costs more than what
//! most batches have it do; where one of them may be why that fails each is on
//! its own, so that a bad one holds up nobody. Every await may be repeated: that is said where it
//! stands.

use std::collections::HashMap;
use std::ops::ControlFlow::{self, Break, Continue};
use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, StreamExt, stream};

use super::fold_in::{Failure, fold_in};
use super::guesses::settle_guesses;
use super::queue::Message;
use super::retry::{delay, shuffled};
use crate::batch::{BatchRef, RawStore};
use crate::formats::Formats;
use crate::formats::wire_format::WireFormat;
use crate::index::{Database, recovery};
use crate::limits::MAX_BODY_BYTES;
use crate::model::{Event, Millis};
use ingest_core::index_writer::delivery::Source;
use ingest_core::index_writer::touched::Touched;

/// A message as it was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What it says.
    pub message: Message,
    /// How often it was delivered, this time included.
    pub attempt: u32,
}

/// What is to become of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Ack(Written),
    /// Something was not to be reached: again, after so many seconds.
    Retry {
        /// Seconds to wait.
        delay_s: u32,
        /// For the log.
        why: String,
    },
    /// No number of tries will do: to the dead letters with it.
    Bury {
        /// For the log.
        why: String,
    },
}

/// What a message came to; for the log.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Written {
    /// The project of the batch.
    pub project: String,
    /// Its id.
    pub batch: String,
    /// Bytes read from the raw batch.
    pub bytes: usize,
    /// Events in it that count.
    pub events: usize,
    /// Whether it was not written before, or only from a later object of the same body.
    pub fresh: bool,
    /// How many batches were written with it, itself included.
    pub together: usize,
    /// Rows that D1 wrote for all of them, as it bills them.
    pub rows_written: u64,
    /// Milliseconds since the edge received the batch.
    pub delay_ms: Millis,
    /// The traces to be evaluated, of all batches that were written with it: said once.
    pub evaluate: Vec<Touched>,
}

/// A raw batch that was read.
struct Raw {
    batch: BatchRef,
    format: &'static WireFormat,
    body: Vec<u8>,
    attempt: u32,
    /// The delivery's place.
    at: usize,
}

/// Raw batches read at once, unless they are large: while one is on its way, others are.
const READS: usize = 4;
/// Bytes of raw batches that are written together, or the first batch that
/// exceeds them: with what is being read meanwhile, far below an isolate's
/// memory.
const TOGETHER_BYTES: usize = 4 * 1024 * 1024;

/// Writes the batches that the messages point to: what each message came to,
/// in their order. `now` is the clock.
pub async fn consume(
    deliveries: &[Delivery],
    now: &impl Fn() -> Millis,
    formats: Formats,
    store: &impl RawStore,
    db: &impl Database,
) -> Vec<Outcome> {
    let mut outcomes: Vec<Option<Result<Written, Failure>>> = vec![None; deliveries.len()];
    let mut settle = |at: usize, result| {
        if let Some(outcome) = outcomes.get_mut(at) {
            *outcome = Some(result);
        }
    };
    let all: Vec<_> = deliveries.iter().enumerate().collect();
    let mut left_out = "it was left out".to_owned();
    // A large one is read when no other is there.
    let large = |delivery: &Delivery| is_large(delivery, formats);
    for run in all.chunk_by(|(_, a), (_, b)| !large(a) && !large(b)) {
        if let Break(why) = consume_run(run, now, formats, store, db, &mut settle).await {
            left_out = why;
            break;
        }
    }
    let outcome = |(result, delivery): (Option<Result<Written, Failure>>, &Delivery)| {
        let delay_s = delay(delivery.attempt, &delivery.message.key);
        match result {
            Some(Ok(written)) => Outcome::Ack(written),
            Some(Err(Failure::Lasting(why))) => Outcome::Bury { why },
            Some(Err(Failure::Passing(why) | Failure::Away(why))) => {
                Outcome::Retry { delay_s, why }
            }
            None => Outcome::Retry { delay_s, why: left_out.clone() },
        }
    };
    outcomes.into_iter().zip(deliveries).map(outcome).collect()
}

/// Writes some of the batches, together as far as they may be: reads them a few at a time,
/// and writes what was read whenever that is enough.
async fn consume_run(
    run: &[(usize, &Delivery)],
    now: &impl Fn() -> Millis,
    formats: Formats,
    store: &impl RawStore,
    db: &impl Database,
    settle: &mut impl FnMut(usize, Result<Written, Failure>),
) -> ControlFlow<String> {
    let mut reads = stream::iter(run)
        .map(async |(at, delivery)| (*at, guarded(read(*at, delivery, formats, store)).await))
        .buffered(READS);
    let mut group = Vec::new();
    let mut bytes = 0;
    loop {
        let read = reads.next().await;
        let last = read.is_none();
        match read {
            Some((_, Ok(raw))) => {
                bytes += raw.body.len();
                group.push(raw);
            }
            Some((at, Err(failure))) => settle(at, Err(failure)),
            None => {}
        }
        if last || bytes >= TOGETHER_BYTES {
            bytes = 0;
            write_all(std::mem::take(&mut group), now, formats, store, db, settle).await?;
        }
        if last {
            return Continue(());
        }
    }
}

/// Whether a batch is too large to be read while others are: by what its message says,
/// or else by what its format allows.
fn is_large(delivery: &Delivery, formats: Formats) -> bool {
    let most = || formats.of_key(&delivery.message.key).map_or(0, |format| format.max_body_bytes);
    let bytes = delivery
        .message
        .bytes
        .map_or_else(most, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    bytes > MAX_BODY_BYTES
}

/// The dead letters' pipeline: what was given up is tried once more, for what
/// stood in its way may be gone; else its reason is recorded, for its project
/// to see. It is only forgotten when that is done.
pub async fn consume_dead(
    deliveries: &[Delivery],
    now: &impl Fn() -> Millis,
    formats: Formats,
    store: &impl RawStore,
    db: &impl Database,
) -> Vec<Outcome> {
    // 1. As for any other message. What may pass is no reason to give up: while
    //    nothing is recorded, the sweeper queues it again even when the queue
    //    has given up on this message, too.
    let mut outcomes = consume(deliveries, now, formats, store, db).await;
    // 2. One row by its key: done twice, it is the same row.
    let mut away = None;
    for (outcome, Delivery { message, attempt }) in outcomes.iter_mut().zip(deliveries) {
        let Outcome::Bury { why } = outcome else { continue };
        let (Ok(batch), None) = (message.batch(), &away) else {
            let delay_s = delay(*attempt, &message.key);
            *outcome = Outcome::Retry { delay_s, why: why.clone() };
            continue;
        };
        let recorded = async {
            let ran = db.run(recovery::bury(&batch, why, *attempt, now())).await;
            ran.map_err(|fault| Failure::Away(fault.to_string()))
        };
        if let Err(Failure::Passing(then) | Failure::Lasting(then) | Failure::Away(then)) =
            guarded(recorded).await
        {
            let why = format!("{why}; and then {then}");
            *outcome = Outcome::Retry { delay_s: delay(*attempt, &message.key), why };
            away = Some(());
        }
    }
    outcomes
}

/// What a panic leaves behind is one message's failure, and costs no other
/// message its try.
async fn guarded<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let result = AssertUnwindSafe(work).catch_unwind().await;
    result.unwrap_or_else(|_| Err(Failure::Passing("a panic".into())))
}

/// Reading changes nothing, and a raw batch never changes.
async fn read(
    at: usize,
    delivery: &Delivery,
    formats: Formats,
    store: &impl RawStore,
) -> Result<Raw, Failure> {
    let Delivery { message, attempt } = delivery;
    // A message of a release to come: another isolate may have it already.
    let batch = message.batch().map_err(Failure::Passing)?;
    let unknown = || Failure::Passing(format!("no format is known by {}", batch.ending));
    let format = formats.of_key(&message.key).ok_or_else(unknown)?;
    let body = store.get(&batch.key(), None).await;
    let body = body
        .map_err(|fault| Failure::Passing(fault.to_string()))?
        .ok_or_else(|| Failure::Lasting("the raw batch is not in R2".into()))?;
    Ok(Raw { batch, format, body, attempt: *attempt, at })
}

/// Writes raw batches together, and where one of them may be why that fails,
/// each by itself. Breaks off, with the reason, when D1 seems to be away: more
/// questions are what an overloaded D1 needs least.
///
/// Once messages are delivered again, something has failed: then D1 is asked
/// with one batch before it is asked with all. Should it be away, it is asked
/// once for a delivery; should one batch take it down each time, the order,
/// another each time, lets the others pass before.
async fn write_all(
    mut group: Vec<Raw>,
    now: &impl Fn() -> Millis,
    formats: Formats,
    store: &impl RawStore,
    db: &impl Database,
    settle: &mut impl FnMut(usize, Result<Written, Failure>),
) -> ControlFlow<String> {
    let again = group.iter().any(|raw| raw.attempt > 1);
    if again {
        group.sort_by_cached_key(|raw| (raw.attempt, shuffled(raw.attempt, &raw.batch.key())));
    }
    let first = usize::from(again).min(group.len());
    let (first, rest) = group.split_at(first);
    write_singly(first, now, formats, store, db, settle).await?;
    match (guarded(write(rest, now, formats, store, db)).await, rest) {
        (Ok(written), _) => written.into_iter().zip(rest).for_each(|(w, raw)| settle(raw.at, w)),
        (Err(failure), [alone]) => return settled(alone, Err(failure), settle),
        (Err(Failure::Away(why)), _) if !again => return Break(why),
        (Err(_), _) => return write_singly(rest, now, formats, store, db, settle).await,
    }
    Continue(())
}

/// One after the other, up to where D1 seems to be away.
async fn write_singly(
    group: &[Raw],
    now: &impl Fn() -> Millis,
    formats: Formats,
    store: &impl RawStore,
    db: &impl Database,
    settle: &mut impl FnMut(usize, Result<Written, Failure>),
) -> ControlFlow<String> {
    for raw in group {
        let written = guarded(write(std::slice::from_ref(raw), now, formats, store, db)).await;
        let lost = || Err(Failure::Passing("it was left out".into()));
        let one = written.and_then(|mut one| one.pop().unwrap_or_else(lost));
        settled(raw, one, settle)?;
    }
    Continue(())
}

fn settled(
    raw: &Raw,
    result: Result<Written, Failure>,
    settle: &mut impl FnMut(usize, Result<Written, Failure>),
) -> ControlFlow<String> {
    let away = match &result {
        Err(Failure::Away(why)) => Break(why.clone()),
        _ => Continue(()),
    };
    settle(raw.at, result);
    away
}

/// Writes raw batches together; what each came to. It commutes with itself and all others:
/// done twice, or done and its reply lost, it ends the same.
async fn write(
    group: &[Raw],
    now: &impl Fn() -> Millis,
    formats: Formats,
    store: &impl RawStore,
    db: &impl Database,
) -> Result<Vec<Result<Written, Failure>>, Failure> {
    let mut sources: Vec<Source> = Vec::with_capacity(group.len());
    let mut planned: HashMap<_, usize> = HashMap::new();
    let mut written = Vec::with_capacity(group.len());
    for Raw { batch, format, body, attempt, .. } in group {
        let decoded = decode(format, body).map_err(Failure::Lasting);
        written.push(decoded.map(|events| {
            let written = Written {
                project: batch.project.clone(),
                batch: batch.id.clone(),
                bytes: body.len(),
                events: events.len(),
                ..Written::default()
            };
            // Sent or delivered twice, it is the same batch: the first object of it counts.
            let place = *planned.entry((&batch.project, &batch.id)).or_insert(sources.len());
            match sources.get_mut(place) {
                Some(source) if batch.precedence() < source.batch.precedence() => {
                    source.batch = batch;
                }
                Some(_) => {}
                None => sources.push(Source { batch, body, events, attempt: *attempt }),
            }
            written
        }));
    }
    if sources.is_empty() {
        return Ok(written);
    }
    let mut fresh = fold_in(&sources, now, db).await?;
    // The same raw batches each time, and then the same once more.
    settle_guesses(&mut fresh, now, formats, store, db).await?;
    if let Some(written) = written.iter_mut().flatten().next() {
        written.evaluate = std::mem::take(&mut fresh.evaluate);
    }
    for (written, raw) in written.iter_mut().zip(group) {
        let Ok(written) = written else { continue };
        written.fresh = fresh.batches.remove(&*raw.batch.id);
        written.together = sources.len();
        written.rows_written = fresh.rows_written;
        written.delay_ms = now() - raw.batch.received;
    }
    Ok(written)
}

/// The events of the batch that count: the edge accepted all good ones, or
/// refused the whole. The reason names no content: it goes to logs.
fn decode<'a>(format: &WireFormat, body: &'a [u8]) -> Result<Vec<Event<'a>>, String> {
    let events = (format.decode)(body)
        .map_err(|reject| format!("the raw batch does not decode: {reject}"))?;
    if events.is_empty() {
        // The edge keeps no such batch: a release to come did.
        return Err("the raw batch has no event that is known".into());
    }
    Ok(events)
}
