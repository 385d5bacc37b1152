//! Those who ask: clients that send batches, each in its own way; the operator, who
//! revokes keys and replays; and somebody who reads all the time.

use std::rc::Rc;

use edgespan::model::Millis;
use edgespan::time;

use crate::book::{Book, Project};
use crate::objects::gzip;
use crate::port::SECRET;
use crate::request::{Answer, send};
use crate::sent::Sent;
use crate::workload::{Batch, Said, Wire, program};
use crate::world::{BEGIN, MINUTE, World};

/// How a client behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It sends each batch once, and drops what is not acknowledged: the SDK.
    Once,
    /// It sends a batch again until it is acknowledged or refused: an exporter.
    Retries,
    /// It sends every batch more than once, whatever the answer.
    Repeats,
    /// It sends all of its batches at the same time.
    Together,
}

const MANNERS: [Manner; 4] = [Manner::Once, Manner::Retries, Manner::Repeats, Manner::Together];
/// How often an exporter tries.
const TRIES: i64 = 6;

/// Starts some clients, each of which runs some programs within the time that faults last.
pub fn start(world: &Rc<World>, book: &Rc<Book>, minutes: i64) {
    for client in 0..world.chance.number(2..=6) {
        let manner = *world.chance.pick(&MANNERS);
        let (world, book) = (world.clone(), book.clone());
        let here = world.clone();
        spawn(&here, async move {
            for run in 0..world.chance.number(1..=4) {
                let pause = world.chance.number(0..=minutes * MINUTE / 5);
                world.scheduler.sleep(pause).await;
                let batches = program(&world.chance, client * 4 + run);
                run_program(&world, &book, manner, batches).await;
            }
        });
    }
}

/// Starts a client, which the run's end waits for.
pub fn spawn(world: &Rc<World>, work: impl Future<Output = ()> + 'static) {
    world.clients.set(world.clients.get() + 1);
    let here = world.clone();
    world.scheduler.spawn(None, async move {
        work.await;
        here.clients.set(here.clients.get() - 1);
    });
}

async fn run_program(world: &Rc<World>, book: &Rc<Book>, manner: Manner, batches: Vec<Rc<Batch>>) {
    let project = world.chance.pick(&book.projects).clone();
    let both = world.chance.one_in_thousand(150);
    for batch in batches {
        let key = world.chance.pick(&project.keys).1.clone();
        if both {
            // The same bytes for every project.
            for other in &book.projects {
                let (here, book, batch) = (world.clone(), book.clone(), batch.clone());
                let (other, key) = (other.clone(), other.keys[0].1.clone());
                spawn(world, async move {
                    send_batch(&here, &book, &other, &key, &batch).await;
                });
            }
        }
        match manner {
            Manner::Once => {
                send_batch(world, book, &project, &key, &batch).await;
            }
            Manner::Retries => retry(world, book, &project, &key, &batch).await,
            Manner::Repeats => {
                for _ in 0..world.chance.number(2..=3) {
                    send_batch(world, book, &project, &key, &batch).await;
                    world.scheduler.sleep(world.chance.number(0..=MINUTE)).await;
                }
            }
            Manner::Together => {
                let (here, book, project) = (world.clone(), book.clone(), project.clone());
                spawn(world, async move {
                    send_batch(&here, &book, &project, &key, &batch).await;
                });
            }
        }
    }
}

/// Until it is kept, or refused for good: as the OpenTelemetry exporters do.
pub async fn retry(
    world: &Rc<World>,
    book: &Book,
    project: &Project,
    key: &str,
    batch: &Rc<Batch>,
) {
    for attempt in 0..TRIES {
        let status = send_batch(world, book, project, key, batch).await;
        if !matches!(status, None | Some(429 | 502 | 503 | 504)) {
            return;
        }
        world.log.sometimes("an exporter tries again");
        world.scheduler.sleep(1_000 << attempt).await;
    }
}

