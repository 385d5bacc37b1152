//! Order, repetition and how events are split into batches make no difference:
//! neither to what D1 holds nor to what the read API says.

use crate::common::{PROJECT, RECEIVED, World, body};
use edgespan::index::RowBounds;
use edgespan::pipeline::consume::Outcome;
use edgespan::pipeline::rollup::roll_up;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sim::state::{dump, find_miscounted, find_wrong};

fn maybe<T: std::fmt::Debug + Clone + 'static>(
    some: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<T>> {
    proptest::option::of(some).boxed()
}

/// Few different times, so that ties are common.
fn time() -> BoxedStrategy<Value> {
    (0..4, prop::bool::ANY)
        .prop_map(|(s, micros)| {
            json!(format!("2026-03-14T10:00:0{s}{}Z", if micros { ".000001" } else { "" }))
        })
        .boxed()
}

fn object(fields: Vec<(&str, Option<Value>)>) -> Value {
    let fields = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn span_event() -> impl Strategy<Value = Value> {
    let ids = (0..3, 0..4, maybe(0..4), maybe(0..4));
    let times = (maybe(time()), maybe(time()), maybe(time()));
    let facts =
        (maybe(0..50_u64), maybe(0..2000_u64), prop::bool::ANY, maybe("[ab]{0,2}"), 0..3_usize);
    (ids, times, facts).prop_map(
        |(
            (trace, span, parent, envelope),
            (start, end, at),
            (tokens, cost, error, input, name),
        )| {
            #[allow(clippy::cast_precision_loss)]
            let cost = cost.map(|c| json!(c as f64 / 1e4));
            let body = object(vec![
                ("traceId", Some(json!(format!("t{trace}")))),
                ("id", Some(json!(format!("s{span}")))),
                (
                    "parentSpanId",
                    parent.map(|p| json!(format!("{}{p}", if p % 2 == 0 { 's' } else { 'e' }))),
                ),
                ("name", Some(json!(format!("n{name}")))),
                ("type", Some(json!(["LLM", "TOOL", "AGENT"][name]))),
                ("startTime", start),
                ("endTime", end),
                (
                    "input",
                    input
                        .as_ref()
                        .map(|i| json!({ "messages": [{ "role": "user", "content": i }] })),
                ),
                ("output", input.as_ref().filter(|i| i.len() > 1).map(|i| json!({ "answer": i }))),
                ("errorMessage", input.filter(|_| error).map(|i| json!(format!("not {i}")))),
                ("usage", tokens.map(|t| json!({ "promptTokens": t }))),
                ("cost", cost),
                ("status", Some(json!(if error { "ERROR" } else { "OK" }))),
            ]);
            object(vec![
                ("id", envelope.map(|e| json!(format!("e{e}")))),
                ("type", Some(json!("span-create"))),
                ("timestamp", at),
                ("body", Some(body)),
            ])
        },
    )
}

fn trace_event() -> impl Strategy<Value = Value> {
    let times = (maybe(time()), maybe(time()), maybe(time()));
    (0..3, times, 0..3, maybe(0..2_usize)).prop_map(|(trace, (start, end, at), name, tag)| {
        let body = object(vec![
            ("id", Some(json!(format!("t{trace}")))),
            ("name", Some(json!(format!("n{name}")))),
            ("startTime", start),
            ("endTime", end),
            ("sessionId", tag.map(|t| json!(format!("session{t}")))),
            ("tags", tag.map(|t| json!([format!("tag{t}")]))),
            ("metadata", tag.map(|t| json!({ "long": "x".repeat(t * 5_000) }))),
        ]);
        object(vec![("type", Some(json!("trace-create"))), ("timestamp", at), ("body", Some(body))])
    })
}

/// Events, and two ways to send them: which batches each goes into (one or
/// two), and the order of the batches.
pub type Scenario = (Vec<String>, Vec<(usize, Option<usize>)>, Vec<usize>);

pub fn scenario() -> impl Strategy<Value = Scenario> {
    let event = prop_oneof![3 => span_event().boxed(), 1 => trace_event().boxed()];
    prop::collection::vec(event.prop_map(|e| e.to_string()), 1..25).prop_flat_map(|events| {
        let places = prop::collection::vec((0..6_usize, maybe(0..6_usize)), events.len());
        let order = Just((0..6).collect::<Vec<_>>()).prop_shuffle();
        (Just(events), places, order)
    })
}

fn deliver(world: &World, events: &[String]) {
    let outcome = world.deliver(PROJECT, &body(events));
    assert!(matches!(outcome, Outcome::Ack(_)), "{outcome:?}");
}

/// What a reader sees: the list, whose order is that in which traces first came, and every
/// trace in full.
fn answers(world: &World) -> Vec<String> {
    let list = world.list(PROJECT, "");
    let traces = list["traces"].as_array().unwrap();
    let ids = traces.iter().map(|trace| trace["id"].as_str().unwrap().to_owned());
    let mut answers: Vec<String> = ids.map(|id| world.get(PROJECT, &id)).collect();
    answers.sort();
    answers.extend(world.listed(PROJECT));
    answers
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_split_order_and_repetition_gives_the_same(
        (events, places, order) in scenario(),
        group in 1..6_usize,
        packed in 0..9_usize,
    ) {
        let at_once = World::new();
        deliver(&at_once, &events);

        let scattered = World::new();
        scattered.db.1.set(RowBounds { spans: packed, ..RowBounds::default() });
        for batch in order {
            let part: Vec<String> = events.iter().zip(&places)
                .filter(|(_, (first, second))| *first == batch || *second == Some(batch))
                .map(|(event, _)| event.clone())
                .collect();
            if !part.is_empty() {
                deliver(&scattered, &part);
                if batch % 2 == 0 {
                    deliver(&scattered, &part);
                } else {
                    pollster::block_on(roll_up(RECEIVED + 600_000, &scattered.db)).unwrap();
                }
            }
        }

        // The same batches once more, as many as come of them written together.
        let together = World::new();
        let bodies: Vec<String> = (0..6)
            .map(|batch| {
                let part = events.iter().zip(&places)
                    .filter(|(_, (first, second))| *first == batch || *second == Some(batch))
                    .map(|(event, _)| event.clone());
                body(&part.collect::<Vec<_>>())
            })
            .filter(|body| body.contains("body"))
            .collect();
        for some in bodies.chunks(group) {
            let twice = [some, some].concat();
            for outcome in together.deliver_together(PROJECT, &twice) {
                prop_assert!(matches!(outcome, Outcome::Ack(_)), "{:?}", outcome);
            }
        }

        prop_assert_eq!(dump(&at_once.db), dump(&scattered.db));
        prop_assert_eq!(dump(&at_once.db), dump(&together.db));
        for world in [&at_once, &scattered, &together] {
            prop_assert_eq!(find_wrong(&world.db), Vec::<String>::new());
            prop_assert_eq!(find_miscounted(&world.db), Vec::<String>::new());
        }
        prop_assert_eq!(answers(&at_once), answers(&scattered));
        prop_assert_eq!(answers(&at_once), answers(&together));
    }
}

#[test]
fn a_bad_batch_holds_up_none_of_those_it_came_with() {
    let world = World::new();
    let span = |n| {
        format!(r#"{{"type":"span-create","body":{{"traceId":"t{n}","name":"n","type":"LLM"}}}}"#)
    };
    let bodies = [body(&[span(1)]), "{\"batch\":[".into(), body(&[span(2)])];
    let outcomes = world.deliver_together(PROJECT, &bodies);
    let [Outcome::Ack(first), Outcome::Bury { .. }, Outcome::Ack(second)] = &*outcomes else {
        panic!("{outcomes:?}")
    };
    assert!(first.fresh && second.fresh && first.together == 2);
    assert_eq!(world.list(PROJECT, "")["traces"].as_array().unwrap().len(), 2);
}

#[test]
fn projects_that_are_written_together_stay_apart() {
    let world = World::new();
    let batches = [("p1", 0.5), ("p2", 0.25), ("p1", 0.125)].map(|(project, cost)| {
        let event = format!(r#"{{"type":"span-create","body":{{"traceId":"t","name":"{project}","type":"LLM","cost":{cost}}}}}"#);
        (project, body(&[event]))
    });
    let outcomes = world.deliver_all(&batches);
    assert!(outcomes.iter().all(|o| matches!(o, Outcome::Ack(w) if w.fresh)), "{outcomes:?}");
    for (project, cost) in [("p1", "0.625"), ("p2", "0.25")] {
        let list = world.list(project, "");
        let traces = list["traces"].as_array().unwrap();
        assert_eq!(traces.len(), 1, "{list}");
        assert_eq!((&traces[0]["name"], &traces[0]["totalCost"]), (&json!(project), &json!(cost)));
    }
}

#[test]
fn a_second_delivery_writes_nothing() {
    let world = World::new();
    let event =
        r#"{"type":"span-create","body":{"traceId":"t","name":"n","type":"LLM","cost":0.5}}"#;
    let bodies = body(&[event.to_owned()]);
    world.deliver(PROJECT, &bodies);
    let before = world.db.changes();
    world.deliver(PROJECT, &bodies);
    assert_eq!(world.db.changes(), before);
}

#[test]
fn the_same_bytes_received_later_rewrite_no_trace() {
    let world = World::new();
    let span = json!({ "type": "span-create", "body": { "traceId": "t", "id": "s", "name": "n",
        "type": "LLM", "startTime": "2026-03-14T10:00:00Z" } });
    let trace = json!({ "type": "trace-create", "timestamp": "2026-03-14T10:00:00Z",
        "body": { "id": "t", "name": "n" } });
    let body = body(&[trace.to_string(), span.to_string()]);
    world.deliver_at(PROJECT, &body, RECEIVED);
    let before = world.db.changes();
    world.deliver_at(PROJECT, &body, RECEIVED + 24 * 60 * 60_000);
    assert_eq!(world.db.changes(), before);
}
