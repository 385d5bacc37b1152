//! Upgrading and rolling back: a database of each schema since the first one is brought to the
//! newest with what is in it, and the code of now reads it and writes to it; the code of now
//! runs on a schema that is expanded further, and so does the code of each release before
//! (`tests/upgrade/*.jsonl` has its statements) on the newest.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use edgespan::access::api_keys::{Principal, Which, hash};
use edgespan::access::key_table;
use edgespan::access::scope::Scopes;
use edgespan::admin;
use edgespan::admin::Command;
use edgespan::batch::{BatchRef, RawStore};
use edgespan::error::Fault;
use edgespan::index::{
    Database, Param, QueryResults, Statement, health, quota, recovery, rollups, spans, usage,
    verification,
};
use edgespan::model::Handling;
use edgespan::pipeline::consume::Outcome;
use edgespan::pipeline::rollup::roll_up;
use ingest_core::pack::hex;
use pollster::block_on;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::common::platform::Native;
use crate::common::statements::{filled, of_project};
use crate::common::{PROJECT, RECEIVED, Sqlite};

const FOLDER: &str = "tests/upgrade";

/// What was sent before the upgrade, whose rows `tests/upgrade/rows` has.
const SENT: &str = r#"{"batch":[
    {"type":"trace-create","body":{"id":"old","name":"support-agent","sessionId":"s","userId":"u","tags":["a"]}},
    {"type":"span-create","body":{"traceId":"old","id":"root","name":"answer","type":"AGENT","startTime":"2026-11-22T06:19:00.000Z","endTime":"2026-11-22T06:19:02.000Z","input":"Where is it?","output":"On its way."}},
    {"type":"span-create","body":{"traceId":"old","id":"call","parentSpanId":"root","name":"chat","type":"LLM","startTime":"2026-11-22T06:19:00.500Z","endTime":"2026-11-22T06:19:01.500Z","model":"m","usage":{"promptTokens":3,"completionTokens":4,"totalTokens":7},"cost":0.5}}]}"#;

/// The same trace, told more of afterwards.
const LATER: &str = r#"{"batch":[
    {"type":"span-create","body":{"traceId":"old","id":"later","parentSpanId":"root","name":"tool","type":"TOOL","startTime":"2026-11-22T06:19:01.600Z","endTime":"2026-11-22T06:19:01.700Z","output":"kept"}}]}"#;

/// The names of the migrations, in their order.
fn migrations() -> Vec<String> {
    let files = fs::read_dir("migrations").unwrap().map(|file| file.unwrap().file_name());
    let mut names: Vec<_> = files.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| Path::new(name).extension().is_some_and(|ending| ending == "sql"));
    names.sort();
    names
}

/// What a database of each schema would have in the tables that its last migration made.
fn rows_of(migration: &str) -> String {
    fs::read_to_string(Path::new(FOLDER).join("rows").join(migration)).unwrap_or_default()
}

/// Applies all migrations, after the first `count` of which their rows are written.
fn upgraded_from(count: usize) -> Native {
    let native = Native::with_scopes("admin");
    let db = &native.0.world.db;
    db.0.replace(Connection::open_in_memory().unwrap());
    let names = migrations();
    let next = names.get(count).map_or("9999", String::as_str);
    db.migrate("", next);
    for name in names.iter().take(count) {
        native.execute(&rows_of(name));
    }
    db.migrate(next, "9999");
    let batch = BatchRef::of(PROJECT, SENT.as_bytes(), RECEIVED, "json");
    block_on(native.0.world.store.put(&batch.key(), &SENT.as_bytes().to_vec())).unwrap();
    native
}

/// The `data` of an answer, which must be one.
fn get(native: &Native, path: &str) -> Value {
    let (status, mut answer) = native.ask("GET", path, &Value::Null);
    assert_eq!(status, 200, "{path}: {answer}");
    answer["data"].take()
}

