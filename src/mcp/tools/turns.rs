//! What is new in a call of a model: a request repeats what was said before it, in its trace
//! and, where a session goes on from one trace to the next, in those before.

use std::collections::{HashMap, HashSet};

use xxhash_rust::xxh3::xxh3_64;

use super::super::asked::at;
use super::super::text::{Object, part};
use crate::dashboard::span::chat;
use crate::dashboard::span::chat::{Message, MessagePart};
use crate::dashboard::ui::json::Json;
use crate::index::found::Span;
use crate::payload::Payloads;

/// How often messages were said in one call, by their hashes.
type Counts = HashMap<u64, usize>;

/// What was said so far.
#[derive(Default)]
pub(super) struct Heard {
    /// In this trace, and by its models.
    here: Counts,
    answers: HashSet<u64>,
    /// The same of the traces before it.
    before: Counts,
    answers_before: HashSet<u64>,
}

impl Heard {
    /// What is new in a call, each with its place among all that is said in it; all of that
    /// is known from then on. What stands before an answer of a trace before it, and that
    /// answer, is that trace's where it was said there.
    pub(super) fn new_in(&mut self, call: &Span, payloads: &Payloads) -> Vec<(usize, Turn)> {
        let Ok(body) = payloads.span(call) else {
            let text = "(The payload of this call could not be read.)".into();
            return vec![(0, Turn { role: "unreadable".into(), text, calls: vec![] })];
        };
        let mut all = said("user", body.input.as_deref());
        let asked = all.len();
        all.extend(said("assistant", body.output.as_deref()));
        let hashes: Vec<u64> = all.iter().map(Turn::hash).collect();
        let answered = |hash: &u64| self.answers_before.contains(hash);
        let old = hashes.iter().take(asked).rposition(answered).map_or(0, |at| at + 1);
        let mut counts = Counts::new();
        let mut new = Vec::new();
        for (m, (turn, hash)) in all.into_iter().zip(&hashes).enumerate() {
            let times = counts.entry(*hash).or_default();
            *times += 1;
            let known = |by: &Counts| *times <= by.get(hash).copied().unwrap_or_default();
            let was_said = known(&self.here) || (m < old && known(&self.before));
            if !was_said {
                if m >= asked && !turn.is_nothing() {
                    self.answers.insert(*hash);
                }
                new.push((m, turn));
            }
        }
        most(&mut self.here, counts);
        new
    }

    /// What comes now is of another trace.
    pub(super) fn end_trace(&mut self) {
        most(&mut self.before, std::mem::take(&mut self.here));
        self.answers_before.extend(self.answers.drain());
    }
}

/// Takes over what was said more often.
fn most(known: &mut Counts, more: Counts) {
    for (hash, times) in more {
        let before = known.entry(hash).or_default();
        *before = times.max(*before);
    }
}

/// What a payload says, in the order in which it stands there.
fn said(role: &str, payload: Option<&str>) -> Vec<Turn> {
    let Some(payload) = payload else { return Vec::new() };
    let json = Json::new(payload);
    match chat::find(json) {
        Some(chat) => chat.messages.iter().map(Turn::of).collect(),
        None if json.is_null() => Vec::new(),
        None => {
            let text = json.text().map_or_else(|| payload.to_owned(), String::from);
            vec![Turn { role: role.into(), text, calls: vec![] }]
        }
    }
}

/// Something that was said.
pub(super) struct Turn {
    role: String,
    text: String,
    calls: Vec<(String, String)>,
}

/// Bytes of a message's text, and of the arguments of a call of a tool, in an answer.
const TEXT_BYTES: usize = 2_000;
const ARGUMENTS_BYTES: usize = 500;
/// Calls of tools of one message that are shown.
const MAX_CALLS: usize = 8;

impl Turn {
    fn of(message: &Message<'_>) -> Self {
        let mut turn = Self { role: message.role.to_string(), text: String::new(), calls: vec![] };
        for part in &message.parts {
            turn.add(part);
        }
        turn
    }

    fn add(&mut self, part: &MessagePart<'_>) {
        let text = match part {
            MessagePart::Text(text) | MessagePart::Thinking(text) | MessagePart::Refusal(text) => {
                text
            }
            MessagePart::Call { name, arguments, .. } => {
                self.calls.push((name.to_string(), arguments.to_string()));
                return;
            }
            MessagePart::Result { parts, .. } => {
                // Results within results have an end in how they are read.
                return parts.iter().for_each(|part| self.add(part));
            }
            MessagePart::Image(..) => "[image]",
            MessagePart::Link(_) => "[link]",
            MessagePart::Other(json) => json.raw(),
        };
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
    }

    fn hash(&self) -> u64 {
        xxh3_64(format!("{}\0{}\0{:?}", self.role, self.text.trim(), self.calls).as_bytes())
    }

    fn is_nothing(&self) -> bool {
        self.text.trim().is_empty() && self.calls.is_empty()
    }

    /// It as a row of an answer.
    pub(super) fn row(&self, trace: &str, span: &Span) -> Object {
        let mut row = Object::new();
        row.text("traceId", trace).text("spanId", &span.id).shown("role", &self.role, 60);
        if let Some(time) = span.start_us {
            row.text("at", &at(time));
        }
        let (text, end) = part(&self.text, 0, TEXT_BYTES);
        row.text("text", text);
        let mut cut = end < self.text.len() || self.calls.len() > MAX_CALLS;
        let mut calls = Vec::new();
        for (name, arguments) in self.calls.iter().take(MAX_CALLS) {
            let (some, end) = part(arguments, 0, ARGUMENTS_BYTES);
            cut |= end < arguments.len();
            let mut call = Object::new();
            calls.push(call.shown("name", name, 120).text("arguments", some).end());
        }
        if !calls.is_empty() {
            row.list("toolCalls", &calls);
        }
        if cut {
            row.json("truncated", "true");
        }
        row
    }
}
