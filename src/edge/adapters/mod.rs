//! The ports over the platform's own parts.

pub mod analytics;
pub mod d1;
pub mod outbound;
pub mod r2;
pub mod rate_limits;
