//! Evaluators on stored traces: which run, on what, when, what becomes of it, and that
//! repeating any of it changes nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "tests fail by panicking"
)]

#[path = "../common/mod.rs"]
mod common;
mod commute;
mod faults;
mod outside;
mod reading;
mod shop;
mod traces;
