//! `summarize_costs`: tokens and dollars of a time, in groups. By model, name, tag and day they
//! are read from what was added up by hour, as the page of costs does, however many traces
//! there are; by session the index adds up the newest traces.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::arguments::{Argument, Arguments, LIMIT, Takes, may};
use super::super::asked::{Asked, Range, at, cost, list_of};
use super::super::refusal::Refusal;
use super::super::text::{Object, Rows, greatest_first, shown};
use super::search::{SINCE, UNTIL};
use crate::api::dollars;
use crate::batch::RawStore;
use crate::error::Fault;
use crate::index::Database;
use crate::index::packed::{self, Part, Sum, read_sums, select_sums};
use crate::index::rollups::{self, By, Sums, read_deliveries, read_parts};
use crate::index::rollups::{select_columns, select_deliveries};
use crate::index::traces::MAX_ROWS_SCANNED;
use crate::model::Micros;

pub(super) const TAKES: &[Argument] = &[
    SINCE,
    UNTIL,
    may("by", Takes::One(&["model", "name", "tag", "session", "day"]), "What is added up."),
    LIMIT,
];

/// Bytes of the groups.
const GROUPS_BYTES: usize = 7_000;
/// The longest time, in hours: a row is read for each day of it.
const MAX_HOURS: i64 = 100 * 24;
const HOUR_US: Micros = 3_600_000_000;

/// What was found of a time.
#[derive(Default)]
struct Costs {
    total: Sums,
    groups: Vec<(String, Sums)>,
    /// What all groups that are not among these come to.
    others: Sums,
    /// Whether these are all groups, but for those in `others`.
    all: bool,
    /// The time that they are of, where that is whole hours.
    hours: Option<(Micros, Micros)>,
    /// What is to be said of them.
    more: String,
}

pub(super) async fn answer<D: Database, S: RawStore>(
    mut answer: Object,
    arguments: &Arguments<'_>,
    asked: &Asked<'_, D, S>,
) -> Result<Object, Refusal> {
    let (limit, by) = (arguments.whole("limit"), arguments.word("by"));
    let start = (arguments.since(Some("7d")), arguments.until());
    let Costs { total, groups, others, all, hours, mut more } = match by {
        "session" => Costs::of_sessions(start, limit, asked).await?,
        _ => Costs::of_hours(start, by, asked).await?,
    };
    let order = greatest_first(groups.iter().map(|(_, sums)| sums.cost_nano));
    let groups: Vec<_> = order.into_iter().filter_map(|place| groups.get(place)).collect();
    if let Some((from, until)) = hours {
        answer.text("from", &at(from)).text("until", &at(until));
    }
    let mut sum = Object::new();
    sum.whole("traces", total.count).whole("tokens", total.tokens);
    answer.json("total", &sum.json("costUsd", &dollars(total.cost_nano)).end());
    let page = match by {
        "session" | "day" => asked.list_url("/traces", &list_of(start)),
        _ => format!("{}&by={by}", asked.list_url("/costs", &list_of(start))),
    };
    answer.text("url", &page);
    let mut rows = Rows::new(GROUPS_BYTES);
    let shown = groups.iter().take(limit);
    let added = rows.fill(shown.map(|(key, sums)| row(key, sums, by, total.cost_nano)));
    answer.list("groups", &rows.all);
    let left = groups.get(added..).unwrap_or_default();
    if !all {
        more.push_str("There are more groups: ask for a shorter time. ");
    } else if !left.is_empty() || !others.is_nothing() {
        let mut rest = Object::new();
        rest.whole("groups", i64::try_from(left.len()).unwrap_or(i64::MAX));
        let nano = left.iter().map(|(_, sums)| sums.cost_nano).sum::<i64>();
        cost(&mut rest, "costUsd", nano + others.cost_nano);
        answer.json("others", &rest.end());
    }
    if !others.is_nothing() {
        more.push_str("Of hours with very many groups the rarest are in others, and not among its number of groups. ");
    }
    if by == "tag" {
        more.push_str("A trace counts in the group of each of its tags.");
    }
    if total.is_nothing() && groups.is_empty() {
        more = "No trace started in this time; since is 7d where it is not said.".into();
    }
    if !more.is_empty() {
        answer.text("more", more.trim_end());
    }
    Ok(answer)
}

fn row(key: &str, sums: &Sums, by: &str, total: i64) -> Object {
    let mut row = Object::new();
    row.text("key", &shown(key, 120));
    row.whole(if by == "model" { "calls" } else { "traces" }, sums.count);
    row.some("promptTokens", sums.input).some("completionTokens", sums.output);
    row.some("cachedTokens", sums.cached).some("tokens", sums.tokens);
    cost(&mut row, "costUsd", sums.cost_nano);
    row.json("share", &share(sums.cost_nano, total));
    row
}

