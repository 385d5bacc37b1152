//! Who is signed in: the cookie, and what keeps other sites from using it. The
//! cookie names an API key and is signed with what is stored of that key, so
//! there is no secret more to keep, and a key that is revoked takes its sessions
//! with it. No cookie is kept anywhere, and none holds the key itself.

use super::api_keys::{KeyCache, KeyHash, LOCAL_KEY, Principal, Which};
use super::{api_keys, signature};
use crate::error::{Error, Reject};
use crate::model::Millis;

/// How long one stays signed in: a working day and the night after it would
/// have people sign in each morning, a month would leave laptops open.
pub const LASTS_MS: Millis = 7 * 24 * 60 * 60 * 1_000;

/// Longest cookie looked at. Ours have some 80 characters.
const MAX_BYTES: usize = 256;

/// What tells this use of a key's hash from any other.
const PURPOSE: &[u8] = b"edgespan dashboard session v1";

/// What a session is asked with.
#[derive(Debug, Clone, Copy)]
pub struct LoginRequest<'a> {
    /// The `Cookie` header.
    pub cookies: Option<&'a str>,
    /// The client's address, as the platform saw it.
    pub address: &'a str,
    /// Whether this is local development.
    pub local: bool,
    /// Whether the request came by https.
    pub secure: bool,
}

/// A cookie of a form that it could be ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Claim<'a> {
    key_id: &'a str,
    expires_s: i64,
    /// What is signed.
    text: &'a str,
    signature: &'a str,
}

/// The cookie's name. Over https it is one that no other host of the same
/// domain can set (`__Host-`), which keeps neighbours from signing people in to
/// projects of theirs.
fn name(secure: bool) -> &'static str {
    if secure { "__Host-edgespan_session" } else { "edgespan_session" }
}

/// `key id . seconds of its end . signature`.
fn value(key_id: &str, hash: &KeyHash, expires_s: i64) -> String {
    let text = format!("{key_id}.{expires_s}");
    let signature = signature::make(PURPOSE, hash, &text);
    format!("{text}.{signature}")
}

/// The `Set-Cookie` header that signs in. `Lax`, not `Strict`: under that a
/// link to a trace, followed from a chat, would ask to sign in. Whatever changes
/// something is a POST and is checked besides.
#[must_use]
pub fn sign_in(who: &Principal, now: Millis, secure: bool) -> String {
    let expires_s = (now + LASTS_MS) / 1_000;
    set(&value(&who.key_id, &who.key_hash, expires_s), LASTS_MS / 1_000, secure)
}

/// The `Set-Cookie` header that signs out.
#[must_use]
pub fn sign_out(secure: bool) -> String {
    set("", 0, secure)
}

fn set(value: &str, max_age_s: i64, secure: bool) -> String {
    let name = name(secure);
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}")
}

/// The value of a cookie of ours.
pub(super) fn find_cookie<'a>(cookies: Option<&'a str>, name: &str) -> Option<&'a str> {
    cookies?.split(';').find_map(|cookie| {
        let (key, value) = cookie.trim().split_once('=')?;
        (key == name && value.len() <= MAX_BYTES).then_some(value)
    })
}

fn claim(cookies: Option<&str>, secure: bool) -> Option<Claim<'_>> {
    let value = find_cookie(cookies, name(secure))?;
    let (text, signature) = value.rsplit_once('.')?;
    let (key_id, expires) = text.rsplit_once('.')?;
    Some(Claim {
        key_id: Some(key_id).filter(|id| !id.is_empty())?,
        expires_s: expires.parse().ok()?,
        text,
        signature,
    })
}

/// Whether a session was given here to whoever asks, be it over by now.
#[must_use]
pub fn was_given(cookies: Option<&str>, secure: bool) -> bool {
    claim(cookies, secure).is_some()
}

/// Who is signed in; `None` for nobody: there is no cookie, or it is not ours,
/// or it is over, or its key was revoked.
///
/// # Errors
/// Those of [`api_keys::look_up`], but for that there is no such key.
pub async fn who(
    request: LoginRequest<'_>,
    now: Millis,
    cache: &KeyCache,
    keys: &impl api_keys::Keys,
) -> Result<Option<Principal>, Error> {
    let Some(claim) = claim(request.cookies, request.secure) else { return Ok(None) };
    // Also one that is good for longer than any that was made here.
    let left_ms = claim.expires_s.saturating_mul(1_000).saturating_sub(now);
    if !(1..=LASTS_MS).contains(&left_ms) {
        return Ok(None);
    }
    let found = api_keys::look_up(Which::Id(claim.key_id), request.address, now, cache, keys).await;
    let who = match found {
        Err(Error::Reject(Reject::Unauthorized(_))) => return Ok(None),
        found => found?,
    };
    // Everybody knows the local key, and so could sign as it.
    let usable = request.local || who.key_hash != api_keys::hash(LOCAL_KEY);
    let genuine = signature::is_of(PURPOSE, &who.key_hash, claim.text, claim.signature);
    Ok((usable && genuine).then_some(who))
}

