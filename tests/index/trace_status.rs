//! The status of a trace: what decides it, that the database decides it alike, and
//! what the API and the pages say of traces that have not ended.

use crate::common::{PROJECT, RECEIVED, Sqlite, World, body};
use edgespan::index::Database;
use edgespan::index::chart;
use edgespan::index::chart::{Bucket, Plan, Scope};
use edgespan::index::traces;
use edgespan::index::traces::Filter;
use edgespan::model::{Progress, QUIET_US, TraceStatus};
use pollster::block_on;
use serde_json::{Value, json};

use TraceStatus::{Error, Ok, Running, Unfinished};

const NOW_US: i64 = RECEIVED * 1_000;
/// Just heard of, heard of as long ago as counts, and longer.
const RECENT: i64 = NOW_US;
const LAST: i64 = NOW_US - QUIET_US;
const QUIET: i64 = LAST - 1;

/// Traces as they may be, and their status.
const CASES: [(Progress, TraceStatus); 22] = [
    // Spans with a root, none of them open.
    (trace(2, 0, 0, 0, RECENT, 0), Ok),
    (trace(2, 1, 0, 0, RECENT, 0), Error),
    (trace(2, 1, 0, 0, QUIET, 1), Error),
    // It came through what failed in it; it failed though nothing says what of.
    (rooted(2, 1, 0, 0), Ok),
    (rooted(2, 1, 0, 1), Error),
    (rooted(2, 0, 0, 1), Error),
    (rooted(2, 1, 1, 1), Running),
    // Without a root nobody says that it came through.
    (Progress { root_child: 1, ..rooted(2, 1, 0, 0) }, Error),
    // One of them open.
    (trace(2, 0, 1, 0, RECENT, 0), Running),
    (trace(2, 0, 1, 0, LAST, 0), Running),
    (trace(2, 0, 1, 0, QUIET, 0), Unfinished),
    (trace(2, 1, 1, 0, RECENT, 1), Running),
    (trace(2, 1, 2, 1, QUIET, 1), Unfinished),
    // No root yet.
    (trace(2, 0, 0, 1, RECENT, 0), Running),
    (trace(2, 1, 0, 1, LAST, 0), Running),
    (trace(2, 0, 0, 1, QUIET, 0), Ok),
    (trace(2, 1, 0, 1, QUIET, 0), Error),
    (trace(2, 0, 0, 1, RECENT, 1), Ok),
    // No span yet.
    (trace(0, 0, 0, 2, RECENT, 0), Running),
    (trace(0, 0, 0, 2, QUIET, 0), Unfinished),
    (trace(0, 0, 0, 2, RECENT, 1), Ok),
    (trace(0, 0, 0, 2, i64::MIN, 1), Ok),
];

const fn trace(
    spans: i64,
    errors: i64,
    open: i64,
    root_child: u8,
    active_us: i64,
    ended: u8,
) -> Progress {
    Progress { spans, errors, open, root_child, active_us, ended, root_failed: None }
}

/// One whose root is known, just heard of, with an end of its own.
const fn rooted(spans: i64, errors: i64, open: i64, root_failed: u8) -> Progress {
    Progress { root_failed: Some(root_failed), ..trace(spans, errors, open, 0, RECENT, 1) }
}

#[test]
fn each_case_has_its_status() {
    for (case, status) in CASES {
        assert_eq!(TraceStatus::of(&case, RECEIVED), status, "{case:?}");
    }
}

/// A database of all the cases, each under its place as id.
fn cases() -> Sqlite {
    let db = Sqlite::new();
    db.0.borrow().execute("insert into tenant values (1, ?1)", [PROJECT]).unwrap();
    for (n, (case, _)) in CASES.iter().enumerate() {
        let Progress { spans, errors, open, root_child, active_us, ended, root_failed } = case;
        let insert = "insert into trace (key, project, id, version, start_us, created_ms, tokens,
            cost_nano, head, pack, spans, errors, open, root_child, active_us, ended,
            root_failed)
            values ((1 << 48) | ?2, 1, ?1, 1, ?2, 0, 0, 0, x'', x'', ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let at = i64::try_from(n).unwrap();
        let id = n.to_string();
        let params = (id, at, spans, errors, open, root_child, active_us, ended, root_failed);
        db.0.borrow().execute(insert, params).unwrap();
    }
    db
}

