//! Scores: whatever order they and their traces come in, however they are split into batches
//! and repeated, with deletions among them, what the read API says is the same.

use std::borrow::Cow;

use edgespan::api;
use edgespan::batch::{BatchRef, RawStore};
use edgespan::formats::decoded::Decoded;
use edgespan::formats::scores::rating::{RATING, Rating};
use edgespan::formats::wire_format::WireFormat;
use edgespan::formats::{Formats, scores, twosignal};
use edgespan::model::{Body, Event, Rank, ScoreBody, ScoreSource};
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::queue::Message;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::{PROJECT, RECEIVED, World};

/// A format whose scores say all that scores may: a line of JSON each.
const SAID: WireFormat = WireFormat {
    ending: "said.txt",
    paths: &[],
    check: |body| {
        let events = read(body).len();
        Ok(Decoded { events, accepted: events, ..Decoded::default() })
    },
    decode: |body| Ok(read(body)),
    decode_event: |_| Vec::new(),
    ..scores::FORMAT
};

static FORMATS: &[WireFormat] =
    &[twosignal::FORMAT, scores::FORMAT, scores::DELETION, RATING, SAID];

fn read(body: &[u8]) -> Vec<Event<'_>> {
    let mut events = Vec::new();
    let mut start = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let range = start..start + line.len();
        start = range.end;
        let said: Value = serde_json::from_slice(line).unwrap();
        let text = |name: &str| said[name].as_str().map(|text| Cow::Owned(text.to_owned()));
        let score = ScoreBody {
            id: text("id"),
            trace: text("trace"),
            span: text("span"),
            session: text("session"),
            name: text("name").unwrap_or_default(),
            value: said["value"].as_f64(),
            label: text("label"),
            boolean: said["boolean"] == true,
            reasoning: text("reasoning"),
            metadata: (!said["metadata"].is_null()).then(|| said["metadata"].to_string().into()),
            deleted: said["deleted"] == true,
            source: if said["person"] == true { ScoreSource::Person } else { ScoreSource::Client },
        };
        let rank = if said["update"] == true { Rank::Update } else { Rank::Create };
        events.push(Event {
            index: events.len(),
            range,
            context: None,
            envelope: None,
            timestamp: said["at"].as_i64(),
            rank,
            body: Body::Score(score),
        });
    }
    events
}

/// 2026-03-14T10:00:00Z.
const MARCH: i64 = 1_773_482_400_000_000;

fn world() -> World {
    World { formats: Formats(FORMATS), ..World::new() }
}

/// Has the consumer write batches together, each given by its body, ending and time.
fn deliver(world: &World, batches: &[(String, &str, i64)]) {
    let deliveries = batches.iter().map(|(body, ending, received)| {
        let batch = BatchRef::of(PROJECT, body.as_bytes(), *received, ending);
        pollster::block_on(world.store.put(&batch.key(), &body.as_bytes().to_vec())).unwrap();
        Delivery { message: Message::of(&batch), attempt: 1 }
    });
    let deliveries: Vec<_> = deliveries.collect();
    let done = consume(&deliveries, &|| RECEIVED, world.formats, &world.store, &world.db);
    for outcome in pollster::block_on(done) {
        assert!(matches!(outcome, Outcome::Ack(_)), "{outcome:?}");
    }
}

fn said(fields: &Value) -> String {
    format!("{fields}\n")
}

/// A trace with two spans, of which the root has the trace's id.
fn trace(id: &str) -> String {
    let span = |span: &str| {
        json!({ "type": "span-create", "body": { "traceId": id, "id": span,
        "name": "n", "type": "LLM", "startTime": "2026-03-14T10:00:00Z" } })
    };
    json!({ "batch": [span(id), span(&format!("{id}.1"))] }).to_string()
}

fn listed(world: &World, query: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let query = format!("{query}&limit=2{cursor}");
        let page = api::list_scores(PROJECT, &query, &world.db);
        let mut page: Value = serde_json::from_str(&pollster::block_on(page).unwrap()).unwrap();
        let found: Vec<Value> = serde_json::from_value(page["scores"].take()).unwrap();
        assert!(found.len() <= 2);
        all.extend(found);
        let Some(next) = page["nextCursor"].as_str() else { return all };
        cursor = format!("&cursor={next}");
    }
}

fn of_trace(world: &World, trace: &str) -> (i64, Vec<Value>) {
    let mut answer: Value = serde_json::from_str(&world.get(PROJECT, trace)).unwrap();
    let scores = serde_json::from_value(answer["scores"].take()).unwrap();
    (answer["scoreCount"].as_i64().unwrap(), scores)
}

/// All that a reader is told of scores.
fn answers(world: &World) -> Vec<String> {
    let mut answers: Vec<String> = listed(world, "").iter().map(Value::to_string).collect();
    for trace in ["t0", "t1"] {
        answers.push(format!("{:?}", of_trace(world, trace)));
        answers.push(format!("{:?}", listed(world, &format!("traceId={trace}"))));
    }
    answers.extend(world.listed(PROJECT));
    answers.extend(world.db.dump("select * from score order by id"));
    answers
}

