//! Calls of models that are instrumented twice, a client and the library around it: spans
//! below each other that say one usage. It counts once, whatever order they come in.

use edgespan::batch::{BatchRef, RawStore};
use edgespan::formats::FORMATS;
use edgespan::index::RowBounds;
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::queue::Message;
use proptest::prelude::*;
use serde_json::{Value, json};
use sim::state::find_wrong;

use crate::common::{PROJECT, RECEIVED, World, body, pages};

const TRACE: &str = "0102030405060708090a0b0c0d0e0f10";

/// The kind, tokens and cost (in thousandths) of a span, and which it is below: 0 for none.
type Said = (u8, &'static str, Option<u64>, Option<u64>);

fn span(id: u16, (parent, kind, tokens, cost): Said) -> Value {
    let mut attributes =
        vec![json!({ "key": "openinference.span.kind", "value": { "stringValue": kind } })];
    attributes.extend(
        tokens.map(|n| json!({ "key": "llm.token_count.total", "value": { "intValue": n } })),
    );
    #[allow(clippy::cast_precision_loss, reason = "small")]
    let dollars = cost.map(|cost| cost as f64 / 1e3);
    attributes.extend(
        dollars.map(|cost| json!({ "key": "llm.cost.total", "value": { "doubleValue": cost } })),
    );
    let parent = if parent == 0 { String::new() } else { format!("{parent:016x}") };
    let start = RECEIVED * 1_000_000 + i64::from(id) * 1_000;
    json!({ "traceId": TRACE, "spanId": format!("{id:016x}"), "parentSpanId": parent, "name": "n",
        "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + 5_000_000).to_string(),
        "attributes": attributes })
}

fn deliver(world: &World, spans: &[Value]) {
    let export = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] });
    let body = export.to_string().into_bytes();
    let batch = BatchRef::of(PROJECT, &body, RECEIVED, "otlp.json");
    pollster::block_on(world.store.put(&batch.key(), &body)).unwrap();
    let delivery = [Delivery { message: Message::of(&batch), attempt: 1 }];
    let done = consume(&delivery, &|| RECEIVED, FORMATS, &world.store, &world.db);
    assert!(matches!(&*pollster::block_on(done), [Outcome::Ack(_)]));
}

/// The tokens and the cost of the trace of these spans.
fn totals(world: &World) -> (u64, String) {
    let trace: Value = serde_json::from_str(&world.get(PROJECT, TRACE)).unwrap();
    (trace["totalTokens"].as_u64().unwrap(), trace["totalCost"].as_str().unwrap().to_owned())
}

fn numbered(said: &[Said]) -> Vec<Value> {
    (1..).zip(said).map(|(id, said)| span(id, *said)).collect()
}

#[test]
fn a_call_right_below_one_that_says_its_usage_does_not_count() {
    let (some, none) = (Some(100), None);
    for (what, spans, expected) in [
        (
            "both say it",
            vec![(0, "LLM", some, Some(5)), (1, "LLM", Some(90), Some(4))],
            (100, "0.005"),
        ),
        (
            "the inner alone has a cost",
            vec![(0, "LLM", some, none), (1, "LLM", some, Some(4))],
            (100, "0.004"),
        ),
        (
            "the inner alone says it",
            vec![(0, "LLM", none, none), (1, "LLM", some, Some(4))],
            (100, "0.004"),
        ),
        (
            "the outer says nought",
            vec![(0, "LLM", Some(0), none), (1, "LLM", some, none)],
            (100, "0"),
        ),
        (
            "three in each other",
            vec![(0, "LLM", some, none), (1, "LLM", some, none), (2, "LLM", some, none)],
            (100, "0"),
        ),
        (
            "two below one",
            vec![(0, "LLM", some, none), (1, "LLM", Some(60), none), (1, "LLM", Some(40), none)],
            (100, "0"),
        ),
        (
            "one beside the other",
            vec![(0, "AGENT", none, none), (1, "LLM", some, none), (1, "LLM", some, none)],
            (200, "0"),
        ),
        (
            "a step between",
            vec![(0, "LLM", some, none), (1, "CHAIN", none, none), (2, "LLM", some, none)],
            (200, "0"),
        ),
        (
            "a retriever below",
            vec![(0, "LLM", some, none), (1, "RETRIEVER", some, none)],
            (200, "0"),
        ),
        ("its own parent", vec![(1, "LLM", some, none)], (100, "0")),
    ] {
        let spans = numbered(&spans);
        for reversed in [false, true] {
            let world = World::new();
            let mut spans = spans.clone();
            if reversed {
                spans.reverse();
            }
            for one in &spans {
                deliver(&world, std::slice::from_ref(one));
            }
            let (tokens, cost) = totals(&world);
            assert_eq!((tokens, &*cost), expected, "{what}");
            assert_eq!(find_wrong(&world.db), Vec::<String>::new(), "{what}");
        }
    }
}

