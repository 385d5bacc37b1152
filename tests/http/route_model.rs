//! Choosing a model: by which configuration, what is answered, and what is refused.

use std::fs;

use edgespan::api::{RoutingCache, route_model};
use pollster::block_on;
use serde_json::{Value, json};

use crate::common::platform::{KEY, Native, Sent};
use crate::common::{PROJECT, World};

const CONFIG: &str = r#"{"defaultModel":"small","rules":[]}"#;

fn post(body: &Value) -> Sent {
    Sent::new("POST", "/api/v1/route-model").bearer(KEY).body(body.to_string())
}

/// Stores a configuration of a project.
fn store(world: &World, project: &str, name: &str, config: &str, enabled: bool, created: i64) {
    let db = world.db.0.borrow();
    let insert = "insert or ignore into project (id, name, handling, created_ms, rate_limit) values (?1, ?1, 'strict', 1, 1000)";
    db.execute(insert, [project]).unwrap();
    let insert = "insert into routing_config values (?1, ?2, ?2, ?3, ?4, ?5, ?5)";
    db.execute(insert, (project, name, enabled, config, created)).unwrap();
}

/// The status and the whole answer.
fn ask(native: &Native, body: &Value) -> (u16, Value) {
    let reply = native.serve(post(body)).reply;
    (reply.status, serde_json::from_str(reply.text()).unwrap())
}

#[test]
fn every_worked_example_is_answered_at_the_top_and_in_data() {
    let native = Native::new();
    let text = fs::read_to_string("tests/fixtures/evaluators/route_model.json").unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    for config in file["configs"].as_array().unwrap() {
        let name = config["name"].as_str().unwrap();
        store(&native.0.world, PROJECT, name, &config.to_string(), true, 1);
    }
    for case in file["cases"].as_array().unwrap() {
        let body = json!({ "input": case["input"], "configName": case["config"] });
        let (status, answer) = ask(&native, &body);
        assert_eq!(status, 200, "{answer}");
        let mut expected = json!({
            "model": case["expect"]["model"],
            "configName": case["config"],
            "complexity": case["expect"]["complexity"],
            "rule": case["expect"]["rule"],
        });
        assert_eq!(answer["data"], expected, "{case}");
        expected["data"] = expected.clone();
        expected["error"] = Value::Null;
        assert_eq!(answer, expected);
    }
}

#[test]
fn without_a_name_the_default_counts_and_else_the_oldest_that_is_enabled() {
    let name_of = |configs: &[(&str, bool, i64)], body: &Value| {
        let native = Native::new();
        // Others' are never chosen.
        store(&native.0.world, "other", "default", CONFIG, true, 0);
        store(&native.0.world, "other", "theirs", CONFIG, true, 0);
        for (name, enabled, created) in configs {
            store(&native.0.world, PROJECT, name, CONFIG, *enabled, *created);
        }
        let (status, answer) = ask(&native, body);
        (status, answer["configName"].as_str().map(str::to_owned))
    };
    let none = json!({ "input": "x" });
    let found = |name: &str| (200, Some(name.to_owned()));
    assert_eq!(name_of(&[("b", true, 2), ("a", true, 3)], &none), found("b"));
    assert_eq!(name_of(&[("b", false, 2), ("a", true, 3)], &none), found("a"));
    assert_eq!(name_of(&[("b", true, 2), ("default", true, 3)], &none), found("default"));
    assert_eq!(name_of(&[("b", true, 2), ("default", false, 3)], &none), found("b"));
    let nothing = (404, None);
    assert_eq!(name_of(&[], &none), nothing);
    assert_eq!(name_of(&[("b", false, 2)], &none), nothing);
    for name in ["b", "theirs", "", &"n".repeat(201)] {
        let named = json!({ "input": "x", "configName": name });
        assert_eq!(name_of(&[("a", true, 1), ("b", false, 2)], &named), nothing, "{name}");
    }
}

#[test]
fn what_is_no_request_for_a_model_is_refused() {
    let native = Native::new();
    store(&native.0.world, PROJECT, "a", CONFIG, true, 1);
    for (body, path) in [
        (json!([]), "body"),
        (json!({}), "input"),
        (json!({ "input": null }), "input"),
        (json!({ "input": 1 }), "input"),
        (json!({ "input": "x", "configName": 1 }), "configName"),
    ] {
        let (status, answer) = ask(&native, &body);
        assert_eq!((status, &answer["error"]["code"]), (400, &json!("VALIDATION_ERROR")), "{body}");
        assert_eq!(answer["error"]["details"][0]["path"], path, "{body}");
    }
    let status = |sent: Sent| native.serve(sent).reply.status;
    let padded = |n: usize| {
        let mut body = br#"{"input":"\ud83d"}"#.to_vec();
        body.resize(n, b' ');
        Sent::new("POST", "/api/v1/route-model").bearer(KEY).body(body)
    };
    assert_eq!((status(padded(524_288)), status(padded(524_289))), (200, 413));
    assert_eq!(status(Sent::new("POST", "/api/v1/route-model").body("{}")), 401);
    assert_eq!(status(Sent::new("GET", "/api/v1/route-model").bearer(KEY)), 405);
    native.0.limited.set(true);
    assert_eq!(status(padded(100)), 429);
}

#[test]
fn a_configuration_is_used_for_ten_seconds_before_it_is_asked_for_again() {
    let (world, cache) = (World::new(), RoutingCache::default());
    let ask = |project: &str, now| {
        let body = br#"{"input":"x"}"#;
        block_on(route_model(project, body, now, &cache, &world.db)).ok()
    };
    assert_eq!(ask(PROJECT, 1_000), None);
    store(&world, PROJECT, "a", CONFIG, true, 1);
    // That there is none is remembered as well, of one project.
    assert_eq!(ask(PROJECT, 10_999), None);
    let first = ask(PROJECT, 11_000).unwrap();
    assert!(first.contains(r#""model":"small""#), "{first}");
    let change = "update routing_config set config = replace(config, 'small', 'large')";
    world.db.execute(change);
    assert_eq!(ask(PROJECT, 20_999), Some(first));
    assert!(ask(PROJECT, 21_000).unwrap().contains(r#""model":"large""#));
    assert_eq!(ask("other", 21_000), None);
}
