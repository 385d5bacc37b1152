//! What a span used: tokens and cost. The numbers of one family are taken whole, for
//! families count differently.

use serde_json::Value;

use super::kind::Family;
use super::value::{as_str, double, parse, tokens, whole};
use crate::formats::otlp::span::Attributes;
use crate::limits::{MAX_COST_USD, MAX_TOKENS};
use crate::model::{Json, Provider, Usage};

/// Attributes with counts, of one naming: prompt, completion, total, cached; each with
/// its spellings, the best first.
struct Counts {
    family: Family,
    prompt: &'static [&'static str],
    completion: &'static [&'static str],
    total: &'static [&'static str],
    cached: &'static [&'static str],
    cache_write: &'static [&'static str],
    audio: &'static [&'static str],
}

/// In order of preference. `ai.prompt_tokens` and `ai.completion_tokens` are 2Signal's own.
const COUNTS: [Counts; 4] = [
    Counts {
        family: Family::OpenInference,
        prompt: &["llm.token_count.prompt"],
        completion: &["llm.token_count.completion"],
        total: &["llm.token_count.total"],
        cached: &["llm.token_count.prompt_details.cache_read"],
        cache_write: &["llm.token_count.prompt_details.cache_write"],
        audio: &["llm.token_count.prompt_details.audio"],
    },
    Counts {
        family: Family::GenAi,
        prompt: &["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"],
        completion: &["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"],
        total: &["gen_ai.usage.total_tokens", "llm.usage.total_tokens"],
        cached: &["gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens"],
        cache_write: &[
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
        ],
        audio: &[],
    },
    Counts {
        family: Family::Other,
        prompt: &["ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"],
        completion: &["ai.usage.outputTokens", "ai.usage.completionTokens"],
        total: &["ai.usage.totalTokens"],
        cached: &["ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens"],
        cache_write: &["ai.usage.inputTokenDetails.cacheWriteTokens"],
        audio: &[],
    },
    Counts {
        family: Family::Other,
        prompt: &["ai.prompt_tokens"],
        completion: &["ai.completion_tokens"],
        total: &[],
        cached: &[],
        cache_write: &[],
        audio: &[],
    },
];

/// Attributes with an object of counts, as JSON.
const OBJECTS: [(Family, &str); 3] = [
    (Family::Langfuse, "langfuse.observation.usage_details"),
    (Family::Other, "mlflow.chat.tokenUsage"),
    (Family::Other, "langsmith.metadata.usage_metadata"),
];

/// What the span used, in the numbers of the first family that has any: that of its
/// type before all others. What of the prompt was cached may be said by another that
/// counts the same.
pub(super) fn read_usage(attributes: &Attributes<'_>, family: Family) -> Usage {
    let families = [family, Family::Langfuse, Family::OpenInference, Family::GenAi, Family::Other];
    let mut all = families.into_iter().flat_map(|family| {
        let objects = OBJECTS.iter().filter(move |(of, _)| *of == family);
        let objects = objects.filter_map(|(_, key)| from_object(as_str(attributes.get(key))?));
        let counts = COUNTS.iter().filter(move |counts| counts.family == family);
        objects.chain(counts.filter_map(|counts| from_counts(attributes, counts)))
    });
    let Some(mut usage) = all.next() else { return Usage::default() };
    if usage.cached.is_none() {
        let same =
            |other: &Usage| (other.prompt, other.completion) == (usage.prompt, usage.completion);
        if let Some(other) = all.filter(same).find(|other| other.cached.is_some()) {
            usage.cached = other.cached;
            usage.cache_write = usage.cache_write.or(other.cache_write);
        }
    }
    usage
}

/// Usage that has a number that is not about a part of another.
fn sound(usage: Usage) -> Option<Usage> {
    let counts = [usage.prompt, usage.completion, usage.total];
    counts.iter().any(Option::is_some).then_some(usage)
}

fn from_counts(attributes: &Attributes<'_>, counts: &Counts) -> Option<Usage> {
    let first = |keys: &[&str]| keys.iter().find_map(|key| tokens(attributes.get(key)));
    sound(Usage {
        prompt: first(counts.prompt),
        completion: first(counts.completion),
        total: first(counts.total),
        cached: first(counts.cached),
        cache_write: first(counts.cache_write),
        cache_write_1h: None,
        audio: first(counts.audio),
    })
}

fn from_object(json: &str) -> Option<Usage> {
    let object = parse(json)?;
    let first = |paths: &[&str]| paths.iter().find_map(|path| count(object.pointer(path)?));
    let completion = first(&["/output", "/completion_tokens", "/output_tokens"]);
    let total = first(&["/total", "/total_tokens"]);
    let cached = first(&[
        "/cache_read_input_tokens",
        "/input_cached_tokens",
        "/prompt_tokens_details/cached_tokens",
        "/input_token_details/cache_read",
    ]);
    let mut prompt = first(&["/input", "/prompt_tokens", "/input_tokens"]);
    // Prompts have what was cached in them; parts that have it apart add up to the total.
    let cache_write = first(&[
        "/cache_creation_input_tokens",
        "/input_cache_creation",
        "/input_token_details/cache_creation",
    ]);
    let created = first(&["/cache_creation_input_tokens"]).unwrap_or(0);
    let apart = cached.unwrap_or(0).saturating_add(created);
    if let (Some(input), Some(total)) = (prompt, total)
        && apart > 0
        && input.saturating_add(completion.unwrap_or(0)).saturating_add(apart) == total
    {
        prompt = Some((input + apart).min(MAX_TOKENS));
    }
    let audio = first(&["/input_audio_tokens", "/prompt_tokens_details/audio_tokens"]);
    let usage = Usage { prompt, completion, total, cached, audio, ..Usage::default() };
    let hour = first(&["/input_token_details/ephemeral_1h_input_tokens"]);
    let short = first(&["/input_token_details/ephemeral_5m_input_tokens"]);
    sound(usage.with_writes(cache_write, short, hour))
}

