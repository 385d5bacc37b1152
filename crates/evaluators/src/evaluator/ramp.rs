//! LATENCY and COST: full marks up to a target, none from a maximum on.

use super::check::{Check, Facts};
use super::config::Config;
use super::json::Json;
use super::outcome::{Failure, Outcome, round};

struct Ramp {
    of_cost: bool,
    target: f64,
    max: f64,
}

pub(super) fn build_latency(config: &mut Config<'_>) -> Result<Box<dyn Check>, Failure> {
    build(config, false, "max_ms", "target_ms")
}

pub(super) fn build_cost(config: &mut Config<'_>) -> Result<Box<dyn Check>, Failure> {
    build(config, true, "max_cost_usd", "target_cost_usd")
}

fn build(
    config: &mut Config<'_>,
    of_cost: bool,
    max: &'static str,
    target: &'static str,
) -> Result<Box<dyn Check>, Failure> {
    let most = config.required_number(max, "a number above 0", |n| n > 0.0)?;
    let expected = format!("a number from 0 to {max}");
    let target = config.number(target, &expected, |n| n >= 0.0 && n <= most)?.unwrap_or(most);
    Ok(Box::new(Ramp { of_cost, target, max: most }))
}

impl Check for Ramp {
    fn run(&self, _: &Json<'_>, facts: &Facts<'_>) -> Result<Outcome, Failure> {
        let (measure, name, unit, field) = if self.of_cost {
            (facts.cost(), "Cost", "USD", "cost")
        } else {
            (facts.duration_ms(), "Duration", "ms", "durationMs")
        };
        let (d, Self { target, max, .. }) = (measure.ok_or_else(|| Failure::missing(field))?, self);
        let score = if d <= *target {
            1.0
        } else if d >= *max {
            0.0
        } else {
            round((max - d) / (max - target))
        };
        let reasoning = format!("{name} {d} {unit}; target {target}, maximum {max}.");
        Ok(Outcome::scored(score, d <= *target || d < *max, reasoning))
    }
}
