//! Costs of calls that came without one: by the table, by a project's own prices, in any
//! order; and never where somebody has said one.

use edgespan::index::{Database, RowBounds, own_prices};
use proptest::prelude::*;
use serde_json::{Value, json};
use sim::state::find_wrong;

use crate::common::{PROJECT, RECEIVED, World, body};

fn deliver(world: &World, events: &[Value]) {
    let events: Vec<_> = events.iter().map(Value::to_string).collect();
    world.deliver(PROJECT, &body(&events));
}

fn span(id: &str, more: &Value) -> Value {
    let mut said = json!({ "traceId": "t", "id": id, "name": "n", "type": "LLM",
        "startTime": "2026-11-24T00:00:00Z", "endTime": "2026-11-24T00:00:01Z",
        "usage": { "promptTokens": 1000, "completionTokens": 500 } });
    for (key, value) in more.as_object().unwrap() {
        said[key] = value.clone();
    }
    json!({ "type": "span-create", "body": said })
}

fn trace(world: &World) -> Value {
    serde_json::from_str(&world.get(PROJECT, "t")).unwrap()
}

/// The cost of each span and who says it, by their ids.
fn costs(world: &World) -> Vec<(String, Option<f64>, Option<String>)> {
    let mut all: Vec<_> = trace(world)["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| {
            let text = |key: &str| span[key].as_str().map(str::to_owned);
            (text("id").unwrap(), span["cost"].as_f64(), text("costSource"))
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn set(world: &World, pattern: &str, from: &str, prices: &Value) {
    let project = format!(
        "insert or ignore into project (id, name, handling, created_ms, rate_limit) values ('{PROJECT}', 'p', 'strict', 1, 1000)"
    );
    world.db.execute(&project);
    let set = own_prices::set_price(PROJECT, pattern, from, &prices.to_string(), RECEIVED);
    let ran = pollster::block_on(world.db.run(vec![set])).unwrap();
    assert_eq!(ran.rows[0].len(), 1);
}

#[test]
fn calls_without_a_cost_get_one_and_a_cost_that_was_sent_stays() {
    let world = World::new();
    let gpt = |more: Value| {
        let mut said = json!({ "model": "gpt-4o-2024-08-06" });
        for (key, value) in more.as_object().unwrap() {
            said[key] = value.clone();
        }
        said
    };
    deliver(
        &world,
        &[
            span("a", &gpt(json!({}))),
            span("b", &gpt(json!({ "cost": 0 }))),
            span("c", &gpt(json!({ "cost": 0.25 }))),
            span("d", &json!({ "model": "my-deployment-4o" })),
            span("e", &json!({})),
            span("f", &gpt(json!({ "type": "AGENT" }))),
            span("g", &gpt(json!({ "usage": { "promptTokens": 0, "completionTokens": 0 } }))),
            span("h", &gpt(json!({ "usage": { "totalTokens": 10 } }))),
            span(
                "i",
                &json!({ "model": "gpt-4o", "usage": { "promptTokens": 10000, "cachedTokens": 8000,
                    "completionTokens": 1000 } }),
            ),
        ],
    );
    let client = || Some("client".to_owned());
    let table = || Some("table".to_owned());
    let expected = [
        ("a", Some(0.0075), table()),
        ("b", Some(0.0), client()),
        ("c", Some(0.25), client()),
        ("d", None, None),
        ("e", None, None),
        ("f", None, None),
        ("g", None, None),
        ("h", None, None),
        ("i", Some(0.025), table()),
    ];
    let expected = expected.map(|(id, cost, source)| (id.to_owned(), cost, source));
    assert_eq!(costs(&world), expected);
    let trace = trace(&world);
    assert_eq!(trace["totalCost"], "0.2825");
    assert_eq!(trace["costSources"], json!(["client", "table"]));
    assert_eq!(trace["unpricedModels"], json!(["my-deployment-4o"]));
    let listed = &world.list(PROJECT, "")["traces"][0];
    assert_eq!(listed["totalCost"], "0.2825");
    assert!(listed.get("costSources").is_none() && listed.get("unpricedModels").is_none());
    assert_eq!(find_wrong(&world.db), Vec::<String>::new());
}

#[test]
fn a_cost_that_comes_later_takes_the_place_of_the_computed_one() {
    let world = World::new();
    let priced = json!({ "model": "gpt-4o-2024-08-06" });
    deliver(&world, &[span("a", &priced)]);
    assert_eq!(trace(&world)["totalCost"], "0.0075");
    deliver(&world, &[span("a", &json!({ "model": "gpt-4o-2024-08-06", "cost": 0.5 }))]);
    assert_eq!(trace(&world)["totalCost"], "0.5");
    assert_eq!(find_wrong(&world.db), Vec::<String>::new());
}

#[test]
fn a_projects_own_price_comes_first_and_a_replay_applies_another() {
    let world = World::new();
    let events = [
        span("a", &json!({ "model": "My-Deployment-4o" })),
        span("b", &json!({ "model": "gpt-4o" })),
        span("c", &json!({ "model": "gpt-4o-mini", "cost": 1 })),
    ];
    deliver(&world, &events);
    assert_eq!(trace(&world)["unpricedModels"], json!(["My-Deployment-4o"]));
    set(&world, "my-deployment-*", "", &json!({ "input": 1, "output": 2 }));
    set(&world, "my-deployment-*", "2027-01-01", &json!({ "input": 100, "output": 200 }));
    set(&world, "gpt-*", "", &json!({ "input": 10, "output": 0.000_001 }));
    set(&world, "gpt-4*", "2026-11-25", &json!({ "input": 7, "output": 7 }));
    // What is written is as it was until something comes of the trace again.
    assert_eq!(trace(&world)["totalCost"], "1.0075");
    let replayed = || {
        deliver(&world, &events);
        assert_eq!(find_wrong(&world.db), Vec::<String>::new());
        costs(&world).into_iter().map(|(_, cost, source)| (cost.unwrap(), source.unwrap()))
    };
    let own = |cost| (cost, "project".to_owned());
    let sent = (1.0, "client".to_owned());
    assert_eq!(
        replayed().collect::<Vec<_>>(),
        [own(0.002), own(0.010_000_001), sent.clone()],
        "{:?}",
        trace(&world)
    );
    assert_eq!(trace(&world)["costSources"], json!(["client", "project"]));
    let gone = own_prices::remove_price(PROJECT, "gpt-*", "");
    pollster::block_on(world.db.run(vec![gone])).unwrap();
    set(&world, "my-deployment-4o", "", &json!({ "input": 3, "output": 3 }));
    let table = (0.0075, "table".to_owned());
    assert_eq!(replayed().collect::<Vec<_>>(), [own(0.0045), table, sent]);
    // Nothing changes, so nothing is written.
    let changes = world.db.changes();
    deliver(&world, &events);
    assert_eq!(world.db.changes(), changes);
}

#[test]
fn a_project_without_prices_of_its_own_reads_no_row_of_them() {
    let world = World::new();
    set(&world, "m", "", &json!({ "input": 1, "output": 2 }));
    let of_other = pollster::block_on(world.db.run(vec![own_prices::select_prices("p2")]));
    assert_eq!(of_other.unwrap().rows, [Vec::<String>::new()]);
}

#[test]
fn a_project_has_no_more_prices_than_it_may() {
    let world = World::new();
    for n in 0..edgespan::limits::MAX_PRICES {
        set(&world, &format!("m{n}"), "", &json!({ "input": 1, "output": 2 }));
    }
    let one_more = |pattern| own_prices::set_price(PROJECT, pattern, "", "{}", RECEIVED);
    let ran = pollster::block_on(world.db.run(vec![one_more("more"), one_more("m0")])).unwrap();
    assert_eq!(ran.rows.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1]);
}

/// What is said of two calls, the inner of which repeats the outer, a piece at a time.
fn pieces() -> Vec<Value> {
    let event = |n: usize, kind: &str, body: Value| json!({ "id": format!("e{n}"), "type": kind, "timestamp": format!("2026-11-24T00:00:0{n}Z"), "body": body });
    let of = |id: &str, more: Value| {
        let mut said = json!({ "id": id, "traceId": "t" });
        for (key, value) in more.as_object().unwrap() {
            said[key] = value.clone();
        }
        said
    };
    vec![
        event(1, "generation-create", of("a", json!({ "startTime": "2026-03-01T00:00:00Z" }))),
        event(2, "generation-update", of("a", json!({ "model": "claude-opus-4-6" }))),
        event(
            3,
            "generation-update",
            of(
                "a",
                json!({ "usageDetails": { "input": 250_000, "output": 1_000, "total": 251_000 } }),
            ),
        ),
        event(4, "generation-update", of("a", json!({ "endTime": "2026-11-24T00:00:00Z" }))),
        event(5, "generation-create", of("b", json!({ "model": "gpt-4o" }))),
        event(
            6,
            "generation-update",
            of("b", json!({ "usageDetails": { "input": 9, "output": 9 } })),
        ),
        event(7, "generation-update", of("b", json!({ "costDetails": { "total": 0 } }))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn costs_do_not_depend_on_order_nor_on_repetition(
        order in Just(pieces()).prop_shuffle(),
        again in prop::collection::vec(0..7_usize, 0..4),
        packed in 0..3_usize,
    ) {
        let world = World::new();
        world.db.1.set(RowBounds { spans: packed, ..RowBounds::default() });
        let again: Vec<_> = again.into_iter().map(|at| order[at].clone()).collect();
        for event in order.iter().chain(&again) {
            world.deliver_as("langfuse.json", PROJECT, &json!({ "batch": [event] }).to_string());
        }
        let expected = [
            ("a".to_owned(), Some(1.275), Some("table".to_owned())),
            ("b".to_owned(), Some(0.0), Some("client".to_owned())),
        ];
        prop_assert_eq!(costs(&world), expected);
        prop_assert_eq!(&trace(&world)["totalCost"], "1.275");
        prop_assert_eq!(find_wrong(&world.db), Vec::<String>::new());
    }
}
