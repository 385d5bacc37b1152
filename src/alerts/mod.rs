//! Alerts by webhook: rules of projects, measured by the cron from what is added up anyway, and
//! each said once when it fires, again after its cooldown, and once when that is over.

pub mod check;
pub mod measure;
pub mod notice;
pub mod rule;
