//! Finds conversations in payloads: what the common model APIs and frameworks
//! take and give. Where a payload has none of these shapes it is no chat. Every
//! reader takes what it knows of an object, and what is left over is kept beside
//! the message or the conversation, so nothing is hidden. How a conversation
//! looks is `messages`'.

mod answer;
mod fields;
mod message;
mod part;
mod stream;
#[cfg(test)]
pub(super) mod tests;

use std::borrow::Cow;

pub use fields::Field;
use fields::Fields;

use crate::dashboard::ui::json::{Json, Kind};

/// A conversation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chat<'a> {
    /// Its messages, in order.
    pub messages: Vec<Message<'a>>,
    /// What else the payload had.
    pub rest: Vec<Field<'a>>,
}

/// What one side said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Message<'a> {
    /// Who: `user`, `assistant`, ….
    pub role: Cow<'a, str>,
    /// A name beside the role.
    pub name: Option<Cow<'a, str>>,
    /// The id of the call that it answers.
    pub id: Option<Cow<'a, str>>,
    /// How it ended.
    pub notes: Vec<Note<'a>>,
    /// What.
    pub parts: Vec<MessagePart<'a>>,
    /// What else it had, under the path to it.
    pub rest: Vec<Field<'a>>,
    /// What its parts say that they are, where their looks say it already.
    pub kinds: Vec<Cow<'a, str>>,
}

/// A word beside a message or a result: why it stopped, that it failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Note<'a> {
    /// What is said.
    pub label: &'static str,
    /// What about it, as it was sent.
    pub value: Cow<'a, str>,
    /// How much it matters.
    pub tone: Tone,
}

