//! Answers that were kept as they came, in chunks: `OpenAI`'s `chat.completion.chunk`
//! and Anthropic's events, joined to the message that they are.

use std::borrow::Cow;
use std::collections::HashSet;

use super::fields::{Field, Fields, Left};
use super::part;
use super::part::At;
use super::{Chat, Message, MessagePart};
use crate::dashboard::ui::json::{Json, Kind};

/// Most messages, calls and blocks of one answer.
const MAX_PLACES: usize = 1_000;

/// Most fields besides the message. Each takes some 100 bytes of memory.
const MAX_REST: usize = 20_000;

/// What chunks say besides the message: once where they all say the same.
#[derive(Default)]
struct Once<'a> {
    seen: HashSet<(Cow<'a, str>, &'a str)>,
    fields: Vec<Field<'a>>,
}

impl<'a> Once<'a> {
    /// Keeps what was not read; `None` when that is so much that it is no answer.
    fn keep(&mut self, path: &str, fields: Fields<'a>) -> Option<()> {
        let mut left = Left::default();
        left.keep(path, fields);
        for (name, value) in left.fields {
            if self.seen.insert((name.clone(), value.raw())) {
                self.fields.push((name, value));
            }
        }
        (self.fields.len() <= MAX_REST).then_some(())
    }
}

/// The message that the chunks in a list are, if it is such a list.
pub fn read_stream(json: Json<'_>) -> Option<Chat<'_>> {
    let first = json.items().find(|item| item.kind() == Kind::Object)?;
    if first.get("choices").is_some() { openai(json) } else { anthropic(json) }
}

#[derive(Default)]
struct Choice<'a> {
    number: &'a str,
    role: Option<Cow<'a, str>>,
    text: String,
    thinking: String,
    refusal: String,
    calls: Vec<Call<'a>>,
    rest: Once<'a>,
    notes: Vec<super::Note<'a>>,
}

#[derive(Default)]
struct Call<'a> {
    number: &'a str,
    name: String,
    id: Option<Cow<'a, str>>,
    arguments: String,
}

/// The one with this number, which is made when it is not there.
fn at<'v, 'a, T: Default>(
    all: &'v mut Vec<T>,
    number: &'a str,
    of: impl Fn(&mut T) -> &mut &'a str,
) -> Option<&'v mut T> {
    let place = all.iter_mut().position(|one| *of(one) == number).unwrap_or(all.len());
    if place == all.len() && place < MAX_PLACES {
        let mut one = T::default();
        *of(&mut one) = number;
        all.push(one);
    }
    all.get_mut(place)
}

fn number<'a>(fields: &Fields<'a>) -> &'a str {
    fields.peek("index").map_or("0", Json::raw)
}

fn openai(json: Json<'_>) -> Option<Chat<'_>> {
    let mut choices: Vec<Choice<'_>> = vec![];
    let mut rest = Once::default();
    let mut is_stream = false;
    for item in json.items() {
        let mut chunk = Fields::of(item)?;
        let list = chunk.read("choices", |list| (list.kind() == Kind::Array).then_some(list))?;
        for item in list.items() {
            let mut fields = Fields::of(item)?;
            let choice = at(&mut choices, number(&fields), |choice| &mut choice.number)?;
            if let Some(mut delta) = fields.read("delta", Fields::of) {
                is_stream = true;
                choice.add(&mut delta)?;
                choice.rest.keep("delta", delta)?;
            }
            choice.notes.extend(fields.notes());
            choice.rest.keep("", fields)?;
        }
        rest.keep("", chunk)?;
    }
    if !is_stream {
        return None;
    }
    let messages = choices.into_iter().map(Choice::message).collect();
    Some(Chat { messages, rest: rest.fields })
}

impl<'a> Choice<'a> {
    fn add(&mut self, delta: &mut Fields<'a>) -> Option<()> {
        let is_new = |role: &Cow<'a, str>| self.role.as_ref().is_none_or(|known| known == role);
        if let Some(role) = delta.read("role", |role| role.text().filter(is_new)) {
            self.role = Some(role);
        }
        self.text.extend(delta.text(&["content"]));
        self.thinking.extend(delta.text(&["reasoning_content", "reasoning"]));
        self.refusal.extend(delta.text(&["refusal"]));
        let calls = delta.read("tool_calls", |list| (list.kind() == Kind::Array).then_some(list));
        for item in calls.into_iter().flat_map(Json::items) {
            let mut fields = Fields::of(item)?;
            let call = at(&mut self.calls, number(&fields), |call| &mut call.number)?;
            call.add(&mut fields);
            self.rest.keep(&format!("tool_calls.{}", call.number), fields)?;
        }
        // As it was before there were several calls at once.
        if let Some(mut fields) = delta.read("function_call", Fields::of) {
            at(&mut self.calls, "", |call| &mut call.number)?.add(&mut fields);
            self.rest.keep("function_call", fields)?;
        }
        Some(())
    }

    fn message(self) -> Message<'a> {
        let mut parts = vec![];
        let some =
            |text: String| Some(Cow::Owned(text)).filter(|text: &Cow<'_, str>| !text.is_empty());
        parts.extend(some(self.thinking).map(MessagePart::Thinking));
        parts.extend(some(self.text).map(MessagePart::Text));
        parts.extend(some(self.refusal).map(MessagePart::Refusal));
        parts.extend(self.calls.into_iter().map(|call| MessagePart::Call {
            name: call.name.into(),
            id: call.id,
            arguments: call.arguments.into(),
        }));
        let mut message = Message::of(self.role.unwrap_or("assistant".into()), parts);
        message.notes = self.notes;
        message.rest = self.rest.fields;
        message
    }
}

impl<'a> Call<'a> {
    fn add(&mut self, fields: &mut Fields<'a>) {
        fields.open("function");
        // Some say the name with every chunk.
        let name = fields.text(&["name"]).filter(|name| **name != self.name);
        self.name.extend(name);
        self.arguments.extend(fields.text(&["arguments"]));
        let id = fields.read("id", |id| {
            id.text().filter(|id| self.id.as_ref().is_none_or(|known| known == id))
        });
        self.id = self.id.take().or(id);
    }
}

fn is_delta(kind: &str) -> bool {
    matches!(
        kind,
        "text_delta"
            | "thinking_delta"
            | "input_json_delta"
            | "signature_delta"
            | "citations_delta"
    )
}

/// A block of an answer of Anthropic's.
#[derive(Default)]
struct Block<'a> {
    number: &'a str,
    start: Option<Json<'a>>,
    /// What came of it.
    came: String,
}

