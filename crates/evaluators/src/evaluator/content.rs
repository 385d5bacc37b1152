//! What of an output is judged: its content, which is a chat's text where it is the answer
//! of a provider, and the text of that.

use std::borrow::Cow;

use super::json::Json;

/// The text in an answer of one of the shapes that providers give, or the value itself.
pub(crate) enum Content<'j, 'a> {
    Text(Cow<'j, str>),
    Value(&'j Json<'a>),
}

/// The content of a value: of the first shape that fits, one level only.
pub(crate) fn content<'j, 'a>(value: &'j Json<'a>) -> Content<'j, 'a> {
    match value {
        Json::String(text) => Content::Text(Cow::Borrowed(text)),
        Json::Object(_) => chat(value).map_or(Content::Value(value), Content::Text),
        _ => Content::Value(value),
    }
}

/// The text of a value: nothing is the empty text, what is no text is compact JSON.
pub(crate) fn text<'j>(value: &'j Json<'_>) -> Cow<'j, str> {
    match content(value) {
        Content::Text(text) => text,
        Content::Value(Json::Null) => Cow::Borrowed(""),
        Content::Value(value) => {
            let mut out = String::new();
            value.write(&mut out);
            Cow::Owned(out)
        }
    }
}

/// The text as it is compared.
pub(crate) fn with_case(text: Cow<'_, str>, case_sensitive: bool) -> Cow<'_, str> {
    if case_sensitive { text } else { Cow::Owned(text.to_lowercase()) }
}

fn chat<'j>(value: &'j Json<'_>) -> Option<Cow<'j, str>> {
    let list = |value: &'j Json<'_>, key: &str| value.member(key).and_then(Json::as_array);
    let string = |value: &'j Json<'_>, key: &str| value.member(key).and_then(Json::as_str);
    if let Some(choices) = list(value, "choices") {
        let first = choices.first()?;
        let message = first.member("message").and_then(|message| string(message, "content"));
        return message.or_else(|| string(first, "text")).map(Cow::Borrowed);
    }
    let of_text = |part: &&Json<'_>| string_is(part, "type", "text");
    if let Some(text) =
        list(value, "content").and_then(|parts| joined(parts.iter().filter(of_text)))
    {
        return Some(text);
    }
    if let (Some(_), Some(content)) = (string(value, "role"), string(value, "content")) {
        return Some(Cow::Borrowed(content));
    }
    let content = list(value, "candidates")?.first()?.member("content")?;
    joined(list(content, "parts")?.iter())
}

fn string_is(value: &Json<'_>, key: &str, wanted: &str) -> bool {
    value.member(key).and_then(Json::as_str) == Some(wanted)
}

/// The `text`s of some parts, joined with nothing; `None` where none has any.
fn joined<'j, 'a: 'j>(parts: impl Iterator<Item = &'j Json<'a>>) -> Option<Cow<'j, str>> {
    let texts = parts.filter_map(|part| part.member("text").and_then(Json::as_str));
    let mut all: Option<Cow<'j, str>> = None;
    for text in texts {
        match &mut all {
            Some(before) => before.to_mut().push_str(text),
            None => all = Some(Cow::Borrowed(text)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_text_out_of_what_providers_answer() {
        for (json, expected) in [
            (r#"" a\nb ""#, " a\nb "),
            ("null", ""),
            ("12.50", "12.50"),
            ("[1, \"x\"]", "[1,\"x\"]"),
            (r#"{"choices":[{"message":{"content":"a"},"text":"b"}]}"#, "a"),
            (r#"{"choices":[{"message":{"content":null},"text":"b"}]}"#, "b"),
            (
                r#"{"choices":[],"role":"x","content":"y"}"#,
                r#"{"choices":[],"role":"x","content":"y"}"#,
            ),
            (
                r#"{"content":[{"type":"text","text":"a"},{"type":"tool_use"},{"type":"text","text":"b"}]}"#,
                "ab",
            ),
            (
                r#"{"content":[{"type":"image"}],"role":"assistant"}"#,
                r#"{"content":[{"type":"image"}],"role":"assistant"}"#,
            ),
            (r#"{"role":"user","content":"hi"}"#, "hi"),
            (r#"{"content":"hi"}"#, r#"{"content":"hi"}"#),
            (r#"{"candidates":[{"content":{"parts":[{"text":"a"},{"x":1},{"text":"b"}]}}]}"#, "ab"),
            (
                r#"{"role":"user","content":"{\"role\":\"user\",\"content\":\"x\"}"}"#,
                r#"{"role":"user","content":"x"}"#,
            ),
        ] {
            assert_eq!(text(&Json::read(json).unwrap()), expected, "{json}");
        }
    }
}