/// What a form was sent with.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// The `Sec-Fetch-Site` header.
    pub site: Option<&'a str>,
    /// The `Origin` header.
    pub origin: Option<&'a str>,
    /// The scheme and host that it was sent to.
    pub to: &'a str,
}

/// Refuses forms that another site had somebody's browser send. Browsers say
/// where a form comes from in either of two headers, which pages cannot forge;
/// what says neither is no browser of these years.
///
/// # Errors
/// 403.
pub fn check_sender(sent: Sender<'_>) -> Result<(), Reject> {
    let own = match (sent.site, sent.origin) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin.eq_ignore_ascii_case(sent.to),
        (None, None) => false,
    };
    if own { Ok(()) } else { Err(Reject::Forbidden("Reload the page and send it again.")) }
}

/// The pages that are one each.
const PAGES: [&str; 7] =
    ["/traces", "/scores", "/evaluators", "/costs", "/errors", "/compare", "/settings"];

/// Where to go after signing in: a page here, never another site. What is no such path
/// becomes the list; nor is one that a browser would make another of, by its segments `.`
/// and `..`.
#[must_use]
pub fn destination(to: Option<&str>) -> &str {
    let dots = |segment: &str| {
        let segment: Vec<u8> = percent_encoding::percent_decode_str(segment).collect();
        segment == b"." || segment == b".."
    };
    let page = |to: &&str| {
        let path = to.split(['?', '#']).next().unwrap_or_default();
        let known =
            PAGES.contains(&path) || path.starts_with("/traces/") || path.starts_with("/sessions/");
        known && !path.split('/').any(dots)
    };
    // A header takes no control character, and a browser reads `\` as `/`.
    let plain = |to: &&str| to.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    to.filter(page).filter(plain).filter(|to| to.len() <= 4_096).unwrap_or("/traces")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::super::scope::Scopes;
    use super::api_keys::Keys;
    use super::*;
    use crate::error::Fault;
    use crate::model::Handling;

    const NOW: Millis = 1_795_328_370_123;
    const KEY: &str = "ts_one";

    struct Table(RefCell<Vec<Principal>>);

    impl Keys for Table {
        async fn find(&self, which: Which<'_>, _: Millis) -> Result<Option<Principal>, Fault> {
            let is = |p: &&Principal| match which {
                Which::Hash(hash) => p.key_hash == *hash,
                Which::Id(id) => p.key_id == id,
            };
            Ok(self.0.borrow().iter().find(is).cloned())
        }

        async fn may_guess_on(&self, _: &str) -> bool {
            true
        }
    }

    fn somebody(id: &str, project: &str, key: &str) -> Principal {
        Principal {
            key_id: id.into(),
            key_hash: api_keys::hash(key),
            project: project.into(),
            project_name: project.into(),
            handling: Handling::Strict,
            rate_limit: 1_000,
            scopes: Scopes::parse("read").unwrap(),
            blocked_until: None,
        }
    }

    fn table() -> Table {
        Table(RefCell::new(vec![
            somebody("key_1", "p1", KEY),
            somebody("key_2", "p2", "ts_two"),
            somebody("key_local", "local", LOCAL_KEY),
        ]))
    }

    fn ask_at(keys: &Table, cache: &KeyCache, cookies: &str, now: Millis) -> Option<String> {
        let request =
            LoginRequest { cookies: Some(cookies), address: "::1", local: false, secure: false };
        pollster::block_on(who(request, now, cache, keys)).unwrap().map(|who| who.project)
    }

    fn ask(cookies: &str) -> Option<String> {
        ask_at(&table(), &KeyCache::default(), cookies, NOW)
    }

    fn cookie(id: &str, key: &str, expires: Millis) -> String {
        format!("edgespan_session={}", value(id, &api_keys::hash(key), expires / 1_000))
    }

    #[test]
    fn knows_whom_it_signed_in_and_nobody_else() {
        let good = cookie("key_1", KEY, NOW + 60_000);
        assert_eq!(ask(&good).as_deref(), Some("p1"));
        assert_eq!(ask(&format!("a=b; {good}; c=d")).as_deref(), Some("p1"));
        let second = NOW / 1_000 + 60;
        for (what, bad) in [
            ("nothing", String::new()),
            ("an empty one", "edgespan_session=".into()),
            ("another name", good.replace("edgespan", "other")),
            ("another key's id", good.replace("key_1", "key_2")),
            ("an id that is not there", cookie("key_9", KEY, NOW + 60_000)),
            ("no id", cookie("", KEY, NOW + 60_000)),
            ("another key's signature", cookie("key_1", "ts_two", NOW + 60_000)),
            ("a later end", good.replace(&second.to_string(), &(second + 1).to_string())),
            ("no end", good.replace(&second.to_string(), "")),
            ("an end that is no number", good.replace(&second.to_string(), "soon")),
            ("one that is over", cookie("key_1", KEY, NOW - 1_000)),
            ("one for ever", cookie("key_1", KEY, NOW + LASTS_MS + 2_000)),
            ("the end of time", cookie("key_1", KEY, i64::MAX)),
            ("one cut off", good[..good.len() - 1].into()),
            ("one without signature", good.rsplit_once('.').unwrap().0.into()),
            ("an empty signature", format!("{}.", good.rsplit_once('.').unwrap().0)),
            ("one letter changed", good.replace(".17", ".18")),
            ("no base64", format!("{good}!")),
            ("a long one", format!("edgespan_session={}{}", "x".repeat(300), good)),
            ("the key's hash for a signature", {
                let hash = BASE64_URL_SAFE_NO_PAD.encode(api_keys::hash(KEY));
                format!("edgespan_session=key_1.{second}.{hash}")
            }),
            ("what everybody could sign", cookie("key_local", LOCAL_KEY, NOW + 60_000)),
        ] {
            assert_eq!(ask(&bad), None, "{what}: {bad}");
        }
    }

    #[test]
    fn ends_by_itself_and_with_its_key() {
        let (keys, cache) = (table(), KeyCache::default());
        let cookie = cookie("key_1", KEY, NOW + LASTS_MS);
        assert!(ask_at(&keys, &cache, &cookie, NOW).is_some());
        keys.0.borrow_mut().clear();
        assert_eq!(ask_at(&keys, &cache, &cookie, NOW + 60_000), None);
        let (keys, cache) = (table(), KeyCache::default());
        assert!(ask_at(&keys, &cache, &cookie, NOW + LASTS_MS - 2_000).is_some());
        assert_eq!(ask_at(&keys, &cache, &cookie, NOW + LASTS_MS), None);
    }

    #[test]
    fn a_session_that_is_over_was_one() {
        let given = |cookies: Option<&str>| was_given(cookies, false);
        let over = cookie("key_1", KEY, NOW - 1_000);
        assert!(given(Some(&over)));
        assert!(!given(None) && !given(Some("edgespan_session=")) && !given(Some("other=1")));
    }

    #[test]
    fn the_cookie_is_for_this_host_and_no_script() {
        let who = somebody("key_1", "p1", KEY);
        let plain = sign_in(&who, NOW, false);
        assert!(plain.starts_with("edgespan_session=key_1."), "{plain}");
        assert!(plain.ends_with("; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax"), "{plain}");
        let secure = sign_in(&who, NOW, true);
        assert!(secure.starts_with("__Host-edgespan_session=") && secure.ends_with("; Secure"));
        assert!(sign_out(true).contains("=; Path=/; Max-Age=0;"));
        assert_eq!(ask(plain.split(';').next().unwrap()).as_deref(), Some("p1"));
        assert_eq!(ask(secure.split(';').next().unwrap()), None);
    }

    #[test]
    fn takes_forms_from_its_own_pages_only() {
        let to = "https://traces.example";
        for (site, origin, fine) in [
            (Some("same-origin"), Some(to), true),
            (Some("same-origin"), None, true),
            (None, Some(to), true),
            (None, Some("HTTPS://traces.example"), true),
            (Some("same-site"), Some("https://other.example"), false),
            (Some("cross-site"), Some(to), false),
            (Some("none"), None, false),
            (None, Some("http://traces.example"), false),
            (None, Some("https://traces.example.evil.example"), false),
            (None, Some("null"), false),
            (None, None, false),
        ] {
            let sent = Sender { site, origin, to };
            assert_eq!(check_sender(sent).is_ok(), fine, "{sent:?}");
        }
    }

    #[test]
    fn goes_to_its_own_pages_only() {
        for to in [
            "/traces",
            "/scores?name=a",
            "/evaluators",
            "/costs?by=user",
            "/settings",
            "/traces?status=error",
            "/traces/a%2Fb?span=c",
            "/sessions/x",
            "/traces/..a?to=/../b",
            "/traces/%252e%252e",
        ] {
            assert_eq!(destination(Some(to)), to);
        }
        for to in [
            "",
            "/",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/traces",
            "javascript:alert(1)",
            "/traces\\..\\..",
            "/traces\r\nSet-Cookie: a=b",
            "/traces/\u{e9}",
            "/tracesevil",
            "/costs/..",
            "/costs/a",
            "/sign-out",
            "traces",
            " /traces",
            "/sessions/..//evil.example",
            "/sessions/%2e%2E//evil.example",
            "/sessions/.%2e//evil.example",
            "/traces/a/../../sign-in",
            "/traces/..",
            "/traces/./x",
            "/traces/..?a=b",
            "/traces/..#a",
        ] {
            assert_eq!(destination(Some(to)), "/traces", "{to}");
        }
        assert_eq!(destination(None), "/traces");
    }
}
