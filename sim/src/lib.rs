//! A deterministic simulation of the whole service: one seed, one world. The service's own
//! code runs unchanged over ports that fail, and is held to what it told its clients.
//!
//! [`run`] is the life of one world: [`clients`] send what [`workload`] makes up,
//! [`machine`] delivers and sweeps, [`faults`] go wrong, [`port`] is where they meet; then
//! [`check`] compares everything that is read with [`oracle`]'s fold of what was said.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a simulator fails by panicking"
)]

pub mod book;
pub mod chance;
pub mod check;
pub mod clients;
pub mod evaluations;
pub mod faults;
pub mod log;
pub mod machine;
pub mod objects;
pub mod oracle;
pub mod port;
pub mod queue;
pub mod request;
pub mod run;
pub mod scheduler;
pub mod sent;
pub mod sometimes;
pub mod sqlite;
pub mod state;
pub mod verification;
pub mod workload;
pub mod world;
