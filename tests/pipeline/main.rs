//! The write path: events in any order, and raw batches written again.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod alerts;
mod budgets;
#[path = "../common/mod.rs"]
mod common;
mod commute;
mod compressed;
mod costs;
mod guessed_traces;
mod quota;
mod replay;
mod rollup;
mod scores;
mod search;
mod usage;
mod verify;
