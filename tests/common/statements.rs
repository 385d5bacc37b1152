//! All statements that a project's requests and batches have the database run, for
//! tests of what each of them keeps to.

use edgespan::batch::BatchRef;
use edgespan::formats::twosignal;

use edgespan::index::{
    Database, QueryResults, RowBounds, Statement, chart, evaluators, filter, link, own_prices,
    packed, project_settings, recovery, rollups, routing, score_results, scores, sessions, shares,
    sorting, spans, stats, traces, usage, verification,
};
use edgespan::model::{Body, Event, Rank, ScoreBody, TraceStatus};
use edgespan::pipeline::consume::Outcome;
use ingest_core::fold::compact_id::pack as pack_id;
use ingest_core::fold::price::NoPrices;
use ingest_core::index_writer::delivery::{Delivery, Source};
use ingest_core::index_writer::guesses;
use ingest_core::index_writer::stats::eval_runs;
use ingest_core::index_writer::stored_row::KEY_EPOCH_S;
use ingest_core::index_writer::whole_row;
use ingest_core::pack::usage::By;
use ingest_core::pack::{hex, spans as pack};

use serde_json::json;

use super::word_statements::of_words;
use super::{PROJECT, RECEIVED, World, alert_statements, body};

/// What [`of_project`] writes.
const WRITTEN: &str = r#"{"batch":[
    {"type":"trace-create","body":{"id":"t","name":"n","sessionId":"s","tags":["a","b"]}},
    {"type":"trace-create","body":{"id":"new","name":"n"}},
    {"type":"span-create","body":{"traceId":"b","name":"n","type":"LLM"}},
    {"type":"span-create","body":{"traceId":"t","id":"s","name":"n","type":"LLM","startTime":"2020-01-01T00:00:00.000001Z","endTime":"2020-01-01T00:00:00.000004Z"}}]}"#;

/// The second in which the first of the traces starts.
const START: i64 = KEY_EPOCH_S * 1_000_000;

/// A place in the list before all traces.
const LATEST: traces::ListPlace = traces::ListPlace { key: i64::MAX, start_us: 0 };

/// A key of [`PROJECT`] that no trace has, and a row of a span under it.
const STRAY_KEY: i64 = (6 << 48) - 1;

/// The id of a run of trace `a`.
const LONG_ID: &str = "019b0000-0000-7000-8000-000000000001";

/// What LangSmith's clients say: a run of trace `a`, and a change of one that nobody knows.
const RUNS: &str = r#"{"post":[{"id":"019b0000-0000-7000-8000-000000000001","trace_id":"a"}],
    "patch":[{"id":"guessed","name":"n"}]}"#;

/// The batch that [`of_project`] writes.
pub fn written() -> BatchRef {
    BatchRef::of(PROJECT, WRITTEN.as_bytes(), RECEIVED, "json")
}

/// A batch that is not written.
fn unwritten() -> BatchRef {
    BatchRef::of(PROJECT, b"unwritten", RECEIVED, "json")
}

