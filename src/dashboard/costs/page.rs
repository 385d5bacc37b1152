//! What models, names, users or tags used in a range of time, beside the time before it. It is
//! read from what was added up by hour, never from traces.

use std::collections::BTreeMap;
use std::rc::Rc;

use maud::{Markup, html};

use crate::batch::RawStore;
use crate::dashboard::list::filter::ListQuery;
use crate::dashboard::scores::period::{
    HOUR_US, asked_range, filter_of, hours_of, period_page, range_form,
};
use crate::dashboard::ui::format::{cost, count, dollars, duration, time, tokens};
use crate::dashboard::ui::url::query_value;
use crate::dashboard::view::View;
use crate::error::Error;
use crate::index::Database;
use crate::index::rollups::{self, By, Hours, Sums};
use crate::reply::Reply;

/// Most rows of the table.
const MAX_ROWS: usize = 200;

/// What the page groups by: its value in the address, its word, what is counted.
const GROUPS: [(By, &str, &str, &str); 4] = [
    (By::Model, "model", "Model", "Calls"),
    (By::Name, "name", "Name", "Traces"),
    (By::User, "user", "User", "Traces"),
    (By::Tag, "tag", "Tag", "Traces"),
];

type Group = (By, &'static str, &'static str, &'static str);

/// What is shown of a value: now, and in the time before.
type Pair = (Sums, Sums);

/// A value, and what is shown of it.
type Row = (Rc<str>, Pair);

/// `GET /costs`, with the list's range of time and `by`.
///
/// # Errors
/// A fault of the database. A query that cannot be read is a page that says so.
pub async fn page(view: &View<'_, impl Database, impl RawStore>) -> Result<Reply, Error> {
    let asked = asked_range(view.query);
    let by = query_value(view.query, "by").unwrap_or_default();
    let [first, ..] = GROUPS;
    let group = GROUPS.into_iter().find(|(_, name, ..)| *name == by).unwrap_or(first);
    let head = head(&asked, group);
    let filter = match filter_of(&asked, view, ("Costs", &head)) {
        Ok(filter) => filter,
        Err(unread) => return Ok(unread),
    };
    let (is, was) = hours_of(&filter, view.now);
    let statements = vec![
        rollups::select_columns(view.project, group.0, &[is.clone(), was.clone()]),
        rollups::select_deliveries(view.project),
    ];
    let ran = view.db.run(statements).await?;
    let (rows, other, late) = read(&ran, group.0, (&is, &was))?;
    let main = html! {
        (head)
        @if rows.is_empty() && other.0.is_nothing() {
            div.nothing {
                h2 { "Nothing was used here" }
                p.muted { "No " (if group.0 == By::Model { "call of a model" } else { "trace" }) " began in this range of time." }
            }
        } @else { (table(&asked, group, &rows, &other)) }
        p.muted.footnote {
            "From " (time(is.start * HOUR_US)) ", beside as many hours before that. Times are those at which "
            (if group.0 == By::Model { "calls" } else { "traces" }) " began."
            @if group.0 == By::Tag { " A trace counts with each of its tags." }
            @if late { " What was written last is not all in it yet." }
        }
    };
    Ok(Reply::html(200, period_page("Costs", view.project_name, &main)))
}

/// Sums by value, those of all other values, and whether some deliveries were not read.
fn read(
    ran: &crate::index::QueryResults,
    by: By,
    (is, was): (&Hours, &Hours),
) -> Result<(Vec<Row>, Pair, bool), Error> {
    let mut rows: BTreeMap<Rc<str>, Pair> = BTreeMap::new();
    let mut other = Pair::default();
    let add = |to: &mut Pair, hour: i64, sums: &Sums| {
        if is.contains(&hour) {
            to.0.add(sums, 1);
        } else if was.contains(&hour) {
            to.1.add(sums, 1);
        }
    };
    let rows_of = |at: usize| ran.rows.get(at).map(Vec::as_slice).unwrap_or_default();
    let deliveries = rollups::read_deliveries(rows_of(1))?;
    for (hour, value, sums) in rollups::read_parts(rows_of(0), &deliveries.cells, by)? {
        let to = value.map_or(&mut other, |value| rows.entry(value).or_default());
        add(to, hour, &sums);
    }
    rows.retain(|_, (is, was)| !is.is_nothing() || !was.is_nothing());
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by_key(|(_, (is, was))| {
        std::cmp::Reverse((is.cost_nano, is.count, was.cost_nano, was.count))
    });
    for (_, (is, was)) in rows.drain(MAX_ROWS.min(rows.len())..) {
        other.0.add(&is, 1);
        other.1.add(&was, 1);
    }
    Ok((rows, other, deliveries.more))
}

fn head(asked: &ListQuery, (by, ..): Group) -> Markup {
    let by = html! {
        label { "By" select name="by" {
            @for (one, value, word, _) in GROUPS {
                option value=(value) selected[one == by] { (word) }
            }
        } }
    };
    html! {
        div.headline { h1 { "Costs" } span.spacer {} a href="/scores" { "Scores" } }
        (range_form("/costs", &by, asked))
    }
}

fn table(asked: &ListQuery, group: Group, rows: &[Row], other: &Pair) -> Markup {
    let (by, _, word, counted) = group;
    let calls = by == By::Model;
    let mut all = other.clone();
    for (_, (is, was)) in rows {
        all.0.add(is, 1);
        all.1.add(was, 1);
    }
    let others = !other.0.is_nothing() || !other.1.is_nothing();
    html! {
        table.results.costs aria-label=(format!("Costs by {}", word.to_lowercase())) {
            thead { tr {
                th scope="col" { (word) }
                th.num scope="col" { (counted) }
                @if calls {
                    th.num scope="col" { "Tokens in" }
                    th.num scope="col" { "Out" }
                    th.num scope="col" { "Cached" }
                } @else { th.num scope="col" { "Tokens" } }
                th.num scope="col" { "Cost" }
                th.num scope="col" { "Before" }
                th.num scope="col" { "Change" }
                th.num scope="col" { (if calls { "A call" } else { "A trace" }) }
                th.num scope="col" title="95 of 100 took no longer, about" { "p95" }
                th.num scope="col" { "Errors" }
            } }
            tbody {
                @for (value, pair) in rows {
                    tr { td.c-evaluator { (named(asked, by, value)) } (numbers(calls, counted, pair)) }
                }
                @if others { tr { td.c-evaluator { span.muted { "All others" } } (numbers(calls, counted, other)) } }
            }
            // A trace may have several tags: they come to more than there is.
            @if by != By::Tag { tfoot { tr { th scope="row" { "All" } (numbers(calls, counted, &all)) } } }
        }
    }
}

fn named(asked: &ListQuery, by: By, value: &str) -> Markup {
    let of = |asked: ListQuery| asked.newest("/traces");
    let asked = asked.clone();
    let link = match by {
        By::Error => None,
        _ if value.is_empty() => None,
        By::Model => Some(of(ListQuery { model: value.into(), ..asked })),
        By::Name => Some(of(ListQuery { name: value.into(), ..asked })),
        By::User => Some(of(ListQuery { user: value.into(), ..asked })),
        By::Tag => Some(asked.with_tag(value)),
    };
    html! {
        @if let Some(link) = link { a href=(link) title=(value) { (value) } }
        @else { span.muted { "none said" } }
    }
}

/// One number, with what it is where the table has no head.
fn cell(text: &str, unit: &str) -> Markup {
    html! { td.num { (text) span.unit { " " (unit) } } }
}

fn numbers(calls: bool, counted: &str, (is, was): &Pair) -> Markup {
    let each = |n: i64| is.cost_nano.checked_div(n).map_or_else(|| "–".into(), dollars);
    let errors = percent(is.failed, is.count).unwrap_or_else(|| "–".into());
    let took = is.percentile(95).map_or_else(|| "–".into(), duration);
    let change = change(is.cost_nano, was.cost_nano);
    html! {
        (cell(&count(is.count), &counted.to_lowercase()))
        @if calls {
            td.num { (tokens(is.input)) span.unit { " in" } }
            td.num { (tokens(is.output)) span.unit { " out" } }
            td.num { (tokens(is.cached)) span.unit { " cached" } }
        } @else { td.num { (tokens(is.tokens)) span.unit { " tokens" } } }
        td.num { (cost(is.cost_nano)) }
        td.num { (cost(was.cost_nano)) span.unit { " before" } }
        (cell(&change, "change"))
        (cell(&each(is.count), "each"))
        (cell(&took, "p95"))
        td.num class=[(is.failed > 0).then_some("error-text")] { (errors) span.unit { " errors" } }
    }
}

/// A share, never rounded to none or all.
fn percent(part: i64, of: i64) -> Option<String> {
    (of > 0).then(|| {
        let tenths = (part.saturating_mul(1_000) + of / 2) / of;
        let least = i64::from(part > 0);
        let most = if part < of { 999 } else { 1_000 };
        let tenths = tenths.max(least).min(most);
        let (whole, tenth) = (tenths / 10, tenths % 10);
        if tenth == 0 { format!("{whole} %") } else { format!("{whole}.{tenth} %") }
    })
}

/// How much more or less it is.
fn change(is: i64, was: i64) -> String {
    match (is, was) {
        (0, 0) => "–".into(),
        (_, ..=0) => "new".into(),
        _ => {
            let percent = (i128::from(is) - i128::from(was)) * 100 / i128::from(was);
            match percent {
                0 => "±0 %".into(),
                // Ten times as much and more.
                900.. => format!("× {}", percent / 100 + 1),
                1.. => format!("+{percent} %"),
                _ => format!("−{} %", -percent),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_to_none_or_all() {
        for (part, of, shown) in [
            (0, 0, None),
            (0, 9, Some("0 %")),
            (1, 100_000, Some("0.1 %")),
            (1, 8, Some("12.5 %")),
            (99_999, 100_000, Some("99.9 %")),
            (3, 3, Some("100 %")),
        ] {
            assert_eq!(percent(part, of).as_deref(), shown, "{part} of {of}");
        }
    }

    #[test]
    fn a_change_is_of_what_was_before() {
        for (is, was, shown) in [
            (0, 0, "–"),
            (5, 0, "new"),
            (150, 100, "+50 %"),
            (999, 100, "+899 %"),
            (1_000, 100, "× 10"),
            (0, 100, "−100 %"),
            (100, 100, "±0 %"),
        ] {
            assert_eq!(change(is, was), shown);
        }
    }
}
