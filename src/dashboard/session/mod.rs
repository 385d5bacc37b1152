//! A session's page: its traces in order.

pub mod page;
