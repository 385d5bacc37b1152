//! How a cost is explained.

use edgespan::model::{Provider, Usage};
use ingest_core::fold::price::{Call, CostSource};
use prices::price::call::price;
use prices::price::overrides::{Overrides, read_prices};
use prices::price::table::table;
use prices::price::words::in_words;
use serde_json::json;

/// 2026-11-24.
const AT: i64 = 1_795_478_400_000_000;

#[test]
fn a_cost_is_the_sum_that_its_words_say() {
    let usage = |prompt, completion, cached| Usage {
        prompt: Some(prompt),
        completion: Some(completion),
        cached,
        ..Usage::default()
    };
    let mut own = Overrides::default();
    let set = read_prices(&json!({ "input": 1234.5, "output": 0.075 })).unwrap();
    own.add("Mine-*", "", set);
    let of_table = format!("table of {}", table().generated);
    let added = "; parts taken to be beside the input";
    for (model, usage, nano, words) in [
        (
            "gpt-4o",
            usage(10_000, 1_000, Some(8_000)),
            25_000_000,
            format!(
                "2,000 input × $2.50 / M + 8,000 cache read × $1.25 / M + 1,000 output × $10 / M, {of_table}"
            ),
        ),
        (
            "gpt-4o",
            usage(2_000, 1_000, Some(8_000)),
            25_000_000,
            format!(
                "2,000 input × $2.50 / M + 8,000 cache read × $1.25 / M + 1,000 output × $10 / M, {of_table}{added}"
            ),
        ),
        (
            "mine-2",
            usage(1, 1_000_000, None),
            76_234_500,
            "1 input × $1,234.50 / M + 1,000,000 output × $0.075 / M, the project's price".into(),
        ),
        ("x/y:free", usage(1, 1, None), 0, format!("free, {of_table}")),
    ] {
        let call = Call { model, provider: None, usage, at_us: AT };
        let priced = price(&call, &own).unwrap();
        assert_eq!((priced.costed.nano, in_words(&priced)), (nano, words));
        let own = model.starts_with("mine");
        assert_eq!(priced.source == CostSource::Project, own, "{model}");
    }
}

#[test]
fn the_half_that_is_not_said_is_what_the_total_leaves() {
    let cost = |usage| {
        let provider = Some(Provider::OpenAi);
        let call = Call { model: "gpt-4o", provider, usage, at_us: AT };
        price(&call, &Overrides::default()).unwrap().costed.nano
    };
    let (prompt, completion, total) = (Some(1_000), Some(100), Some(1_100));
    let whole = cost(Usage { prompt, completion, total, ..Usage::default() });
    assert_eq!(cost(Usage { prompt, total, ..Usage::default() }), whole);
    assert_eq!(cost(Usage { completion, total, ..Usage::default() }), whole);
    assert_eq!(cost(Usage { prompt, ..Usage::default() }), 2_500_000);
}

#[test]
fn prices_out_of_bounds_are_none() {
    let of = |input| read_prices(&json!({ "input": input, "output": 0, "cacheWrite": 0.3 }));
    assert_eq!(of(0.000_001).unwrap().input, 1);
    assert_eq!(of(1e6).unwrap().input, 1_000_000_000_000);
    for odd in [-0.1, 1e6 + 1.0, f64::NAN] {
        assert!(of(odd).is_err(), "{odd}");
    }
    assert!(read_prices(&json!({ "input": 1 })).is_err());
    assert!(read_prices(&json!({ "input": 1, "output": 1, "cached": 1 })).is_err());
    assert!(read_prices(&json!({ "input": "1", "output": 1 })).is_err());
}