/// What a page says, which must be there.
fn page(native: &Native, path: &str) -> String {
    let reply = native.page(&native.sign_in(), path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.text().to_owned()
}

#[test]
fn a_database_of_each_schema_since_the_first_goes_on_with_what_it_has() {
    let names = migrations();
    for count in 1..=names.len() {
        let native = upgraded_from(count);
        let has = |number: &str| names.iter().take(count).any(|name| name.starts_with(number));
        let key = hash("ts_old");
        let found = native.0.world.db.run_now(&[key_table::find(Which::Hash(&key))]).unwrap();
        let row = found.rows.concat();
        let principal =
            key_table::read_principal(row.first().map(String::as_str)).unwrap().unwrap();
        assert_eq!((&*principal.project_name, principal.rate_limit), ("shop", 100), "from {count}");
        assert_eq!(principal.scopes.to_list(), "ingest,read", "from {count}");
        assert_eq!(principal.handling, Handling::Lenient, "from {count}");

        let listed = get(&native, "/api/v1/traces?limit=10");
        assert_eq!(
            listed["traces"].as_array().unwrap().len(),
            usize::from(has("0002")),
            "{listed}"
        );
        if has("0002") {
            let trace = get(&native, "/api/v1/traces/old");
            assert_eq!(trace["name"], "support-agent", "{trace}");
            assert_eq!(trace["spans"][0]["output"], "On its way.", "{trace}");
            assert_eq!(trace["spans"][1]["model"], "m", "{trace}");
            assert!(page(&native, "/traces/old").contains("support-agent"));
        }
        if has("0003") {
            assert!(page(&native, "/settings").contains("0123456789abcdef0123456789abcdef"));
            let stats = get(&native, "/api/v1/stats");
            assert!(stats.to_string().contains("\"events\":3"), "from {count}: {stats}");
        }
        if has("0004") {
            assert_eq!(get(&native, "/api/v1/scores")["scores"][0]["value"], json!(0.5));
        }
        if has("0005") {
            let configs = get(&native, "/api/v1/routing-configs");
            assert!(configs.to_string().contains("rc_old"), "{configs}");
        }
        if has("0007") {
            assert!(get(&native, "/api/v1/prices").to_string().contains("\"m\""));
        }
        if has("0010") {
            assert!(get(&native, "/api/v1/evaluators").to_string().contains("ev_old"));
        }
        if has("0016") {
            assert!(page(&native, "/settings").contains("link_old"), "from {count}");
        }
        get(&native, "/api/v1/usage");
        for path in ["/traces", "/settings", "/costs"] {
            page(&native, path);
        }
        let (status, health) = native.ask_as("secret", "GET", "/api/v1/admin/health", &Value::Null);
        assert_eq!(
            (status, &health["data"]["newestMigration"]),
            (200, &json!(migrations().last()))
        );

        // What comes now is written beside it, and to the trace that is there.
        assert!(matches!(native.0.world.deliver(PROJECT, LATER), Outcome::Ack(_)), "from {count}");
        let trace = get(&native, "/api/v1/traces/old");
        assert_eq!(trace["spanCount"], if has("0002") { 3 } else { 1 }, "from {count}: {trace}");
        assert_eq!(trace["spans"].as_array().unwrap().last().unwrap()["output"], "kept", "{trace}");
        let rolled = block_on(roll_up(RECEIVED + 3_600_000, &native.0.world.db)).unwrap();
        // A step without a model changes nothing of what a trace used that was there before.
        let used = !has("0002") || has("0012");
        assert_eq!(rolled.deliveries, usize::from(used), "from {count}: {rolled:?}");
    }
}

#[test]
fn every_schema_has_rows_to_be_upgraded() {
    // Migrations that make a table have rows for it.
    for name in migrations() {
        let sql = fs::read_to_string(Path::new("migrations").join(&name)).unwrap();
        let tables = sql.lines().filter_map(|line| line.strip_prefix("create table "));
        let made = tables.filter(|table| !matches!(*table, "guard ("));
        assert!(
            made.count() == 0 || !rows_of(&name).is_empty() || name.contains("_usage"),
            "{name}"
        );
    }
}

/// The database, which notes what it runs.
struct Recorder<'d> {
    db: &'d Sqlite,
    ran: RefCell<Vec<Statement>>,
}

impl Database for Recorder<'_> {
    async fn run(&self, statements: Vec<Statement>) -> Result<QueryResults, Fault> {
        self.ran.borrow_mut().extend(statements.iter().cloned());
        self.db.run_now(&statements)
    }
}

