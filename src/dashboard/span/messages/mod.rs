//! A payload as it is best read: a conversation, text, or folded JSON. Which
//! shapes are conversations is `chat`'s to say.

mod conversation;

use std::borrow::Cow;

use maud::Markup;

use super::chat;
use super::chat::Message;
use crate::dashboard::ui::json::{Json, Kind};
use crate::dashboard::ui::json_view;
use crate::dashboard::ui::json_view::Budget;
pub use conversation::{Look, image_name, side};
use conversation::{Reader, is_json};

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

/// Larger payloads are not searched for conversations.
const MAX_CHAT_BYTES: usize = 2_000_000;

/// What a payload is, or a string in it: JSON in a string is common, for tools return text.
#[must_use]
pub fn inner(raw: &str) -> Cow<'_, str> {
    let json = Json::new(raw);
    inner_of(json, json.text().as_ref())
}

/// The same of JSON whose text is known.
fn inner_of<'a>(json: Json<'a>, text: Option<&Cow<'a, str>>) -> Cow<'a, str> {
    text.filter(|text| is_json(text)).cloned().unwrap_or(Cow::Borrowed(json.raw()))
}

/// One message of a thread.
#[must_use]
pub fn message(message: &Message<'_>, look: Look<'_>, budget: &mut Budget) -> Markup {
    Reader { look, budget }.one(message, look.is_answer)
}

impl<'a> Payload<'a> {
    /// Looks at a payload.
    #[must_use]
    pub fn of(raw: &'a str) -> Self {
        let json = Json::new(raw);
        let text = json.text();
        let inner = inner_of(json, text.as_ref());
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
    pub fn view(&self, mode: ViewMode, look: Look<'_>, budget: &mut Budget) -> Markup {
        let json = Json::new(&self.inner);
        let chat = if mode == ViewMode::Chat { chat::find(json) } else { None };
        match (chat, &self.text) {
            (Some(chat), _) => Reader { look, budget }.conversation(&chat),
            (None, Some(text)) if mode == ViewMode::Text => Reader { look, budget }.text(text),
            _ => json_view::view(json, budget),
        }
    }
}

#[cfg(test)]
mod nothing_hidden;
#[cfg(test)]
mod tests;
