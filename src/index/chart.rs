//! What traces add up to over time, as statements that read a bounded number of
//! rows: all of them while there are few, else those of many short windows,
//! spread over the range, from which the rest is estimated.

use serde_tuple::Deserialize_tuple;
use xxhash_rust::xxh3::xxh3_64;

use super::filter::{Filter, conditions, more_columns};
use super::query::{Builder, COUNTS, Keys, SECONDS, first_key};
use super::traces::ListPlace;
use super::{QueryResults, Statement, decode, json};
use crate::error::Fault;
use crate::model::{Micros, TraceStatus};
use ingest_core::index_writer::stored_row::{COUNT_BITS, KEY_EPOCH_S, key_second};
use ingest_core::index_writer::template::fill;
use ingest_core::sql_file;

/// The fields of one of [`Plan::windows`], in order: the SQL names them.
const WINDOW_FIELDS: &[&str] = &["bucket", "first", "seconds"];
sql_file!(rows_sql, "sql/chart_rows.sql", &[]);
sql_file!(sums_sql, "sql/chart_sums.sql", &[]);
sql_file!(exact_sql, "sql/chart_exact.sql", &[]);
sql_file!(windows_sql, "sql/chart_windows.sql", &[("w", WINDOW_FIELDS)]);
sql_file!(extent_sql, "sql/extent.sql", &[]);

/// Up to so many traces every one is read.
pub const EXACT: i64 = 20_000;
/// Windows in a bucket where not every trace is read.
const WINDOWS: i64 = 4;
/// Most rows that are read of one of them: twice what is expected of an even
/// stream in 60 buckets.
const WINDOW_ROWS: i64 = 2 * EXACT / (60 * WINDOWS);
/// Most buckets, and what they may span: what people count time in.
const BUCKETS: i64 = 60;
const WIDTHS_S: [i64; 21] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    86_400, 604_800, 2_592_000, 31_536_000,
];

/// Which traces are looked at: those that the list would come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// From this time on.
    pub from: Option<Micros>,
    /// Up to this time, and in it.
    pub to: Option<Micros>,
    /// From the newest to the one at this place in the list.
    pub oldest: Option<ListPlace>,
}

impl Scope {
    fn keys(&self) -> Keys {
        Keys { from: self.oldest.map(|place| place.key), before: None, start: (self.from, self.to) }
    }

    /// When the first of them may have started.
    fn first(&self) -> Option<Micros> {
        self.from.max(self.oldest.map(|place| place.start_us))
    }
}

/// How many traces there are, as far as is looked, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize_tuple)]
pub struct Extent {
    /// Traces, at most [`EXACT`] + 1.
    pub traces: i64,
    /// The newest's start, of those that were counted.
    pub newest: Option<Micros>,
    /// The oldest's start, of those that were counted.
    pub counted_to: Option<Micros>,
    /// The oldest's start.
    pub oldest: Option<Micros>,
}

/// Counts the traces.
#[must_use]
pub fn select_extent(project: &str, scope: &Scope) -> Statement {
    let mut sql = Builder::new(project);
    let range = sql.keys(&scope.keys());
    let holes = [("RANGE", &*range), ("EXACT", &EXACT.to_string())];
    let text = fill(extent_sql(), &holes);
    Statement::new(text, sql.params)
}

/// What [`select_extent`] found.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what it asks for.
pub fn read_extent(ran: &QueryResults) -> Result<Extent, Fault> {
    let row = ran.rows.first().and_then(|rows| rows.first());
    decode(row.ok_or_else(|| Fault::Internal("an extent is one row".into()))?)
}

/// How a range is cut up.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The beginning of the first bucket.
    pub from: Micros,
    /// Which traces are in it: the first and the last bucket may have less of them
    /// than others.
    pub scope: Scope,
    /// What each bucket spans.
    pub width: Micros,
    /// How many there are.
    pub buckets: usize,
    /// Whether every trace is read.
    pub exact: bool,
    /// What is read where that is not every trace: bucket, first second of keys, seconds.
    windows: Vec<(usize, i64, i64)>,
    /// How many times as much each window stands for.
    scale: f64,
}