/// How much a note matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Plain,
    /// Less came than was meant to.
    Warn,
    /// It failed.
    Bad,
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum MessagePart<'a> {
    /// Words.
    Text(Cow<'a, str>),
    /// Words before the answer.
    Thinking(Cow<'a, str>),
    /// Words instead of an answer.
    Refusal(Cow<'a, str>),
    /// A call of a tool.
    Call {
        /// The tool.
        name: Cow<'a, str>,
        /// The call's id.
        id: Option<Cow<'a, str>>,
        /// What it is called with, mostly JSON.
        arguments: Cow<'a, str>,
    },
    /// What a tool gave back.
    Result {
        /// The tool.
        name: Option<Cow<'a, str>>,
        /// The call's id.
        id: Option<Cow<'a, str>>,
        /// Whether it failed.
        notes: Vec<Note<'a>>,
        /// What it gave. Text among it may be JSON.
        parts: Vec<MessagePart<'a>>,
    },
    /// A file that came along, mostly an image: its type, and its bytes in base64.
    Image(Cow<'a, str>, Cow<'a, str>),
    /// Something that did not come along: only where it is.
    Link(Cow<'a, str>),
    /// Anything else.
    Other(Json<'a>),
}

/// Images of these types are shown; anything else could be a document.
pub const IMAGES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Longer ones are not shown, in bytes of base64: who wants them opens the payload raw.
pub const MAX_IMAGE_BYTES: usize = 8 * 1024 * 1024;

/// Whether this can be an image that is shown, and is nothing that somebody could read.
#[must_use]
pub fn is_image(media: &str, data: &str) -> bool {
    IMAGES.contains(&media) && data.len() <= MAX_IMAGE_BYTES && is_base64(data)
}

/// Whether a text can be bytes in base64, and is nothing else.
#[must_use]
pub fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

/// A payload of more keys and values than this is not taken apart, unless it is
/// a stream, which is joined. A message takes six, and some 300 bytes of memory.
const MAX_TOKENS: usize = 40_000;

/// What holds a conversation is looked into so far.
const MAX_DEPTH: usize = 3;

/// The conversation in a payload, if it is one.
#[must_use]
pub fn find(json: Json<'_>) -> Option<Chat<'_>> {
    if let Some(chat) = stream::read_stream(json) {
        return Some(chat);
    }
    if json.tokens().take(MAX_TOKENS + 1).count() > MAX_TOKENS {
        return None;
    }
    find_in(json, MAX_DEPTH)
}

fn find_in(json: Json<'_>, depth: usize) -> Option<Chat<'_>> {
    match json.kind() {
        Kind::Array => list(json, depth),
        Kind::Object => object(json, depth),
        Kind::Text | Kind::Scalar => None,
    }
}

/// Messages, and whatever stands among them.
fn list(json: Json<'_>, depth: usize) -> Option<Chat<'_>> {
    if let Some(chat) = stream::read_stream(json) {
        return Some(chat);
    }
    let first = json.items().next()?;
    // Frameworks that take many prompts at once send lists of lists.
    if first.kind() == Kind::Array {
        let depth = depth.checked_sub(1)?;
        let lists: Option<Vec<_>> = json.items().map(|item| find_in(item, depth)).collect();
        let mut all = Chat::default();
        for mut chat in lists? {
            all.messages.append(&mut chat.messages);
            all.rest.append(&mut chat.rest);
        }
        return Some(all);
    }
    let reader = |item| message::read_messages(item).or_else(|| message::without_role(item));
    if let Some(messages) = each(json, reader).or_else(|| message::of_parts(json)) {
        return Some(Chat { messages, rest: vec![] });
    }
    // A list of what a step gave, of which there is one.
    let depth = depth.checked_sub(1)?;
    let is_only = json.items().nth(1).is_none();
    if is_only { find_in(first, depth) } else { None }
}

/// The messages of a list of which at least one is known: one that is not must
/// not keep the others from being read.
fn each<'a>(
    json: Json<'a>,
    reader: impl Fn(Json<'a>) -> Option<Vec<Message<'a>>>,
) -> Option<Vec<Message<'a>>> {
    let mut is_chat = false;
    let mut messages = vec![];
    for item in json.items() {
        match reader(item) {
            Some(mut read) => {
                is_chat = true;
                messages.append(&mut read);
            }
            None => messages.push(message::unknown_message(item)),
        }
    }
    is_chat.then_some(messages)
}

/// The fields that hold messages, in the order in which they are said.
const LISTS: [&str; 6] = ["messages", "contents", "chat_history", "input", "new_message", "output"];

/// The fields that hold what holds a conversation.
const HOLDERS: [&str; 9] =
    ["inputs", "outputs", "input", "output", "update", "request", "response", "result", "body"];

/// The fields that tell the model what it is.
const SYSTEM: [&str; 5] =
    ["instructions", "system_instructions", "system_instruction", "systemInstruction", "system"];

fn object(json: Json<'_>, depth: usize) -> Option<Chat<'_>> {
    if let Some(messages) = message::read_messages(json) {
        return Some(Chat { messages, rest: vec![] });
    }
    let mut fields = Fields::of(json)?;
    let mut found = Chat::default();
    for name in LISTS {
        found.add(
            name,
            fields.read(name, |json| match json.kind() {
                Kind::Array => list(json, 1),
                _ => message::read_messages(json).map(|messages| Chat { messages, rest: vec![] }),
            }),
        );
    }
    found.messages.extend(prompt(&mut fields));
    found.messages.extend(answer::read_answers(&mut fields));
    if let Some(depth) = depth.checked_sub(1).filter(|_| found.messages.is_empty()) {
        for name in HOLDERS {
            found.add(name, fields.read(name, |json| find_in(json, depth)));
        }
    }
    let last = found.messages.pop()?;
    found.messages.push(last.noted(&mut fields));
    for name in SYSTEM {
        let system = fields.read(name, |json| message::message_of("system", json));
        let system = system.into_iter().flatten().map(Message::into_system);
        found.messages.splice(0..0, system);
    }
    found.rest.splice(0..0, fields.rest());
    Some(found)
}

impl<'a> Chat<'a> {
    /// Adds what was found in the field of this name.
    fn add(&mut self, name: &str, found: Option<Chat<'a>>) {
        let Some(mut found) = found else { return };
        self.messages.append(&mut found.messages);
        let under = |(key, value)| (Cow::Owned(format!("{name}.{key}")), value);
        self.rest.extend(found.rest.into_iter().map(under));
    }
}

/// What was asked, where that is no list. Inputs of tools are texts, too, so it
/// takes another field to tell that a model was asked.
fn prompt<'a>(fields: &mut Fields<'a>) -> Vec<Message<'a>> {
    if let Some(contents) = fields.read("contents", |json| message::message_of("user", json)) {
        return contents;
    }
    let has_model = fields.peek_text("model").is_some_and(|model| !model.contains("embed"));
    let others = ["instructions", "previous_response_id", "max_output_tokens"];
    if !has_model && !others.iter().any(|name| fields.peek(name).is_some()) {
        return vec![];
    }
    let text = fields.text(&["input", "prompt"]);
    text.map(|text| Message::of("user", vec![MessagePart::Text(text)])).into_iter().collect()
}
