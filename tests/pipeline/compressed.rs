//! Raw batches whose objects are compressed: the same batches, read in the same way.

use edgespan::batch::{BatchRef, RawStore, is_gzipped};
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::queue::Message;
use pollster::block_on;
use proptest::prelude::*;
use serde_json::Value;
use sim::objects::gzip;
use sim::state::{dump, find_wrong};
use sim::verification::Verification;

use crate::common::platform::{KEY, Native, Sent};
use crate::common::{PROJECT, RECEIVED, World, body};

/// A trace and two spans of it with inputs of so many characters.
fn events(n: usize, input: usize) -> String {
    let span = |s: usize| {
        format!(
            r#"{{"type":"span-create","body":{{"traceId":"t{}","id":"s{n}-{s}","name":"n","type":"LLM",
            "model":"m","input":"{s}{}","usage":{{"totalTokens":{n}}}}}}}"#,
            n % 2,
            "é ".repeat(input / 2)
        )
    };
    let trace = format!(
        r#"{{"type":"trace-create","body":{{"id":"t{}","name":"t","metadata":{{"n":{n}}}}}}}"#,
        n % 2
    );
    body(&[trace, span(0), span(1)])
}

/// Stores a body, compressed or not, and has it written: the object's key.
fn deliver(world: &World, text: &str, received: i64, compressed: bool) -> String {
    let batch = BatchRef::of(PROJECT, text.as_bytes(), received, "json");
    let (batch, raw) = if compressed {
        (batch.gzipped(), gzip(text.as_bytes()))
    } else {
        (batch, text.as_bytes().to_vec())
    };
    block_on(world.store.put(&batch.key(), &raw)).unwrap();
    let deliveries = [Delivery { message: Message::of(&batch), attempt: 1 }];
    let (formats, store, db) = (world.formats, &world.store, &world.db);
    let outcomes = block_on(consume(&deliveries, &|| RECEIVED, formats, store, db));
    assert!(matches!(outcomes[0], Outcome::Ack(_)), "{outcomes:?}");
    batch.key()
}

fn differences(world: &World) -> Vec<String> {
    let World { db, store, formats, .. } = world;
    let (now, since) = (RECEIVED + 3_600_000, "1970-01-01");
    let lines =
        Verification { store, keys: 1_000, db, formats: *formats, now, since }.report().lines;
    lines.into_iter().collect()
}

