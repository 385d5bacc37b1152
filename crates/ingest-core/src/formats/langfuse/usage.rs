//! Tokens and cost of a call of a model. Its counts are one of four shapes, which look
//! alike: what `OpenAI` answers, whose counts include those of its details; the same under
//! Langfuse's names; and parts that come to the total, or to one that nobody says.

use super::places::Fields;
use super::read::Reader;
use crate::formats::field;
use crate::json::descend;
use crate::json::number;
use crate::json::value::{Kind, Value};
use crate::limits::{MAX_COST_USD, MAX_TOKENS};
use crate::model::{Json, Usage};

/// Most counts of a call that are read. Those known have a dozen.
const MAX_COUNTS: usize = 64;

const INPUT: [&str; 4] = ["input", "promptTokens", "prompt_tokens", "input_tokens"];
const OUTPUT: [&str; 4] = ["output", "completionTokens", "completion_tokens", "output_tokens"];
const TOTAL: [&str; 3] = ["total", "totalTokens", "total_tokens"];
const CACHED: [&str; 3] = ["input_cached_tokens", "cache_read_input_tokens", "input_cache_read"];
const CACHE_WRITE: [&str; 4] = [
    "cache_creation_input_tokens",
    "input_cache_creation",
    "input_cache_write_tokens",
    "cache_write_input_tokens",
];
const CACHE_WRITE_5M: [&str; 2] = ["input_cache_creation_5m", "input_ephemeral_5m_input_tokens"];
const CACHE_WRITE_1H: [&str; 2] = ["input_cache_creation_1h", "input_ephemeral_1h_input_tokens"];
const AUDIO: [&str; 2] = ["input_audio_tokens", "input_audio"];

/// Parts of the prompt that `OpenAI` says in an object of their own.
#[derive(Debug, Clone, Copy, Default)]
struct InDetails {
    cached: Option<u64>,
    cache_write: Option<u64>,
    audio: Option<u64>,
}

/// The counts of a call by name; a name has one.
#[derive(Default)]
struct Counts(Vec<(String, u64)>);

impl Counts {
    fn put(&mut self, name: &str, count: u64) {
        self.0.retain(|(known, _)| *known != name);
        if self.0.len() < MAX_COUNTS {
            self.0.push((name.to_owned(), count));
        }
    }

    /// The count under one of these names: the one that was put last.
    fn named(&self, names: &[&str]) -> Option<u64> {
        self.0
            .iter()
            .rev()
            .find(|(name, _)| names.contains(&name.as_str()))
            .map(|(_, count)| *count)
    }

    /// A count with all parts whose names have one of these words in them.
    fn with_parts(&self, known: Option<u64>, words: &[&str]) -> Option<u64> {
        let is_part = |name: &str| {
            let main = [&INPUT[..], &OUTPUT[..], &TOTAL[..]];
            !main.iter().any(|names| names.contains(&name))
        };
        let has_word = |name: &str| words.iter().any(|word| name.contains(word));
        let parts = self.0.iter().filter(|(name, _)| is_part(name) && has_word(name));
        let sum = parts.map(|(_, count)| *count).reduce(u64::saturating_add);
        let all = [known, sum].into_iter().flatten().reduce(u64::saturating_add);
        all.map(|all| all.min(MAX_TOKENS))
    }

    fn usage(&self, in_details: InDetails) -> Usage {
        let (input, output, total) = (self.named(&INPUT), self.named(&OUTPUT), self.named(&TOTAL));
        let parts = Usage {
            cached: self.named(&CACHED).or(in_details.cached),
            audio: self.named(&AUDIO).or(in_details.audio),
            ..Usage::default()
        };
        let parts = parts.with_writes(
            self.named(&CACHE_WRITE).or(in_details.cache_write),
            self.named(&CACHE_WRITE_5M),
            self.named(&CACHE_WRITE_1H),
        );
        let inclusive =
            input.zip(output).is_some_and(|(input, output)| total == Some(input + output));
        if inclusive {
            return Usage { prompt: input, completion: output, total, ..parts };
        }
        let prompt = self.with_parts(input, &["input", "cache"]);
        let completion = self.with_parts(output, &["output"]);
        Usage { prompt, completion, total, ..parts }
    }
}

