//! How a conversation looks: who said what, what was called and what came back; and how
//! texts look, as Markdown or as they were sent.

use maud::{Markup, html};
use serde::de::IgnoredAny;
use xxhash_rust::xxh3::xxh3_64;

use super::super::chat;
use super::super::chat::{Chat, Field, Message, MessagePart, Note, Tone};
use crate::dashboard::ui::json::Json;
use crate::dashboard::ui::json_view;
use crate::dashboard::ui::json_view::{Budget, Cut, folded, size};
use crate::dashboard::ui::markdown::markdown;

/// Longer texts of messages are folded.
const LONG: usize = 1_800;
/// So many names of fields are seen before these are opened.
const NAMES: usize = 6;
/// So many messages are not worth folding.
const FEW: usize = 2;

/// What is looked at, and how texts in it are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look<'p> {
    /// The path of the span that has its images; without one they are on the page.
    pub span: Option<&'p str>,
    /// Texts are shown as they were sent, not as Markdown.
    pub plain: bool,
    /// It is what came out: nothing of the last message is folded.
    pub is_answer: bool,
    /// It is what went in: of a long conversation the end is seen.
    pub is_question: bool,
}

/// Shows a payload, as far as there is room.
pub(super) struct Reader<'b> {
    pub(super) look: Look<'b>,
    pub(super) budget: &'b mut Budget,
}

