//! The steps of a run, or the turns of a session, as one thread: what was said, called and
//! given back, in the order in which it was. Calls of models carry all that was said before;
//! of what they say only that is new which has not been in the thread so often.

use std::borrow::Cow;
use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use super::chat;
use super::chat::{Field, Message, MessagePart, Note, Tone};
use super::messages::side;
use crate::dashboard::ui::json::{Json, Kind};
use crate::model::Micros;

/// An object with more fields is data.
const FEW: usize = 8;

/// What a step is to the thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// The call of a model.
    Call,
    /// The use of a tool, and what is like it.
    Tool,
    /// What holds others that say the same: of it only that is shown which they do not say.
    Whole,
    /// A call from before the thread begins: what it says is known.
    Known,
}

/// A step, as far as it was read.
#[derive(Debug)]
pub struct Step<'a> {
    /// What it is.
    pub kind: StepKind,
    /// The name of a tool.
    pub name: &'a str,
    /// When it began, if that is known.
    pub start: Option<Micros>,
    /// When it ended, if that is known.
    pub end: Option<Micros>,
    /// What went in, as JSON.
    pub input: Option<Cow<'a, str>>,
    /// What came out, as JSON.
    pub output: Option<Cow<'a, str>>,
    /// Whether it failed.
    pub failed: bool,
}

/// What a step adds to the thread at some time.
#[derive(Debug)]
pub struct Turn<'a> {
    /// The step, by its place.
    pub step: usize,
    /// Whether the step ends with it.
    pub is_end: bool,
    /// What is new.
    pub messages: Vec<Message<'a>>,
}

/// How often each part has been in the thread.
#[derive(Debug, Default)]
pub struct Thread {
    shown: HashMap<u64, usize>,
    /// The same of calls by the spans of their tools.
    used: HashMap<u64, usize>,
}

/// The steps as a thread.
#[must_use]
pub fn thread<'a>(steps: &'a [Step<'a>]) -> Vec<Turn<'a>> {
    let has_calls = steps.iter().any(|step| step.kind == StepKind::Call);
    let mut moments: Vec<(Micros, u8, usize, bool)> = vec![];
    let mut last = Micros::MIN;
    for (at, step) in steps.iter().enumerate() {
        let start = step.start.unwrap_or(last);
        last = start;
        let end = step.end.unwrap_or(start).max(start);
        moments.push((start, 1, at, false));
        // What ended comes before what began then.
        moments.push((end, if end > start { 0 } else { 2 }, at, true));
    }
    // What holds others begins before them, and ends after them.
    let whole = |at: usize| steps.get(at).is_some_and(|step| step.kind == StepKind::Whole);
    moments.sort_by_key(|(time, rank, at, is_end)| {
        (whole(*at) && *is_end, *time, *rank, !whole(*at), *at)
    });
    let mut known = Thread::default();
    let mut turns = vec![];
    for (_, _, at, is_end) in moments {
        let Some(step) = steps.get(at) else { continue };
        let messages = known.messages(step, is_end, has_calls);
        if !messages.is_empty() || (is_end && step.failed && step.kind != StepKind::Whole) {
            turns.push(Turn { step: at, is_end, messages });
        }
    }
    // What was asked stands in what calls were told, in its place there; else it is the beginning.
    let is_asked = |turn: &Turn<'_>| turn.messages.iter().any(|said| side(&said.role) == "user");
    if has_calls && !turns.iter().any(is_asked) {
        let asked = steps.iter().enumerate().find(|(_, step)| step.kind == StepKind::Whole);
        let input = asked.and_then(|(at, step)| Some((at, step.input.as_deref()?)));
        if let Some((step, input)) = input {
            turns.insert(0, Turn { step, is_end: false, messages: said(input, "user") });
        }
    }
    turns
}

impl Thread {
    fn messages<'a>(
        &mut self,
        step: &'a Step<'a>,
        is_end: bool,
        has_calls: bool,
    ) -> Vec<Message<'a>> {
        let (payload, role) =
            if is_end { (&step.output, "assistant") } else { (&step.input, "user") };
        match step.kind {
            StepKind::Tool if is_end => vec![],
            StepKind::Tool => self.tool(step),
            StepKind::Call | StepKind::Whole | StepKind::Known => {
                let Some(payload) = payload else { return vec![] };
                let is_whole = step.kind == StepKind::Whole && has_calls;
                // What an agent takes and gives may be data that its calls say in words.
                if is_whole && !is_end && chat::find(Json::new(payload)).is_none() {
                    return vec![];
                }
                let is_data = |message: &Message<'_>| {
                    message.parts.iter().all(|part| matches!(part, MessagePart::Other(_)))
                };
                let mut said = said(payload, role);
                said.retain(|message| !(is_whole && is_data(message)));
                if step.kind == StepKind::Call && is_end {
                    self.remember(&said);
                    return said;
                }
                let new = self.only_new(said);
                if step.kind == StepKind::Known { vec![] } else { new }
            }
        }
    }

    /// Those messages, and parts of them, that are in the thread less often than here.
    pub fn only_new<'a>(&mut self, messages: Vec<Message<'a>>) -> Vec<Message<'a>> {
        let mut here: HashMap<u64, usize> = HashMap::new();
        let new = messages.into_iter().filter_map(|mut message| {
            let role = side(&message.role);
            let was_empty = message.parts.is_empty();
            message.parts.retain(|part| {
                let key = key(role, part);
                let times = here.entry(key).or_default();
                *times += 1;
                let shown = self.shown.entry(key).or_default();
                let is_new = *times > *shown;
                *shown = (*shown).max(*times);
                is_new
            });
            // Thoughts alone are repeated with what they led to.
            let thinks = |part: &MessagePart<'_>| matches!(part, MessagePart::Thinking(_));
            (!was_empty && !message.parts.iter().all(thinks)).then_some(message)
        });
        new.collect()
    }

    /// A turn of a session: what was asked is new, whatever was said before, and so is what was
    /// answered. Of what came along from before that is new which was not there; where the
    /// session began earlier, none of it is.
    pub fn turn<'a>(
        &mut self,
        input: Option<&'a str>,
        output: Option<&'a str>,
        began_earlier: bool,
    ) -> Vec<Message<'a>> {
        let mut asked = input.map(|input| said(input, "user")).unwrap_or_default();
        let last = asked.iter().rposition(|message| side(&message.role) == "user");
        let question = asked.split_off(last.unwrap_or(0));
        let before = self.only_new(asked);
        let answer = output.map(|output| said(output, "assistant")).unwrap_or_default();
        // Frameworks give back all messages: those after the question are the answer.
        let last = answer.iter().rposition(|message| side(&message.role) == "user");
        let answer: Vec<_> = answer.into_iter().skip(last.map_or(0, |last| last + 1)).collect();
        self.remember(&question);
        self.remember(&answer);
        let before = if began_earlier { vec![] } else { before };
        before.into_iter().chain(question).chain(answer).collect()
    }

    fn remember(&mut self, messages: &[Message<'_>]) {
        for message in messages {
            for part in &message.parts {
                *self.shown.entry(key(side(&message.role), part)).or_default() += 1;
            }
        }
    }

    fn tool<'a>(&mut self, step: &'a Step<'a>) -> Vec<Message<'a>> {
        let text = |json: &'a Cow<'a, str>| {
            let json = Json::new(json);
            json.text().unwrap_or(Cow::Borrowed(json.raw()))
        };
        let mut parts = vec![];
        let arguments = step.input.as_ref().map(text).unwrap_or_default();
        let call = MessagePart::Call { name: step.name.into(), id: None, arguments };
        let times = self.used.entry(key("", &call)).or_default();
        *times += 1;
        let shown = self.shown.entry(key("", &call)).or_default();
        if *times > *shown {
            *shown = *times;
            parts.push(call);
        }
        if let Some(output) = &step.output {
            let failed = step.failed.then(|| Note {
                label: "status",
                value: "error".into(),
                tone: Tone::Bad,
            });
            let result = MessagePart::Result {
                name: Some(step.name.into()),
                id: None,
                notes: failed.into_iter().collect(),
                parts: vec![MessagePart::Text(text(output))],
            };
            *self.shown.entry(key("", &result)).or_default() += 1;
            parts.push(result);
        }
        if parts.is_empty() {
            return vec![];
        }
        vec![Message { role: "tool".into(), parts, ..Message::default() }]
    }
}

