//! A project sees and changes nothing of another's, whatever is asked: every statement
//! is run beside another project's rows, with the same ids, sessions and tags, and
//! without them. All the SQL in the sources is among what is run.

use std::path::{Path, PathBuf};

use crate::common::statements::{filled, of_project};
use crate::common::{PROJECT, RECEIVED, World};
use edgespan::batch::BatchRef;
use edgespan::index::sessions::MAX_ROWS_SCANNED;
use edgespan::index::{
    Database, Statement, alerts, health, quota, recovery, rollups, usage, verification,
};
use pollster::block_on;

/// The tables that hold tenants' rows.
const TABLES: [&str; 19] = [
    "trace",
    "span",
    "delivery",
    "word_block",
    "usage",
    "batch",
    "dead_letter",
    "stat",
    "overdue",
    "tenant",
    "score",
    "routing_config",
    "evaluator",
    "evaluation",
    "evaluator_calls",
    "alert",
    "budget",
    "spent",
    "price",
];

/// What comes before a table's name.
const BEFORE: [&str; 4] = ["from", "into", "update", "join"];

/// The same rows for another project, but for what they say, under the number `$NUMBER`.
const OTHER: &str = "
insert into tenant values ($NUMBER, '$OTHER');
create temp table x as select * from batch;
update x set project = '$OTHER', events = 9;
insert into batch select * from x;
drop table x;
create temp table x as select * from trace;
update x set project = $NUMBER, key = key + (($NUMBER - 5) << 48), name = 'n of others', version = 9,
  input_preview = 'theirs', cost_nano = cost_nano * 2, spans = 9, tokens = 9, models = 'm of others';
insert into trace select * from x;
drop table x;
create temp table x as select * from span;
update x set trace = trace + (($NUMBER - 5) << 48), start_us = 2, pack = x'00';
insert into span select * from x;
drop table x;
create temp table x as select * from delivery;
update x set key = key + (($NUMBER - 5) << 48), usage = x'00';
insert into delivery select * from x;
drop table x;
create temp table x as select * from word_block;
update x set key = key + (($NUMBER - 5) << 48), traces = 9, parted = 9, words = unhex(hex(words) || '00');
insert into word_block select * from x;
drop table x;
create temp table x as select * from usage;
update x set project = $NUMBER, version = 9, models = x'00', names = x'00', users = x'00', tags = x'00';
insert into usage select * from x;
drop table x;
create temp table x as select * from dead_letter;
update x set project = '$OTHER', object = 'theirs', reason = 'theirs', attempts = 9;
insert into dead_letter select * from x;
drop table x;
create temp table x as select * from score;
update x set project = $NUMBER, name = 'n of others', at_us = 6;
insert into score select * from x;
drop table x;
create temp table x as select * from stat;
update x set project = '$OTHER', batches = 9, events = 9, rejected_validation = 9, traces = 9;
insert into stat select * from x;
drop table x;
insert into project (id, name, handling, created_ms, rate_limit) values ('$OTHER', '$OTHER', 'strict', 1, 1000);
insert into routing_config values ('$OTHER', 'a', 'default', 1, 'theirs', 0, 0);
insert into routing_config values ('$OTHER', 'i', 'r', 1, 'theirs', 0, 0);
insert into evaluator values ('$OTHER', 'mine', 'mine', 'CONTAINS', '{}', 1, 1, 'trace', '{}', 1, null, 1, 1, 1),
  ('$OTHER', 'new', 'new', 'CONTAINS', '{}', 1, 1, 'trace', '{}', 1, null, 1, 1, 1);
insert into evaluation values ($NUMBER, 't', 'mine', 1, '', 'theirs', 'error', 'theirs', null, 1, 0, 1);
insert into evaluator_calls values ('$OTHER', 'mine', 1, 7);
insert into alert values ('$OTHER', 'mine', 'theirs', 'cost', 'hour', '', 9, 9, 'theirs', 'json', 9, 1, 1, 1, 1, 1, 9, 'firing', 2, 9, 9, 9, null, null);
insert into budget values ('$OTHER', 'mine', 'theirs', 'project', '', 'total', 9, null, 1);
insert into spent values ($NUMBER, 'mine', '', 0, 9, 9);
insert into price values ('$OTHER', 'm', '', '{}', 9), ('$OTHER', 'old', '', '{}', 9)";

/// All rows of one project, or of all others.
fn rows(world: &World, mine: bool) -> Vec<String> {
    let is = if mine { "=" } else { "<>" };
    let of = |table: &&str| match *table {
        "span" => format!("select * from span where trace >> 48 {is} 5"),
        "delivery" | "word_block" => format!("select * from {table} where key >> 48 {is} 5"),
        "trace" | "score" | "evaluation" | "usage" | "spent" => {
            format!("select * from {table} where project {is} 5")
        }
        table => format!("select * from {table} where project {is} '{PROJECT}'"),
    };
    TABLES.iter().flat_map(|table| world.db.dump(&of(table))).collect()
}