/// The parts of a conversation: of a long one that went in, what is folded before the last
/// that the user said, that, what is folded after it, and the last of all.
fn parts<'c, 'a>(messages: &'c [Message<'a>], look: Look<'_>) -> [(bool, &'c [Message<'a>]); 4] {
    let none: (bool, &[Message<'a>]) = (false, &[]);
    if !look.is_question {
        return [(false, messages), none, none, none];
    }
    let is_user = |message: &Message<'_>| side(&message.role) == "user";
    let last = messages.len().saturating_sub(1);
    let asked = messages.iter().rposition(is_user).unwrap_or(last);
    let (before, rest) = messages.split_at(asked);
    let (question, after) = rest.split_at(rest.len().min(1));
    let (between, end) = after.split_at(after.len().saturating_sub(1));
    [(before.len() >= FEW, before), (false, question), (between.len() > FEW, between), (false, end)]
}

impl Reader<'_> {
    /// A conversation.
    pub(super) fn conversation(&mut self, chat: &Chat<'_>) -> Markup {
        let parts = parts(&chat.messages, self.look);
        let count: usize = chat.messages.len();
        let mut left_out = 0;
        // What is seen comes first, where there is not room for all.
        let mut shown: [Markup; 4] = Default::default();
        for is_folded in [false, true] {
            for (part, shown) in
                parts.iter().zip(&mut shown).filter(|(part, _)| part.0 == is_folded)
            {
                *shown = self.messages(part.1, count, &mut left_out);
            }
        }
        html! {
            ol.chat {
                @for (n, ((is_folded, messages), shown)) in parts.iter().zip(&shown).enumerate() {
                    @if *is_folded {
                        li.earlier {
                            details {
                                summary { (messages.len()) @if n == 0 { " earlier messages" } @else { " messages in between" } }
                                ol.chat { (shown) }
                            }
                        }
                    } @else { (shown) }
                }
            }
            @if left_out > 0 { p.muted { (left_out) " more messages" } }
            (self.others(&chat.rest))
        }
    }

    fn messages(&mut self, messages: &[Message<'_>], of: usize, left_out: &mut usize) -> Markup {
        html! {
            @for message in messages {
                @if self.budget.has_room() {
                    (self.one(message, self.look.is_answer && of == 1))
                } @else { ({ *left_out += 1; html! {} }) }
            }
        }
    }

    /// What a reader did not know, folded: nothing that was sent is hidden.
    fn others(&mut self, fields: &[Field<'_>]) -> Markup {
        // What says nothing comes last.
        let (empty, some): (Vec<_>, Vec<_>) = fields.iter().partition(|(_, value)| value.is_null());
        let all = || some.iter().chain(&empty);
        let mut names: Vec<_> =
            all().take(NAMES).map(|(name, _)| json_view::start(name, 30)).collect();
        if fields.len() > NAMES {
            names.push("…");
        }
        html! {
            @if !fields.is_empty() && self.budget.has_room() {
                details.rest {
                    summary { "Other fields" i { (names.join(", ")) } }
                    @for (name, value) in all() {
                        @if self.budget.has_room() {
                            div.field { b { (self.budget.take(name)) } (json_view::view(*value, self.budget)) }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn one(&mut self, message: &Message<'_>, is_whole: bool) -> Markup {
        let kinds = (!message.kinds.is_empty()).then(|| message.kinds.join(", "));
        html! {
            li class=(side(&message.role)) {
                div.who {
                    span title=[kinds] { (self.budget.take(&message.role)) }
                    @if let Some(name) = &message.name { code { (self.budget.take(name)) } }
                    @if let Some(id) = &message.id { code { (self.budget.take(id)) } }
                    (self.notes(&message.notes))
                }
                @for part in &message.parts {
                    @if self.budget.has_room() {
                        @match part {
                            MessagePart::Text(text) if is_whole => (self.text(text)),
                            part => (self.piece(part)),
                        }
                    }
                }
                @if message.parts.is_empty() { p.muted { "no content" } }
                (self.others(&message.rest))
            }
        }
    }

    fn notes(&mut self, notes: &[Note<'_>]) -> Markup {
        html! {
            @for note in notes {
                span.note.warn[note.tone == Tone::Warn].bad[note.tone == Tone::Bad] {
                    (note.label) " " b { (self.budget.take(&note.value)) }
                }
            }
        }
    }

    fn piece(&mut self, part: &MessagePart<'_>) -> Markup {
        match part {
            MessagePart::Text(text) => self.words(text),
            MessagePart::Refusal(text) => html! {
                p.note.warn { "Refusal" }
                (self.words(text))
            },
            MessagePart::Thinking(text) => html! {
                details.thinking {
                    summary { "Thinking" i { (size(text.len())) } }
                    (self.text(text))
                }
            },
            MessagePart::Call { name, id, arguments } => html! {
                div.call {
                    div.name {
                        span { "Calls" } code { (self.budget.take(name)) }
                        @if let Some(id) = id { code.id { (self.budget.take(id)) } }
                    }
                    (self.data(arguments))
                }
            },
            MessagePart::Result { name, id, notes: about, parts } => html! {
                div.call {
                    div.name {
                        span { "Result" }
                        @if let Some(name) = name { code { (self.budget.take(name)) } }
                        (self.notes(about))
                        @if let Some(id) = id { code.id { (self.budget.take(id)) } }
                    }
                    @for part in parts {
                        @if self.budget.has_room() { div { (self.given(part)) } }
                    }
                }
            },
            MessagePart::Image(media, data) => self.image(media, data),
            MessagePart::Link(url) => {
                html! { p.media { "Not loaded: " code { (self.budget.take(url)) } } }
            }
            MessagePart::Other(json) => json_view::view(*json, self.budget),
        }
    }

    /// What a tool gave: text that is JSON is shown as such.
    fn given(&mut self, part: &MessagePart<'_>) -> Markup {
        match part {
            MessagePart::Text(text) => self.data(text),
            part => self.piece(part),
        }
    }

    fn image(&mut self, media: &str, data: &str) -> Markup {
        let is_image = chat::is_image(media, data);
        if let Some(span) = self.look.span.filter(|_| is_image) {
            let url = format!("{span}/image?image={}", image_name(data));
            return html! { img src=(url) loading="lazy" alt=(format!("{media}, {}", size(data.len()))); };
        }
        // Half an image is none.
        let fits = self.budget.clone().take(data).len() == data.len();
        html! {
            @if is_image {
                @if fits {
                    img src=(format!("data:{media};base64,{}", self.budget.take(data))) alt=(format!("{media}, {}", size(data.len())));
                } @else {
                    ({ self.budget.cut = Some(Cut::Bytes); html! { p.media { (media) ", " (size(data.len())) } } })
                }
            } @else {
                p.media { (self.budget.take(media)) ", " (size(data.len())) }
                (self.sent(data))
            }
        }
    }

    /// What a program reads or wrote.
    fn data(&mut self, text: &str) -> Markup {
        if is_json(text) { json_view::view(Json::new(text), self.budget) } else { self.sent(text) }
    }

    /// What somebody said.
    fn words(&mut self, text: &str) -> Markup {
        if text.len() > LONG { self.long(text, true) } else { self.text(text) }
    }

    /// A text as it was sent, a long one folded.
    fn sent(&mut self, text: &str) -> Markup {
        if text.len() > LONG {
            return self.long(text, false);
        }
        html! { div.plain { (self.budget.take(text)) } }
    }

    fn long(&mut self, text: &str, is_said: bool) -> Markup {
        let seen = json_view::start(text, LONG);
        html! {
            details.words {
                summary { (folded(seen, text.len())) }
                @if is_said { (self.text(text)) } @else { div.plain { (self.budget.take(text)) } }
            }
        }
    }

    /// A text, all of it: as Markdown, unless somebody wants it as it was sent.
    pub(super) fn text(&mut self, text: &str) -> Markup {
        let shown = self.budget.take(text);
        let made = if self.look.plain { None } else { markdown(shown) };
        made.unwrap_or_else(|| html! { div.plain { (shown) } })
    }
}

/// What an image is found by among those of its span.
#[must_use]
pub fn image_name(data: &str) -> String {
    format!("{:016x}", xxh3_64(data.as_bytes()))
}

/// The class of a role: there are few colours and any number of roles.
#[must_use]
pub fn side(role: &str) -> &'static str {
    match role {
        "user" | "human" | "HumanMessage" => "user",
        "assistant" | "ai" | "model" | "AIMessage" | "AIMessageChunk" => "assistant",
        "tool" | "function" | "ToolMessage" => "tool",
        "system" | "developer" | "SystemMessage" => "system",
        _ => "other",
    }
}

/// Whether a text is an object or an array in JSON.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}
