//! A trace's page: tree and waterfall.

pub mod content;
mod critical_path;
mod failures;
mod others;
pub mod page;
pub mod row;
pub mod tree;
pub mod waterfall;
