//! JSON text taken apart without changing it: values are slices of what was
//! sent, so numbers of any size and strings with odd escapes stay as they are.
//! The text was checked when it came in; here nothing is checked again, odd
//! text gives odd slices, and nothing recurses or panics.

use std::borrow::Cow;

/// A JSON value: its text, without white space around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    Text,
    /// A number, `true`, `false` or `null`.
    Scalar,
}

/// One step of a walk through a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// An object or an array begins.
    Open(Kind),
    /// It ends.
    Close,
    /// A key, as JSON text.
    Key(Json<'a>),
    /// A string, number or literal.
    Leaf(Json<'a>),
}

impl<'a> Json<'a> {
    /// The value that is this text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self(text.trim_matches([' ', '\n', '\r', '\t']))
    }

    /// The text as it was sent.
    #[must_use]
    pub fn raw(self) -> &'a str {
        self.0
    }

    /// What it is, by how it begins.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.0.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::Text,
            _ => Kind::Scalar,
        }
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_null(self) -> bool {
        matches!(self.0, "null" | "")
    }

    /// A string's text; `None` for anything else. Half a surrogate pair, which is
    /// no text, leaves the string with its escapes.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?;
        let inner = inner.strip_suffix('"').unwrap_or(inner);
        if !inner.contains('\\') {
            return Some(Cow::Borrowed(inner));
        }
        Some(serde_json::from_str(self.0).map_or(Cow::Borrowed(inner), Cow::Owned))
    }

    /// The steps of a walk through it.
    #[must_use]
    pub fn tokens(self) -> Tokens<'a> {
        Tokens { text: self.0, at: 0 }
    }

    /// What is in an array; nothing for anything else.
    pub fn items(self) -> impl Iterator<Item = Json<'a>> {
        let text = if self.kind() == Kind::Array { self.0 } else { "" };
        let mut tokens = Tokens { text, at: 1.min(text.len()) };
        std::iter::from_fn(move || tokens.value())
    }

    /// What is in an object, in order; nothing for anything else.
    pub fn entries(self) -> impl Iterator<Item = (Cow<'a, str>, Json<'a>)> {
        let text = if self.kind() == Kind::Object { self.0 } else { "" };
        let mut tokens = Tokens { text, at: 1.min(text.len()) };
        std::iter::from_fn(move || {
            let Token::Key(key) = tokens.next()? else { return None };
            Some((key.text().unwrap_or_default(), tokens.value()?))
        })
    }

    /// The field of an object with this name, unless it is null; of several the
    /// last.
    #[must_use]
    #[inline(never)]
    pub fn get(self, name: &str) -> Option<Json<'a>> {
        let found = self.entries().filter(|(key, _)| key == name).last();
        found.map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// The text of the string field with this name.
    #[must_use]
    #[inline(never)]
    pub fn string(self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name)?.text()
    }
}

/// See [`Json::tokens`].
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    fn skip(&mut self, what: &[u8]) {
        while self.at < self.text.len() && what.contains(&self.byte(self.at)) {
            self.at += 1;
        }
    }

    fn slice(&self, from: usize) -> Json<'a> {
        Json(self.text.get(from..self.at).unwrap_or_default())
    }

    /// The whole of the value that is next, however much is in it.
    #[inline(never)]
    pub fn value(&mut self) -> Option<Json<'a>> {
        self.skip(b" \n\r\t,:");
        let from = self.at;
        let mut depth = 0_usize;
        loop {
            match self.next()? {
                Token::Open(_) => depth += 1,
                Token::Close if depth == 0 => return None,
                Token::Close => depth -= 1,
                Token::Key(_) | Token::Leaf(_) => {}
            }
            if depth == 0 {
                return Some(self.slice(from));
            }
        }
    }

    fn string_end(&self, start: usize) -> usize {
        let bytes = self.text.as_bytes().get(start + 1..).unwrap_or_default();
        let mut escaped = false;
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => return start + at + 2,
                _ => {}
            }
        }
        self.text.len()
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip(b" \n\r\t,:");
        let from = self.at;
        match self.byte(from) {
            0 => None,
            b'{' | b'[' => {
                self.at += 1;
                let kind = if self.byte(from) == b'{' { Kind::Object } else { Kind::Array };
                Some(Token::Open(kind))
            }
            b'}' | b']' => {
                self.at += 1;
                Some(Token::Close)
            }
            b'"' => {
                self.at = self.string_end(from);
                let string = self.slice(from);
                let mut after = self.at;
                while matches!(self.byte(after), b' ' | b'\n' | b'\r' | b'\t') {
                    after += 1;
                }
                Some(if self.byte(after) == b':' {
                    Token::Key(string)
                } else {
                    Token::Leaf(string)
                })
            }
            _ => {
                let rest = self.text.get(from..).unwrap_or_default();
                let end = rest.find([',', ']', '}', ' ', '\n', '\r', '\t']);
                self.at = end.map_or(self.text.len(), |end| from + end);
                Some(Token::Leaf(self.slice(from)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keeps_every_scalar_as_it_was_sent() {
        let json = Json::new(r#" [1e400, 123456789012345678901234567890, -0.10, true , null,"a"]"#);
        let items: Vec<_> = json.items().map(Json::raw).collect();
        let sent = ["1e400", "123456789012345678901234567890", "-0.10", "true", "null", "\"a\""];
        assert_eq!(items, sent);
    }

    #[test]
    fn finds_fields_whatever_stands_around_them() {
        let json = Json::new(r#"{"a\u0062" : {"x":[1,{"y":"}]"}]}, "b":"\"", "b" : 2, "c":null}"#);
        let entries: Vec<_> = json.entries().map(|(k, v)| (k.into_owned(), v.raw())).collect();
        assert_eq!(
            entries,
            [
                ("ab".to_owned(), r#"{"x":[1,{"y":"}]"}]}"#),
                ("b".to_owned(), r#""\"""#),
                ("b".to_owned(), "2"),
                ("c".to_owned(), "null"),
            ]
        );
        assert_eq!(json.get("b").map(Json::raw), Some("2"));
        assert_eq!(json.get("c"), None);
        assert_eq!(json.get("ab").and_then(|ab| ab.get("x")).map(|x| x.items().count()), Some(2));
    }

    #[test]
    fn reads_strings_and_leaves_what_is_no_text() {
        assert_eq!(Json::new(r#""a\n😀""#).text().as_deref(), Some("a\n😀"));
        assert_eq!(Json::new(r#""\ud83d""#).text().as_deref(), Some(r"\ud83d"));
        assert_eq!(Json::new("1").text(), None);
    }

    #[test]
    fn deep_nesting_needs_no_stack() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Json::new(&deep).tokens().count(), 200_000);
        assert_eq!(Json::new(&deep).items().count(), 1);
    }

    proptest! {
        #[test]
        fn takes_any_text_and_ends(text in "[\\[\\]{}\",:a1\\\\é ]{0,64}") {
            let json = Json::new(&text);
            let steps = json.tokens().count() + json.items().count() + json.entries().count();
            prop_assert!(steps <= text.len() * 3);
        }
    }
}
