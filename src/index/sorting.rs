//! The list in another order than that of start: what took longest, cost most, has most tokens.
//! No index has them in such an order, for each would be a row written for each trace: the
//! newest traces of the range, a bounded number of them, are compared. A place is a trace
//! whose value is looked up again.

use super::Statement;
use super::filter::Sort;
use super::query::{Builder, Keys, trace};
use super::traces::{Filter, ListPlace, Walk, a_page_of, any_trace, list_fields};
use ingest_core::index_writer::template::fill;
use ingest_core::sql_file;

sql_file!(page_sql, "sql/sorted_page.sql", &[]);
sql_file!(traces_sql, "sql/sorted_traces.sql", &[]);
sql_file!(place_sql, "sql/sort_place.sql", &[]);

/// Traces that are compared, the newest: each is a row read, and 20,000 take D1 some 90 ms.
pub const MAX_SORTED: i64 = 50_000;

/// What has not ended has no duration yet.
fn value(sort: Sort) -> &'static str {
    match sort {
        Sort::Duration => "(case when open = 0 then coalesce(end_us - start_us, 0) else 0 end)",
        Sort::Cost => "cost_nano",
        Sort::Tokens => "tokens",
    }
}

/// What to fill in: the walk, what comes after a place, and what is bound.
fn parts(
    project: &str,
    filter: &Filter,
    sort: Sort,
    after: Option<ListPlace>,
    oldest: Option<ListPlace>,
) -> (Builder, String, String, String) {
    let mut walk = Walk { filter, after: None, from: oldest.map(|place| place.key), among: None }
        .build(project);
    let of = |alias: &str| {
        let value = value(sort);
        ["open", "end_us", "start_us", "cost_nano", "tokens"]
            .iter()
            .fold(value.to_owned(), |value, column| {
                value.replace(column, &format!("{alias}.{column}"))
            })
    };
    let value = of("w");
    let after = after.map_or("true".into(), |place| {
        let key = walk.sql.bind_time(place.key);
        let range = walk.sql.keys(&Keys::default());
        let holes = [("VALUE", &*of("t")), ("RANGE", &range), ("KEY", &key)];
        let last = fill(place_sql(), &holes);
        format!("({value}, w.key) < ({last}, {key})")
    });
    (walk.sql, walk.text, value, after)
}

/// At most so many traces after a place, and whether there are any at all.
#[must_use]
pub fn select_page(
    project: &str,
    (filter, sort): (&Filter, Sort),
    (after, oldest): (Option<ListPlace>, Option<ListPlace>),
    limit: usize,
) -> [Statement; 2] {
    let (sql, walk, value, after) = parts(project, filter, sort, after, oldest);
    let (fields, limit) = (list_fields("0"), (limit + 1).to_string());
    let holes = [
        ("FIELDS", &*fields),
        ("WALK", &walk),
        ("AFTER", &after),
        ("VALUE", &value),
        ("LIMIT", &limit),
    ];
    [Statement::new(a_page_of(&fill(page_sql(), &holes)), sql.params), any_trace(project)]
}

/// The same for the API.
#[must_use]
pub fn select_traces(
    project: &str,
    (filter, sort): (&Filter, Sort),
    (after, oldest): (Option<ListPlace>, Option<ListPlace>),
    limit: usize,
) -> Vec<Statement> {
    let (sql, walk, value, after) = parts(project, filter, sort, after, oldest);
    let limit = (limit + 1).to_string();
    let holes = [
        ("TRACE", trace()),
        ("WALK", &walk),
        ("AFTER", &after),
        ("VALUE", &value),
        ("LIMIT", &limit),
    ];
    vec![Statement::new(a_page_of(&fill(traces_sql(), &holes)), sql.params)]
}
