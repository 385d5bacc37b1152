//! What an administrator of a project manages: routing configurations and keys, of that
//! project and of no other.

use serde_json::{Value, json};

use crate::common::platform::{KEY, Native};

const CONFIGS: &str = "/api/v1/routing-configs";
const KEYS: &str = "/api/v1/api-keys";

fn config(name: &str) -> Value {
    json!({ "name": name, "defaultModel": "small", "rules": [
        { "name": "long", "condition": { "type": "token_count", "maxTokens": 5 }, "model": "large", "priority": 1 },
    ] })
}

#[test]
fn a_configuration_is_made_used_changed_and_deleted() {
    let native = Native::with_projects("admin");
    let (status, made) = native.ask("POST", CONFIGS, &config("default"));
    let made = &made["data"];
    assert_eq!(status, 201, "{made}");
    let mut wanted = config("default");
    for (key, value) in [
        ("id", made["id"].clone()),
        ("enabled", json!(true)),
        ("createdAt", json!("2026-11-22T06:19:30.123Z")),
        ("updatedAt", json!("2026-11-22T06:19:30.123Z")),
    ] {
        wanted[key] = value;
    }
    let one = format!("{CONFIGS}/{}", made["id"].as_str().unwrap());
    assert_eq!(native.ask("GET", &one, &Value::Null).1["data"], wanted);
    let (_, list) = native.ask("GET", CONFIGS, &Value::Null);
    assert_eq!(list["data"], json!({ "routingConfigs": [wanted], "nextCursor": null }));
    wanted["warnings"] = json!([]);
    assert_eq!(made, &wanted);

    let route = json!({ "input": "a text of more than twenty characters" });
    assert_eq!(native.ask("POST", "/api/v1/route-model", &route).1["model"], "large");

    // Only what is given changes, and a change is seen.
    let (status, changed) = native.ask("PATCH", &one, &json!({ "enabled": false }));
    wanted["enabled"] = json!(false);
    wanted["updatedAt"] = json!("2026-11-22T06:19:30.124Z");
    assert_eq!((status, &changed["data"]), (200, &wanted));
    let (_, changed) = native.ask("PATCH", &one, &json!({ "defaultModel": "tiny", "rules": [] }));
    assert_eq!(
        (&changed["data"]["defaultModel"], &changed["data"]["rules"]),
        (&json!("tiny"), &json!([]))
    );

    let (status, deleted) = native.ask("DELETE", &one, &Value::Null);
    assert_eq!((status, &deleted["data"]), (200, &json!({ "id": made["id"], "deleted": true })));
    for (method, body) in [("GET", Value::Null), ("PATCH", json!({})), ("DELETE", Value::Null)] {
        assert_eq!(native.ask(method, &one, &body).0, 404, "{method}");
    }
}

#[test]
fn what_is_wrong_is_named_and_not_stored_and_what_is_unknown_is_warned_of() {
    let native = Native::with_projects("admin");
    let rule = |condition: Value| json!([{ "name": "r", "model": "m", "condition": condition }]);
    for (change, path) in [
        (json!({ "name": null }), "name"),
        (json!({ "name": "" }), "name"),
        (json!({ "name": 1 }), "name"),
        (json!({ "name": "x".repeat(201) }), "name"),
        (json!({ "enabled": "yes" }), "enabled"),
        (json!({ "defaultModel": null }), "defaultModel"),
        (json!({ "defaultModel": 1 }), "defaultModel"),
        (json!({ "rules": {} }), "rules"),
        (json!({ "rules": [{ "name": "r" }] }), "rules[0].model"),
        (json!({ "rules": rule(json!({ "type": "sometimes" })) }), "rules[0].condition.type"),
    ] {
        let mut body = config("c");
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        let (status, answer) = native.ask("POST", CONFIGS, &body);
        assert_eq!(
            (status, &answer["error"]["details"][0]["path"]),
            (400, &json!(path)),
            "{answer}"
        );
    }
    assert_eq!(native.ask("POST", CONFIGS, &json!([])).0, 400);
    let (_, list) = native.ask("GET", CONFIGS, &Value::Null);
    assert_eq!(list["data"]["routingConfigs"], json!([]));

    let mut body = config("c");
    body["extra"] = json!(1);
    body["rules"] = rule(json!({ "type": "always", "odd": 1 }));
    let (status, made) = native.ask("POST", CONFIGS, &body);
    let warnings = json!(["extra: unknown, ignored", "rules[0].condition.odd: unknown, ignored"]);
    assert_eq!((status, &made["data"]["warnings"]), (201, &warnings));
    // Of a change that is wrong nothing is kept.
    let one = format!("{CONFIGS}/{}", made["data"]["id"].as_str().unwrap());
    assert_eq!(native.ask("PATCH", &one, &json!({ "name": "d", "rules": 1 })).0, 400);
    assert_eq!(native.ask("GET", &one, &Value::Null).1["data"]["name"], "c");
}

