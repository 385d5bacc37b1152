//! The way of every event: what [`formats`] decodes and refuses, what [`batch`] it is
//! stored as, what a trace's events come to ([`fold`]), how that is kept ([`pack`]), and
//! how [`index_writer`] makes statements of it. It is a crate of its own
//! because it alone is optimized for speed; the rest of the Worker, which runs
//! once for a request, is optimized for size (`Cargo.toml`). No I/O, no platform.
//!
//! [`error`], [`limits`], [`model`], [`reply`] and [`time`] stand below.

pub mod error;
pub mod limits;
pub mod model;
pub mod reply;
pub mod time;

pub mod json;

pub mod formats;

pub mod batch;

pub mod fold;

pub mod pack;

pub mod index_writer;
