//! What real clients put on the wire as OTLP, and what must be readable of it. The bodies
//! in `tests/fixtures/otlp` are those of 24 clients, spans and logs; what must come out was
//! made with an independent decoder and read by hand. One more is made from documentation and says so
//! in its `meta.json` (`madeFrom`).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use edgespan::formats::FORMATS;
use edgespan::http::router::{Route, find};
use edgespan::model::Handling;
use edgespan::payload::Source;
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::ingest::{Preference, Upload, ingest};
use edgespan::time;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::{PROJECT, RECEIVED, Waiting, World, pages};

/// A request of a client.
struct Export {
    path: String,
    content_type: String,
    body: Vec<u8>,
}

/// The requests of one client, and what must be readable after all of them.
struct Client {
    name: String,
    exports: Vec<Export>,
    expected: Value,
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/otlp"))
}

fn read_json(file: &str) -> Value {
    serde_json::from_slice(&fs::read(folder().join(file)).unwrap()).unwrap()
}

/// All clients, in order of their names.
fn clients() -> Vec<Client> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|file| {
            let name = file.unwrap().file_name().into_string().unwrap();
            name.strip_suffix("-1.meta.json").map(str::to_owned)
        })
        .collect();
    names.sort();
    let client = |name: String| {
        let mut exports = Vec::new();
        let mut expected = Value::Null;
        for n in 1.. {
            let file = |ending: &str| format!("{name}-{n}.{ending}");
            if !folder().join(file("meta.json")).exists() {
                break;
            }
            let meta = read_json(&file("meta.json"));
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let path = text(&meta["path"]);
            let content_type = text(&meta["headers"]["content-type"]);
            let ending = if folder().join(file("bin")).exists() { "bin" } else { "json" };
            let body = fs::read(folder().join(file(ending))).unwrap();
            if folder().join(file("expected.json")).exists() {
                expected = read_json(&file("expected.json"));
            }
            if path.ends_with("/traces") || path.ends_with("/logs") {
                exports.push(Export { path, content_type, body });
            }
        }
        Client { name, exports, expected }
    };
    names.into_iter().map(client).collect()
}

/// Sends an export as the edge would, and has the consumer write it.
fn send(world: &World, export: &Export) {
    let queue = Waiting::default();
    let Route::Ingest(at) = find("POST", &export.path, FORMATS).unwrap().route else {
        panic!("{} takes no exports", export.path)
    };
    let (format, accepted) = FORMATS.choose(at, Some(&export.content_type)).unwrap();
    assert_eq!(accepted, Ok(()));
    let preference = Preference { project: Handling::Strict, request: None };
    let upload = Upload { project: PROJECT, format, preference, received: RECEIVED, random: None };
    let kept =
        pollster::block_on(ingest(upload, &*export.body, &export.body, &world.store, &queue));
    let kept = kept.unwrap();
    assert_eq!(kept.receipt.refused.map(|refused| refused.0), Some(0));
    for message in queue.0.take() {
        let delivery = [Delivery { message, attempt: 1 }];
        let now = || RECEIVED;
        let outcome = consume(&delivery, &now, FORMATS, &world.store, &world.db);
        let outcome = pollster::block_on(outcome).remove(0);
        assert!(matches!(outcome, Outcome::Ack(_)), "{outcome:?}");
    }
}

/// What the API says of the traces that are expected.
fn answers(world: &World, expected: &Value) -> Vec<Value> {
    let ids = expected["traces"].as_array().unwrap().iter();
    // When all is quiet: of some traces the root never comes.
    let later = || Source { now: RECEIVED + 3 * 3_600_000, ..world.source() };
    ids.map(|trace| {
        let id = trace["traceId"].as_str().unwrap();
        let answer = edgespan::api::get(PROJECT, id, "", &world.db, later());
        serde_json::from_str(&pollster::block_on(answer).unwrap()).unwrap()
    })
    .collect()
}

