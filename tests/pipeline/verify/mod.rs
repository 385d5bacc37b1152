//! Comparing the index with the raw batches: nothing differs that is right; whatever is
//! wrong is found and named; and what is forgotten and queued again is right.

mod columns;
mod packs;
mod scores;

use crate::common::{PROJECT, RECEIVED, Waiting, World, body};
use edgespan::batch::{BatchRef, RawStore};
use edgespan::formats::FORMATS;
use edgespan::index::RowBounds;
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::queue::Message;
use edgespan::pipeline::verify::forget::{ForgetRequest, forget};
use edgespan::pipeline::verify::raw_batches::{Open, Seen, VerifyRequest, verify};
use pollster::block_on;
use sim::state::{dump, find_wrong};
use sim::verification::{Report, Verification};

const BEGINNING: &str = "1970-01-01";
/// Long after all was received.
const LATER: i64 = RECEIVED + 3_600_000;

fn verification<'a>(world: &'a World, since: &'a str) -> Verification<'a> {
    let World { db, store, formats, .. } = world;
    let keys = store.lists_at_most.unwrap_or(usize::MAX);
    Verification { store, keys, db, formats: *formats, now: LATER, since }
}

fn report_since(world: &World, since: &str) -> Report {
    verification(world, since).report()
}

fn report(world: &World) -> Report {
    report_since(world, BEGINNING)
}

fn lines(world: &World) -> Vec<String> {
    report(world).lines.into_iter().collect()
}

fn deliver_all(world: &World, queue: &Waiting) -> usize {
    let messages = queue.0.take();
    let all: Vec<_> =
        messages.into_iter().map(|message| Delivery { message, attempt: 1 }).collect();
    for some in all.chunks(3) {
        let outcomes = block_on(consume(some, &|| LATER, FORMATS, &world.store, &world.db));
        assert!(outcomes.iter().all(|o| matches!(o, Outcome::Ack(_))), "{outcomes:?}");
    }
    all.len()
}

/// Forgets what is to be forgotten, and queues what is missing then: how many traces were
/// forgotten, which are kept, and how many batches were queued.
fn repair_since(world: &World, since: &str) -> (usize, Vec<(String, String)>, usize) {
    let Report { forget: wrong, keys: stray, gone, .. } = report_since(world, since);
    let (mut forgotten, mut kept) = (0, Vec::new());
    for project in [PROJECT, "p2"] {
        let traces = wrong.get(project).into_iter().flatten().cloned().collect();
        let keys = stray.iter().filter(|(of, _)| of == project).map(|(_, key)| key.clone());
        let keys = keys.collect();
        let (since, gone) = (since.into(), gone.clone());
        let request = ForgetRequest { since, project: project.into(), traces, keys, gone };
        loop {
            let done = block_on(forget(&request, RECEIVED, &world.db)).unwrap();
            if !done.more {
                forgotten += done.traces.len();
                kept.extend(done.kept);
                break;
            }
        }
    }
    let queue = Waiting::default();
    verification(world, since).queue(&queue);
    (forgotten, kept, deliver_all(world, &queue))
}

fn run(world: &World, sql: &str) {
    world.db.execute(sql);
}

/// A trace's event and two spans of it, in the batch with this number: every third batch is
/// of the same trace.
fn events(n: usize) -> String {
    let trace = format!("t{}", n % 3);
    let time = |s: usize| format!("2026-03-14T10:00:{s:02}Z");
    body(&[
        format!(
            r#"{{"type":"trace-create","timestamp":"{}","body":{{"id":"{trace}","name":"name {n}",
            "sessionId":"s","tags":["a"],"metadata":{{"n":{n}}}}}}}"#,
            time(n)
        ),
        format!(
            r#"{{"id":"e{n}","type":"span-create","timestamp":"{}","body":{{"traceId":"{trace}","id":"s{n}","name":"n",
            "type":"LLM","model":"m{}","cost":0.1,"input":{n},"usage":{{"promptTokens":{n}}},
            "startTime":"{}","endTime":"{}"}}}}"#,
            time(n + 1),
            n % 2,
            time(n),
            time(n + 1)
        ),
        // The same span again: an update of what another batch said.
        format!(
            r#"{{"type":"span-create","timestamp":"{}","body":{{"traceId":"{trace}","id":"common","name":"c{n}","type":"TOOL"}}}}"#,
            time(n + 2)
        ),
    ])
}

/// What is right: two projects of the same traces, of several batches each; spans beyond what
/// a row holds where there are `packed`; spans of OpenTelemetry; a body that came twice.
fn filled(packed: usize) -> World {
    let world = World::new();
    world.db.1.set(RowBounds { spans: packed, ..RowBounds::default() });
    for n in 0..12 {
        let at = RECEIVED + i64::try_from(n).unwrap();
        let outcome = world.deliver_at(PROJECT, &events(n), at);
        assert!(matches!(outcome, Outcome::Ack(_)), "{outcome:?}");
    }
    world.deliver("p2", &events(1));
    world.deliver_at(PROJECT, &events(2), RECEIVED + 500_000);
    for (name, ending) in
        [("openinference-agents-1.bin", "otlp.pb"), ("otel-js-json-1.json", "otlp.json")]
    {
        let body = std::fs::read(format!("tests/fixtures/otlp/{name}")).unwrap();
        let batch = BatchRef::of(PROJECT, &body, RECEIVED, ending);
        block_on(world.store.put(&batch.key(), &body)).unwrap();
        let message = Message::of(&batch);
        let deliveries = [Delivery { message, attempt: 1 }];
        let outcomes =
            block_on(consume(&deliveries, &|| RECEIVED, FORMATS, &world.store, &world.db));
        assert!(matches!(outcomes[0], Outcome::Ack(_)), "{outcomes:?}");
    }
    assert_eq!(find_wrong(&world.db), [""; 0]);
    world
}

