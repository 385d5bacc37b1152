//! Which route a request is for: one table for the API and the pages. What a path takes,
//! who may ask and what logs call it is in its row. The paths of wire formats are added
//! from their own table.

use crate::dashboard::Page;
use crate::error::Reject;
use crate::formats::{FormatPath, Formats};

/// What a request is for. Ids are decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// A batch, or what is not kept, at this path of its wire format.
    Ingest(FormatPath),
    /// The list of traces.
    ListTraces,
    /// One trace.
    GetTrace(String),
    /// One span of a trace.
    GetSpan(String, String),
    /// Batches that could not be written.
    DeadLetters,
    /// Counts by hour.
    Stats,
    /// One step of a replay.
    Replay,
    /// Whether the Worker runs.
    Health,
    /// What a browser asks before it sends.
    Preflight,
    /// The form for signing in.
    SignIn,
    /// That form, filled in.
    PostSignIn,
    /// Signing out.
    SignOut,
    /// A page of the dashboard.
    Page(Page),
}

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Anybody, from any origin: it says nothing of anybody's.
    Anybody,
    /// Whoever has a project's key, from any origin.
    Client,
    /// Whoever has the operator's secret; no page of any origin.
    Operator,
    /// People with a browser, on pages of this origin.
    Person,
}

/// What was found: what the request is for, what logs call that, and who may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What the request is for.
    pub route: Route,
    /// What logs call it.
    pub name: &'static str,
    /// Who may ask.
    pub audience: Audience,
}

/// Makes a route of the ids in a path, of which there are as many as in its pattern.
type Make = fn([String; 2]) -> Route;

/// A path, and what each of its methods is for.
struct Row {
    /// The parts of the path; `*` stands for an id.
    pattern: &'static [&'static str],
    audience: Audience,
    get: Option<(&'static str, Make)>,
    post: Option<(&'static str, Make)>,
}

use Audience::{Anybody, Client, Operator, Person};

const fn get(
    audience: Audience,
    pattern: &'static [&'static str],
    name: &'static str,
    make: Make,
) -> Row {
    Row { pattern, audience, get: Some((name, make)), post: None }
}

const fn post(
    audience: Audience,
    pattern: &'static [&'static str],
    name: &'static str,
    make: Make,
) -> Row {
    Row { pattern, audience, get: None, post: Some((name, make)) }
}

const ROUTES: &[Row] = &[
    get(Client, &["api", "v1", "traces"], "list-traces", |_| Route::ListTraces),
    get(Client, &["api", "v1", "traces", "*"], "get-trace", |[id, _]| Route::GetTrace(id)),
    get(Client, &["api", "v1", "traces", "*", "spans", "*"], "get-span", |[trace, span]| {
        Route::GetSpan(trace, span)
    }),
    get(Client, &["api", "v1", "dead-letters"], "dead-letters", |_| Route::DeadLetters),
    get(Client, &["api", "v1", "stats"], "stats", |_| Route::Stats),
    post(Operator, &["api", "v1", "admin", "replay"], "replay", |_| Route::Replay),
    get(Anybody, &["api", "v1", "health"], "health", |_| Route::Health),
    get(Person, &[""], "page-home", |_| Route::Page(Page::Home)),
    get(Person, &["traces"], "page-traces", |_| Route::Page(Page::Traces)),
    get(Person, &["chart"], "page-chart", |_| Route::Page(Page::Chart)),
    get(Person, &["traces", "*"], "page-trace", |[id, _]| Route::Page(Page::Trace(id))),
    get(Person, &["traces", "*", "spans", "*"], "page-span", |[trace, span]| {
        Route::Page(Page::Span(trace, span))
    }),
    get(Person, &["traces", "*", "spans", "*", "raw"], "page-raw", |[trace, span]| {
        Route::Page(Page::RawSpan(trace, span))
    }),
    get(Person, &["sessions", "*"], "page-session", |[id, _]| Route::Page(Page::Session(id))),
    Row {
        pattern: &["sign-in"],
        audience: Person,
        get: Some(("page-sign-in", |_| Route::SignIn)),
        post: Some(("page-sign-in", |_| Route::PostSignIn)),
    },
    post(Person, &["sign-out"], "page-sign-out", |_| Route::SignOut),
];

/// The route of a method and a path as the URL has it.
///
/// # Errors
/// 404 for a path that is none, 405 for a method that the path has not.
pub fn find(method: &str, path: &str, formats: Formats) -> Result<Found, Reject> {
    let parts = parts(path);
    let row = ROUTES.iter().find(|row| matches(row.pattern, &parts));
    let batch = formats.find_path(path);
    if row.is_none() && batch.is_none() {
        return Err(Reject::NotFound("there is nothing at this path".into()));
    }
    let audience = row.map_or(Client, |row| row.audience);
    let (get, post) = row.map_or((None, None), |row| (row.get, row.post));
    let ids = || row.map_or(Ok(<[String; 2]>::default()), |row| read_ids(row.pattern, &parts));
    let made =
        |(name, make): (&'static str, Make)| Ok(Found { route: make(ids()?), name, audience });
    let shared = matches!(audience, Anybody | Client);
    match method {
        "GET" | "HEAD" if get.is_some() => get.map(made),
        "POST" => batch
            .map(|at| Ok(Found { route: Route::Ingest(at), name: "ingest", audience }))
            .or_else(|| post.map(made)),
        "OPTIONS" if shared => {
            Some(Ok(Found { route: Route::Preflight, name: "preflight", audience }))
        }
        _ => None,
    }
    .unwrap_or_else(|| {
        let posts = post.is_some() || batch.is_some();
        Err(Reject::MethodNotAllowed { allow: allowed(get.is_some(), posts, shared) })
    })
}

/// The methods of a path, as the `Allow` header has them.
fn allowed(get: bool, post: bool, options: bool) -> &'static str {
    match (get, post, options) {
        (true, true, true) => "GET, HEAD, POST, OPTIONS",
        (true, true, false) => "GET, HEAD, POST",
        (true, false, true) => "GET, HEAD, OPTIONS",
        (true, false, false) => "GET, HEAD",
        (false, _, true) => "POST, OPTIONS",
        (false, _, false) => "POST",
    }
}

