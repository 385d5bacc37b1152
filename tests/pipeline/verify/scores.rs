//! Scores beside the batches that say them.

use edgespan::formats::scores::deletion_of;
use edgespan::formats::scores::rating::Rating;
use serde_json::json;

use super::*;

fn send(world: &World, body: &[u8], at: i64, ending: &str) {
    let received = RECEIVED + at;
    let batch = match ending {
        "scores.json" => BatchRef::sent_once(PROJECT, body, received, ending, 7),
        _ => BatchRef::of(PROJECT, body, received, ending),
    };
    block_on(world.store.put(&batch.key(), &body.to_vec())).unwrap();
    let deliveries = [Delivery { message: Message::of(&batch), attempt: 1 }];
    let done = block_on(consume(&deliveries, &|| RECEIVED, FORMATS, &world.store, &world.db));
    assert!(matches!(done[0], Outcome::Ack(_)), "{done:?}");
}

#[test]
fn a_rating_is_what_was_said_last_be_it_taken_back() {
    let world = filled(2_000);
    let rating = |at: i64, taken_back| Rating {
        id: "sc_r".into(),
        at,
        trace_id: "t1".into(),
        span_id: None,
        by: "key".into(),
        good: Some(true),
        note: None,
        taken_back,
    };
    for (n, taken_back) in [false, true, false, true].into_iter().enumerate() {
        let n = i64::try_from(n).unwrap();
        send(&world, &rating(n, taken_back).to_body(), 600_000 + n, "rating.json");
        assert_eq!(lines(&world), [""; 0]);
    }
    run(&world, "update score set at_us = 0, deleted = 0");
    assert_eq!(lines(&world), ["p1 score sc_r: it is older than what is said of it"]);
    let (_, kept, _) = repair_since(&world, BEGINNING);
    assert!(kept.is_empty());
    assert_eq!(world.db.dump("select deleted, at_us from score"), ["[Integer(1), Integer(3)]"]);
    run(&world, "update score set source = 0, deleted = 0");
    assert_eq!(lines(&world), ["p1 score sc_r: it is older than what is said of it"]);
}

#[test]
fn scores_that_are_missing_older_or_altered_are_found() {
    let world = filled(2_000);
    let score =
        |id: &str, value: f64| json!({ "id": id, "traceId": "t1", "name": "n", "value": value });
    let first = json!([score("a", 0.1), score("b", 0.2), score("c", 0.3)]).to_string();
    send(&world, first.as_bytes(), 600_000, "scores.json");
    send(&world, score("a", 0.9).to_string().as_bytes(), 600_001, "scores.json");
    send(&world, &deletion_of("b"), 600_002, "unscore.json");
    assert_eq!(lines(&world), [""; 0]);
    let before = world.db.dump("select * from score");
    for (change, expected) in [
        ("delete from score", &["p1 score a: it is not there", "p1 score b: it is not there", "p1 score c: it is not there"][..]),
        ("update score set at_us = at_us - 1000 where id = 'a'", &["p1 score a: it is older than what is said of it"]),
        ("delete from score where id = 'b'; insert into score select project, 'b', 0, rank, at_us, hash, trace, span, session,
          subject, name, value, boolean, label, reasoning, metadata, source from score where id = 'c'", &["p1 score b: it is older than what is said of it"]),
    ] {
        run(&world, change);
        assert_eq!(lines(&world), expected, "{change}");
        let (_, kept, queued) = repair_since(&world, BEGINNING);
        assert!(kept.is_empty() && queued > 0);
        assert_eq!(lines(&world), [""; 0], "{change}");
        assert_eq!(world.db.dump("select * from score"), before, "{change}");
    }
    run(&world, "update score set value = '1.0' where id = 'c'");
    assert_eq!(lines(&world), ["p1 score c: it is not what its batch says"]);
}
