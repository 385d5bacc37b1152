//! Formats whose events say a part of a span or a trace, and change what others said: a
//! small one, in test code alone, from raw batches to answers. Whatever order its events
//! come in, in whatever company and however often, the answers are the same.

use std::borrow::Cow;

use edgespan::batch::{BatchRef, RawStore};
use edgespan::formats::Formats;
use edgespan::formats::twosignal;
use edgespan::formats::wire_format::WireFormat;
use edgespan::index::RowBounds;
use edgespan::model::{
    Body, Event, Json, Provider, Rank, SpanBody, SpanType, Status, TraceBody, TraceSaid, Usage,
};
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::queue::Message;
use proptest::prelude::*;
use serde_json::{Value, json};
use sim::state::find_wrong;

use crate::common::{PROJECT, RECEIVED, World};

/// A line of JSON for each event.
const PARTS: WireFormat = WireFormat {
    ending: "parts.jsonl",
    paths: &["/parts"],
    decode: |body| {
        let text = std::str::from_utf8(body).unwrap();
        let mut at = 0;
        let mut events = Vec::new();
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let range = at..at + line.len();
            events.push(Event { index, range, ..read(line) });
            at += line.len();
        }
        Ok(events)
    },
    decode_event: |bytes| vec![read(std::str::from_utf8(bytes.own).unwrap())],
    show_event: |bytes| Some(Cow::Borrowed(std::str::from_utf8(bytes.own).unwrap())),
    ..twosignal::FORMAT
};

static FORMATS: &[WireFormat] = &[PARTS];

fn read(line: &str) -> Event<'static> {
    let said: Value = serde_json::from_str(line).unwrap();
    let text = |name: &str| said[name].as_str().map(|text| Cow::Owned(text.to_owned()));
    let payload = |name: &str| {
        Some(&said[name]).filter(|value| !value.is_null()).map(|v| Json::Owned(v.to_string()))
    };
    // Pieces are lists.
    let content = |name: &str| {
        let is_piece = said["rank"].as_str() == Some("piece");
        payload(name).map(|json| if is_piece { Json::Owned(format!("[{json}]")) } else { json })
    };
    let body = match text("span") {
        None => Body::Trace(TraceBody {
            id: text("trace").unwrap(),
            name: text("name"),
            start: said["start"].as_i64(),
            end: said["end"].as_i64(),
            session: text("session"),
            user: text("user"),
            tags: said["tags"]
                .as_str()
                .iter()
                .flat_map(|tags| tags.split(' '))
                .map(|tag| Cow::Owned(tag.to_owned()))
                .collect(),
            adds_tags: said["adds"] == json!(true),
            metadata: payload("metadata"),
            input: payload("input"),
            output: payload("output"),
            ..TraceBody::default()
        }),
        Some(id) => Body::Span(SpanBody {
            trace: text("trace").unwrap(),
            id: Some(id),
            parent: text("parent"),
            name: text("name"),
            kind: text("kind").and_then(|kind| SpanType::parse(&kind)),
            start: said["start"].as_i64(),
            end: said["end"].as_i64(),
            input: content("input"),
            output: content("output"),
            model: text("model"),
            provider: text("provider").and_then(|provider| Provider::parse(&provider)),
            model_parameters: payload("parameters"),
            usage: Usage {
                prompt: said["prompt"].as_u64(),
                completion: said["completion"].as_u64(),
                total: said["total"].as_u64(),
                cached: said["cached"].as_u64(),
                ..Usage::default()
            },
            cost: payload("cost"),
            status: text("status").map(|s| if s == "ERROR" { Status::Error } else { Status::Ok }),
            error_message: text("error"),
            metadata: payload("metadata"),
            may_repeat: false,
            beside: false,
            trace_said: TraceSaid::Always,
            of_trace: None,
        }),
    };
    Event {
        index: 0,
        range: 0..0,
        context: None,
        envelope: None,
        timestamp: said["at"].as_i64(),
        rank: match said["rank"].as_str() {
            None => Rank::Create,
            Some("update") => Rank::Update,
            Some("piece") => Rank::Piece,
            Some(_) => Rank::Supplement,
        },
        body,
    }
}

/// Has the consumer write a batch of these lines.
fn deliver(world: &World, lines: &[String], received: i64) {
    let body = lines.concat().into_bytes();
    let batch = BatchRef::of(PROJECT, &body, received, PARTS.ending);
    pollster::block_on(world.store.put(&batch.key(), &body)).unwrap();
    let delivery = [Delivery { message: Message::of(&batch), attempt: 1 }];
    let done = consume(&delivery, &|| RECEIVED, Formats(FORMATS), &world.store, &world.db);
    let done = pollster::block_on(done);
    assert!(matches!(&*done, [Outcome::Ack(_)]), "{done:?}");
}

fn world() -> World {
    World { formats: Formats(FORMATS), ..World::new() }
}

fn line(said: Value) -> String {
    let said: serde_json::Map<_, _> = match said {
        Value::Object(said) => said.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        other => panic!("{other}"),
    };
    format!("{}\n", Value::Object(said))
}

