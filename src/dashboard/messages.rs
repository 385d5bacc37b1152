//! A payload as it is best read: a conversation, text, or folded JSON. Which
//! shapes are conversations is `chat`'s to say.

use std::borrow::Cow;

use maud::{Markup, html};
use serde::de::IgnoredAny;

use super::chat::{self, Chat, Message, Part};
use super::json::{Json, Kind};
use super::json_view::{self, Budget, folded, size};

/// How a payload is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// As a conversation.
    Chat,
    /// As text.
    Text,
    /// As folded JSON.
    Json,
}

impl Look {
    /// Its name in URLs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Text => "text",
            Self::Json => "json",
        }
    }

    /// Its name on pages.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Chat => "Chat",
            Self::Text => "Text",
            Self::Json => "JSON",
        }
    }
}

/// A payload and the ways to show it, the best one first.
#[derive(Debug)]
pub struct Payload<'a> {
    /// What is shown as JSON: the payload, or what a string in it is.
    inner: Cow<'a, str>,
    /// Its text, where it is a string.
    text: Option<Cow<'a, str>>,
    looks: Vec<Look>,
}

/// Longer texts of messages are folded.
const LONG: usize = 1_800;
/// Larger payloads are not searched for conversations.
const MAX_CHAT_BYTES: usize = 2_000_000;
/// Images of these types are shown; anything else could be a document.
const IMAGES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

impl<'a> Payload<'a> {
    /// Looks at a payload.
    #[must_use]
    pub fn of(raw: &'a str) -> Self {
        let json = Json::new(raw);
        let text = json.text();
        // JSON in a string is common: tools return text.
        let inner = match &text {
            Some(text) if is_json(text) => Cow::Owned(text.clone().into_owned()),
            _ => Cow::Borrowed(json.raw()),
        };
        let mut looks = vec![];
        let value = Json::new(&inner);
        if inner.len() <= MAX_CHAT_BYTES && chat::find(value).is_some() {
            looks.push(Look::Chat);
        }
        if value.kind() != Kind::Text {
            looks.push(Look::Json);
        }
        if text.is_some() {
            looks.push(Look::Text);
        }
        Self { inner, text, looks }
    }

    /// The ways to show it, the best one first.
    #[must_use]
    pub fn looks(&self) -> &[Look] {
        &self.looks
    }

    /// The payload, shown so.
    #[must_use]
    pub fn view(&self, look: Look, budget: &mut Budget) -> Markup {
        let json = Json::new(&self.inner);
        let chat = if look == Look::Chat { chat::find(json) } else { None };
        match (chat, &self.text) {
            (Some(chat), _) => conversation(&chat, budget),
            (None, Some(text)) if look == Look::Text => html! { div.plain { (budget.take(text)) } },
            _ => json_view::view(json, budget),
        }
    }
}

/// Whether a text is an object or an array in JSON.
fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// A conversation.
#[must_use]
pub fn conversation(chat: &Chat<'_>, budget: &mut Budget) -> Markup {
    let mut left_out = 0;
    html! {
        ol.chat {
            @for message in &chat.messages {
                @if budget.is_spent() {
                    ({ left_out += 1; html! {} })
                } @else {
                    (one(message, budget))
                }
            }
        }
        @if left_out > 0 {
            ({ budget.cut = true; html! { p.muted { (left_out) " more messages" } } })
        }
        @if !chat.rest.is_empty() {
            details.rest {
                summary { "Other fields" i { (rest_names(chat)) } }
                @for (name, value) in &chat.rest {
                    @if !budget.is_spent() {
                        div.field { b { (budget.take(name)) } (json_view::view(*value, budget)) }
                    }
                }
            }
        }
    }
}

fn rest_names(chat: &Chat<'_>) -> String {
    let names: Vec<_> =
        chat.rest.iter().take(6).map(|(name, _)| json_view::start(name, 30)).collect();
    names.join(", ")
}

/// The class of a role: there are few colours and any number of roles.
fn side(role: &str) -> &'static str {
    match role {
        "user" | "human" => "user",
        "assistant" | "ai" | "model" => "assistant",
        "tool" | "function" => "tool",
        "system" | "developer" => "system",
        _ => "other",
    }
}

fn one(message: &Message<'_>, budget: &mut Budget) -> Markup {
    html! {
        li class=(side(&message.role)) {
            div.who {
                (json_view::start(&message.role, 40))
                @if let Some(name) = &message.name { code { (json_view::start(name, 80)) } }
            }
            @for part in &message.parts {
                @if !budget.is_spent() { (piece(part, budget)) }
            }
            @if message.parts.is_empty() { p.muted { "no content" } }
        }
    }
}