#[test]
fn a_span_that_says_more_later_is_counted_anew() {
    let world = World::new();
    deliver(&world, &numbered(&[(0, "LLM", None, None), (1, "LLM", Some(40), None)]));
    assert_eq!(totals(&world).0, 40);
    let mut later = span(1, (0, "LLM", Some(50), None));
    later["endTimeUnixNano"] = (RECEIVED * 1_000_000 + 90_000_000).to_string().into();
    deliver(&world, &[later]);
    assert_eq!(totals(&world).0, 50);
}

#[test]
fn the_tree_adds_up_to_what_the_trace_says() {
    let world = World::new();
    deliver(
        &world,
        &numbered(&[
            (0, "AGENT", None, None),
            (1, "LLM", Some(70), None),
            (2, "LLM", Some(70), None),
            (1, "LLM", Some(0), None),
            (4, "LLM", Some(7), None),
        ]),
    );
    assert_eq!(totals(&world).0, 77);
    let page = pages::html(&world, &format!("/traces/{TRACE}"));
    assert!(page.contains("Σ 77") && page.contains("Σ 7<") && !page.contains("Σ 147"), "{page}");
}

#[test]
fn spans_with_rows_of_their_own_count_plainly() {
    let world = World::new();
    world.db.1.set(RowBounds { spans: 1, ..RowBounds::default() });
    deliver(&world, &numbered(&[(0, "LLM", Some(100), None), (1, "LLM", Some(90), None)]));
    assert_eq!(totals(&world).0, 190);
    assert_eq!(find_wrong(&world.db), Vec::<String>::new());
}

#[test]
fn the_api_s_own_format_adds_up_plainly() {
    let world = World::new();
    let event = |id: &str, parent: &str| {
        json!({ "type": "span-create", "body": { "traceId": "t", "id": id, "name": "n", "type": "LLM",
            "parentSpanId": parent, "usage": { "totalTokens": 5 } } })
        .to_string()
    };
    let outcome = world.deliver(PROJECT, &body(&[event("a", ""), event("b", "a")]));
    assert!(matches!(outcome, Outcome::Ack(_)));
    let trace: Value = serde_json::from_str(&world.get(PROJECT, "t")).unwrap();
    assert_eq!(trace["totalTokens"], 10);
}

fn said() -> impl Strategy<Value = Said> {
    let kind = prop::sample::select(vec!["LLM", "LLM", "LLM", "AGENT", "RETRIEVER"]);
    let number = || prop::option::of(0..4_u64);
    (0..8_u8, kind, number(), number())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_order_split_and_repetition_counts_the_same(
        said in prop::collection::vec(said(), 1..8),
        places in prop::collection::vec((0..4_usize, prop::option::of(0..4_usize)), 8),
        order in Just((0..4).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let spans = numbered(&said);
        let (at_once, scattered) = (World::new(), World::new());
        deliver(&at_once, &spans);
        for batch in order {
            let some = spans.iter().zip(&places);
            let some = some.filter(|(_, (first, second))| *first == batch || *second == Some(batch));
            let some: Vec<_> = some.map(|(span, _)| span.clone()).collect();
            if !some.is_empty() {
                deliver(&scattered, &some);
                deliver(&scattered, &some);
            }
        }
        prop_assert_eq!(totals(&at_once), totals(&scattered));
        prop_assert_eq!(at_once.listed(PROJECT), scattered.listed(PROJECT));
        prop_assert_eq!(find_wrong(&scattered.db), Vec::<String>::new());
        // Written from the rule.
        let used = |n: usize| {
            let (_, kind, tokens, cost) = said[n];
            if kind == "AGENT" { (0, 0) } else { (tokens.unwrap_or(0), cost.unwrap_or(0)) }
        };
        let (mut tokens, mut cost) = (0, 0);
        for (n, (parent, kind, ..)) in said.iter().enumerate() {
            let parent = usize::from(*parent).checked_sub(1).filter(|p| *p != n && *p < said.len());
            let above = parent.filter(|p| *kind == "LLM" && said[*p].1 == "LLM").map_or((0, 0), used);
            tokens += if above.0 > 0 { 0 } else { used(n).0 };
            cost += if above.1 > 0 { 0 } else { used(n).1 };
        }
        let found = totals(&at_once);
        let dollars: f64 = found.1.parse().unwrap();
        prop_assert_eq!((found.0, format!("{:.0}", dollars * 1e3)), (tokens, cost.to_string()));
    }
}
