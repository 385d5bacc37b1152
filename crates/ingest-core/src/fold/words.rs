//! The words of texts, by which traces are found: those of the values in a payload's JSON, in
//! lower case. What writes them and what looks for them cut texts into words alike. Of
//! Chinese, Japanese and Korean, which has no spaces or particles in the way, each two
//! letters that stand together are a word.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::rc::Rc;

use xxhash_rust::xxh3::xxh3_64;

use super::part::Part;
use super::root::Root;
use super::sent::Sent;
use crate::json::text::unescape;
use crate::limits::{MAX_SEARCHED_BYTES, MAX_WORD_CHARS};
use crate::model::{Body, Json, SpanBody};

/// Bits of a word's hash: two words of a hundred in a trace share theirs with one that is
/// looked for in 1 of 100,000 traces, and the text itself then tells.
const HASH_BITS: u32 = 24;

/// JSON in texts in JSON: programs write that.
const MAX_NESTED: u32 = 3;

/// What blocks keep of a word.
#[must_use]
pub fn hash(word: &str) -> u32 {
    u32::try_from(xxh3_64(word.as_bytes()) >> (u64::BITS - HASH_BITS)).unwrap_or_default()
}

fn is_joined(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff)
}

/// A letter of those that are words by two is one itself where it stands alone.
fn end_joined(before: &mut Option<(char, bool)>, one: &mut impl FnMut(&str)) {
    if let Some((last, false)) = before.take() {
        one(last.encode_utf8(&mut [0; 4]));
    }
}

/// Calls with each word of a text, in order.
pub fn each_word(text: &str, mut one: impl FnMut(&str)) {
    let (mut word, mut chars) = (String::new(), 0);
    // The letter before, where it is one of those that are words by two, and whether it is
    // in one already.
    let mut before: Option<(char, bool)> = None;
    let mut rest = text;
    loop {
        // Most texts are ASCII for long stretches: its letters are taken together.
        let ascii = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let (letters, others) = rest.split_at_checked(ascii).unwrap_or((rest, ""));
        if !letters.is_empty() {
            end_joined(&mut before, &mut one);
            let fits = letters.len().min(MAX_WORD_CHARS - chars);
            let from = word.len();
            word.push_str(letters.get(..fits).unwrap_or_default());
            word.get_mut(from..).unwrap_or_default().make_ascii_lowercase();
            chars += fits;
        }
        let mut chars_left = others.chars();
        let c = chars_left.next();
        rest = chars_left.as_str();
        let joined = c.is_some_and(is_joined);
        if !joined {
            end_joined(&mut before, &mut one);
        }
        if let Some(c) = c.filter(|c| !joined && c.is_alphanumeric()) {
            if chars < MAX_WORD_CHARS {
                word.extend(c.to_lowercase());
                chars += 1;
            }
            continue;
        }
        if !word.is_empty() {
            one(&word);
            word.clear();
            chars = 0;
        }
        let Some(c) = c else { return };
        if joined {
            if let Some((last, _)) = before {
                word.extend([last, c]);
                one(&word);
                word.clear();
            }
            before = Some((c, before.is_some()));
        }
    }
}

/// Calls with each text and number that is a value in a payload, or is JSON in such a text.
/// Of a long one those that it begins and ends with.
pub fn each_text(json: &str, mut one: impl FnMut(&str)) {
    texts(json, 0, &mut one);
}

fn texts(json: &str, depth: u32, one: &mut impl FnMut(&str)) {
    let all = values(json);
    let total: usize = all.iter().map(|text| text.len()).sum();
    let head = if total <= MAX_SEARCHED_BYTES { total } else { MAX_SEARCHED_BYTES / 2 };
    let tail = (total - head).max(total.saturating_sub(MAX_SEARCHED_BYTES / 2));
    let mut at = 0;
    for value in all {
        let cut = |place: usize| value.floor_char_boundary(place.saturating_sub(at));
        for part in [value.get(..cut(head)), value.get(cut(tail.max(head))..)] {
            if let Some(part) = part.filter(|part| !part.is_empty()) {
                text(part, depth, one);
            }
        }
        at += value.len();
    }
}

