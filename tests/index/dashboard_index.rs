//! The dashboard's list and chart against SQLite with the real tables: what
//! they find, how far they look, and what they say when they did not look at all.

use crate::common::{PLAIN_COLUMNS, PLAIN_VALUES, PROJECT, Sqlite};
use edgespan::index::Database;
use edgespan::index::chart;
use edgespan::index::chart::{Bucket, Plan, Scope};
use edgespan::index::filter::{Compare, ScoreCondition};
use edgespan::index::traces;
use edgespan::index::traces::{Filter, ListPlace, MAX_ROWS_SCANNED, Next, Page};
use edgespan::model::TraceStatus;
use ingest_core::index_writer::stored_row::KEY_EPOCH_S;
use pollster::block_on;

const SECOND: i64 = 1_000_000;

/// So many seconds after the first that keys know.
fn at(seconds: i64) -> i64 {
    (KEY_EPOCH_S + seconds) * SECOND
}

/// Traces a second apart, the last at this many seconds: every tenth failed,
/// every hundredth has a model in one of its three spans.
fn filled(traces: i64) -> Sqlite {
    let db = Sqlite::new();
    let sql = format!(
        "create temp table n as with recursive n (value) as (
           select 1 union all select value + 1 from n where value < {traces}) select value from n;
         insert into tenant values (1, '{PROJECT}'), (2, 'other');
         insert into trace (key, id, start_us, end_us, spans, errors, tokens, cost_nano,
           name, session, tags, input_preview, models, {PLAIN_COLUMNS})
         select (1 << 48) | (value << 16), 'id ' || value, ({KEY_EPOCH_S} + value) * 1000000,
           ({KEY_EPOCH_S} + value) * 1000000 + value % 1000 * 1000,
           3, value % 10 = 0, value % 7, value % 11, 'Agent ' || (value % 3),
           's' || (value % 50), json_array('all', 't' || (value % 4)), '\"in\"',
           case when value % 100 = 0 then 'GPT-4o' end, {PLAIN_VALUES}
         from n where {traces} > 0;
         insert into trace (key, id, start_us, spans, errors, tokens, cost_nano, {PLAIN_COLUMNS})
         values (2 << 48, 'of other', 0, 0, 0, 0, 0, {PLAIN_VALUES});
         update trace set project = 2, id = 'id 1' where key = 2 << 48"
    );
    db.execute(&sql);
    db
}

type Passes = fn(i64) -> bool;

fn ask(db: &Sqlite, filter: &Filter, after: Option<ListPlace>) -> Page {
    traces::read_page(
        &block_on(db.run(traces::select_page(PROJECT, filter, after, 50).into())).unwrap(),
        50,
    )
    .unwrap()
}

/// Follows the list to its end: the ids, and how many questions it took.
fn follow(db: &Sqlite, filter: &Filter) -> (Vec<String>, usize) {
    let (mut ids, mut after, mut asked) = (Vec::new(), None, 0);
    loop {
        let page = ask(db, filter, after);
        asked += 1;
        ids.extend(page.rows.into_iter().map(|row| row.id));
        match page.next {
            Next::End => return (ids, asked),
            Next::More(place) | Next::Perhaps(place) => after = Some(place),
        }
    }
}

#[test]
fn pages_have_every_trace_once_newest_first() {
    let db = filled(120);
    let (ids, asked) = follow(&db, &Filter::default());
    assert_eq!(asked, 3);
    assert_eq!(ids, (1..=120).rev().map(|n| format!("id {n}")).collect::<Vec<_>>());
    assert!(matches!(ask(&db, &Filter::default(), None).next, Next::More(_)));
    let none = filled(0);
    assert!(!ask(&none, &Filter::default(), None).any);
    assert!(ask(&db, &Filter { from: Some(i64::MAX), ..Filter::default() }, None).any);
}