/// Sends a batch once; the status, where there was one.
pub async fn send_batch(
    world: &Rc<World>,
    book: &Book,
    project: &Project,
    key: &str,
    batch: &Rc<Batch>,
) -> Option<u16> {
    let asked = world.now();
    book.send(project, batch);
    let request = match (batch.wire, &batch.said[..]) {
        (Wire::Deletion, [Said::Deletion(id)]) => {
            let path = format!("/api/v1/scores/{}", id.replace(' ', "%20"));
            Sent::new("DELETE", &path).bearer(key)
        }
        (Wire::Scores, _) => post("/api/v1/scores", key, &*batch.body),
        (Wire::Otlp, _) => post("/v1/traces", key, &*batch.body),
        _ => post("/api/v1/traces", key, &*batch.body),
    };
    let request = if !request.body.is_empty() && world.chance.one_in_thousand(300) {
        world.log.sometimes("a body comes compressed");
        let small = gzip(&request.body);
        request.header("content-encoding", "gzip").body(small)
    } else {
        request
    };
    let answer = send(world, request).await?;
    match (batch.wire, answer.status) {
        (Wire::Native | Wire::Scores, 201) | (Wire::Otlp | Wire::Deletion, 200) => {
            if batch.wire == Wire::Deletion {
                world.log.sometimes("a score is deleted");
            }
            book.acknowledge(world, (project, key), batch, asked);
        }
        // It need not be there, or not yet.
        (Wire::Deletion, 404) | (_, 429 | 503) => {}
        (_, 401) if book.is_revoked(key) => world.log.sometimes("a revoked key is refused"),
        (Wire::Otlp | Wire::Scores, 404 | 405) if world.mixed => {
            world.log.sometimes("an earlier release refuses a later format");
        }
        (_, status) => {
            let text = String::from_utf8_lossy(&answer.body);
            world.violate(format!("{status} for a good batch: {text}"));
        }
    }
    Some(answer.status)
}

fn post(path: &str, key: &str, json: impl Into<Vec<u8>>) -> Sent {
    Sent::new("POST", path).bearer(key).header("content-type", "application/json").body(json)
}

/// Asks for lists and traces all the time; what is answered may be late, never wrong.
pub fn start_reader(world: &Rc<World>, book: &Rc<Book>, minutes: i64) {
    let (world, book) = (world.clone(), book.clone());
    let here = world.clone();
    here.scheduler.spawn(None, async move {
        while world.now() < BEGIN + minutes * MINUTE {
            world.scheduler.sleep(world.chance.number(1_000..=MINUTE)).await;
            let project = world.chance.pick(&book.projects);
            let path = match world.chance.number(0..=2) {
                0 => "/api/v1/traces".to_owned(),
                1 => "/api/v1/stats".into(),
                _ => format!("/api/v1/traces/{:032x}", world.chance.number(1..=7)),
            };
            let key = project.keys[0].1.clone();
            match send(&world, Sent::new("GET", &path).bearer(&key))
                .await
                .map(|answer| answer.status)
            {
                None | Some(200 | 404 | 429 | 503) => {}
                Some(401) if book.is_revoked(&key) => {}
                Some(status) => world.violate(format!("{status} for a good question")),
            }
        }
    });
}

/// Starts the operator.
pub fn start_operator(world: &Rc<World>, book: &Rc<Book>, minutes: i64) {
    let (world, book) = (world.clone(), book.clone());
    let here = world.clone();
    here.scheduler.spawn(None, async move {
        loop {
            world.scheduler.sleep(world.chance.number(0..=minutes * MINUTE / 2)).await;
            if world.now() >= BEGIN + minutes * MINUTE {
                return;
            }
            if world.chance.one_in_thousand(500) {
                revoke_some_key(&world, &book).await;
            } else {
                world.log.sometimes("the operator replays while all goes on");
                replay(&world).await;
            }
        }
    });
}

/// All keys but each project's first may be revoked.
async fn revoke_some_key(world: &Rc<World>, book: &Book) {
    let project = world.chance.pick(&book.projects);
    let (id, key) = world.chance.pick(&project.keys[1..]);
    let path = format!("/api/v1/admin/projects/{}/keys/{id}", project.name);
    let answer = send(world, Sent::new("DELETE", &path).bearer(SECRET)).await;
    if answer.is_some_and(|answer| answer.status == 200) {
        world.note(format_args!("{id} is revoked"));
        book.revoke(key, world.now());
    } else {
        // Perhaps it is revoked, perhaps not: it may be refused from here on.
        book.revoke(key, Millis::MAX);
    }
}

/// Replays everything, step by step; whether it came through.
pub async fn replay(world: &Rc<World>) -> bool {
    let mut after = None::<String>;
    let until = time::with_millis((world.now() + 24 * 60 * MINUTE) * 1_000);
    for _ in 0..100 {
        let request = serde_json::json!({
            "since": "2026-01-01T00:00:00Z", "until": until, "after": after,
        });
        let request = post("/api/v1/admin/replay", SECRET, request.to_string());
        let Some(Answer { status: 200, body }) = send(world, request).await else { return false };
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        match body["data"]["next"].as_str() {
            Some(next) => after = Some(next.into()),
            None => return true,
        }
    }
    world.violate("a replay does not come to an end".into());
    false
}
