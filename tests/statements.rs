//! What every statement keeps to, whatever it is for: it stays within one
//! project, and it goes to rows by key instead of reading tables through.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use common::{PROJECT, RECEIVED, Sqlite};
use edgespan::batch::{BatchRef, Format};
use edgespan::model::TraceStatus;
use edgespan::store::query::{get_span, get_trace};
use edgespan::store::write::{self, Source};
use edgespan::store::{Param, Statement, chart, list, safety, session, spans, stat};
use edgespan::wire;

/// One of each kind.
fn statements() -> Vec<Statement> {
    let body = r#"{"batch":[
        {"type":"trace-create","body":{"id":"t","name":"n"}},
        {"type":"span-create","body":{"traceId":"t","name":"n","type":"LLM"}}]}"#;
    let batch = BatchRef::of(PROJECT, body.as_bytes(), RECEIVED, Format::Native);
    let mut events = Vec::new();
    wire::decode(body.as_bytes(), |event| events.push(event)).unwrap();
    let mut all = write::plan(&[Source { batch: &batch, body, events, attempt: 1 }], RECEIVED);
    all.extend(get_trace(PROJECT, "t"));
    all.extend(get_span(PROJECT, "t", "s"));
    let after = Some((1, "s".into()));
    all.extend(spans::part(PROJECT, "t", &spans::Part { after, most: 1 }));
    all.extend(spans::named(PROJECT, "t", &["s"], &[1]));
    all.extend(session::near(PROJECT, "s", 1));
    let every_condition = list::Filter {
        from: Some(0),
        to: Some(2),
        status: Some(TraceStatus::Ok),
        now: RECEIVED,
        name: Some("n".into()),
        tags: vec!["a".into(), "b".into()],
        session: Some("s".into()),
        model: Some("m".into()),
        min_duration_us: Some(1),
        min_cost_nano: Some(1),
    };
    all.extend(list::page(PROJECT, &list::Filter::default(), None, 50));
    all.extend(list::page(PROJECT, &every_condition, Some(&(1, "t".into())), 50));
    all.extend(list::traces(PROJECT, &list::Filter::default(), None, 50));
    all.extend(list::traces(PROJECT, &every_condition, Some(&(1, "t".into())), 50));
    all.push(chart::extent(PROJECT, None, 1));
    all.push(chart::extent(PROJECT, Some(0), 1));
    let few = chart::Extent { traces: 1, newest: None, counted_to: None, oldest: None };
    for traces in [1, chart::EXACT + 1] {
        let plan = chart::Plan::new(0, 1, &chart::Extent { traces, ..few });
        all.push(plan.statement(PROJECT, &every_condition));
    }
    all.extend(safety::bury(&batch, "why", 1, RECEIVED));
    all.push(stat::rejected(PROJECT, [1; 4], RECEIVED));
    all.push(safety::dead_letters(PROJECT));
    all.push(stat::hours(PROJECT));
    all
}

#[test]
fn each_is_bound_to_the_project() {
    for Statement { sql, params } in statements() {
        assert_eq!(params.first(), Some(&Param::from(PROJECT)), "{sql}");
        assert!(sql.contains("?1"), "{sql}");
    }
}

#[test]
fn each_goes_by_key_and_never_through_a_table() {
    let db = Sqlite::new();
    for Statement { sql, params } in statements() {
        let db = db.0.borrow();
        let mut plan = db.prepare(&format!("explain query plan {sql}")).unwrap();
        assert_eq!(plan.parameter_count(), params.len(), "D1 takes exactly what is bound: {sql}");
        let steps: Vec<String> = plan
            .query_map(rusqlite::params_from_iter(params.iter().map(|_| "")), |row| {
                row.get("detail")
            })
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        for step in &steps {
            let table = ["trace", "span", "batch", " t", " s", " b"]
                .iter()
                .any(|name| step.starts_with("SCAN") && step.ends_with(name));
            assert!(!table, "{step}\nof {steps:#?}\nin {sql}");
            // Only the list goes along a whole project, newest first, and stops.
            let project = step.ends_with("(project=?)")
                && !step.contains("trace_by_start")
                && !sql.contains("limit 1");
            assert!(!project, "{step}\nof {steps:#?}\nin {sql}");
            // Lists are in an index's order: nothing is sorted, but dead letters,
            // of which there should be few, and the spans of one trace.
            let of_one_trace = sql.contains("from span where trace = (select key");
            let sorted = step.contains("ORDER BY") && !sql.contains("dead_letter") && !of_one_trace;
            assert!(!sorted, "{steps:#?}\nin {sql}");
        }
    }
}