#[test]
fn each_filter_finds_what_it_should() {
    let db = filled(1_000);
    let some = |text: &str| Some(text.to_owned());
    let no = Filter::default;
    let cases: [(Filter, Passes); 11] = [
        (Filter { status: Some(TraceStatus::Error), ..no() }, |n| n % 10 == 0),
        (Filter { status: Some(TraceStatus::Ok), ..no() }, |n| n % 10 != 0),
        (Filter { name: some("aGENT 2"), ..no() }, |n| n % 3 == 2),
        (Filter { tags: vec!["t1".into(), "all".into()], ..no() }, |n| n % 4 == 1),
        (Filter { session: some("s7"), ..no() }, |n| n % 50 == 7),
        (Filter { model: some("gpt"), ..no() }, |n| n % 100 == 0),
        (Filter { min_duration_us: Some(900_000), ..no() }, |n| n % 1000 >= 900),
        (Filter { min_cost_nano: Some(5), ..no() }, |n| n % 11 >= 5),
        (Filter { from: Some(at(990)), ..no() }, |n| n >= 990),
        (Filter { to: Some(at(10)), ..no() }, |n| n <= 10),
        (Filter { tags: vec!["%' or 1=1".into()], ..no() }, |_| false),
    ];
    for (filter, passes) in cases {
        let expected: Vec<_> =
            (1..=1_000).rev().filter(|n| passes(*n)).map(|n| format!("id {n}")).collect();
        assert_eq!(follow(&db, &filter).0, expected, "{filter:?}");
    }
}

#[test]
fn letters_of_all_scripts_are_found_in_either_case() {
    let db = filled(4);
    db.execute(
        "update trace set name = case id when 'id 1' then 'Rückfrage ÄRGER' when 'id 2' then 'ärger'
           when 'id 3' then 'ΣΟΦΌΣ Агент' else 'arger STRAẞE' end;
         update trace set models = 'a' || char(10) || 'МОДЕЛЬ-4' where id = 'id 2'",
    );
    let find = |name: &str| {
        let named = Filter { name: Some(name.into()), ..Filter::default() };
        let api = block_on(db.run(traces::select_traces(PROJECT, &named, None, 50))).unwrap();
        let api: Vec<_> =
            traces::read_traces(&api, 50).unwrap().0.into_iter().map(|row| row.id).collect();
        let page = follow(&db, &named).0;
        assert_eq!(page, api, "{name}");
        page.join(" ").replace("id ", "")
    };
    for (name, found) in [
        ("ärger", "2 1"),
        ("ÄRGER", "2 1"),
        ("äRgEr", "2 1"),
        ("arger", "4"),
        ("rückfrage ärger", "1"),
        ("RÜCK", "1"),
        ("Σοφός агент", "3"),
        ("σοφός", "3"),
        ("АГЕНТ", "3"),
        ("straße", ""),
        ("straẞe", "4"),
        ("ж", ""),
    ] {
        assert_eq!(find(name), found, "{name}");
    }
    let model = Filter { model: Some("модель".into()), ..Filter::default() };
    assert_eq!(follow(&db, &model).0, ["id 2"]);

    // As many different letters as there are, with all else that can be asked for.
    let letters: String = ('а'..='я').chain('α'..='ω').chain('à'..='þ').collect();
    let all = Filter {
        from: Some(0),
        to: Some(i64::MAX),
        status: Some(TraceStatus::Ok),
        now: 0,
        name: Some(letters.clone()),
        tags: (0..20).map(|n| format!("t{n}")).collect(),
        session: Some("s".into()),
        user: Some("u".into()),
        model: Some(letters.clone()),
        min_duration_us: Some(1),
        max_duration_us: Some(i64::MAX),
        min_cost_nano: Some(1),
        max_cost_nano: Some(i64::MAX),
        min_tokens: Some(0),
        max_tokens: Some(i64::MAX),
        not_tags: vec!["none".into()],
        metadata: Some(("k".into(), "true".into())),
        score: Some(ScoreCondition {
            evaluator: Some(letters.clone()),
            bounds: vec![(Compare::Less, "0.5".into()), (Compare::AtLeast, "0".into())],
        }),
        sort: None,
        error: Some(letters.clone()),
        words: None,
        output: None,
    };
    assert_eq!(follow(&db, &all).0, Vec::<String>::new());
    block_on(db.run(traces::select_traces(
        PROJECT,
        &all,
        Some(ListPlace { key: i64::MAX, start_us: 0 }),
        50,
    )))
    .unwrap();
    chart(&db, at(0), at(1), &all);
    // Beyond the first of them a letter is found as it is asked for.
    db.0.borrow().execute("update trace set name = ?1 where id = 'id 1'", [&letters]).unwrap();
    assert_eq!(find(&letters), "1");
}

