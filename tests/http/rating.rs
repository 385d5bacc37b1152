//! Traces and spans rated on their pages: who may, what is kept, and what is shown then.

use edgespan::access::scope::Scopes;
use serde_json::{Value, json};

use crate::common::client::{form, header};
use crate::common::platform::{KEY, Native, Sent};

/// A deployment that has trace `t` with span `s`, and the cookie of somebody in it.
fn signed_in() -> (Native, String) {
    let native = Native::new();
    let trace = json!({ "batch": [
        { "type": "trace-create", "body": { "id": "t", "name": "n" } },
        { "type": "span-create", "body": { "id": "s", "traceId": "t", "name": "n", "type": "LLM" } },
    ] });
    let traces = Sent::new("POST", "/api/v1/traces").bearer(KEY).body(trace.to_string());
    assert_eq!(native.serve(traces).reply.status, 201);
    native.deliver();
    let cookie = native.sign_in();
    (native, cookie)
}

fn scores(native: &Native, query: &str) -> Vec<Value> {
    let asked = Sent::new("GET", &format!("/api/v1/scores?{query}")).bearer(KEY);
    let mut answer: Value = serde_json::from_str(native.serve(asked).reply.text()).unwrap();
    serde_json::from_value(answer["data"]["scores"].take()).unwrap()
}

