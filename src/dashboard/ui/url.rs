//! Addresses of pages, and what is in a query.

use super::format::encode;
use crate::model::Micros;

/// A trace's page.
#[must_use]
pub fn trace_url(trace: &str) -> String {
    format!("/traces/{}", encode(trace))
}

/// A trace's page with one of its spans chosen.
#[must_use]
pub fn chosen_url(trace: &str, span: &str) -> String {
    format!("{}?span={}", trace_url(trace), encode(span))
}

/// A span by itself; what belongs to it is below.
#[must_use]
pub fn span_url(trace: &str, span: &str) -> String {
    format!("{}/spans/{}", trace_url(trace), encode(span))
}

/// Where a session's traces are, beginning with those around this one.
#[must_use]
pub fn session_url(session: &str, at: Micros) -> String {
    format!("/sessions/{}?at={at}", encode(session))
}

/// The list of all traces of a user.
#[must_use]
pub fn user_url(user: &str) -> String {
    format!("/traces?range=all&user={}", encode(user))
}

/// The last value of a name in a query string.
#[must_use]
pub fn query_value(query: &str, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.filter(|(key, _)| key == name).last().map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_query_asks_for() {
        assert_eq!(query_value("a=1&a=%2F&b", "a").as_deref(), Some("/"));
    }
}
