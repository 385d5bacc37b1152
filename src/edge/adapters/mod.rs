//! The ports over the platform's own parts.

pub mod analytics;
pub mod d1;
#[allow(dead_code, reason = "nothing asks yet")]
pub mod outbound;
pub mod r2;
pub mod rate_limits;
