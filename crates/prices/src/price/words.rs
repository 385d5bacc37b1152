//! How a cost comes about, in words: `1,000 input × $2.50 / M + 500 output × $10 / M`.

use ingest_core::fold::price::CostSource;

use super::arithmetic::Item;
use super::call::Priced;
use super::table::table;

/// What a cost is the sum of, and whose prices those are.
#[must_use]
pub fn in_words(priced: &Priced) -> String {
    let items: Vec<_> = priced.costed.items.iter().map(of_item).collect();
    let sum = if items.is_empty() { "free".to_owned() } else { items.join(" + ") };
    let whose = match priced.source {
        CostSource::Project => "the project's price".to_owned(),
        CostSource::Table | CostSource::Client => format!("table of {}", table().generated),
    };
    let added = if priced.costed.parts_added { "; parts taken to be beside the input" } else { "" };
    format!("{sum}, {whose}{added}")
}

fn of_item(Item { what, tokens, price }: &Item) -> String {
    format!("{} {what} × ${} / M", grouped(*tokens), dollars(*price))
}

/// Millionths of a dollar: `2.50`, `0.075`, `10`.
fn dollars(millionths: u64) -> String {
    let (whole, rest) = (millionths / 1_000_000, millionths % 1_000_000);
    if rest == 0 {
        return grouped(whole);
    }
    let digits = format!("{rest:06}");
    let kept = digits.trim_end_matches('0').len().max(2);
    format!("{}.{}", grouped(whole), digits.get(..kept).unwrap_or_default())
}

fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
