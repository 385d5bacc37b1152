//! A span as OTLP has it, whichever encoding it came in: attributes, events, links, and
//! the resource and scope that it shares with others. What they mean is `map`'s.

use base16ct::lower;

use crate::limits::{MAX_OTLP_DEPTH, MAX_OTLP_VALUES};
use crate::model::Text;

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum AnyValue<'a> {
    /// None of the kinds that there are.
    #[default]
    Empty,
    /// Text; bytes as their base64.
    Text(Text<'a>),
    Bool(bool),
    Int(i64),
    Double(f64),
    List(Vec<AnyValue<'a>>),
    Map(Vec<(Text<'a>, AnyValue<'a>)>),
}

impl AnyValue<'_> {
    /// What stands in place of values in values that are more than are read.
    pub(super) fn too_deep() -> Self {
        Self::Text(format!("(more than {MAX_OTLP_DEPTH} values in each other)").into())
    }
}

/// How many more values of a span are read: the rest of one that has too many is not.
#[derive(Debug)]
pub(super) struct ValueBudget(usize);

impl ValueBudget {
    /// For a span, a resource or a scope.
    pub(super) fn new() -> Self {
        Self(MAX_OTLP_VALUES)
    }

    /// Takes some; whether they were there.
    pub(super) fn take(&mut self, values: usize) -> bool {
        let left = self.0.checked_sub(values);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// What an event or a link is counted as: it has several fields.
pub(super) const EVENT_VALUES: usize = 4;

/// Attributes in order of their keys, each key once: of several the last.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Attributes<'a> {
    pairs: Vec<(Text<'a>, AnyValue<'a>)>,
    /// The [`key_bit`]s of the keys. A span is asked for a hundred keys of all
    /// families and has a dozen of one: most are told not to be there by this alone.
    keys: u128,
}

/// What tells most keys from most others: a bit of 128, by the length and a few letters.
fn key_bit(key: &str) -> u128 {
    let bytes = key.as_bytes();
    let letter = |at: usize| usize::from(bytes.get(at).copied().unwrap_or(0));
    let last = bytes.len().wrapping_sub(1);
    let (end, middle) = (letter(last), letter(bytes.len() / 2));
    let before = letter(last.wrapping_sub(3));
    1 << ((bytes.len() * 37 + end * 11 + middle * 5 + before) % 128)
}

impl<'a> Attributes<'a> {
    pub(super) fn of(mut pairs: Vec<(Text<'a>, AnyValue<'a>)>) -> Self {
        pairs.reverse();
        pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
        pairs.dedup_by(|(a, _), (b, _)| a == b);
        let keys = pairs.iter().fold(0, |keys, (key, _)| keys | key_bit(key));
        Self { pairs, keys }
    }

    /// The value of this key.
    pub(super) fn get(&self, key: &str) -> Option<&AnyValue<'a>> {
        if self.keys & key_bit(key) == 0 {
            return None;
        }
        let at = self.pairs.binary_search_by(|(known, _)| (**known).cmp(key)).ok()?;
        self.pairs.get(at).map(|(_, value)| value)
    }

    /// All whose keys begin so, in order.
    pub(super) fn with_prefix(&self, prefix: &str) -> &[(Text<'a>, AnyValue<'a>)] {
        let from = self.pairs.partition_point(|(key, _)| **key < *prefix);
        let rest = self.pairs.get(from..).unwrap_or_default();
        let count = rest.partition_point(|(key, _)| key.starts_with(prefix));
        rest.get(..count).unwrap_or_default()
    }

    /// All of them.
    pub(super) fn all(&self) -> &[(Text<'a>, AnyValue<'a>)] {
        &self.pairs
    }
}

/// A span. Times are nanoseconds since the epoch, 0 for none.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(clippy::struct_field_names, reason = "as OTLP names it")]
pub(super) struct Span<'a> {
    pub(super) trace_id: Id<16>,
    pub(super) span_id: Id<8>,
    /// `None` for a root.
    pub(super) parent_id: Option<Id<8>>,
    pub(super) trace_state: Text<'a>,
    pub(super) flags: u32,
    pub(super) name: Text<'a>,
    /// As OTLP numbers it: 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
    pub(super) kind: u32,
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
    pub(super) attributes: Attributes<'a>,
    pub(super) dropped_attributes: u32,
    pub(super) events: Vec<SpanEvent<'a>>,
    pub(super) dropped_events: u32,
    pub(super) links: Vec<Link<'a>>,
    pub(super) dropped_links: u32,
    /// As OTLP numbers it: 0 unset, 1 OK, 2 error.
    pub(super) status: u32,
    pub(super) status_message: Text<'a>,
}

/// Something that happened in a span.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct SpanEvent<'a> {
    pub(super) time_ns: u64,
    pub(super) name: Text<'a>,
    pub(super) attributes: Attributes<'a>,
    pub(super) dropped_attributes: u32,
}

/// Another span that has to do with a span.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Link<'a> {
    /// As hexadecimal digits, whatever their number.
    pub(super) trace_id: Text<'a>,
    pub(super) span_id: Text<'a>,
    pub(super) attributes: Attributes<'a>,
}

/// What made the spans: a process, a service.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Resource<'a> {
    pub(super) attributes: Attributes<'a>,
}

/// What instrumented them: a library.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Scope<'a> {
    pub(super) name: Text<'a>,
    pub(super) version: Text<'a>,
    pub(super) attributes: Attributes<'a>,
}

/// An id of so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Id<const N: usize>(pub(super) [u8; N]);

impl<const N: usize> Default for Id<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> Id<N> {
    /// Whether it is all zeros, which is no id.
    pub(super) fn is_none(&self) -> bool {
        self.0 == [0; N]
    }
}

impl<const N: usize> Id<N> {
    /// As lower-case hexadecimal digits.
    pub(super) fn to_hex(self) -> String {
        lower::encode_string(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_attributes_by_key_and_prefix_and_keeps_the_last_of_a_key() {
        let pair = |key: &'static str, n| (Text::from(key), AnyValue::Int(n));
        let all = [pair("b.1", 1), pair("a", 2), pair("b.0", 3), pair("a", 4), pair("c", 5)];
        let attributes = Attributes::of(all.to_vec());
        assert_eq!(attributes.get("a"), Some(&AnyValue::Int(4)));
        assert_eq!(attributes.get("b"), None);
        let under: Vec<_> = attributes.with_prefix("b.").iter().map(|(key, _)| &**key).collect();
        assert_eq!(under, ["b.0", "b.1"]);
        assert_eq!(attributes.all().len(), 4);
    }

    #[test]
    fn ids_are_lower_case_digits() {
        assert_eq!(Id([0xab, 0x01]).to_hex(), "ab01");
        assert!(Id([0_u8; 8]).is_none());
    }
}
