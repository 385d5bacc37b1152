//! The traces of a session, as a question to the index and its answer. There is
//! no index by session: it would be one more row written for each trace. But a
//! session is short, and whoever asks knows when one of its traces started.

use std::collections::HashMap;

use super::found::{Span, read_pack};
use super::query::{COUNTS, SECONDS, first_key, last_key, short_trace, unscored_trace};
use super::read::{TraceRow, read_key, read_traces};
use super::{QueryResults, Statement, decode, json};
use crate::error::Fault;
use crate::model::Micros;
use ingest_core::fold::compact_id::{pack, unpack};
use ingest_core::index_writer::statements::TENANT;
use ingest_core::index_writer::stored_row::{COUNT_BITS, KEY_EPOCH_S, MOVED, key_second};
use ingest_core::index_writer::template::fill;
use ingest_core::sql_file;

sql_file!(walk_sql, "sql/session_walk.sql", &[]);
sql_file!(traces_sql, "sql/session_traces.sql", &[]);
sql_file!(turns_sql, "sql/session_turns.sql", &[]);
sql_file!(packs_sql, "sql/session_packs.sql", &[]);
sql_file!(stopped_sql, "sql/session_stopped.sql", &[]);

/// Most traces looked at in each direction.
pub const MAX_ROWS_SCANNED: usize = 5_000;
/// Most traces given in each direction.
pub const MAX_TRACES: usize = 250;

/// Most traces of which a page shows what was said.
pub const MAX_TURNS: usize = 20;
/// Larger packs are not read for that: one of 300 spans has so much.
pub const PACK_BYTES: usize = 64 * 1024;

/// Those of a session's traces that are near a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Near {
    /// In order of start, without what clients may make long.
    pub traces: Vec<TraceRow>,
    /// Where to go on looking for earlier ones, unless there are none.
    pub earlier: Option<Micros>,
    /// Where to go on looking for later ones, unless there are none.
    pub later: Option<Micros>,
}

/// Looks along the project's traces, from a second back and from it on. For each
/// direction two statements: the traces, and where it stopped.
#[must_use]
pub fn select_near(project: &str, session: &str, at: Micros) -> Vec<Statement> {
    // All that start in the second itself are among the earlier ones.
    let place = format!("({} | (cast(?2 as integer) << {COUNT_BITS}) | {COUNTS})", first_key());
    let directions = [
        (format!("t.key <= {place} and t.key >= {}", first_key()), "desc"),
        (format!("t.key > {place} and t.key <= {}", last_key()), "asc"),
    ];
    let columns = short_trace();
    let statements = directions.into_iter().flat_map(|(range, order)| {
        let walk = fill(walk_sql(), &[("RANGE", &*range), ("ORDER", order)]);
        let (rows, moved) = (MAX_ROWS_SCANNED.to_string(), MOVED.to_string());
        let holes = [
            ("TRACES", &*MAX_TRACES.to_string()),
            ("TRACE", columns),
            ("WALK", &walk),
            ("ROWS", &rows),
            ("MOVED", &moved),
        ];
        let traces = fill(traces_sql(), &holes);
        let bits = [("COUNT_BITS", &*COUNT_BITS.to_string()), ("SECONDS", &SECONDS.to_string())];
        let holes = [&[("WALK", &*walk), ("ROWS", &rows)], &bits[..]].concat();
        let stopped = fill(stopped_sql(), &holes);
        let params = || vec![project.into(), key_second(at).into()];
        let with_session = params().into_iter().chain([session.into()]).collect();
        [Statement::new(traces, with_session), Statement::new(stopped, params())]
    });
    statements.collect()
}

/// What [`select_near`] asked for.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what it asks for.
pub fn read_near(ran: QueryResults) -> Result<Near, Fault> {
    let odd = || Fault::Internal("a session is four results".into());
    let [before, stopped_before, after, stopped_after]: [Vec<String>; 4] =
        ran.rows.try_into().map_err(|_| odd())?;
    let (mut before, mut after) = (read_traces(&before)?, read_traces(&after)?);
    // Where so many were found that not all were given, the last one is where
    // to go on.
    let go_on = |found: &[TraceRow], stopped: &[String]| {
        let second = match found.last() {
            Some(last) if found.len() == MAX_TRACES => {
                Some((read_key(&last.key)? >> COUNT_BITS) & SECONDS)
            }
            _ => stopped.first().and_then(|second| second.parse().ok()),
        };
        Ok::<_, Fault>(second.map(|second| (second + KEY_EPOCH_S) * 1_000_000))
    };
    let (earlier, later) = (go_on(&before, &stopped_before)?, go_on(&after, &stopped_after)?);
    before.append(&mut after);
    before.sort_by(|a, b| (a.start_us, &a.id).cmp(&(b.start_us, &b.id)));
    Ok(Near { traces: before, earlier, later })
}

/// What the rows of these traces say, with the spans that are packed in them where those have
/// no more bytes than this.
#[must_use]
pub fn select_turns(project: &str, ids: &[&str], pack_bytes: usize) -> Vec<Statement> {
    let kept: Vec<_> = ids.iter().take(MAX_TURNS).map(|id| pack(id)).collect();
    let kept = json(&kept);
    let params = || vec![project.into(), (&*kept).into()];
    let rows = fill(turns_sql(), &[("TRACE", unscored_trace()), ("TENANT", TENANT)]);
    let bytes = pack_bytes.to_string();
    let packs = fill(packs_sql(), &[("TENANT", TENANT), ("PACK_BYTES", &bytes)]);
    vec![Statement::new(rows, params()), Statement::new(packs, params())]
}

/// A trace and those of its spans that are packed in its row, in order.
pub type Turn = (TraceRow, Vec<Span>);

/// What [`select_turns`] asked for, by the trace's id.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what it asks for.
pub fn read_turns(ran: &QueryResults) -> Result<HashMap<String, Turn>, Fault> {
    let rows = |at: usize| ran.rows.get(at).map(Vec::as_slice).unwrap_or_default();
    let mut turns: HashMap<String, Turn> = HashMap::new();
    for trace in read_traces(rows(0))? {
        turns.insert(trace.id.clone(), (trace, vec![]));
    }
    for row in rows(1) {
        let (id, digits): (String, String) = decode(row)?;
        if let Some((trace, spans)) = turns.get_mut(&unpack(id)) {
            *spans = read_pack(&trace.project, &digits, trace.spans)?;
        }
    }
    Ok(turns)
}
