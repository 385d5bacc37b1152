//! When a message that could not be written is delivered again.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Where the wait between two tries stops growing, in seconds. The platform
/// allows a day.
const MAX_DELAY_S: u32 = 600;

/// How long to wait for the next try: 2 to 4 seconds, 4 to 8, 8 to 16, … and at
/// last 600 to 1,200, so that an outage of minutes costs few tries. Where
/// between is each batch's own, another one each time, so that what failed
/// together does not come back together.
#[must_use]
pub fn delay(attempt: u32, key: &str) -> u32 {
    let least = 2_u32.saturating_pow(attempt.max(1)).min(MAX_DELAY_S);
    let more = shuffled(attempt, key) % u64::from(least + 1);
    least + u32::try_from(more).unwrap_or(0)
}

/// A number that a key has at an attempt, and no other key.
pub(super) fn shuffled(attempt: u32, key: &str) -> u64 {
    xxh3_64_with_seed(key.as_bytes(), attempt.into())
}
