//! What Langfuse's SDKs put on the wire in batches, and what must be readable of it. The
//! bodies in `tests/fixtures/langfuse` are those of its SDKs for Python and JavaScript, with
//! and without what they instrument; what must come out was read by hand. Whatever order
//! their events come in, in whatever company and however often, the answers are the same.

use std::fs;
use std::path::Path;

use edgespan::formats::FORMATS;
use edgespan::http::router::{Route, find};
use edgespan::model::Handling;
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::ingest::{Preference, Upload, ingest};
use edgespan::reply::Reply;
use proptest::prelude::*;
use serde_json::{Value, json};
use sim::state::find_wrong;

use crate::common::{PROJECT, RECEIVED, Waiting, World, pages};
use crate::expected_spans;

/// The requests of one client, and what must be readable after all of them.
struct Client {
    name: String,
    batches: Vec<Value>,
    expected: Value,
}

fn clients() -> Vec<Client> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/langfuse"));
    let read = |path: &Path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let mut all: Vec<Client> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let folder = entry.unwrap().path();
            let file = |n: usize| folder.join(format!("{n:02}.json"));
            let batches = (1..).map(file).take_while(|file| file.exists());
            Client {
                name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
                batches: batches.map(|file| read(&file)).collect(),
                expected: read(&folder.join("expected.json")),
            }
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(all.len(), 5);
    all
}

/// Posts a body as the edge would take it, and has the consumer write it.
fn post(world: &World, path: &str, body: &str) -> Reply {
    let queue = Waiting::default();
    let Route::Ingest(at) = find("POST", path, FORMATS).unwrap().route else {
        panic!("{path} takes no batches")
    };
    let (format, accepted) = FORMATS.choose(at, Some("application/json")).unwrap();
    assert_eq!(accepted, Ok(()));
    let preference = Preference { project: Handling::Strict, request: None };
    let upload = Upload { project: PROJECT, format, preference, received: RECEIVED, random: None };
    let raw = body.as_bytes().to_vec();
    let kept = match pollster::block_on(ingest(upload, body, &raw, &world.store, &queue)) {
        Ok(kept) => kept,
        Err(error) => return (format.rejected)(&error, "req-1"),
    };
    for message in queue.0.take() {
        let delivery = [Delivery { message, attempt: 1 }];
        let outcome = consume(&delivery, &|| RECEIVED, FORMATS, &world.store, &world.db);
        let outcome = pollster::block_on(outcome).remove(0);
        assert!(matches!(outcome, Outcome::Ack(_)), "{outcome:?}");
    }
    (format.accepted)(&kept.receipt, path)
}

fn send(world: &World, events: &[Value]) -> Value {
    let batch = json!({ "batch": events, "metadata": { "batch_size": events.len() } });
    let reply = post(world, "/api/public/ingestion", &batch.to_string());
    assert_eq!(reply.status, 207);
    serde_json::from_slice(&reply.body).unwrap()
}

/// Sends events that all are good.
fn send_good(world: &World, events: &[Value]) {
    let answer = send(world, events);
    let ids: Vec<Value> = events.iter().map(|event| event["id"].clone()).collect();
    let named = ids.iter().map(|id| json!({ "id": id, "status": 201 })).collect::<Vec<_>>();
    assert_eq!(answer, json!({ "successes": named, "errors": [] }));
}

fn events_of(client: &Client) -> Vec<Value> {
    let batches = client.batches.iter();
    batches.flat_map(|batch| batch["batch"].as_array().unwrap().clone()).collect()
}

fn trace(world: &World, id: &str) -> Value {
    serde_json::from_str(&world.get(PROJECT, id)).unwrap()
}

fn ids(client: &Client) -> Vec<&str> {
    let traces = client.expected["traces"].as_array().unwrap().iter();
    traces.map(|one| one["trace"]["id"].as_str().unwrap()).collect()
}

/// What the API says of all traces of a client, in lists too.
fn answers(world: &World, client: &Client) -> String {
    let answers = ids(client).into_iter().map(|id| world.get(PROJECT, id)).collect::<Vec<_>>();
    let answers = answers.join("\n");
    assert!(!answers.contains("payloadError"), "{answers}");
    format!("{answers}\n{}", world.listed(PROJECT).join("\n"))
}

