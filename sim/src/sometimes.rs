//! What must happen in some run of many: a fault path that no seed comes to is one that
//! the simulator only claims.

/// Runs after which each of them must have happened.
pub const WITHIN: u64 = 1_000;

/// All of them.
pub const SOMETIMES: [&str; 43] = [
    "D1 fails before the effect",
    "D1 is slow",
    "D1 loses a reply after commit",
    "R2 fails after the effect",
    "R2 fails before the effect",
    "R2 is slow",
    "a batch cannot be read",
    "a body comes compressed",
    "a client gives up waiting",
    "a part is away for minutes",
    "a request over its limit",
    "a span has a row of its own",
    "a trace is judged",
    "a trace is written by another in between",
    "a revoked key is refused",
    "a score is deleted",
    "an answer is lost",
    "an earlier release refuses a later format",
    "an evaluation fails",
    "an evaluation is asked for twice",
    "an exporter tries again",
    "an isolate dies out of the blue",
    "an isolate of an earlier release",
    "death after D1",
    "death after R2",
    "death after the queue",
    "death before D1",
    "death before R2",
    "death before the queue",
    "deliveries are added up",
    "several messages come at once",
    "the operator replays while all goes on",
    "the queue delays a message",
    "the queue doubles a message",
    "the queue fails after the effect",
    "the queue fails before the effect",
    "the queue gives a message up",
    "the queue is slow",
    "the queue loses a message",
    "the sweeper finds a batch",
    "the sweeper's turn is left out",
    "two sweepers run at once",
    "what is left for after the answer is cut",
];

/// Those that happened in none of the runs.
#[must_use]
pub fn missing(counted: &std::collections::BTreeMap<&'static str, u64>) -> Vec<&'static str> {
    SOMETIMES.iter().filter(|what| !counted.contains_key(*what)).copied().collect()
}