fn piece(part: &Part<'_>, budget: &mut Budget) -> Markup {
    match part {
        Part::Text(text) => words(text, budget),
        Part::Thinking(text) => html! {
            details.thinking {
                summary { "Thinking" i { (size(text.len())) } }
                div.plain { (budget.take(text)) }
            }
        },
        Part::Call { name, id, arguments } => html! {
            div.call {
                div.name {
                    span { "Calls" } code { (json_view::start(name, 200)) }
                    @if let Some(id) = id { code.id { (json_view::start(id, 80)) } }
                }
                (text_or_json(arguments, budget))
            }
        },
        Part::Result { id, content } => html! {
            div.call {
                div.name {
                    span { "Result" }
                    @if let Some(id) = id { code.id { (json_view::start(id, 80)) } }
                }
                (text_or_json(content, budget))
            }
        },
        Part::Image(media, data) => image(media, data, budget),
        Part::Link(url) => html! { p.media { "Not loaded: " code { (budget.take(url)) } } },
        Part::Other(json) => json_view::view(*json, budget),
    }
}

fn image(media: &str, data: &str, budget: &mut Budget) -> Markup {
    let plain = data.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
    let known = IMAGES.contains(&media) && plain;
    // Half an image is none.
    let fits = known && { budget.clone().take(data).len() == data.len() };
    html! {
        @if fits {
            img src=(format!("data:{media};base64,{}", budget.take(data))) alt=(format!("{media}, {}", size(data.len())));
        } @else {
            p.media { (json_view::start(media, 80)) ", " (size(data.len())) }
        }
    }
}

fn text_or_json(text: &str, budget: &mut Budget) -> Markup {
    if is_json(text) { json_view::view(Json::new(text), budget) } else { words(text, budget) }
}

fn words(text: &str, budget: &mut Budget) -> Markup {
    let shown = budget.take(text);
    html! {
        @if shown.len() > LONG {
            details.words {
                summary { (folded(shown, text.len())) }
                div.plain { (shown) }
            }
        } @else {
            div.plain { (shown) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a payload is shown as at first, with the markup taken out.
    fn read(raw: &str) -> (Look, String) {
        let payload = Payload::of(raw);
        let look = payload.looks()[0];
        let html = payload.view(look, &mut Budget::new(10_000)).into_string();
        let mut text = String::new();
        for piece in html.split('<') {
            text.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
            text.push(' ');
        }
        (look, text.split_whitespace().collect::<Vec<_>>().join(" ").replace("&quot;", "\""))
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
                "assistant Yes. Other fields id id \"x\"",
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
                "human Hi",
            ),
            (
                r#"{"output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"so"}]},{"type":"function_call","name":"f","call_id":"1","arguments":"{}"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Done"}]}]}"#,
                "assistant so assistant Calls f 1 {0 keys} assistant Done",
            ),
            (r#""[{\"role\":\"user\",\"content\":\"in a string\"}]""#, "user in a string"),
        ] {
            assert_eq!(read(raw), (Look::Chat, shown.into()), "{raw}");
        }
    }

    #[test]
    fn leaves_other_payloads_what_they_are() {
        for (raw, look) in [
            (r#"{"role":"admin","user":7}"#, Look::Json),
            (r#"[{"role":"user","content":"x"},{"id":1}]"#, Look::Json),
            (r"[]", Look::Json),
            ("12345678901234567890", Look::Json),
            (r#""plain [text""#, Look::Text),
            (r#""{\"a\":1}""#, Look::Json),
            (r#"{"messages":"three"}"#, Look::Json),
        ] {
            assert_eq!(Payload::of(raw).looks()[0], look, "{raw}");
        }
    }

    #[test]
    fn shows_images_that_came_along_and_loads_none() {
        let html = |url: &str| {
            let raw = format!(
                r#"[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"{url}"}}}}]}}]"#
            );
            Payload::of(&raw).view(Look::Chat, &mut Budget::new(10_000)).into_string()
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
        let html = Payload::of(&raw).view(Look::Chat, &mut Budget::new(10_000)).into_string();
        assert!(!html.contains("<script") && html.matches("&lt;script").count() >= 8, "{html}");
    }

    #[test]
    fn stops_when_enough_is_shown() {
        let raw = format!("[{}]", vec![r#"{"role":"user","content":"0123456789"}"#; 500].join(","));
        let mut budget = Budget::new(1_000);
        let html = Payload::of(&raw).view(Look::Chat, &mut budget).into_string();
        assert!(budget.cut && html.contains("400 more messages"), "{}", html.len());
    }
}
