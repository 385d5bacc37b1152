//! Edgespan takes in LLM-agent traces at the edge.
//!
//! # Life of a trace
//!
//! 1. [`http`] finds the route, [`access`] the project that the key stands for and
//!    whether it may; [`telemetry`] counts what happens.
//! 2. [`memory_budget`] says whether there is room, [`http::body`] takes the
//!    compression off, and [`formats`] decodes the body and names every problem in it.
//! 3. [`pipeline::ingest`] puts the body into R2 under the key of its [`batch`], sends
//!    the [`pipeline::queue`] a pointer to it, and the client gets its 201.
//! 4. [`pipeline::consume`] gets the pointer, decodes the raw batch with the same code,
//!    and has [`ingest_core::index_writer`] turn it into statements that D1 runs in one
//!    transaction.
//! 5. [`pipeline::sweep`] finds raw batches that the database has not seen and queues
//!    them again; [`pipeline::replay`] does so for any range of time, and
//!    [`pipeline::verify`] compares what both come to.
//! 6. [`evaluation`] has a project's evaluators judge what was written.
//! 7. [`api`] answers questions that [`index`] asks the database, and [`payload`] reads
//!    what the client sent out of the raw batches.
//! 8. [`dashboard`] shows both to people, as pages, and [`mcp`] to their coding agents.
//!
//! [`alerts`] says when numbers are not what they should be. [`admin`] is what the operator manages: projects and their keys; [`compat`] answers
//! what the clients of other services ask.
//!
//! `edge` opens the doors and is the only module that knows the platform; all others
//! are plain Rust, and `cargo test` runs them natively. What every byte of a batch goes
//! through is a crate below this one, [`ingest_core`].

pub use ingest_core::{batch, error, formats, json, limits, model, reply, time};

pub mod access;
pub mod admin;
pub mod alerts;
pub mod api;
pub mod compat;
pub mod dashboard;
pub mod evaluation;
pub mod http;
pub mod index;
pub mod mcp;
pub mod memory_budget;
pub mod outbound;
pub mod payload;
pub mod pipeline;
pub mod search;
pub mod telemetry;

#[cfg(target_arch = "wasm32")]
mod edge;