fn answer(world: &World, trace: &str) -> Value {
    serde_json::from_str(&world.get(PROJECT, trace)).unwrap()
}

#[test]
fn an_update_that_comes_first_wipes_nothing_of_what_the_create_brings() {
    const AT: i64 = RECEIVED * 1_000;
    let create = line(json!({ "trace": "t", "span": "s", "name": "answer", "at": AT, "start": AT,
        "input": "Can I?", "parameters": { "temperature": 1.0 }, "model": "m",
        "metadata": { "a": { "x": 1 }, "b": 1 } }));
    // By its clock it was made before.
    let update = line(json!({ "trace": "t", "span": "s", "name": "answer", "at": AT - 5,
        "rank": "update", "end": AT + 2_000, "output": "Yes.", "prompt": 3, "completion": 2,
        "cost": 0.5, "metadata": { "a": { "y": [2] }, "b": null, "c": 3.0 } }));
    let trace = line(json!({ "trace": "t", "name": "run", "at": AT, "input": { "q": 1 },
        "session": "s1", "metadata": { "plan": "pro" } }));
    let later = line(json!({ "trace": "t", "name": "run", "at": AT + 9, "output": [1.50],
        "metadata": { "region": "eu" } }));
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
        let world = world();
        let lines = [&create, &update, &trace, &later];
        for (n, at) in (0..).zip(order) {
            deliver(&world, &[lines[at].clone()], RECEIVED + n);
        }
        let answer = answer(&world, "t");
        let span = &answer["spans"][0];
        assert_eq!((&span["input"], &span["output"]), (&json!("Can I?"), &json!("Yes.")));
        assert_eq!(span["modelParameters"], json!({ "temperature": 1.0 }));
        assert_eq!(span["metadata"].to_string(), r#"{"a":{"x":1,"y":[2]},"b":1,"c":3.0}"#);
        assert_eq!((&span["totalTokens"], &span["cost"]), (&json!(5), &json!(0.5)));
        assert_eq!((&span["model"], &span["durationMs"]), (&json!("m"), &json!(2)));
        assert_eq!((&answer["input"], &answer["output"]), (&json!({ "q": 1 }), &json!([1.50])));
        assert_eq!(answer["metadata"], json!({ "plan": "pro", "region": "eu" }));
        assert_eq!((&answer["sessionId"], &answer["spanCount"]), (&json!("s1"), &json!(1)));
        assert_eq!((&answer["totalTokens"], &answer["totalCost"]), (&json!(5), &json!("0.5")));
        assert_eq!(answer["payloadError"], Value::Null);
    }
}

#[test]
fn pieces_are_put_together_where_no_other_event_says_it() {
    let piece = |input: &str, at: i64| {
        line(json!({ "trace": "t", "span": "s", "rank": "piece", "at": at, "input": input }))
    };
    let pieces: Vec<String> = (0..4).map(|n| piece(&format!("m{n}"), n)).collect();
    let supplement = line(json!({ "trace": "t", "span": "s", "rank": "supplement", "input": "S" }));
    let span = |input: Value| {
        line(json!({ "trace": "t", "span": "s", "name": "call", "start": 5, "input": input }))
    };
    let list = json!(["m0", "m1", "m2", "m3"]);
    for (others, input) in [
        (vec![], &list),
        (vec![span(Value::Null)], &list),
        (vec![supplement.clone()], &json!("S")),
        (vec![supplement, span(json!("own"))], &json!("own")),
    ] {
        let mut lines: Vec<String> = pieces.iter().chain(&others).cloned().collect();
        for _ in 0..lines.len() {
            lines.rotate_left(1);
            let world = world();
            lines.iter().zip(0..).for_each(|(one, n)| {
                deliver(&world, &[one.clone(), lines[0].clone()], RECEIVED + n);
            });
            assert_eq!(answer(&world, "t")["spans"][0]["input"], *input, "{lines:?}");
        }
    }
}

#[test]
fn the_last_messages_of_a_very_long_conversation_stay() {
    let said = |n: i64| json!({ "trace": "t", "span": "s", "rank": "piece", "at": n, "input": n });
    let mut lines: Vec<String> = (0..150).map(|n| line(said(n))).collect();
    lines.push(line(json!({ "trace": "t", "span": "s", "name": "call", "start": 5 })));
    for _ in 0..2 {
        lines.reverse();
        let world = world();
        lines.chunks(10).zip(0..).for_each(|(some, n)| deliver(&world, some, RECEIVED + n));
        let before = world.db.changes();
        let input = answer(&world, "t")["spans"][0]["input"].clone();
        assert_eq!(input, json!((51..150).collect::<Vec<_>>()));
        deliver(&world, &lines, RECEIVED + 99);
        // The batch is another, and its ledger's; no row of the trace is written again.
        assert!(world.db.changes() - before < 6);
    }
}

