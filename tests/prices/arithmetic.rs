//! What holds of every sum.

use prices::price::arithmetic::{Costed, Item, Tokens, cost, period_of};
use prices::price::table::{Period, Prices};
use proptest::prelude::*;

fn period() -> impl Strategy<Value = Period> {
    let price = || 0..200_000_000_u64;
    let maybe = || proptest::option::of(0..200_000_000_u64);
    (price(), price(), maybe(), maybe(), maybe(), maybe()).prop_map(|(i, o, r, w, h, a)| Period {
        from: String::new(),
        prices: Prices {
            input: i,
            output: o,
            cache_read: r,
            cache_write: w,
            cache_write_1h: h,
            audio: a,
        },
        tiers: Vec::new(),
    })
}

fn tokens() -> impl Strategy<Value = Tokens> {
    let some = || 0..1_000_000_u64;
    (some(), some(), some(), some(), some(), some()).prop_map(|(plain, output, r, w, h, a)| {
        Tokens {
            input: plain + r + w + h + a,
            output,
            cache_read: r,
            cache_write: w,
            cache_write_1h: h,
            audio: a,
        }
    })
}

proptest! {
    #[test]
    fn more_tokens_never_cost_less(period in period(), tokens in tokens(), more in 0..1_000_000_u64) {
        let known = cost(&period, &tokens).nano;
        for dearer in [
            Tokens { input: tokens.input + more, ..tokens },
            Tokens { output: tokens.output + more, ..tokens },
            Tokens { input: tokens.input + more, cache_read: tokens.cache_read + more, ..tokens },
            Tokens { input: tokens.input + more, cache_write: tokens.cache_write + more, ..tokens },
            Tokens { input: tokens.input + more, audio: tokens.audio + more, ..tokens },
        ] {
            prop_assert!(cost(&period, &dearer).nano >= known);
        }
    }

    #[test]
    fn every_token_is_counted_once(period in period(), tokens in tokens()) {
        let Costed { items, parts_added, .. } = cost(&period, &tokens);
        prop_assert!(!parts_added);
        let counted: u64 = items.iter().map(|item| item.tokens).sum();
        prop_assert_eq!(counted, tokens.input + tokens.output);
    }

    #[test]
    fn parts_beside_the_whole_cost_what_they_cost_in_it(period in period(), tokens in tokens()) {
        let parts = tokens.input
            - (tokens.cache_read + tokens.cache_write + tokens.cache_write_1h + tokens.audio);
        let apart = Tokens { input: parts, ..tokens };
        let costed = cost(&period, &apart);
        if costed.parts_added {
            prop_assert_eq!(costed.nano, cost(&period, &tokens).nano);
        }
    }
}

#[test]
fn a_sum_is_rounded_once_half_up() {
    let of = |input, output| Period {
        from: String::new(),
        prices: Prices { input, output, ..Prices::default() },
        tiers: Vec::new(),
    };
    let tokens = |input, output| Tokens { input, output, ..Tokens::default() };
    for (prices, tokens, nano) in [
        (of(499, 0), tokens(1, 0), 0),
        (of(500, 0), tokens(1, 0), 1),
        (of(250, 250), tokens(1, 1), 1),
        (of(1_499, 0), tokens(1, 0), 1),
        (of(0, 0), tokens(5, 5), 0),
        (of(u64::MAX, 0), tokens(u64::MAX, 0), 1_000_000_000_000_000),
    ] {
        assert_eq!(cost(&prices, &tokens).nano, nano, "{prices:?} {tokens:?}");
    }
}

#[test]
fn what_has_no_price_of_its_own_costs_what_goes_in() {
    let prices = Prices { input: 3, output: 15, cache_write: Some(4), ..Prices::default() };
    let period = Period { from: String::new(), prices, tiers: Vec::new() };
    let all = Tokens {
        input: 50,
        output: 6,
        cache_read: 10,
        cache_write: 10,
        cache_write_1h: 10,
        audio: 10,
    };
    let items = cost(&period, &all).items;
    let found: Vec<_> =
        items.iter().map(|Item { what, tokens, price }| (*what, *tokens, *price)).collect();
    assert_eq!(
        found,
        [
            ("input", 10, 3),
            ("cache read", 10, 3),
            ("cache write", 10, 4),
            ("1 h cache write", 10, 4),
            ("audio input", 10, 3),
            ("output", 6, 15),
        ]
    );
}

#[test]
fn the_period_that_a_day_is_in_counts() {
    let period = |from: &'static str| Period {
        from: from.into(),
        prices: Prices::default(),
        tiers: Vec::new(),
    };
    let periods = [period(""), period("2026-03-13"), period("2026-11-01")];
    for (day, from) in [
        ("2020-01-01", Some("")),
        ("2026-03-12", Some("")),
        ("2026-03-13", Some("2026-03-13")),
        ("2026-10-31", Some("2026-03-13")),
        ("2027-01-01", Some("2026-11-01")),
    ] {
        assert_eq!(period_of(&periods, day).map(|period| &*period.from), from, "{day}");
    }
    assert_eq!(period_of(&periods[1..], "2026-01-01"), None);
}
