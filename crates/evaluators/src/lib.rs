//! Judges what an agent answered, by rule: the fifteen deterministic evaluators, and the
//! choice of a model for an input. Pure functions of texts: nothing here waits, asks
//! anybody, keeps anything or reads a clock.

pub mod evaluator;
pub mod model_routing;
