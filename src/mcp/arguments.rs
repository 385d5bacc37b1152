//! What tools take: a table of each, from which their schemas are written and by which
//! arguments are read. A number out of range is held at the limit, and the answer says so;
//! anything else that is wrong is a sentence that names the argument and what it takes.

use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use xxhash_rust::xxh3::xxh3_64;

use super::refusal::Refusal;
use super::text::{Object, quoted};
use crate::api::{parse_end, parse_time};
use crate::dashboard::ui::json::{Json, Kind};
use crate::index::traces::ListPlace;
use crate::json::descend;
use crate::limits::MAX_ID_BYTES;
use crate::model::{Micros, Millis};

/// What an argument is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Takes {
    Text,
    /// One of some words; the first where none is said.
    One(&'static [&'static str]),
    /// At most so many texts.
    Texts(usize),
    /// A whole number between two; and what it is where none is said.
    Whole(i64, i64, i64),
    Number,
    Time,
    /// Where an answer before goes on.
    Cursor,
}

/// An argument of a tool.
#[derive(Debug, Clone, Copy)]
pub(super) struct Argument {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    /// For those that read the schema.
    pub(super) about: &'static str,
    /// Where to find it, of what every call needs.
    pub(super) needed: Option<&'static str>,
}

/// An argument that a call may leave out.
pub(super) const fn may(name: &'static str, takes: Takes, about: &'static str) -> Argument {
    Argument { name, takes, about, needed: None }
}

/// The trace that a call is about.
pub(super) const TRACE_ID: Argument = Argument {
    name: "trace_id",
    takes: Takes::Text,
    about: "The trace's id.",
    needed: Some("search_traces finds it"),
};

/// Where to go on.
pub(super) const CURSOR: Argument =
    may("cursor", Takes::Cursor, "nextCursor of the answer before, with the same arguments.");

/// How many.
pub(super) const LIMIT: Argument = may("limit", Takes::Whole(1, 50, 20), "At most so many.");

impl Takes {
    /// As sentences have it.
    fn words(self) -> String {
        match self {
            Self::Text => format!("a text of at most {MAX_ID_BYTES} bytes"),
            Self::One(words) => format!("one of {}", words.join(", ")),
            Self::Texts(most) => format!("a list of at most {most} texts"),
            Self::Whole(least, most, _) if most == i64::MAX => {
                format!("a whole number of at least {least}")
            }
            Self::Whole(least, most, _) => format!("a whole number from {least} to {most}"),
            Self::Number => "a number".into(),
            Self::Time => "a time such as 2026-11-24T10:00:00Z, or 24h, or 7d".into(),
            Self::Cursor => "the nextCursor of an answer".into(),
        }
    }

    /// As a schema has it.
    fn schema(self, about: &str) -> String {
        let mut schema = Object::new();
        let kind = match self {
            Self::Texts(_) => "\"array\"",
            Self::Whole(..) => "\"integer\"",
            Self::Number => "\"number\"",
            _ => "\"string\"",
        };
        schema.json("type", kind);
        match self {
            Self::One(words) => {
                let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
                schema.list("enum", &words);
            }
            Self::Texts(most) => {
                schema.json("items", r#"{"type":"string"}"#).json("maxItems", &most.to_string());
            }
            Self::Whole(least, most, default) => {
                schema.whole("minimum", least);
                schema.known("maximum", Some(most).filter(|most| *most < i64::MAX));
                schema.whole("default", default);
            }
            _ => {}
        }
        schema.text("description", about).end()
    }
}

/// The schema of what a tool takes.
pub(super) fn schema(takes: &[Argument]) -> String {
    let mut properties = String::new();
    for Argument { name, takes, about, .. } in takes {
        let comma = if properties.is_empty() { "" } else { "," };
        write!(properties, "{comma}{}:{}", quoted(name), takes.schema(about)).ok();
    }
    let needed = takes.iter().filter(|one| one.needed.is_some());
    let needed: Vec<_> = needed.map(|one| quoted(one.name)).collect();
    let mut schema = Object::new();
    schema.json("type", "\"object\"").json("properties", &format!("{{{properties}}}"));
    if !needed.is_empty() {
        schema.list("required", &needed);
    }
    schema.json("additionalProperties", "false").end()
}

/// The arguments of a call.
#[derive(Debug)]
pub(super) struct Arguments<'t> {
    tool: &'static str,
    takes: &'static [Argument],
    given: Vec<(&'static str, Json<'t>)>,
    now: Millis,
    /// What was held at a limit, for whoever asked.
    pub(super) held: String,
    /// What a cursor belongs to: all but the cursor.
    hash: u32,
}