/// What is wrong with these statements, run one after the other, if anything is;
/// beside a project whose id and number come before those of [`PROJECT`] and one whose come
/// after.
fn complaint(statements: &[Statement]) -> Option<String> {
    [("other", "3"), ("p1other", "6")]
        .iter()
        .find_map(|(other, number)| complaint_beside(other, number, statements))
}

fn complaint_beside(other: &str, number: &str, statements: &[Statement]) -> Option<String> {
    let (alone, beside) = (filled(), filled());
    let rows_of_other = OTHER.replace("$OTHER", other).replace("$NUMBER", number);
    beside.db.execute(&rows_of_other);
    let theirs = rows(&beside, false);
    for statement in statements {
        let changes = || alone.db.changes();
        let before = changes();
        let run = |world: &World| block_on(world.db.run(vec![statement.clone()])).unwrap().rows;
        let (expected, found) = (run(&alone), run(&beside));
        let sql = &statement.sql;
        if found != expected {
            return Some(format!("{found:?}\nis not {expected:?}\nin {sql}"));
        }
        if rows(&beside, false) != theirs {
            return Some(format!("rows of others changed\nin {sql}"));
        }
        if rows(&beside, true) != rows(&alone, true) {
            return Some(format!("other rows are written than without others\nin {sql}"));
        }
        // Where a session's walk stopped: after more rows than there are here. The number
        // that the project has, and nothing that was changed since it was read.
        let nothing = [
            format!("offset {MAX_ROWS_SCANNED}"),
            "insert into tenant".into(),
            "insert into guard".into(),
        ];
        let nothing = nothing.iter().any(|part| sql.contains(part));
        if expected[0].is_empty() && changes() == before && !nothing {
            return Some(format!("this found nothing and changed nothing\nin {sql}"));
        }
    }
    None
}

#[test]
fn no_statement_sees_or_changes_rows_of_another_project() {
    assert_eq!(complaint(&of_project()), None);
}

/// Each of these has the project in it.
#[test]
fn statements_that_leave_the_project_are_found() {
    let statement = |sql: &'static str| Statement { sql: sql.into(), params: vec![PROJECT.into()] };
    let sound = "select name as json from trace
        where project = (select number from tenant where project = ?1)";
    assert_eq!(complaint(&[statement(sound)]), None);
    for sql in [
        "select name as json from trace where project = project and id = 't' and ?1 <> ''",
        "select t.name as json from trace as t join batch as b on b.project = ?1 where t.id = 't'",
        "select hex(s.pack) as json from span as s join tenant as n on n.project = ?1 where s.id = 's'",
        "select name as json from trace where key >= (select number << 48 from tenant where project = ?1)",
        "select name as json from trace where key < (select (number + 1) << 48 from tenant where project = ?1)",
        "select cast(count(*) as text) as json from stat where project is not null and ?1 <> ''",
        "update trace set errors = 9 where id = 't' and coalesce(project, ?1) <> ''",
        "delete from dead_letter where batch in (select batch from dead_letter where project = ?1)",
        "insert into overdue select 'other', id, '', 0, 0, 0 from batch where project = ?1",
        "update stat set batches = (select sum(batches) from stat) where project = ?1",
        "update trace set errors = 9 where id = 'none' and ?1 <> ''",
        "select name as json from score where id = 'of the trace' and ?1 <> ''",
    ] {
        assert!(complaint(&[statement(sql)]).is_some(), "{sql}");
    }
}

/// A batch of this id of each of two projects.
fn two(id: &str) -> [BatchRef; 2] {
    [PROJECT, "other"].map(|project| BatchRef {
        project: project.into(),
        id: id.into(),
        received: RECEIVED,
        ending: "json".into(),
    })
}