#[test]
fn a_trace_says_the_same_of_compressed_batches() {
    let (plain, mixed) = (World::new(), World::new());
    for n in 0..6 {
        deliver(&plain, &events(n, 10), RECEIVED, false);
        deliver(&mixed, &events(n, 10), RECEIVED, n % 3 > 0);
    }
    for id in ["t0", "t1"] {
        let (one, other) = (plain.get(PROJECT, id), mixed.get(PROJECT, id));
        assert!(one.contains("é") && !one.contains("raw batch"), "{one}");
        assert_eq!(one, other);
    }
    // No read more: each compressed object is read once, as each other is.
    assert_eq!(plain.store.reads.get(), mixed.store.reads.get());
    assert_eq!(differences(&mixed), [""; 0]);
    assert_eq!(find_wrong(&mixed.db), [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// The same bodies, some sent twice: whatever form each is kept in, whatever the order and
    /// also where both were received in one millisecond, each counts once, and its first object.
    #[test]
    fn a_body_that_comes_in_both_forms_is_one_batch(
        order in Just((0..8).collect::<Vec<usize>>()).prop_shuffle(),
        apart in 0_i64..2,
    ) {
        let sendings = |at: usize| {
            // Each body plain and compressed; of every other the compressed one came first.
            let (n, compressed) = (at / 2, at % 2 == 1);
            let later = compressed == (n % 2 == 0);
            (events(n, 4), RECEIVED + if later { apart } else { 0 }, compressed)
        };
        let (sorted, world) = (World::new(), World::new());
        for at in 0..8 {
            let (text, received, compressed) = sendings(at);
            deliver(&sorted, &text, received, compressed);
        }
        for at in order {
            let (text, received, compressed) = sendings(at);
            deliver(&world, &text, received, compressed);
        }
        let ledger = "select json_array(count(*), sum(events), max(received_ms)) from batch";
        prop_assert_eq!(world.db.texts(ledger), [format!("[4,12,{RECEIVED}]")]);
        for id in ["t0", "t1"] {
            prop_assert_eq!(world.get(PROJECT, id), sorted.get(PROJECT, id));
        }
        prop_assert_eq!(differences(&world), [""; 0]);
        // Written again, nothing changes.
        let before = dump(&world.db);
        for at in (0..8).rev() {
            let (text, received, compressed) = sendings(at);
            deliver(&world, &text, received, compressed);
        }
        prop_assert_eq!(dump(&world.db), before);
    }
}

#[test]
fn of_two_objects_of_one_millisecond_either_may_be_the_one_that_was_written() {
    for compressed in [false, true] {
        let world = World::new();
        // The other was acknowledged, too, and its message lost: the ledger knows the batch.
        let text = events(0, 10);
        let other = BatchRef::of(PROJECT, text.as_bytes(), RECEIVED, "json");
        let (other, raw) = if compressed {
            (other, text.clone().into_bytes())
        } else {
            (other.gzipped(), gzip(text.as_bytes()))
        };
        deliver(&world, &text, RECEIVED, compressed);
        block_on(world.store.put(&other.key(), &raw)).unwrap();
        assert_eq!(differences(&world), [""; 0], "{compressed}");
        // It does not hide what is missing.
        world.db.execute("delete from trace");
        assert!(differences(&world).iter().any(|line| line.contains("it is not there")));
    }
}

#[test]
fn one_that_is_damaged_is_told_and_fails_nothing_else() {
    let world = World::new();
    let key = deliver(&world, &events(0, 10), RECEIVED, true);
    deliver(&world, &events(2, 10), RECEIVED, true);
    let whole = world.store.objects.borrow()[&key].clone();
    let half = whole[..whole.len() / 2].to_vec();
    for damaged in [half, events(0, 10).into_bytes(), Vec::new()] {
        world.store.objects.borrow_mut().insert(key.clone(), damaged);
        let trace: Value = serde_json::from_str(&world.get(PROJECT, "t0")).unwrap();
        let text = trace.to_string();
        assert!(text.contains("the raw batch is not what the index says"), "{text}");
        assert_eq!(text.matches(r#""input":""#).count(), 2, "{text}");
        let found = differences(&world);
        let named = |line: &String| line.contains("its bytes are not those that it is named by");
        assert!(found.iter().any(named), "{found:?}");
        let batch = BatchRef::parse(&key).unwrap();
        let again = [Delivery { message: Message::of(&batch), attempt: 1 }];
        let World { formats, store, db, .. } = &world;
        let outcomes = block_on(consume(&again, &|| RECEIVED, *formats, store, db));
        assert!(matches!(&outcomes[0], Outcome::Bury { why } if why.contains("does not decode")));
    }
}

/// What is compressed where that is set.
const LARGE: usize = 256 * 1024;

fn post(native: &Native, body: Vec<u8>, encoding: &str) -> String {
    let before: Vec<_> = native.0.world.store.objects.borrow().keys().cloned().collect();
    let sent = Sent::new("POST", "/api/v1/traces").bearer(KEY).body(body);
    let sent = if encoding.is_empty() { sent } else { sent.header("content-encoding", encoding) };
    let reply = native.serve(sent).reply;
    assert_eq!(reply.status, 201, "{}", reply.text());
    let objects = native.0.world.store.objects.borrow();
    let key = objects.keys().find(|key| !before.contains(key));
    key.unwrap().clone()
}

#[test]
fn what_comes_compressed_is_kept_as_it_came_and_what_is_large_is_compressed() {
    let small = events(1, 10).into_bytes();
    let large = |n| events(n, LARGE).into_bytes();
    let kept = |native: &Native, key: &str| native.0.world.store.objects.borrow()[key].clone();
    let native = Native::new();
    native.0.settings.borrow_mut().insert("COMPRESS_FROM_KB".into(), "256".into());
    let came = gzip(&small);
    let key = post(&native, came.clone(), "gzip");
    assert!(is_gzipped(&key) && kept(&native, &key) == came, "{key}");
    let key = post(&native, small.clone(), "");
    assert!(!is_gzipped(&key) && kept(&native, &key) == small, "{key}");
    let key = post(&native, large(2), "");
    assert!(is_gzipped(&key) && kept(&native, &key).len() < large(2).len() / 10, "{key}");
    assert_eq!(
        native.0.world.store.bodies().iter().filter(|(_, body)| *body == large(2)).count(),
        1
    );
    // Of several members the platform takes none off: it is kept as any other body.
    let small = events(3, 10).into_bytes();
    let members = [gzip(&small[..50]), gzip(&small[50..])].concat();
    let key = post(&native, members, "gzip");
    assert!(!is_gzipped(&key) && kept(&native, &key) == small, "{key}");
    // Where there is no room for both it is kept as it is.
    let room = 10 * 1024 * 1024;
    let others = native
        .1
        .compressed
        .take(room + 1 - u64::try_from(large(4).len()).unwrap(), RECEIVED)
        .unwrap();
    let key = post(&native, large(4), "");
    assert!(!is_gzipped(&key) && kept(&native, &key) == large(4), "{key}");
    drop(others);
    assert_eq!(native.deliver(), 5);
    assert_eq!(
        native.0.world.db.texts("select json_array(count(*), sum(events)) from batch"),
        ["[4,12]"]
    );
    assert_eq!(
        native.0.world.db.texts("select cast(bytes as text) from batch where bytes > 99999").len(),
        2
    );
    // Where it is set otherwise, or not at all.
    for (set, n, compressed) in [("1", 6, true), ("", 5, false)] {
        native.0.settings.borrow_mut().insert("COMPRESS_FROM_KB".into(), set.into());
        let body = if compressed { events(n, 2_000).into_bytes() } else { large(n) };
        assert_eq!(is_gzipped(&post(&native, body, "")), compressed, "{set}");
    }
    // All that was taken is given back.
    drop(native.1.uploads.take(42 * 1024 * 1024, RECEIVED).unwrap());
    drop(native.1.compressed.take(room, RECEIVED).unwrap());
}

#[test]
fn what_does_not_get_smaller_is_not_compressed() {
    let mut state = 7_u64;
    let noise = std::iter::repeat_with(|| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u8::try_from(state >> 56).unwrap()
    });
    let noise: Vec<u8> = noise.take(LARGE).collect();
    assert!(block_on(World::new().store.compress(&noise)).is_none());
}
