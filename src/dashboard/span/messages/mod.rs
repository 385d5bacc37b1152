//! A payload as it is best read: a conversation, text, or folded JSON. Which
//! shapes are conversations is `chat`'s to say.

use std::borrow::Cow;

use maud::{Markup, html};
use serde::de::IgnoredAny;

use super::chat;
use super::chat::{Chat, Field, IMAGES, Message, MessagePart, Note, Tone};
use crate::dashboard::ui::json::{Json, Kind};
use crate::dashboard::ui::json_view;
use crate::dashboard::ui::json_view::{Budget, Cut, folded, size};

/// How a payload is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewMode {
    /// As a conversation.
    Chat,
    /// As text.
    Text,
    /// As folded JSON.
    Json,
}

impl ViewMode {
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
    modes: Vec<ViewMode>,
}

/// Longer texts of messages are folded.
const LONG: usize = 1_800;
/// Larger payloads are not searched for conversations.
const MAX_CHAT_BYTES: usize = 2_000_000;
/// So many names of fields are seen before these are opened.
const NAMES: usize = 6;

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
        let mut modes = vec![];
        let value = Json::new(&inner);
        if inner.len() <= MAX_CHAT_BYTES && chat::find(value).is_some() {
            modes.push(ViewMode::Chat);
        }
        if value.kind() != Kind::Text {
            modes.push(ViewMode::Json);
        }
        if text.is_some() {
            modes.push(ViewMode::Text);
        }
        Self { inner, text, modes }
    }

    /// The ways to show it, the best one first.
    #[must_use]
    pub fn modes(&self) -> &[ViewMode] {
        &self.modes
    }

    /// The payload, shown so.
    #[must_use]
    pub fn view(&self, mode: ViewMode, budget: &mut Budget) -> Markup {
        let json = Json::new(&self.inner);
        let chat = if mode == ViewMode::Chat { chat::find(json) } else { None };
        match (chat, &self.text) {
            (Some(chat), _) => conversation(&chat, budget),
            (None, Some(text)) if mode == ViewMode::Text => {
                html! { div.plain { (budget.take(text)) } }
            }
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
                @if budget.has_room() { (one(message, budget)) } @else { ({ left_out += 1; html! {} }) }
            }
        }
        @if left_out > 0 { p.muted { (left_out) " more messages" } }
        (others(&chat.rest, budget))
    }
}

/// What a reader did not know, folded: nothing that was sent is hidden.
fn others(fields: &[Field<'_>], budget: &mut Budget) -> Markup {
    // What says nothing comes last.
    let (empty, some): (Vec<_>, Vec<_>) = fields.iter().partition(|(_, value)| value.is_null());
    let all = || some.iter().chain(&empty);
    let mut names: Vec<_> = all().take(NAMES).map(|(name, _)| json_view::start(name, 30)).collect();
    if fields.len() > NAMES {
        names.push("…");
    }
    html! {
        @if !fields.is_empty() && budget.has_room() {
            details.rest {
                summary { "Other fields" i { (names.join(", ")) } }
                @for (name, value) in all() {
                    @if budget.has_room() {
                        div.field { b { (budget.take(name)) } (json_view::view(*value, budget)) }
                    }
                }
            }
        }
    }
}

/// The class of a role: there are few colours and any number of roles.
fn side(role: &str) -> &'static str {
    match role {
        "user" | "human" | "HumanMessage" => "user",
        "assistant" | "ai" | "model" | "AIMessage" | "AIMessageChunk" => "assistant",
        "tool" | "function" | "ToolMessage" => "tool",
        "system" | "developer" | "SystemMessage" => "system",
        _ => "other",
    }
}

fn one(message: &Message<'_>, budget: &mut Budget) -> Markup {
    let kinds = (!message.kinds.is_empty()).then(|| message.kinds.join(", "));
    html! {
        li class=(side(&message.role)) {
            div.who {
                span title=[kinds] { (budget.take(&message.role)) }
                @if let Some(name) = &message.name { code { (budget.take(name)) } }
                @if let Some(id) = &message.id { code { (budget.take(id)) } }
                (notes(&message.notes, budget))
            }
            @for part in &message.parts {
                @if budget.has_room() { (piece(part, budget)) }
            }
            @if message.parts.is_empty() { p.muted { "no content" } }
            (others(&message.rest, budget))
        }
    }
}

fn notes(notes: &[Note<'_>], budget: &mut Budget) -> Markup {
    html! {
        @for note in notes {
            span.note.warn[note.tone == Tone::Warn].bad[note.tone == Tone::Bad] {
                (note.label) " " b { (budget.take(&note.value)) }
            }
        }
    }
}

fn piece(part: &MessagePart<'_>, budget: &mut Budget) -> Markup {
    match part {
        MessagePart::Text(text) => words(text, budget),
        MessagePart::Refusal(text) => html! {
            p.note.warn { "Refusal" }
            (words(text, budget))
        },
        MessagePart::Thinking(text) => html! {
            details.thinking {
                summary { "Thinking" i { (size(text.len())) } }
                div.plain { (budget.take(text)) }
            }
        },
        MessagePart::Call { name, id, arguments } => html! {
            div.call {
                div.name {
                    span { "Calls" } code { (budget.take(name)) }
                    @if let Some(id) = id { code.id { (budget.take(id)) } }
                }
                (text_or_json(arguments, budget))
            }
        },
        MessagePart::Result { name, id, notes: about, parts } => html! {
            div.call {
                div.name {
                    span { "Result" }
                    @if let Some(name) = name { code { (budget.take(name)) } }
                    (notes(about, budget))
                    @if let Some(id) = id { code.id { (budget.take(id)) } }
                }
                @for part in parts {
                    @if budget.has_room() { div { (given(part, budget)) } }
                }
            }
        },
        MessagePart::Image(media, data) => image(media, data, budget),
        MessagePart::Link(url) => html! { p.media { "Not loaded: " code { (budget.take(url)) } } },
        MessagePart::Other(json) => json_view::view(*json, budget),
    }
}

/// What a tool gave: text that is JSON is shown as such.
fn given(part: &MessagePart<'_>, budget: &mut Budget) -> Markup {
    match part {
        MessagePart::Text(text) => text_or_json(text, budget),
        part => piece(part, budget),
    }
}

fn image(media: &str, data: &str, budget: &mut Budget) -> Markup {
    // Half an image is none.
    let fits = budget.clone().take(data).len() == data.len();
    html! {
        @if IMAGES.contains(&media) && chat::is_base64(data) {
            @if fits {
                img src=(format!("data:{media};base64,{}", budget.take(data))) alt=(format!("{media}, {}", size(data.len())));
            } @else {
                ({ budget.cut = Some(Cut::Bytes); html! { p.media { (media) ", " (size(data.len())) } } })
            }
        } @else {
            p.media { (budget.take(media)) ", " (size(data.len())) }
            (words(data, budget))
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
mod nothing_hidden;
#[cfg(test)]
mod tests;