#[test]
fn a_rating_is_there_at_once_is_one_for_each_person_and_can_be_taken_back() {
    let (native, cookie) = signed_in();
    let rate = |body: &str| {
        let reply = native.serve(form("/traces/t/rating", &cookie, body)).reply;
        assert_eq!((reply.status, header(&reply, "location")), (303, Some("/traces/t")), "{body}");
        scores(&native, "traceId=t&source=human")
    };
    let said = |score: &Value| {
        (score["value"].as_f64(), score["label"].clone(), score["reasoning"].clone())
    };
    let first = rate("value=good&kept=&note=");
    let [score] = &first[..] else { panic!("{first:?}") };
    assert_eq!(said(score), (Some(1.0), json!("good"), Value::Null));
    assert_eq!((&score["evaluatorName"], &score["source"]), (&json!("human"), &json!("human")));
    assert_eq!(
        (&score["boolean"], &score["metadata"]),
        (&json!(true), &json!({ "keyId": "key-1" }))
    );
    assert!(
        native
            .page(&cookie, "/traces/t")
            .text()
            .contains(r#"aria-label="Good" title="Good" aria-pressed="true""#)
    );
    // In the same millisecond, by the clock of these tests: what comes later counts.
    for (body, expected) in [
        ("value=bad&kept=good&note=It+is+late.", (Some(0.0), json!("bad"), json!("It is late."))),
        (
            "value=note&kept=bad&note=It+is%0D%0Alate.",
            (Some(0.0), json!("bad"), json!("It is\nlate.")),
        ),
        ("value=note&kept=&note=Hm", (None, Value::Null, json!("Hm"))),
        ("value=good&note=Hm", (Some(1.0), json!("good"), json!("Hm"))),
    ] {
        let scores = rate(body);
        assert_eq!(scores.iter().map(said).collect::<Vec<_>>(), [expected], "{body}");
        assert_eq!(scores[0]["id"], first[0]["id"]);
    }
    let shown = native.page(&cookie, "/traces/t").text().to_owned();
    assert!(shown.contains("1 score<") && shown.contains(">Hm</p>"), "{shown}");
    assert_eq!(rate("value=none"), [Value::Null; 0]);
    assert_eq!(rate("value=note&note="), [Value::Null; 0], "nothing more is kept of nothing");
    assert_eq!(rate("value=bad").len(), 1, "and it may be rated again");
    // All of it is kept, and the messages that are queued for it change nothing.
    let objects = native.0.world.store.objects.borrow().len();
    assert_eq!(objects, 1 + 7);
    let before = native.0.world.db.dump("select * from score");
    assert_eq!(native.deliver(), 7);
    assert_eq!(native.0.world.db.dump("select * from score"), before);
}

#[test]
fn a_span_has_a_rating_of_its_own_and_scripts_get_the_form_as_it_is_then() {
    let (native, cookie) = signed_in();
    let part = |body: &str| {
        let sent = form("/traces/t/spans/s/rating", &cookie, body).header("hx-request", "true");
        let reply = native.serve(sent).reply;
        (reply.status, reply.text().to_owned())
    };
    let (status, html) = part("value=bad&note=%3Cb%3E");
    assert_eq!(status, 200);
    assert!(
        html.starts_with("<form class=\"rate\"") && html.contains("&lt;b&gt;</textarea>"),
        "{html}"
    );
    assert!(html.contains(r#"aria-label="Bad" title="Bad" aria-pressed="true""#), "{html}");
    let found = scores(&native, "traceId=t");
    assert_eq!((found.len(), &found[0]["spanId"]), (1, &json!("s")));
    assert!(!native.page(&cookie, "/traces/t").text().contains(r#"aria-pressed="true""#));
    assert!(native.page(&cookie, "/traces/t?span=s").text().contains(r#"aria-pressed="true""#));
    assert!(part("value=none").1.contains(r#"name="kept" value="">"#));
    assert_eq!(scores(&native, ""), [Value::Null; 0]);
}

#[test]
fn whoever_may_look_may_rate_and_nobody_else() {
    let (native, cookie) = signed_in();
    let status = |sent: Sent| native.serve(sent).reply.status;
    let body = "value=good";
    native.0.scopes.set(Scopes::parse("read").unwrap());
    assert_eq!(status(form("/traces/t/rating", &cookie, body)), 303);
    assert_eq!(scores(&native, "").len(), 1);
    // A page of another origin, and who says none.
    let foreign = |headers: &[(&'static str, &str)]| {
        let sent = Sent::new("POST", "/traces/t/rating").header("cookie", cookie.clone());
        headers.iter().fold(sent.body("value=bad"), |sent, (name, value)| sent.header(name, *value))
    };
    assert_eq!(status(foreign(&[("origin", "https://evil.test")])), 403);
    assert_eq!(status(foreign(&[("sec-fetch-site", "cross-site")])), 403);
    // Nobody who is signed in: to the form, or told so where a script asks.
    let out = form("/traces/t/rating", "", "value=bad");
    assert_eq!(status(out.clone()), 303);
    assert_eq!(status(out.header("hx-request", "true")), 401);
    // What is not there, or no rating.
    for (path, body, expected) in [
        ("/traces/none/rating", "value=bad", 404),
        ("/traces/t/spans/none/rating", "value=bad", 404),
        ("/traces/t/rating", "value=2", 400),
        ("/traces/t/rating", "", 400),
    ] {
        assert_eq!(status(form(path, &cookie, body)), expected, "{path} {body}");
    }
    let long = format!("value=bad&note={}", "x".repeat(200_000));
    assert_eq!(status(form("/traces/t/rating", &cookie, &long)), 413);
    assert_eq!(scores(&native, "")[0]["label"], "good");
    // Where R2 is away nothing is said to be kept.
    native.0.store_fails.set(true);
    assert_eq!(status(form("/traces/t/rating", &cookie, "value=bad")), 503);
    assert_eq!(scores(&native, "")[0]["label"], "good");
    native.0.store_fails.set(false);
    native.0.queue_fails.set(true);
    assert_eq!(status(form("/traces/t/rating", &cookie, "value=bad")), 303);
    assert_eq!(scores(&native, "")[0]["label"], "bad");
}

#[test]
fn a_client_neither_makes_nor_replaces_a_rating_and_may_delete_one() {
    let (native, cookie) = signed_in();
    assert_eq!(native.serve(form("/traces/t/rating", &cookie, "value=good")).reply.status, 303);
    let id = scores(&native, "")[0]["id"].clone();
    let post = |body: Value| {
        native
            .serve(Sent::new("POST", "/api/v1/scores").bearer(KEY).body(body.to_string()))
            .reply
            .status
    };
    let score = json!({ "traceId": "t", "evaluatorName": "human", "value": 0, "source": "human" });
    let mut same_id = score.clone();
    same_id["id"] = id.clone();
    assert_eq!((post(score), post(same_id)), (201, 400));
    native.deliver();
    assert_eq!(scores(&native, "source=human").len(), 1);
    assert_eq!(scores(&native, "source=api").len(), 1);
    let path = format!("/api/v1/scores/{}", id.as_str().unwrap());
    assert_eq!(native.serve(Sent::new("DELETE", &path).bearer(KEY)).reply.status, 200);
    assert_eq!(scores(&native, "source=human").len(), 0);
    assert_eq!(native.serve(form("/traces/t/rating", &cookie, "value=bad")).reply.status, 303);
    assert_eq!(scores(&native, "source=human").len(), 1);
}
