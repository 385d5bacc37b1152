//! Every bound of the service, each with its source. What a bound does when it
//! is passed is said where it is checked.

/// Largest body, in bytes after decompression: 5 MiB, from the endpoint's
/// documentation ("Max 5 MB total payload"). Exactly this many are accepted.
pub const MAX_BODY_BYTES: usize = 5 * 1024 * 1024;

/// Most events in a batch, from the endpoint's documentation.
pub const MAX_EVENTS: usize = 1_000;

/// Largest multipart body, in bytes after decompression: 20 MiB, which LangSmith's SDKs
/// put into a request where nobody tells them less. A run of it is at most
/// [`MAX_BODY_BYTES`], its attachments not counted.
pub const MAX_MULTIPART_BODY_BYTES: usize = 20 * 1024 * 1024;

/// Largest window of a zstd frame, in bytes: what RFC 8878 (3.1.1.1.2) recommends that
/// decoders take. At their default level encoders use a quarter of it.
pub const MAX_ZSTD_WINDOW_BYTES: u64 = 8 * 1024 * 1024;

/// Most parts of a multipart body for each event that it may have: a run has seven, and
/// attachments.
pub const MAX_RUN_PARTS: usize = 10;

/// Largest request for a judgement, in bytes after decompression: 1 MiB.
pub const MAX_VALIDATE_BYTES: usize = 1024 * 1024;

/// Most evaluators that a request for a judgement may ask. Each may take half a second.
pub const MAX_EVALUATORS_ASKED: usize = 50;

/// Largest request for a model, in bytes after decompression: 512 KiB.
pub const MAX_ROUTE_BYTES: usize = 512 * 1024;

/// Most routing configurations of a project.
pub const MAX_ROUTING_CONFIGS: usize = 50;

/// Largest routing configuration, in bytes: fifty rules and a hundred keywords take a tenth.
pub const MAX_ROUTING_CONFIG_BYTES: usize = 64 * 1024;

/// Largest body that sets a price, in bytes: it has a pattern and a few numbers.
pub const MAX_PRICE_BYTES: usize = 16 * 1024;

/// Longest name of a configuration, in characters.
pub const MAX_CONFIG_NAME_CHARS: usize = 200;

/// Most evaluators of a project: from the endpoint's contract. Each runs on every trace.
pub const MAX_EVALUATORS: usize = 50;

/// Largest evaluator, in bytes: a JSON schema of a model's answer has a few thousand.
pub const MAX_EVALUATOR_BYTES: usize = 128 * 1024;

/// Most spans of a trace that one evaluator judges: likewise.
pub const MAX_SPANS_JUDGED: usize = 200;

/// Largest OTLP export, in bytes after decompression: 20 MiB. A batch of the SDKs has up
/// to 512 spans, one of a Collector 8,192, each with its whole prompt.
pub const MAX_OTLP_BODY_BYTES: usize = 20 * 1024 * 1024;

/// Most spans in an OTLP export; and most resources, and most scopes, for each has a
/// span as a rule.
pub const MAX_OTLP_SPANS: usize = 10_000;

/// Largest span of OTLP, in bytes: as large as a batch of the API's own format, so that
/// reading one takes no more of an isolate's memory. A larger one is left out.
pub const MAX_OTLP_SPAN_BYTES: usize = MAX_BODY_BYTES;

/// Most values of a span of OTLP that are read: two bytes may be one, which takes 32 of
/// memory. Half a million are all the numbers that fit into the largest span.
pub const MAX_OTLP_VALUES: usize = 500_000;

/// Most values of OTLP in each other, lists and maps; what is deeper is not read.
pub const MAX_OTLP_DEPTH: usize = 32;

/// Largest body of scores, in bytes after decompression, and most scores in it.
pub const MAX_SCORES_BODY_BYTES: usize = 1024 * 1024;
/// See [`MAX_SCORES_BODY_BYTES`].
pub const MAX_SCORES: usize = 1_000;

/// Longest name and longest label of a score, in characters.
pub const MAX_SCORE_NAME_CHARS: usize = 200;

/// Longest reasoning of a score, in characters.
pub const MAX_SCORE_REASONING_CHARS: usize = 10_000;

/// Longest metadata of a score, in bytes of JSON: D1 keeps it. Of a score in another format
/// longer metadata is left out of the index.
pub const MAX_SCORE_METADATA_BYTES: usize = 16 * 1024;

/// Deepest nesting of arrays and objects anywhere in a body. Nothing here
/// recurses, so no stack depends on it; it keeps what is given back readable
/// for clients, whose parsers commonly stop at 512 or 1,000 levels.
pub const MAX_DEPTH: usize = 512;

/// Longest trace, span, event or parent id, in bytes of UTF-8. Ids are primary
/// keys in D1; a UUID has 36.
pub const MAX_ID_BYTES: usize = 256;

