//! Managing evaluators: what is checked, versions, scopes, bounds, and what stays secret.

use edgespan::access::scope::Scopes;
use serde_json::{Value, json};

use crate::common::client::header;
use crate::common::platform::{Native, Sent};

const PATH: &str = "/api/v1/evaluators";

fn contains(name: &str) -> Value {
    json!({ "name": name, "type": "CONTAINS", "config": { "value": "a" } })
}

#[test]
fn a_version_counts_changes_of_what_is_judged_and_by_what() {
    let native = Native::with_projects("admin");
    let (_, made) = native.ask("POST", PATH, &contains("n"));
    let one = format!("{PATH}/{}", made["data"]["id"].as_str().unwrap());
    for (change, version) in [
        (json!({ "name": "m" }), 1),
        (json!({ "enabled": false, "autoRun": false, "sampleRate": 0.5 }), 1),
        (json!({ "config": { "value": "b" } }), 2),
        (json!({ "config": { "value": "b" } }), 2),
        (json!({ "target": "span" }), 3),
        (json!({ "filter": { "tags": ["x"] } }), 4),
        (json!({ "type": "LENGTH", "config": { "max": 5 } }), 5),
    ] {
        let (status, changed) = native.ask("PATCH", &one, &change);
        assert_eq!((status, &changed["data"]["version"]), (200, &json!(version)), "{change}");
    }
    // Type and configuration are checked together.
    let (status, _) = native.ask("PATCH", &one, &json!({ "type": "REGEX_MATCH" }));
    assert_eq!(status, 400);
    let (_, shown) = native.ask("GET", &one, &Value::Null);
    assert_eq!((&shown["data"]["type"], &shown["data"]["name"]), (&json!("LENGTH"), &json!("m")));
}

#[test]
fn lists_are_filtered_and_paged() {
    let native = Native::with_projects("admin");
    for n in 0..5 {
        native.ask("POST", PATH, &contains(&format!("n{n}")));
    }
    let latency =
        json!({ "name": "l", "type": "LATENCY", "config": { "max_ms": 1 }, "enabled": false });
    native.ask("POST", PATH, &latency);
    let names = |query: &str| {
        let (_, page) = native.ask("GET", &format!("{PATH}?{query}"), &Value::Null);
        let names = page["data"]["evaluators"].as_array().unwrap().iter();
        let names: Vec<_> = names.map(|one| one["name"].as_str().unwrap().to_owned()).collect();
        (names, page["data"]["nextCursor"].clone())
    };
    assert_eq!(names("type=LATENCY").0, ["l"]);
    assert_eq!(names("enabled=true").0.len(), 5);
    assert_eq!(native.ask("GET", &format!("{PATH}?enabled=x"), &Value::Null).0, 400);
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let (page, next) = names(&format!("limit=4{cursor}"));
        all.extend(page);
        let Some(next) = next.as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    all.sort();
    assert_eq!(all, ["l", "n0", "n1", "n2", "n3", "n4"]);
}

#[test]
fn a_project_has_fifty_and_no_name_twice() {
    let native = Native::with_projects("admin");
    for n in 0..50 {
        assert_eq!(native.ask("POST", PATH, &contains(&n.to_string())).0, 201);
    }
    let (status, why) = native.ask("POST", PATH, &contains("one more"));
    assert_eq!((status, &why["error"]["code"]), (409, &json!("CONFLICT")));
    let (_, list) = native.ask("GET", PATH, &Value::Null);
    let id = list["data"]["evaluators"][0]["id"].as_str().unwrap();
    let (status, why) = native.ask("PATCH", &format!("{PATH}/{id}"), &json!({ "name": "7" }));
    assert_eq!((status, &why["error"]["code"]), (409, &json!("CONFLICT")));
}

