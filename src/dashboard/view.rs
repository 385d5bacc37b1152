//! What a page is made from.

use crate::model::Millis;
use crate::payload::Source;

/// What pages are made from: who asks, for what, and where the answer comes
/// from.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each says another thing of who asks")]
pub struct View<'a, D, S> {
    /// The project whose traces these are. Its id.
    pub project: &'a str,
    /// The project's name.
    pub project_name: &'a str,
    /// The id of the key that whoever looks is signed in with.
    pub key_id: &'a str,
    /// Whether whoever looks has no key, but a link of that key's to this one trace.
    pub guest: bool,
    /// Whether that key has the scope admin.
    pub admin: bool,
    /// The query string, without its `?`.
    pub query: &'a str,
    /// The scheme and host that the request came to: `https://example.com`.
    pub origin: &'a str,
    /// Whether htmx asks, for a part of a page.
    pub part: bool,
    /// The `If-None-Match` header.
    pub known: Option<String>,
    /// Whether texts are to be shown as they were sent, not as Markdown.
    pub plain: bool,
    /// Whether this is local development.
    pub local: bool,
    /// The time.
    pub now: Millis,
    /// The index.
    pub db: &'a D,
    /// The raw batches.
    pub source: Source<'a, S>,
}

impl<D, S> View<'_, D, S> {
    /// The project, where a page's frame may lead into it.
    #[must_use]
    pub fn shown_project(&self) -> Option<&str> {
        (!self.guest).then_some(self.project_name)
    }
}