/// Longest name, model, session or tag kept in D1, in bytes of UTF-8. A longer
/// one is cut there; the raw batch has it whole.
pub const MAX_INDEXED_BYTES: usize = 256;

/// Most tags, and most evaluators, of a trace kept in D1; the raw batch has
/// them all.
pub const MAX_TAGS: usize = 64;

/// Most tags of a trace that are said by its spans, the first in order of all that ever
/// were; and the longest of them, in bytes. Together as much as those of an event.
pub const MAX_SAID_TAGS: usize = 32;
/// See [`MAX_SAID_TAGS`].
pub const MAX_SAID_TAG_BYTES: usize = 128;

/// Most models of a trace by which it is found, the first in order of all that its spans
/// ever said. Agents use two or three.
pub const MAX_MODELS: usize = 16;

/// Longest that a trace's tags and evaluators together are in D1, in bytes of JSON, in
/// which a control character has six. A list gives a hundred traces with all of
/// theirs. What does not fit, the last evaluators first, only the raw batch has.
pub const MAX_INDEXED_LISTS_BYTES: usize = 4_096;

/// Longest metadata of a trace, in bytes of JSON as sent, that D1 keeps for
/// lists. Longer metadata is read from the raw batch.
pub const MAX_INDEXED_METADATA_BYTES: usize = 4_096;

/// Longest preview of the root span's input, output and error, in characters: more than
/// the widest list shows. A trace's row has them, and D1 bills what is stored.
pub const MAX_PREVIEW_CHARS: usize = 240;

/// So much of a payload's texts can be found, half of it where it begins and half where it
/// ends, in bytes; and so much of a word, in characters. What is stored is billed.
pub const MAX_SEARCHED_BYTES: usize = 8 * 1024;
/// See [`MAX_SEARCHED_BYTES`].
pub const MAX_WORD_CHARS: usize = 40;

/// Most traces of a block of words, and most words of all of them: half a megabyte at most.
pub const MAX_BLOCK_TRACES: usize = 1_000;
/// See [`MAX_BLOCK_TRACES`].
pub const MAX_BLOCK_WORDS: usize = 150_000;

/// So much of a payload is searched for the words that it is previewed by, in bytes: a few
/// milliseconds.
pub const MAX_PREVIEW_SCANNED_BYTES: usize = 1024 * 1024;

/// Largest token count. A trace's spans are added up in a 64-bit integer, which nine
/// million of them fit: a sum that has been cut off is wrong for good, because what a
/// span said is taken off it again when the span says something else.
pub const MAX_TOKENS: u64 = 1_000_000_000_000;

/// Largest cost of a span, in US dollars either side of zero. In billionths, as
/// they are added up, nine thousand of them fit SQLite's 64-bit integer.
pub const MAX_COST_USD: f64 = 1e6;

/// Most prices that a project sets: each delivery of a project reads all of them.
pub const MAX_PRICES: usize = 200;

/// Most alert rules of a project: the cron measures each of them every minute.
pub const MAX_ALERTS: usize = 20;

/// Most budgets of a project: each delivery of a project reads all of them.
pub const MAX_BUDGETS: usize = 50;

/// Most problems listed in an error's `details`; the message counts the rest.
pub const MAX_DETAILS: usize = 100;

/// Longest API key looked at, in bytes. Ours have 46.
pub const MAX_KEY_BYTES: usize = 256;

/// Most spans that a trace's row holds; further ones have rows of their own. A row is
/// written anew with each delivery that has something of its trace, 120 KB then.
pub const MAX_PACK_SPANS: usize = 2_000;

/// Most bytes of a trace's packed spans: what 2,000 of them are if their texts are long. A
/// row of D1 holds 2,000,000.
pub const MAX_PACK_BYTES: usize = 256 * 1024;

/// Bytes of packed spans that a delivery reads at once, or the first trace's: twice as many
/// travel, and an isolate holds them a few times.
pub const MAX_READ_PACK_BYTES: usize = 4 * 1024 * 1024;

/// Largest text bound to one SQL parameter, in bytes. D1 allows 2,000,000
/// (developers.cloudflare.com/d1/platform/limits); not enforced locally.
pub const MAX_PARAM_BYTES: usize = 1_500_000;

/// Traces that are looked through for a span that an event names without its trace: each is
/// a row read, and its pack. 20,000 of 3 KB take `SQLite` some 0.1 s.
pub const MAX_TRACES_SEARCHED: usize = 20_000;

/// Spans that are looked for at once, each in each pack. Clients that name spans alone send
/// them one at a time.
pub const MAX_SPANS_SEARCHED: usize = 50;

/// Bytes of a row that says what a delivery added to the hourly rollup, about: more are several
/// rows. Twice as many travel.
pub const MAX_DELIVERY_BYTES: usize = 256 * 1024;

/// Most models, names, users and tags, of each, that an hour or a day keeps apart; the others
/// are added up together.
pub const MAX_USAGE_VALUES: usize = 500;