fn anthropic(json: Json<'_>) -> Option<Chat<'_>> {
    let mut blocks: Vec<Block<'_>> = vec![];
    let mut message: Option<Message<'_>> = None;
    let mut others = vec![];
    let (mut rest, mut left) = (Once::default(), Left::default());
    let mut notes = vec![];
    for item in json.items() {
        let mut event = Fields::of(item)?;
        let kind = event.text(&["type"])?;
        match &*kind {
            "message_start" if message.is_none() => {
                let start = event.read("message", super::message::read_messages)?;
                message = start.into_iter().next();
            }
            "content_block_start" => {
                let block = at(&mut blocks, number(&event), |block| &mut block.number)?;
                if block.start.is_some() {
                    others.push(MessagePart::Other(item));
                    continue;
                }
                block.start = event.take(&["content_block"]);
            }
            "content_block_delta" => {
                let block = at(&mut blocks, number(&event), |block| &mut block.number)?;
                if let Some(mut delta) = event.read("delta", Fields::of) {
                    block.came.extend(delta.text(&["text", "thinking", "partial_json"]));
                    left.kind(delta.read("type", |kind| kind.text().filter(|kind| is_delta(kind))));
                    rest.keep(&format!("content.{}", block.number), delta)?;
                }
            }
            "message_delta" => {
                event.open("delta");
                notes.extend(event.notes());
            }
            "content_block_stop" | "message_stop" | "ping" => {}
            _ => {
                others.push(MessagePart::Other(item));
                continue;
            }
        }
        left.kind(Some(kind));
        rest.keep("", event)?;
    }
    let mut message = message?;
    for block in blocks {
        message.parts.extend(block.parts(&mut left));
    }
    message.parts.extend(others);
    message.notes.extend(notes);
    message.rest.extend(left.fields);
    message.kinds.extend(left.kinds);
    Some(Chat { messages: vec![message], rest: rest.fields })
}

impl<'a> Block<'a> {
    fn parts(self, left: &mut Left<'a>) -> Vec<MessagePart<'a>> {
        let path = format!("content.{}", self.number);
        let start = self.start.map(|json| part::read_part(json, At::field(&path), left));
        let came = self.came;
        let joined = |text: Cow<'_, str>| Cow::Owned(text.into_owned() + &came);
        match start {
            start if came.is_empty() => start.into_iter().collect(),
            Some(MessagePart::Call { name, id, arguments }) if matches!(&*arguments, "" | "{}") => {
                vec![MessagePart::Call { name, id, arguments: came.into() }]
            }
            Some(MessagePart::Thinking(text)) => vec![MessagePart::Thinking(joined(text))],
            Some(MessagePart::Text(text)) => vec![MessagePart::Text(joined(text))],
            start => start.into_iter().chain([MessagePart::Text(came.into())]).collect(),
        }
    }
}
