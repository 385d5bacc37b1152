//! What LangSmith's SDKs put on the wire, and what must be readable of it. The bodies in
//! `tests/fixtures/langsmith` are those of langsmith 0.15.1 (Python) and 0.12.0 (npm) and of
//! `LangGraph` 1.2.24; what must come out was read out of the same programs by hand.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use edgespan::formats::FORMATS;
use edgespan::model::Body;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::PROJECT;
use crate::common::platform::{KEY, Native, Sent};

/// The sets of requests, one for each program.
const SETS: [&str; 3] = ["js-batch", "py-batch", "py-langgraph-batch"];

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/langsmith"))
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn expected(set: &str) -> Value {
    read_json(&folder().join(set).join("expected.json"))
}

/// A request as its client sent it, and what it was answered.
struct Recorded {
    sent: Sent,
    body: Vec<u8>,
    answered: u16,
}

/// The requests of a set, in their order.
fn requests(set: &str) -> Vec<Recorded> {
    let folder = folder().join(set);
    let metas = (1..).map(|n| folder.join(format!("{n:02}.meta.json")));
    let read = |meta: std::path::PathBuf| {
        let meta = read_json(&meta);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let body = fs::read(folder.join(text(&meta["body"]))).unwrap();
        let method = if meta["method"] == "PATCH" { "PATCH" } else { "POST" };
        let mut request = Sent::new(method, &text(&meta["path"])).body(body.clone());
        for name in ["content-type", "content-encoding"] {
            if let Some(value) = meta["headers"][name].as_str() {
                request = request.header(name, value);
            }
        }
        let answered = u16::try_from(meta["answered"].as_u64().unwrap()).unwrap();
        Recorded { sent: request.header("x-api-key", KEY), body, answered }
    };
    metas.take_while(|meta| meta.exists()).map(read).collect()
}

fn is_json(recorded: &Recorded) -> bool {
    recorded.body.starts_with(b"{")
}

/// What the API says of the traces that are expected.
fn answers(native: &Native, expected: &Value) -> Vec<Value> {
    let ids = expected["traces"].as_array().unwrap().iter();
    let ids = ids.map(|trace| trace["trace"]["id"].as_str().unwrap());
    ids.map(|id| serde_json::from_str(&native.0.world.get(PROJECT, id)).unwrap()).collect()
}

/// What is other than expected, each with where it is.
fn differences(expected: &Value, found: &[Value]) -> Vec<String> {
    let mut all = Vec::new();
    for (wanted, found) in expected["traces"].as_array().unwrap().iter().zip(found) {
        let (trace, spans) = (&wanted["trace"], wanted["spans"].as_array().unwrap());
        let mut check = |what: String, wanted: &Value, found: &Value| {
            if wanted != found {
                all.push(format!("{what}: expected {wanted}, found {found}"));
            }
        };
        for field in ["name", "sessionId", "userId", "tags"] {
            check(format!("trace {field}"), &trace[field], &found[field]);
        }
        check("project".into(), &trace["project"], &found["metadata"]["session_name"]);
        check("count".into(), &spans.len().into(), &found["spanCount"]);
        let by_id: BTreeMap<&str, &Value> = found["spans"]
            .as_array()
            .unwrap()
            .iter()
            .map(|span| (span["id"].as_str().unwrap(), span))
            .collect();
        for span in spans {
            let id = span["id"].as_str().unwrap();
            let Some(found) = by_id.get(id) else {
                check(format!("span {id}"), span, &Value::Null);
                continue;
            };
            for (field, ours) in [
                ("name", "name"),
                ("parent", "parentSpanId"),
                ("type", "type"),
                ("model", "model"),
                ("promptTokens", "promptTokens"),
                ("completionTokens", "completionTokens"),
                ("totalTokens", "totalTokens"),
                ("cachedTokens", "cachedTokens"),
                ("status", "status"),
            ] {
                check(format!("{id} {field}"), &span[field], &found[ours]);
            }
            for (has, field) in [("hasInput", "input"), ("hasOutput", "output")] {
                if !span[has].is_null() {
                    check(format!("{id} {has}"), &span[has], &(!found[field].is_null()).into());
                }
            }
            check(format!("{id} payloads"), &Value::Null, &found["payloadError"]);
        }
    }
    all
}

