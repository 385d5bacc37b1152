//! How far one question for a list looks, and how much it brings back, whatever
//! is asked for and however much a project has.

use crate::common::{PLAIN_COLUMNS, PLAIN_VALUES, PROJECT, World};
use edgespan::index::traces;
use edgespan::index::traces::{Filter, MAX_ROWS_SCANNED, PAGE_BYTES};
use edgespan::index::{Database, Param, Statement};
use ingest_core::index_writer::stored_row::KEY_EPOCH_S;
use pollster::block_on;
use rusqlite::StatementStatus;
use serde_json::Value;

/// Traces a second apart; those that `tags` says nothing of have none.
fn filled(traces: i64, tags: &str) -> World {
    let world = World::new();
    world
        .db
        .0
        .borrow()
        .execute_batch(&format!(
            "insert into tenant values (1, '{PROJECT}');
             insert into trace (key, id, start_us, tokens, cost_nano, name, spans, errors, tags, evaluators, {PLAIN_COLUMNS})
             with recursive n (value) as (
               select 1 union all select value + 1 from n where value < {traces})
             select (1 << 48) | (value << 16), printf('t%06d', value), ({KEY_EPOCH_S} + value) * 1000000, 0, 0,
               case when value = 1 then 'first' else 'agent' end, 3, value % 1000 = 1, {tags}, {tags}, {PLAIN_VALUES} from n"
        ))
        .unwrap();
    world
}

/// Steps of SQLite's machine that a statement takes.
fn steps(world: &World, statement: &Statement) -> i32 {
    let db = world.db.0.borrow();
    let mut query = db.prepare(&statement.sql).unwrap();
    let params = statement.params.iter().map(|param| match param {
        Param::Text(text) => rusqlite::types::Value::Text(text.clone()),
        Param::Int(n) => rusqlite::types::Value::Integer(*n),
    });
    let mut rows = query.query(rusqlite::params_from_iter(params)).unwrap();
    while rows.next().unwrap().is_some() {}
    drop(rows);
    query.get_status(StatementStatus::VmStep)
}

/// Follows the API's list to its end: the ids, and how many each page had.
fn follow(world: &World, query: &str) -> (Vec<String>, Vec<usize>) {
    let (mut ids, mut pages, mut cursor) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = world.list(PROJECT, &format!("{query}{cursor}"));
        let traces = page["traces"].as_array().unwrap();
        pages.push(traces.len());
        ids.extend(traces.iter().map(|trace| trace["id"].as_str().unwrap().to_owned()));
        match &page["nextCursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => return (ids, pages),
        }
    }
}

#[test]
fn a_filter_that_nothing_passes_costs_the_same_in_a_project_of_any_age() {
    let (young, old) = (filled(2 * MAX_ROWS_SCANNED, "null"), filled(6 * MAX_ROWS_SCANNED, "null"));
    let nothing = [
        Filter { name: Some("nothing has this".into()), ..Filter::default() },
        Filter { tags: vec!["nothing has this".into()], ..Filter::default() },
        Filter { model: Some("nothing has this".into()), ..Filter::default() },
    ];
    for filter in nothing {
        let [of_pages, _] = traces::select_page(PROJECT, &filter, None, 50);
        for statement in [of_pages, traces::select_traces(PROJECT, &filter, None, 100).remove(0)] {
            let (few, many) = (steps(&young, &statement), steps(&old, &statement));
            assert!(few > 100_000, "{few}");
            assert_eq!(few, many, "{}", statement.sql);
        }
    }
    // Where everything passes no more is looked at than is shown.
    for statement in traces::select_traces(PROJECT, &Filter::default(), None, 100) {
        let few = steps(&old, &statement);
        assert!(few < 50_000, "{few}");
    }
}

#[test]
fn a_page_of_the_api_may_be_empty_and_the_next_ones_have_the_rest() {
    let world = filled(2 * MAX_ROWS_SCANNED + 10, "null");
    let (ids, pages) = follow(&world, "name=first");
    assert_eq!((ids, pages), (vec!["t000001".to_owned()], vec![0, 0, 1]));
    let (ids, _) = follow(&world, "status=ERROR&limit=3");
    let expected: Vec<_> = (0..=10).rev().map(|n| format!("t{:06}", n * 1_000 + 1)).collect();
    assert_eq!(ids, expected);
    let (ids, _) = follow(&world, "limit=100");
    assert_eq!(ids.len(), usize::try_from(2 * MAX_ROWS_SCANNED + 10).unwrap());
    assert!(ids.is_sorted_by(|a, b| a > b), "each once, newest first");
}

#[test]
fn a_page_ends_early_with_traces_that_clients_made_large() {
    // 64 tags of 256 control characters each, which JSON writes in six.
    let tag = format!("replace(printf('%256s', ''), ' ', '{}')", "\\u0001");
    let tags = format!(
        "'[' || replace(substr(printf('%64s', ''), 1), ' ', '\"' || {tag} || '\",') || '\"\"]'"
    );
    let world = filled(100, &tags);
    let (ids, pages) = follow(&world, "limit=100");
    assert_eq!(ids.len(), 100);
    assert!(ids.is_sorted_by(|a, b| a > b), "each once, newest first");
    assert_eq!(pages, [10; 10]);
    for statements in [
        traces::select_traces(PROJECT, &Filter::default(), None, 100),
        traces::select_page(PROJECT, &Filter::default(), None, 50).into(),
    ] {
        let ran = block_on(world.db.run(statements)).unwrap();
        let bytes: usize = ran.rows[0].iter().map(String::len).sum();
        assert!(bytes < PAGE_BYTES + 300_000, "{bytes}");
    }
    // So does the dashboard's.
    let (mut shown, mut after) = (0, None);
    loop {
        let ran = world.db.run(traces::select_page(PROJECT, &Filter::default(), after, 50).into());
        let page = traces::read_page(&block_on(ran).unwrap(), 50).unwrap();
        shown += page.rows.len();
        match page.next {
            traces::Next::End => break,
            traces::Next::More(place) | traces::Next::Perhaps(place) => after = Some(place),
        }
    }
    assert_eq!(shown, 100);
}

#[test]
fn long_metadata_ends_a_page_early_and_is_always_there() {
    let world = World::new();
    for n in 0..8 {
        let metadata = format!(r#"{{"long":"{}"}}"#, "x".repeat(900_000 + n));
        let event = format!(
            r#"{{"type":"trace-create","body":{{"id":"t{n}","name":"n","metadata":{metadata}}}}}"#
        );
        world.deliver(PROJECT, &crate::common::body(&[event]));
    }
    let mut cursor = String::new();
    let mut seen = 0;
    loop {
        let page = world.list(PROJECT, &format!("limit=100{cursor}"));
        for trace in page["traces"].as_array().unwrap() {
            assert!(
                trace["metadata"]["long"].as_str().unwrap().len() >= 900_000,
                "{}",
                trace["id"]
            );
            seen += 1;
        }
        match &page["nextCursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => break,
        }
    }
    assert_eq!(seen, 8);
}
