//! Whom keys stand for, for how long, and who may ask how often.

use std::cell::{Cell, RefCell};

use super::*;

struct Table {
    answer: RefCell<Result<Option<Principal>, Fault>>,
    asked: Cell<usize>,
    guesses_left: Cell<usize>,
}

impl Keys for Table {
    async fn find(&self, _: Which<'_>, _: Millis) -> Result<Option<Principal>, Fault> {
        self.asked.set(self.asked.get() + 1);
        self.answer.borrow().clone()
    }

    async fn may_guess_on(&self, _: &str) -> bool {
        self.guesses_left.set(self.guesses_left.get().saturating_sub(1));
        self.guesses_left.get() > 0
    }
}

fn somebody() -> Principal {
    Principal {
        key_id: "k".into(),
        key_hash: hash("ts_x"),
        project: "p".into(),
        project_name: "shop".into(),
        handling: Handling::Strict,
        rate_limit: 1_000,
        scopes: Scopes::parse(Scopes::DEFAULT).unwrap(),
        blocked_until: None,
    }
}

fn down() -> Fault {
    Fault::Unavailable { what: "d1", why: "down".into() }
}

struct World {
    table: Table,
    cache: KeyCache,
}

impl World {
    fn new(answer: Result<Option<Principal>, Fault>) -> Self {
        let table = Table {
            answer: RefCell::new(answer),
            asked: Cell::new(0),
            guesses_left: Cell::new(100),
        };
        Self { table, cache: KeyCache::default() }
    }

    fn ask(&self, header: &str, now: Millis) -> Result<Principal, Error> {
        let headers = KeyHeaders { authorization: Some(header), api_key: None };
        let credentials = Credentials { headers, address: "::1", local: false };
        pollster::block_on(authenticate(credentials, now, &self.cache, &self.table))
    }
}

fn unauthorized(r: &Result<Principal, Error>) -> bool {
    matches!(r, Err(Error::Reject(Reject::Unauthorized(_))))
}

#[test]
fn rejects_what_is_not_a_key_without_asking() {
    for header in ["", "Bearer sk_x", "Bearer ts_local_development"] {
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
fn an_address_that_guesses_is_kept_from_the_table_and_keys_in_use_still_work() {
    let world = World::new(Ok(Some(somebody())));
    assert!(world.ask("Bearer ts_used", 0).is_ok());
    *world.table.answer.borrow_mut() = Ok(None);
    world.table.guesses_left.set(3);
    for guess in 0..10 {
        assert!(world.ask(&format!("Bearer ts_{guess}"), 0).is_err());
    }
    assert_eq!(world.table.asked.get(), 1 + 3);
    let limited = world.ask("Bearer ts_one_more", 0);
    assert!(matches!(limited, Err(Error::Reject(Reject::RateLimited { .. }))), "{limited:?}");
    assert!(world.ask("Bearer ts_used", 1).is_ok());
    // Also when what is known of it is no longer fresh.
    world.table.guesses_left.set(0);
    assert!(unauthorized(&world.ask("Bearer ts_guess", FRESH_MS - 1)));
    *world.table.answer.borrow_mut() = Ok(Some(somebody()));
    assert!(world.ask("Bearer ts_used", FRESH_MS).is_ok());
    assert!(world.ask("Bearer ts_one_more", FRESH_MS).is_err());
    *world.table.answer.borrow_mut() = Ok(None);
    let window = Millis::from(WINDOW_S) * 1_000;
    assert!(unauthorized(&world.ask("Bearer ts_one_more", FRESH_MS + window)));
}

#[test]
fn a_clock_that_jumps_back_asks_again() {
    let world = World::new(Ok(Some(somebody())));
    assert!(world.ask("Bearer ts_x", 1_000_000).is_ok());
    assert!(world.ask("Bearer ts_x", 0).is_ok());
    assert_eq!(world.table.asked.get(), 2);
}

#[test]
fn the_operator_needs_a_secret_that_is_set() {
    assert_eq!(check_operator(Some("Bearer s3cret"), "s3cret"), Ok(()));
    for (header, secret) in [
        (Some("Bearer s3cre"), "s3cret"),
        (Some("Bearer s3cret "), "other"),
        (Some("Bearer "), ""),
        (Some("Bearer"), ""),
        (None, ""),
        (None, "s3cret"),
    ] {
        assert!(check_operator(header, secret).is_err(), "{header:?} {secret:?}");
    }
}

#[test]
fn stays_bounded_and_guesses_do_not_push_out_keys_in_use() {
    let cache = KeyCache::default();
    cache.put([255; 32], 0, Some(somebody()));
    for n in 0..3 * CAPACITY {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&n.to_le_bytes());
        cache.put(hash, 1, None);
    }
    assert!(cache.0.borrow().known.len() <= CAPACITY);
    assert_eq!(cache.get(&[255; 32], 1, false), Some(Some(somebody())));
}

#[test]
fn takes_the_operators_secret_as_a_bearer_token_only() {
    for header in ["Bearer secret", "bearer secret", "Bearer\tsecret", "Bearer   secret "] {
        assert_eq!(check_operator(Some(header), "secret"), Ok(()), "{header}");
    }
    for header in ["Basic secret", "Token secret", "secret", "Bearer secret2", "Bearer", ""] {
        assert!(check_operator(Some(header), "secret").is_err(), "{header}");
    }
    assert!(check_operator(None, "secret").is_err());
    assert!(check_operator(Some("Bearer "), "").is_err());
}