/// The scores that are in what was stored.
fn scores(native: &Native) -> BTreeMap<String, Value> {
    let objects = native.0.world.store.objects.borrow();
    let mut all = BTreeMap::new();
    for (key, body) in objects.iter() {
        for event in (FORMATS.of_key(key).unwrap().decode)(body).unwrap() {
            if let Body::Score(score) = event.body {
                let said =
                    json!({ "name": score.name, "value": score.value, "comment": score.reasoning });
                all.insert(score.id.unwrap().into_owned(), said);
            }
        }
    }
    all
}

#[test]
fn every_program_reads_as_it_should() {
    for set in SETS {
        let native = Native::new();
        for recorded in requests(set) {
            let served = native.serve(recorded.sent);
            assert_eq!(served.reply.status, recorded.answered, "{set} {}", served.reply.text());
            if recorded.answered == 200 {
                assert_eq!(served.reply.body, recorded.body, "feedback is given back");
            }
        }
        native.deliver();
        let expected = expected(set);
        assert_eq!(differences(&expected, &answers(&native, &expected)), [""; 0], "{set}");
        let wanted = expected["scores"].as_array().unwrap();
        let found: Vec<_> = scores(&native).into_values().collect();
        assert_eq!(found.len(), wanted.len(), "{set} {found:?}");
        for score in wanted {
            let same = |one: &&Value| {
                one["name"] == score["name"]
                    && one["value"].as_f64() == score["value"].as_f64()
                    && one["comment"] == score["comment"]
            };
            assert!(found.iter().any(|one| same(&one)), "{set} {score} {found:?}");
        }
    }
}

