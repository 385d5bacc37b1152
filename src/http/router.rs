//! Which route a request is for: finding it in the table of `routes`, in that of the wire
//! formats, and among the questions of `compat`.

use super::alert_routes::ALERT_ROUTES;
pub use super::route::Route;
use super::routes::Audience::{Anybody, Client};
use super::routes::{Audience, Method, ROUTES, Row};
use crate::compat;
use crate::error::Reject;
use crate::formats::{FormatPath, Formats};

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

/// All rows of the table; of several that match the first counts.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    ROUTES.iter().chain(ALERT_ROUTES)
}

/// The route of a method and a path as the URL has it.
///
/// # Errors
/// 404 for a path that is none, 405 for a method that the path has not.
pub fn find(method: &str, path: &str, formats: Formats) -> Result<Found, Reject> {
    let parts = parts(path);
    let row = rows().find(|row| matches(row.pattern, &parts));
    let (batch, answer) = (formats.find_path(path), formats.find_answer(path));
    let wanted = if method == "HEAD" { "GET" } else { method };
    if row.is_none() && answer.is_none() {
        // At the path of a batch other questions have answers or are none.
        let question = compat::find(wanted, &parts);
        if let Some(question) = question.filter(|q| batch.is_none() || q.has_answer()) {
            let name = question.name();
            let (route, name) = match method {
                "OPTIONS" => (Route::Preflight, "preflight"),
                _ => (Route::Compat(question), name),
            };
            return Ok(Found { route, name, audience: Client });
        }
        if batch.is_none() {
            return Err(Reject::NotFound("there is nothing at this path".into()));
        }
    }
    let of_format = if answer.is_some() { Anybody } else { Client };
    let audience = row.map_or(of_format, |row| row.audience);
    let methods = row.map_or(&[] as &[Method], |row| row.methods);
    let shared = matches!(audience, Anybody | Client);
    let found = |route, name| Ok(Found { route, name, audience });
    match (method, batch, answer) {
        (_, Some(at), _) if at.method() == method => return found(Route::Ingest(at), "ingest"),
        ("GET" | "HEAD", _, Some(path)) => return found(Route::Answer(path), "answer"),
        ("OPTIONS", ..) if shared => return found(Route::Preflight, "preflight"),
        _ => {}
    }
    let Some((_, name, make)) = methods.iter().find(|(known, ..)| *known == wanted) else {
        let reads = answer.is_some()
            || compat::find("GET", &parts).is_some_and(|question| question.has_answer());
        let of_format = reads.then_some("GET").into_iter().chain(batch.map(FormatPath::method));
        return Err(Reject::MethodNotAllowed { allow: allowed(methods, of_format, shared) });
    };
    let ids = row.map_or(Ok(<[String; 2]>::default()), |row| read_ids(row.pattern, &parts))?;
    Ok(Found { route: make(ids), name, audience })
}

/// The methods of a path, as the `Allow` header has them.
fn allowed(
    methods: &[Method],
    of_format: impl Iterator<Item = &'static str>,
    shared: bool,
) -> String {
    let mut all: Vec<&str> = methods.iter().map(|(method, ..)| *method).collect();
    all.extend(of_format);
    all.extend(shared.then_some("OPTIONS"));
    if let Some(at) = all.iter().position(|method| *method == "GET") {
        all.insert(at + 1, "HEAD");
    }
    all.join(", ")
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

/// The id in a path of a wire format, decoded.
///
/// # Errors
/// 404 for one that is not text.
pub fn read_id(at: FormatPath, path: &str) -> Result<Option<String>, Reject> {
    let pattern: Vec<_> = parts(at.pattern());
    let [id, _] = read_ids(&pattern, &parts(path))?;
    Ok(Some(id).filter(|_| pattern.contains(&"*")))
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

/// Whether the path is one of programs', whether or not there is anything at it.
#[must_use]
pub fn is_api(path: &str) -> bool {
    path.starts_with("/api/")
}

/// Whether the path is that of the Model Context Protocol.
#[must_use]
pub fn is_mcp(path: &str) -> bool {
    path.strip_suffix('/').unwrap_or(path) == "/mcp"
}

/// Whether the path is one of the operator's, whether or not there is anything at it.
#[must_use]
pub fn is_operators(path: &str) -> bool {
    path.strip_prefix("/api/v1/admin").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::login_cookie::destination;
    use crate::dashboard::Page;
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
            ("GET", "/api/public/ingestion", "POST, OPTIONS"),
            ("PUT", "/api/public/scores", "GET, HEAD, POST, OPTIONS"),
            ("POST", "/api/v1/scores/x", "GET, HEAD, DELETE, OPTIONS"),
            ("GET", "/api/v1/validate", "POST, OPTIONS"),
            ("GET", "/mcp", "POST, OPTIONS"),
            ("DELETE", "/mcp/", "POST, OPTIONS"),
            ("OPTIONS", "/api/v1/admin/replay", "POST"),
            ("DELETE", "/api/v1/admin/projects/shop", "GET, HEAD, PATCH"),
            ("GET", "/api/v1/admin/projects/shop/keys/key_1", "DELETE"),
        ] {
            assert_eq!(
                route(method, path),
                Err(Reject::MethodNotAllowed { allow: allow.into() }),
                "{method} {path}"
            );
        }
    }

    #[test]
    fn every_row_is_found_by_its_own_path() {
        for row in rows() {
            let path = format!("/{}", row.pattern.join("/").replace('*', "x"));
            for (method, name, _) in row.methods {
                let found = find(method, &path, FORMATS).unwrap();
                assert_eq!((found.name, found.audience), (*name, row.audience), "{path}");
            }
            assert_eq!(is_operators(&path), row.audience == Audience::Operator, "{path}");
            assert_eq!(is_mcp(&path), row.audience == Audience::Agent, "{path}");
        }
    }

    #[test]
    fn whoever_signs_in_comes_back_to_the_page() {
        for row in rows() {
            let path = format!("/{}", row.pattern.join("/").replace('*', "x"));
            let found = find("GET", &path, FORMATS).map(|found| (found.audience, found.route));
            let Ok((Audience::Person, route)) = found else { continue };
            // The list by another name, a part of it, where one comes from, and what needs no key.
            if !matches!(
                route,
                Route::Page(Page::Home | Page::Chart) | Route::SignIn | Route::OpenShare(_)
            ) {
                assert_eq!(destination(Some(&path)), path);
            }
        }
    }
}
