use proptest::prelude::*;

use super::{MAX_PREVIEW_CHARS, Side};

#[test]
fn finds_what_the_user_said_last() {
    for (json, words) in [
        (r#""Where is my order?""#, "Where is my order?"),
        (r#"{"question":"Where\n is \u0627\u0644?"}"#, "Where is \u{627}\u{644}?"),
        (r#"{"id":7,"metadata":{"text":"no"},"message":"yes"}"#, "yes"),
        (r#"{"input":{"question":"q"},"config":{}}"#, "q"),
        (r#"{"args":["Where is it?"],"kwargs":{}}"#, "Where is it?"),
        (r#"{"args":[],"kwargs":{"question":"Where?"}}"#, "Where?"),
        (
            r#"[{"role":"user","content":"one"},{"role":"assistant","content":"two"},{"role":"user","content":"three"}]"#,
            "three",
        ),
        (
            r#"{"model":"m","messages":[{"content":"Be brief.","role":"system"},{"content":[{"type":"image_url","image_url":{"url":"u"}},{"type":"text","text":"look"}],"role":"user"}]}"#,
            "look",
        ),
        (
            r#"{"system":"s","messages":[{"role":"user","content":"ask"},{"role":"assistant","content":[{"type":"tool_use","name":"f","input":{"q":"x"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"12"}]}]}"#,
            "ask",
        ),
        (r#"{"contents":[{"role":"user","parts":[{"text":"gem"}]}]}"#, "gem"),
        (r#"{"contents":[{"parts":[{"text":"gem"}]}]}"#, "gem"),
        (r#"[{"role":"user","parts":[{"type":"text","content":"otel"}]}]"#, "otel"),
        (
            r#"{"messages":[[{"lc":1,"type":"constructor","id":["HumanMessage"],"kwargs":{"type":"human","content":"lang"}}]]}"#,
            "lang",
        ),
        (r#"{"model":"gpt","input":"plain"}"#, "plain"),
        (
            r#"{"input":[{"role":"user","content":[{"type":"input_text","text":"resp"}]},{"type":"function_call_output","output":"no"}]}"#,
            "resp",
        ),
        (
            r#""{\"messages\":[{\"role\":\"user\",\"content\":\"in a \\\"text\\\"\"}]}""#,
            "in a \"text\"",
        ),
        (r#"{"city":"Paris","days":3}"#, r#"{"city":"Paris","days":3}"#),
        (r#"{"city":"\u0627\n"}"#, "{\"city\":\"\u{627}\\n\"}"),
        ("[1, 2]", "[1, 2]"),
        ("null", "null"),
        (r#"{"query":"  "}"#, r#"{"query":" "}"#),
    ] {
        assert_eq!(super::words(json, Side::Input), words, "{json}");
    }
}

#[test]
fn finds_what_was_answered() {
    for (json, words) in [
        (r#""On its way.""#, "On its way."),
        (r#"{"role":"assistant","content":"a"}"#, "a"),
        (
            r#"{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"b"}}],"model":"m"}"#,
            "b",
        ),
        (
            r#"{"type":"message","role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"c"}],"stop_reason":"end_turn"}"#,
            "c",
        ),
        (
            r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"d"}]},"finishReason":"STOP"}]}"#,
            "d",
        ),
        (r#"{"candidates":[{"content":{"parts":[{"text":"d"}]}}]}"#, "d"),
        (
            r#"[{"role":"assistant","parts":[{"type":"text","content":"e"}],"finish_reason":"stop"}]"#,
            "e",
        ),
        (
            r#"{"generations":[[{"text":"f","message":{"lc":1,"kwargs":{"content":"f","type":"ai"}}}]]}"#,
            "f",
        ),
        (
            r#"{"output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"so"}]},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"g"}]}]}"#,
            "g",
        ),
        (r#"{"messages":[{"type":"human","content":"no"},{"type":"ai","content":"h"}]}"#, "h"),
        (r#"{"answer":"i","sources":["s"]}"#, "i"),
        (r#"[{"role":"assistant","content":"cut o"#, "cut o"),
        (r#"{"answer": "\u0627\u0644\u0639"}"#, "\u{627}\u{644}\u{639}"),
        (r#""cut in the midd"#, "cut in the midd"),
        (r#"{"result":{"text":"j"}}"#, "j"),
        (r#"{"total":3}"#, r#"{"total":3}"#),
    ] {
        assert_eq!(super::words(json, Side::Output), words, "{json}");
    }
}

#[test]
fn is_a_line_of_few_characters() {
    let long = format!("\"{}\"", "\\u0627 b ".repeat(500));
    let words = super::words(&long, Side::Input);
    assert!(words.starts_with("\u{627} b \u{627} b") && words.ends_with('…'));
    assert!(words.chars().count() <= MAX_PREVIEW_CHARS + 1, "{}", words.chars().count());
    let unbroken = super::words(&format!("\"{}\"", "é".repeat(5_000)), Side::Input);
    assert_eq!(unbroken.chars().count(), MAX_PREVIEW_CHARS + 1);
    let deep = "[".repeat(5_000) + &"]".repeat(5_000);
    assert!(super::words(&deep, Side::Input).starts_with("[[["));
}

proptest! {
    #[test]
    fn takes_anything(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", "\"", "\\", ":", ",", "role", "user", "content", "text", "a", "é", " ",
            "\"role\":\"user\"", "\"content\":", "\"x\"", "\\u06", "\\ud83d",
        ]), 0..80),
    ) {
        for side in [Side::Input, Side::Output] {
            let words = super::words(&pieces.concat(), side);
            prop_assert!(words.chars().count() <= MAX_PREVIEW_CHARS + 1 && !words.contains('\n'));
        }
    }
}