#[test]
fn events_that_say_nothing_leave_a_span() {
    let world = world();
    let empty = |at| line(json!({ "trace": "t", "span": "s", "rank": "supplement", "at": at }));
    deliver(&world, &[empty(1), empty(2)], RECEIVED);
    assert_eq!(answer(&world, "t")["spanCount"], 1);
}

#[test]
fn a_total_counts_until_a_newer_event_says_another_by_its_parts() {
    let usage = |at: i64, said: &Value| {
        let mut event =
            json!({ "trace": "t", "span": "s", "name": "n", "at": at, "rank": "update" });
        event.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
        line(event)
    };
    let odd = usage(1, &json!({ "prompt": 1, "completion": 2, "total": 100 }));
    let sum = usage(2, &json!({ "prompt": 3, "completion": 4, "total": 7 }));
    let prompt = usage(3, &json!({ "prompt": 5 }));
    let completion = usage(4, &json!({ "completion": 6 }));
    for (events, total) in [
        (vec![&odd], 100),
        (vec![&odd, &sum], 7),
        (vec![&sum, &odd], 7),
        (vec![&odd, &prompt], 100),
        (vec![&odd, &sum, &prompt, &completion], 11),
        (vec![&completion, &prompt, &sum, &odd], 11),
    ] {
        let world = world();
        for (n, event) in (0..).zip(&events) {
            deliver(&world, &[(*event).clone()], RECEIVED + n);
        }
        let answer = answer(&world, "t");
        assert_eq!(
            (&answer["totalTokens"], &answer["spans"][0]["totalTokens"]),
            (&json!(total), &json!(total))
        );
    }
}

fn maybe<T: std::fmt::Debug + Clone + 'static>(
    some: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<T>> {
    proptest::option::of(some).boxed()
}

fn event() -> impl Strategy<Value = String> {
    let ids = (0..2_u8, maybe(0..4_u8), maybe(0..4_u8), maybe("(update|supplement|piece)"));
    let at = || maybe((0..4_i64).prop_map(|s| RECEIVED * 1_000 + s * 1_000));
    let texts = (maybe("[ab]"), maybe("[ab]"), maybe("[mn]"), maybe("(OK|ERROR)"));
    let names = (maybe("[no]"), maybe("(LLM|TOOL)"), maybe("[uv]"), maybe("[xy]( z)?"));
    let numbers = (
        maybe(0..9_u64),
        maybe(0..9_u64),
        maybe(0..20_u64),
        maybe((0..9_u8).prop_map(|n| f64::from(n) / 8.0)),
    );
    let metadata = maybe(prop_oneof![
        (0..3_u8).prop_map(|n| json!({ "n": n })),
        (0..3_u8, 0..2_u8).prop_map(|(n, key)| json!({ "deep": { key.to_string(): n } })),
    ]);
    (ids, (at(), at(), at()), texts, names, numbers, metadata).prop_map(
        |((trace, span, parent, rank), (at, start, end), texts, names, numbers, metadata)| {
            let (input, output, model, status) = texts;
            let (prompt, completion, total, cost) = numbers;
            let (name, kind, user, tags) = names;
            line(json!({ "trace": format!("t{trace}"), "span": span.map(|n| format!("s{n}")),
                "parent": parent.map(|n| format!("s{n}")), "name": name, "kind": kind,
                "rank": rank, "user": user, "tags": tags, "adds": trace == 1, "at": at,
                "start": start, "end": end, "input": input, "output": output, "model": model,
                "status": status, "prompt": prompt, "completion": completion,
                "total": total, "cost": cost,
                "metadata": metadata }))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_order_split_and_repetition_ends_in_the_same_answers(
        (events, places, order) in prop::collection::vec(event(), 1..20).prop_flat_map(|events| {
            let places = prop::collection::vec((0..5_usize, maybe(0..5_usize)), events.len());
            (Just(events), places, Just((0..5).collect::<Vec<usize>>()).prop_shuffle())
        }),
        packed in 0..6_usize,
    ) {
        let (at_once, scattered) = (world(), world());
        deliver(&at_once, &events, RECEIVED);
        scattered.db.1.set(RowBounds { spans: packed, ..RowBounds::default() });
        for batch in order {
            let some = events.iter().zip(&places);
            let some: Vec<String> = some
                .filter(|(_, (first, second))| *first == batch || *second == Some(batch))
                .map(|(event, _)| event.clone())
                .collect();
            if !some.is_empty() {
                deliver(&scattered, &some, RECEIVED);
                deliver(&scattered, &some, RECEIVED);
            }
        }
        for world in [&at_once, &scattered] {
            prop_assert_eq!(find_wrong(&world.db), Vec::<String>::new());
        }
        for trace in ["t0", "t1"] {
            if events.iter().any(|event| event.contains(&format!("\"{trace}\""))) {
                prop_assert_eq!(answer(&at_once, trace), answer(&scattered, trace));
            }
        }
        prop_assert_eq!(at_once.listed(PROJECT), scattered.listed(PROJECT));
    }
}