/// The texts, without their quotes, and the numbers in JSON that are no names. What is cut off
/// counts as far as it came.
fn values(json: &str) -> Vec<&str> {
    let bytes = json.as_bytes();
    let rest = |at: usize| bytes.get(at..).unwrap_or_default();
    let (mut all, mut at) = (Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        let begin = at;
        if *byte == b'"' {
            at += 1;
            while let Some(byte) = bytes.get(at).filter(|byte| **byte != b'"') {
                at += if *byte == b'\\' { 2 } else { 1 };
            }
            let inner = json.get(begin + 1..at.min(bytes.len()));
            at += 1;
            if rest(at).iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b':') {
                all.extend(inner);
            }
        } else if byte.is_ascii_digit() {
            let is_in = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'.';
            at += rest(at).iter().take_while(is_in).count();
            all.extend(json.get(begin..at));
        } else {
            at += 1;
        }
    }
    all
}

fn text(inner: &str, depth: u32, one: &mut impl FnMut(&str)) {
    let text = if inner.contains('\\') { unescape(inner).into() } else { Cow::Borrowed(inner) };
    let start = text.trim_start();
    if start.starts_with(['{', '[']) && depth < MAX_NESTED {
        texts(start, depth + 1, one);
    } else if !start.starts_with("data:") {
        one(&text);
    }
}

/// The hashes of the words that events say of a trace: in its own input and output, and in the
/// inputs, outputs and errors of its root. Which span that is may turn out later: those of
/// all that may be it are here.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// Of spans that say no parent, and of the trace itself.
    plain: BTreeSet<u32>,
    /// Of spans with parents, as long as no other is the root.
    children: Vec<(Rc<str>, BTreeSet<u32>)>,
}

impl Heard {
    /// Takes in what an event says; `root` is that of all events it came with.
    pub(super) fn hear(&mut self, sent: &Sent, root: Option<&Root>) {
        match &sent.event.body {
            Body::Trace(trace) => take(&mut self.plain, [&trace.input, &trace.output], None),
            Body::Span(span) if span.parent.is_none() => take_span(&mut self.plain, span),
            Body::Span(span) => {
                let id = Part::span_id(span, sent);
                if may_be_root(root, &id) {
                    let mut words = BTreeSet::new();
                    take_span(&mut words, span);
                    self.children.push((id, words));
                }
            }
            Body::Score(_) => {}
        }
    }

    /// The words that the trace is found by, as far as they were said here.
    #[must_use]
    pub fn of_trace(self, root: Option<&Root>) -> BTreeSet<u32> {
        let Self { plain: mut words, children } = self;
        for (_, own) in children.into_iter().filter(|(id, _)| may_be_root(root, id)) {
            words.extend(own);
        }
        words
    }
}

/// Whether a span with a parent may be what the trace is shown by.
fn may_be_root(root: Option<&Root>, id: &str) -> bool {
    root.is_none_or(|root| root.child || root.partial || *root.id == *id)
}

fn take_span(words: &mut BTreeSet<u32>, span: &SpanBody) {
    take(words, [&span.input, &span.output], span.error_message.as_deref());
}

fn take(words: &mut BTreeSet<u32>, payloads: [&Option<Json>; 2], error: Option<&str>) {
    let mut take = |text: &str| {
        each_word(text, |word| {
            words.insert(hash(word));
        });
    };
    for json in payloads.into_iter().flatten() {
        each_text(json, &mut take);
    }
    take(beginning(error.unwrap_or_default()));
}

/// What of an error's text is searched.
#[must_use]
pub fn beginning(error: &str) -> &str {
    error.get(..error.floor_char_boundary(MAX_SEARCHED_BYTES)).unwrap_or(error)
}

/// What is looked for: each of these runs of words, wherever it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted(Vec<Vec<String>>);

/// Most words that are looked for at once.
const MAX_WANTED: usize = 12;

