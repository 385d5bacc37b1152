//! The words of a payload that lists show: what the user said last, what was answered. Goes
//! once over the JSON as it was sent, in the shapes of the common APIs and frameworks; makes
//! no tree of values, does not recurse, and is a function of these bytes alone. Where there
//! are no words it is the JSON that is shown, on a line.

mod letters;

use std::ops::Range;

use self::letters::unescaped;
use crate::json::text::unescape;
use crate::limits::{MAX_PREVIEW_CHARS, MAX_PREVIEW_SCANNED_BYTES};

/// What a payload is to its span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// It went in.
    Input,
    /// It came out.
    Output,
}

/// Deeper values are passed over.
const MAX_DEPTH: usize = 24;

/// The fields that hold words, the likeliest first.
const INPUT: [&str; 13] = [
    "message",
    "question",
    "query",
    "prompt",
    "content",
    "parts",
    "text",
    "user_input",
    "input",
    "inputs",
    "args",
    "contents",
    "messages",
];
/// See [`INPUT`].
const OUTPUT: [&str; 16] = [
    "answer",
    "output_text",
    "content",
    "parts",
    "text",
    "response",
    "completion",
    "output",
    "outputs",
    "result",
    "message",
    "output_parsed",
    "candidates",
    "choices",
    "generations",
    "messages",
];
/// What words are worth that stand in some other field's object.
const ELSEWHERE: usize = 20;

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    User,
    Assistant,
    /// A tool, a system, a thought.
    Other,
}

/// Words, where they lie, and how likely they are what is looked for: less is likelier.
type Words = (usize, Range<usize>);

/// An object or an array that is open.
#[derive(Default)]
struct Frame {
    is_array: bool,
    /// Its place among the fields that hold words; none for other fields.
    rank: Option<usize>,
    role: Option<Role>,
    words: Option<Words>,
}

/// The words of a payload.
pub(super) fn words(json: &str, side: Side) -> String {
    let text = string(json).map(|text| unescape(beginning(text)));
    match text {
        // Programs write JSON into texts.
        Some(text) if text.trim_start().starts_with(['{', '[']) => {
            let whole = string(json).map(|text| unescape(scanned(text))).unwrap_or_default();
            find(&whole, side).unwrap_or_else(|| line(&unescaped(&text)))
        }
        Some(text) => line(&text),
        None => find(json, side).unwrap_or_else(|| line(&unescaped(beginning(json)))),
    }
}

/// A text as one line of so many characters.
pub(super) fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(MAX_PREVIEW_CHARS));
    let mut room = MAX_PREVIEW_CHARS;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty())
    {
        if !line.is_empty() {
            line.push(' ');
            room -= 1;
        }
        let count = word.chars().count();
        if count > room {
            line.extend(word.chars().take(room));
            line.push('…');
            break;
        }
        line.push_str(word);
        room -= count;
        if room < 2 {
            line.push('…');
            break;
        }
    }
    line
}

/// What of a text a preview can be made of, escaped as it may be.
fn beginning(text: &str) -> &str {
    text.get(..text.floor_char_boundary(8 * MAX_PREVIEW_CHARS)).unwrap_or(text)
}

/// What of a payload is searched.
fn scanned(json: &str) -> &str {
    json.get(..json.floor_char_boundary(MAX_PREVIEW_SCANNED_BYTES)).unwrap_or(json)
}

/// What stands between a string's quotes, if this is one; the last is missing where it is cut.
fn string(json: &str) -> Option<&str> {
    let inner = json.trim().strip_prefix('"')?;
    Some(inner.strip_suffix('"').unwrap_or(inner))
}

fn find(json: &str, side: Side) -> Option<String> {
    let mut scan = Scan { json: scanned(json), side, ..Scan::default() };
    scan.run();
    let wanted = if side == Side::Input { scan.user } else { scan.assistant };
    let words = wanted.or(scan.best.map(|(_, words)| words)).or(scan.other)?;
    let line = line(&unescape(beginning(json.get(words)?)));
    (!line.is_empty()).then_some(line)
}

struct Scan<'a> {
    json: &'a str,
    side: Side,
    open: Vec<Frame>,
    /// How many are open that are deeper than is looked.
    deeper: usize,
    /// What the user, the model and others said last.
    user: Option<Range<usize>>,
    assistant: Option<Range<usize>>,
    other: Option<Range<usize>>,
    /// Words that nobody is said to have said.
    best: Option<Words>,
}

impl Default for Scan<'_> {
    fn default() -> Self {
        let (user, assistant, other, best) = (None, None, None, None);
        let (json, side, open, deeper) = ("", Side::Input, Vec::new(), 0);
        Self { json, side, open, deeper, user, assistant, other, best }
    }
}