/// What the sweeper asks, in its order, when each of two batches of one id is
/// another's; and the rows of `overdue` after each.
#[test]
fn the_sweeper_takes_no_batch_for_one_of_another_project() {
    let world = World::new();
    world
        .db
        .0
        .borrow()
        .execute_batch(&format!(
            "insert into batch (project, id, received_ms, events, bytes)
               values ('{PROJECT}', 'written', 0, 1, 1);
             insert into dead_letter values ('{PROJECT}', 'dead', 'o', 'why', 1, 0)"
        ))
        .unwrap();
    let run = |statements| block_on(world.db.run(statements)).unwrap().rows;
    let overdue =
        || world.db.dump("select project || ' ' || batch || ' ' || queued from overdue").join(" ");
    let both = [two("written"), two("dead")].concat();
    let keys: Vec<String> = both.iter().map(BatchRef::key).collect();
    let of_other = r#"[Text("other dead 0")] [Text("other written 0")]"#;

    run(recovery::note_overdue(&both, "position", 5));
    assert_eq!(overdue(), of_other);
    let all = format!(
        "insert or replace into overdue values ('{PROJECT}', 'written', '{}', 0, 0, 5),
           ('{PROJECT}', 'dead', '{}', 0, 0, 5)",
        keys[0], keys[2]
    );
    world.db.execute(&all);
    let due = run(recovery::select_due(5, 10, 10));
    assert_eq!(overdue(), of_other);
    assert_eq!(due[1].len(), 2);
    assert!(due[1].iter().all(|row| row.contains("/other/")), "{due:?}");
    world.db.execute(&all);
    run(recovery::note_queued(&both[..1], 5));
    let queued = world.db.dump("select project, batch from overdue where queued > 0");
    assert_eq!(queued, [format!(r#"[Text("{PROJECT}"), Text("written")]"#)]);
    assert_eq!(
        world.db.dump("select project, swept from stat"),
        [format!(r#"[Text("{PROJECT}"), Integer(1)]"#)]
    );
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// The string literals of a Rust file.
fn literals(source: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut rest = source.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => drop(rest.by_ref().find(|c| *c == '\n')),
            // A character, not a lifetime: '"' is what matters.
            '\'' if rest.peek() == Some(&'"') => drop(rest.next()),
            '"' => {
                let mut literal = String::new();
                while let Some(c) = rest.next().filter(|c| *c != '"') {
                    literal.push(c);
                    if c == '\\' {
                        literal.extend(rest.next());
                    }
                }
                literals.push(literal);
            }
            _ => {}
        }
    }
    literals
}

fn words(sql: &str) -> Vec<String> {
    let words = sql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// A file of SQL without its comments, and with nothing in place of the names of fields,
/// which are numbers when it is run.
fn without_names(sql: &str) -> String {
    let lines = sql.lines().filter(|line| !line.trim_start().starts_with("--"));
    let sql = lines.collect::<Vec<_>>().join("\n");
    let mut parts = sql.split('\'');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    while let (Some(quoted), Some(after)) = (parts.next(), parts.next()) {
        let named = plain.ends_with("->>") || quoted.starts_with("$.");
        let quoted = if named { "{}" } else { &format!("'{quoted}'") };
        plain.push_str(quoted);
        plain.push_str(after);
    }
    plain
}

/// The tenants' tables that a text reads or writes, if it is SQL.
fn tables(sql: &str) -> Vec<&'static str> {
    let words = words(sql);
    let after = |pair: &[String]| {
        let [before, name] = pair else { return None };
        TABLES.into_iter().find(|table| BEFORE.contains(&before.as_str()) && table == name)
    };
    words.windows(2).filter_map(after).collect()
}

/// A text without what is put into it: the parts of it that are what is run.
fn parts(sql: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        let hole = match c {
            '{' => rest.by_ref().find(|c| *c == '}').is_some(),
            '$' => {
                while rest.next_if(|c| c.is_ascii_uppercase() || *c == '_').is_some() {}
                true
            }
            _ => false,
        };
        match parts.last_mut() {
            Some(part) if !hole => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    let one_space = |part: &String| part.split_whitespace().collect::<Vec<_>>().join(" ");
    parts.iter().map(one_space).filter(|part| !part.is_empty()).collect()
}

/// Whether a text of the sources is in a statement that is run here.
fn is_run(sql: &str, run: &[String]) -> bool {
    let parts = parts(sql);
    run.iter().any(|statement| parts.iter().all(|part| statement.contains(part)))
}

/// What the tests above run, with its white space made one.
fn run() -> Vec<String> {
    let sweeper = [
        vec![
            verification::select_next_tenant(0),
            usage::select_of_all(0, 1),
            rollups::select_due(0, &[]),
            alerts::select_enabled(),
        ],
        quota::select(0, 1, 0).to_vec(),
        vec![health::select(), health::select_last_sweep()],
        recovery::note_overdue(&[], "", 0),
        recovery::select_due(0, 1, 1),
        recovery::note_queued(&[], 0),
    ];
    of_project()
        .into_iter()
        .chain(sweeper.into_iter().flatten())
        .map(|statement| statement.sql.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn every_statement_on_tenants_rows_is_run_here() {
    let mut found = Vec::new();
    for folder in ["src", "crates/ingest-core/src"] {
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    let run = run();
    let mut read = 0;
    for file in found {
        let text = std::fs::read_to_string(&file).unwrap();
        let is_sql = file.extension().is_some_and(|ending| ending == "sql");
        for sql in if is_sql { vec![without_names(&text)] } else { literals(&text) } {
            let tables = tables(&sql);
            if tables.is_empty() {
                continue;
            }
            read += 1;
            let hint = "add what runs it to tests/common/statements.rs";
            assert!(is_run(&sql, &run), "{}: {tables:?}, {hint}:\n{sql}", file.display());
        }
    }
    assert!(read >= 20, "only {read} statements were found");
}

#[test]
fn the_reading_finds_what_is_not_run() {
    let source = r#"
        // "delete from span"
        let quote = '"';
        let bad = "select \"id\" from   trace as t
            where t.project = ?1";
        let bad = "select id from span where id = ?1 and {condition}";
        let good = "select id   from trace where project = ?1 and {condition} limit $MOST";
        let other = "select position from sweep";"#;
    let run = ["select id from trace where project = ?1 and a = 1 limit 5".to_owned()];
    let found: Vec<_> =
        literals(source).iter().map(|sql| (tables(sql), is_run(sql, &run))).collect();
    assert_eq!(
        found,
        [(vec!["trace"], false), (vec!["span"], false), (vec!["trace"], true), (vec![], false)]
    );
}