/// What is other than expected, each with where it is.
fn differences(expected: &Value, found: &[Value]) -> Vec<String> {
    let mut all = Vec::new();
    for (trace, found) in expected["traces"].as_array().unwrap().iter().zip(found) {
        let mut check = |what: &str, expected: &Value, found: &Value| {
            if expected != found {
                all.push(format!("{what}: expected {expected}, found {found}"));
            }
        };
        for field in ["name", "sessionId", "userId", "spanCount", "totalTokens"] {
            check(&format!("trace {field}"), &trace[field], &found[field]);
        }
        // What is expected of it counts any failure; a trace's status is its root's.
        // Where no root has come, any span counts.
        let is_root = |span: &Value| span["parentId"].is_null();
        let spans = trace["spans"].as_array().unwrap();
        let any_root = spans.iter().any(is_root);
        let mut counting = spans.iter().filter(|span| is_root(span) || !any_root);
        let failed = counting.any(|span| span["status"] == "ERROR");
        let status = if failed { "ERROR" } else { "OK" };
        check("trace status", &status.into(), &found["status"]);
        for tag in trace["tags"].as_array().unwrap() {
            let has = found["tags"].as_array().unwrap().contains(tag);
            check(&format!("trace tag {tag}"), &true.into(), &has.into());
        }
        let spans: BTreeMap<&str, &Value> = found["spans"]
            .as_array()
            .unwrap()
            .iter()
            .map(|span| (span["id"].as_str().unwrap(), span))
            .collect();
        for wanted in trace["spans"].as_array().unwrap() {
            let id = wanted["id"].as_str().unwrap();
            let Some(span) = spans.get(id) else {
                all.push(format!("span {id} is not there"));
                continue;
            };
            all.extend(span_differences(wanted, span));
        }
    }
    all
}

fn span_differences(wanted: &Value, span: &Value) -> Vec<String> {
    let mut all = Vec::new();
    let name = format!("{} {}", wanted["name"], wanted["id"]);
    let mut check = |what: &str, expected: &Value, found: &Value| {
        if expected != found {
            all.push(format!("{name} {what}: expected {expected}, found {found}"));
        }
    };
    for (field, ours) in [
        ("name", "name"),
        ("parentId", "parentSpanId"),
        ("type", "type"),
        ("model", "model"),
        ("promptTokens", "promptTokens"),
        ("completionTokens", "completionTokens"),
        ("totalTokens", "totalTokens"),
        ("status", "status"),
        ("errorMessage", "errorMessage"),
    ] {
        check(field, &wanted[field], &span[ours]);
    }
    let count = |value: &Value| value.as_u64().unwrap_or(0).into();
    check("cachedTokens", &count(&wanted["cachedTokens"]), &count(&span["cachedTokens"]));
    let cost = |value: &Value| {
        value.as_f64().or_else(|| value.as_str()?.parse().ok()).map(|cost| (cost * 1e9).round())
    };
    // What was sent: other costs are computed.
    let sent = if span["costSource"] == "client" { &span["cost"] } else { &Value::Null };
    check("cost", &cost(&wanted["cost"]).into(), &cost(sent).into());
    for (field, ours) in [("startTime", "startTime"), ("endTime", "endTime")] {
        let ns: Option<i64> = wanted[field].as_str().and_then(|ns| ns.parse().ok());
        let at = ns.filter(|ns| *ns > 0).map(|ns| time::with_millis(ns / 1_000));
        check(field, &at.into(), &span[ours]);
    }
    for (has, field, includes) in
        [("hasInput", "input", "inputIncludes"), ("hasOutput", "output", "outputIncludes")]
    {
        check(has, &wanted[has], &(!span[field].is_null()).into());
        let text = span[field].to_string();
        for part in wanted[includes].as_array().into_iter().flatten() {
            let part = part.as_str().unwrap();
            let quoted = serde_json::to_string(part).unwrap();
            let there = text.contains(part) || text.contains(quoted.trim_matches('"'));
            check(&format!("{field} with {part:?} in {text:.200}"), &true.into(), &there.into());
        }
    }
    all
}

#[test]
fn every_client_reads_as_it_should() {
    let mut all = Vec::new();
    for client in clients().iter().filter(|client| !client.exports.is_empty()) {
        let world = World::new();
        client.exports.iter().for_each(|export| send(&world, export));
        for difference in differences(&client.expected, &answers(&world, &client.expected)) {
            all.push(format!("{}: {difference}", client.name));
        }
    }
    assert!(all.is_empty(), "{} differences\n{}", all.len(), all.join("\n"));
}