/// Rows of [`PROJECT`] for each of the statements to find: two traces, of which one has a
/// span with a row of its own, the ledger of what was written, the hour's counts, and a dead
/// letter of the batch to come, and a span of no trace. Its number in the database is 5.
pub fn filled() -> World {
    let world = World::new();
    let run = |sql: &str| world.db.execute(sql);
    run("insert into tenant values (4, 'fourth')");
    let events: Vec<String> = [("a", 1), ("t", 0), ("b", 1)]
        .iter()
        .flat_map(|(id, second)| {
            [
                format!(r#"{{"type":"trace-create","body":{{"id":"{id}","name":"n","sessionId":"s","tags":["a","b"]}}}}"#),
                format!(r#"{{"id":"e","type":"span-create","body":{{"traceId":"{id}","id":"s","name":"n","type":"LLM","model":"m","cost":0.5,
                "startTime":"2020-01-01T00:00:0{second}.000001Z","endTime":"2020-01-01T00:00:0{second}.000003Z","input":"mine"}}}}"#),
            ]
        })
        .collect();
    assert!(matches!(world.deliver(PROJECT, &body(&events)), Outcome::Ack(_)));
    assert!(matches!(world.deliver_as("langsmith.json", PROJECT, RUNS), Outcome::Ack(_)));
    let letter = "insert into dead_letter values (?1, ?2, 'mine', 'mine', 1, 1)";
    world.db.0.borrow().execute(letter, [PROJECT, &written().id]).unwrap();
    let (envelope, none) = (link("e").cast_signed(), hex::write(&pack::write_all(&[])));
    run(&format!(
        "update trace set user = 'u', metadata = '{{\"k\":true}}';
         insert into span select key, 's', 1, {envelope}, pack from trace where id = 't';
         update trace set beyond = '[1,0,0,0,500000000]', pack = unhex('{none}') where id = 't';
         insert into project (id, name, handling, created_ms, rate_limit) values ('{PROJECT}', 'mine', 'strict', 1, 1000);
         insert into share values ('{PROJECT}', 'i', 't', 'mine', 1, 9), ('{PROJECT}', 'old', 't', 'mine', 0, 1);
         insert into routing_config values ('{PROJECT}', 'i', 'r', 1, 'mine', 1, 1);
         insert into evaluator values ('{PROJECT}', 'mine', 'mine', 'CONTAINS', '{{}}', 1, 1, 'trace', '{{}}', 1, null, 1, 1, 1);
         insert into evaluation values (5, 't', 'mine', 1, '', 'mine', 'error', 'mine', null, 1, 0, 1);
         insert into evaluator_calls values ('{PROJECT}', 'mine', 1, 1);
         insert into price values ('{PROJECT}', 'm', '', '{{}}', 1), ('{PROJECT}', 'old', '', '{{}}', 1);
         insert into usage values (5, 1, 5, 1, x'', x'', x'', x'', x'');
         insert into alert values ('{PROJECT}', 'mine', 'mine', 'cost', 'hour', '', 1, 1, 'mine', 'json', 1, 1, 1, 1, 1, 0, 1, 'firing', 1, 1, 1, 1, null, null);
         insert into budget values ('{PROJECT}', 'mine', 'mine', 'project', '', 'total', 1, null, 1);
         insert into spent values (5, 'mine', '', 0, 1, 1);
         insert into span select {STRAY_KEY}, 's', 1, {envelope}, pack from trace where id = 'a';
         insert into score (project, id, deleted, rank, at_us, hash, trace, span, session, subject, name, value, boolean, label)
         values (5, 'of the trace', 0, 1, 5, 1, 'a', 's', null, 'a', 'n', '0.5', 0, 'l'),
           (5, 'of t', 0, 1, 5, 1, 't', null, null, 't', 'n', '0.5', 0, 'l'),
           (5, 'of the span', 0, 1, 5, 1, null, 'alone', null, 'alone', 'n', '0.5', 0, 'l'),
           (5, 'of the session', 0, 1, 5, 1, null, null, 's', null, 'n', '0.5', 0, 'l')"
    ));
    world
}

