//! What the SDKs of other services put on the wire, and the traces that must come out: a
//! folder of `tests/fixtures` for each program that was run, with its requests' bodies as
//! they were sent. Whatever order the requests come in, split into single events or sent
//! again, the answers are the same.

use std::fs;
use std::path::PathBuf;

use edgespan::formats::FORMATS;
use edgespan::http::router::{Route, find};
use edgespan::model::Handling;
use edgespan::payload::Source;
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::ingest::{Preference, Upload, ingest};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::{PROJECT, RECEIVED, Waiting, World};
use crate::expected_spans;

/// How a body is taken apart into bodies of one event each.
type Split = fn(&Value) -> Vec<Value>;

/// The programs, and how their bodies are split.
const PROGRAMS: [(&str, Split); 1] = [("openai-agents/agents", |body| {
    body["data"].as_array().unwrap().iter().map(|item| json!({ "data": [item] })).collect()
})];

/// A request.
#[derive(Clone)]
struct Request {
    path: String,
    body: Vec<u8>,
}

/// What a program sent, and what must be readable of it.
struct Program {
    requests: Vec<Request>,
    single: Vec<Request>,
    expected: Value,
}

fn read(program: &str, split: Split) -> Program {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(program);
    let json = |file: &str| -> Value {
        serde_json::from_slice(&fs::read(folder.join(file)).unwrap()).unwrap()
    };
    let (mut requests, mut single) = (Vec::new(), Vec::new());
    for n in 1.. {
        let Ok(body) = fs::read(folder.join(format!("{n:02}.json"))) else { break };
        let path = json(&format!("{n:02}.meta.json"))["path"].as_str().unwrap().to_owned();
        for body in split(&serde_json::from_slice(&body).unwrap()) {
            single.push(Request { path: path.clone(), body: body.to_string().into_bytes() });
        }
        requests.push(Request { path, body });
    }
    Program { requests, single, expected: json("expected.json") }
}

/// Sends a request as the edge would, and has the consumer write what is kept of it.
fn send(world: &World, request: &Request, received: i64) {
    let queue = Waiting::default();
    let Route::Ingest(at) = find("POST", &request.path, FORMATS).unwrap().route else {
        panic!("{} takes no events", request.path)
    };
    let (format, accepted) = FORMATS.choose(at, Some("application/json")).unwrap();
    assert_eq!(accepted, Ok(()));
    let preference = Preference { project: Handling::Strict, request: None };
    let upload = Upload { project: PROJECT, format, preference, received, random: None };
    let kept = ingest(upload, &*request.body, &request.body, &world.store, &queue);
    let kept = pollster::block_on(kept).unwrap();
    assert_eq!(kept.receipt.refused.map(|refused| refused.0), Some(0));
    for message in queue.0.take() {
        let delivery = [Delivery { message, attempt: 1 }];
        let outcome = consume(&delivery, &|| RECEIVED, FORMATS, &world.store, &world.db);
        let outcome = pollster::block_on(outcome).remove(0);
        assert!(matches!(outcome, Outcome::Ack(_)), "{outcome:?}");
    }
}

/// What the API says of the traces that are expected, long after: of some the root never
/// comes.
fn answers(world: &World, expected: &Value) -> Vec<Value> {
    let ids = expected["traces"].as_array().unwrap().iter();
    let later = || Source { now: RECEIVED + 3 * 3_600_000, ..world.source() };
    ids.map(|trace| {
        let id = trace["trace"]["id"].as_str().unwrap();
        let answer = edgespan::api::get(PROJECT, id, "", &world.db, later());
        serde_json::from_str(&pollster::block_on(answer).unwrap()).unwrap()
    })
    .collect()
}

fn check(expected: &Value, found: &[Value]) {
    let mut wrong = Vec::new();
    for (trace, found) in expected["traces"].as_array().unwrap().iter().zip(found) {
        let id = trace["trace"]["id"].as_str().unwrap();
        for (field, expected) in trace["trace"].as_object().unwrap() {
            if *expected != found[field] {
                wrong.push(format!("{id}: {field}: expected {expected}, found {}", found[field]));
            }
        }
        let expected = trace["spans"].as_array().unwrap();
        wrong.extend(expected_spans::differences(expected, found));
        let tokens = expected.iter().filter(|span| span["type"] == "LLM");
        let tokens: i64 = tokens.filter_map(|span| span["totalTokens"].as_i64()).sum();
        if found["totalTokens"] != tokens {
            wrong.push(format!("{id}: {} tokens, not {tokens}", found["totalTokens"]));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_program_reads_as_expected() {
    for (name, split) in PROGRAMS {
        let program = read(name, split);
        let world = World::new();
        for request in &program.requests {
            send(&world, request, RECEIVED);
        }
        check(&program.expected, &answers(&world, &program.expected));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_order_split_and_repetition_of_a_programs_events_gives_the_same_answers(
        which in 0..PROGRAMS.len(),
        seeds in prop::collection::vec(any::<u64>(), 400),
    ) {
        let (name, split) = PROGRAMS[which];
        let program = read(name, split);
        let world = World::new();
        let mut order: Vec<_> = program.single.iter().chain(&program.requests).cloned().enumerate().collect();
        // Whole requests come again after some of their events came by themselves.
        order.sort_by_key(|(at, _)| seeds[at % seeds.len()]);
        for (_, request) in order {
            send(&world, &request, RECEIVED);
        }
        check(&program.expected, &answers(&world, &program.expected));
    }
}
