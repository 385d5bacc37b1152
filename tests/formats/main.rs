//! The wire formats: what each accepts, what it makes of it, and how it says no.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "../common/mod.rs"]
mod common;
mod expected_spans;
mod fuzz;
mod langfuse_events;
mod langfuse_fixtures;
mod langfuse_rejects;
mod langsmith_fixtures;
mod otlp_bounds;
mod otlp_differential;
mod otlp_fixtures;
mod otlp_logs;
mod otlp_logs_differential;
mod otlp_nested;
mod partial_events;
mod scores;
mod sdk_fixtures;
mod second_format;
mod wire_fields;
mod wire_fixtures;
mod wire_limits;
mod wire_oracle;