#[test]
fn order_and_repetition_change_nothing() {
    for client in clients().iter().filter(|client| !client.exports.is_empty()) {
        let answer = |exports: &[&Export]| {
            let world = World::new();
            for export in exports {
                send(&world, export);
            }
            answers(&world, &client.expected)
        };
        let forward: Vec<_> = client.exports.iter().collect();
        let twice: Vec<_> = forward.iter().rev().chain(&forward).copied().collect();
        assert_eq!(answer(&forward), answer(&twice), "{}", client.name);
    }
}

#[test]
fn a_call_without_its_messages_says_so_on_its_page() {
    let client = clients().into_iter().find(|client| client.name == "openai-v2").unwrap();
    let said = |messages: bool| {
        let world = World::new();
        client.exports.iter().for_each(|export| send(&world, export));
        let trace = &client.expected["traces"][0];
        let spans = trace["spans"].as_array().unwrap();
        let call = spans
            .iter()
            .find(|span| span["type"] == "LLM" && span["hasInput"] == messages)
            .unwrap();
        let (trace, span) = (trace["traceId"].as_str().unwrap(), call["id"].as_str().unwrap());
        let page = pages::part(&world, &format!("/traces/{trace}/spans/{span}"));
        page.contains("Its messages were not sent.")
    };
    assert!(said(false) && !said(true));
}

/// A span with its resource and scope, as an export of its own would have it.
#[derive(Debug, Clone)]
struct Alone {
    resource: Value,
    scope: Value,
    span: Value,
}

/// The spans of the clients that send JSON.
fn spans_in_json() -> Vec<Alone> {
    let mut all = Vec::new();
    for export in clients().iter().flat_map(|client| &client.exports) {
        if export.content_type != "application/json" {
            continue;
        }
        let body: Value = serde_json::from_slice(&export.body).unwrap();
        for resource in body["resourceSpans"].as_array().unwrap() {
            for scope in resource["scopeSpans"].as_array().unwrap() {
                for span in scope["spans"].as_array().unwrap() {
                    all.push(Alone {
                        resource: resource["resource"].clone(),
                        scope: scope["scope"].clone(),
                        span: span.clone(),
                    });
                }
            }
        }
    }
    all
}

/// What the API says of all traces, in whatever order they first came.
fn all_answers(world: &World, ids: &[String]) -> String {
    let answers = ids.iter().map(|id| world.get(PROJECT, id)).collect::<Vec<_>>().join("\n");
    assert!(!answers.contains("payloadError"), "{answers}");
    format!("{answers}\n{}", world.listed(PROJECT).join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn any_split_into_exports_in_any_order_and_repeated_ends_the_same(
        cuts in prop::collection::vec(1_usize..20, 60),
        order in any::<u64>(),
    ) {
        let spans = spans_in_json();
        let mut ids: Vec<_> =
            spans.iter().map(|one| one.span["traceId"].as_str().unwrap().to_lowercase()).collect();
        ids.sort();
        ids.dedup();
        let export = |some: &[Alone]| {
            let each = some.iter().map(|one| json!({
                "resource": one.resource,
                "scopeSpans": [{ "scope": one.scope, "spans": [one.span] }],
            }));
            let body = json!({ "resourceSpans": each.collect::<Vec<_>>() }).to_string();
            let (path, content_type) = ("/v1/traces".into(), "application/json".into());
            Export { path, content_type, body: body.into_bytes() }
        };
        let together = World::new();
        send(&together, &export(&spans));
        // Shuffled, cut, and every third export sent again.
        let mut shuffled = spans.clone();
        let mut random = order | 1;
        for at in (1..shuffled.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let other = usize::try_from(random >> 33).unwrap() % (at + 1);
            shuffled.swap(at, other);
        }
        let apart = World::new();
        let mut rest = &shuffled[..];
        for (n, cut) in cuts.iter().cycle().enumerate() {
            if rest.is_empty() {
                break;
            }
            let (first, others) = rest.split_at((*cut).min(rest.len()));
            send(&apart, &export(first));
            if n % 3 == 0 {
                send(&apart, &export(first));
            }
            rest = others;
        }
        prop_assert_eq!(all_answers(&together, &ids), all_answers(&apart, &ids));
    }
}
