//! What D1 does not take and SQLite does: a text of over 2,000,000 bytes, bound
//! or in an answer, and more than 100 parameters. Here with the longest ids,
//! names and models there may be, of what takes the most room as JSON.

use crate::common::{PROJECT, RECEIVED, Sqlite, World, body};
use edgespan::batch::{BatchRef, RawStore};
use edgespan::error::Fault;
use edgespan::formats::FORMATS;
use edgespan::index::{Database, Param, QueryResults, Statement};
use edgespan::limits::MAX_BODY_BYTES;
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::queue::Message;
use edgespan::pipeline::verify::forget::{ForgetRequest, forget};
use sim::state::find_miscounted;

/// developers.cloudflare.com/d1/platform/limits: "Maximum string, BLOB or table
/// row size", "Maximum bound parameters per query".
const LONGEST: usize = 2_000_000;
const PARAMS: usize = 100;

/// The database that refuses what D1 would refuse.
struct Strict<'a>(&'a Sqlite);

impl Database for Strict<'_> {
    async fn run(&self, statements: Vec<Statement>) -> Result<QueryResults, Fault> {
        for Statement { sql, params } in &statements {
            assert!(params.len() <= PARAMS, "{} parameters: {sql}", params.len());
            for param in params {
                let Param::Text(text) = param else { continue };
                assert!(text.len() <= LONGEST, "a parameter of {} bytes: {sql}", text.len());
            }
        }
        let texts: Vec<_> = statements.iter().map(|s| s.sql.clone()).collect();
        let ran = self.0.run(statements).await?;
        for (rows, sql) in ran.rows.iter().zip(texts) {
            let longest = rows.iter().map(String::len).max().unwrap_or(0);
            assert!(longest <= LONGEST, "an answer of {longest} bytes: {sql}");
        }
        Ok(ran)
    }
}

/// 256 bytes, six times as many as JSON.
fn longest(n: usize) -> String {
    format!("{n:06}{}", "\\u0000".repeat(250))
}

fn deliver(world: &World, events: &[String]) {
    let body = body(events);
    assert!(body.len() <= MAX_BODY_BYTES, "{} bytes", body.len());
    let batch = BatchRef::of(PROJECT, body.as_bytes(), RECEIVED, "json");
    let outcome = pollster::block_on(async {
        world.store.put(&batch.key(), &body.into_bytes()).await.unwrap();
        let db = Strict(&world.db);
        let delivery = Delivery { message: Message::of(&batch), attempt: 1 };
        consume(&[delivery], &|| RECEIVED, FORMATS, &world.store, &db).await
    });
    assert!(matches!(&*outcome, [Outcome::Ack(_)]), "{outcome:?}");
}

fn span(trace: &str, n: usize) -> String {
    let (id, name) = (longest(n), longest(0));
    format!(
        r#"{{"type":"span-create","timestamp":"2026-03-14T10:00:00Z","body":{{"traceId":"{trace}","id":"{id}","name":"{name}","model":"{name}","type":"HUMAN_HANDOFF"}}}}"#
    )
}

#[test]
fn a_trace_of_the_longest_spans_is_written_and_read() {
    let world = World::new();
    for half in 0..2 {
        let events: Vec<_> = (0..500).map(|n| span("t", half * 500 + n)).collect();
        deliver(&world, &events);
    }
    let db = Strict(&world.db);
    let text =
        pollster::block_on(edgespan::api::get(PROJECT, "t", "", &db, world.source())).unwrap();
    assert!(text.contains(r#""spanCount":1000"#));
}

#[test]
fn as_many_traces_of_the_longest_ids_are_written_and_listed() {
    let world = World::new();
    let spans: Vec<_> = (0..400).map(|n| span(&longest(n), n)).collect();
    deliver(&world, &spans);
    let texts = vec![format!("\"{}\"", longest(1)); 64].join(",");
    let metadata = format!(r#"{{"a":"{}"}}"#, "\\\"".repeat(2_000));
    let traces: Vec<_> = (0..20)
        .map(|n| {
            let id = longest(n);
            format!(
                r#"{{"type":"trace-create","body":{{"id":"{id}","name":"{id}","sessionId":"{id}","parentTraceId":"{id}","deploymentId":"{id}","tags":[{texts}],"evaluators":[{texts}],"metadata":{metadata}}}}}"#
            )
        })
        .collect();
    deliver(&world, &traces);
    let db = Strict(&world.db);
    let page = edgespan::api::list(PROJECT, "limit=100", &db, world.source());
    let text = pollster::block_on(page).unwrap();
    assert!(text.contains("nextCursor"));
}

#[test]
fn traces_of_as_many_models_are_forgotten() {
    let world = World::new();
    let traces: Vec<String> = (0..10).map(|n| format!("t{n}")).collect();
    for trace in &traces {
        let span = |n| {
            let model = format!("{trace} {n} {}", "m".repeat(240));
            format!(
                r#"{{"type":"span-create","body":{{"traceId":"{trace}","id":"{n}","name":"n","type":"LLM","model":"{model}"}}}}"#
            )
        };
        deliver(&world, &(0..800).map(span).collect::<Vec<_>>());
    }
    let (since, project) = ("2020-01-01T00:00:00Z".into(), PROJECT.into());
    let request = ForgetRequest { since, project, traces, ..ForgetRequest::default() };
    let done = pollster::block_on(forget(&request, RECEIVED, &Strict(&world.db))).unwrap();
    assert_eq!((done.traces.len(), done.more), (10, false));
    assert_eq!(find_miscounted(&world.db), [""; 0]);
}

#[test]
fn spans_that_come_again_take_memory_in_proportion() {
    let world = World::new();
    // For this whole process: SQLite's own account of its memory.
    world.db.dump("pragma hard_heap_limit = 200000000");
    let batches = |minute| {
        let span = move |batch, n| {
            format!(
                r#"{{"type":"span-create","timestamp":"2026-03-14T10:0{minute}:00Z","body":{{"traceId":"t","id":"{batch}-{n}","name":"n","type":"LLM","usage":{{"totalTokens":{minute}}}}}}}"#
            )
        };
        let of = |batch| body(&(0..1_000).map(|n| span(batch, n)).collect::<Vec<_>>());
        (0..8).map(of).collect::<Vec<_>>()
    };
    for minute in [1, 2, 2] {
        for outcome in world.deliver_together(PROJECT, &batches(minute)) {
            let Outcome::Ack(written) = outcome else { panic!("{outcome:?}") };
            assert_eq!(written.together, 8, "they were written one by one");
        }
    }
    let totals = world.db.dump("select spans, tokens from trace");
    assert_eq!(totals, ["[Integer(8000), Integer(16000)]"]);
}
