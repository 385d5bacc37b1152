//! `summarize_costs`: tokens and dollars of a time, in groups. By name, tag, session and day
//! the index adds up; by model the newest traces are unpacked, as many as one answer may.

use std::collections::BTreeMap;

use super::super::arguments::{Argument, Arguments, LIMIT, Takes, may};
use super::super::asked::{Asked, at, cost};
use super::super::refusal::Refusal;
use super::super::text::{Object, Rows, greatest_first, shown};
use super::search::{SINCE, UNTIL};
use crate::api::dollars;
use crate::batch::RawStore;
use crate::index::Database;
use crate::index::packed::{
    By, Part, Sum, Wanted, read_packed, read_sums, select_packed, select_sums,
};
use crate::index::traces::{MAX_ROWS_SCANNED, Next};
use crate::model::Micros;

pub(super) const TAKES: &[Argument] = &[
    SINCE,
    UNTIL,
    may("by", Takes::One(&["model", "name", "tag", "session", "day"]), "What is added up."),
    LIMIT,
];

/// Traces that are unpacked at a time, and how often, for costs by model.
const STEP: usize = 200;
const STEPS: usize = 5;
/// Bytes of the groups.
const GROUPS_BYTES: usize = 7_000;

/// What a group comes to.
#[derive(Default)]
struct Group {
    traces: i64,
    calls: Option<i64>,
    prompt: i64,
    completion: i64,
    tokens: i64,
    nano: i64,
}

pub(super) async fn answer<D: Database, S: RawStore>(
    mut answer: Object,
    arguments: &Arguments<'_>,
    asked: &Asked<'_, D, S>,
) -> Result<Object, Refusal> {
    let (limit, by) = (arguments.whole("limit"), arguments.word("by"));
    let start = (arguments.since(Some("7d")), arguments.until());
    let part = Part { start, ..Part::default() };
    let column = match by {
        "name" => By::Name,
        "tag" => By::Tag,
        "session" => By::Session,
        "day" => By::Day,
        _ => By::All,
    };
    let statements = [By::All, column].map(|by| select_sums(asked.project, &part, by, limit + 1));
    let ran = asked.db.run(statements.into()).await?;
    let mut sums = ran.rows.iter().map(|rows| read_sums(rows));
    let total = sums.next().transpose()?.unwrap_or_default().pop().unwrap_or_default();
    let found = sums.next().transpose()?.unwrap_or_default();
    let mut unpriced = 0;
    let mut back_to = None;
    let groups: Vec<(String, Group)> = if column == By::All {
        let models = Models::read(&part, asked).await?;
        unpriced = models.unpriced;
        back_to = models.back_to;
        models.groups.into_iter().collect()
    } else {
        found.into_iter().map(|sum| (sum.by.clone(), Group::of(&sum))).collect()
    };
    let order = greatest_first(groups.iter().map(|(_, group)| group.nano));
    let groups: Vec<_> = order.into_iter().filter_map(|place| groups.get(place)).collect();
    let mut sum = Object::new();
    sum.whole("traces", total.traces).whole("tokens", total.tokens);
    sum.json("costUsd", &dollars(total.cost_nano)).some("unpriced", unpriced);
    answer.json("total", &sum.end());
    answer.text("url", &url(start, asked));
    let mut rows = Rows::new(GROUPS_BYTES);
    let added = groups.iter().take(limit).take_while(|(key, group)| {
        let mut row = Object::new();
        row.text("key", &shown(key, 120)).whole("traces", group.traces);
        row.known("calls", group.calls);
        row.some("promptTokens", group.prompt).some("completionTokens", group.completion);
        row.some("tokens", group.tokens);
        cost(&mut row, "costUsd", group.nano);
        row.json("share", &share(group.nano, total.cost_nano));
        rows.add(row.end())
    });
    let added = added.count();
    answer.list("groups", &rows.all);
    let left = groups.get(added..).unwrap_or_default();
    if !left.is_empty() {
        let mut others = Object::new();
        others.whole("groups", i64::try_from(left.len()).unwrap_or(i64::MAX));
        cost(&mut others, "costUsd", left.iter().map(|(_, group)| group.nano).sum());
        answer.json("others", &others.end());
    }
    let mut more = String::new();
    if total.traces >= MAX_ROWS_SCANNED {
        more = format!(
            "The newest {MAX_ROWS_SCANNED} traces of this time are added up: ask for a shorter one. "
        );
    }
    if let Some(back_to) = back_to {
        let at = at(back_to);
        more = format!(
            "{more}Models are those of traces since {at}; total is of all. Ask for the rest with until."
        );
    }
    if by == "tag" {
        more.push_str("A trace counts in the group of each of its tags.");
    }
    if total.traces == 0 {
        more = "No trace started in this time; since is 7d where it is not said.".into();
    }
    if !more.is_empty() {
        answer.text("more", more.trim_end());
    }
    Ok(answer)
}

impl Group {
    fn of(sum: &Sum) -> Self {
        let Sum { traces, tokens, cost_nano, .. } = *sum;
        Self { traces, tokens, nano: cost_nano, ..Self::default() }
    }
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

/// The list of that time in the dashboard.
fn url<D: Database, S: RawStore>(
    (from, to): (Option<Micros>, Option<Micros>),
    asked: &Asked<'_, D, S>,
) -> String {
    let time = |name: &str, at_us: Option<Micros>| {
        at_us.map_or_else(String::new, |at_us| format!("{name}={}&", at(at_us)))
    };
    let query = format!("{}{}", time("from", from), time("to", to));
    format!("{}/traces?{}", asked.origin, query.trim_end_matches('&'))
}

/// What calls of models come to.
struct Models {
    groups: BTreeMap<String, Group>,
    /// Calls without a cost.
    unpriced: i64,
    /// Until when traces were unpacked, where that were not all.
    back_to: Option<Micros>,
}

impl Models {
    async fn read<D: Database, S: RawStore>(
        part: &Part,
        asked: &Asked<'_, D, S>,
    ) -> Result<Self, Refusal> {
        let mut models = Self { groups: BTreeMap::new(), unpriced: 0, back_to: None };
        let mut part = *part;
        for _ in 0..STEPS {
            let ran =
                asked.db.run(vec![select_packed(asked.project, &part, Wanted::Used, STEP)]).await?;
            let (found, next) = read_packed(&ran, asked.project, STEP)?;
            drop(ran);
            for trace in &found {
                let mut met: Vec<&str> = Vec::new();
                for span in &trace.spans {
                    let Some(model) = span.model.as_deref() else { continue };
                    let group = models.groups.entry(model.to_owned()).or_default();
                    let tokens =
                        |n: Option<u64>| n.and_then(|n| i64::try_from(n).ok()).unwrap_or(0);
                    group.traces += i64::from(!met.contains(&model));
                    *group.calls.get_or_insert(0) += 1;
                    group.prompt += tokens(span.prompt_tokens);
                    group.completion += tokens(span.completion_tokens);
                    group.tokens += tokens(span.total_tokens);
                    group.nano += span.cost_nano.unwrap_or_default();
                    models.unpriced += i64::from(span.unpriced);
                    if !met.contains(&model) {
                        met.push(model);
                    }
                }
            }
            match next {
                Next::End => {
                    models.back_to = None;
                    break;
                }
                Next::More(place) | Next::Perhaps(place) => {
                    models.back_to = Some(place.start_us);
                    part.after = Some(place);
                }
            }
        }
        Ok(models)
    }
}
