//! The table itself.

use std::collections::BTreeSet;

use edgespan::model::Provider;
use prices::price::matching::{Match, find};
use prices::price::table::table;

#[test]
fn every_line_is_a_model_and_says_what_can_be_read() {
    let text = include_str!("../../crates/prices/src/price/table.json");
    let table = table();
    assert_eq!(table.models.len(), text.lines().count() - 1, "a line that is none");
    assert!(table.models.len() > 450);
    assert!(table.source.starts_with("genai-prices "), "{}", table.source);
    assert_eq!(table.generated.len(), "2026-11-24".len());
    let notice = include_str!("../../crates/prices/LICENSE-genai-prices");
    assert!(notice.contains("Copyright (c) Pydantic Services Inc. 2025 to present"));
    let sold = |(provider, _)| table.sold_by(provider).len();
    assert_eq!(Provider::ALL.map(sold).iter().sum::<usize>(), table.models.len());
    let mut seen = BTreeSet::new();
    for model in &table.models {
        assert!(seen.insert((model.provider.code(), &model.id)), "{} is there twice", model.id);
        assert_eq!(model.id, model.id.to_lowercase());
        assert!(!model.periods.is_empty(), "{}", model.id);
        let days: Vec<_> = model.periods.iter().map(|period| &period.from).collect();
        assert!(days.is_sorted_by(|a, b| a < b), "{}: {days:?}", model.id);
        for period in &model.periods {
            let above: Vec<_> = period.tiers.iter().map(|(above, _)| above).collect();
            assert!(above.is_sorted_by(|a, b| a < b), "{}: {above:?}", model.id);
        }
        for clause in &model.clauses {
            for clause in clause {
                assert!(clause.starts_with(['=', '@', '^', '#', '~', '$', '!']), "{clause}");
                assert!(clause.len() > 1 && *clause == clause.to_lowercase(), "{clause}");
            }
        }
    }
}

#[test]
fn every_name_that_a_model_has_is_found_as_it() {
    for model in &table().models {
        if model.id.starts_with("ft:") || model.id.contains(".ft-") {
            continue;
        }
        let other = model.clauses.iter().filter_map(|clause| match clause.as_slice() {
            [clause] => clause.strip_prefix('='),
            _ => None,
        });
        for name in other.chain([&*model.id]).filter(|name| !name.ends_with(":free")) {
            let found = find(table(), Some(model.provider), name);
            let Some(Match::Model(found)) = found else { panic!("{name}: {found:?}") };
            assert_eq!(found.provider, model.provider, "{name}");
            // Where two rows have a name, their prices are those of one.
            let same = found.id == model.id || found.id == name;
            assert!(same, "{name} of {} is {}", model.id, found.id);
        }
    }
}
