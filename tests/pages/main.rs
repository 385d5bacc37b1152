//! What the dashboard's pages say, over an index in memory.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod chart;
#[path = "../common/mod.rs"]
mod common;
mod compare;
mod conversation;
mod costs;
mod errors;
mod find;
mod first_use;
mod list;
mod others;
mod running;
mod scores;
mod span;
mod trace;
