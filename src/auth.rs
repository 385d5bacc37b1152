//! Who is asking: bearer header -> hash -> project. Keys are never stored and
//! never logged; what is kept is the SHA-256. The cache makes it free when
//! warm; how long its answers are good bounds how long a revoked key works.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::error::{Fault, Reject};
use crate::limits::MAX_KEY_BYTES;
use crate::model::{Handling, Millis};

/// What a key may act for, and how its project wants to be treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The key's own id, for limits and logs.
    pub key_id: String,
    /// The project that the key belongs to.
    pub project: String,
    /// What the project does with a batch that has bad events in it.
    pub handling: Handling,
}

/// The SHA-256 of a key.
pub type KeyHash = [u8; 32];

/// The table of keys. Implemented over D1 by `edge`.
#[allow(async_fn_in_trait, reason = "one thread, and only this crate implements it")]
pub trait Keys {
    /// Who the key with this hash acts for; `None` for an unknown or a revoked
    /// one. Notes that the key was used.
    async fn find(&self, hash: &KeyHash, now: Millis) -> Result<Option<Principal>, Fault>;
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
/// a Worker started with `EDGESPAN_LOCAL` takes it (see [`hash_of`]).
pub const LOCAL_KEY: &str = "ts_local_development";

/// Recent answers of the table of keys. One for each isolate.
#[derive(Debug, Default)]
pub struct Cache {
    known: HashMap<KeyHash, (Millis, Option<Principal>)>,
}

impl Cache {
    /// The answer for this hash, if there is one that is still good.
    #[expect(clippy::option_option, reason = "no answer, or the answer that there is no such key")]
    fn get(&self, hash: &KeyHash, now: Millis, stale: bool) -> Option<Option<Principal>> {
        let (at, answer) = self.known.get(hash)?;
        let good_for = match (answer, stale) {
            (None, _) => UNKNOWN_MS,
            (Some(_), false) => FRESH_MS,
            (Some(_), true) => STALE_MS,
        };
        // A clock that went backwards makes an answer old, never eternal.
        (0..good_for).contains(&(now - at)).then(|| answer.clone())
    }