#[test]
fn those_that_ask_others_are_off_until_the_operator_says_whom() {
    let native = Native::with_projects("admin");
    let hook =
        json!({ "name": "h", "type": "WEBHOOK", "config": { "url": "https://judge.example/" } });
    let judge = json!({ "name": "j", "type": "LLM_JUDGE", "config": { "criteria": "c" } });
    for body in [&hook, &judge] {
        let (status, why) = native.ask("POST", PATH, body);
        assert_eq!((status, &why["error"]["details"][0]["path"]), (400, &json!("type")));
    }
    let set = |name: &str, value: &str| {
        native.0.settings.borrow_mut().insert(name.into(), value.into());
    };
    set("EVALUATOR_HOSTS", "judge.example");
    set("JUDGE_BASE_URL", "https://models.example/v1");
    set("JUDGE_API_KEY", "k");
    for (body, most) in [(&hook, 10_000), (&judge, 1_000)] {
        let (status, made) = native.ask("POST", PATH, body);
        assert_eq!((status, &made["data"]["maxRunsPerDay"]), (201, &json!(most)));
    }
}

#[test]
fn values_of_headers_are_kept_and_never_shown() {
    let native = Native::with_projects("admin");
    native.0.settings.borrow_mut().insert("EVALUATOR_HOSTS".into(), "judge.example".into());
    let config =
        json!({ "url": "https://judge.example/", "headers": { "Authorization": "Bearer abc" } });
    let (_, made) =
        native.ask("POST", PATH, &json!({ "name": "h", "type": "WEBHOOK", "config": config }));
    let hidden = &made["data"]["config"];
    assert_eq!(hidden["headers"]["Authorization"], "***");
    let one = format!("{PATH}/{}", made["data"]["id"].as_str().unwrap());
    // Sent back as it was shown it is the same evaluator.
    let (_, same) = native.ask("PATCH", &one, &json!({ "config": hidden }));
    assert_eq!(same["data"]["version"], 1);
    let stored = || native.0.world.db.texts("select config from evaluator")[0].clone();
    assert!(stored().contains("Bearer abc"));
    let (_, other) = native.ask("PATCH",
        &one,
        &json!({ "config": { "url": "https://judge.example/", "headers": { "Authorization": "new" } } }),
    );
    assert_eq!(other["data"]["version"], 2);
    assert!(!other.to_string().contains("new") && stored().contains("new"));
}

#[test]
fn only_an_administrator_manages_and_only_their_own_project() {
    let native = Native::with_projects("admin");
    let (_, made) = native.ask("POST", PATH, &contains("n"));
    let id = made["data"]["id"].as_str().unwrap();
    let other = "/api/v1/admin/projects/other/evaluators";
    let (_, of_other) = native.ask_as("secret", "POST", other, &contains("n"));
    let of_other = of_other["data"]["id"].as_str().unwrap();
    for (method, path) in
        [("GET", format!("{PATH}/{of_other}")), ("DELETE", format!("{PATH}/{of_other}"))]
    {
        assert_eq!(native.ask(method, &path, &Value::Null).0, 404);
    }
    let run = json!({ "traceIds": ["t"] });
    assert_eq!(native.ask("POST", &format!("{PATH}/{of_other}/run"), &run).0, 404);
    assert_eq!(native.ask("POST", &format!("{PATH}/{id}/run"), &run).0, 202);
    assert_eq!(native.0.world.evaluations.0.borrow().len(), 1);
    for body in [
        json!({}),
        json!({ "traceIds": [] }),
        json!({ "traceIds": vec!["t"; 101].iter().enumerate().map(|(n, t)| format!("{t}{n}")).collect::<Vec<_>>() }),
    ] {
        assert_eq!(native.ask("POST", &format!("{PATH}/{id}/run"), &body).0, 400);
    }
    assert_eq!(native.ask_as("wrong", "GET", other, &Value::Null).0, 401);
    // A key of another isolate, which has not seen it yet.
    let native = Native::new();
    native.0.scopes.set(Scopes::parse("ingest,read").unwrap());
    for (method, path) in [
        ("GET", PATH.to_owned()),
        ("POST", PATH.to_owned()),
        ("GET", format!("{PATH}/{id}")),
        ("POST", format!("{PATH}/{id}/run")),
        ("POST", format!("{PATH}/try")),
    ] {
        assert_eq!(native.ask(method, &path, &json!({})).0, 403, "{method} {path}");
    }
}

#[test]
fn whoever_sends_the_pages_form_signed_out_comes_back_to_it() {
    let sent = Sent::new("POST", "/evaluators").header("origin", "https://edgespan.test");
    let reply = Native::new().serve(sent).reply;
    assert_eq!(
        (reply.status, header(&reply, "location")),
        (303, Some("/sign-in?to=%2Fevaluators"))
    );
}