#[test]
fn a_filter_that_finds_little_looks_at_a_bounded_number_of_rows() {
    let db = filled(3 * MAX_ROWS_SCANNED);
    let rare = Filter { to: None, name: Some("no such name".into()), ..Filter::default() };
    let page = ask(&db, &rare, None);
    assert!(page.rows.is_empty());
    let last = 2 * MAX_ROWS_SCANNED + 1;
    let place = ListPlace { key: 1 << 48 | last << 16, start_us: at(last) };
    assert_eq!(page.next, Next::Perhaps(place));
    assert_eq!(follow(&db, &rare), (vec![], 4));
    // The first and the last of each stretch are looked at, too.
    for n in [
        1,
        MAX_ROWS_SCANNED,
        MAX_ROWS_SCANNED + 1,
        2 * MAX_ROWS_SCANNED,
        2 * MAX_ROWS_SCANNED + 1,
        3 * MAX_ROWS_SCANNED,
    ] {
        let at = Some(at(n));
        let one =
            Filter { session: Some(format!("s{}", n % 50)), from: at, to: at, ..rare.clone() };
        let found = follow(&db, &Filter { name: None, ..one }).0;
        assert_eq!(found, [format!("id {n}")]);
    }
    let models = Filter { model: Some("GPT".into()), ..Filter::default() };
    let (ids, _) = follow(&db, &models);
    assert_eq!(ids.len(), usize::try_from(3 * MAX_ROWS_SCANNED / 100).unwrap());
}

#[test]
fn traces_without_what_is_asked_for_are_walked_over() {
    let db = filled(MAX_ROWS_SCANNED + 1);
    let bare = "update trace set session = null, end_us = null, tokens = 9000000000000000000";
    db.execute(bare);
    let session = Filter { session: Some("s1".into()), ..Filter::default() };
    let long = Filter { min_duration_us: Some(1), ..Filter::default() };
    for filter in [session, long] {
        assert_eq!(follow(&db, &filter), (vec![], 2));
        chart(&db, at(0), at(MAX_ROWS_SCANNED), &filter);
    }
    let (_, buckets) = chart(&db, at(0), at(MAX_ROWS_SCANNED), &Filter::default());
    assert!(buckets.iter().any(|bucket| bucket.tokens > 1e19));
}

fn chart(db: &Sqlite, from: i64, to: i64, filter: &Filter) -> (Plan, Vec<Bucket>) {
    let scope = Scope { from: Some(from), to: Some(to), oldest: None };
    let extent = block_on(db.run(vec![chart::select_extent(PROJECT, &scope)])).unwrap();
    let plan = Plan::new(scope, to, &chart::read_extent(&extent).unwrap());
    let ran = block_on(db.run(vec![plan.statement(PROJECT, filter)])).unwrap();
    let buckets = chart::read_chart(&ran, &plan).unwrap();
    (plan, buckets)
}

#[test]
#[allow(clippy::float_cmp, reason = "whole numbers")]
fn charts_are_exact_while_there_are_few() {
    let db = filled(1_000);
    let (plan, buckets) = chart(&db, at(1), at(1_000), &Filter::default());
    assert!(plan.exact);
    let all = Bucket::sum(&buckets);
    assert_eq!((all.traces, all.errors), (1_000.0, 100.0));
    assert_eq!(all.tokens, (1..=1_000).map(|n| f64::from(n % 7)).sum::<f64>());
    assert_eq!(all.cost_nano, (1..=1_000).map(|n| f64::from(n % 11)).sum::<f64>());
    assert_eq!(all.percentile(50), Some(499_000));
    assert_eq!(plan.width, 30 * SECOND);
    assert_eq!((buckets[0].traces, buckets[1].traces), (29.0, 30.0));
    let failed = Filter { status: Some(TraceStatus::Error), ..Filter::default() };
    assert_eq!(Bucket::sum(&chart(&db, at(1), at(1_000), &failed).1).traces, 100.0);
}

#[test]
fn charts_of_many_are_close_and_read_a_bounded_number_of_rows() {
    let many = 4 * chart::EXACT;
    let db = filled(many);
    let (plan, buckets) = chart(&db, at(1), at(many), &Filter::default());
    assert!(!plan.exact);
    let all = Bucket::sum(&buckets);
    let off = |value: f64, expected: f64| (value / expected - 1.0).abs();
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let many = many as f64;
    assert!(off(all.traces, many) < 0.05, "{} of {many}", all.traces);
    assert!(off(all.errors, many / 10.0) < 0.1, "{}", all.errors);
    assert!(off(all.tokens, many * 3.0) < 0.1, "{}", all.tokens);
    assert!(all.durations.len() < 40_000);
    for bucket in buckets.iter().take(buckets.len() - 1).skip(1) {
        assert!(off(bucket.traces, many / 50.0) < 0.5, "{}", bucket.traces);
    }
}
