//! All the SQL in the sources, read as text: whatever touches a tenant's rows has
//! the project in it. What is not written there cannot be run.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::{Path, PathBuf};

/// The tables that hold tenants' rows.
const TABLES: [&str; 6] = ["trace", "span", "batch", "dead_letter", "stat", "overdue"];
/// What comes before a table's name.
const BEFORE: [&str; 4] = ["from", "into", "update", "join"];

/// The sweeper serves all projects at once: its question for what is due is the
/// one that names none. Its answers, objects' keys, each name theirs.
const OF_ALL: [&str; 1] = ["select json_array(object, queued) as json from overdue"];

/// Whether the text says whose rows it touches: spans lie under the key that their
/// trace's row gives, and that row is a project's.
fn names_owner(sql: &str, tables: &[&str]) -> bool {
    let words = words(sql);
    let has = |word: &str| words.iter().any(|w| w == word);
    has("project") || tables.iter().all(|table| *table == "span") && has("key")
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

/// The tenants' tables that a text reads or writes, if it is SQL.
fn tables(sql: &str) -> Vec<&'static str> {
    let words = words(sql);
    let after = |pair: &[String]| {
        let [before, name] = pair else { return None };
        TABLES.into_iter().find(|table| BEFORE.contains(&before.as_str()) && table == name)
    };
    words.windows(2).filter_map(after).collect()
}

#[test]
fn every_statement_on_tenants_rows_names_the_project() {
    let mut found = Vec::new();
    for folder in ["src", "core/src"] {
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    let (mut read, mut of_all) = (0, 0);
    for file in found {
        for sql in literals(&std::fs::read_to_string(&file).unwrap()) {
            let tables = tables(&sql);
            if tables.is_empty() {
                continue;
            }
            read += 1;
            if OF_ALL.iter().any(|start| sql.trim_start().starts_with(start)) {
                of_all += 1;
                continue;
            }
            let named = names_owner(&sql, &tables);
            assert!(named, "{}: {tables:?} without a project:\n{sql}", file.display());
        }
    }
    assert!(read >= 20, "only {read} statements were found");
    assert_eq!(of_all, OF_ALL.len());
}

#[test]
fn the_reading_finds_what_is_wrong() {
    let source = r#"
        // "delete from span"
        let quote = '"';
        let bad = "select \"id\" from   trace as t
            where id = ?1";
        let bad = "select id from span where id = ?1";
        let good = "select id from span where trace = walk.key";
        let good = "insert into trace (project) values (?1)";
        let other = "select position from sweep";"#;
    let found: Vec<_> = literals(source)
        .iter()
        .map(|literal| (tables(literal), names_owner(literal, &tables(literal))))
        .collect();
    assert_eq!(
        found,
        [
            (vec!["trace"], false),
            (vec!["span"], false),
            (vec!["span"], true),
            (vec!["trace"], true),
            (vec![], false)
        ]
    );
}