/// The tokens that a call says: those of `usage`, and over them those of `usageDetails`.
pub(super) fn tokens(read: &mut Reader, fields: &Fields) -> Usage {
    let mut counts = Counts::default();
    let mut in_details = InDetails::default();
    let usage = read.object("body.usage", fields.usage).and(fields.usage);
    let of_tokens = usage.filter(|usage| counts_tokens(read.text, *usage));
    let details = read.object("body.usageDetails", fields.usage_details).and(fields.usage_details);
    for (path, value) in [("body.usage", of_tokens), ("body.usageDetails", details)] {
        let Some(value) = value else { continue };
        let text = read.text;
        each(text, value, &mut |key, value| match value.kind() {
            Kind::Number => {
                if key.ends_with("Cost") {
                    return;
                }
                match field::tokens(text, value) {
                    Some(count) => counts.put(key, count),
                    None => read.unlike(path, &format!("integers from 0 to {MAX_TOKENS}"), value),
                }
            }
            // OpenAI's, whose counts are in those beside them.
            Kind::Object if key.ends_with("_details") => {
                let of_output = key.starts_with("completion") || key.starts_with("output");
                each(text, value, &mut |key, value| {
                    let known = match key {
                        "cached_tokens" => &mut in_details.cached,
                        "cache_write_tokens" => &mut in_details.cache_write,
                        "audio_tokens" if !of_output => &mut in_details.audio,
                        _ => return,
                    };
                    *known = field::tokens(text, value).or(*known);
                });
            }
            _ => {}
        });
    }
    counts.usage(in_details)
}

/// Whether a `usage` counts tokens: some models are paid by characters or seconds.
fn counts_tokens(text: &str, usage: Value) -> bool {
    let mut tokens = true;
    each(text, usage, &mut |key, value| {
        if let ("unit", Some(unit)) = (key, value.text(text)) {
            tokens = unit == "TOKENS";
        }
    });
    tokens
}

/// The cost that a call says, in dollars: the total, or else the sum of its parts.
pub(super) fn cost<'a>(read: &mut Reader<'a>, fields: &Fields) -> Option<Json<'a>> {
    let details = read.object("body.costDetails", fields.cost_details).and(fields.cost_details);
    let known = details.and_then(|details| {
        let (mut total, mut sum) = (None, None);
        costs(read, "body.costDetails", details, &mut |key, raw, dollars| match key {
            "total" => total = Some(Json::Borrowed(raw)),
            _ => sum = Some(sum.unwrap_or(0.0) + dollars),
        });
        total.or_else(|| sum.map(written))
    });
    // That it is an object was looked at with its counts.
    let usage = fields.usage.filter(|usage| usage.kind() == Kind::Object);
    known.or_else(|| {
        let (mut total, mut sum) = (None, None);
        costs(read, "body.usage", usage?, &mut |key, raw, dollars| match key {
            "totalCost" => total = Some(Json::Borrowed(raw)),
            "inputCost" | "outputCost" => sum = Some(sum.unwrap_or(0.0) + dollars),
            _ => {}
        });
        total.or_else(|| sum.map(written))
    })
}

/// Reads the costs of an object: each with its name, as it was written, in dollars.
fn costs<'a>(
    read: &mut Reader<'a>,
    field: &'static str,
    object: Value,
    cost: &mut dyn FnMut(&str, &'a str, f64),
) {
    let text = read.text;
    let of_costs = field == "body.costDetails";
    each(text, object, &mut |key, value| {
        if value.kind() != Kind::Number || !(of_costs || key.ends_with("Cost")) {
            return;
        }
        let raw = value.raw(text);
        if let Some(dollars) = raw.parse().ok().filter(|_| number::is_cost(raw)) {
            cost(key, raw, dollars);
        } else {
            let wanted = format!("dollars from -{MAX_COST_USD} to {MAX_COST_USD}");
            read.unlike(field, &wanted, value);
        }
    });
}

/// A sum of costs as JSON. Of so many dollars there may be more than may be said.
fn written(dollars: f64) -> Json<'static> {
    Json::Owned(dollars.clamp(-MAX_COST_USD, MAX_COST_USD).to_string())
}

/// Gives every key of an object and its value.
fn each(text: &str, object: Value, found: &mut dyn FnMut(&str, Value)) {
    // Scanned before, so there is no fault in it.
    let _ = descend::object(text, object.range().start, 0, &mut |key, at| {
        let value = descend::value(text, at, 0)?;
        found(key, value);
        Ok(value.range().end)
    });
}
