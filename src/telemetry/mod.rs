//! What the service says of itself: data points, and counts of rejected requests.

pub mod data_points;
pub mod rejection_counts;
