//! A message: who said something, and what it consists of.

use std::borrow::Cow;

use super::fields::{Fields, Left};
use super::part;
use super::part::{At, text_or_json};
use super::{Message, MessagePart, Note, Tone};
use crate::dashboard::ui::json::{Json, Kind};

/// The messages in a value of which nothing else is known: mostly one, but
/// `Pydantic AI` keeps what was asked with what tools returned.
pub fn read_messages(json: Json<'_>) -> Option<Vec<Message<'_>>> {
    let mut fields = Fields::of(json)?;
    // LangChain writes {lc, type, id, kwargs}, or {type, data}.
    let wrapped = ["kwargs", "data"].into_iter().find(|name| {
        let says = |inner: Json<'_>| inner.get("content").is_some() || inner.get("type").is_some();
        (fields.has("lc") || fields.peek_text("type").is_some_and(|kind| is_langchain(&kind)))
            && fields.peek(name).is_some_and(says)
    });
    if let Some(name) = wrapped {
        fields.open(name);
    }
    let kind = fields.peek_text("type").unwrap_or_default();
    if let Some(message) = item(&kind, &mut fields) {
        return Some(vec![message.finished(fields)]);
    }
    if let Some(messages) = pydantic(json) {
        return Some(messages);
    }
    // {role: "admin", user: 7} is no message: one says something.
    let says = ["content", "parts", "tool_calls", "function_call", "refusal"];
    if !says.iter().any(|name| fields.has(name)) {
        return None;
    }
    let role = fields
        .text(&["role"])
        .or_else(|| fields.read("type", |kind| kind.text().filter(|kind| is_langchain(kind))))
        .or_else(|| fields.peek("id")?.items().last()?.text().filter(|kind| is_langchain(kind)))?;
    Some(vec![said(role, fields)])
}

/// A message in a place where one must be, and where this side speaks unless
/// another is named: what is not an object is what it said.
pub fn message_of<'a>(role: &'static str, json: Json<'a>) -> Option<Vec<Message<'a>>> {
    if let Some(messages) = read_messages(json) {
        return Some(messages);
    }
    let mut left = Left::default();
    let mut fields = Fields::of(json).unwrap_or_default();
    if let Some(role) = fields.text(&["role"]) {
        return Some(vec![said(role, fields)]);
    }
    if let Some(parts) = fields.read("parts", Some) {
        let parts = known(part::read_parts(parts, At::field("parts"), &mut left))?;
        return Some(vec![Message::of(role, parts).with(left).finished(fields)]);
    }
    let parts = known(part::read_parts(json, At::field("content"), &mut left))?;
    Some(vec![Message::of(role, parts).with(left)])
}

/// One of Gemini's contents that does not say whose it is: the user's.
pub fn without_role(json: Json<'_>) -> Option<Vec<Message<'_>>> {
    json.get("parts").filter(|parts| parts.kind() == Kind::Array)?;
    message_of("user", json)
}

/// A list of parts that say what they are, which some keep without their message.
pub fn of_parts(json: Json<'_>) -> Option<Vec<Message<'_>>> {
    const SAY: [&str; 5] = ["type", "toolUse", "toolResult", "functionCall", "functionResponse"];
    if !json.items().all(|item| SAY.iter().any(|name| item.get(name).is_some())) {
        return None;
    }
    let messages = message_of("content", json)?;
    let all =
        |message: &Message<'_>| !message.parts.iter().any(|p| matches!(p, MessagePart::Other(_)));
    Some(messages).filter(|messages| messages.iter().all(all))
}

/// Parts of which at least one is of a known shape.
fn known(parts: Vec<MessagePart<'_>>) -> Option<Vec<MessagePart<'_>>> {
    Some(parts).filter(|parts| parts.iter().any(|part| !matches!(part, MessagePart::Other(_))))
}

/// Something among messages that is none of a known shape.
pub fn unknown_message(json: Json<'_>) -> Message<'_> {
    let kind = json.string("type").filter(|kind| !kind.is_empty());
    Message::of(kind.unwrap_or("item".into()), vec![MessagePart::Other(json)])
}

/// `LangChain`'s types of messages, which are roles.
fn is_langchain(kind: &str) -> bool {
    let kind = kind.strip_suffix("MessageChunk").or(kind.strip_suffix("Message")).unwrap_or(kind);
    matches!(
        &*kind.to_ascii_lowercase(),
        "human" | "ai" | "system" | "tool" | "function" | "chat" | "developer"
    )
}

/// What the Responses API has beside messages: calls and what came back.
fn item<'a>(kind: &str, fields: &mut Fields<'a>) -> Option<Message<'a>> {
    let mut left = Left::default();
    let at = At::field("");
    let message = match kind {
        "function_call" | "custom_tool_call" | "mcp_call" => {
            if fields.has("role") {
                return None;
            }
            let part = part::read_call(fields)?;
            let mut parts = vec![part];
            if let Some(output) = fields.take(&["output"]) {
                let text = text_or_json(Some(output));
                let part = MessagePart::Text(text);
                parts.push(MessagePart::Result {
                    name: None,
                    id: None,
                    notes: vec![],
                    parts: vec![part],
                });
            }
            Message::of("assistant", parts)
        }
        "function_call_output" | "custom_tool_call_output" => {
            let part = part::read_result(fields, at, &mut left);
            Message::of("tool", vec![part])
        }
        "reasoning" if !fields.has("role") => {
            let mut parts = vec![];
            for name in ["summary", "content"] {
                let read = fields.read(name, |json| {
                    let parts = part::read_parts(json, At::field(name), &mut left);
                    (!parts.is_empty()).then_some(parts)
                });
                parts.extend(read.into_iter().flatten());
            }
            // A summary of what was thought is no answer.
            let parts = parts.into_iter().map(|part| match part {
                MessagePart::Text(text) => MessagePart::Thinking(text),
                part => part,
            });
            Message::of("assistant", parts.collect())
        }
        _ => return None,
    };
    left.kind(fields.text(&["type"]));
    Some(message.with(left))
}

/// Who it is from is known: what was said.
fn said<'a>(role: Cow<'a, str>, mut fields: Fields<'a>) -> Message<'a> {
    let mut left = Left::default();
    let mut parts: Vec<MessagePart<'a>> = ["reasoning_content", "reasoning", "thinking"]
        .iter()
        .filter_map(|name| fields.text(&[name]))
        .map(MessagePart::Thinking)
        .collect();
    let is_result = matches!(&*role, "tool" | "function" | "ToolMessage" | "FunctionMessage");
    for name in ["content", "parts"] {
        let read = fields.read(name, |content| {
            if is_result && let Some(text) = content.text() {
                let parts = vec![MessagePart::Text(text)];
                return Some(vec![MessagePart::Result {
                    name: None,
                    id: None,
                    notes: vec![],
                    parts,
                }]);
            }
            Some(part::read_parts(content, At::field(name), &mut left))
        });
        // Some say the same again as parts.
        let said = read.is_some_and(|read| {
            let says =
                read.iter().any(|part| !matches!(part, MessagePart::Text(text) if text.is_empty()));
            parts.extend(read);
            says
        });
        if said {
            break;
        }
    }
    parts.extend(fields.text(&["refusal"]).map(MessagePart::Refusal));
    let calls = fields.read("tool_calls", |calls| part::read_calls(calls, "tool_calls", &mut left));
    parts.extend(calls.into_iter().flatten());
    parts.extend(fields.read("function_call", |json| {
        let mut inner = Fields::of(json)?;
        let part = part::read_call(&mut inner)?;
        left.keep("function_call", inner);
        Some(part)
    }));
    fields.forget_null("content");
    left.kind(fields.read("type", |kind| kind.text().filter(|kind| *kind == "message")));
    let name = fields.text(&["name"]);
    let id = fields.text(&["tool_call_id", "call_id"]);
    let mut message = Message::of(role, parts).with(left).finished(fields);
    (message.name, message.id) = (name, id);
    message
}

/// `Pydantic AI`'s requests and responses, whose parts have roles.
fn pydantic(json: Json<'_>) -> Option<Vec<Message<'_>>> {
    let mut fields = Fields::of(json)?;
    let side = match &*fields.peek_text("kind")? {
        "request" => "user",
        "response" => "assistant",
        _ => return None,
    };
    let said = fields.read("parts", |parts| (parts.kind() == Kind::Array).then_some(parts))?;
    let mut messages: Vec<Message<'_>> = vec![];
    for (n, json) in said.items().enumerate() {
        let kind = json.string("part_kind").unwrap_or_default();
        let role = match &*kind {
            "system-prompt" => "system",
            "user-prompt" => "user",
            "tool-return" | "retry-prompt" | "builtin-tool-return" => "tool",
            _ => side,
        };
        let mut left = Left::default();
        let path = format!("parts.{n}");
        let parts = match &*kind {
            "system-prompt" | "user-prompt" | "retry-prompt" => prompt(json, &path, &mut left),
            _ => vec![part::read_part(json, At::field(&path), &mut left)],
        };
        match messages.last_mut().filter(|last| last.role == role) {
            Some(last) => {
                last.parts.extend(parts);
                last.keep(left);
            }
            None => messages.push(Message::of(role, parts).with(left)),
        }
    }
    let last = messages.pop()?;
    messages.push(last.finished(fields));
    Some(messages)
}

fn prompt<'a>(json: Json<'a>, path: &str, left: &mut Left<'a>) -> Vec<MessagePart<'a>> {
    let Some(mut fields) = Fields::of(json) else { return vec![MessagePart::Other(json)] };
    let content = fields.read("content", |content| {
        let parts = part::read_parts(content, At::field(&format!("{path}.content")), left);
        (!parts.is_empty()).then_some(parts)
    });
    left.kind(fields.text(&["part_kind"]));
    left.keep(path, fields);
    content.unwrap_or_default()
}

impl<'a> Message<'a> {
    /// A message of these parts.
    pub(super) fn of(role: impl Into<Cow<'a, str>>, parts: Vec<MessagePart<'a>>) -> Self {
        Self { role: role.into(), parts, ..Self::default() }
    }

    /// The same with what its parts leave over.
    fn with(mut self, left: Left<'a>) -> Self {
        self.keep(left);
        self
    }

    fn keep(&mut self, left: Left<'a>) {
        self.rest.extend(left.fields);
        let new: Vec<_> =
            left.kinds.into_iter().filter(|kind| !self.kinds.contains(kind)).collect();
        self.kinds.extend(new);
    }

    /// The same with what is said beside it.
    pub(super) fn noted(mut self, fields: &mut Fields<'a>) -> Self {
        let of_langchain = fields.peek("response_metadata").and_then(Fields::of);
        let new = of_langchain.map(|mut inner| inner.notes()).into_iter().flatten();
        let new: Vec<_> =
            fields.notes().into_iter().chain(new).filter(|n| !self.notes.contains(n)).collect();
        self.notes.extend(new);
        let why = fields.peek("incomplete_details").and_then(|details| details.string("reason"));
        self.notes.extend(why.map(|value| Note { label: "incomplete", value, tone: Tone::Warn }));
        self
    }

    /// The same with what is said beside it, and with what nobody has read.
    pub(super) fn finished(self, mut fields: Fields<'a>) -> Self {
        let mut message = self.noted(&mut fields);
        message.rest.extend(fields.rest());
        message
    }

    /// The same as what the model was told to be, whatever role it came under.
    pub(super) fn into_system(mut self) -> Self {
        if self.role != "system" {
            self.name = self.name.or(Some(std::mem::replace(&mut self.role, "system".into())));
        }
        self
    }
}
