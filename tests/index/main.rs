//! The index in D1: its statements, their plans and bounds, the migrations.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "../common/mod.rs"]
mod common;
mod d1_limits;
mod dashboard_index;
mod index_bounds;
mod list_walk;
mod previews;
mod sorting;
mod statements;
mod tenants;
mod trace_parts;
mod trace_status;
mod upgrade;