/// What is done with a run, and the run.
#[derive(Debug, Clone)]
struct Operation(&'static str, Value);

/// All runs of the sets that are JSON.
fn operations() -> Vec<Operation> {
    let mut all = Vec::new();
    for recorded in SETS.into_iter().flat_map(requests).filter(is_json) {
        let body: Value = serde_json::from_slice(&recorded.body).unwrap();
        if recorded.sent.url.ends_with("/runs/batch") {
            for operation in ["post", "patch"] {
                let runs = body[operation].as_array().into_iter().flatten();
                all.extend(runs.map(|run| Operation(operation, run.clone())));
            }
        } else if recorded.sent.method == "PATCH" {
            all.push(Operation("patch", body));
        } else if recorded.sent.url.ends_with("/runs") {
            all.push(Operation("post", body));
        }
    }
    all
}

/// Sends some operations: together, or one by one as a client without batches does.
fn send(native: &Native, some: &[Operation], singly: bool, prefix: &str) {
    let keyed = |method, path: &str| {
        Sent::new(method, &format!("{prefix}{path}"))
            .header("x-api-key", KEY)
            .header("content-type", "application/json")
    };
    let sent = if singly {
        let one = |Operation(operation, run): &Operation| {
            let mut run = run.clone();
            if *operation == "post" {
                return keyed("POST", "/runs").body(run.to_string());
            }
            // As npm's client has it, which says the id in the path alone.
            let id = run.as_object_mut().unwrap().remove("id").unwrap();
            keyed("PATCH", &format!("/runs/{}", id.as_str().unwrap())).body(run.to_string())
        };
        some.iter().map(one).collect()
    } else {
        let of = |wanted| {
            let own = some.iter().filter(|Operation(operation, _)| *operation == wanted);
            own.map(|Operation(_, run)| run.clone()).collect::<Vec<_>>()
        };
        let body = json!({ "post": of("post"), "patch": of("patch") });
        vec![keyed("POST", "/runs/batch").body(body.to_string())]
    };
    for sent in sent {
        let reply = native.serve(sent).reply;
        assert_eq!((reply.status, reply.text()), (202, "{}"));
    }
    native.deliver();
}

/// What the API says of all of them.
fn all_answers(native: &Native) -> String {
    let answers = SETS.iter().flat_map(|set| answers_of_json(native, &expected(set)));
    let answers = answers.collect::<Vec<_>>().join("\n");
    assert!(!answers.contains("payloadError"), "{answers}");
    format!("{answers}\n{}", native.0.world.listed(PROJECT).join("\n"))
}

fn answers_of_json(native: &Native, expected: &Value) -> Vec<String> {
    let ids = expected["traces"].as_array().unwrap().iter();
    let ids = ids.map(|trace| trace["trace"]["id"].as_str().unwrap().to_owned());
    let known = |id: &String| native.0.world.get_part(PROJECT, id, "").is_ok();
    ids.filter(known).map(|id| native.0.world.get(PROJECT, &id)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_order_split_and_repetition_ends_in_the_same_answers(
        order in Just((0..operations().len()).collect::<Vec<_>>()).prop_shuffle(),
        cuts in prop::collection::vec((1..9_usize, any::<bool>(), any::<bool>()), 1..20),
    ) {
        let all = operations();
        let together = Native::new();
        send(&together, &all, false, "");
        let apart = Native::new();
        let shuffled: Vec<_> = order.iter().map(|at| all[*at].clone()).collect();
        let mut rest = &shuffled[..];
        for (cut, singly, again) in cuts.iter().cycle() {
            let (some, others) = rest.split_at((*cut).min(rest.len()));
            send(&apart, some, *singly, "/api/v1");
            if *again {
                send(&apart, some, !singly, "");
            }
            rest = others;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(all_answers(&together), all_answers(&apart));
        for set in SETS {
            let expected = expected(set);
            let none: Vec<String> = Vec::new();
            prop_assert_eq!(differences(&expected, &answers(&apart, &expected)), none);
        }
    }
}

#[test]
fn a_bad_run_costs_itself_alone() {
    let native = Native::new();
    let post = |path: &str, body: Value| {
        let sent = Sent::new("POST", path).header("x-api-key", KEY).body(body.to_string());
        native.serve(sent).reply
    };
    let good = json!({ "id": "a", "name": "kept", "run_type": "chain" });
    let reply = post("/runs/batch", json!({ "post": [{ "name": "no id" }, good], "patch": [7] }));
    assert_eq!(reply.status, 202);
    let said: Value = serde_json::from_str(reply.text()).unwrap();
    assert_eq!((&said["accepted"], &said["refused"]), (&json!(1), &json!(2)));
    let paths = [&said["details"][0]["path"], &said["details"][1]["path"]];
    assert_eq!(paths, ["patch[0]", "post[0].id"]);
    assert_eq!(native.deliver(), 1);
    assert_eq!(
        answers(&native, &json!({ "traces": [{ "trace": { "id": "a" } }] }))[0]["name"],
        "kept"
    );
    // Where nothing is left to be kept it is said so.
    for (path, body) in [
        ("/runs/batch", json!({ "post": [{ "name": "no id" }] })),
        ("/runs", json!({ "name": "no id" })),
        ("/runs", json!([])),
        ("/feedback", json!({ "run_id": "a" })),
        ("/runs/batch", json!({ "runs": [] })),
    ] {
        let reply = post(path, body.clone());
        assert_eq!(reply.status, 400, "{body}");
        assert!(
            serde_json::from_str::<Value>(reply.text()).unwrap()["error"]["message"].is_string()
        );
    }
    assert_eq!(native.deliver(), 0);
}

#[test]
fn clients_are_told_to_send_json_before_they_have_a_key() {
    let native = Native::new();
    for path in ["/info", "/api/v1/info", "/api/v1/info/"] {
        let served = native.serve(Sent::new("GET", path));
        assert_eq!((served.reply.status, served.route), (200, "answer"));
        let info: Value = serde_json::from_str(served.reply.text()).unwrap();
        assert_eq!(info["batch_ingest_config"]["use_multipart_endpoint"], false);
        let cached = ("cache-control", "public, max-age=3600".to_owned());
        assert!(served.reply.headers.contains(&cached));
    }
    let wrong = Sent::new("POST", "/runs/batch").header("x-api-key", "lsv2_other").body("{}");
    let reply = native.serve(wrong).reply;
    assert_eq!(reply.status, 401);
    assert!(serde_json::from_str::<Value>(reply.text()).is_ok(), "{}", reply.text());
    for (method, path, status, allow) in [
        ("GET", "/runs/x", 405, Some("PATCH, OPTIONS")),
        ("POST", "/info", 405, Some("GET, HEAD, OPTIONS")),
        ("PATCH", "/runs/batch", 405, Some("POST, OPTIONS")),
        ("GET", "/api/v1/runs/x/y", 404, None),
    ] {
        let reply = native.serve(Sent::new(method, path).header("x-api-key", KEY)).reply;
        let found = reply.headers.iter().find(|(name, _)| *name == "allow");
        assert_eq!((reply.status, found.map(|(_, allow)| &**allow)), (status, allow), "{path}");
    }
    native.0.store_fails.set(true);
    let batch = Sent::new("POST", "/runs/batch").header("x-api-key", KEY);
    let reply = native.serve(batch.body(r#"{"post":[{"id":"a"}]}"#)).reply;
    assert!(reply.status == 503 && reply.headers.iter().any(|(name, _)| *name == "retry-after"));
}
