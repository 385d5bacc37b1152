//! Names and usages with what they cost.

use edgespan::model::Provider;
use prices::price::arithmetic::{Tokens, cost, period_of};
use prices::price::matching::{Match, find};
use prices::price::table::table;

/// Billionths of a dollar, at a model's prices of a day.
fn price(provider: &str, model: &str, day: &str, tokens: &Tokens) -> Option<i64> {
    match find(table(), Provider::parse(provider), model)? {
        Match::Free => Some(0),
        Match::Model(model) => Some(cost(period_of(&model.periods, day)?, tokens).nano),
    }
}

const TODAY: &str = "2026-11-24";

fn tokens(input: u64, output: u64) -> Tokens {
    Tokens { input, output, ..Tokens::default() }
}

#[test]
fn calls_cost_what_their_vendors_ask() {
    let read = |input, cache_read, output| Tokens { cache_read, ..tokens(input, output) };
    let written = |input, cache_read, cache_write, output| Tokens {
        cache_write,
        ..read(input, cache_read, output)
    };
    let kept = Tokens { cache_write_1h: 4_000, ..tokens(5_000, 700) };
    let heard = Tokens { audio: 4_000, ..tokens(10_000, 100) };
    let regional = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    let fine_tuned = "ft:gpt-4o-mini-2024-07-18:acme::abc";
    for (provider, model, day, usage, nano) in [
        ("", "gpt-4o-2024-08-06", TODAY, tokens(1_000, 500), 7_500_000),
        ("", "gpt-4o", TODAY, read(10_000, 8_000, 1_000), 25_000_000),
        ("", "gpt-4o-mini", TODAY, tokens(123_456, 789), 18_991_800),
        ("", "gpt-4.1-nano-2025-04-14", TODAY, tokens(2_000, 100), 240_000),
        ("", "gpt-5", TODAY, read(5_000, 4_096, 3_000), 31_642_000),
        ("", "gpt-5.4", TODAY, tokens(300_000, 1_000), 1_522_500_000),
        ("", "gpt-5.6-sol", TODAY, written(10_000, 2_000, 3_000, 1_000), 55_800_000),
        ("", "o3-mini", TODAY, tokens(1_000, 2_000), 9_900_000),
        ("", "text-embedding-3-small", TODAY, tokens(8_000, 0), 160_000),
        ("", fine_tuned, TODAY, tokens(1_000, 1_000), 1_500_000),
        ("", "claude-sonnet-4-5-20250929", TODAY, written(12_000, 10_000, 1_000, 500), 17_250_000),
        ("", "claude-sonnet-4-5", TODAY, tokens(250_000, 1_000), 1_522_500_000),
        ("", "claude-opus-4-6", TODAY, tokens(250_000, 1_000), 1_275_000_000),
        ("", "claude-opus-4-6", "2026-03-01", tokens(250_000, 1_000), 2_537_500_000),
        ("", "claude-opus-5-5", TODAY, kept, 50_000_000),
        ("", "claude-haiku-4-5-20251001", TODAY, tokens(3_000, 200), 4_000_000),
        ("", "gemini-2.5-pro", TODAY, tokens(200_000, 1_000), 260_000_000),
        ("", "gemini-2.5-pro", TODAY, tokens(200_001, 1_000), 515_002_500),
        ("", "gemini-2.5-flash", TODAY, read(20_000, 15_000, 800), 3_950_000),
        ("", "gemini-2.5-flash", TODAY, heard, 6_050_000),
        ("aws.bedrock", regional, TODAY, tokens(1_000, 1_000), 19_800_000),
        ("", regional, TODAY, tokens(1_000, 1_000), 19_800_000),
        ("anthropic", "claude-sonnet-4-5", TODAY, tokens(1_000, 1_000), 18_000_000),
        ("openrouter", "mistralai/mistral-nemo:free", TODAY, tokens(1_000, 1_000), 0),
    ] {
        assert_eq!(price(provider, model, day, &usage), Some(nano), "{provider} {model} {day}");
    }
}

/// The id of the row that a name means; `free` for none.
fn row(provider: &str, model: &str) -> Option<&'static str> {
    Some(match find(table(), Provider::parse(provider), model)? {
        Match::Free => "free",
        Match::Model(model) => &*model.id,
    })
}

#[test]
fn names_mean_the_model_that_they_name_whatever_stands_around_it() {
    for (provider, name, id) in [
        ("", " GPT-4o ", "gpt-4o"),
        ("", "gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("", "gpt-4o-2099-01-01", "gpt-4o"),
        ("", "gpt-5.4", "gpt-5.4"),
        ("", "gpt-5.4-2026-03-05", "gpt-5.4"),
        ("", "gpt-5.4-2099-01-01", "gpt-5.4"),
        ("", "o1", "o1"),
        ("", "o1-2024-12-17", "o1"),
        ("", "o1-pro", "o1-pro"),
        ("", "openai/gpt-4o", "gpt-4o"),
        ("", "openrouter/openai/gpt-4o", "gpt-4o"),
        ("openrouter", "anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"),
        ("openrouter", "anthropic/claude-sonnet-4.5:thinking", "claude-sonnet-4-5"),
        ("", "models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("", "publishers/google/models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("", "vertex_ai/claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
        ("", "gemini-2.5-pro-preview-tts", "gemini-2.5-pro-tts"),
        ("azure", "gpt-4o-mini", "gpt-4o-mini"),
        ("azure", "gpt-5.4", "gpt-5.4"),
        ("openai", "deepseek-chat", "deepseek-chat"),
        (
            "aws.bedrock",
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        (
            "",
            "arn:aws:bedrock:us-east-1:1:inference-profile/global.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
    ] {
        assert_eq!(row(provider, name), Some(id), "{provider} {name}");
    }
}

#[test]
fn what_cannot_be_told_has_no_price() {
    for (provider, name) in [
        ("azure", "my-deployment-4o"),
        ("", "my-deployment-4o"),
        ("", "ft:gpt-4o-mini:acme"),
        ("openai", "ft:gpt-9-2030-01-01:acme::abc"),
        ("", "gpt-5.9"),
        ("", "gpt-4o-"),
        ("", "gpt-4oo"),
        ("", "gpt"),
        ("", "o"),
        ("", "llama-3.3-70b-versatile"),
        ("", "my-org/gpt-4o"),
        ("", "deepseek-ai/DeepSeek-V3"),
        ("ollama", "gemini-2.5-pro"),
        ("", "ollama/gemini-2.5-pro"),
        ("", ""),
        ("", "-2024-01-01"),
        ("", "-v1:0"),
        ("", "ü-000000"),
        ("anthropic", "gpt-4o"),
    ] {
        assert_eq!(row(provider, name), None, "{provider} {name}");
    }
    assert_eq!(row("groq", "llama-3.3-70b-versatile"), Some("llama-3.3-70b-versatile"));
}