/// The parts of a path; one slash at its end makes no difference.
fn parts(path: &str) -> Vec<&str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.strip_suffix('/').unwrap_or(path).split('/').collect()
}

fn matches(pattern: &[&str], parts: &[&str]) -> bool {
    let mut pairs = pattern.iter().zip(parts);
    pattern.len() == parts.len() && pairs.all(|(wanted, part)| *wanted == "*" || wanted == part)
}

/// The ids in a path, decoded.
fn read_ids(pattern: &[&str], parts: &[&str]) -> Result<[String; 2], Reject> {
    let mut ids = <[String; 2]>::default();
    let named = pattern.iter().zip(parts).filter(|(wanted, _)| **wanted == "*");
    for (id, (_, part)) in ids.iter_mut().zip(named) {
        let decoded = percent_encoding::percent_decode_str(part).decode_utf8();
        let odd = |_| Reject::NotFound("the id in the path is not percent-encoded UTF-8".into());
        *id = decoded.map_err(odd)?.into_owned();
    }
    Ok(ids)
}

/// Whether the path is one of the operator's, whether or not there is anything at it.
#[must_use]
pub fn is_operators(path: &str) -> bool {
    path.strip_prefix("/api/v1/admin").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::FORMATS;

    fn route(method: &str, path: &str) -> Result<Route, Reject> {
        find(method, path, FORMATS).map(|found| found.route)
    }

    #[test]
    fn finds_routes() {
        let ingest = Route::Ingest(FormatPath { path: "/api/v1/traces", kept: true });
        assert_eq!(route("POST", "/api/v1/traces"), Ok(ingest.clone()));
        assert_eq!(route("POST", "/api/v1/traces/"), Ok(ingest));
        assert_eq!(route("GET", "/api/v1/traces"), Ok(Route::ListTraces));
        assert_eq!(route("GET", "/api/v1/traces/a%2Fb%20c"), Ok(Route::GetTrace("a/b c".into())));
        let span = Route::GetSpan("a/b".into(), "c d".into());
        assert_eq!(route("GET", "/api/v1/traces/a%2Fb/spans/c%20d"), Ok(span));
        assert_eq!(route("HEAD", "/api/v1/health"), Ok(Route::Health));
        assert_eq!(route("GET", "/"), Ok(Route::Page(Page::Home)));
        assert_eq!(route("GET", "/traces/a%2Fb"), Ok(Route::Page(Page::Trace("a/b".into()))));
        assert_eq!(route("POST", "/sign-in"), Ok(Route::PostSignIn));
        assert_eq!(route("OPTIONS", "/api/v1/traces"), Ok(Route::Preflight));
        assert_eq!(route("OPTIONS", "/v1/traces"), Ok(Route::Preflight));
    }

    #[test]
    fn rejects_unknown_paths_and_methods() {
        for path in ["/api", "/api/v1", "/api/v1/traces/a/b", "/API/v1/traces", "//api/v1/traces"] {
            assert!(matches!(route("GET", path), Err(Reject::NotFound(_))), "{path}");
        }
        assert!(matches!(route("GET", "/api/v1/traces/%FF"), Err(Reject::NotFound(_))));
        for (method, path, allow) in [
            ("PUT", "/traces", "GET, HEAD"),
            ("OPTIONS", "/traces", "GET, HEAD"),
            ("GET", "/sign-out", "POST"),
            ("PUT", "/sign-in", "GET, HEAD, POST"),
            ("PUT", "/api/v1/traces", "GET, HEAD, POST, OPTIONS"),
            ("POST", "/api/v1/traces/x", "GET, HEAD, OPTIONS"),
            ("DELETE", "/api/v1/health", "GET, HEAD, OPTIONS"),
            ("GET", "/v1/traces", "POST, OPTIONS"),
            ("OPTIONS", "/api/v1/admin/replay", "POST"),
        ] {
            assert_eq!(
                route(method, path),
                Err(Reject::MethodNotAllowed { allow }),
                "{method} {path}"
            );
        }
    }

    #[test]
    fn every_row_is_found_by_its_own_path() {
        for row in ROUTES {
            let path = format!("/{}", row.pattern.join("/").replace('*', "x"));
            let method = if row.get.is_some() { "GET" } else { "POST" };
            let found = find(method, &path, FORMATS).unwrap();
            assert_eq!(Some(found.name), row.get.or(row.post).map(|(name, _)| name), "{path}");
            assert_eq!(is_operators(&path), row.audience == Operator, "{path}");
        }
    }
}
