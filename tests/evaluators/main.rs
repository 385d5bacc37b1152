//! The evaluators and the choice of a model: every worked example of the contract, JSON
//! Schema beside a whole implementation of it, and what the dearest inputs cost.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod bounds;
mod examples;
mod json_schema;
mod model_routing;