/// What is other than expected, each with where it is.
fn differences(world: &World, client: &Client) -> Vec<String> {
    let mut all = Vec::new();
    for wanted in client.expected["traces"].as_array().unwrap() {
        let (wanted, spans) = (&wanted["trace"], wanted["spans"].as_array().unwrap());
        let found = trace(world, wanted["id"].as_str().unwrap());
        let mut check = |what: &str, wanted: &Value, found: &Value| {
            if wanted != found {
                all.push(format!("{what}: expected {wanted}, found {found}"));
            }
        };
        for field in ["name", "sessionId", "userId", "tags", "metadata"] {
            check(field, &wanted[field], &found[field]);
        }
        check("hasInput", &wanted["hasInput"], &(!found["input"].is_null()).into());
        check("hasOutput", &wanted["hasOutput"], &(!found["output"].is_null()).into());
        let tokens: u64 = spans.iter().filter_map(|span| span["totalTokens"].as_u64()).sum();
        check("totalTokens", &tokens.into(), &found["totalTokens"]);
        let failed = spans.iter().any(|span| span["status"] == "ERROR");
        check("failed", &failed.into(), &(found["status"] == "ERROR").into());
        for span in found["spans"].as_array().unwrap() {
            check("end", &false.into(), &span["endTime"].is_null().into());
        }
        all.extend(expected_spans::differences(spans, &found));
    }
    let of_traces = ids(client).into_iter().map(|id| trace(world, id)["scores"].take());
    let found: Vec<Value> =
        of_traces.flat_map(|scores| scores.as_array().unwrap().clone()).collect();
    let wanted = client.expected["scores"].as_array().unwrap();
    if wanted.len() != found.len() {
        all.push(format!("scores: expected {}, found {}", wanted.len(), found.len()));
    }
    for wanted in wanted {
        let is_it = |score: &Value| {
            let value = if score["value"].is_null() { &score["label"] } else { &score["value"] };
            let on = if score["spanId"].is_null() { "trace" } else { "span" };
            let same = match (value.as_f64(), wanted["value"].as_f64()) {
                (None, None) => *value == wanted["value"],
                (found, wanted) => found == wanted,
            };
            score["evaluatorName"] == wanted["name"] && same && wanted["on"] == on
        };
        if found.iter().filter(|score| is_it(score)).count() != 1 {
            all.push(format!("scores: expected {wanted} once, found {found:?}"));
        }
    }
    all
}

#[test]
fn every_client_reads_as_it_should() {
    let mut all = Vec::new();
    for client in clients() {
        let world = World::new();
        for batch in &client.batches {
            send_good(&world, batch["batch"].as_array().unwrap());
        }
        all.extend(
            differences(&world, &client).iter().map(|one| format!("{}: {one}", client.name)),
        );
    }
    assert!(all.is_empty(), "{} differences\n{}", all.len(), all.join("\n"));
}

#[test]
fn the_parts_of_an_observation_say_what_they_were_sent_with() {
    let client = clients().into_iter().find(|client| client.name == "py-client").unwrap();
    let world = World::new();
    send_good(&world, &events_of(&client));
    let found = trace(&world, ids(&client)[0]);
    assert_eq!((&found["input"], &found["output"]), (&json!({ "q": "refund?" }), &json!("final")));
    let span = |name: &str| {
        let spans = found["spans"].as_array().unwrap().iter();
        spans.into_iter().find(|span| span["name"] == name).unwrap()
    };
    let outer = span("outer");
    assert_eq!(outer["metadata"], json!({ "first": 1, "second": 2 }));
    assert_eq!((&outer["input"], &outer["output"]), (&json!({ "i": 1 }), &json!({ "o": 1 })));
    assert_eq!(outer["errorMessage"], "broke");
    assert_eq!(span("gen")["modelParameters"], json!({ "max_tokens": 5 }));
    assert_eq!(span("cache-hit")["durationMs"], 0);
    assert_eq!(span("cache-hit")["errorMessage"], Value::Null);
    // Nothing that a body has besides is shown.
    let openai = clients().into_iter().find(|client| client.name == "py-openai").unwrap();
    let world = World::new();
    send_good(&world, &events_of(&openai));
    let answers = answers(&world, &openai);
    assert!(!answers.contains("release") && !answers.contains("user_id"), "{answers}");
    let failed = openai.expected["traces"][2]["trace"]["id"].as_str().unwrap();
    assert_eq!(trace(&world, failed)["spans"][0]["cost"], 0.0);
}

#[test]
fn a_trace_of_one_function_has_no_span_and_is_an_ordinary_trace() {
    let client = clients().into_iter().find(|client| client.name == "py-decorator").unwrap();
    let world = World::new();
    send_good(&world, &events_of(&client));
    let id = ids(&client)[1];
    let found = trace(&world, id);
    assert_eq!((&found["spanCount"], &found["status"]), (&json!(0), &json!("OK")));
    assert_eq!((&found["output"], &found["durationMs"]), (&json!(1), &json!(10)));
    let page = pages::html(&world, &format!("/traces/{id}"));
    assert!(page.contains("aroot"), "{page}");
    // Of the other the root function is no observation either: its times are the trace's.
    let other = trace(&world, ids(&client)[0]);
    assert_eq!(other["startTime"], "2026-11-24T20:05:42.618Z");
    assert_eq!(other["endTime"], "2026-11-24T20:05:42.708Z");
}