/// What a payload says: the messages in it, or all of it as one of this role.
#[must_use]
pub fn said<'a>(payload: &'a str, role: &'static str) -> Vec<Message<'a>> {
    let json = Json::new(payload);
    if let Some(chat) = chat::find(json) {
        return chat.messages;
    }
    let (part, rest) = match json.text() {
        Some(text) if text.trim().is_empty() => return vec![],
        Some(text) => (MessagePart::Text(text), vec![]),
        None if json.is_null() => return vec![],
        None => match words(json) {
            Some((text, rest)) => (MessagePart::Text(text), rest),
            None => (MessagePart::Other(json), vec![]),
        },
    };
    vec![Message { role: role.into(), parts: vec![part], rest, ..Message::default() }]
}

/// The fields that programs put words into, the likeliest first.
const WORDS: [&str; 11] = [
    "message",
    "question",
    "query",
    "prompt",
    "user_input",
    "answer",
    "response",
    "output",
    "input",
    "text",
    "content",
];

/// The text of an object that is about one, and what else it has.
fn words(json: Json<'_>) -> Option<(Cow<'_, str>, Vec<Field<'_>>)> {
    if json.kind() != Kind::Object {
        return None;
    }
    let mut entries: Vec<_> = json.entries().take(FEW + 1).collect();
    if entries.len() > FEW {
        return None;
    }
    let at = WORDS.iter().find_map(|name| entries.iter().position(|(key, _)| key == name))?;
    let text = entries.get(at)?.1.text().filter(|text| !text.trim().is_empty())?;
    entries.remove(at);
    Some((text, entries))
}

/// What is the same of parts that say the same, however they are written.
fn key(role: &str, part: &MessagePart<'_>) -> u64 {
    let mut text = String::new();
    let (kind, content) = match part {
        MessagePart::Text(said) if role == "tool" => ("result", &**said),
        MessagePart::Text(said) | MessagePart::Refusal(said) => (role, &**said),
        MessagePart::Thinking(said) => ("thinking", &**said),
        MessagePart::Call { name, arguments, .. } => {
            text.push_str(name);
            ("call", &**arguments)
        }
        MessagePart::Result { parts, .. } => {
            for part in parts {
                match part {
                    MessagePart::Text(said) => text.push_str(said),
                    MessagePart::Other(json) => text.push_str(json.raw()),
                    part => text.push_str(&key(role, part).to_string()),
                }
            }
            ("result", "")
        }
        MessagePart::Image(_, data) => ("image", &**data),
        MessagePart::Link(url) => ("link", &**url),
        MessagePart::Other(json) if role == "tool" => ("result", json.raw()),
        MessagePart::Other(json) => (role, json.raw()),
    };
    text.push_str(content);
    // JSON is written with spaces here and without them there.
    text.retain(|letter| !letter.is_whitespace());
    xxh3_64(format!("{kind} {text}").as_bytes())
}

#[cfg(test)]
mod tests;
