//! Who is asking: key -> hash -> project. Keys are never stored and
//! never logged; what is kept is the SHA-256. The cache makes it free when
//! warm; how long its answers are good bounds how long a revoked key works.

use std::cell::RefCell;
use std::collections::HashMap;

use base16ct::lower;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::key_header::{KeyHeaders, bearer, find_key};
use super::rate_limits;
use super::rate_limits::WINDOW_S;
use super::scope::Scopes;
use crate::error::{Error, Fault, Reject};
use crate::model::{Handling, Millis};

/// What a key may act for, and how its project wants to be treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The key's own id, for limits and logs.
    pub key_id: String,
    /// What is stored of the key.
    pub key_hash: KeyHash,
    /// The project that the key belongs to.
    pub project: String,
    /// The project's name.
    pub project_name: String,
    /// What the project does with a batch that has bad events in it.
    pub handling: Handling,
    /// Requests in 10 s that the key may make; 0 for any number.
    pub rate_limit: u32,
    /// What the key may do.
    pub scopes: Scopes,
    /// Until when the project's batches are refused where quotas are enforced, if they are.
    pub blocked_until: Option<Millis>,
}

/// The SHA-256 of a key.
pub type KeyHash = [u8; 32];

/// What a key is looked up by.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// The hash: somebody has the key.
    Hash(&'a KeyHash),
    /// The id: somebody has something that says whose it is.
    Id(&'a str),
}

/// The table of keys. Implemented over D1 by `edge`.
#[allow(async_fn_in_trait, reason = "one thread, and only this crate implements it")]
pub trait Keys {
    /// Who this key acts for; `None` for an unknown or a revoked one. Notes
    /// that the key was used.
    async fn find(&self, which: Which<'_>, now: Millis) -> Result<Option<Principal>, Fault>;

    /// Counts a key that does not exist against this address; whether the
    /// address may go on.
    async fn may_guess_on(&self, address: &str) -> bool;
}

/// How long an answer is used without asking again.
const FRESH_MS: Millis = 30_000;
/// How long it is used when asking fails. A revoked key must stop working
/// within 60 s everywhere, so no answer outlives that.
const STALE_MS: Millis = 55_000;
/// How long "no such key" is used: short, because a key may have just been made.
const UNKNOWN_MS: Millis = 5_000;
/// Most answers kept. At some 200 bytes each: 800 KB.
const CAPACITY: usize = 4_096;

/// The key every local set-up has, so that a first trace needs no set-up. Only
/// a Worker started with `EDGESPAN_LOCAL` takes it (see `hash_of`).
pub const LOCAL_KEY: &str = "ts_local_development";

/// Recent answers of the table of keys. One for each isolate. No borrow of what is
/// in it outlives a call, so none is held across an await.
#[derive(Debug, Default)]
pub struct KeyCache(RefCell<Answers>);

#[derive(Debug, Default)]
struct Answers {
    known: HashMap<KeyHash, (Millis, Option<Principal>)>,
    /// Addresses that asked with too many keys that do not exist, since when.
    blocked: HashMap<String, Millis>,
}

impl KeyCache {
    /// The answer for this hash, if there is one that is still good.
    #[expect(clippy::option_option, reason = "no answer, or the answer that there is no such key")]
    fn get(&self, hash: &KeyHash, now: Millis, stale: bool) -> Option<Option<Principal>> {
        let answers = self.0.borrow();
        let (at, answer) = answers.known.get(hash)?;
        let good_for = match (answer, stale) {
            (None, _) => UNKNOWN_MS,
            (Some(_), false) => FRESH_MS,
            (Some(_), true) => STALE_MS,
        };
        // A clock that went backwards makes an answer old, never eternal.
        (0..good_for).contains(&(now - at)).then(|| answer.clone())
    }

    /// Whether the key existed when it was last looked up, however long ago that
    /// was: then looking it up again is no guess.
    fn existed(&self, hash: &KeyHash) -> bool {
        matches!(self.0.borrow().known.get(hash), Some((_, Some(_))))
    }

    fn is_blocked(&self, address: &str, now: Millis) -> bool {
        let window = Millis::from(WINDOW_S) * 1_000;
        self.0
            .borrow()
            .blocked
            .get(address)
            .is_some_and(|since| (0..window).contains(&(now - since)))
    }

    fn block(&self, address: &str, now: Millis) {
        let blocked = &mut self.0.borrow_mut().blocked;
        if blocked.len() >= CAPACITY {
            blocked.clear();
        }
        blocked.insert(address.into(), now);
    }

    fn put(&self, hash: KeyHash, now: Millis, answer: Option<Principal>) {
        let known = &mut self.0.borrow_mut().known;
        if known.len() >= CAPACITY && !known.contains_key(&hash) {
            // Unknown keys go first: somebody guessing must not push out the
            // keys that are in use.
            let guesses = known.values().filter(|(_, a)| a.is_none()).count();
            known.retain(|_, (at, a)| (guesses == 0 || a.is_some()) && now - *at < FRESH_MS);
            if known.len() >= CAPACITY {
                known.clear();
            }
        }
        known.insert(hash, (now, answer));
    }
}

/// What a request says of who sends it.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'a> {
    /// The headers that carry the key.
    pub headers: KeyHeaders<'a>,
    /// The client's address, as the platform saw it.
    pub address: &'a str,
    /// Whether this is local development: see [`LOCAL_KEY`].
    pub local: bool,
}

/// Who the request's credentials stand for.
///
/// # Errors
/// [`Reject::Unauthorized`]; [`Reject::RateLimited`] when this address has
/// asked with too many keys that do not exist and this one is not known to; [`Fault::Unavailable`] when the keys cannot be read and nothing recent enough
/// is known of this one.
pub async fn authenticate(
    credentials: Credentials<'_>,
    now: Millis,
    cache: &KeyCache,
    keys: &impl Keys,
) -> Result<Principal, Error> {
    let Credentials { headers, address, local } = credentials;
    look_up(Which::Hash(&hash_of(headers, local)?), address, now, cache, keys).await
}

/// Who a key stands for. What comes of it must be proved yet when it is looked
/// up by its id, which is no secret.
///
/// # Errors
/// As [`authenticate`].
pub async fn look_up(
    which: Which<'_>,
    address: &str,
    now: Millis,
    cache: &KeyCache,
    keys: &impl Keys,
) -> Result<Principal, Error> {
    let address = &*rate_limits::network(address);
    // Keys begin with `ts_`: what is kept of one by its id meets no key's hash.
    let hash = match which {
        Which::Hash(hash) => *hash,
        Which::Id(id) => self::hash(&format!("id {id}")),
    };
    if let Some(answer) = cache.get(&hash, now, false) {
        return known(answer);
    }
    if cache.is_blocked(address, now) && !cache.existed(&hash) {
        return Err(rate_limits::guess(address).exceeded().into());
    }
    match keys.find(which, now).await {
        Ok(answer) => {
            cache.put(hash, now, answer.clone());
            if answer.is_none() && !keys.may_guess_on(address).await {
                cache.block(address, now);
            }
            known(answer)
        }
        Err(fault) => known(cache.get(&hash, now, true).ok_or(fault)?),
    }
}

fn known(answer: Option<Principal>) -> Result<Principal, Error> {
    answer.ok_or_else(|| Reject::Unauthorized("the API key is unknown or revoked").into())
}

/// Whether the `Authorization` header carries the operator's secret. Both are
/// hashed and the hashes compared in constant time, so that neither the
/// secret's length nor its beginning shows in how long it takes.
///
/// # Errors
/// [`Reject::Unauthorized`], always where no secret is set.
pub fn check_operator(header: Option<&str>, secret: &str) -> Result<(), Reject> {
    let token = header.and_then(bearer).unwrap_or_default();
    let same = Sha256::digest(token.as_bytes()).ct_eq(&Sha256::digest(secret.as_bytes()));
    if secret.is_empty() {
        return Err(Reject::Unauthorized("the secret ADMIN_TOKEN is not set; nobody may do this"));
    }
    if bool::from(same) { Ok(()) } else { Err(Reject::Unauthorized("this is for the operator")) }
}

/// The hash of the key that a request carries.
fn hash_of(headers: KeyHeaders<'_>, local: bool) -> Result<KeyHash, Reject> {
    let key = find_key(headers)?;
    if key == LOCAL_KEY && !local {
        return Err(Reject::Unauthorized("this key works in local development only"));
    }
    Ok(hash(&key))
}

/// What is stored of a key.
#[must_use]
pub fn hash(key: &str) -> KeyHash {
    Sha256::digest(key.as_bytes()).into()
}

/// Bytes as the table has hashes: in lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    lower::encode_string(bytes)
}

#[cfg(test)]
mod tests;
