//! Whole requests, from what they say to what they are answered, over fakes of the
//! platform.

use edgespan::model::Handling;
use serde_json::{Value, json};
use sim::objects::gzip;

use crate::common::client::{cookie, header};
use crate::common::platform::{KEY, Native, Sent};

fn batch(events: &[Value]) -> String {
    json!({ "batch": events }).to_string()
}

fn trace(id: &str) -> Value {
    json!({ "type": "trace-create", "body": { "id": id, "name": "n" } })
}

fn post(body: impl Into<Vec<u8>>) -> Sent {
    Sent::new("POST", "/api/v1/traces").bearer(KEY).body(body)
}

/// The status, and the code of an error.
fn outcome(native: &Native, sent: Sent) -> (u16, String) {
    let reply = native.serve(sent).reply;
    let json: Value = serde_json::from_str(reply.text()).unwrap_or_default();
    (reply.status, json["error"]["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_batch_is_kept_and_read_back() {
    let native = Native::new();
    let body = batch(&[trace("t")]);
    let served = native.serve(post(body.clone()));
    assert_eq!((served.reply.status, served.reply.text()), (201, r#"{"accepted":1}"#));
    assert_eq!((served.route, served.noted.events), ("ingest", Some(1)));
    assert_eq!(served.noted.project.as_deref(), Some("p1"));
    let compressed = post(gzip(body.as_bytes())).header("content-encoding", "gzip");
    assert_eq!(native.serve(compressed).reply.status, 201);
    let unknown = Sent { chunked: true, ..post(body) };
    assert_eq!(native.serve(unknown).reply.status, 201);
    // The three are one batch.
    assert_eq!(native.deliver(), 3);
    assert_eq!(
        native.0.world.db.texts("select json_array(count(*), sum(events)) from batch"),
        ["[1,1]"]
    );
    // Two came as they are kept, and one compressed.
    assert_eq!(native.0.world.store.objects.borrow().len(), 2);
    for path in ["/api/v1/traces", "/api/v1/traces/t", "/api/v1/stats", "/api/v1/dead-letters"] {
        let reply = native.serve(Sent::new("GET", path).bearer(KEY)).reply;
        assert_eq!(reply.status, 200, "{path}");
        assert!(!reply.page);
    }
    assert_eq!(outcome(&native, Sent::new("GET", "/api/v1/traces/none").bearer(KEY)).0, 404);
}

#[test]
fn what_cannot_be_taken_says_why_and_keeps_nothing() {
    let native = Native::new();
    let large = vec![b' '; 5 * 1024 * 1024 + 1];
    let bad = batch(&[trace("t"), json!({ "type": "?" })]);
    for (sent, status, code) in [
        (post("{"), 400, "VALIDATION_ERROR"),
        (post(bad.clone()), 400, "VALIDATION_ERROR"),
        (post("{}").header("content-type", "text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (post("{}").header("content-encoding", "br"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (post("{}").header("content-encoding", "gzip"), 400, "VALIDATION_ERROR"),
        (post(large.clone()), 413, "PAYLOAD_TOO_LARGE"),
        (Sent { chunked: true, ..post(large.clone()) }, 413, "PAYLOAD_TOO_LARGE"),
        (post(gzip(&large)).header("content-encoding", "gzip"), 413, "PAYLOAD_TOO_LARGE"),
        (Sent::new("POST", "/api/v1/traces").body("{}"), 401, "UNAUTHORIZED"),
        (
            Sent::new("POST", "/api/v1/traces").header("authorization", "Bearer ts_other"),
            401,
            "UNAUTHORIZED",
        ),
        (Sent::new("PUT", "/api/v1/traces").bearer(KEY), 405, "METHOD_NOT_ALLOWED"),
        (Sent::new("GET", "/api/v1/none").bearer(KEY), 404, "NOT_FOUND"),
    ] {
        assert_eq!(outcome(&native, sent.clone()), (status, code.into()), "{:?}", sent.headers);
    }
    native.0.limited.set(true);
    assert_eq!(outcome(&native, post("{}")), (429, "RATE_LIMIT_EXCEEDED".into()));
    native.0.limited.set(false);
    assert!(native.0.world.store.objects.borrow().is_empty());
    assert!(native.0.points.borrow().iter().any(|point| point.reason == "VALIDATION_ERROR"));
    // Another isolate: this one knows the project as it was.
    let native = Native::new();
    native.0.handling.set(Handling::Lenient);
    let reply = native.serve(post(bad)).reply;
    assert_eq!(reply.status, 201);
    assert!(reply.text().contains(r#""rejected":1"#), "{}", reply.text());
}

#[test]
fn storage_that_is_away_is_503_and_a_queue_that_is_costs_nothing() {
    let native = Native::new();
    native.0.store_fails.set(true);
    let served = native.serve(post(batch(&[trace("t")])));
    assert_eq!(served.reply.status, 503);
    assert!(header(&served.reply, "retry-after").is_some());
    native.0.store_fails.set(false);
    native.0.queue_fails.set(true);
    assert_eq!(native.serve(post(batch(&[trace("t")]))).reply.status, 201);
    let get = || Sent::new("GET", "/api/v1/traces/t").bearer(KEY);
    assert_eq!(native.serve(get()).reply.status, 404);
    // What the queue did not take is written after the answer.
    native.run_later();
    assert_eq!(native.serve(get()).reply.status, 200);
}

#[test]
fn exporters_are_answered_in_their_own_format() {
    let native = Native::new();
    let send = |content_type: &str, body: &[u8]| {
        let sent = Sent::new("POST", "/v1/traces").header("content-type", content_type);
        native.serve(sent.bearer(KEY).body(body)).reply
    };
    assert_eq!(send("application/json", b"{}").text(), "{}");
    assert_eq!(send("application/x-protobuf", b"").body, b"");
    native.0.store_fails.set(true);
    let span =
        json!({ "traceId": "0102030405060708090a0b0c0d0e0f10", "spanId": "0102030405060708" });
    let export = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [span] }] }] }).to_string();
    let reply = send("application/json", export.as_bytes());
    assert_eq!(reply.status, 503);
    assert_eq!(header(&reply, "retry-after"), Some("1"));
}

#[test]
fn a_key_may_do_what_its_scopes_say() {
    let asked = |native: &Native| {
        let form = format!("key={KEY}&to=%2Ftraces");
        let sign_in = Sent::new("POST", "/sign-in").header("origin", "https://edgespan.test");
        [
            outcome(native, post(batch(&[trace("t")]))),
            outcome(native, Sent::new("GET", "/api/v1/traces").bearer(KEY)),
            outcome(native, sign_in.body(form)),
        ]
        .map(|(status, _)| status)
    };
    for (scopes, wanted) in [
        ("ingest", [201, 403, 403]),
        ("read", [403, 200, 303]),
        ("ingest,read", [201, 200, 303]),
        ("admin", [201, 200, 303]),
    ] {
        assert_eq!(asked(&Native::with_scopes(scopes)), wanted, "{scopes}");
    }
    assert_eq!(outcome(&Native::with_scopes("read"), post("{}")), (403, "FORBIDDEN".into()));
}

#[test]
fn people_sign_in_look_and_sign_out() {
    let native = Native::new();
    let page = |path: &str| Sent::new("GET", path).header("accept", "text/html");
    let reply = native.serve(page("/traces?range=7d")).reply;
    assert_eq!(reply.status, 303);
    assert_eq!(header(&reply, "location"), Some("/sign-in?to=%2Ftraces%3Frange%3D7d"));

    let own = |sent: Sent| sent.header("origin", "https://edgespan.test");
    let form = |key: &str| format!("key={key}&to=%2Ftraces");
    let sign_in = |key: &str| own(Sent::new("POST", "/sign-in")).body(form(key));
    let foreign = Sent::new("POST", "/sign-in").header("origin", "https://evil.test");
    assert_eq!(native.serve(foreign.body(form(KEY))).reply.status, 403);
    assert_eq!(native.serve(sign_in("ts_other")).reply.status, 401);
    assert_eq!(native.serve(sign_in(&"x".repeat(20_000))).reply.status, 413);
    let reply = native.serve(sign_in(KEY)).reply;
    assert_eq!(reply.status, 303);
    let signed_in = cookie(&reply).unwrap();

    for path in ["/traces", "/chart", "/traces?part=x"] {
        let served = native.serve(page(path).header("cookie", signed_in));
        assert_eq!((served.reply.status, served.reply.page), (200, true), "{path}");
        assert_eq!(served.noted.project_name.as_deref(), Some("shop"));
    }
    let missing = native.serve(page("/traces/none").header("cookie", signed_in));
    assert_eq!((missing.reply.status, missing.route), (404, "page-trace"));
    assert!(missing.reply.text().contains("shop"), "the page of a failure has the frame");
    let form = native.serve(page("/sign-in").header("cookie", signed_in));
    assert_eq!(form.reply.status, 303);
    let reply = native.serve(own(Sent::new("POST", "/sign-out"))).reply;
    assert!(cookie(&reply).unwrap().ends_with("_session="), "{:?}", reply.headers);
}

#[test]
fn a_failure_is_a_page_for_browsers_and_json_for_all_others() {
    let native = Native::new();
    let browser = native.serve(Sent::new("GET", "/none").header("accept", "text/html")).reply;
    assert_eq!((browser.status, browser.page), (404, true));
    let client = native.serve(Sent::new("GET", "/none")).reply;
    assert_eq!((client.status, client.page), (404, false));
    let allow = native.serve(Sent::new("DELETE", "/sign-in")).reply;
    assert_eq!(header(&allow, "allow"), Some("GET, HEAD, POST"));
}

#[test]
fn only_the_operator_replays() {
    let native = Native::new();
    let replay = |secret: &str| {
        let sent = Sent::new("POST", "/api/v1/admin/replay")
            .body(r#"{"since":"2026-11-01","until":"2026-11-02"}"#);
        sent.header("authorization", format!("Bearer {secret}"))
    };
    assert_eq!(native.serve(replay("secret")).reply.status, 200);
    assert_eq!(outcome(&native, replay(KEY)), (401, "UNAUTHORIZED".into()));
    assert_eq!(outcome(&native, replay("secret").body("[]")).0, 400);
}

#[test]
fn only_the_operator_verifies() {
    let native = Native::new();
    for (path, body) in [
        ("verify", r#"{"since":"2026-11-01"}"#),
        ("verify/rows", r#"{"since":"2026-11-01"}"#),
        ("verify/forget", r#"{"since":"2026-11-01","project":"p1","traces":["t"]}"#),
    ] {
        let ask = |secret: &str, body: &str| {
            let sent = Sent::new("POST", &format!("/api/v1/admin/{path}")).body(body);
            sent.header("authorization", format!("Bearer {secret}"))
        };
        let answer = native.serve(ask("secret", body)).reply;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(outcome(&native, ask(KEY, body)), (401, "UNAUTHORIZED".into()));
        for bad in ["[]", r#"{"since":"yesterday","project":"p1"}"#, r#"{"since":"2026","drop":1}"#]
        {
            assert_eq!(outcome(&native, ask("secret", bad)).0, 400, "{path}: {bad}");
        }
    }
    let many = format!(r#"{{"since":"2026-11-01","project":"p1","traces":{:?}}}"#, vec!["t"; 101]);
    let sent = Sent::new("POST", "/api/v1/admin/verify/forget").body(many);
    assert_eq!(outcome(&native, sent.header("authorization", "Bearer secret")).0, 400);
}

/// The operator's request.
fn operator(method: &'static str, path: &str) -> Sent {
    let sent = Sent::new(method, &format!("/api/v1/admin/projects/{path}"));
    sent.header("authorization", "Bearer secret").header("content-type", "application/json")
}

/// The status of what the operator asked, and its `data`.
fn ask_as_operator(native: &Native, sent: Sent) -> (u16, Value) {
    let reply = native.serve(sent).reply;
    let json: Value = serde_json::from_str(reply.text()).unwrap();
    (reply.status, json["data"].clone())
}

#[test]
fn the_operator_makes_lists_rotates_and_revokes_keys() {
    let native = Native::new();
    let create = |project: &str, body: &str| {
        let (status, made) =
            ask_as_operator(&native, operator("POST", &format!("{project}/keys")).body(body));
        assert_eq!(status, 201, "{made}");
        assert!(made["key"].as_str().unwrap().starts_with("ts_"), "{made}");
        made["id"].as_str().unwrap().to_owned()
    };
    let first = create("web", "{}");
    let second = create("web", r#"{"name":"second","handling":"lenient","scopes":"read"}"#);
    let other = create("other", r#"{"handling":"lenient"}"#);
    let rotate = |key: &str, body: &str| {
        ask_as_operator(&native, operator("POST", &format!("web/keys/{key}/rotate")).body(body))
    };
    let (status, next) = rotate(&first, "{}");
    assert_eq!(status, 201, "{next}");
    let (status, beside) = rotate(&second, r#"{"keepOld":true,"name":"third"}"#);
    assert_eq!(status, 201, "{beside}");
    let revoke = |key: &str| operator("DELETE", &format!("web/keys/{key}"));
    let next = next["id"].as_str().unwrap().to_owned();
    assert_eq!(ask_as_operator(&native, revoke(&next)), (200, Value::Null));
    // What is over is over, and a key of another project is none of this one's.
    for key in [&*first, &*next, &*other, "key_none", "ts_secret", "x' or '1'='1"] {
        let key = key.replace('\'', "%27").replace(' ', "%20");
        assert_eq!(outcome(&native, revoke(&key)), (404, "NOT_FOUND".into()), "{key}");
        assert_eq!(rotate(&key, "{}").0, 404, "{key}");
    }
    let (status, web) = ask_as_operator(&native, operator("GET", "web"));
    // Who takes over from another may do what that could.
    let scopes = |name: &str| {
        let named = web["keys"].as_array().unwrap().iter().filter(|key| key["name"] == name);
        named.map(|key| key["scopes"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(scopes("default"), ["ingest,read", "ingest,read"]);
    assert_eq!((scopes("second"), scopes("third")), (vec!["read".into()], vec!["read".into()]));
    assert_eq!((status, &web["project"]["handling"]), (200, &json!("lenient")));
    assert_eq!(web["project"]["rateLimit"], 1000);
    let keys: Vec<(&str, &Value, bool)> = web["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (key["name"].as_str().unwrap(), &key["rotatedFrom"], key["revokedAt"].is_null()))
        .collect();
    let none = Value::Null;
    let mut wanted = [
        ("default", &none, false),
        ("second", &none, true),
        ("default", &json!(first), false),
        ("third", &json!(second), true),
    ];
    let by_name = |key: &(&str, &Value, bool)| (key.0.to_owned(), key.1.to_string());
    let mut keys = keys;
    keys.sort_by_key(by_name);
    wanted.sort_by_key(by_name);
    assert_eq!(keys, wanted);
    assert!(!web.to_string().contains("hash") && !web.to_string().contains(PRIVATE), "{web}");
    let configure = |body: &str| ask_as_operator(&native, operator("PATCH", "web").body(body)).1;
    assert_eq!(configure(r#"{"rateLimit":0}"#)["rateLimit"], 0);
    let set = configure(r#"{"handling":"strict"}"#);
    assert_eq!((&set["handling"], &set["rateLimit"]), (&json!("strict"), &json!(0)));
}

/// What no answer but the first may have: a key of the operator's making, but for its
/// first characters.
const PRIVATE: &str = "AQEBAQEBAQEB";

#[test]
fn what_the_operator_asks_wrongly_changes_nothing() {
    let native = Native::new();
    let other = native.serve(operator("POST", "other/keys").body("{}"));
    assert_eq!(other.reply.status, 201);
    let tables = || {
        let dump = |sql| native.0.world.db.dump(sql);
        [dump("select * from project"), dump("select * from api_key")]
    };
    let before = tables();
    assert!(before.iter().all(|rows| rows.len() == 1), "{before:?}");
    for (sent, status) in [
        (operator("POST", "web'%20--/keys").body("{}"), 400),
        (operator("POST", "%20/keys").body("{}"), 400),
        (operator("POST", &format!("{}/keys", "x".repeat(65))).body("{}"), 400),
        (operator("POST", "web/keys").body(r#"{"name":"it's mine"}"#), 400),
        (operator("POST", "web/keys").body(r#"{"name":""}"#), 400),
        (operator("POST", "web/keys").body(r#"{"handling":"loose"}"#), 400),
        (operator("POST", "web/keys").body(r#"{"scope":"admin"}"#), 400),
        (operator("POST", "web/keys").body(r#"{"scopes":"write"}"#), 400),
        (operator("POST", "web/keys").body(r#"{"scopes":""}"#), 400),
        (operator("POST", "web/keys").body("[]"), 400),
        (operator("POST", "web/keys").body(r#"{"name":5}"#), 400),
        (operator("POST", "web/keys/key_1/rotate").body(r#"{"keepOld":"yes"}"#), 400),
        (operator("POST", "web/keys"), 400),
        (operator("GET", "web"), 404),
        (operator("PATCH", "web").body(r#"{"handling":"lenient"}"#), 404),
        (operator("PATCH", "web").body(r#"{"rateLimit":5}"#), 400),
        (operator("PATCH", "web").body(r#"{"rateLimit":-1}"#), 400),
        (operator("PATCH", "web").body("{}"), 400),
        (operator("POST", "web/keys/key_1/rotate").body("{}"), 404),
        (operator("DELETE", "web/keys/key_1"), 404),
        (operator("POST", "web/keys").header("content-encoding", "br").body("{}"), 415),
    ] {
        assert_eq!(outcome(&native, sent.clone()).0, status, "{} {}", sent.method, sent.url);
    }
    let path = "/api/v1/admin/projects/web";
    for (method, path) in [
        ("GET", path.to_owned()),
        ("PATCH", path.to_owned()),
        ("POST", format!("{path}/keys")),
        ("POST", format!("{path}/keys/k/rotate")),
        ("DELETE", format!("{path}/keys/k")),
    ] {
        for sent in [Sent::new(method, &path).body("{}"), Sent::new(method, &path).bearer(KEY)] {
            assert_eq!(outcome(&native, sent), (401, "UNAUTHORIZED".into()), "{method} {path}");
        }
    }
    assert_eq!(tables(), before);
}

#[test]
fn a_local_server_answers_its_own_machine_only() {
    let native = Native::new();
    native.0.local.set(true);
    assert_eq!(native.serve(Sent::new("GET", "/api/v1/health")).reply.status, 403);
    let own = Sent { url: "http://localhost:3000/api/v1/health".into(), ..Sent::new("GET", "") };
    assert_eq!(native.serve(own).reply.status, 200);
}

#[test]
fn a_browser_may_ask_before_it_sends() {
    let native = Native::new();
    for path in ["/api/v1/traces", "/v1/traces"] {
        assert_eq!(native.serve(Sent::new("OPTIONS", path)).reply.status, 204, "{path}");
    }
    assert_eq!(native.serve(Sent::new("OPTIONS", "/api/v1/admin/replay")).reply.status, 405);
}
