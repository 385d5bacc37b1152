//! What LangSmith's SDKs put on the wire, and what must be readable of it. The bodies in
//! `tests/fixtures/langsmith` are those of langsmith 0.15.1 (Python) and 0.12.0 (npm) and of
//! `LangGraph` 1.2.24; what must come out was read out of the same programs by hand.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use edgespan::formats::FORMATS;
use edgespan::formats::wire_format::EventBytes;
use edgespan::model::{Body, Event, Rank};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::PROJECT;
use crate::common::platform::{KEY, Native, Sent};
use crate::expected_spans;

/// The sets of requests, one for each program.
const SETS: [&str; 6] = [
    "js-batch",
    "js-multipart-gzip",
    "py-batch",
    "py-langgraph-batch",
    "py-multipart-zstd",
    "py-single",
];

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
        all.extend(expected_spans::differences(spans, found));
    }
    all
}

/// The scores that are in what was stored.
fn scores(native: &Native) -> BTreeMap<String, Value> {
    let objects = native.0.world.store.bodies();
    let mut all = BTreeMap::new();
    for (key, body) in &objects {
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

/// All runs of the sets, as JSON, however they were sent: as people are shown them.
fn operations() -> Vec<Operation> {
    let native = Native::new();
    for recorded in SETS.into_iter().flat_map(requests) {
        native.serve(recorded.sent);
    }
    let objects = native.0.world.store.bodies();
    let mut all = Vec::new();
    for (key, body) in &objects {
        let format = FORMATS.of_key(key).unwrap();
        for event in (format.decode)(body).unwrap() {
            let bytes = |range: &Range<usize>| &body[range.clone()];
            let context = event.context.iter().flat_map(|all| all.iter().map(bytes)).collect();
            let bytes = EventBytes { own: bytes(&event.range), context };
            let again = (format.decode_event)(&bytes);
            let only = |event: &Event| {
                let Event { timestamp, rank, body, .. } = event;
                format!("{timestamp:?} {rank:?} {body:?}")
            };
            assert_eq!(again.iter().map(only).collect::<Vec<_>>(), [only(&event)], "{key}");
            let shown = (format.show_event)(&bytes).unwrap();
            let operation = if event.rank == Rank::Update { "patch" } else { "post" };
            if matches!(event.body, Body::Span(_)) {
                all.push(Operation(operation, serde_json::from_str(&shown).unwrap()));
            }
        }
    }
    all
}

/// How clients send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Together,
    /// One by one, as a client does without batches.
    Singly,
    InParts,
}

/// Runs in parts, those of one run apart from each other.
fn in_parts(some: &[Operation]) -> Vec<u8> {
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for Operation(operation, run) in some {
        let mut run = run.clone();
        let fields = run.as_object_mut().unwrap();
        let name = format!("{operation}.{}", fields["id"].as_str().unwrap());
        for field in ["inputs", "outputs", "extra", "error", "events", "serialized"] {
            let value = fields.remove(field);
            rest.extend(value.map(|value| (format!("{name}.{field}"), value)));
        }
        first.push((name, run));
    }
    let mut body = String::new();
    // Only what of the last run comes first stands beside it.
    let all = first.iter().chain(rest.iter().rev());
    for (name, value) in all {
        let header = format!("Content-Disposition: form-data; name=\"{name}\"");
        let header = format!("{header}\r\nContent-Type: application/json");
        body.extend(["--xyz\r\n", &header, "\r\n\r\n", &value.to_string(), "\r\n"]);
    }
    (body + "--xyz--\r\n").into_bytes()
}

/// Sends some operations.
fn send(native: &Native, some: &[Operation], way: Way, prefix: &str) {
    let keyed = |method, path: &str, body: Vec<u8>| {
        let sent = Sent::new(method, &format!("{prefix}{path}")).header("x-api-key", KEY);
        let content_type = match way {
            Way::InParts => "multipart/form-data; boundary=xyz",
            Way::Together | Way::Singly => "application/json",
        };
        sent.header("content-type", content_type).body(body)
    };
    let of = |wanted| {
        let own = some.iter().filter(|Operation(operation, _)| *operation == wanted);
        own.map(|Operation(_, run)| run.clone()).collect::<Vec<_>>()
    };
    let sent = match way {
        Way::Singly => {
            let one = |Operation(operation, run): &Operation| {
                let mut run = run.clone();
                if *operation == "post" {
                    return keyed("POST", "/runs", run.to_string().into());
                }
                // As npm's client has it, which says the id in the path alone.
                let id = run.as_object_mut().unwrap().remove("id").unwrap();
                let path = format!("/runs/{}", id.as_str().unwrap());
                keyed("PATCH", &path, run.to_string().into())
            };
            some.iter().map(one).collect()
        }
        Way::Together => {
            let body = json!({ "post": of("post"), "patch": of("patch") });
            vec![keyed("POST", "/runs/batch", body.to_string().into())]
        }
        Way::InParts => vec![keyed("POST", "/runs/multipart", in_parts(some))],
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

fn way() -> impl Strategy<Value = Way> {
    prop_oneof![Just(Way::Together), Just(Way::Singly), Just(Way::InParts)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_order_split_and_repetition_ends_in_the_same_answers(
        order in Just((0..operations().len()).collect::<Vec<_>>()).prop_shuffle(),
        cuts in prop::collection::vec((1..9_usize, way(), prop::option::of(way())), 1..20),
    ) {
        let all = operations();
        let together = Native::new();
        send(&together, &all, Way::Together, "");
        let apart = Native::new();
        let shuffled: Vec<_> = order.iter().map(|at| all[*at].clone()).collect();
        let mut rest = &shuffled[..];
        for (cut, way, again) in cuts.iter().cycle() {
            let (some, others) = rest.split_at((*cut).min(rest.len()));
            send(&apart, some, *way, "/api/v1");
            if let Some(again) = again {
                send(&apart, some, *again, "");
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

/// Changed bodies of the sets, as they are after decompression.
fn mangled() -> impl Strategy<Value = (String, Vec<u8>)> {
    let native = Native::new();
    for recorded in SETS.into_iter().flat_map(requests) {
        native.serve(recorded.sent);
    }
    let objects = native.0.world.store.bodies();
    let edits = prop::collection::vec(
        (any::<prop::sample::Index>(), 0..8_usize, "[-{}\",:\r\n0a.]{0,3}"),
        1..4,
    );
    (prop::sample::select(objects), edits).prop_map(|((key, mut body), edits)| {
        for (at, taken, put) in edits {
            let at = at.index(body.len() + 1);
            let end = (at + taken).min(body.len());
            body.splice(at..end, put.into_bytes());
        }
        (key, body)
    })
}

proptest! {
    #[test]
    fn whatever_is_accepted_decodes_and_does_so_again((key, body) in mangled()) {
        let format = FORMATS.of_key(&key).unwrap();
        let Ok(checked) = (format.check)(&body) else { return Ok(()) };
        let events = (format.decode)(&body).unwrap();
        prop_assert_eq!(events.len(), checked.accepted);
        for event in events {
            let bytes = |range: &Range<usize>| &body[range.clone()];
            let context = event.context.iter().flat_map(|all| all.iter().map(bytes)).collect();
            let bytes = EventBytes { own: bytes(&event.range), context };
            let again = (format.decode_event)(&bytes);
            prop_assert_eq!(again.len(), 1);
            prop_assert_eq!(&again[0].body, &event.body);
            prop_assert!((format.show_event)(&bytes).is_some());
        }
    }
}
