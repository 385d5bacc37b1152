//! The answers of a model, which stand in something that says how they came about:
//! `OpenAI`'s choices, Gemini's candidates, `LangChain`'s generations.

use std::borrow::Cow;

use super::fields::Fields;
use super::{Message, MessagePart, each, message};
use crate::dashboard::ui::json::{Json, Kind};

/// Those that an object has.
pub fn read_answers<'a>(fields: &mut Fields<'a>) -> Vec<Message<'a>> {
    let mut found = vec![];
    let mut add = |read: Option<Vec<_>>| found.extend(read.into_iter().flatten());
    add(fields.read("choices", |json| each(json, choice)));
    add(fields.read("candidates", |json| each(json, candidate)));
    add(fields.read("generations", |json| each(json, generation)));
    add(fields.read("message", message::read_messages));
    let is_content = |json: &Json<'_>| json.get("parts").is_some();
    let content = |json: Json<'a>| message::message_of("model", Some(json).filter(is_content)?);
    add(fields.read("content", content));
    found
}

/// Gives the message what stands around it.
fn with<'a>(messages: Option<Vec<Message<'a>>>, fields: Fields<'a>) -> Option<Vec<Message<'a>>> {
    let mut messages = messages?;
    let last = messages.pop()?;
    messages.push(last.finished(fields));
    Some(messages)
}

fn said(text: Cow<'_, str>) -> Vec<Message<'_>> {
    vec![Message::of("assistant", vec![MessagePart::Text(text)])]
}

/// A choice of a chat, of one that is coming, or of a completion.
fn choice(json: Json<'_>) -> Option<Vec<Message<'_>>> {
    let mut fields = Fields::of(json)?;
    let mut read = None;
    for name in ["message", "delta"] {
        read = read.or_else(|| fields.read(name, |json| message::message_of("assistant", json)));
    }
    // A question's choices have texts as well.
    if read.is_none() && (fields.has("finish_reason") || fields.has("index")) {
        read = fields.text(&["text"]).map(said);
    }
    with(read, fields)
}

/// A candidate, which has no content where it was blocked.
fn candidate(json: Json<'_>) -> Option<Vec<Message<'_>>> {
    let mut fields = Fields::of(json)?;
    let mut read = fields.read("content", |json| message::message_of("model", json));
    if read.is_none() && (fields.has("finishReason") || fields.has("finish_reason")) {
        read = Some(vec![Message::of("model", vec![])]);
    }
    with(read, fields)
}

/// A generation, or a list of those for one prompt.
fn generation(json: Json<'_>) -> Option<Vec<Message<'_>>> {
    if json.kind() == Kind::Array {
        let is_flat = json.items().all(|item| item.kind() == Kind::Object);
        return if is_flat { each(json, generation) } else { None };
    }
    let mut fields = Fields::of(json)?;
    fields.open("generation_info");
    let mut read = fields.read("message", message::read_messages);
    let text = fields.peek_text("text")?;
    // The text of a message stands there once more.
    let again = |message: &Message<'_>| message.parts.contains(&MessagePart::Text(text.clone()));
    if read.is_none() {
        read = fields.text(&["text"]).map(said);
    } else if read.iter().flatten().any(again) {
        fields.text(&["text"]);
    }
    with(read, fields)
}
