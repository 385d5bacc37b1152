//! Replaying raw batches: the database can be made again from them, and what
//! is right stays as it is.

use crate::common::{PROJECT, RECEIVED, Waiting, World, body};
use edgespan::formats::FORMATS;
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::replay::{ReplayRequest, Replayed, replay};

const TABLES: [&str; 4] = ["span", "trace", "batch", "stat"];

fn events(n: usize) -> String {
    body(&[
        format!(r#"{{"type":"trace-create","body":{{"id":"t{}","name":"trace"}}}}"#, n % 3),
        format!(
            r#"{{"type":"span-create","body":{{"traceId":"t{}","id":"s{n}","name":"n","type":"LLM","cost":0.1,"input":{n}}}}}"#,
            n % 3
        ),
    ])
}

fn request(since: &str, until: &str) -> ReplayRequest {
    ReplayRequest { since: since.into(), until: until.into(), ..ReplayRequest::default() }
}

fn step(world: &World, request: &ReplayRequest, queue: &Waiting) -> Replayed {
    pollster::block_on(replay(request, &world.store, queue)).unwrap()
}

fn deliver_all(world: &World, queue: &Waiting) {
    let deliveries: Vec<_> =
        queue.0.take().into_iter().map(|message| Delivery { message, attempt: 1 }).collect();
    // Three at a time: what is written together is another group each time.
    for some in deliveries.chunks(3) {
        let outcomes =
            pollster::block_on(consume(some, &|| RECEIVED, FORMATS, &world.store, &world.db));
        assert!(outcomes.iter().all(|o| matches!(o, Outcome::Ack(_))), "{outcomes:?}");
    }
}

fn answers(world: &World) -> Vec<String> {
    let mut answers = [world.listed(PROJECT), world.listed("p2")].concat();
    answers.extend((0..3).map(|n| world.get(PROJECT, &format!("t{n}"))));
    answers
}

#[test]
fn an_emptied_database_answers_as_before_and_a_full_one_is_left_alone() {
    let world = World::new();
    for n in 0..9 {
        world.deliver(PROJECT, &events(n));
    }
    world.deliver("p2", &events(1));
    let before = answers(&world);
    let queue = Waiting::default();
    let day = request("2026-11-22", "2026-11-23");

    let counted = step(&world, &ReplayRequest { dry_run: true, ..day.clone() }, &queue);
    assert_eq!((counted.matched, counted.queued, queue.0.borrow().len()), (10, 0, 0));

    let changes = world.db.changes();
    assert_eq!(step(&world, &day, &queue).queued, 10);
    deliver_all(&world, &queue);
    assert_eq!(world.db.changes(), changes, "a replay of what is there");

    for table in TABLES {
        world.db.execute(&format!("delete from {table}"));
    }
    assert_eq!(world.listed(PROJECT), [""; 0]);
    step(&world, &day, &queue);
    deliver_all(&world, &queue);
    assert_eq!(answers(&world), before);
}

#[test]
fn goes_in_steps_within_its_range_and_its_project() {
    let world = World::new();
    for n in 0..1_500 {
        let key =
            format!("raw/20261122T06{:02}{:02}.{:03}Z/p{}/{n:032x}.json", n / 60, n % 60, 7, n % 2);
        world.store.objects.borrow_mut().insert(key, Vec::new());
    }
    let queue = Waiting::default();
    let mut request = request("2026-11-22T06:00:01Z", "2026-11-22T06:22:00Z");
    request.project = Some("p1".into());
    let first = step(&world, &request, &queue);
    assert_eq!(first.matched, 500);
    request.after = first.next;
    let second = step(&world, &request, &queue);
    assert_eq!((second.matched, second.next), (160, None));
    let queue = queue.0.borrow();
    assert_eq!(queue.len(), 660);
    assert!(queue.iter().all(|message| message.key.contains("/p1/")));
}

#[test]
fn leaves_out_nothing_when_the_store_lists_fewer_keys_than_asked_for() {
    let mut world = World::new();
    world.store.lists_at_most = Some(3);
    for n in 0..8 {
        world.deliver(PROJECT, &events(n));
    }
    let queue = Waiting::default();
    let mut request = request("2026-11-22", "2026-11-23");
    let mut steps = 0;
    loop {
        let step = step(&world, &request, &queue);
        steps += 1;
        request.after = step.next;
        if request.after.is_none() {
            break;
        }
    }
    assert_eq!((steps, queue.0.borrow().len()), (3, 8));
    world.store.lists_at_most = Some(0);
    let stuck = pollster::block_on(replay(&request, &world.store, &queue));
    assert!(stuck.is_err(), "it is not done, and says so: {stuck:?}");
}

#[test]
fn rejects_times_it_cannot_read() {
    let world = World::new();
    let bad = request("yesterday", "2026-11-22");
    assert!(pollster::block_on(replay(&bad, &world.store, &Waiting::default())).is_err());
}
