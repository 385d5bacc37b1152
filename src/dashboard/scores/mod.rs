//! Scores on pages: those of a trace and of a span, and rating them.

pub mod list;
pub mod rating;