#[test]
fn a_name_is_one_configurations_and_a_project_has_so_many() {
    let native = Native::with_projects("admin");
    let conflict = |answer: (u16, Value)| {
        assert_eq!((answer.0, &answer.1["error"]["code"]), (409, &json!("CONFLICT")));
    };
    assert_eq!(native.ask("POST", CONFIGS, &config("c0")).0, 201);
    conflict(native.ask("POST", CONFIGS, &config("c0")));
    for n in 1..50 {
        assert_eq!(native.ask("POST", CONFIGS, &config(&format!("c{n}"))).0, 201, "{n}");
    }
    conflict(native.ask("POST", CONFIGS, &config("one more")));
    let (mut names, mut ids, mut cursor) = (Vec::new(), Vec::new(), String::new());
    loop {
        let (_, page) = native.ask("GET", &format!("{CONFIGS}?limit=20{cursor}"), &Value::Null);
        for config in page["data"]["routingConfigs"].as_array().unwrap() {
            names.push(config["name"].as_str().unwrap().to_owned());
            ids.push(config["id"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["data"]["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(names, (0..50).map(|n| format!("c{n}")).collect::<Vec<_>>());
    let one = format!("{CONFIGS}/{}", ids[1]);
    conflict(native.ask("PATCH", &one, &json!({ "name": "c0" })));
    assert_eq!(native.ask("PATCH", &one, &json!({ "name": "c1" })).0, 200, "its own");
    for query in ["limit=0", "limit=101", "cursor=*"] {
        assert_eq!(native.ask("GET", &format!("{CONFIGS}?{query}"), &Value::Null).0, 400);
    }
}

#[test]
fn nobody_manages_without_the_scope_or_in_another_project() {
    for scopes in ["ingest", "read", "ingest,read"] {
        let native = Native::with_projects(scopes);
        for (method, path, body) in [
            ("GET", CONFIGS, Value::Null),
            ("POST", CONFIGS, config("c")),
            ("GET", "/api/v1/routing-configs/x", Value::Null),
            ("PATCH", "/api/v1/routing-configs/x", json!({})),
            ("DELETE", "/api/v1/routing-configs/x", Value::Null),
            ("GET", "/api/v1/api-keys", Value::Null),
            ("POST", "/api/v1/api-keys", json!({})),
            ("DELETE", "/api/v1/api-keys/x", Value::Null),
            ("POST", "/api/v1/api-keys/x/rotate", json!({})),
        ] {
            assert_eq!(native.ask(method, path, &body).0, 403, "{scopes} {method} {path}");
        }
    }
    // The operator manages those of any project, by the same code.
    let native = Native::with_projects("admin");
    let of = |project: &str| format!("/api/v1/admin/projects/{project}/routing-configs");
    let (status, theirs) = native.ask_as("secret", "POST", &of("other"), &config("theirs"));
    assert_eq!(status, 201, "{theirs}");
    assert_eq!(native.ask_as("secret", "GET", &of("nobody"), &Value::Null).0, 404);
    assert_eq!(native.ask_as(KEY, "GET", &of("other"), &Value::Null).0, 401);
    let one = format!("{CONFIGS}/{}", theirs["data"]["id"].as_str().unwrap());
    for (method, body) in [("GET", Value::Null), ("PATCH", json!({})), ("DELETE", Value::Null)] {
        assert_eq!(native.ask(method, &one, &body).0, 404, "{method}");
    }
    assert_eq!(native.ask("POST", CONFIGS, &config("theirs")).0, 201, "names are a project's");
}

#[test]
fn an_administrator_makes_lists_rotates_and_revokes_the_keys_of_the_project() {
    let native = Native::with_projects("admin");
    let theirs = "/api/v1/admin/projects/other/keys";
    let (_, theirs) = native.ask_as("secret", "POST", theirs, &json!({}));
    let (status, made) = native.ask("POST", KEYS, &json!({ "name": "agents", "scopes": "admin" }));
    assert_eq!(status, 201, "{made}");
    assert!(made["data"]["key"].as_str().unwrap().starts_with("ts_"));
    let id = made["data"]["id"].as_str().unwrap();
    assert_eq!(native.ask("POST", KEYS, &json!({ "scopes": "root" })).0, 400);
    let (status, next) = native.ask("POST", &format!("{KEYS}/{id}/rotate"), &json!({}));
    assert_eq!(status, 201, "{next}");
    let next = next["data"]["id"].as_str().unwrap();

    let (_, list) = native.ask("GET", KEYS, &Value::Null);
    let keys = list["data"]["apiKeys"].as_array().unwrap();
    let mut shown: Vec<_> = keys.iter().map(|key| key["id"].as_str().unwrap()).collect();
    shown.sort_unstable();
    let mut wanted = [id, next];
    wanted.sort_unstable();
    assert_eq!(shown, wanted, "no other project's");
    assert!(!list.to_string().contains(made["data"]["key"].as_str().unwrap()));

    let other = format!("{KEYS}/{}", theirs["data"]["id"].as_str().unwrap());
    assert_eq!(native.ask("DELETE", &other, &Value::Null).0, 404);
    assert_eq!(native.ask("POST", &format!("{other}/rotate"), &json!({})).0, 404);
    let (status, revoked) = native.ask("DELETE", &format!("{KEYS}/{next}"), &Value::Null);
    assert_eq!((status, &revoked["data"]["revoked"]), (200, &json!(true)));
    assert_eq!(revoked["data"]["warnings"].as_array().unwrap().len(), 1, "the last that may");
    assert_eq!(native.ask("DELETE", &format!("{KEYS}/{next}"), &Value::Null).0, 404);
}
