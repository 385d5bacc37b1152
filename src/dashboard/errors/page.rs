//! Failures of traces in a range of time, those that are alike together: by the trace's name
//! and by what its root says, without the numbers and ids in it. It is read from what was
//! added up by hour, never from traces.

use std::collections::BTreeMap;
use std::rc::Rc;

use maud::{Markup, html};

use crate::batch::RawStore;
use crate::dashboard::list::filter::ListQuery;
use crate::dashboard::scores::period::{
    HOUR_US, asked_range, filter_of, hours_of, period_page, range_form,
};
use crate::dashboard::ui::format::{count, time};
use crate::dashboard::view::View;
use crate::error::Error;
use crate::index::rollups::{self, By, Hours, Sums};
use crate::index::{Database, QueryResults};
use crate::reply::Reply;

/// Most groups that are shown.
const MAX_ROWS: usize = 200;

/// Failures that are alike.
#[derive(Debug, Default)]
struct Group {
    /// Traces by the hour in which they began. What deliveries take off again is taken off.
    hours: BTreeMap<i64, i64>,
    /// Those of the time before.
    was: i64,
}

impl Group {
    fn add(&mut self, hour: i64, sums: &Sums, (is, was): (&Hours, &Hours)) {
        if is.contains(&hour) {
            *self.hours.entry(hour).or_default() += sums.failed;
        } else if was.contains(&hour) {
            self.was += sums.failed;
        }
    }

    fn count(&self) -> i64 {
        self.hours.values().sum()
    }

    /// The hours in which there were some, in order.
    fn seen(&self) -> impl DoubleEndedIterator<Item = i64> {
        self.hours.iter().filter(|(_, count)| **count > 0).map(|(hour, _)| *hour)
    }
}

/// `GET /errors`, with the list's range of time.
///
/// # Errors
/// A fault of the database. A query that cannot be read is a page that says so.
pub async fn page(view: &View<'_, impl Database, impl RawStore>) -> Result<Reply, Error> {
    let asked = asked_range(view.query);
    let head = html! {
        div.headline { h1 { "Errors" } }
        (range_form("/errors", &Markup::default(), &asked))
    };
    let filter = match filter_of(&asked, view, ("Errors", &head)) {
        Ok(filter) => filter,
        Err(unread) => return Ok(unread),
    };
    let (is, was) = hours_of(&filter, view.now);
    let statements = vec![
        rollups::select_columns(view.project, By::Error, &[is.clone(), was.clone()]),
        rollups::select_deliveries(view.project),
    ];
    let ran = view.db.run(statements).await?;
    let (groups, others, late) = read(&ran, (&is, &was))?;
    let main = html! {
        (head)
        @if groups.is_empty() && others.count() == 0 {
            div.nothing {
                h2 { "Nothing failed here" }
                p.muted { "No trace that began in this range of time has failed." }
            }
        } @else { (table(&asked, &groups, &others, &is)) }
        p.muted.footnote {
            "From " (time(is.start * HOUR_US)) ", beside as many hours before that. A trace counts where its root failed, in the hour in which it began; of ranges of days, first and last seen say the day. "
            code { "#" } " stands for words with digits in them."
            @if late { " What was written last is not all in it yet." }
        }
    };
    Ok(Reply::html(200, period_page("Errors", view.project_name, &main)))
}

type Groups = Vec<(Rc<str>, Group)>;

/// The groups, the most frequent first; what the others come to; and whether some deliveries
/// were not read.
fn read(ran: &QueryResults, of: (&Hours, &Hours)) -> Result<(Groups, Group, bool), Error> {
    let mut groups: BTreeMap<Rc<str>, Group> = BTreeMap::new();
    let mut others = Group::default();
    let rows_of = |at: usize| ran.rows.get(at).map(Vec::as_slice).unwrap_or_default();
    let deliveries = rollups::read_deliveries(rows_of(1))?;
    for (hour, value, sums) in rollups::read_parts(rows_of(0), &deliveries.cells, By::Error)? {
        let to = value.map_or(&mut others, |value| groups.entry(value).or_default());
        to.add(hour, &sums, of);
    }
    groups.retain(|_, group| group.count() > 0);
    let mut groups: Groups = groups.into_iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse((group.count(), group.seen().next_back())));
    for (_, group) in groups.drain(MAX_ROWS.min(groups.len())..) {
        for (hour, count) in group.hours {
            *others.hours.entry(hour).or_default() += count;
        }
        others.was += group.was;
    }
    Ok((groups, others, deliveries.more))
}

/// What the list of its traces is searched for: the longest part of a message that is the same
/// each time.
fn searched(message: &str) -> String {
    message.split('#').max_by_key(|part| part.len()).unwrap_or_default().trim().into()
}

/// When they were, as bars: by hour, of a range of more than two days by day.
fn bars(group: &Group, is: &Hours) -> Markup {
    let hours = is.end - is.start;
    let step = if hours > 48 { 24 } else { 1 };
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    for (hour, count) in &group.hours {
        *counts.entry((hour - is.start).div_euclid(step)).or_default() += count;
    }
    let most = counts.values().copied().max().unwrap_or(1).max(1);
    html! {
        svg viewBox=(format!("0 0 {} 30", (hours / step + 1) * 10)) preserveAspectRatio="none" aria-hidden="true" {
            path.base d=(format!("M0 30h{}", (hours / step + 1) * 10)) {}
            @for (at, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
                @let height = (count * 30 / most).max(2);
                rect.s-error x=(at * 10 + 1) width="8" y=(30 - height) height=(height) {}
            }
        }
    }
}

fn table(asked: &ListQuery, groups: &[(Rc<str>, Group)], others: &Group, is: &Hours) -> Markup {
    let hour = |at: Option<i64>| html! { @if let Some(at) = at { (time(at * HOUR_US)) } };
    html! {
        table.results.costs.failures aria-label="Failures by message" {
            thead { tr {
                th scope="col" { "Message" }
                th scope="col" { "Trace" }
                th.over scope="col" { "When" }
                th.num scope="col" { "Traces" }
                th.num scope="col" { "Before" }
                th.num scope="col" { "First seen" }
                th.num scope="col" { "Last seen" }
            } }
            tbody {
                @for (value, group) in groups {
                    @let (name, message) = value.split_once('\n').unwrap_or_default();
                    @let failed = ListQuery { name: name.into(), status: "error".into(), error: searched(message), ..asked.clone() };
                    tr {
                        td.c-evaluator { a href=(failed.newest("/traces")) title=(message) {
                            @if message.is_empty() { "no message" } @else { (message) }
                        } }
                        td.c-name { @if name.is_empty() { span.muted { "no name" } } @else { (name) } }
                        td.over { (bars(group, is)) }
                        td.num { (count(group.count())) span.unit { " traces" } }
                        td.num { @if group.was == 0 { b { "new" } } @else { (count(group.was)) span.unit { " before" } } }
                        td.num { span.unit { "first " } (hour(group.seen().next())) }
                        td.num { span.unit { "last " } (hour(group.seen().next_back())) }
                    }
                }
                @if others.count() > 0 { tr {
                    td.c-evaluator { span.muted { "All others" } } td {} td.over { (bars(others, is)) }
                    td.num { (count(others.count())) } td.num { (count(others.was)) } td {} td {}
                } }
            }
        }
    }
}
