//! A developer's own server has a key that everybody knows, so nothing but this
//! machine's own programs and pages may speak to it. A page of another site
//! could, by its visitor's browser: it would say where it comes from (`Origin`),
//! or would have a name of its own lead here (`Host`).

use crate::error::Reject;

/// What a request says of where it goes and where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Its address, as the platform has it.
    pub url: &'a str,
    /// The `Host` header.
    pub host: Option<&'a str>,
    /// The `Origin` header.
    pub origin: Option<&'a str>,
}

/// Refuses what is not sent to this machine by its name, or by a page of
/// another.
///
/// # Errors
/// 403.
pub fn check(sent: Target<'_>) -> Result<(), Reject> {
    if !is_local_origin(sent.url) || !sent.host.is_none_or(is_local) {
        return Err(Reject::Forbidden("this is a local server: it answers at localhost only"));
    }
    if !sent.origin.is_none_or(is_local_origin) {
        return Err(Reject::Forbidden(
            "this is a local server: no page of another origin may ask it",
        ));
    }
    Ok(())
}

/// Whether a URL or an origin is this machine's.
#[must_use]
pub fn is_local_origin(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    rest.is_some_and(|rest| is_local(rest.split(['/', '?', '#']).next().unwrap_or_default()))
}

/// Whether a host, with a port or without, is this machine.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "[::1]"
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "http://localhost:3000/api/v1/traces?limit=1";

    fn allowed(url: &str, host: Option<&str>, origin: Option<&str>) -> bool {
        check(Target { url, host, origin }).is_ok()
    }

    #[test]
    fn a_local_server_answers_to_its_own_names_only() {
        for host in ["localhost", "LocalHost:3000", "127.0.0.1:8787", "[::1]:3000", "[::1]"] {
            assert!(allowed(&format!("http://{host}/traces"), Some(host), None), "{host}");
            assert!(allowed(&format!("https://{host}"), None, None), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:3000",
            "localhost.evil.example",
            "evil.example/localhost",
            "evil.example:3000/@localhost",
            "localhost@evil.example",
            "127.0.0.1.evil.example",
            "192.168.0.2:3000",
            "[::2]:3000",
            "::1",
            "localhost:x",
            "",
        ] {
            assert!(!allowed(&format!("http://{host}/traces"), None, None), "{host}");
        }
        assert!(!allowed(OWN, Some("evil.example"), None));
        assert!(!allowed("http://evil.example/", Some("localhost"), None));
    }

    #[test]
    fn no_page_of_another_origin_may_ask_a_local_server() {
        for origin in [
            "http://localhost:3000",
            "http://localhost:5173",
            "https://127.0.0.1",
            "http://[::1]:1",
        ] {
            assert!(allowed(OWN, Some("localhost:3000"), Some(origin)), "{origin}");
        }
        for origin in [
            "https://evil.example",
            "null",
            "",
            "http://localhost.evil.example",
            "file://localhost",
            "localhost",
        ] {
            assert!(!allowed(OWN, Some("localhost:3000"), Some(origin)), "{origin}");
        }
    }
}
