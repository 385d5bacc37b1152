//! What is around every page: the head, the header, the page of an error.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::asset::Asset;
use crate::error::{Error, Fault, Reject};

/// What a page says of itself to its frame.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shell<'a> {
    /// The title, without the product's name.
    pub title: &'a str,
    /// The project's name; `None` when nobody is signed in.
    pub project: Option<&'a str>,
    /// Styles and scripts besides those of all pages.
    pub assets: &'a [Asset],
    /// Where the way back leads and what it says, if this is not the list.
    pub back: Option<(&'a str, &'a str)>,
}

/// htmx as the policy of the pages wants it: no styles of its own, and back
/// and forward load pages anew. What scripts write into times is theirs: an
/// update leaves it alone and they write it again where the time has changed.
const HTMX_CONFIG: &str = r#"{"includeIndicatorCSS":false,"history":"reload","noSwap":[204,304,"4xx","5xx"],"morphSkipChildren":"time,[hx-morph-skip-children]"}"#;

/// The pages that one goes to from anywhere.
const PAGES: [(&str, &str); 6] = [
    ("/traces", "Traces"),
    ("/errors", "Errors"),
    ("/costs", "Costs"),
    ("/costs?by=user", "Users"),
    ("/scores", "Scores"),
    ("/evaluators", "Evaluators"),
];

/// A whole page around its main part.
#[must_use]
pub fn document(shell: &Shell<'_>, main: &Markup) -> Markup {
    // Put in by hand: the main part may have megabytes, and a text that grows takes
    // twice what it has.
    const END: &str = "</main>";
    let frame = frame(shell).into_string();
    let (before, after) = frame.split_at(frame.rfind(END).unwrap_or(frame.len()));
    let mut page = String::with_capacity(frame.len() + main.0.len());
    page.push_str(before);
    page.push_str(&main.0);
    page.push_str(after);
    PreEscaped(page)
}

/// The page without its main part.
fn frame(shell: &Shell<'_>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                meta name="htmx-config" content=(HTMX_CONFIG);
                title { (shell.title) " · Edgespan" }
                link rel="icon" href=(Asset::Icon.path()) type="image/svg+xml";
                link rel="stylesheet" href=(Asset::AppCss.path());
                // Not deferred: it sets the theme before anything is painted.
                script src=(Asset::AppJs.path()) {}
                @for asset in shell.assets {
                    @match asset {
                        Asset::AppCss | Asset::ListCss | Asset::TraceCss | Asset::ChatCss | Asset::ScoresCss | Asset::SettingsCss | Asset::CompareCss => link rel="stylesheet" href=(asset.path());,
                        _ => script defer src=(asset.path()) {},
                    }
                }
            }
            body {
                a.skip href="#main" { "Skip to content" }
                header.top {
                    a.brand href="/traces" aria-label="Edgespan" { (mark()) span { "Edgespan" } }
                    @if let Some((href, text)) = shell.back {
                        nav aria-label="Back" { a.back href=(href) { "← " (text) } }
                    }
                    @if let Some(project) = shell.project {
                        span.project title="Project" { (project) }
                    }
                    @if shell.project.is_some() {
                        nav.sites aria-label="Main" {
                            @for (path, name) in PAGES { a href=(path) { (name) } }
                        }
                    }
                    span.spacer {}
                    button.quiet.theme type="button" data-theme-switch aria-label="Colour theme" title="Colour theme" {
                        (theme_icon())
                    }
                    @if shell.project.is_some() {
                        a.button.quiet.icon href="/settings" aria-label="Settings" title="Settings" { (settings_icon()) }
                        form method="post" action="/sign-out" {
                            button.quiet type="submit" { "Sign out" }
                        }
                    }
                }
                main id="main" tabindex="-1" {}
            }
        }
    }
}

/// The mark: spans on an axis.
fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" {
            rect x="1" y="3" width="12" height="3.4" rx="1.7" {}
            rect x="5" y="8.3" width="14" height="3.4" rx="1.7" {}
            rect x="9" y="13.6" width="7" height="3.4" rx="1.7" {}
        }
    }
}

fn settings_icon() -> Markup {
    html! {
        svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" {
            path d="M1 4.5h8M13 4.5h2M1 11.5h2M7 11.5h8" stroke="currentColor" stroke-width="1.5" {}
            g fill="none" stroke="currentColor" stroke-width="1.5" { circle cx="11" cy="4.5" r="2" {} circle cx="5" cy="11.5" r="2" {} }
        }
    }
}

fn theme_icon() -> Markup {
    html! {
        svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" {
            circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" stroke-width="1.5" {}
            path d="M8 1.75a6.25 6.25 0 0 1 0 12.5z" fill="currentColor" {}
        }
    }
}

/// A name that may be as long as a client likes: a longer one is on two lines
/// until one asks for all of it.
#[must_use]
pub fn unfolding_preview(text: &str, shown: &Markup) -> Markup {
    const LONG: usize = 90;
    html! {
        @if text.chars().nth(LONG).is_some() { details.long { summary { (shown) } } }
        @else { (shown) }
    }
}

/// What the API says in a few words, as a page says it.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    first.chain(letters).chain(end.chars()).collect()
}

/// The page of a failure, as [`crate::reply::Reply::error`] answers the API's.
#[must_use]
pub fn error_page(error: &Error, project: Option<&str>, request_id: &str) -> (u16, Markup) {
    let status = error.kind().status;
    let (title, text) = match error {
        Error::Fault(Fault::Unavailable { .. }) => {
            ("Not available at the moment", "Nothing is lost. Try again in a moment.".into())
        }
        Error::Fault(Fault::Internal(_)) => {
            ("Something went wrong here", "It is in the log, under the number below.".into())
        }
        Error::Reject(reject) => match reject {
            Reject::Validation { message, .. } => ("That cannot be read", message.clone()),
            Reject::Unauthorized(why) => ("Sign in first", (*why).into()),
            Reject::Forbidden(why) => ("That was not sent from here", (*why).into()),
            Reject::NotFound(what) => ("Not found", what.clone()),
            Reject::MethodNotAllowed { allow } => {
                ("That cannot be done here", format!("This address takes {allow}."))
            }
            Reject::Conflict(what) => ("That is in the way", what.clone()),
            Reject::TooLarge(what) => ("That is too large", what.clone()),
            Reject::QuotaExceeded { .. } => ("Too many traces", reject.to_string()),
            Reject::RateLimited { limit, window_s } => (
                "Too many requests",
                format!("More than {limit} in {window_s} seconds. Wait a moment, then try again."),
            ),
            Reject::UnsupportedMediaType(what) => ("That cannot be read", what.clone()),
        },
    };
    let shell = Shell { title, project, ..Shell::default() };
    let main = html! {
        section.notice {
            p.code { (status) }
            h1 { (title) }
            p { (sentence(&text)) }
            p { a.button href="/traces" { "Back to the traces" } }
            p.muted { "Request " code { (request_id) } }
        }
    };
    (status, document(&shell, &main))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_not_there_says_so_in_a_sentence() {
        for (said, shown) in [
            ("there is nothing at this path", "<p>There is nothing at this path.</p>"),
            (crate::api::NO_TRACE, "It may be in another project, or not have arrived yet.</p>"),
        ] {
            let error = Error::Reject(Reject::NotFound(said.into()));
            let html = super::error_page(&error, None, "1").1.into_string();
            assert!(html.contains(shown), "{html}");
        }
    }
}
