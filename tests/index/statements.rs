//! What every statement keeps to, whatever it is for: it goes to rows by key instead
//! of reading tables through. That it stays within one project is `tenants`' to say.

use crate::common::statements::of_project;
use crate::common::{PROJECT, Sqlite};
use edgespan::index::{Param, Statement};
use ingest_core::index_writer::template::is_expanded;

#[test]
fn each_is_bound_to_the_project() {
    for Statement { sql, params } in of_project() {
        assert_eq!(params.first(), Some(&Param::from(PROJECT)), "{sql}");
        assert!(sql.contains("?1"), "{sql}");
    }
}

/// The tables, and what statements call them.
const TABLES: [&str; 28] = [
    "word_block",
    "trace",
    "span",
    "batch",
    "dead_letter",
    "stat",
    "overdue",
    "project",
    "routing_config",
    "share",
    "evaluator",
    "evaluation",
    "evaluator_calls",
    "price",
    "alert",
    "budget",
    "spent",
    "tenant",
    "t",
    "s",
    "b",
    "d",
    "n",
    "score",
    "c",
    "delivery",
    "usage",
    "u",
];

/// What may read all of a project's rows, or go along them: a question whether there
/// are any; the hours, of which a week is read in their order; the dead letters and the
/// routing configurations, of which there should be few; the links, of which there are 200 at
/// most; the evaluators, alerts and budgets, of which there are fifty at most.
const ALL_OF_A_PROJECT: [&str; 20] = [
    "delete from share where project = ?1 and ends_ms <= ?2",
    "from share where project = ?1) < 200 returning json_quote(id) as json",
    "from share where project = ?1 and ends_ms > ?2 order by created_ms desc, id",
    "from evaluator where project = ?1 and enabled = 1 and auto_run = 1 limit 1) union all \
     select json_object('pattern', pattern, 'from', nullif(from_day, ''), 'prices', json(prices)) as json \
     from price where project = ?1 union all \
     select json_array(id, subject_kind, subject, period, created_ms) as json from budget where project = ?1",
    "from evaluator where project = ?1 order by created_ms, id",
    "from alert where project = ?1 order by id",
    "from alert where project = ?1) < 20 returning id as json",
    "from dead_letter where project = ?1 limit 1000)",
    "from budget where project = ?1",
    "from budget where project = ?1) < 50 returning id as json",
    "or b.subject = '*' and b.whose is not null order by b.id",
    "on conflict (project, name) do nothing returning id as json",
    "and other.id <> r.value->>0) returning id as json",
    "from stat where project = ?1 order by hour_ms desc limit 168",
    "from dead_letter where project = ?1 order by recorded_ms desc, batch limit 100",
    "order by name = 'default' desc, created_ms, id limit 1",
    "from routing_config where project = ?1",
    "from routing_config where project = ?1) < 50 returning json_quote(id) as json",
    "from price where project = ?1 order by pattern, from_day",
    "prices = excluded.prices, updated_ms = excluded.updated_ms returning pattern as json",
];

/// What is wrong with how `SQLite` would run this, if anything is.
fn complaint(db: &Sqlite, sql: &str) -> Option<String> {
    let db = db.0.borrow();
    let mut plan = db.prepare(&format!("explain query plan {sql}")).unwrap();
    let params = plan.parameter_count();
    let steps: Vec<String> = plan
        .query_map(rusqlite::params_from_iter((0..params).map(|_| "")), |row| row.get("detail"))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let text = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let all_of_a_project = ALL_OF_A_PROJECT.iter().any(|end| text.ends_with(end));
    let wrong = |step: &&String| {
        let words: Vec<&str> = step.split(' ').collect();
        let table = words[0] == "SCAN" && TABLES.contains(&words[1]);
        // Only lists go along a whole project, newest first, and stop.
        let along = step.contains("USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)");
        let walk = along
            && !text.contains(" limit ")
            && !text.contains("max(t.key)")
            && !text.contains("max(d.key)")
            && !text.contains("max(b.key)");
        let half = step.contains("(rowid>?)") || step.contains("(rowid<?)");
        let project = step.ends_with("(project=?)") && words[1] != "tenant";
        // They are in the table's order: nothing is sorted but the spans of one trace, what a
        // statement is given, and the groups of a bounded number of rows.
        let sorted = step.contains("ORDER BY")
            && !text.contains("from span where trace = (select key")
            && !text.contains("where called is not null group by called")
            && !text.contains(" where hit and (")
            && !text.contains("from json_each(?2) as r cross join trace as t")
            && !steps.iter().any(|step| step == "MERGE (UNION)");
        table || walk || half || (project || sorted) && !all_of_a_project
    };
    steps.iter().find(wrong).map(|step| format!("{step}\nof {steps:#?}\nin {sql}"))
}

#[test]
fn no_name_is_left_in_any() {
    for Statement { sql, .. } in of_project() {
        assert!(is_expanded(&sql), "{sql}");
    }
}

#[test]
fn each_goes_by_key_and_never_through_a_table() {
    let db = Sqlite::new();
    for Statement { sql, params } in of_project() {
        let counted = db.0.borrow().prepare(&sql).unwrap().parameter_count();
        assert_eq!(counted, params.len(), "D1 takes exactly what is bound: {sql}");
        assert_eq!(complaint(&db, &sql), None);
    }
}

#[test]
fn what_reads_too_much_is_found() {
    let db = Sqlite::new();
    for sql in [
        "select id from span where id = ?1",
        "select id from trace as t where t.name = ?1 limit 1",
        "select count(*) from trace",
        "select name from trace where project = ?1 limit 100",
        "select count(*) from trace where project = ?1",
        "select id from batch where project = ?1 limit 10",
        "select id from trace where key > ?1 limit 10",
        "select id from trace where key between ?1 and ?2",
        "select reason from dead_letter where project = ?1 limit 1000",
        "select id from trace where project = ?1 order by name limit 1",
        "select hour_ms from stat where project = ?1 order by hour_ms",
        "select id from score as c where c.trace = ?1",
        "select id from score as c where c.project = ?1 and c.deleted = 0 order by c.at_us",
    ] {
        assert!(complaint(&db, sql).is_some(), "{sql}");
    }
}