impl<'t> Arguments<'t> {
    /// Reads the arguments of a tool.
    pub(super) fn read(
        tool: &'static str,
        takes: &'static [Argument],
        sent: Json<'t>,
        now: Millis,
    ) -> Result<Self, Refusal> {
        let mut given: Vec<(&'static str, Json<'t>)> = Vec::new();
        for (key, value) in sent.entries() {
            let Some(one) = takes.iter().find(|one| one.name == key) else {
                let names: Vec<_> = takes.iter().map(|one| one.name).collect();
                let why = format!("There is no such argument. {tool} takes {}.", names.join(", "));
                return Err(Refusal::Told(why));
            };
            given.retain(|(name, _)| *name != one.name);
            if !value.is_null() {
                given.push((one.name, value));
            }
        }
        given.sort_by_key(|(name, _)| *name);
        let others = given.iter().filter(|(name, _)| *name != CURSOR.name);
        let text = others
            .fold(tool.to_owned(), |all, (name, value)| format!("{all}\n{name}={}", value.raw()));
        #[expect(clippy::cast_possible_truncation, reason = "a hash of fewer bits")]
        let hash = xxh3_64(text.as_bytes()) as u32;
        let mut read = Self { tool, takes, given, now, held: String::new(), hash };
        read.check()?;
        Ok(read)
    }

    /// Checks each, so that none is wrong when it is asked for.
    fn check(&mut self) -> Result<(), Refusal> {
        for one in self.takes {
            let value = self.find(one.name);
            let Some(value) = value else {
                if let Some(found_by) = one.needed {
                    let (name, tool) = (one.name, self.tool);
                    let why = format!("{name} is missing. {tool} needs {name}; {found_by}.");
                    return Err(Refusal::Told(why));
                }
                continue;
            };
            let text = value.text();
            let is_short = text.as_deref().is_some_and(|text| text.len() <= MAX_ID_BYTES);
            let right = match one.takes {
                Takes::Text => is_short,
                Takes::One(words) => text.as_deref().is_some_and(|text| words.contains(&text)),
                Takes::Texts(most) => {
                    let short =
                        |item: Json<'_>| item.text().is_some_and(|text| text.len() <= MAX_ID_BYTES);
                    value.kind() == Kind::Array
                        && value.items().count() <= most
                        && value.items().all(short)
                }
                Takes::Whole(least, most, _) => {
                    let number = number(value).filter(|number| number.fract() == 0.0);
                    #[expect(clippy::cast_precision_loss, reason = "a bound of some digits")]
                    let held =
                        number.is_some_and(|number| number < least as f64 || number > most as f64);
                    if held {
                        write!(
                            self.held,
                            " {} was held within its bounds: it takes {}.",
                            one.name,
                            one.takes.words()
                        )
                        .ok();
                    }
                    number.is_some()
                }
                Takes::Number => number(value).is_some(),
                Takes::Time => {
                    text.as_deref().is_some_and(|text| time(text, self.now, false).is_some())
                }
                Takes::Cursor => text.is_some(),
            };
            if !right {
                return Err(self.wrong(one.name));
            }
        }
        Ok(())
    }

    /// What is said of an argument that is not what it has to be.
    pub(super) fn wrong(&self, name: &'static str) -> Refusal {
        let takes = self.takes.iter().find(|one| one.name == name).map(|one| one.takes.words());
        Refusal::Told(format!("{name} must be {}.", takes.unwrap_or_default()))
    }

