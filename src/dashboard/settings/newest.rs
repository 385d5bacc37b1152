//! Which release is newest: what a server's answer says of it, and what the page says then.
//! Leaves out asking.

use maud::{Markup, html};
use serde::Deserialize;

/// The version of this Worker.
const OWN: &str = env!("CARGO_PKG_VERSION");
/// Longest name of a release that is shown.
const MAX_NAME: usize = 64;

/// What is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Newest {
    /// The release.
    Known(Release),
    /// Nothing, and why.
    Unknown(String),
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its name: a version, as a rule with a `v` before it.
    pub name: String,
    /// Where it is told of.
    pub url: Option<String>,
}

/// What GitHub answers for `releases/latest`, of which this is read.
#[derive(Deserialize)]
struct Answer {
    tag_name: String,
    html_url: Option<String>,
}

/// The release that an answer names, if it names one.
#[must_use]
pub fn read(answer: &[u8]) -> Option<Release> {
    let Answer { tag_name, html_url } = serde_json::from_slice(answer).ok()?;
    let name = tag_name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return None;
    }
    // A link goes to a page, whoever has written the answer.
    let url = html_url.filter(|url| url.starts_with("https://"));
    Some(Release { name: name.to_owned(), url })
}

/// Its numbers, and whether it is a release rather than something before one; `None` of what
/// is no version.
fn order(name: &str) -> Option<([u64; 3], bool)> {
    let version = name.strip_prefix('v').unwrap_or(name);
    let version = version.split('+').next()?;
    let (numbers, before) = version.split_once('-').map_or((version, false), |(n, _)| (n, true));
    let mut parts = numbers.split('.').map(|part| part.parse().ok());
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some((numbers, !before))
}

/// What the page says of it.
#[must_use]
pub fn show(newest: &Newest) -> Markup {
    let Release { name, url } = match newest {
        Newest::Known(release) => release,
        Newest::Unknown(why) => return html! { span.muted { "unknown: " (why) } },
    };
    let means = match (order(name), order(OWN)) {
        (Some(newest), Some(own)) if newest > own => {
            ": newer than this one, npm run deploy of it upgrades"
        }
        (Some(newest), Some(own)) if newest == own => ", this one",
        (Some(_), Some(_)) => ", older than this one",
        _ => "",
    };
    html! {
        @match url {
            Some(url) => a href=(url) rel="noopener noreferrer" { (name) },
            None => (name),
        }
        (means)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(answer: &str) -> String {
        show(&Newest::Known(read(answer.as_bytes()).unwrap())).into_string()
    }

    #[test]
    fn says_how_it_compares() {
        for (name, says) in [
            ("v9.0.0", "newer than this one"),
            ("0.10.0", "newer than this one"),
            (&*format!("v{OWN}"), ", this one"),
            (OWN, ", this one"),
            (&*format!("{OWN}-rc.1"), "older than this one"),
            ("v0.0.1", "older than this one"),
        ] {
            let text = shown(&format!(r#"{{"tag_name":"{name}"}}"#));
            assert!(text.starts_with(name) && text.contains(says), "{text}");
        }
        assert_eq!(shown(r#"{"tag_name":"nightly"}"#), "nightly");
    }

    #[test]
    fn links_to_pages_only_and_shows_text_as_text() {
        let text = shown(r#"{"tag_name":"v1.0.0","html_url":"https://example.com/1","x":1}"#);
        assert!(text.contains(r#"href="https://example.com/1""#), "{text}");
        for url in ["javascript:alert(1)", "http://example.com", "//example.com"] {
            let text = shown(&format!(r#"{{"tag_name":"v1.0.0","html_url":"{url}"}}"#));
            assert!(!text.contains("href"), "{text}");
        }
        assert!(shown(r#"{"tag_name":"<b>"}"#).starts_with("&lt;b&gt;"));
    }

    #[test]
    fn what_names_no_release_is_none() {
        let long = format!(r#"{{"tag_name":"{}"}}"#, "1".repeat(65));
        for answer in ["", "{}", "[]", "<html>", r#"{"tag_name":7}"#, r#"{"tag_name":" "}"#, &long]
        {
            assert_eq!(read(answer.as_bytes()), None, "{answer}");
        }
    }
}
