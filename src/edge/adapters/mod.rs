//! The ports over the platform's own parts.

pub mod analytics;
pub mod d1;
pub mod evaluations;
pub mod operator;
pub mod outbound;
pub mod queue;
pub mod r2;
pub mod rate_limits;