    fn find(&self, name: &str) -> Option<Json<'t>> {
        self.given.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// A text that is not empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.find(name)?.text().map(String::from).filter(|text| !text.is_empty())
    }

    /// One of the words that an argument takes.
    pub(super) fn word(&self, name: &str) -> &'static str {
        let takes = self.takes.iter().find(|one| one.name == name).map(|one| one.takes);
        let Some(Takes::One(words)) = takes else { return "" };
        let said = self.text(name);
        let known = words.iter().find(|word| Some(**word) == said.as_deref());
        known.or(words.first()).copied().unwrap_or_default()
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let items = self.find(name).into_iter().flat_map(Json::items);
        items.filter_map(|item| item.text().map(String::from)).collect()
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        number(self.find(name)?)
    }

    /// A whole number within its bounds.
    #[expect(clippy::cast_possible_truncation, reason = "it is held within bounds")]
    pub(super) fn whole(&self, name: &str) -> usize {
        let takes = self.takes.iter().find(|one| one.name == name).map(|one| one.takes);
        let Some(Takes::Whole(least, most, default)) = takes else { return 0 };
        let number = self.number(name).map_or(default, |number| (number as i64).clamp(least, most));
        usize::try_from(number).unwrap_or_default()
    }

    /// The beginning of a range of time.
    pub(super) fn since(&self, otherwise: Option<&str>) -> Option<Micros> {
        let said = self.text("since");
        time(said.as_deref().or(otherwise)?, self.now, false)
    }

    /// Its end.
    pub(super) fn until(&self) -> Option<Micros> {
        time(&self.text("until")?, self.now, true)
    }

    /// Where the answer before went on: so many texts.
    pub(super) fn cursor<const N: usize>(&self) -> Result<Option<[String; N]>, Refusal> {
        let Some(text) = self.text(CURSOR.name) else { return Ok(None) };
        let read = self.read_cursor(&text).and_then(|place| place.try_into().ok());
        match read {
            Some(place) => Ok(Some(place)),
            None => Err(Refusal::Told(
                "This cursor belongs to other arguments. Repeat the call without cursor.".into(),
            )),
        }
    }

    fn read_cursor(&self, text: &str) -> Option<Vec<String>> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        descend::whole(&text).ok()?;
        let mut texts = Json::new(&text).items().filter_map(Json::text).map(String::from);
        let hash = texts.next()?;
        (hash == self.hash.to_string()).then(|| texts.collect())
    }

    /// A place to go on from, opaque to clients.
    pub(super) fn cursor_to(&self, place: &[&str]) -> String {
        let texts: Vec<_> = place.iter().map(|text| quoted(text)).collect();
        let json = format!("[{},{}]", quoted(&self.hash.to_string()), texts.join(","));
        BASE64_URL_SAFE_NO_PAD.encode(json)
    }

    /// The place in a list where the answer before went on.
    pub(super) fn list_place(&self) -> Result<Option<ListPlace>, Refusal> {
        let Some([key, start]) = self.cursor()? else { return Ok(None) };
        let (key, start_us) = (key.parse().unwrap_or_default(), start.parse().unwrap_or_default());
        Ok(Some(ListPlace { key, start_us }))
    }

    /// The same to go on from.
    pub(super) fn cursor_to_place(&self, place: ListPlace) -> String {
        self.cursor_to(&[&place.key.to_string(), &place.start_us.to_string()])
    }
}

fn number(value: Json<'_>) -> Option<f64> {
    let number = Some(value).filter(|value| value.kind() == Kind::Scalar)?;
    number.raw().parse().ok().filter(|number: &f64| number.is_finite())
}

/// A time, or how long ago it was.
fn time(text: &str, now: Millis, is_end: bool) -> Option<Micros> {
    let seconds = |unit: char| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3_600),
        'd' => Some(86_400),
        'w' => Some(604_800),
        _ => None,
    };
    if let Some(unit) = text.chars().last().and_then(seconds) {
        let digits = text.get(..text.len() - 1)?;
        let count: u32 = digits.parse().ok().filter(|_| !digits.starts_with('+'))?;
        let ago = i64::from(count).checked_mul(unit)?.checked_mul(1_000_000)?;
        return now.checked_mul(1_000)?.checked_sub(ago);
    }
    if is_end { parse_end(text) } else { parse_time(text) }
}