fn maybe<T: std::fmt::Debug + Clone + 'static>(
    some: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<T>> {
    proptest::option::of(some).boxed()
}

fn line() -> impl Strategy<Value = String> {
    let ids = (maybe(0..4_u8), maybe(0..2_u8), maybe(0..2_u8), maybe("[uv]"));
    let order =
        (maybe(0..4_i64), prop::bool::ANY, prop::bool::weighted(0.1), prop::bool::weighted(0.4));
    let says = ("[no]", maybe(0..9_u8), maybe("[lm]"), maybe("[ab]{0,2}"), prop::bool::ANY);
    (ids, order, says).prop_map(
        |(
            (id, trace, span, session),
            (at, update, deleted, person),
            (name, value, label, reasoning, boolean),
        )| {
            // Events without an id have one of their batch, so they are told apart by that.
            let id = id.unwrap_or(4);
            said(&json!({ "id": format!("score{id}"), "trace": trace.map(|n| format!("t{n}")),
                "span": span.map(|n| ["t0", "t0.1"][usize::from(n)]), "session": session,
                "at": RECEIVED * 1_000 + at.unwrap_or(0), "update": update, "deleted": deleted,
                "name": name, "value": value.map(|n| f64::from(n) / 10.0), "label": label,
                "reasoning": reasoning, "boolean": boolean, "person": person }))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_order_split_and_repetition_ends_in_the_same_answers(
        (lines, places, order) in prop::collection::vec(line(), 1..16).prop_flat_map(|lines| {
            let places = prop::collection::vec((0..5_usize, maybe(0..5_usize)), lines.len());
            (Just(lines), places, Just((0..7).collect::<Vec<usize>>()).prop_shuffle())
        }),
        together in 1..5_usize,
    ) {
        let at_once = world();
        let traces = ["t0", "t1"].map(|id| (trace(id), "json", RECEIVED));
        deliver(&at_once, &traces);
        deliver(&at_once, &[(lines.concat(), SAID.ending, RECEIVED)]);
        let batch = |n: usize| {
            if let Some(trace) = n.checked_sub(5) {
                return traces[trace].clone();
            }
            let some = lines.iter().zip(&places)
                .filter(|(_, (first, second))| *first == n || *second == Some(n))
                .map(|(line, _)| line.clone());
            (some.collect::<String>(), SAID.ending, RECEIVED)
        };
        let batches: Vec<_> = order.into_iter().map(batch).filter(|(body, ..)| !body.is_empty()).collect();
        let scattered = world();
        for batch in &batches {
            deliver(&scattered, std::slice::from_ref(batch));
            deliver(&scattered, std::slice::from_ref(batch));
        }
        let grouped = world();
        for some in batches.chunks(together) {
            deliver(&grouped, some);
        }
        let wanted = answers(&at_once);
        prop_assert_eq!(&answers(&scattered), &wanted);
        prop_assert_eq!(&answers(&grouped), &wanted);
    }
}

#[test]
fn a_deleted_score_stays_deleted_whatever_is_written_again() {
    let post = json!({ "id": "s", "traceId": "t0", "evaluatorName": "e", "value": 1 }).to_string();
    let deletion = String::from_utf8(scores::deletion_of("s")).unwrap();
    let batches = [
        (post, "scores.json", RECEIVED),
        (deletion, "unscore.json", RECEIVED + 1),
        (trace("t0"), "json", RECEIVED),
    ];
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0]] {
        let world = world();
        for at in order {
            deliver(&world, &batches[at..=at]);
        }
        deliver(&world, &batches);
        assert_eq!(listed(&world, ""), [Value::Null; 0]);
        assert_eq!(of_trace(&world, "t0"), (0, vec![]));
        let kept = "select count(*), max(coalesce(trace, name, value, reasoning, '')) from score";
        assert_eq!(world.db.dump(kept), [r#"[Integer(1), Text("")]"#]);
    }
}

/// A rating of trace `t0`, good, bad or taken back, at a time.
fn rated(good: Option<bool>, at: i64) -> (String, &'static str, i64) {
    let rating = Rating {
        id: "sc_1".into(),
        at,
        trace_id: "t0".into(),
        span_id: None,
        by: "key_1".into(),
        good,
        note: None,
        taken_back: good.is_none(),
    };
    (String::from_utf8(rating.to_body()).unwrap(), RATING.ending, RECEIVED)
}

#[test]
fn what_a_person_said_last_counts_and_no_client_replaces_it() {
    let deletion = String::from_utf8(scores::deletion_of("sc_1")).unwrap();
    let client = said(&json!({ "id": "sc_1", "trace": "t0", "name": "n", "value": 0.5, "at": 99 }));
    let client = (client, SAID.ending, RECEIVED);
    let (good, bad, none) =
        (|at| rated(Some(true), at), |at| rated(Some(false), at), |at| rated(None, at));
    for (batches, left) in [
        (vec![good(1), bad(2)], Some("bad")),
        (vec![bad(2), good(1)], Some("bad")),
        (vec![good(1), none(2)], None),
        (vec![none(2), good(1)], None),
        (vec![good(1), none(2), bad(3)], Some("bad")),
        (vec![bad(3), none(2)], Some("bad")),
        (vec![client.clone(), good(1)], Some("good")),
        (vec![good(1), client], Some("good")),
        (vec![good(1), (deletion, "unscore.json", RECEIVED), bad(3)], None),
    ] {
        let world = world();
        deliver(&world, &[(trace("t0"), "json", RECEIVED)]);
        for at in 0..batches.len() {
            deliver(&world, &batches[at..=at]);
        }
        let (count, scores) = of_trace(&world, "t0");
        let labels: Vec<_> = scores
            .iter()
            .map(|score| (score["label"].as_str().unwrap(), score["source"].as_str().unwrap()))
            .collect();
        let wanted: Vec<_> = left.into_iter().map(|label| (label, "human")).collect();
        assert_eq!((count, &labels), (i64::try_from(wanted.len()).unwrap(), &wanted));
        deliver(&world, &batches);
        assert_eq!(of_trace(&world, "t0"), (count, scores), "written again it changes nothing");
    }
}

#[test]
fn a_batch_of_scores_alone_makes_no_trace_and_a_second_delivery_writes_nothing() {
    let world = world();
    let line = |id: &str| said(&json!({ "id": id, "trace": "t0", "name": "n", "value": 0.5 }));
    let batch = [([line("a"), line("b")].concat(), SAID.ending, RECEIVED)];
    deliver(&world, &batch);
    assert_eq!(world.db.dump("select count(*) from trace"), ["[Integer(0)]"]);
    assert_eq!(world.db.dump("select events from batch"), ["[Integer(2)]"]);
    let before = world.db.changes();
    deliver(&world, &batch);
    assert_eq!(world.db.changes(), before);
    deliver(&world, &[(trace("t0"), "json", RECEIVED)]);
    assert_eq!(of_trace(&world, "t0").0, 2);
}

#[test]
fn what_names_a_span_alone_is_of_the_trace_that_has_it() {
    let world = world();
    let line =
        |id: &str, span: &str| said(&json!({ "id": id, "span": span, "name": "n", "at": 1 }));
    let lines = [line("of root", "t0"), line("of child", "t0.1"), line("of none", "x")].concat();
    deliver(&world, &[(lines, SAID.ending, RECEIVED), (trace("t0"), "json", RECEIVED)]);
    let (count, scores) = of_trace(&world, "t0");
    let ids: Vec<_> = scores.iter().map(|score| score["id"].as_str().unwrap()).collect();
    assert_eq!((count, ids), (2, vec!["of root", "of child"]));
    assert_eq!(listed(&world, "traceId=t0").len(), 1);
    assert_eq!(listed(&world, "spanId=t0.1").len(), 1);
    assert_eq!(listed(&world, "").len(), 3);
}

#[test]
fn filters_let_through_what_they_say() {
    let world = world();
    let line = |id: &str, name: &str, value: f64, label: &str, at: i64| {
        said(
            &json!({ "id": id, "trace": "t0", "span": id, "session": name, "name": name, "value": value,
            "label": label, "at": at }),
        )
    };
    let lines = [
        line("a", "x", 0.1, "good", MARCH),
        line("b", "x", 0.1 + 0.2, "bad", MARCH + 1_000),
        line("c", "y", 1e-7, "good", MARCH + 86_400_000_000),
    ];
    deliver(&world, &[(lines.concat(), SAID.ending, RECEIVED)]);
    for (query, ids) in [
        ("", "cba"),
        ("traceId=t0", "cba"),
        ("traceId=t", ""),
        ("evaluatorName=x", "ba"),
        ("label=good", "ca"),
        ("label=good&evaluatorName=y", "c"),
        ("spanId=b", "b"),
        ("sessionId=y", "c"),
        ("source=api", "cba"),
        ("source=evaluator", ""),
        ("source=human", ""),
        ("minValue=0.1", "ba"),
        ("maxValue=0.1", "ca"),
        ("minValue=1e-7&maxValue=0.00000010", "c"),
        ("startDate=2026-03-15", "c"),
        ("endDate=2026-03-14", "ba"),
        ("endDate=2026-03-14T10:00:00.000Z", "a"),
        ("startDate=2026-03-14T10:00:00.001Z&traceId=t0&endDate=2026-03-14T10:00:00.001Z", "b"),
    ] {
        let found = listed(&world, query);
        let found: String = found.iter().map(|score| score["id"].as_str().unwrap()).collect();
        assert_eq!(found, ids, "{query}");
    }
    assert_eq!(listed(&world, "spanId=b")[0]["value"].to_string(), "0.30000000000000004");
    for query in [
        "limit=0",
        "limit=101",
        "cursor=x",
        "source=me",
        "minValue=x",
        "maxValue=inf",
        "startDate=x",
    ] {
        let asked = pollster::block_on(api::list_scores(PROJECT, query, &world.db));
        let name = query.split('=').next().unwrap();
        let why = format!("{:?}", asked.unwrap_err());
        assert!(why.contains(&format!("path: \"{name}\"")), "{why}");
    }
}
