//! The list of traces, its filter and its charts.

pub mod chart;
pub mod filter;
mod find;
pub mod first_trace;
pub mod form;
pub mod page;
mod range;
pub mod rows;
mod title;
pub mod values;
