//! Scores on pages: those of a trace and of a span, rating them, and what they come to.

pub mod list;
pub mod period;
pub mod rating;
pub mod results;
