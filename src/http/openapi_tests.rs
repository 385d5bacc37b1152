//! `docs/openapi.json` describes every route and no other, by the tables that requests are
//! routed by; and `docs/api.md` speaks of the same paths.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::route::Route;
use super::router;
use super::routes::Audience;
use crate::compat::langfuse;
use crate::formats::{FORMATS, FormatPath};

/// What the platform serves before the Worker is asked.
const ASSET: (&str, &str) = ("GET", "/api/v1/openapi.json");

/// Methods and paths, with `*` for an id.
type Surface = BTreeSet<(String, String)>;

fn document() -> Value {
    serde_json::from_str(&fs::read_to_string("docs/openapi.json").unwrap()).unwrap()
}

/// A path with `*` for each part in braces.
fn pattern(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "*" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn described() -> Surface {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().keys().filter(|key| *key != "parameters");
        methods.map(|method| (method.to_uppercase(), pattern(path)))
    });
    operations.filter(|(method, path)| (&**method, &**path) != ASSET).collect()
}

/// The path of a question. The match makes whoever adds one add it to [`routed`].
fn path_of(langfuse: &langfuse::Question) -> Option<&'static str> {
    use langfuse::Question;
    match langfuse {
        Question::Health => Some("health"),
        Question::Projects => Some("projects"),
        Question::Traces => Some("traces"),
        Question::Trace(_) => Some("traces/*"),
        Question::Observations => Some("observations"),
        Question::Observation(_) => Some("observations/*"),
        Question::Scores => Some("scores"),
        Question::Score(_) => Some("scores/*"),
        Question::Nothing => None,
    }
}

fn routed() -> Surface {
    use langfuse::Question;
    let rows = router::rows().flat_map(|row| {
        let path = format!("/{}", row.pattern.join("/"));
        row.methods.iter().map(move |(method, ..)| ((*method).to_owned(), path.clone()))
    });
    let sent = FORMATS.0.iter().flat_map(|format| {
        let kept = format.paths.iter().map(|path| (path, true));
        let all = kept.chain(format.unkept_paths.iter().map(|path| (path, false)));
        all.map(|(path, kept)| FormatPath { path, kept })
    });
    let sent = sent.map(|at| (at.method().to_owned(), at.pattern().to_owned()));
    let answers = FORMATS.0.iter().flat_map(|format| format.extras.answers);
    let answers = answers.map(|(path, _)| ("GET".to_owned(), (*path).to_owned()));
    let asked = [
        Question::Health,
        Question::Projects,
        Question::Traces,
        Question::Trace(String::new()),
        Question::Observations,
        Question::Observation(String::new()),
        Question::Scores,
        Question::Score(String::new()),
    ];
    let asked = asked.iter().filter_map(path_of);
    let asked = asked.map(|path| ("GET".to_owned(), format!("/api/public/{path}")));
    rows.chain(sent).chain(answers).chain(asked).collect()
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let (described, routed) = (described(), routed());
    let missing: Vec<_> = routed.difference(&described).collect();
    assert!(missing.is_empty(), "docs/openapi.json has not {missing:?}");
    let invented: Vec<_> = described.difference(&routed).collect();
    assert!(invented.is_empty(), "docs/openapi.json has {invented:?}, which is no route");
    for (method, path) in &described {
        let found = router::find(method, &path.replace('*', "x"), FORMATS).unwrap();
        let nothing = matches!(&found.route, Route::Compat(question) if !question.has_answer());
        assert!(!nothing, "{method} {path}");
    }
}

#[test]
fn what_is_described_says_who_may_ask() {
    let document = document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let method = method.to_uppercase();
            if method == "PARAMETERS" || (&*method, &**path) == ASSET {
                continue;
            }
            let found = router::find(&method, &pattern(path).replace('*', "x"), FORMATS).unwrap();
            let open = matches!(&found.route, Route::Compat(q) if q.answer_anybody().is_some());
            let wanted = match found.audience {
                Audience::Client | Audience::Agent if !open => Some("key"),
                Audience::Client | Audience::Agent | Audience::Anybody => None,
                Audience::Operator => Some("operator"),
                Audience::Person => Some("session"),
            };
            let said = operation["security"][0].as_object();
            let said = said.and_then(|keys| keys.keys().next()).map(String::as_str);
            assert_eq!(said, wanted, "{method} {path}");
        }
    }
}

/// The paths that a document names: those in backticks, and in a table whose first heading
/// ends in `…` the beginnings of rows after that.
fn named_in(text: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    let mut prefix = None;
    for line in text.lines() {
        if !line.starts_with('|') {
            prefix = None;
        }
        let codes: Vec<_> = line.split('`').skip(1).step_by(2).collect();
        let first = codes.first().filter(|_| line.starts_with("| `"));
        if let (None, Some(first)) = (prefix, first) {
            let path = first.split_whitespace().last();
            prefix = path.and_then(|path| path.strip_suffix('…'));
        } else if let (Some(prefix), Some(_)) = (prefix, first) {
            let cell = line.split('|').nth(1).unwrap_or_default();
            for code in cell.split('`').skip(1).step_by(2) {
                let path = code.split_whitespace().find(|word| !is_method(word));
                let path = pattern(&format!("{prefix}{}", path.unwrap_or_default()));
                named.extend(Some(path).filter(|path| !path.ends_with('/')));
            }
            continue;
        }
        for word in codes.iter().flat_map(|code| code.split_whitespace()) {
            let path = word.split('?').next().unwrap_or_default();
            if path.starts_with('/') && path.len() > 1 && !path.ends_with('…') {
                named.insert(pattern(path));
            }
        }
    }
    named
}

fn is_method(word: &str) -> bool {
    ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&word)
}

#[test]
fn the_documentation_names_the_paths_that_there_are() {
    let named = named_in(&fs::read_to_string("docs/api.md").unwrap());
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let of_api = paths.iter().filter(|(_, methods)| {
        let tags = methods.as_object().unwrap().values().map(|of| &of["tags"][0]);
        tags.into_iter().all(|tag| tag != "pages")
    });
    // LangSmith's calls are said once, for both places.
    let under = |path: &str| path.replacen("/api/v1/", "/", 1);
    let all: BTreeSet<_> = of_api.map(|(path, _)| pattern(path)).collect();
    let unnamed: Vec<_> =
        all.iter().filter(|path| !named.contains(*path) && !named.contains(&under(path))).collect();
    assert!(unnamed.is_empty(), "docs/api.md does not name {unnamed:?}");
    // What begins several is no path itself.
    let is_known = |path: &str| {
        let beginning = format!("{path}/");
        all.iter().any(|known| known == path || known.starts_with(&beginning))
    };
    let invented: Vec<_> = named.iter().filter(|path| !is_known(path)).collect();
    assert!(invented.is_empty(), "docs/api.md names {invented:?}, which docs/openapi.json has not");
}