impl Wanted {
    /// Words, and in quotes words that stand together; nothing where there are none, or too
    /// many.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut runs = Vec::new();
        for (at, part) in text.split('"').enumerate() {
            let parts = if at % 2 == 1 { vec![part] } else { part.split_whitespace().collect() };
            for part in parts {
                let mut run = Vec::new();
                each_word(part, |word| run.push(word.to_owned()));
                runs.extend(Some(run).filter(|run| !run.is_empty()));
            }
        }
        let count: usize = runs.iter().map(Vec::len).sum();
        (1..=MAX_WANTED).contains(&count).then_some(Self(runs))
    }

    /// The runs of words.
    #[must_use]
    pub fn runs(&self) -> &[Vec<String>] {
        &self.0
    }

    /// The hashes of all words, each once.
    #[must_use]
    pub fn hashes(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self.0.iter().flatten().map(|word| hash(word)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether all of it is in texts.
    #[must_use]
    pub fn is_in<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> bool {
        let mut found = vec![false; self.0.len()];
        for text in texts {
            let mut words: Vec<String> = Vec::new();
            each_word(text, |word| words.push(word.to_owned()));
            for (run, found) in self.0.iter().zip(&mut found) {
                *found = *found || words.windows(run.len()).any(|words| words == &**run);
            }
        }
        found.into_iter().all(|found| found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let mut all = Vec::new();
        each_word(text, |word| all.push(word.to_owned()));
        all.join("|")
    }

    #[test]
    fn cuts_texts_into_words() {
        for (text, expected) in [
            ("", ""),
            ("Order #A-17 isn't here_yet.", "order|a|17|isn|t|here_yet"),
            ("ÄRGER Straße", "ärger|straße"),
            ("検索機能のtest", "検索|索機|機能|能の|test"),
            ("語", "語"),
            ("a語b漢字", "a|語|b|漢字"),
            (&"x".repeat(50), &"x".repeat(MAX_WORD_CHARS)),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn takes_the_values_of_json_and_of_json_in_it() {
        let texts = |json: &str| {
            let mut all = Vec::new();
            each_text(json, |text| all.push(text.to_owned()));
            all.join("|")
        };
        for (json, expected) in [
            (r#""plain""#, "plain"),
            (
                r#"{"role":"user", "n" : 4.25, "ok":true,"list":["a\nb",{"k":"\u00e9"}]}"#,
                "user|4.25|a\nb|é",
            ),
            (r#""{\"say\":\"one\\ntwo\",\"n\":7}""#, "one\ntwo|7"),
            (r#"{"image":"data:image/png;base64,AAAA","t":"x"}"#, "x"),
            (r#"{"cut":"off and no"#, "off and no"),
            (r#"{"cut":"off\"#, "off"),
            ("", ""),
        ] {
            assert_eq!(texts(json), expected, "{json}");
        }
        let half = MAX_SEARCHED_BYTES / 2;
        let long = format!(r#"["first","{}","last"]"#, "é".repeat(half));
        let all = texts(&long);
        assert!(all.starts_with("first|é") && all.ends_with("é|last") && all.len() <= 2 * half + 9);
    }

    #[test]
    fn finds_words_and_runs_of_words() {
        let text = ["Refund for order A-17", "索機能"];
        for (query, is_in) in [
            ("refund", true),
            ("ORDER refund", true),
            ("refunds", false),
            ("\"for order\"", true),
            ("\"order for\"", false),
            ("a-17", true),
            ("17-a", false),
            ("索機 機能", true),
            ("機索", false),
            ("\"17 索機\"", false),
        ] {
            assert_eq!(Wanted::parse(query).unwrap().is_in(text), is_in, "{query}");
        }
        for none in ["", " ", "\"\"", "--", &"a ".repeat(13)] {
            assert_eq!(Wanted::parse(none), None, "{none}");
        }
        assert_eq!(Wanted::parse("a b a").unwrap().hashes().len(), 2);
    }
}