impl Plan {
    /// Cuts up what is looked at. Without an end it ends now, and its last bucket has
    /// what begins later, too: clients' clocks may be ahead.
    #[must_use]
    pub fn new(scope: Scope, now: Micros, extent: &Extent) -> Self {
        let to = scope.to.unwrap_or(now);
        let first = scope.first();
        let from = first.or(extent.oldest).unwrap_or(to).min(to);
        let span = to.saturating_sub(from).max(1);
        let width_s = WIDTHS_S
            .into_iter()
            .find(|width| span <= width * 1_000_000 * BUCKETS)
            .unwrap_or(span / 1_000_000 / BUCKETS + 1);
        let width = width_s * 1_000_000;
        let from = from - from.rem_euclid(width);
        let buckets = (to - from).div_euclid(width) + 1;
        let exact = extent.traces <= EXACT;
        // How much of the time is looked at, for as many traces as above if the
        // rest of the range is like its newest part.
        let counted = extent.newest.zip(extent.counted_to).map_or(span, |(a, b)| a - b).max(1);
        let parts = WINDOWS.min(width_s);
        let part = width_s / parts;
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a share")]
        let window = ((part as f64 * counted as f64 / span as f64) as i64).clamp(1, part);
        let mut windows = Vec::new();
        for bucket in (0..buckets).filter(|_| !exact) {
            let at = usize::try_from(bucket).unwrap_or_default();
            let bucket = (from + bucket * width).div_euclid(1_000_000);
            for n in 0..parts {
                // Anywhere in its part of the bucket, but there each time: what
                // comes every full hour must not be all or nothing of it.
                let start = bucket + n * part;
                let room = part - window + 1;
                let offset = i64::from(
                    u32::try_from(xxh3_64(&start.to_le_bytes()) >> 32).unwrap_or_default(),
                ) % room.clamp(1, i64::from(u32::MAX));
                windows.push((at, start + offset - KEY_EPOCH_S, window));
            }
        }
        let (least, most) = (first.map_or(0, key_second), scope.to.map_or(SECONDS, key_second));
        windows.retain(|(_, start, seconds)| start + seconds > least && *start <= most);
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let scale = width_s as f64 / (parts * window) as f64;
        let buckets = usize::try_from(buckets).unwrap_or_default();
        Self { from, scope, width, buckets, exact, windows, scale }
    }

    /// What of the time a bucket has: its start and, unless it has all that comes
    /// later, its last microsecond.
    #[must_use]
    pub fn bucket(&self, at: usize) -> (Micros, Option<Micros>) {
        let start = self.from + self.width * i64::try_from(at).unwrap_or_default();
        let first = self.scope.first().map_or(start, |first| first.max(start));
        let last = start + self.width - 1;
        let end = if at + 1 == self.buckets { self.scope.to } else { Some(last) };
        (first, end)
    }

    /// The statement that reads the traces, or the windows.
    #[must_use]
    pub fn statement(&self, project: &str, filter: &Filter) -> Statement {
        let mut sql = Builder::new(project);
        let hit = conditions(&mut sql, filter);
        let [failed, runs, unfinished] =
            [TraceStatus::Error, TraceStatus::Running, TraceStatus::Unfinished]
                .map(|status| sql.has_status(status, filter.now));
        let range =
            if self.exact { sql.keys(&self.scope.keys()) } else { self.of_window(&mut sql) };
        let rows = if self.exact { EXACT + 1 } else { WINDOW_ROWS };
        let traces = fill(
            rows_sql(),
            &[
                ("HIT", &hit),
                ("FAILED", &failed),
                ("RUNNING", &runs),
                ("UNFINISHED", &unfinished),
                ("RANGE", &range),
                ("MORE", more_columns(filter)),
                ("ROWS", &rows.to_string()),
            ],
        );
        let mut holes = vec![("SUMS", sums_sql().to_owned()), ("TRACES", traces)];
        if self.exact {
            holes.push(("FROM", sql.bind_time(self.from)));
            holes.push(("WIDTH", sql.bind_time(self.width)));
            holes.push(("LAST", self.buckets.saturating_sub(1).to_string()));
        } else {
            let windows = sql.bind(json(&self.windows));
            holes.push(("WINDOWS", windows));
            holes.push(("COUNT_BITS", COUNT_BITS.to_string()));
            holes.push(("COUNTS", COUNTS.to_string()));
            holes.push(("SECONDS", SECONDS.to_string()));
        }
        let holes: Vec<_> = holes.iter().map(|(name, text)| (*name, &**text)).collect();
        let text = fill(if self.exact { exact_sql() } else { windows_sql() }, &holes);
        Statement::new(text, sql.params)
    }