    fn put(&mut self, hash: KeyHash, now: Millis, answer: Option<Principal>) {
        if self.known.len() >= CAPACITY && !self.known.contains_key(&hash) {
            // Unknown keys go first: somebody guessing must not push out the
            // keys that are in use.
            let guesses = self.known.values().filter(|(_, a)| a.is_none()).count();
            self.known.retain(|_, (at, a)| (guesses == 0 || a.is_some()) && now - *at < FRESH_MS);
            if self.known.len() >= CAPACITY {
                self.known.clear();
            }
        }
        self.known.insert(hash, (now, answer));
    }
}

/// Runs `use_it` on the isolate's cache. A closure, so that no borrow can be
/// held across an await.
pub type WithCache<'a> = &'a dyn Fn(&mut dyn FnMut(&mut Cache));

/// Who the request's `Authorization` header stands for.
///
/// # Errors
/// [`Reject::Unauthorized`], or [`Fault::Unavailable`] when the keys cannot be
/// read and nothing recent enough is known of this one.
pub async fn authenticate(
    header: Option<&str>,
    local: bool,
    now: Millis,
    with_cache: WithCache<'_>,
    keys: &impl Keys,
) -> Result<Principal, crate::error::Error> {
    let hash = hash_of(header, local)?;
    let recall = |stale| {
        let mut found = None;
        with_cache(&mut |cache| found = cache.get(&hash, now, stale));
        found
    };
    let answer = match recall(false) {
        Some(answer) => answer,
        None => match keys.find(&hash, now).await {
            Ok(answer) => {
                with_cache(&mut |cache| cache.put(hash, now, answer.clone()));
                answer
            }
            Err(fault) => recall(true).ok_or(fault)?,
        },
    };
    answer.ok_or_else(|| Reject::Unauthorized("the API key is unknown or revoked").into())
}

/// The hash of the key in an `Authorization` header.
fn hash_of(header: Option<&str>, local: bool) -> Result<KeyHash, Reject> {
    let header = header.ok_or(Reject::Unauthorized(
        "send the API key as `Authorization: Bearer ts_…`; there is no Authorization header",
    ))?;
    let key = match header.trim().split_once(' ') {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => key.trim(),
        _ => {
            return Err(Reject::Unauthorized(
                "send the API key as `Authorization: Bearer ts_…`; the scheme is not Bearer",
            ));
        }
    };
    if !key.starts_with("ts_") || key.len() > MAX_KEY_BYTES {
        return Err(Reject::Unauthorized("an API key begins with `ts_`; this one does not"));
    }
    if key == LOCAL_KEY && !local {
        return Err(Reject::Unauthorized("this key works in local development only"));
    }
    Ok(Sha256::digest(key.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::error::Error;

    struct Table {
        answer: RefCell<Result<Option<Principal>, Fault>>,
        asked: Cell<usize>,
    }

    impl Keys for Table {
        async fn find(&self, _: &KeyHash, _: Millis) -> Result<Option<Principal>, Fault> {
            self.asked.set(self.asked.get() + 1);
            self.answer.borrow().clone()
        }
    }

    fn somebody() -> Principal {
        Principal { key_id: "k".into(), project: "p".into(), handling: Handling::Strict }
    }

    fn down() -> Fault {
        Fault::Unavailable { what: "d1", why: "down".into() }
    }

    struct World {
        table: Table,
        cache: RefCell<Cache>,
    }

    impl World {
        fn new(answer: Result<Option<Principal>, Fault>) -> Self {
            let table = Table { answer: RefCell::new(answer), asked: Cell::new(0) };
            Self { table, cache: RefCell::default() }
        }

        fn ask(&self, header: &str, now: Millis) -> Result<Principal, Error> {
            let with = |f: &mut dyn FnMut(&mut Cache)| f(&mut self.cache.borrow_mut());
            pollster::block_on(authenticate(Some(header), false, now, &with, &self.table))
        }
    }

    fn unauthorized(r: &Result<Principal, Error>) -> bool {
        matches!(r, Err(Error::Reject(Reject::Unauthorized(_))))
    }

    #[test]
    fn accepts_bearer_in_any_case_and_spacing() {
        for header in ["Bearer ts_x", "bearer ts_x", "  BEARER   ts_x "] {
            assert_eq!(World::new(Ok(Some(somebody()))).ask(header, 0), Ok(somebody()), "{header}");
        }
    }

    #[test]
    fn rejects_what_is_not_a_key_without_asking() {
        let long = format!("Bearer ts_{}", "x".repeat(MAX_KEY_BYTES));
        for header in [
            "",
            "ts_x",
            "Basic ts_x",
            "Bearer",
            "Bearer sk_x",
            "Bearer ts_local_development",
            &long,
        ] {
            let world = World::new(Ok(Some(somebody())));
            assert!(unauthorized(&world.ask(header, 0)), "{header}");
            assert_eq!(world.table.asked.get(), 0, "{header}");
        }
    }

    #[test]
    fn asks_once_while_fresh_and_notices_revocation_within_a_minute() {
        let world = World::new(Ok(Some(somebody())));
        for now in [0, 10, FRESH_MS - 1] {
            assert!(world.ask("Bearer ts_x", now).is_ok());
        }
        assert_eq!(world.table.asked.get(), 1);
        *world.table.answer.borrow_mut() = Ok(None);
        assert!(unauthorized(&world.ask("Bearer ts_x", FRESH_MS)));
    }

    #[test]
    fn notices_a_new_key_soon() {
        let world = World::new(Ok(None));
        assert!(unauthorized(&world.ask("Bearer ts_x", 0)));
        *world.table.answer.borrow_mut() = Ok(Some(somebody()));
        assert!(unauthorized(&world.ask("Bearer ts_x", UNKNOWN_MS - 1)));
        assert!(world.ask("Bearer ts_x", UNKNOWN_MS).is_ok());
    }

    #[test]
    fn outage_uses_recent_answers_and_never_turns_a_key_away() {
        let world = World::new(Ok(Some(somebody())));
        assert!(world.ask("Bearer ts_x", 0).is_ok());
        *world.table.answer.borrow_mut() = Err(down());
        assert!(world.ask("Bearer ts_x", STALE_MS - 1).is_ok());
        assert_eq!(world.ask("Bearer ts_x", STALE_MS), Err(Error::Fault(down())));
        assert_eq!(world.ask("Bearer ts_new", 0), Err(Error::Fault(down())));
    }

    #[test]
    fn a_clock_that_jumps_back_asks_again() {
        let world = World::new(Ok(Some(somebody())));
        assert!(world.ask("Bearer ts_x", 1_000_000).is_ok());
        assert!(world.ask("Bearer ts_x", 0).is_ok());
        assert_eq!(world.table.asked.get(), 2);
    }

    #[test]
    fn stays_bounded_and_guesses_do_not_push_out_keys_in_use() {
        let mut cache = Cache::default();
        cache.put([255; 32], 0, Some(somebody()));
        for n in 0..3 * CAPACITY {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&n.to_le_bytes());
            cache.put(hash, 1, None);
        }
        assert!(cache.known.len() <= CAPACITY);
        assert_eq!(cache.get(&[255; 32], 1, false), Some(Some(somebody())));
    }
}
