//! Costs by model, name, user or tag.

pub mod page;
