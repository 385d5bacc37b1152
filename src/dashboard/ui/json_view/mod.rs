//! JSON as folded lists. How much of it is shown is bounded, in values and in
//! bytes; who wants all of it opens it raw. Numbers are shown with the digits
//! that were sent.

use std::fmt::Write;

use maud::{Markup, PreEscaped, Render, html};

use super::format::count;
use super::json::{Json, Kind, Token};

/// Most values shown of one JSON value.
const MAX_VALUES: usize = 3_000;
/// Most values shown of all the JSON in a payload: a conversation has many.
const MAX_VALUES_IN_ALL: usize = 12_000;
/// Deepest nesting of elements; what is deeper stands there as text, as it was
/// sent. Browsers stop nesting elements at 512.
const MAX_DEPTH: usize = 60;
/// Up to so many values nothing is folded at first.
const ALL_OPEN: usize = 40;
/// A longer string is folded.
const LONG: usize = 600;
/// So much of a folded string is seen.
const PREVIEW: usize = 160;

/// So much is seen of what is in a folded value, and of each text in that.
const GLIMPSE: usize = 60;
/// See [`GLIMPSE`].
const GLIMPSE_OF_ONE: usize = 24;

/// How much may still be shown.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    bytes: usize,
    left: usize,
    values: usize,
    /// What was left out, if anything was.
    pub cut: Option<Cut>,
}

/// What ended first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The text that is shown at once.
    Bytes,
    /// The values of JSON that are shown at once.
    Values,
}

impl Budget {
    /// So many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self { bytes, left: bytes, values: MAX_VALUES_IN_ALL, cut: None }
    }

    /// What there is to see, where that is not all.
    #[must_use]
    pub fn seen(&self) -> Option<String> {
        self.cut.map(|cut| match cut {
            Cut::Bytes => format!("the first {}", size(self.bytes)),
            Cut::Values => {
                let shown = MAX_VALUES_IN_ALL - self.values;
                format!("the first {} values", count(i64::try_from(shown).unwrap_or(i64::MAX)))
            }
        })
    }

    /// How many bytes were shown.
    #[must_use]
    pub fn used(&self) -> usize {
        self.bytes - self.left
    }

    /// As much of the text as may be shown.
    pub fn take<'a>(&mut self, text: &'a str) -> &'a str {
        let mut end = text.len().min(self.left);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.left -= end;
        if end < text.len() {
            self.cut = Some(Cut::Bytes);
        }
        text.get(..end).unwrap_or_default()
    }

    /// Whether something more may be shown. It is asked when there is more.
    #[must_use]
    pub fn has_room(&mut self) -> bool {
        if self.left == 0 {
            self.cut = Some(Cut::Bytes);
        }
        self.left > 0
    }
}

/// The beginning of a text, at most so many bytes of it.
#[must_use]
pub fn start(text: &str, most: usize) -> &str {
    Budget::new(most).take(text)
}

/// A value, folded. Says so when it leaves something out.
#[must_use]
pub fn view(json: Json<'_>, budget: &mut Budget) -> Markup {
    let most = budget.values.min(MAX_VALUES);
    let (tokens, counts, left) = read(json, most);
    budget.values -= most - left.unwrap_or(0);
    if left.is_none() {
        budget.cut = Some(Cut::Values);
    }
    let mut out = String::new();
    let mut writer = Writer { out: &mut out, budget, open_to: open_to(&tokens) };
    writer.all(&tokens, &counts);
    html! { div.json { (PreEscaped(out)) } }
}

