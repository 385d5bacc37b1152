//! A trace's page: tree and waterfall.

pub mod content;
pub mod conversation;
mod critical_path;
mod failures;
mod help;
mod others;
pub mod page;
pub mod row;
pub mod tree;
pub mod waterfall;