#[test]
fn filters_and_rows_and_charts_agree() {
    let db = cases();
    for (status, _) in TraceStatus::ALL {
        let expected: Vec<String> = (0..CASES.len())
            .rev()
            .filter(|n| CASES[*n].1 == status)
            .map(|n| n.to_string())
            .collect();
        assert!(expected.len() > 1);

        let filter = Filter { status: Some(status), now: RECEIVED, ..Filter::default() };
        let ran = block_on(db.run(traces::select_traces(PROJECT, &filter, None, 50))).unwrap();
        let rows = traces::read_traces(&ran, 50).unwrap().0;
        assert_eq!(rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>(), expected);
        assert!(rows.iter().all(|row| row.status(RECEIVED) == status), "{status:?}");

        let ran = block_on(db.run(traces::select_page(PROJECT, &filter, None, 50).into())).unwrap();
        let rows = traces::read_page(&ran, 50).unwrap().rows;
        assert_eq!(rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>(), expected);
        assert!(rows.iter().all(|row| row.status(RECEIVED) == status), "{status:?}");

        let scope = Scope { from: Some(0), to: Some(100), oldest: None };
        let extent = block_on(db.run(vec![chart::select_extent(PROJECT, &scope)])).unwrap();
        let plan = Plan::new(scope, 100, &chart::read_extent(&extent).unwrap());
        let ran = block_on(db.run(vec![plan.statement(PROJECT, &filter)])).unwrap();
        let charted = Bucket::sum(&chart::read_chart(&ran, &plan).unwrap()).traces;
        assert_eq!(format!("{charted}"), expected.len().to_string(), "{status:?}");
    }
}

/// A time so many minutes before now.
fn ago(minutes: i64) -> String {
    edgespan::time::with_micros(NOW_US - minutes * 60_000_000)
}

fn event(kind: &str, body: &Value) -> String {
    json!({ "type": format!("{kind}-create"), "body": body }).to_string()
}

fn span(mut fields: Value) -> String {
    for (name, value) in [("traceId", "t"), ("name", "n"), ("type", "TOOL")] {
        fields.as_object_mut().unwrap().entry(name).or_insert(value.into());
    }
    event("span", &fields)
}

/// What the API says of the one trace that there is, in the list, alone, and by which filter.
fn said(world: &World) -> String {
    let list = world.list(PROJECT, "");
    let status = list["traces"][0]["status"].as_str().unwrap().to_owned();
    let alone: Value = serde_json::from_str(&world.get(PROJECT, "t")).unwrap();
    assert_eq!(alone["status"], *status);
    for (_, name) in TraceStatus::ALL {
        let found = world.list(PROJECT, &format!("status={name}"));
        assert_eq!(
            found["traces"].as_array().unwrap().len(),
            usize::from(name == status),
            "{name}"
        );
    }
    status
}

#[test]
fn a_trace_runs_until_its_last_span_has_ended() {
    let world = World::new();
    let send = |events: &[String]| {
        world.deliver(PROJECT, &body(events));
        said(&world)
    };
    // As an SDK sends them: the trace's beginning, steps as they end, the root last.
    let begin = event("trace", &json!({ "id": "t", "name": "n", "startTime": ago(5) }));
    assert_eq!(send(&[begin]), "RUNNING");
    let step = json!({ "id": "a", "parentSpanId": "r", "startTime": ago(5), "endTime": ago(4) });
    assert_eq!(send(&[span(step)]), "RUNNING");
    let open = json!({ "id": "b", "parentSpanId": "r", "startTime": ago(4) });
    assert_eq!(send(&[span(open)]), "RUNNING");
    let root = json!({ "id": "r", "startTime": ago(5), "endTime": ago(1) });
    assert_eq!(send(&[span(root)]), "RUNNING");
    let closed = json!({ "id": "b", "parentSpanId": "r", "startTime": ago(4), "endTime": ago(2), "status": "ERROR" });
    assert_eq!(send(&[span(closed)]), "OK", "it came through what failed in it");
}