/// What is shown, and of each that opens how much is in it (`None` when that is
/// beyond what is shown); and how many values more it might have been, if that is all.
fn read(json: Json<'_>, most: usize) -> (Vec<Token<'_>>, Vec<Option<usize>>, Option<usize>) {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut counts: Vec<Option<usize>> = Vec::new();
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut values = 0;
    let mut all = json.tokens();
    loop {
        let before = all.clone();
        let Some(mut token) = all.next() else { break };
        if values == most && !matches!(token, Token::Close) {
            return (tokens, counts, None);
        }
        if open.len() == MAX_DEPTH && matches!(token, Token::Open(_)) {
            all = before;
            let Some(whole) = all.value() else { break };
            token = Token::Leaf(whole);
        }
        match token {
            Token::Key(_) => {}
            Token::Close => {
                let Some((at, count)) = open.pop() else { continue };
                if let Some(slot) = counts.get_mut(at) {
                    *slot = Some(count);
                }
            }
            Token::Open(_) | Token::Leaf(_) => {
                values += 1;
                if let Some((_, count)) = open.last_mut() {
                    *count += 1;
                }
                if matches!(token, Token::Open(_)) {
                    open.push((tokens.len(), 0));
                }
            }
        }
        tokens.push(token);
        counts.push(None);
    }
    (tokens, counts, Some(most - values))
}

