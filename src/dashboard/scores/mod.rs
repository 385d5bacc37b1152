//! Scores on pages: those of a trace and of a span.

pub mod list;
