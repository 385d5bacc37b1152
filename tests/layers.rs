//! The import rules of ARCHITECTURE.md hold: its table of modules says what each
//! may import, and no files import each other in a circle. What is read is the
//! text of the sources: `use` declarations and paths that begin with `crate`,
//! `super` or `self`. Tests inside of sources are left out, and so are
//! `pub use` declarations, which pass names on and take none.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The crates, lowest first: a later one passes on the modules of an earlier one
/// under its own name.
const CRATES: [(&str, &str); 4] = [
    ("ingest_core", "crates/ingest-core/src"),
    ("evaluators", "crates/evaluators/src"),
    ("prices", "crates/prices/src"),
    ("edgespan", "src"),
];

/// A module path without its crate, such as `index::traces`, by its file.
type Modules = BTreeMap<String, PathBuf>;

#[test]
fn every_import_is_allowed_by_the_table() {
    let rules = read_rules(&fs::read_to_string("ARCHITECTURE.md").unwrap());
    let modules = find_modules();
    let mut breaches = Vec::new();
    for (from, to) in find_imports(&modules) {
        let (Some(of_from), Some(of_to)) = (rule_of(&rules, &from), rule_of(&rules, &to)) else {
            breaches.push(format!("the table has no row for {from} or {to}"));
            continue;
        };
        let allowed = &rules[of_from];
        if of_from != of_to && !allowed.contains("everything") && !allowed.contains(of_to) {
            breaches.push(format!("{from} ({of_from}) imports {to} ({of_to})"));
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn the_table_names_only_what_is_there() {
    let rules = read_rules(&fs::read_to_string("ARCHITECTURE.md").unwrap());
    let modules = find_modules();
    let imports = find_imports(&modules);
    for (name, allowed) in &rules {
        let prefix = format!("{name}::");
        let is_part = |module: &String| module == name || module.starts_with(&prefix);
        assert!(modules.keys().any(is_part), "there is no module {name}");
        for other in allowed.iter().filter(|other| *other != "everything") {
            let used = imports.iter().any(|(from, to)| {
                rule_of(&rules, from) == Some(name) && rule_of(&rules, to) == Some(other)
            });
            assert!(used, "{name} may import {other}, and does not");
        }
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let imports = find_imports(&find_modules());
    let circle = find_circle(&imports);
    assert!(circle.is_none(), "{}", circle.unwrap_or_default().join(" -> "));
}

#[test]
fn no_source_file_is_longer_than_400_lines() {
    let mut files = Vec::new();
    for folder in ["src", "crates", "tests", "scripts", "bench", "sim"] {
        list_files(Path::new(folder), &mut files);
    }
    let counted = ["rs", "ts", "js", "mjs", "css", "sql"];
    let long: Vec<String> = files
        .iter()
        .filter(|file| file.extension().is_some_and(|e| counted.iter().any(|c| e == *c)))
        .map(|file| (file, fs::read_to_string(file).unwrap().lines().count()))
        .filter(|(_, lines)| *lines > 400)
        .map(|(file, lines)| format!("{}: {lines} lines", file.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn finds_imports_in_every_spelling() {
    let source = "
        use crate::index::{Database, traces::{self, list_traces}};
        pub use crate::left_out::Name;
        use super::tree::Row;
        use std::fmt;
        fn f() { crate::access::check(self::inner::g(child::h())) }
        // crate::comment::is_none
        #[cfg(test)]
        mod tests { use crate::test_only::Name; }";
    let mut found: Vec<_> = find_paths(source, &["child"]).into_iter().collect();
    found.sort();
    assert_eq!(
        found,
        [
            "child::h",
            "crate::access::check",
            "crate::index::Database",
            "crate::index::traces::list_traces",
            "crate::index::traces::self",
            "self::inner::g",
            "super::tree::Row"
        ]
    );
}

#[test]
fn finds_circles() {
    let edge = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let line: BTreeSet<_> = [edge("a", "b"), edge("b", "c"), edge("a", "c")].into();
    assert_eq!(find_circle(&line), None);
    let circle: BTreeSet<_> = [edge("a", "b"), edge("b", "c"), edge("c", "b")].into();
    assert_eq!(find_circle(&circle).unwrap(), ["b", "c", "b"]);
}

/// The rows of the table whose head is `module | does | may import`: for each
/// module the modules in its last column.
fn read_rules(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let names = |cell: &str| -> Vec<String> {
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let mut rules = BTreeMap::new();
    let rows = text.lines().skip_while(|line| !line.contains("| may import |"));
    for row in rows.skip(2).take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let mut allowed: BTreeSet<String> = names(cells[2]).into_iter().collect();
        if cells[2].contains("everything") {
            allowed.insert("everything".into());
        }
        for module in names(cells[0]) {
            rules.insert(module, allowed.clone());
        }
    }
    assert!(rules.len() > 10, "ARCHITECTURE.md has no table of modules");
    rules
}

/// The row that a module falls under: the one with the longest matching name.
fn rule_of<'r>(rules: &'r BTreeMap<String, BTreeSet<String>>, module: &str) -> Option<&'r String> {
    let mut name = module;
    loop {
        if let Some((rule, _)) = rules.get_key_value(name) {
            return Some(rule);
        }
        name = name.rsplit_once("::")?.0;
    }
}

fn list_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { list_files(&path, files) } else { files.push(path) }
    }
}

/// Every module that is a file, but for the crates' roots.
fn find_modules() -> Modules {
    let mut modules = Modules::new();
    for (_, root) in CRATES {
        let mut files = Vec::new();
        list_files(Path::new(root), &mut files);
        for file in files.into_iter().filter(|file| file.extension().is_some_and(|e| e == "rs")) {
            let path = file.strip_prefix(root).unwrap().with_extension("");
            let mut parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
            if parts.last() == Some(&"mod") {
                parts.pop();
            }
            if !matches!(parts.as_slice(), ["lib"] | [.., "tests"]) {
                modules.insert(parts.join("::"), file);
            }
        }
    }
    modules
}

/// Which module imports which.
fn find_imports(modules: &Modules) -> BTreeSet<(String, String)> {
    let mut imports = BTreeSet::new();
    for (module, file) in modules {
        let prefix = format!("{module}::");
        let children: Vec<&str> =
            modules.keys().filter_map(|other| other.strip_prefix(&prefix)).collect();
        for path in find_paths(&fs::read_to_string(file).unwrap(), &children) {
            let mut at: Vec<&str> = module.split("::").collect();
            let mut parts = path.split("::").peekable();
            // A path that begins with none of the three begins with a child.
            while let Some(first) = parts.next_if(|p| matches!(*p, "crate" | "self" | "super")) {
                match first {
                    "crate" => at.clear(),
                    "super" => _ = at.pop(),
                    _ => {}
                }
            }
            if parts.next_if(|part| CRATES.iter().any(|(name, _)| name == part)).is_some() {
                at.clear();
            }
            at.extend(parts);
            while !at.is_empty() && !modules.contains_key(&at.join("::")) {
                at.pop();
            }
            let target = at.join("::");
            if !target.is_empty() && target != *module {
                imports.insert((module.clone(), target));
            }
        }
    }
    imports
}

/// The paths of a source that lead to other modules of these crates, its own
/// children among them; one for each name.
fn find_paths(source: &str, children: &[&str]) -> BTreeSet<String> {
    let code: Vec<&str> = source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .collect();
    let mut rest = code.join("\n");
    let mut paths = BTreeSet::new();
    while let Some(start) = rest.find("pub use ") {
        let end = rest[start..].find(';').map_or(rest.len(), |end| start + end);
        rest.replace_range(start..end, "");
    }
    let begins = |text: &str| {
        let roots = CRATES.iter().map(|(name, _)| name).chain(&["crate", "self", "super"]);
        roots
            .chain(children)
            .any(|root| text.strip_prefix(root).is_some_and(|rest| rest.starts_with("::")))
    };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for (at, _) in rest.char_indices() {
        let inside = rest[..at].ends_with(|c| is_word(c) || c == ':');
        if !inside && begins(&rest[at..]) {
            expand("", &rest[at..], &mut paths);
        }
    }
    paths
}

/// Adds the paths of one path, which may be a tree with braces. Returns the rest
/// of the text.
fn expand<'t>(prefix: &str, text: &'t str, paths: &mut BTreeSet<String>) -> &'t str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    let (path, mut rest) = text.split_at(end.unwrap_or(text.len()));
    let path = format!("{prefix}{path}");
    if !path.ends_with("::") || !rest.starts_with('{') {
        paths.insert(path.trim_end_matches(':').to_owned());
        return rest;
    }
    rest = &rest[1..];
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if rest.is_empty() || rest.starts_with('}') {
            return rest.get(1..).unwrap_or_default();
        }
        let before = rest.len();
        rest = expand(&path, rest, paths);
        let past = rest.find([',', '}']).unwrap_or(rest.len());
        rest = &rest[past..];
        assert!(rest.len() < before, "not a path: {rest:.40}");
    }
}

/// A circle, its first module named again at its end.
fn find_circle(imports: &BTreeSet<(String, String)>) -> Option<Vec<String>> {
    let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in imports {
        next.entry(from).or_default().push(to);
    }
    let mut done = BTreeSet::new();
    for start in next.keys() {
        let mut way = vec![(*start, 0)];
        while let Some((at, tried)) = way.last_mut() {
            let Some(to) = next.get(at).and_then(|all| all.get(*tried)) else {
                done.insert(*at);
                way.pop();
                continue;
            };
            *tried += 1;
            if let Some(first) = way.iter().position(|(module, _)| module == to) {
                let circle = way[first..].iter().map(|(module, _)| (*module).to_owned());
                return Some(circle.chain([(*to).to_owned()]).collect());
            }
            if !done.contains(to) {
                way.push((to, 0));
            }
        }
    }
    None
}
