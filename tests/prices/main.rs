//! What calls of models cost: the worked examples of the arithmetic, which names mean which
//! model, and what has to hold of the table.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod arithmetic;
mod examples;
mod table;
mod words;
