//! Requests through the router to the reply, over ports in memory.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "../common/mod.rs"]
mod common;
mod evaluators;
mod health;
mod hostile;
mod langfuse;
mod langfuse_reads;
mod langsmith;
mod management;
mod mcp_bounds;
mod mcp_calls;
mod mcp_costs;
mod mcp_protocol;
mod mcp_refusals;
mod mcp_tools;
mod rating;
mod requests;
mod route_model;
mod scores;
mod settings;
mod share;
mod usage;
mod validate;