/// A part of a whole, with four digits.
fn share(part: i64, whole: i64) -> String {
    if whole == 0 {
        return "0".into();
    }
    #[expect(clippy::cast_precision_loss, reason = "a share of four digits")]
    let share = part as f64 / whole as f64;
    ((share * 1e4).round() / 1e4).to_string()
}

impl Costs {
    /// Sums of the newest traces of a time, by session.
    async fn of_sessions<D: Database, S: RawStore>(
        start: Range,
        limit: usize,
        asked: &Asked<'_, D, S>,
    ) -> Result<Self, Refusal> {
        let part = Part { start, ..Part::default() };
        let statements = [(packed::By::All, 1), (packed::By::Session, limit + 1)]
            .map(|(by, groups)| select_sums(asked.project, &part, by, groups));
        let ran = asked.db.run(statements.into()).await?;
        let mut sums = ran.rows.iter().map(|rows| read_sums(rows));
        let total = sums.next().transpose()?.unwrap_or_default().pop().unwrap_or_default();
        let mut found = sums.next().transpose()?.unwrap_or_default();
        let all = found.len() <= limit;
        found.truncate(limit);
        let mut more = String::new();
        if total.traces >= MAX_ROWS_SCANNED {
            more = format!(
                "The newest {MAX_ROWS_SCANNED} traces of this time are added up: ask for a shorter one. "
            );
        }
        let groups = found.into_iter().map(|sum| (sum.by.clone(), sums_of(&sum))).collect();
        Ok(Self { total: sums_of(&total), groups, all, more, ..Self::default() })
    }

    /// Sums of whole hours: those that a time begins and ends in, and those between.
    async fn of_hours<D: Database, S: RawStore>(
        (from, to): Range,
        by: &str,
        asked: &Asked<'_, D, S>,
    ) -> Result<Self, Refusal> {
        let now = asked.now().saturating_mul(1_000);
        let end = to.unwrap_or(now).min(now).div_euclid(HOUR_US) + 1;
        let first = from.map_or(end - MAX_HOURS, |from| from.div_euclid(HOUR_US));
        let begin = first.clamp(end - MAX_HOURS, end - 1);
        let column = match by {
            "model" => By::Model,
            "tag" => By::Tag,
            _ => By::Name,
        };
        let mut statements = vec![select_deliveries(asked.project)];
        // Each trace has one name: by that they come to what there is.
        let columns = [By::Name, column];
        let columns = if column == By::Name { &columns[..1] } else { &columns[..] };
        let hours = begin..end;
        let of = |by: &By| select_columns(asked.project, *by, std::slice::from_ref(&hours));
        statements.extend(columns.iter().map(of));
        let mut ran = asked.db.run(statements).await?;
        let columns = ran.rows.split_off(1);
        let deliveries = read_deliveries(&ran.rows.concat())?;
        let parts = |rows: Option<&Vec<String>>, by: By| -> Result<Vec<rollups::Part>, Fault> {
            let rows = rows.map(Vec::as_slice).unwrap_or_default();
            let mut parts = read_parts(rows, &deliveries.cells, by)?;
            parts.retain(|(hour, ..)| hours.contains(hour));
            Ok(parts)
        };
        let mut found = Self { all: true, ..Self::default() };
        for (.., sums) in parts(columns.first(), By::Name)? {
            found.total.add(&sums, 1);
        }
        let mut groups: BTreeMap<Rc<str>, Sums> = BTreeMap::new();
        for (hour, value, sums) in parts(columns.last(), column)? {
            let day = || at(hour * HOUR_US).get(..10).unwrap_or_default().into();
            let key = if by == "day" { Some(day()) } else { value };
            let to = key.map_or(&mut found.others, |key| groups.entry(key).or_default());
            to.add(&sums, 1);
        }
        // A trace without a tag is in no group of tags.
        groups.retain(|key, sums| !sums.is_nothing() && (by != "tag" || !key.is_empty()));
        found.groups = groups.into_iter().map(|(key, sums)| (key.to_string(), sums)).collect();
        found.hours = Some((begin * HOUR_US, (end * HOUR_US - 1).min(now)));
        if first < begin {
            found.more =
                format!("Of a longer time the last {} days are added up. ", MAX_HOURS / 24);
        }
        if deliveries.more {
            found.more.push_str("What was written last is not all in it yet. ");
        }
        Ok(found)
    }
}

fn sums_of(sum: &Sum) -> Sums {
    let Sum { traces: count, tokens, cost_nano, .. } = *sum;
    Sums { count, tokens, cost_nano, ..Sums::default() }
}
