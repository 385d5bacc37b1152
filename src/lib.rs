//! Edgespan takes in LLM-agent traces at the edge.
//!
//! # Life of a trace
//!
//! 1. [`http`] finds the route, [`auth`] the project that the key stands for,
//!    [`limit`] whether it may ([`local`]: on a developer's machine); [`tally`] counts
//!    who may not, and [`metrics`] what happens.
//! 2. [`upload_budget`] says whether there is room, [`encoding`] takes compression off; [`wire`] decodes the body, borrowing,
//!    and names every problem in it.
//! 3. [`ingest`] puts the body into R2 under the key of its [`batch`], sends
//!    the [`queue`] a pointer to it, and the client gets its 201.
//! 4. [`consumer`] gets the pointer, decodes the raw batch with the same code,
//!    and has [`edgespan_core::merge`] turn it into statements that D1 runs in one
//!    transaction.
//! 5. [`sweep`] finds raw batches that the database has not seen and queues them
//!    again; [`replay`] does so for any range of time.
//! 6. [`api`] answers questions that [`store`] asks the index, and [`payload`]
//!    reads what the client sent out of the raw batches.
//! 7. [`dashboard`] shows both to people, as pages.
//!
//! `edge` opens the doors and is the only module that knows the platform; all
//! others are plain Rust, and `cargo test` runs them natively. What every byte of a
//! batch goes through is a crate below this one, [`edgespan_core`].

pub use edgespan_core::{batch, error, limits, model, time, wire};

pub mod http;

pub mod auth;
pub mod encoding;
pub mod limit;
pub mod local;

pub mod queue;

pub mod ingest;

pub mod consumer;
pub mod replay;
pub mod store;
pub mod sweep;

pub mod api;
pub mod dashboard;
pub mod metrics;
pub mod payload;
pub mod tally;
pub mod upload_budget;

#[cfg(target_arch = "wasm32")]
mod edge;