    /// Traces `t` of the window `w`.
    fn of_window(&self, sql: &mut Builder) -> String {
        let Scope { from, to, oldest } = self.scope;
        let [first, seconds] = [1, 2].map(|field| format!("(w.value->>{field})"));
        let project = first_key();
        let least = format!("({project} | ({first} << {COUNT_BITS}))");
        let least = match oldest {
            None => least,
            Some(place) => format!("max({least}, {})", sql.bind_time(place.key)),
        };
        let mut range = format!(
            "t.key >= {least} and t.key < ({project} | (({first} + {seconds}) << {COUNT_BITS}))"
        );
        for (side, time) in [(">=", from), ("<=", to)] {
            if let Some(time) = time {
                range = format!("{range} and t.start_us {side} {}", sql.bind_time(time));
            }
        }
        range
    }
}

/// A bucket's traces. Estimates, where not every trace was read.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs, reason = "they are what they are called")]
pub struct Bucket {
    pub traces: f64,
    /// How many of them were read.
    pub read: f64,
    pub errors: f64,
    pub tokens: f64,
    pub cost_nano: f64,
    /// Microseconds of those that were read, in order.
    pub durations: Vec<i64>,
}

impl Bucket {
    /// The duration that so many in a hundred do not pass.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Option<i64> {
        let rank = (self.durations.len() * percent).div_ceil(100).max(1);
        self.durations.get(rank - 1).copied()
    }

    /// Takes in another's traces.
    fn add(&mut self, other: &Self) {
        self.traces += other.traces;
        self.read += other.read;
        self.errors += other.errors;
        self.tokens += other.tokens;
        self.cost_nano += other.cost_nano;
        self.durations.extend(&other.durations);
    }

    /// All of these together.
    #[must_use]
    pub fn sum(buckets: &[Self]) -> Self {
        let mut all = Self::default();
        for bucket in buckets {
            all.add(bucket);
        }
        all.durations.sort_unstable();
        all
    }
}

/// Bucket, traces that were read, seconds that they reach, seconds of the window; of those
/// that the filter lets through how many there are and failed, tokens, cost, durations.
type Window = (usize, i64, Option<f64>, f64, f64, f64, f64, f64, String);

