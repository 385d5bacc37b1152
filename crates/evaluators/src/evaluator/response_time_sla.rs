//! `RESPONSE_TIME_SLA`: the first tier that a duration is within.

use std::borrow::Cow;

use super::check::{Check, Facts};
use super::config::Config;
use super::json::Json;
use super::outcome::{Failure, Outcome, quote};

struct Tier {
    name: String,
    max_ms: f64,
    score: f64,
}

struct ResponseTimeSla {
    /// Fastest first.
    tiers: Vec<Tier>,
}

pub(super) fn build(config: &mut Config<'_>) -> Result<Box<dyn Check>, Failure> {
    let expected = "expected an array of at least one {name, max_ms, score}";
    let list = config.get("tiers").ok_or_else(|| config.fail("tiers", "required"))?;
    let list = list.as_array().filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| config.fail("tiers", expected))?;
    let mut tiers = Vec::with_capacity(list.len());
    for (at, tier) in list.iter().enumerate() {
        let place = format!("tiers[{at}]");
        let Json::Object(tier) = tier else {
            return Err(config.fail(&place, "expected an object"));
        };
        tiers.push(read_tier(&mut Config::inner(tier, &place))?);
    }
    tiers.sort_by(|a, b| a.max_ms.total_cmp(&b.max_ms));
    Ok(Box::new(ResponseTimeSla { tiers }))
}

fn read_tier(config: &mut Config<'_>) -> Result<Tier, Failure> {
    let name = config.required_text("name")?.to_owned();
    if name.is_empty() {
        return Err(config.fail("name", "expected a string that is not empty"));
    }
    let max_ms = config.required_number("max_ms", "a number of at least 0", |n| n >= 0.0)?;
    let score = config.fraction("score")?.ok_or_else(|| config.fail("score", "required"))?;
    Ok(Tier { name, max_ms, score })
}

impl Check for ResponseTimeSla {
    fn run(&self, _: &Json<'_>, facts: &Facts<'_>) -> Result<Outcome, Failure> {
        let d = facts.duration_ms().ok_or_else(|| Failure::missing("durationMs"))?;
        let outcome = |score, label, reasoning| Outcome {
            label,
            ..Outcome::scored(score, score > 0.0, reasoning)
        };
        Ok(match self.tiers.iter().find(|tier| d <= tier.max_ms) {
            Some(Tier { name, max_ms, score }) => {
                let reasoning = format!("{d} ms is within tier {} ({max_ms} ms).", quote(name));
                outcome(*score, Cow::Owned(name.clone()), reasoning)
            }
            None => outcome(0.0, "SLA breach".into(), format!("{d} ms is over every tier.")),
        })
    }
}