#[test]
fn the_status_of_a_trace_is_its_roots_and_what_failed_in_it_is_counted() {
    let one = |id: &str, parent: &str, status: &str| {
        span(
            json!({ "id": id, "parentSpanId": parent, "status": status, "startTime": ago(5), "endTime": ago(4) }),
        )
    };
    for (spans, status, failures) in [
        (vec![one("r", "", "OK"), one("a", "r", "ERROR"), one("b", "r", "ERROR")], "OK", 2),
        (vec![one("r", "", "OK"), one("a", "r", "OK")], "OK", 0),
        // Passed on up to the root it is one failure.
        (vec![one("r", "", "ERROR"), one("a", "r", "ERROR"), one("b", "a", "ERROR")], "ERROR", 1),
        (vec![one("r", "", "ERROR"), one("a", "r", "OK")], "ERROR", 1),
        // Steps right below the trace: each is a root, the first is not all of it.
        (vec![one("r", "", "OK"), one("s", "", "ERROR")], "ERROR", 1),
        (vec![one("a", "a", "ERROR")], "ERROR", 1),
    ] {
        let world = World::new();
        // In any order, in one batch or in several.
        for span in spans.iter().rev() {
            world.deliver(PROJECT, &body(std::slice::from_ref(span)));
        }
        let together = World::new();
        together.deliver(PROJECT, &body(&spans));
        for world in [world, together] {
            let count = |trace: &Value| trace["errorCount"].clone();
            let failed = spans.iter().filter(|span| span.contains("ERROR")).count();
            assert_eq!(count(&world.list(PROJECT, "")["traces"][0]), failed, "{spans:?}");
            let alone: Value = serde_json::from_str(&world.get(PROJECT, "t")).unwrap();
            assert_eq!(count(&alone), failed, "{spans:?}");
            let counted = world.db.dump("select failures from trace");
            assert_eq!(counted, [format!("[Integer({failures})]")], "{spans:?}");
            let said = world.list(PROJECT, "");
            // What is its own parent has no root.
            let expected = if spans.len() == 1 { "RUNNING" } else { status };
            assert_eq!(said["traces"][0]["status"], expected, "{spans:?}");
        }
    }
}

#[test]
fn a_row_from_before_says_what_it_said_until_it_is_written_again() {
    let world = World::new();
    let one = |id: &str, parent: &str, status: &str| {
        span(
            json!({ "id": id, "parentSpanId": parent, "status": status, "startTime": ago(5), "endTime": ago(4) }),
        )
    };
    world.deliver(
        PROJECT,
        &body(&[one("r", "", "OK"), one("a", "r", "ERROR"), one("b", "a", "ERROR")]),
    );
    assert_eq!(said(&world), "OK");
    let before = "update trace set root_failed = null, failures = null";
    world.db.execute(before);
    assert_eq!(said(&world), "ERROR");
    world.deliver(PROJECT, &body(&[one("c", "r", "OK")]));
    assert_eq!(said(&world), "OK");
    assert_eq!(world.db.dump("select failures from trace"), ["[Integer(1)]"]);
}

#[test]
fn a_trace_that_nothing_is_heard_of_is_unfinished() {
    for (events, status) in [
        (vec![span(json!({ "startTime": ago(61) }))], "UNFINISHED"),
        (vec![span(json!({ "startTime": ago(59) }))], "RUNNING"),
        // Anything of it that is heard of keeps it running.
        (vec![span(json!({ "startTime": ago(90) })), span(json!({ "id": "x", "parentSpanId": "y", "startTime": ago(60), "endTime": ago(59) }))], "RUNNING"),
        (vec![json!({ "type": "span-create", "timestamp": ago(1), "body": { "traceId": "t", "name": "n", "type": "LLM", "startTime": ago(90) } }).to_string()], "RUNNING"),
        (vec![event("trace", &json!({ "id": "t", "name": "n", "startTime": ago(61) }))], "UNFINISHED"),
        // Without any time, when it was received counts.
        (vec![event("trace", &json!({ "id": "t", "name": "n" }))], "RUNNING"),
        (vec![event("trace", &json!({ "id": "t", "name": "n", "startTime": ago(2), "endTime": ago(1) }))], "OK"),
        (vec![span(json!({ "parentSpanId": "never came", "startTime": ago(90), "endTime": ago(61) }))], "OK"),
        // A span without times has nothing to say of when it ran, so it is over.
        (vec![span(json!({}))], "OK"),
        (vec![span(json!({ "endTime": ago(2) }))], "OK"),
    ] {
        let world = World::new();
        world.deliver(PROJECT, &body(&events));
        assert_eq!(said(&world), status, "{events:?}");
    }
}

#[test]
fn a_clock_that_is_ahead_keeps_no_trace_running() {
    let world = World::new();
    world.deliver(PROJECT, &body(&[span(json!({ "startTime": "9998-01-01T00:00:00Z" }))]));
    let active = world.db.dump("select active_us from trace");
    assert_eq!(active, [format!("[Integer({})]", NOW_US + 3_600_000_000)]);
    assert_eq!(said(&world), "RUNNING");
}
