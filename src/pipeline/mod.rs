//! The ways of a batch: in at the edge, through the queue into the index, and
//! back onto the queue when something went wrong.

pub mod announce;
pub mod consume;
pub mod deliver;
pub mod evaluations;
mod fold_in;
mod guesses;
pub mod ingest;
pub mod queue;
pub mod quota;
pub mod replay;
pub mod retry;
pub mod rollup;
pub mod stand_in;
pub mod sweep;
pub mod verify;
pub mod webhook;
