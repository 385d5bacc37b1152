use super::*;

/// What a payload is shown as at first, with the markup taken out.
fn read(raw: &str) -> (ViewMode, String) {
    let payload = Payload::of(raw);
    let mode = payload.modes()[0];
    let html = payload.view(mode, Look::default(), &mut Budget::new(10_000)).into_string();
    let mut text = String::new();
    for piece in html.split('<') {
        text.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
        text.push(' ');
    }
    (mode, text.split_whitespace().collect::<Vec<_>>().join(" ").replace("&quot;", "\""))
}

#[test]
fn reads_what_the_common_apis_take_and_give() {
    for (raw, shown) in [
        (
            r#"[{"role":"user","content":"Hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"find","arguments":"{\"q\":1}"}}]},{"role":"tool","tool_call_id":"c1","content":"found"}]"#,
            "user Hi assistant Calls find c1 {1 key} q 1 tool c1 Result found",
        ),
        (
            r#"{"model":"m","system":"Be kind.","messages":[{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"12"}]}]}]}"#,
            "system Be kind. user Hi Result t 12 Other fields model model \"m\"",
        ),
        (
            r#"{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"Yes."}}]}"#,
            "assistant Yes. Other fields index index 0 Other fields id id \"x\"",
        ),
        (
            r#"{"role":"assistant","content":[{"type":"thinking","thinking":"Hm"},{"type":"tool_use","id":"t","name":"look","input":{}}]}"#,
            "assistant Thinking 2 B Hm Calls look t {0 keys}",
        ),
        (
            r#"{"contents":[{"role":"user","parts":[{"text":"Hi"},{"functionCall":{"name":"f","args":{"a":2}}}]}]}"#,
            "user Hi Calls f {1 key} a 2",
        ),
        (
            r#"[[{"lc":1,"type":"constructor","id":["HumanMessage"],"kwargs":{"type":"human","content":"Hi"}}]]"#,
            "human Hi Other fields lc, type, id lc 1 type \"constructor\" id [1 item] 0 \"HumanMessage\"",
        ),
        (
            r#"{"output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"so"}]},{"type":"function_call","name":"f","call_id":"1","arguments":"{}"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Done"}]}]}"#,
            "assistant Thinking 2 B so assistant Calls f 1 {0 keys} assistant Done",
        ),
        (r#""[{\"role\":\"user\",\"content\":\"in a string\"}]""#, "user in a string"),
    ] {
        assert_eq!(read(raw), (ViewMode::Chat, shown.into()), "{raw}");
    }
}

#[test]
fn of_a_long_conversation_the_last_that_the_user_said_is_seen() {
    let history = (0..14).flat_map(|n| [("user", n), ("assistant", n)]);
    let mut all: Vec<_> =
        history.map(|(role, n)| format!(r#"{{"role":"{role}","content":"{role}-{n}"}}"#)).collect();
    all.push(r#"{"role":"user","content":"the question"}"#.into());
    let look = Look { is_question: true, ..Look::default() };
    let show = |messages: &[String], bytes| {
        let raw = format!("[{}]", messages.join(","));
        Payload::of(&raw).view(ViewMode::Chat, look, &mut Budget::new(bytes)).into_string()
    };
    let html = show(&all, 10_000);
    assert!(html.contains("<summary>28 earlier messages</summary>"), "{html}");
    let (folded, seen) = html.split_once("</details>").unwrap();
    assert!(folded.contains("assistant-13") && seen.contains("the question"), "{html}");
    // The question is there where there is no room for all that was before it.
    let html = show(&all, 60);
    assert!(html.contains("the question") && html.contains("more messages"), "{html}");
    // What tools gave after it is folded, but for the last.
    all.extend((0..5).map(|n| format!(r#"{{"role":"tool","content":"result-{n}"}}"#)));
    let html = show(&all, 10_000);
    assert!(html.contains("<summary>4 messages in between</summary>"), "{html}");
    let (_, last) = html.rsplit_once("</details>").unwrap();
    assert!(last.contains("result-4") && !last.contains("result-3"), "{html}");
    // A few are not worth it.
    assert!(!show(&all[27..29], 10_000).contains("<details"));
}

#[test]
fn what_is_said_is_markdown_and_what_programs_give_is_not() {
    let raw = r##"[{"role":"assistant","content":"# Hi

- **a**"},{"role":"tool","content":"# 12 **x**"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","function":{"name":"f","arguments":"**y**"}}]}]"##;
    let show =
        |look| Payload::of(raw).view(ViewMode::Chat, look, &mut Budget::new(10_000)).into_string();
    let html = show(Look::default());
    assert!(html.contains("<h4>Hi</h4><ul><li><strong>a</strong></li></ul>"), "{html}");
    assert!(html.contains("# 12 **x**") && html.contains("**y**"), "{html}");
    assert!(show(Look { plain: true, ..Look::default() }).contains(
        "# Hi

- **a**"
    ));
    let answer = Payload::of(
        r#""| a |
|---|
| 1 |""#,
    );
    let html = answer.view(ViewMode::Text, Look::default(), &mut Budget::new(10_000)).into_string();
    assert!(html.contains("<td>1</td>"), "{html}");
}

#[test]
fn an_answer_is_not_folded() {
    let raw = format!(r#"[{{"role":"assistant","content":"{}"}}]"#, "word ".repeat(1_000));
    let show =
        |look| Payload::of(&raw).view(ViewMode::Chat, look, &mut Budget::new(10_000)).into_string();
    assert!(!show(Look { is_answer: true, ..Look::default() }).contains("<details"));
    assert!(show(Look::default()).contains("<details"));
}

#[test]
fn leaves_other_payloads_what_they_are() {
    for (raw, mode) in [
        (r#"{"role":"admin","user":7}"#, ViewMode::Json),
        (r"[]", ViewMode::Json),
        ("12345678901234567890", ViewMode::Json),
        (r#""plain [text""#, ViewMode::Text),
        (r#""{\"a\":1}""#, ViewMode::Json),
        (r#"{"messages":"three"}"#, ViewMode::Json),
    ] {
        assert_eq!(Payload::of(raw).modes()[0], mode, "{raw}");
    }
}

#[test]
fn shows_images_that_came_along_and_loads_none() {
    let html = |url: &str| {
        let raw = format!(
            r#"[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"{url}"}}}}]}}]"#
        );
        Payload::of(&raw)
            .view(ViewMode::Chat, Look::default(), &mut Budget::new(10_000))
            .into_string()
    };
    assert!(
        html("data:image/png;base64,iVBORw0K")
            .contains("<img src=\"data:image/png;base64,iVBORw0K\"")
    );
    for url in [
        "https://evil.test/x.png",
        "javascript:alert(1)",
        "data:image/svg+xml;base64,AAAA",
        "data:image/png;base64,a b",
    ] {
        assert!(!html(url).contains("<img") && !html(url).contains("href"), "{url}");
    }
}

#[test]
fn of_a_span_images_are_asked_for_and_what_is_none_is_text() {
    let html = |data: &str| {
        let raw = format!(
            r#"[{{"role":"user","content":[{{"type":"image","source":{{"media_type":"image/png","data":"{data}"}}}}]}}]"#
        );
        let look = Look { span: Some("/traces/t/spans/s"), ..Look::default() };
        Payload::of(&raw).view(ViewMode::Chat, look, &mut Budget::new(10_000)).into_string()
    };
    let url = format!("src=\"/traces/t/spans/s/image?image={}\"", image_name("iVBORw0K"));
    assert!(html("iVBORw0K").contains(&url), "{}", html("iVBORw0K"));
    let removed = html("[REDACTED]");
    assert!(!removed.contains("<img") && removed.contains("[REDACTED]"), "{removed}");
    // None is served that is so long.
    let long = html(&"A".repeat(1_900_000));
    assert!(long.contains("<img"), "{}", long.len());
}

#[test]
fn what_clients_send_is_never_markup() {
    let bad = "<script>alert(1)</script>";
    let raw = format!(
        r#"{{"{bad}":1,"messages":[{{"role":"{bad}","name":"{bad}","content":[{{"type":"text","text":"{bad}"}},{{"type":"{bad}"}},{{"type":"thinking","thinking":"{bad}"}},{{"type":"tool_use","name":"{bad}","id":"{bad}","input":"{bad}"}},{{"type":"image","source":{{"media_type":"{bad}","data":"{bad}"}}}}]}}]}}"#
    );
    let html = Payload::of(&raw)
        .view(ViewMode::Chat, Look::default(), &mut Budget::new(10_000))
        .into_string();
    assert!(!html.contains("<script") && html.matches("&lt;script").count() >= 8, "{html}");
}

#[test]
fn stops_when_enough_is_shown() {
    let raw = format!("[{}]", vec![r#"{"role":"user","content":"0123456789"}"#; 500].join(","));
    let mut budget = Budget::new(1_000);
    let html = Payload::of(&raw).view(ViewMode::Chat, Look::default(), &mut budget).into_string();
    assert!(budget.cut.is_some() && html.contains("428 more messages"), "{}", html.len());
}
