//! Lists and objects that were flattened into attributes, `llm.input_messages.0.role`,
//! made whole again, as JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::detail::Detail;
use crate::formats::otlp::json_writer::JsonWriter;
use crate::formats::otlp::span::{AnyValue, Attributes};

/// Largest index that is an index; a greater one is a name.
const MAX_INDEX: u32 = 10_000;

/// Most parts of a key; what is left is the name of the last.
const MAX_PARTS: usize = 16;

/// Parts that only say what the next one is of: they vanish.
const WRAPPERS: [&str; 5] = ["message", "tool_call", "message_content", "document", "embedding"];

/// A part of a key: numbers in the order of numbers, before names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'k> {
    Index(u32),
    Name(&'k str),
}

/// What stands at a place.
#[derive(Debug, Default)]
struct Node<'s, 'a> {
    value: Option<&'s AnyValue<'a>>,
    parts: BTreeMap<Part<'s>, Node<'s, 'a>>,
}

/// The attributes under a prefix as JSON; `None` where there are none.
pub(super) fn unflatten<'a>(
    attributes: &Attributes<'a>,
    prefix: &str,
    detail: Detail,
) -> Option<Cow<'a, str>> {
    let mut root = Node::default();
    for (key, value) in attributes.with_prefix(prefix) {
        let mut node = &mut root;
        let parts = key.get(prefix.len()..).unwrap_or_default().splitn(MAX_PARTS, '.');
        for part in parts.filter(|part| !WRAPPERS.contains(part)) {
            let index = part.parse().ok().filter(|index| *index <= MAX_INDEX);
            let part = index.map_or(Part::Name(part), Part::Index);
            node = node.parts.entry(part).or_default();
        }
        node.value = Some(value);
    }
    if root.parts.is_empty() {
        return None;
    }
    let mut json = JsonWriter::new(detail);
    root.push(&mut json);
    Some(json.finish().into())
}

impl Node<'_, '_> {
    /// Writes it: a list where all of its parts are numbers, without holes. A value that
    /// has parts of its own besides is lost to them.
    fn push(&self, json: &mut JsonWriter) {
        let Some((last, _)) = self.parts.last_key_value() else {
            json.value(self.value.unwrap_or(&AnyValue::Empty));
            return;
        };
        if matches!(last, Part::Index(_)) {
            json.list(self.parts.values(), |json, node| node.push(json));
            return;
        }
        // Content in several parts stands where content in one would.
        let several = !self.parts.contains_key(&Part::Name("content"));
        json.object(|object| {
            for (part, node) in &self.parts {
                node.push(match part {
                    Part::Index(index) => object.field(&index.to_string()),
                    Part::Name("contents") if several => object.field("content"),
                    Part::Name(name) => object.field(name),
                });
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&'static str, &'static str)]) -> Option<String> {
        let pairs = pairs.iter().map(|(key, text)| ((*key).into(), AnyValue::Text((*text).into())));
        unflatten(&Attributes::of(pairs.collect()), "m.", Detail::Full).map(Cow::into_owned)
    }

    #[test]
    fn messages_become_whole() {
        let json = of(&[
            ("m.0.message.role", "system"),
            ("m.0.message.content", "help"),
            ("m.10.message.role", "tool"),
            ("m.2.message.role", "assistant"),
            ("m.2.message.tool_calls.0.tool_call.function.name", "search"),
            ("m.2.message.tool_calls.0.tool_call.id", "c1"),
            ("m.1.message.role", "user"),
            ("m.1.message.contents.0.message_content.type", "text"),
            ("m.1.message.contents.0.message_content.text", "hi"),
        ]);
        let whole = concat!(
            r#"[{"content":"help","role":"system"},"#,
            r#"{"content":[{"text":"hi","type":"text"}],"role":"user"},"#,
            r#"{"role":"assistant","tool_calls":[{"function":{"name":"search"},"id":"c1"}]},"#,
            r#"{"role":"tool"}]"#
        );
        assert_eq!(json.as_deref(), Some(whole));
    }

    #[test]
    fn what_is_odd_stays_readable() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("m.", "x")]).as_deref(), Some(r#"{"":"x"}"#));
        assert_eq!(
            of(&[("m.7", "x"), ("m.99999999", "y")]).as_deref(),
            Some(r#"{"7":"x","99999999":"y"}"#)
        );
        assert_eq!(of(&[("m.0.a", "x"), ("m.0", "lost")]).as_deref(), Some(r#"[{"a":"x"}]"#));
        let deep: &'static str = Box::leak(format!("m{}", ".a".repeat(10_000)).into_boxed_str());
        assert!(of(&[(deep, "x")]).is_some_and(|json| json.len() < 20_200));
    }
}