#[test]
fn an_observation_of_no_known_trace_and_a_trace_without_a_name_are_ordinary() {
    let world = World::new();
    let at = "2026-11-22T06:19:30Z";
    let alone = json!({ "id": "e1", "type": "span-create", "timestamp": at,
        "body": { "id": "s1", "traceId": "t1", "name": "step", "startTime": at, "endTime": at } });
    let nameless = json!({ "id": "e2", "type": "trace-create", "timestamp": at,
        "body": { "id": "t2", "output": "x" } });
    // The SDKs before version 2 named no trace.
    let oldest = json!({ "id": "e3", "type": "observation-create", "timestamp": at,
        "body": { "id": "s3", "type": "GENERATION", "model": "m", "usage": { "total": 7 } } });
    let update = json!({ "id": "e4", "type": "observation-update", "timestamp": at,
        "body": { "id": "s3", "type": "GENERATION", "endTime": at } });
    send_good(&world, &[alone, nameless, oldest, update]);
    let of = |id: &str| trace(&world, id);
    assert_eq!((&of("t1")["name"], &of("t1")["spanCount"]), (&json!("step"), &json!(1)));
    assert_eq!((&of("t2")["name"], &of("t2")["output"]), (&json!(""), &json!("x")));
    let span = &of("s3")["spans"][0];
    assert_eq!(
        (&span["id"], &span["type"], &span["totalTokens"]),
        (&json!("s3"), &json!("LLM"), &json!(7))
    );
    assert_eq!(world.listed(PROJECT).len(), 3);
    for id in ["t1", "t2", "s3"] {
        assert_eq!(
            pages::get(&world, PROJECT, &format!("/traces/{id}"), false).unwrap().status,
            200
        );
    }
    let list = pages::html(&world, "/traces");
    assert!(list.contains("/traces/t2"), "{list}");
}

#[test]
fn an_update_alone_says_no_type_and_no_start_and_a_stray_one_changes_no_type() {
    let world = World::new();
    let event = |id: &str, kind: &str, at: &str, body: Value| json!({ "id": id, "type": kind, "timestamp": at, "body": body });
    let early = "2026-11-22T06:19:30.000Z";
    let late = "2026-11-22T06:19:31.000Z";
    let update =
        event("e1", "span-update", late, json!({ "id": "s", "traceId": "t", "output": 1 }));
    send_good(&world, std::slice::from_ref(&update));
    let span = trace(&world, "t")["spans"][0].clone();
    assert_eq!((&span["startTime"], &span["output"]), (&Value::Null, &json!(1)));
    let create = json!({ "id": "s", "traceId": "t", "startTime": early, "model": "m",
        "usageDetails": { "input": 1, "output": 2 } });
    send_good(&world, &[event("e2", "generation-create", early, create)]);
    let found = trace(&world, "t");
    let span = &found["spans"][0];
    assert_eq!((&span["type"], &span["totalTokens"]), (&json!("LLM"), &json!(3)));
    // What a span says of tokens is no call's.
    let usage = json!({ "id": "s2", "traceId": "t", "usage": { "total": 100 }, "model": "m" });
    send_good(&world, &[event("e3", "span-create", early, usage)]);
    assert_eq!(trace(&world, "t")["totalTokens"], 3);
}

#[test]
fn a_score_by_itself_is_answered_with_its_id() {
    let world = World::new();
    let score = |body: &str| {
        let reply = post(&world, "/api/public/scores", body);
        (reply.status, serde_json::from_slice::<Value>(&reply.body).unwrap())
    };
    let named = score(r#"{"id":"s1","traceId":"t","name":"quality","value":0.5}"#);
    assert_eq!(named, (200, json!({ "id": "s1" })));
    let body = r#"{"traceId":"t","name":"label","value":"good","dataType":"CATEGORICAL"}"#;
    let (status, made) = score(body);
    assert_eq!((status, made["id"].as_str().unwrap().len()), (200, 32));
    assert_eq!(score(body).1, made);
    let (status, refused) = score(r#"{"traceId":"t","name":"q","value":"x","dataType":"NUMERIC"}"#);
    assert_eq!((status, &refused["error"]), (400, &json!("VALIDATION_ERROR")));
    assert_eq!(refused["details"][0]["path"], "value");
    assert_eq!(score("{").0, 400);
}

fn maybe<T: std::fmt::Debug + Clone + 'static>(
    some: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<T>> {
    proptest::option::of(some).boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_split_into_batches_in_any_order_and_repeated_ends_the_same(
        which in 0..5_usize,
        places in prop::collection::vec((0..6_usize, maybe(0..6_usize)), 40),
        order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
        singly in any::<bool>(),
    ) {
        let client = clients().remove(which);
        let events = events_of(&client);
        let at_once = World::new();
        for batch in &client.batches {
            send_good(&at_once, batch["batch"].as_array().unwrap());
        }
        let scattered = World::new();
        for batch in order {
            let some = events.iter().zip(places.iter().cycle());
            let some: Vec<Value> = some
                .filter(|(_, (first, second))| *first == batch || *second == Some(batch))
                .map(|(event, _)| event.clone())
                .collect();
            if singly {
                for event in &some {
                    send_good(&scattered, std::slice::from_ref(event));
                }
            } else if !some.is_empty() {
                send_good(&scattered, &some);
                send_good(&scattered, &some);
            }
        }
        prop_assert_eq!(differences(&scattered, &client), Vec::<String>::new());
        prop_assert_eq!(answers(&at_once, &client), answers(&scattered, &client));
        for world in [&at_once, &scattered] {
            prop_assert_eq!(find_wrong(&world.db), Vec::<String>::new());
        }
    }
}
