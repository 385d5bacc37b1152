//! What failed, by the trace's name and message.

pub mod page;
