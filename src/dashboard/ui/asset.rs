//! The files that pages load. The platform serves them (`[assets]` in
//! wrangler.toml), from where scripts/build.mjs puts them; here are their names,
//! which change with what is in them, so that browsers keep them for a year and
//! a page never meets another release's styles.

/// One file, by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asset {
    /// The styles of all pages.
    AppCss,
    /// The list's own.
    ListCss,
    /// The trace page's own.
    TraceCss,
    /// Conversations and Markdown.
    ChatCss,
    /// Scores, and rating.
    ScoresCss,
    /// The settings' own.
    SettingsCss,
    /// The styles of two traces side by side.
    CompareCss,
    /// What all pages do: theme, local times, copying.
    AppJs,
    /// The list: new traces, filters.
    ListJs,
    /// The trace page: the tree.
    TraceJs,
    /// The trace page: the time axis.
    AxisJs,
    /// The trace page: what comes while one looks.
    LiveJs,
    /// The trace page: a span's detail.
    SpanJs,
    /// A session: turns that come while one looks.
    SessionJs,
    /// htmx, from its npm package.
    Htmx,
    /// The icon.
    Icon,
}

/// As package.json has it (a test compares them).
const HTMX: &str = "4.0.1";

const APP_CSS: u64 = hash(include_bytes!("../assets/app.css"));
const LIST_CSS: u64 = hash(include_bytes!("../assets/list.css"));
const TRACE_CSS: u64 = hash(include_bytes!("../assets/trace.css"));
const CHAT_CSS: u64 = hash(include_bytes!("../assets/chat.css"));
const SCORES_CSS: u64 = hash(include_bytes!("../assets/scores.css"));
const SETTINGS_CSS: u64 = hash(include_bytes!("../assets/settings.css"));
const COMPARE_CSS: u64 = hash(include_bytes!("../assets/compare.css"));
const APP_JS: u64 = hash(include_bytes!("../assets/app.js"));
const LIST_JS: u64 = hash(include_bytes!("../assets/list.js"));
/// Of all its files, in the order of their names.
const TRACE_JS: u64 = hash_all(&[
    include_bytes!("../assets/trace/choice.js"),
    include_bytes!("../assets/trace/follow.js"),
    include_bytes!("../assets/trace/keys.js"),
    include_bytes!("../assets/trace/main.js"),
    include_bytes!("../assets/trace/rate.js"),
    include_bytes!("../assets/trace/rows.js"),
    include_bytes!("../assets/trace/search.js"),
]);
const AXIS_JS: u64 = hash(include_bytes!("../assets/axis.js"));
const LIVE_JS: u64 = hash(include_bytes!("../assets/live.js"));
const SPAN_JS: u64 = hash(include_bytes!("../assets/span.js"));
const SESSION_JS: u64 = hash(include_bytes!("../assets/session.js"));
const ICON: u64 = hash(include_bytes!("../assets/icon.svg"));

impl Asset {
    /// Its path.
    #[must_use]
    pub fn path(self) -> String {
        match self {
            Self::AppCss => format!("/assets/app.{APP_CSS:016x}.css"),
            Self::ListCss => format!("/assets/list.{LIST_CSS:016x}.css"),
            Self::TraceCss => format!("/assets/trace.{TRACE_CSS:016x}.css"),
            Self::ChatCss => format!("/assets/chat.{CHAT_CSS:016x}.css"),
            Self::ScoresCss => format!("/assets/scores.{SCORES_CSS:016x}.css"),
            Self::SettingsCss => format!("/assets/settings.{SETTINGS_CSS:016x}.css"),
            Self::CompareCss => format!("/assets/compare.{COMPARE_CSS:016x}.css"),
            Self::AppJs => format!("/assets/app.{APP_JS:016x}.js"),
            Self::ListJs => format!("/assets/list.{LIST_JS:016x}.js"),
            Self::TraceJs => format!("/assets/trace.{TRACE_JS:016x}.js"),
            Self::AxisJs => format!("/assets/axis.{AXIS_JS:016x}.js"),
            Self::LiveJs => format!("/assets/live.{LIVE_JS:016x}.js"),
            Self::SpanJs => format!("/assets/span.{SPAN_JS:016x}.js"),
            Self::SessionJs => format!("/assets/session.{SESSION_JS:016x}.js"),
            Self::Htmx => format!("/assets/htmx.{HTMX}.js"),
            Self::Icon => format!("/assets/icon.{ICON:016x}.svg"),
        }
    }
}

/// FNV-1a, 64 bits, at compile time; scripts/build.mjs names the files by the
/// same. Nobody who could make two files collide needs to.
const fn hash(bytes: &[u8]) -> u64 {
    hash_all(&[bytes])
}

/// The same of several files, one after the other.
const fn hash_all(files: &[&[u8]]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut rest = files;
    while let [file, more @ ..] = rest {
        let mut file: &[u8] = file;
        while let [byte, after @ ..] = file {
            hash = (hash ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
            file = after;
        }
        rest = more;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_htmx_that_is_installed() {
        let package = include_str!("../../../package.json");
        assert!(package.contains(&format!("\"htmx.org\": \"{HTMX}\"")));
    }

    #[test]
    fn hashes_as_published() {
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(hash_all(&[b"foo", b"bar"]), hash(b"foobar"));
    }
}
