use super::*;

fn step(kind: StepKind, times: (i64, i64), input: &str, output: &str) -> Step<'static> {
    let json = |text: &str| (!text.is_empty()).then(|| Cow::Owned(text.to_owned()));
    Step {
        kind,
        name: "weather",
        start: Some(times.0),
        end: Some(times.1),
        input: json(input),
        output: json(output),
        failed: false,
    }
}

/// Who says what, in a line each.
fn lines(steps: &[Step<'_>]) -> Vec<String> {
    let part = |part: &MessagePart<'_>| match part {
        MessagePart::Text(text) => text.to_string(),
        MessagePart::Call { name, arguments, .. } => format!("{name}({arguments})"),
        MessagePart::Result { parts, .. } => match parts.first() {
            Some(MessagePart::Text(text)) => format!("= {text}"),
            _ => "=".into(),
        },
        MessagePart::Other(json) => json.raw().into(),
        _ => "?".into(),
    };
    let turns = thread(steps);
    let messages = turns.iter().flat_map(|turn| &turn.messages);
    messages
        .map(|m| format!("{}: {}", m.role, m.parts.iter().map(part).collect::<Vec<_>>().join(" ")))
        .collect()
}

const ASKED: &str =
    r#"[{"role":"system","content":"Be brief."},{"role":"user","content":"Rain?"}]"#;
const CALLS: &str = r#"{"choices":[{"message":{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]}}]}"#;
const AGAIN: &str = r#"[{"role":"system","content":"Be brief."},{"role":"user","content":"Rain?"},
    {"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Rome\"}"}}]},
    {"role":"tool","tool_call_id":"1","content":"{\"sky\": \"clear\"}"}]"#;

#[test]
fn a_run_is_one_thread_in_which_nothing_stands_twice() {
    let steps = [
        step(StepKind::Whole, (0, 100), r#"{"question":"Rain?"}"#, r#""No.""#),
        step(StepKind::Call, (1, 10), ASKED, CALLS),
        step(StepKind::Tool, (10, 20), r#"{"city":"Rome"}"#, r#"{"sky":"clear"}"#),
        step(StepKind::Call, (20, 30), AGAIN, r#"{"role":"assistant","content":"No."}"#),
    ];
    let all = [
        "system: Be brief.",
        "user: Rain?",
        "assistant: weather({\"city\":\"Rome\"})",
        "tool: = {\"sky\":\"clear\"}",
        "assistant: No.",
    ];
    assert_eq!(lines(&steps), all);
    // Without a span of the tool's the history says what it gave.
    let [whole, first, _, second] = steps;
    let without = lines(&[whole, first, second]);
    assert_eq!(without.get(3).map(String::as_str), Some("tool: = {\"sky\": \"clear\"}"));
    assert_eq!(without.len(), 5, "{without:?}");
}

#[test]
fn what_is_said_twice_stands_twice() {
    let twice = r#"[{"role":"user","content":"yes"},{"role":"assistant","content":"ok"},{"role":"user","content":"yes"}]"#;
    let steps = [
        step(StepKind::Call, (0, 1), r#"[{"role":"user","content":"yes"}]"#, r#""ok""#),
        step(StepKind::Call, (2, 3), twice, r#""ok""#),
    ];
    assert_eq!(lines(&steps), ["user: yes", "assistant: ok", "user: yes", "assistant: ok"]);
}

#[test]
fn what_no_call_was_told_stands_at_the_beginning() {
    let steps = [
        step(
            StepKind::Whole,
            (0, 9),
            r#"{"message":"Rain?","turn":1}"#,
            r#"{"answer":"No.","n":1}"#,
        ),
        step(StepKind::Call, (1, 2), "", r#""No.""#),
    ];
    assert_eq!(lines(&steps), ["user: Rain?", "assistant: No."]);
}

#[test]
fn what_came_before_the_thread_is_known() {
    let steps = [
        step(StepKind::Known, (1, 10), ASKED, CALLS),
        step(StepKind::Call, (20, 30), AGAIN, r#""No.""#),
    ];
    assert_eq!(lines(&steps), ["tool: = {\"sky\": \"clear\"}", "assistant: No."]);
}

#[test]
fn a_run_without_calls_of_models_is_what_went_in_and_came_out() {
    let steps = [step(StepKind::Whole, (0, 9), r#"{"a":1,"b":2}"#, r#"{"answer":"So."}"#)];
    assert_eq!(lines(&steps), ["user: {\"a\":1,\"b\":2}", "assistant: So."]);
}
