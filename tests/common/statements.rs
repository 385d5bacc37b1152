//! All statements that a project's requests and batches have the database run, for
//! tests of what each of them keeps to.

use edgespan::batch::BatchRef;
use edgespan::formats::{otlp, twosignal};

use edgespan::index::{Statement, chart, link, recovery, sessions, spans, stats, traces};
use edgespan::model::TraceStatus;
use ingest_core::index_writer::statements;
use ingest_core::index_writer::statements::Source;

use super::{PROJECT, RECEIVED};

/// What [`of_project`] writes.
const WRITTEN: &str = r#"{"batch":[
    {"type":"trace-create","body":{"id":"t","name":"n","sessionId":"s","tags":["a","b"]}},
    {"type":"span-create","body":{"traceId":"t","name":"n","type":"LLM","startTime":"1970-01-01T00:00:00Z"}}]}"#;

/// The batch that [`of_project`] writes.
pub fn written() -> BatchRef {
    BatchRef::of(PROJECT, WRITTEN.as_bytes(), RECEIVED, "json")
}

/// An export whose span says the session, the user and the tags of its trace.
const SAID: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10",
    "spanId":"0102030405060708","name":"n","attributes":[
    {"key":"session.id","value":{"stringValue":"s"}},{"key":"user.id","value":{"stringValue":"u"}},
    {"key":"langfuse.trace.name","value":{"stringValue":"n"}},{"key":"langfuse.trace.metadata.k","value":{"stringValue":"v"}},
    {"key":"tag.tags","value":{"arrayValue":{"values":[{"stringValue":"a"}]}}}]}]}]}]}"#;

/// What such a batch has written beside what other batches have.
fn of_spans_that_speak_of_their_trace() -> Vec<Statement> {
    let (body, batch) = (SAID.as_bytes(), written());
    let events = (otlp::JSON.decode)(body).unwrap();
    let all = statements::plan(&[Source { batch: &batch, body, events, attempt: 1 }], RECEIVED);
    all.into_iter().filter(|statement| statement.sql.contains("user_by")).collect()
}

/// One of each kind that [`PROJECT`] has asked, in an order in which each of them
/// has something to find in what `tenants` fills in: traces `a` and `t` that
/// pass every filter.
pub fn of_project() -> Vec<Statement> {
    let (body, batch) = (WRITTEN.as_bytes(), written());
    let mut events = Vec::new();
    twosignal::decode(body, |event| events.push(event)).unwrap();
    let mut all = statements::plan(&[Source { batch: &batch, body, events, attempt: 1 }], RECEIVED);
    all.extend(of_spans_that_speak_of_their_trace());
    all.extend(spans::select_trace(PROJECT, "t"));
    all.extend(spans::select_span(PROJECT, "t", "s"));
    let after = Some((0, String::new()));
    all.extend(spans::select_part(PROJECT, "t", &spans::SpanPart { after, most: 1 }));
    all.extend(spans::select_named(PROJECT, "t", &["s"], &[link("e")]));
    all.extend(sessions::select_near(PROJECT, "s", 0));
    let every_condition = traces::Filter {
        from: Some(0),
        to: Some(2),
        status: Some(TraceStatus::Ok),
        now: RECEIVED,
        name: Some("n".into()),
        tags: vec!["a".into(), "b".into()],
        session: Some("s".into()),
        user: Some("u".into()),
        model: Some("m".into()),
        min_duration_us: Some(1),
        min_cost_nano: Some(1),
    };
    all.extend(traces::select_page(PROJECT, &traces::Filter::default(), None, 50));
    all.extend(traces::select_page(PROJECT, &every_condition, Some(&(1, "t".into())), 50));
    all.extend(traces::select_traces(PROJECT, &traces::Filter::default(), None, 50));
    all.extend(traces::select_traces(PROJECT, &every_condition, Some(&(1, "t".into())), 50));
    all.push(traces::select_reach(PROJECT, &traces::Filter::default(), 1));
    all.push(traces::select_reach(PROJECT, &every_condition, 1));
    let few = chart::Extent { traces: 1, newest: None, counted_to: None, oldest: None };
    let some = chart::Scope { from: Some(0), to: Some(2), oldest: Some((0, "a".into())) };
    for scope in [chart::Scope::default(), some] {
        all.push(chart::select_extent(PROJECT, &scope));
        for traces in [1, chart::EXACT + 1] {
            let plan = chart::Plan::new(scope.clone(), 1, &chart::Extent { traces, ..few });
            all.push(plan.statement(PROJECT, &every_condition));
        }
    }
    let unwritten = BatchRef::of(PROJECT, b"unwritten", RECEIVED, "json");
    all.extend(recovery::bury(&unwritten, "why", 1, RECEIVED));
    all.push(stats::add_rejected(PROJECT, [1; 4], RECEIVED));
    all.push(recovery::select_dead_letters(PROJECT));
    all.push(stats::select_hours(PROJECT));
    all
}