/// The same with so few keys in a listing that no step has all batches of a trace.
fn split(packed: usize) -> World {
    let mut world = filled(packed);
    world.store.lists_at_most = Some(2);
    world
}

fn expect_found(world: &World, name: &str, expected: &[&str]) {
    let found = lines(world);
    for line in expected {
        assert!(found.iter().any(|found| found.starts_with(line)), "{name}: {line} in {found:#?}");
    }
    let strange = found.iter().find(|found| {
        let of = |line: &str| line.split(':').next().unwrap().to_owned();
        !expected.iter().any(|line| of(line) == of(found)) && !found.contains("are of no trace")
    });
    assert_eq!(strange, None, "{name}");
}

fn expect_repaired(world: &World, name: &str, before: &[String]) {
    let (_, kept, _) = repair_since(world, BEGINNING);
    assert_eq!(kept, [], "{name}");
    assert_eq!(lines(world), [""; 0], "{name}");
    assert_eq!(dump(&world.db), before, "{name}");
    assert_eq!(find_wrong(&world.db), [""; 0], "{name}");
}

#[test]
fn nothing_differs_that_is_right() {
    for packed in [2_000, 2, 0] {
        for world in [filled(packed), split(packed)] {
            assert_eq!(lines(&world), [""; 0], "{packed}");
            let queue = Waiting::default();
            let changes = world.db.changes();
            let steps = verification(&world, BEGINNING).queue(&queue);
            assert!(steps.iter().all(|step| step.queued == 0));
            assert_eq!(world.db.changes(), changes);
        }
    }
    assert_eq!(report(&filled(2)).steps, 1);
    assert!(report(&split(2)).steps > 5);
}

#[test]
fn a_batch_that_is_gone_or_altered_is_told_and_what_it_said_is_kept() {
    for world in [filled(2_000), split(2_000)] {
        let key = BatchRef::of(PROJECT, events(4).as_bytes(), RECEIVED + 4, "json").key();
        let bytes = world.store.objects.borrow_mut().remove(&key).unwrap();
        let expected = ["p1 batch: gone", "p1 t1: names a batch that says nothing of it"];
        expect_found(&world, "gone", &expected);
        let before = dump(&world.db);
        let (forgotten, kept, _) = repair_since(&world, BEGINNING);
        assert_eq!((forgotten, kept.len(), &*kept[0].0), (0, 1, "t1"));
        assert_eq!(dump(&world.db), before);

        world.store.objects.borrow_mut().insert(key.clone(), b"{}".to_vec());
        expect_found(&world, "altered", &["p1 batch: its bytes are not", "p1 t1: names a batch"]);
        assert_eq!(repair_since(&world, BEGINNING).0, 0);
        assert_eq!(dump(&world.db), before);

        world.store.objects.borrow_mut().insert(key, bytes);
        assert_eq!(lines(&world), [""; 0]);
    }
}

#[test]
fn an_emptied_database_is_filled_again() {
    for packed in [2_000, 2] {
        let world = split(packed);
        let before = dump(&world.db);
        run(&world, "delete from trace; delete from span; delete from batch");
        assert!(lines(&world).iter().all(|line| line.ends_with("letters know it")));
        expect_repaired(&world, "emptied", &before);
        run(&world, "delete from trace; delete from span");
        assert!(lines(&world).iter().all(|line| line.ends_with("it is not there")));
        expect_repaired(&world, "emptied of traces", &before);
    }
}

#[test]
fn what_began_before_the_range_is_neither_judged_by_it_nor_forgotten() {
    let world = filled(2_000);
    // `t1` began in batch 1, of which the range has none.
    let since = "2026-11-22T06:19:30.126Z";
    assert_eq!(report_since(&world, since).lines.len(), 0);
    run(&world, "update trace set tokens = 0 where project = 1 and id = 't1'");
    let report = report_since(&world, since);
    assert_eq!(report.lines.len(), 1, "{report:?}");
    let (_, kept, queued) = repair_since(&world, since);
    assert_eq!((kept.len(), queued), (1, 0));
    assert!(kept[0].1.contains("--since"), "{kept:?}");
}

#[test]
fn a_range_with_an_end_says_nothing_of_what_later_batches_may_say() {
    let world = filled(2_000);
    let mut request = VerifyRequest {
        since: BEGINNING.into(),
        until: Some("2026-11-22T06:19:30.127Z".into()),
        ..VerifyRequest::default()
    };
    let ask = |request: &VerifyRequest| {
        let queue = Waiting::default();
        block_on(verify(request, LATER, FORMATS, &world.store, &world.db, &queue)).unwrap()
    };
    let step = ask(&request);
    // Batches 0 to 3, that of the other project, and the two of OpenTelemetry.
    assert_eq!((step.batches.len(), step.next.is_none()), (7, true));
    assert!(step.differences.is_empty());
    let open = step.traces.values().flatten().filter(|Seen(_, open, _)| *open != Open::default());
    assert_eq!(open.count(), 0);
    request.project = Some("p2".into());
    let step = ask(&request);
    assert_eq!((step.batches.len(), step.traces.len()), (1, 1));
    request.until = Some("never".into());
    let queue = Waiting::default();
    let bad = verify(&request, LATER, FORMATS, &world.store, &world.db, &queue);
    assert!(block_on(bad).is_err());
}
