//! What a run may cost: about half a second of a Worker's CPU, which nothing can stop
//! once it computes. Each bound is for the dearest thing that a configuration and a text
//! can hold; what is beyond one is refused, never cut, for a cut text would make a negated
//! check pass.

/// What all evaluators of a request may cost together, in runs that each cost as much as one
/// may: about two seconds of CPU.
pub const MAX_RUNS_TOGETHER: u64 = 4;

/// Bytes of texts that are read and looked through once in the time of a run.
pub const MAX_READ_BYTES: usize = 32_000_000;

/// Bytes of programs that patterns become in the time of a run: each is built some ten times
/// until its size is known.
pub const MAX_BUILT_BYTES: usize = 8_000_000;

/// Longest text that a pattern is searched in, in characters: from the endpoint's contract.
pub const MAX_PATTERN_TEXT_CHARS: usize = 100_000;

/// Longest pattern, in characters: likewise.
pub const MAX_PATTERN_CHARS: usize = 1_000;

/// Largest program that a pattern may become, in bytes. A literal of a thousand characters
/// whose case is ignored takes 48,112.
pub const MAX_PROGRAM_BYTES: usize = 100_000;

/// Largest program times text, in bytes: what a search takes is in proportion to both.
pub const MAX_SEARCH_COST: u64 = 300_000_000;

/// Largest table of the groups of a pattern, in bytes: program times groups, which is what
/// the library takes of memory while it searches, whether or not anybody asks for groups.
pub const MAX_GROUP_TABLE_BYTES: usize = 8_000_000;

/// Largest programs of all patterns in a schema together, in bytes.
pub const MAX_SCHEMA_PROGRAM_BYTES: usize = 1_000_000;

/// Deepest that schemas are in each other. Those that models are given have five levels.
pub const MAX_SCHEMA_DEPTH: usize = 64;

/// Most steps of checking a value against a schema; one is a rule looked at, or 32 bytes
/// of a text.
pub const MAX_SCHEMA_STEPS: u64 = 4_000_000;

/// Longest texts whose edit distance is counted, in characters: from the endpoint's
/// contract. What it takes is in proportion to the product of both.
pub const MAX_DISTANCE_CHARS: usize = 20_000;

/// Most bytes of text that are looked through for all values or phrases together.
pub const MAX_SCAN_BYTES: u64 = 64_000_000;

/// Largest JSON that is no string and is taken apart, in bytes: as large as a request. Each
/// value in it takes 16 bytes of memory, and two bytes may be one.
pub const MAX_JSON_BYTES: usize = 1_048_576;

/// Longest texts whose similarity is counted, in bytes of both together. Each character may
/// be the beginning of a token, which takes 8 bytes of memory.
pub const MAX_SIMILARITY_BYTES: usize = 1_048_576;

/// Bytes of text whose words are looked up in the lists of `SENTIMENT` in the time of a run.
pub const MAX_SENTIMENT_BYTES: usize = 1_048_576;

/// Most rules of a routing configuration.
pub const MAX_ROUTING_RULES: usize = 50;

/// Most keywords of a routing configuration: each is looked for in up to 512 KB.
pub const MAX_ROUTING_KEYWORDS: usize = 100;

/// Most problems of a value that are listed by their place: from the endpoint's contract.
pub const MAX_SCHEMA_ERRORS: usize = 10;

/// Longest reasoning, in characters: as of a score that a client sends.
pub const MAX_REASONING_CHARS: usize = 10_000;

/// Longest name of a client's in a reasoning, in characters.
pub const MAX_QUOTED_CHARS: usize = 200;

/// Most tags, and most types of spans, that a filter names.
pub const MAX_FILTER_TEXTS: usize = 50;
