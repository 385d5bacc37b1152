use super::*;

/// What a payload is shown as at first, with the markup taken out.
fn read(raw: &str) -> (ViewMode, String) {
    let payload = Payload::of(raw);
    let mode = payload.modes()[0];
    let html = payload.view(mode, &mut Budget::new(10_000)).into_string();
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
        Payload::of(&raw).view(ViewMode::Chat, &mut Budget::new(10_000)).into_string()
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
fn what_clients_send_is_never_markup() {
    let bad = "<script>alert(1)</script>";
    let raw = format!(
        r#"{{"{bad}":1,"messages":[{{"role":"{bad}","name":"{bad}","content":[{{"type":"text","text":"{bad}"}},{{"type":"{bad}"}},{{"type":"thinking","thinking":"{bad}"}},{{"type":"tool_use","name":"{bad}","id":"{bad}","input":"{bad}"}},{{"type":"image","source":{{"media_type":"{bad}","data":"{bad}"}}}}]}}]}}"#
    );
    let html = Payload::of(&raw).view(ViewMode::Chat, &mut Budget::new(10_000)).into_string();
    assert!(!html.contains("<script") && html.matches("&lt;script").count() >= 8, "{html}");
}

#[test]
fn stops_when_enough_is_shown() {
    let raw = format!("[{}]", vec![r#"{"role":"user","content":"0123456789"}"#; 500].join(","));
    let mut budget = Budget::new(1_000);
    let html = Payload::of(&raw).view(ViewMode::Chat, &mut budget).into_string();
    assert!(budget.cut.is_some() && html.contains("428 more messages"), "{}", html.len());
}