fn count(value: &Value) -> Option<u64> {
    let count = value.as_u64().or_else(|| whole(value.as_f64()?));
    count.filter(|count| *count <= MAX_TOKENS)
}

/// Attributes with who serves the model, the best first: who made it says less.
const PROVIDERS: [&str; 6] = [
    "gen_ai.provider.name",
    "llm.provider",
    "gen_ai.system",
    "ai.model.provider",
    "langsmith.metadata.ls_provider",
    "llm.system",
];

/// Who serves the model that a span called.
pub(super) fn read_provider(attributes: &Attributes<'_>) -> Option<Provider> {
    PROVIDERS.iter().find_map(|key| Provider::parse(as_str(attributes.get(key))?))
}

/// Attributes with a cost, in US dollars; Langfuse's has its parts.
const COSTS: [&str; 3] = ["llm.cost.total", "gen_ai.usage.cost", "operation.cost"];

/// What the span cost, in US dollars. Nothing means that the price was not known.
pub(super) fn read_cost<'a>(attributes: &Attributes<'_>) -> Option<Json<'a>> {
    let parts = as_str(attributes.get("langfuse.observation.cost_details"));
    let cost = parts
        .and_then(langfuse_cost)
        .or_else(|| COSTS.iter().find_map(|key| double(attributes.get(key))))?;
    let few = (-MAX_COST_USD..=MAX_COST_USD).contains(&cost);
    let number = serde_json::Number::from_f64(cost).filter(|_| cost != 0.0 && few)?;
    Some(number.to_string().into())
}

fn langfuse_cost(json: &str) -> Option<f64> {
    let parts = parse(json)?;
    let parts = parts.as_object()?;
    let number = |value: &Value| value.as_f64();
    parts.get("total").and_then(number).or_else(|| {
        let numbers: Vec<f64> = parts.values().filter_map(number).collect();
        (!numbers.is_empty()).then(|| numbers.iter().sum())
    })
}

/// Whether an attribute is one of those that usage and cost are read from.
pub(super) fn is_usage(key: &str) -> bool {
    let counts = COUNTS
        .iter()
        .flat_map(|c| [c.prompt, c.completion, c.total, c.cached])
        .any(|keys| keys.contains(&key));
    counts
        || OBJECTS.iter().any(|(_, object)| *object == key)
        || COSTS.contains(&key)
        || key == "langfuse.observation.cost_details"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::otlp::span::AnyValue;

    fn usage_of(pairs: &[(&'static str, AnyValue<'static>)], family: Family) -> Usage {
        let pairs = pairs.iter().map(|(key, value)| ((*key).into(), value.clone()));
        read_usage(&Attributes::of(pairs.collect()), family)
    }

    #[test]
    fn one_family_is_taken_whole() {
        let int = AnyValue::Int;
        let both = [
            ("llm.token_count.prompt", int(10)),
            ("llm.token_count.completion", int(23)),
            ("gen_ai.usage.input_tokens", int(10)),
            ("gen_ai.usage.output_tokens", int(28)),
            ("gen_ai.usage.cache_read.input_tokens", int(4)),
        ];
        let usage = usage_of(&both, Family::OpenInference);
        assert_eq!((usage.completion, usage.cached), (Some(23), None));
        assert_eq!(usage_of(&both, Family::GenAi).completion, Some(28));
        assert_eq!(usage_of(&both, Family::Langfuse).completion, Some(23));
        let nan = [("ai.usage.promptTokens", AnyValue::Double(f64::NAN))];
        assert_eq!(usage_of(&nan, Family::Other), Usage::default());
    }

    #[test]
    fn objects_of_counts_are_read_and_prompts_have_what_was_cached() {
        for (json, expected) in [
            (r#"{"input":8}"#, (Some(8), None, None, None)),
            (
                r#"{"prompt_tokens":62,"completion_tokens":17,"total_tokens":79,"prompt_tokens_details":{"cached_tokens":64}}"#,
                (Some(62), Some(17), Some(79), Some(64)),
            ),
            (
                r#"{"input":10,"output":5,"cache_read_input_tokens":30,"cache_creation_input_tokens":2,"total":47}"#,
                (Some(42), Some(5), Some(47), Some(30)),
            ),
        ] {
            let value = AnyValue::Text(json.into());
            let usage =
                usage_of(&[("langfuse.observation.usage_details", value)], Family::Langfuse);
            let found = (usage.prompt, usage.completion, usage.total, usage.cached);
            assert_eq!(found, expected, "{json}");
        }
    }

    #[test]
    fn costs_that_are_not_known_are_none() {
        let cost = |key: &'static str, value| {
            let attributes = Attributes::of(vec![(key.into(), value)]);
            read_cost(&attributes)
        };
        let double = AnyValue::Double;
        assert_eq!(cost("operation.cost", double(1.95e-5)).as_deref(), Some("0.0000195"));
        assert_eq!(cost("gen_ai.usage.cost", double(0.0)), None);
        assert_eq!(cost("gen_ai.usage.cost", double(1e9)), None);
        let parts = AnyValue::Text(r#"{"input":0.5,"output":0.25}"#.into());
        let found = cost("langfuse.observation.cost_details", parts);
        assert_eq!(found.as_deref(), Some("0.75"));
    }
}