/// One of each kind that [`PROJECT`] has asked of [`filled`], in an order in which each of
/// them has something to find: traces `a` and `t` that pass every filter.
#[allow(clippy::too_many_lines, reason = "it is a list")]
pub fn of_project() -> Vec<Statement> {
    let (body, batch) = (WRITTEN.as_bytes(), written());
    let mut events = Vec::new();
    twosignal::decode(body, |event| events.push(event)).unwrap();
    let mut delivery =
        Delivery::of(&[Source { batch: &batch, body, events, attempt: 1 }], RECEIVED);
    let held = pollster::block_on(filled().db.run(delivery.read())).unwrap();
    let mut all = delivery.read();
    all.extend(
        delivery.write(&held.rows, RowBounds::default(), RECEIVED, &NoPrices).unwrap().statements,
    );
    all.extend(spans::select_trace(PROJECT, "t"));
    all.extend(spans::select_span(PROJECT, "t", "s"));
    let after = Some((0, String::new()));
    all.extend(spans::select_part(PROJECT, "t", &spans::SpanPart { after, most: 1 }));
    all.extend(spans::select_named(PROJECT, "t", &["s".into()], &[link("e")]));
    all.extend(sessions::select_near(PROJECT, "s", START));
    all.extend(sessions::select_turns(PROJECT, &["a", "t"], sessions::PACK_BYTES));
    let every_condition = traces::Filter {
        from: Some(START),
        to: Some(START + 2_000_000),
        status: Some(TraceStatus::Ok),
        now: RECEIVED,
        name: Some("n".into()),
        tags: vec!["a".into(), "b".into()],
        session: Some("s".into()),
        user: Some("u".into()),
        model: Some("m".into()),
        min_duration_us: Some(1),
        max_duration_us: Some(i64::MAX),
        min_cost_nano: Some(1),
        max_cost_nano: Some(i64::MAX),
        min_tokens: Some(0),
        max_tokens: Some(i64::MAX),
        not_tags: vec!["none".into()],
        metadata: Some(("k".into(), "true".into())),
        score: Some(filter::ScoreCondition {
            evaluator: Some("n".into()),
            bounds: vec![(filter::Compare::AtLeast, "0".into())],
        }),
        sort: None,
        error: Some(String::new()),
        words: None,
        output: None,
    };
    let among = Some(&["a", "t"][..]);
    all.extend(traces::select_page_among(PROJECT, &every_condition, Some(LATEST), among, 50));
    all.extend(traces::select_traces_among(PROJECT, &every_condition, Some(LATEST), among, 50));
    all.extend(traces::select_page(PROJECT, &traces::Filter::default(), None, 50));
    all.extend(traces::select_page(PROJECT, &every_condition, Some(LATEST), 50));
    all.extend(traces::select_page_without_scores(PROJECT, &every_condition, 50));
    all.extend(traces::select_traces(PROJECT, &traces::Filter::default(), None, 50));
    all.extend(traces::select_traces(PROJECT, &every_condition, Some(LATEST), 50));
    all.push(traces::select_reach(PROJECT, &traces::Filter::default(), 1));
    all.push(traces::select_reach(PROJECT, &every_condition, 1));
    for (sort, _) in filter::Sort::ALL {
        // After the newest, from the oldest on.
        let place = |key| Some(traces::ListPlace { key, start_us: 0 });
        let places = (place((5 << 48) + (1 << 16) + 1), place(1));
        all.extend(sorting::select_page(PROJECT, (&every_condition, sort), places, 50));
        all.extend(sorting::select_traces(PROJECT, (&every_condition, sort), places, 50));
    }
    let few = chart::Extent { traces: 1, newest: None, counted_to: None, oldest: None };
    let some = chart::Scope {
        from: Some(START),
        to: Some(START + 2_000_000),
        oldest: Some(traces::ListPlace { key: 1, start_us: START }),
    };
    for scope in [chart::Scope::default(), some] {
        all.push(chart::select_extent(PROJECT, &scope));
        for traces in [1, chart::EXACT + 1] {
            let plan = chart::Plan::new(
                scope.clone(),
                START + 2_000_000,
                &chart::Extent { traces, ..few },
            );
            all.push(plan.statement(PROJECT, &every_condition));
        }
    }
    all.extend(recovery::bury(&unwritten(), "why", 1, RECEIVED));
    all.push(stats::add_rejected(PROJECT, [1; 5], RECEIVED));
    all.push(recovery::select_dead_letters(PROJECT));
    all.extend([recovery::owe(&unwritten(), RECEIVED), recovery::owe_no_more(&unwritten())]);
    all.push(stats::select_hours(PROJECT));
    all.push(stats::select_rejected(PROJECT, 0));
    all.push(usage::select(PROJECT, 0, 2 * RECEIVED));
    all.push(eval_runs(PROJECT, json!(["judged"]).to_string(), RECEIVED));
    all.push(routing::select_config(PROJECT, Some("r")));
    all.push(routing::select_config(PROJECT, None));
    let link = shares::Share {
        id: "made".into(),
        trace: "t".into(),
        key_id: "mine".into(),
        created_ms: 1,
        ends_ms: 2,
    };
    all.extend(shares::insert(PROJECT, &link));
    all.push(shares::select_all(PROJECT, 1));
    all.push(shares::select(PROJECT, "i", 1));
    all.push(shares::revoke(PROJECT, "made"));
    let stored = routing::StoredConfig {
        id: "made".into(),
        name: "made".into(),
        enabled: 1,
        config: "mine".into(),
        created_ms: 2,
        updated_ms: 2,
    };
    all.push(routing::select_list(PROJECT, "", 50));
    all.push(routing::select_one(PROJECT, "i"));
    all.push(routing::select_room(PROJECT, "r", "none"));
    all.push(routing::insert(PROJECT, &stored));
    all.push(routing::update(PROJECT, &stored, 2));
    all.push(routing::delete(PROJECT, "made"));
    all.push(own_prices::select_prices(PROJECT));
    all.push(own_prices::set_price(PROJECT, "m", "", r#"{"input":1,"output":2}"#, RECEIVED));
    all.push(own_prices::remove_price(PROJECT, "old", ""));
    all.push(guesses::select(PROJECT, r#"[[null,"guessed"]]"#.into()));
    all.push(guesses::select_rows(PROJECT, &["a"]));
    all.push(guesses::search(PROJECT, &[&pack_id(LONG_ID)], RECEIVED));
    all.extend(
        [
            of_packed(),
            of_evaluators(),
            of_rollups(),
            of_words(),
            alert_statements::of_project(),
            verified(),
            of_scores(),
        ]
        .concat(),
    );
    all
}

/// What is asked of what is packed, and of what traces come to.
fn of_packed() -> Vec<Statement> {
    let mut all = Vec::new();
    let part = packed::Part { start: (Some(START), Some(START + 2_000_000)), ..Default::default() };
    let whole = packed::Part {
        after: Some(LATEST),
        to: Some(traces::ListPlace { key: 1, start_us: 0 }),
        ..part
    };
    for part in [packed::Part::default(), part, whole] {
        all.push(packed::select_packed(PROJECT, &part, packed::Wanted::All, 50));
        for by in [packed::By::All, packed::By::Session] {
            all.push(packed::select_sums(PROJECT, &part, by, 50));
        }
    }
    all
}

/// What is written and asked of what was used by hour.
fn of_rollups() -> Vec<Statement> {
    let mut row = rollups::UsageRow::new((1, 5));
    row.was = Some(1);
    let mut all = vec![
        rollups::select_deliveries(PROJECT),
        rollups::select_usage(PROJECT, &[(1, 5), (24, 0)]),
        rollups::select_columns(PROJECT, By::User, &[5..6, 0..4]),
    ];
    let key = filled().db.texts("select cast(min(key) as text) from delivery");
    all.extend(rollups::compact(PROJECT, &key, &[row]));
    all
}

/// What is written and asked of evaluators: one that is there becomes another, and goes.
fn of_evaluators() -> Vec<Statement> {
    let row = |id: &str, name: &str| evaluators::EvaluatorRow {
        name: name.into(),
        r#type: "CONTAINS".into(),
        ..evaluators::EvaluatorRow::new(id.into(), 1)
    };
    let evaluation = evaluators::EvaluationRow {
        trace: "t".into(),
        evaluator: "mine".into(),
        version: 1,
        span: String::new(),
        name: "mine".into(),
        status: "ok".into(),
        message: None,
        input: None,
        failures: 0,
        calls: 0,
        as_of_ms: 5,
    };
    let mut all = evaluators::write(PROJECT, std::slice::from_ref(&evaluation));
    all.extend([
        project_settings::select(PROJECT),
        evaluators::select_all(PROJECT),
        evaluators::insert(PROJECT, &row("new", "new")),
        evaluators::update(PROJECT, &row("mine", "other"), 1),
        evaluators::select_versions(PROJECT, ["t"].into_iter()),
        evaluators::select_of_trace(PROJECT, "t"),
        evaluators::claim_call(PROJECT, &evaluation, 3),
        evaluators::claim_day(PROJECT, "mine", 1, 3),
        evaluators::delete(PROJECT, "mine"),
    ]);
    all
}

/// What is written and asked of scores.
fn of_scores() -> Vec<Statement> {
    let every_condition = scores::ScoreFilter {
        trace: Some("a".into()),
        span: Some("s".into()),
        session: None,
        name: Some("n".into()),
        label: Some("l".into()),
        source: Some(0),
        min_value: Some("0".into()),
        max_value: Some("1".into()),
        from: Some(1),
        to: Some(9),
    };
    let of_session =
        scores::ScoreFilter { session: Some("s".into()), ..scores::ScoreFilter::default() };
    let last = (i64::MAX, String::new());
    // One that is there already, said anew.
    let batch = unwritten();
    let body = Body::Score(ScoreBody {
        id: Some("of the trace".into()),
        trace: Some("a".into()),
        span: Some("s".into()),
        name: "n".into(),
        value: Some(0.5),
        label: Some("l".into()),
        ..ScoreBody::default()
    });
    let (envelope, rank, timestamp) = (None, Rank::Create, Some(8));
    let event = Event { index: 0, range: 0..0, context: None, envelope, timestamp, rank, body };
    let source = Source { batch: &batch, body: b"", events: vec![event], attempt: 1 };
    let mut delivery = Delivery::of(&[source], RECEIVED);
    assert!(delivery.read().is_empty(), "scores alone have nothing to be read");
    let mut all =
        delivery.write(&[], RowBounds::default(), RECEIVED, &NoPrices).unwrap().statements;
    all.retain(|statement| statement.sql.contains("insert into score"));
    assert_eq!(all.len(), 1);
    all.extend([
        scores::select_list(PROJECT, &scores::ScoreFilter::default(), None, 50),
        scores::select_list(PROJECT, &of_session, None, 50),
        scores::select_list(PROJECT, &every_condition, Some(&last), 50),
        scores::select_one(PROJECT, "of the trace"),
        scores::select_standing(PROJECT, "of the trace"),
        scores::select_newest(PROJECT, "a"),
        scores::select_of_trace(PROJECT, "a"),
        scores::select_ids(PROJECT, ["a", "t"]),
        scores::select_any_of_span_alone(PROJECT),
    ]);
    all.extend(scores::select_of_spans(PROJECT, ["alone"]));
    for (from, to) in [(None, None), (Some(1), Some(9))] {
        all.push(score_results::select_extent(PROJECT, from, to));
        let found = QueryResults { rows: vec![vec!["[3,5]".into()]], ..QueryResults::default() };
        let buckets = score_results::read_extent(&found, from, to, 9).unwrap();
        all.push(score_results::select_results(PROJECT, &buckets));
    }
    all.push(verification::select_scores(PROJECT, &["of the span", "none"]));
    all
}

/// What is asked to compare the index with the raw batches, and to make room for what is
/// right.
fn verified() -> Vec<Statement> {
    let mut all = whole_row::select(PROJECT, &[("a", vec!["s"]), ("t", vec!["s"])]).to_vec();
    all.push(verification::select_known(PROJECT, &[&written().id, "none"]));
    all.push(verification::select_traces(PROJECT, ""));
    all.extend(verification::select_large(PROJECT, "", ""));
    all.push(verification::select_ledger(PROJECT, ""));
    all.push(verification::select_spans_to_forget(PROJECT, &["t"]));
    let row = ((5_i64 << 48).to_string(), "s".into(), String::new());
    all.extend(verification::forget_spans(PROJECT, &[row]));
    all.extend(verification::forget_traces(PROJECT, &["t"], RECEIVED));
    all.push(verification::forget_strays(PROJECT, &[STRAY_KEY.to_string()]));
    all
}
