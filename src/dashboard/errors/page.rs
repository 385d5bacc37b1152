//! Failures of traces in a range of time, those that are alike together: by the trace's name
//! and by what its root says, without the numbers and ids in it. It is read from what was
//! added up by hour, never from traces.

use std::collections::BTreeMap;
use std::rc::Rc;

use maud::{Markup, html};

use crate::batch::RawStore;
use crate::dashboard::list::filter::ListQuery;
use crate::dashboard::scores::period::{
    HOUR_US, asked_range, hours_of, period_page, problems, range_form,
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
    /// Traces, and those of the time before.
    is: i64,
    was: i64,
    /// The first and the last hour of the range in which there were some.
    first: Option<i64>,
    last: Option<i64>,
}

impl Group {
    fn add(&mut self, hour: i64, sums: &Sums, (is, was): (&Hours, &Hours)) {
        if is.contains(&hour) {
            self.is += sums.failed;
            self.first = Some(self.first.map_or(hour, |first| first.min(hour)));
            self.last = self.last.max(Some(hour));
        } else if was.contains(&hour) {
            self.was += sums.failed;
        }
    }
}

/// `GET /errors`, with the list's range of time.
///
/// # Errors
/// A fault of the database. A query that cannot be read is a page that says so.
pub async fn page(view: &View<'_, impl Database, impl RawStore>) -> Result<Reply, Error> {
    let asked = asked_range(view.query);
    let filter = match asked.filter(view.now) {
        Ok((filter, _)) => filter,
        Err(unread) => {
            let main = html! { (head(&asked)) (problems(&unread)) };
            return Ok(Reply::html(400, period_page("Errors", view.project_name, &main)));
        }
    };
    let (is, was) = hours_of(&filter, view.now);
    let statements = vec![
        rollups::select_columns(view.project, By::Error, &[is.clone(), was.clone()]),
        rollups::select_deliveries(view.project),
    ];
    let ran = view.db.run(statements).await?;
    let (groups, others, late) = read(&ran, (&is, &was))?;
    let main = html! {
        (head(&asked))
        @if groups.is_empty() && others.is == 0 {
            div.nothing {
                h2 { "Nothing failed here" }
                p.muted { "No trace that began in this range of time has failed." }
            }
        } @else { (table(&asked, &groups, &others)) }
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
    for (hour, column) in rollups::read_columns(rows_of(0))? {
        for (value, sums) in column.cells.iter().filter(|(_, sums)| !sums.is_nothing()) {
            groups.entry(Rc::clone(value)).or_default().add(hour, sums, of);
        }
        others.add(hour, &column.other, of);
    }
    let deliveries = rollups::read_deliveries(rows_of(1))?;
    for (key, sums) in deliveries.cells.0.iter().filter(|(key, _)| key.by == By::Error) {
        groups.entry(Rc::clone(&key.value)).or_default().add(key.hour, sums, of);
    }
    groups.retain(|_, group| group.is > 0);
    let mut groups: Groups = groups.into_iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse((group.is, group.last)));
    for (_, group) in groups.drain(MAX_ROWS.min(groups.len())..) {
        others.is += group.is;
        others.was += group.was;
    }
    Ok((groups, others, deliveries.more))
}

/// What the list of its traces is searched for: the longest part of a message that is the same
/// each time.
fn searched(message: &str) -> String {
    message.split('#').max_by_key(|part| part.len()).unwrap_or_default().trim().into()
}

fn head(asked: &ListQuery) -> Markup {
    html! {
        div.headline { h1 { "Errors" } }
        (range_form("/errors", &Markup::default(), asked))
    }
}

fn table(asked: &ListQuery, groups: &[(Rc<str>, Group)], others: &Group) -> Markup {
    let hour = |at: Option<i64>| html! { @if let Some(at) = at { (time(at * HOUR_US)) } };
    html! {
        table.results.costs aria-label="Failures by message" {
            thead { tr {
                th scope="col" { "Message" }
                th scope="col" { "Trace" }
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
                        td.num { (count(group.is)) span.unit { " traces" } }
                        td.num { @if group.was == 0 { b { "new" } } @else { (count(group.was)) } span.unit { " before" } }
                        td.num { (hour(group.first)) span.unit { " first" } }
                        td.num { (hour(group.last)) span.unit { " last" } }
                    }
                }
                @if others.is > 0 { tr {
                    td.c-evaluator { span.muted { "All others" } } td {}
                    td.num { (count(others.is)) } td.num { (count(others.was)) } td {} td {}
                } }
            }
        }
    }
}