/// The depth down to which values are open at first: as deep as a screen holds.
fn open_to(tokens: &[Token<'_>]) -> usize {
    let mut at_depth = vec![0_usize; MAX_DEPTH + 1];
    let mut depth = 0_usize;
    for token in tokens {
        match token {
            Token::Close => depth = depth.saturating_sub(1),
            Token::Key(_) => {}
            Token::Open(_) | Token::Leaf(_) => {
                if let Some(count) = at_depth.get_mut(depth) {
                    *count += 1;
                }
                depth += usize::from(matches!(token, Token::Open(_)));
            }
        }
    }
    let mut seen = 0;
    let fits = at_depth.iter().take_while(|count| {
        seen += **count;
        seen <= ALL_OPEN
    });
    fits.count().max(2) - 1
}

struct Writer<'o, 'b> {
    out: &'o mut String,
    budget: &'b mut Budget,
    open_to: usize,
}

impl Writer<'_, '_> {
    fn all(&mut self, tokens: &[Token<'_>], counts: &[Option<usize>]) {
        // Of each open one, whether it is an array and how many items came.
        let mut open: Vec<(Kind, usize)> = Vec::new();
        let mut key: Option<Json<'_>> = None;
        for (at, (token, count)) in tokens.iter().zip(counts).enumerate() {
            if !matches!(token, Token::Close) && !self.budget.has_room() {
                break;
            }
            match token {
                Token::Key(name) => key = Some(*name),
                Token::Close => {
                    if open.pop().is_some() {
                        self.out.push_str("</div></details>");
                    }
                }
                Token::Open(kind) => {
                    let label = self.label(key.take(), &mut open);
                    let open_now = if open.len() < self.open_to { " open" } else { "" };
                    let _ = write!(self.out, "<details{open_now}><summary>{label}");
                    // What is open shows what is in it.
                    if open_now.is_empty() && *count != Some(0) {
                        let glimpse = glimpse(*kind, tokens.get(at + 1..).unwrap_or_default());
                        html! { span.preview { (glimpse) } }.render_to(self.out);
                    }
                    self.summary(*kind, *count);
                    self.out.push_str("</summary><div>");
                    open.push((*kind, 0));
                }
                Token::Leaf(value) => {
                    let label = self.label(key.take(), &mut open);
                    self.leaf(&label, *value);
                }
            }
        }
        for _ in 0..open.len() {
            self.out.push_str("</div></details>");
        }
    }

    /// What stands before a value: its key or its place.
    fn label(&mut self, key: Option<Json<'_>>, open: &mut [(Kind, usize)]) -> String {
        let place = open.last_mut().map(|(kind, place)| {
            *place += 1;
            (*kind, *place - 1)
        });
        match (place, key) {
            (Some((Kind::Array, place)), _) => format!("<s>{place}</s>"),
            (Some(_), Some(key)) => {
                let text = key.text().unwrap_or_default();
                html! { b { (self.budget.take(&text)) } }.into_string()
            }
            _ => String::new(),
        }
    }

    fn summary(&mut self, kind: Kind, count: Option<usize>) {
        let (open, close, one, many) = match kind {
            Kind::Array => ('[', ']', "item", "items"),
            _ => ('{', '}', "key", "keys"),
        };
        let _ = match count {
            Some(1) => write!(self.out, "<i>{open}1 {one}{close}</i>"),
            Some(count) => write!(self.out, "<i>{open}{count} {many}{close}</i>"),
            None => write!(self.out, "<i>{open}…{close}</i>"),
        };
    }

    fn leaf(&mut self, label: &str, value: Json<'_>) {
        let Some(text) = value.text() else {
            let class = match value.kind() {
                Kind::Object | Kind::Array => "deep",
                _ if value.is_null() => "nil",
                _ => "num",
            };
            let shown = self.budget.take(value.raw());
            let _ = write!(self.out, "<p>{label}<span class=\"{class}\">");
            shown.render_to(self.out);
            self.out.push_str("</span></p>");
            return;
        };
        let shown = self.budget.take(&text);
        let markup = if shown.len() > LONG {
            html! {
                details {
                    summary { (PreEscaped(label)) (folded(shown, text.len())) }
                    div.str { (shown) }
                }
            }
        } else {
            html! { p { (PreEscaped(label)) span.str { "\"" (shown) "\"" } } }
        };
        self.out.push_str(&markup.into_string());
    }
}

/// The beginning of what is in an object or an array: `{id: 336, name: "item 336", …}`. Of
/// what is in it again there is only that it is there.
fn glimpse(kind: Kind, inside: &[Token<'_>]) -> String {
    let (open, close) = if kind == Kind::Array { ('[', ']') } else { ('{', '}') };
    let mut line = String::from(open);
    let mut depth = 0_usize;
    let mut is_first = true;
    for token in inside {
        match token {
            Token::Close if depth == 0 => {
                line.push(close);
                return line;
            }
            Token::Close => depth -= 1,
            _ if depth > 0 => depth += usize::from(matches!(token, Token::Open(_))),
            Token::Key(_) | Token::Leaf(_) | Token::Open(_)
                if line.len() >= GLIMPSE && !line.ends_with(": ") =>
            {
                break;
            }
            Token::Key(name) => {
                let name = name.text().unwrap_or_default();
                line.push_str(if is_first { "" } else { ", " });
                let _ = write!(line, "{}: ", start(&name, GLIMPSE_OF_ONE));
            }
            Token::Open(_) | Token::Leaf(_) => {
                line.push_str(if is_first || kind != Kind::Array { "" } else { ", " });
                match token {
                    Token::Open(Kind::Array) => line.push_str("[…]"),
                    Token::Leaf(value) => line.push_str(&leaf_glimpse(*value)),
                    _ => line.push_str("{…}"),
                }
                depth += usize::from(matches!(token, Token::Open(_)));
                is_first = false;
            }
        }
    }
    let _ = write!(line, "{}…{close}", if is_first { "" } else { ", " });
    line
}

fn leaf_glimpse(value: Json<'_>) -> String {
    let (quote, text) = match value.text() {
        Some(text) => ("\"", text),
        None => ("", value.raw().into()),
    };
    let seen = start(&text, GLIMPSE_OF_ONE);
    let more = if seen.len() < text.len() { "…" } else { "" };
    format!("{quote}{seen}{more}{quote}")
}

/// What is seen of a long text until it is opened.
#[must_use]
pub fn folded(text: &str, length: usize) -> Markup {
    html! {
        span.preview { (start(text, PREVIEW).trim_end()) "…" }
        i { (size(length)) }
    }
}

/// `512 B`, `64.2 KB`, `5.1 MB`.
#[must_use]
pub fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..999_950 => format!("{}.{} KB", (bytes + 50) / 1_000, (bytes + 50) / 100 % 10),
        _ => format!("{}.{} MB", (bytes + 50_000) / 1_000_000, (bytes + 50_000) / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests;
