//! The page where one signs in.

use maud::{Markup, html};

use crate::access::api_keys::LOCAL_KEY;
use crate::access::login_cookie::destination;
use crate::dashboard::ui::format::encode;
use crate::dashboard::ui::layout::{Shell, document};
use crate::error::{Error, Fault, Reject};
use crate::reply::Reply;

/// Makes a key in the local database; with `--remote` in the deployed one.
const CREATE: &str = "npm run keys -- create --project shop";

/// What somebody reads who was signed in a moment ago.
pub const ENDED: &str = "You were signed out: the API key was revoked or the session has ended.";

/// The page, with where to go afterwards and what went wrong the last time, or
/// why one is here.
#[must_use]
pub fn page(to: &str, local: bool, failed: Option<&str>) -> Markup {
    let shell = Shell { title: "Sign in", ..Shell::default() };
    let main = html! {
        section.sign-in {
            h1 { "Sign in" }
            p.muted { "See what your agents did: each run, each step, what went in and what came out." }
            @if let Some(failed) = failed {
                p.message.error role="alert" { (failed) }
            }
            // Locally nobody has made a key yet, and everybody has this one.
            @if local {
                form method="post" action="/sign-in" {
                    input type="hidden" name="to" value=(to);
                    input type="hidden" name="key" value=(LOCAL_KEY);
                    button.primary type="submit" autofocus { "Use the local key" }
                    p.muted { "This is local development: its key is " code { (LOCAL_KEY) } "." }
                }
                p.muted { "Or with another key:" }
            }
            form method="post" action="/sign-in" {
                input type="hidden" name="to" value=(to);
                label {
                    "API key"
                    input type="password" name="key" required autocomplete="current-password"
                        spellcheck="false" autocapitalize="none" placeholder="ts_…" autofocus[!local]
                        aria-describedby="key-help";
                }
                button.primary[!local] type="submit" { "Sign in" }
            }
            p.muted id="key-help" {
                "The key that your agents send traces with. " code { (CREATE) @if !local { " --remote" } } " makes one."
            }
        }
    };
    document(&shell, &main)
}

/// The way to the page for somebody who is not signed in: to whom htmx asks
/// for, by a header that it follows, because a part of a page has no room for it.
/// `ended` is whether they were signed in before, as whoever has a page open was.
#[must_use]
pub fn redirect_to(to: &str, part: bool, ended: bool) -> Reply {
    let why = if ended || part { "&ended=1" } else { "" };
    let there = format!("/sign-in?to={}{why}", encode(destination(Some(to))));
    if part { Reply::empty(401).as_page().with("hx-redirect", there) } else { Reply::see(there) }
}

/// What somebody reads who could not be signed in; the status stays the
/// error's own. `None` for what is no matter of signing in.
#[must_use]
pub fn reason_of(error: &Error) -> Option<(u16, String)> {
    let text = match error {
        Error::Reject(Reject::Unauthorized(_)) => {
            "This API key is not known, or it was revoked.".into()
        }
        Error::Reject(Reject::Forbidden(_)) => {
            "This API key may send, not read: sign in with one of the scope read.".into()
        }
        Error::Reject(Reject::RateLimited { window_s, .. }) => {
            format!("Too many keys were tried from here. Wait {window_s} seconds, then try again.")
        }
        Error::Fault(Fault::Unavailable { .. }) => {
            "Keys cannot be looked up at the moment. Try again.".into()
        }
        _ => return None,
    };
    Some((error.kind().status, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_signed_in_is_told_that_it_ended() {
        let location = |to, part, ended| {
            let answer = redirect_to(to, part, ended);
            (answer.status, answer.headers.first().map(|(name, value)| (*name, value.clone())))
        };
        let there = |name, path: &str| Some((name, path.to_owned()));
        let first = location("/traces?range=7d", false, false);
        assert_eq!(first, (303, there("location", "/sign-in?to=%2Ftraces%3Frange%3D7d")));
        let ended = location("/traces", false, true);
        assert_eq!(ended, (303, there("location", "/sign-in?to=%2Ftraces&ended=1")));
        let open = location("/traces", true, false);
        assert_eq!(open, (401, there("hx-redirect", "/sign-in?to=%2Ftraces&ended=1")));
    }
}