impl Scan<'_> {
    fn run(&mut self) {
        let bytes = self.json.as_bytes();
        let mut at = 0;
        let mut key: Option<Range<usize>> = None;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => {
                    // A text that is cut off counts as far as it came.
                    let end = end_of_string(bytes, at + 1).unwrap_or(bytes.len());
                    let inner = at + 1..end;
                    at = end + 1;
                    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                        at += 1;
                    }
                    if bytes.get(at) == Some(&b':') {
                        key = Some(inner);
                    } else if self.deeper == 0 {
                        self.text(key.take().as_ref(), inner);
                        continue;
                    } else {
                        continue;
                    }
                }
                b'{' | b'[' => self.enter(key.take().as_ref(), *byte == b'['),
                b'}' | b']' => self.leave(),
                b',' => key = None,
                _ => {}
            }
            at += 1;
        }
        // What was cut off counts as far as it came.
        while !self.open.is_empty() {
            self.leave();
        }
    }

    fn name(&self, range: &Range<usize>) -> &str {
        self.json.get(range.clone()).unwrap_or_default()
    }

    /// The place of a field among those that hold words.
    fn rank(&self, key: &Range<usize>) -> Option<usize> {
        let name = self.name(key);
        let fields = if self.side == Side::Input { &INPUT[..] } else { &OUTPUT[..] };
        fields.iter().position(|field| *field == name)
    }

    fn enter(&mut self, key: Option<&Range<usize>>, is_array: bool) {
        if self.deeper > 0 || self.open.len() == MAX_DEPTH {
            self.deeper += 1;
            return;
        }
        let rank = match key {
            Some(key) => self.rank(key),
            // An item is what its list is.
            None => self.open.last().map_or(Some(0), |list| list.rank),
        };
        self.open.push(Frame { is_array, rank, ..Frame::default() });
    }

    fn text(&mut self, key: Option<&Range<usize>>, text: Range<usize>) {
        let rank = match key {
            None => self.open.last().and_then(|list| list.rank),
            Some(key) => {
                let role = role_of(self.name(key), self.name(&text));
                if let (Some(role), Some(frame)) = (role, self.open.last_mut()) {
                    // A type says less than a role, and stands beside one.
                    frame.role = if self.json.get(key.clone()) == Some("role") {
                        Some(role)
                    } else {
                        frame.role.or(Some(role))
                    };
                }
                self.rank(key)
            }
        };
        let says = self.name(&text).bytes().any(|byte| !byte.is_ascii_whitespace());
        if let (Some(rank), Some(frame), true) = (rank, self.open.last_mut(), says) {
            better(&mut frame.words, (rank, text));
        }
    }

    fn leave(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let Some(frame) = self.open.pop() else { return };
        let Some((rank, words)) = frame.words else { return };
        if let Some(role) = frame.role {
            let said = match role {
                Role::User => &mut self.user,
                Role::Assistant => &mut self.assistant,
                Role::Other => &mut self.other,
            };
            *said = Some(words);
            return;
        }
        let Some(above) = self.open.last_mut() else {
            better(&mut self.best, (rank, words));
            return;
        };
        // What holds words is worth what its own field is, and a list what is in it.
        let rank = match frame.rank {
            _ if above.is_array => rank,
            Some(own) => own,
            // Words in a list of anything are no more than that.
            None if frame.is_array => return,
            None => (rank + ELSEWHERE).min(10 * ELSEWHERE),
        };
        better(&mut above.words, (rank, words));
    }
}

/// Takes the likelier words; of those that are alike the first.
fn better(known: &mut Option<Words>, new: Words) {
    if known.as_ref().is_none_or(|known| new.0 < known.0) {
        *known = Some(new);
    }
}

/// Who says what an object says that has this field.
fn role_of(key: &str, value: &str) -> Option<Role> {
    let is_role = matches!(key, "role" | "part_kind");
    if !is_role && !matches!(key, "type" | "kind") {
        return None;
    }
    match value {
        "user" | "human" | "HumanMessage" | "user-prompt" => Some(Role::User),
        "assistant" | "ai" | "AIMessage" | "AIMessageChunk" => Some(Role::Assistant),
        "model" if is_role => Some(Role::Assistant),
        "text" if key == "part_kind" => Some(Role::Assistant),
        "system"
        | "developer"
        | "tool"
        | "function"
        | "thinking"
        | "reasoning"
        | "tool_use"
        | "tool_result"
        | "tool_call"
        | "tool_call_response"
        | "function_call"
        | "function_call_output"
        | "redacted_thinking" => Some(Role::Other),
        _ if is_role => Some(Role::Other),
        _ => None,
    }
}

/// Where the quote is that ends a string.
fn end_of_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// For text that is cut, of which no more than a beginning is needed.
pub(super) fn error(text: &str) -> String {
    line(beginning(text))
}

#[cfg(test)]
mod tests;