/// The statements of the code of now, in an order in which each of them runs on [`filled`].
fn statements() -> Vec<Statement> {
    let mut all = of_project();
    let batch = BatchRef::of(PROJECT, b"overdue", RECEIVED, "json");
    let who = Principal {
        key_id: "key_1".into(),
        key_hash: hash("ts_1"),
        project: PROJECT.into(),
        project_name: "mine".into(),
        handling: Handling::Strict,
        rate_limit: 1_000,
        scopes: Scopes::parse("admin").unwrap(),
        blocked_until: None,
    };
    all.extend([
        key_table::find(Which::Hash(&who.key_hash)),
        key_table::find(Which::Id("key_1")),
        key_table::note_use(&who, RECEIVED),
        health::select(),
        health::select_migrations(),
        spans::select_trace_row(PROJECT, "t"),
        usage::select_of_all(0, 2 * RECEIVED),
        verification::select_next_tenant(0),
        quota::block(&[PROJECT], RECEIVED),
        quota::claim(PROJECT, 0, 80, RECEIVED),
        quota::end(PROJECT, 0, 80, RECEIVED),
        recovery::select_position(),
        rollups::select_due(RECEIVED, &[]),
    ]);
    all.extend(quota::select(0, 2 * RECEIVED, RECEIVED));
    all.extend(recovery::note_overdue(std::slice::from_ref(&batch), "", RECEIVED));
    all.extend(recovery::select_due(RECEIVED, 10, 1));
    all.extend(recovery::note_queued(&[batch], RECEIVED));
    let world = filled();
    let db = Recorder { db: &world.db, ran: RefCell::default() };
    let manage = |command: &Command, body: &str, random: u8| {
        let random = [random; admin::RANDOM_BYTES];
        block_on(admin::run(command, body.as_bytes(), &random, RECEIVED, &db)).unwrap()
    };
    manage(&Command::CreateKey("made".into()), "{}", 1);
    let keys = manage(&Command::GetProject("made".into()), "", 0);
    let keys: Value = serde_json::from_str(&keys).unwrap();
    let key = keys["keys"][0]["id"].as_str().unwrap().to_owned();
    manage(&Command::RotateKey("made".into(), key), "{}", 2);
    manage(&Command::ConfigureProject("made".into()), r#"{"rateLimit":100}"#, 0);
    block_on(admin::project_id("made", &db)).unwrap();
    all.extend(db.ran.into_inner());
    all
}

/// A database of the newest schema with rows, as `wrangler d1 migrations apply` leaves it.
fn newest() -> Sqlite {
    let db = filled().db;
    let table = "create table d1_migrations (id integer primary key, name text, applied_at text);
        insert into d1_migrations (name, applied_at) values ('0001_projects.sql', '2026-11-22 06:19:30')";
    db.0.borrow().execute_batch(table).unwrap();
    db
}

/// What of these statements does not run, and why.
fn complaints(db: &Sqlite, statements: &[Statement]) -> Vec<String> {
    let run = |statement: &Statement| {
        let fault = db.run_now(std::slice::from_ref(statement)).err()?;
        Some(format!("{fault}\nin {}", statement.sql))
    };
    statements.iter().filter_map(run).collect()
}

#[test]
fn the_code_of_now_works_on_a_schema_that_is_expanded_further() {
    // What the next release may do to each table, after which somebody goes back to this one.
    let db = newest();
    for table in db.texts("select name from sqlite_schema where type = 'table'") {
        let expand = format!(
            "alter table \"{table}\" add column to_come text;
             alter table \"{table}\" add column to_come_too integer not null default 7;"
        );
        db.0.borrow().execute_batch(&expand).unwrap();
    }
    assert_eq!(complaints(&db, &statements()), [""; 0]);
}

#[test]
fn what_is_no_expansion_is_found() {
    let all = statements();
    for (change, is_expansion) in [
        ("create table other (id text primary key) strict", true),
        ("alter table trace add column to_come text not null default ''", true),
        ("alter table trace drop column parent_trace", false),
        ("alter table trace rename column user to person", false),
        ("alter table dead_letter rename to buried", false),
        ("drop table price", false),
        ("create unique index once on api_key (project)", false),
    ] {
        let db = newest();
        db.0.borrow().execute_batch(change).unwrap();
        let found = complaints(&db, &all);
        assert_eq!(found.is_empty(), is_expansion, "{change}: {found:#?}");
    }
}

/// The records of releases, oldest first.
fn records() -> Vec<PathBuf> {
    let files = fs::read_dir(FOLDER).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some()).collect();
    files.retain(|file| file.extension().unwrap() == "jsonl");
    files.sort();
    files
}

/// A migration's SHA-256, in hexadecimal digits.
fn sum_of(migration: &str) -> String {
    let sql = fs::read_to_string(Path::new("migrations").join(migration)).unwrap();
    hex::write(&hash(&sql)).to_lowercase()
}

#[test]
fn the_code_of_each_release_works_on_the_newest_schema() {
    for file in records() {
        let text = fs::read_to_string(&file).unwrap();
        let (first, rest) = text.split_once('\n').unwrap();
        let first: Value = serde_json::from_str(first).unwrap();
        for (name, sum) in first["migrations"].as_object().unwrap() {
            assert_eq!(*sum, sum_of(name), "{name} was released, so it may not be changed");
        }
        let param = |value: &Value| match value {
            Value::String(text) => Param::Text(text.clone()),
            value => Param::Int(value.as_i64().unwrap()),
        };
        let statement = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            let params = line["params"].as_array().unwrap().iter().map(param).collect();
            Statement::new(line["sql"].as_str().unwrap().to_owned(), params)
        };
        let statements: Vec<_> = rest.lines().map(statement).collect();
        assert!(statements.len() > 100, "{}", file.display());
        assert_eq!(complaints(&newest(), &statements), [""; 0], "{}", file.display());
    }
}

/// `npm run release` runs it.
#[test]
#[ignore = "writes the record of the version that is in Cargo.toml"]
fn record() {
    let sums: Value =
        migrations().into_iter().map(|name| (name.clone(), Value::from(sum_of(&name)))).collect();
    let first = json!({ "version": env!("CARGO_PKG_VERSION"), "migrations": sums }).to_string();
    let line = |Statement { sql, params }: Statement| {
        let value = |param: &Param| match param {
            Param::Text(text) => Value::from(text.as_str()),
            Param::Int(n) => Value::from(*n),
        };
        let params: Vec<_> = params.iter().map(value).collect();
        json!({ "params": params, "sql": sql }).to_string()
    };
    let lines: Vec<_> = [first].into_iter().chain(statements().into_iter().map(line)).collect();
    let file = Path::new(FOLDER).join(concat!(env!("CARGO_PKG_VERSION"), ".jsonl"));
    fs::write(file, lines.join("\n") + "\n").unwrap();
}
