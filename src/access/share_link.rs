//! Links that show one trace to people without a key. A link names the key of whoever made it
//! and is signed with what is stored of that key: what nobody made costs no read of the table
//! of links, and a key that is revoked takes its links with it. Whoever opens one gets it as a
//! cookie of that trace's pages alone, so that these are the same for them as for others.

use super::api_keys::{KeyHash, LOCAL_KEY, Principal};
use super::login_cookie::find_cookie;
use super::{api_keys, signature};
use crate::model::Millis;

/// What tells this use of a key's hash from any other.
const PURPOSE: &[u8] = b"edgespan share v1";

/// A text of a form that it could be that of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareClaim<'a> {
    /// The key that is said to have made it.
    pub key_id: &'a str,
    /// The link's id.
    pub id: &'a str,
    /// What is signed.
    text: &'a str,
    signature: &'a str,
}

impl<'a> ShareClaim<'a> {
    /// `key id . id . signature`.
    #[must_use]
    pub fn read(token: &'a str) -> Option<Self> {
        let (text, signature) = token.rsplit_once('.')?;
        let (key_id, id) = text.rsplit_once('.')?;
        let whole = !key_id.is_empty() && !id.is_empty();
        whole.then_some(Self { key_id, id, text, signature })
    }

    /// Whether this key made it. Everybody knows the local key, and so could sign as it
    /// where that is no key of anybody's.
    #[must_use]
    pub fn is_of(&self, who: &Principal, local: bool) -> bool {
        let usable = local || who.key_hash != api_keys::hash(LOCAL_KEY);
        usable && signature::is_of(PURPOSE, &who.key_hash, self.text, self.signature)
    }
}

/// The text of a link.
#[must_use]
pub fn token(key_id: &str, hash: &KeyHash, id: &str) -> String {
    let text = format!("{key_id}.{id}");
    let signature = signature::make(PURPOSE, hash, &text);
    format!("{text}.{signature}")
}

/// Over https only a secure origin can set a cookie of such a name.
fn name(secure: bool) -> &'static str {
    if secure { "__Secure-edgespan_share" } else { "edgespan_share" }
}

/// The link that whoever asks has opened.
#[must_use]
pub fn opened(cookies: Option<&str>, secure: bool) -> Option<ShareClaim<'_>> {
    ShareClaim::read(find_cookie(cookies, name(secure))?)
}

/// The `Set-Cookie` header for whoever opens one: good for the pages of its trace, whose path
/// this is, and until its end.
#[must_use]
pub fn open(token: &str, path: &str, left_ms: Millis, secure: bool) -> String {
    let name = name(secure);
    let secure = if secure { "; Secure" } else { "" };
    let max_age_s = left_ms / 1_000;
    format!("{name}={token}; Path={path}; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}")
}