/// What the plan's statement found, by bucket.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what it asks for.
pub fn read_chart(ran: &QueryResults, plan: &Plan) -> Result<Vec<Bucket>, Fault> {
    let mut buckets = vec![Bucket::default(); plan.buckets];
    for row in ran.rows.first().into_iter().flatten() {
        let (at, rows, reached, seconds, traces, errors, tokens, cost_nano, durations): Window =
            decode(row)?;
        // What a row stands for: a window for its part of the bucket, and what
        // was read of a window for all of it.
        let mut scale = if plan.exact { 1.0 } else { plan.scale };
        if let Some(reached) = reached.filter(|at| rows == WINDOW_ROWS && *at > 0.0) {
            scale *= (seconds / reached).max(1.0);
        }
        let durations: Vec<i64> =
            durations.split(',').filter_map(|d| d.parse().ok()).map(|d: i64| d.max(0)).collect();
        if let Some(bucket) = buckets.get_mut(at) {
            bucket.add(&Bucket {
                traces: traces * scale,
                read: traces,
                errors: errors * scale,
                tokens: tokens * scale,
                cost_nano: cost_nano * scale,
                durations,
            });
        }
    }
    for bucket in &mut buckets {
        bucket.durations.sort_unstable();
    }
    Ok(buckets)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Micros = 3_600_000_000;
    const FEW: Extent = Extent { traces: 5, newest: None, counted_to: None, oldest: None };

    fn range(from: Micros, to: Micros) -> Scope {
        Scope { from: Some(from), to: Some(to), oldest: None }
    }

    #[test]
    fn cuts_ranges_into_what_people_count_time_in() {
        let now = 1_795_328_370_123_000;
        for (hours, width_s, buckets) in
            [(1, 60, 61), (24, 1_800, 49), (7 * 24, 10_800, 57), (30 * 24, 43_200, 61)]
        {
            let plan = Plan::new(range(now - hours * HOUR, now), now, &FEW);
            assert_eq!((plan.width / 1_000_000, plan.buckets), (width_s, buckets), "{hours} h");
            assert!(plan.from <= now - hours * HOUR && plan.exact);
            assert!(plan.from + plan.width * i64::try_from(buckets).unwrap() > now);
        }
        for (from, to) in [(0, 0), (5, 0), (-62_000_000_000_000_000, 253_000_000_000_000_000)] {
            assert!(
                (1..=61).contains(&Plan::new(range(from, to), to, &FEW).buckets),
                "{from} {to}"
            );
        }
    }

    #[test]
    fn windows_stay_in_their_buckets() {
        let start = KEY_EPOCH_S * 1_000_000 + 48 * HOUR;
        let extent = Extent {
            traces: EXACT + 1,
            newest: Some(24 * HOUR),
            counted_to: Some(23 * HOUR),
            oldest: None,
        };
        let plan = Plan::new(range(start, start + 24 * HOUR), 0, &extent);
        // The last bucket begins where the range ends.
        assert_eq!(plan.windows.len(), (plan.buckets - 1) * 4);
        for (at, first, seconds) in &plan.windows {
            let start = (plan.from + plan.width * i64::try_from(*at).unwrap()) / 1_000_000;
            let first = first + KEY_EPOCH_S;
            assert!(start <= first && first + seconds <= start + plan.width / 1_000_000);
            assert_eq!(*seconds, plan.width / 1_000_000 / WINDOWS / 24);
        }
        // A second is the least that is looked at.
        let much = Extent { newest: Some(1_000), counted_to: Some(0), ..extent };
        let plan = Plan::new(range(start, start + 30_000_000), 0, &much);
        assert!(plan.windows.iter().all(|(_, _, seconds)| *seconds == 1));
    }

    #[test]
    fn the_first_and_the_last_bucket_have_what_is_in_the_range() {
        let plan = Plan::new(range(90_000_000, 200_000_000), 0, &FEW);
        assert_eq!((plan.from, plan.width, plan.buckets), (90_000_000, 2_000_000, 56));
        let plan = Plan::new(range(91_000_000, 200_500_000), 0, &FEW);
        assert_eq!(plan.bucket(0), (91_000_000, Some(91_999_999)));
        assert_eq!(plan.bucket(1), (92_000_000, Some(93_999_999)));
        assert_eq!(plan.bucket(55), (200_000_000, Some(200_500_000)));
        // Without an end there is no last one.
        let start = KEY_EPOCH_S * 1_000_000;
        let oldest = ListPlace { key: 95 << COUNT_BITS, start_us: start + 95_000_000 };
        let open = Scope { oldest: Some(oldest), to: None, ..range(0, 0) };
        let plan = Plan::new(open, start + 200_000_000, &FEW);
        assert_eq!(plan.bucket(0), (start + 95_000_000, Some(start + 95_999_999)));
        assert_eq!(plan.bucket(plan.buckets - 1), (start + 200_000_000, None));
    }

    #[test]
    fn finds_percentiles() {
        let bucket = |n: i64| Bucket { durations: (1..=n).collect(), ..Bucket::default() };
        assert_eq!(bucket(0).percentile(50), None);
        assert_eq!(bucket(1).percentile(95), Some(1));
        assert_eq!(bucket(4).percentile(50), Some(2));
        assert_eq!(bucket(100).percentile(95), Some(95));
    }
}
