//! One event of a span as the fold keeps it: what it says, and where its bytes lie. A
//! field that the event does not say, or says as null, is `None` and takes no part.

use std::rc::Rc;

use super::compact_id::pack;
use super::cut::cut;
use super::link;
use super::map::Set;
use super::place::{Order, Place};
use super::sent::Sent;
use crate::limits::MAX_INDEXED_BYTES;
use crate::model::{Micros, Provider, SpanBody, Status, TraceSaid};

/// Which payloads an event has. Bits of [`Fields::payloads`].
pub mod payload {
    /// `input`.
    pub const INPUT: u8 = 1;
    /// `output`.
    pub const OUTPUT: u8 = 2;
    /// `metadata`.
    pub const METADATA: u8 = 4;
    /// `modelParameters`.
    pub const PARAMETERS: u8 = 8;
    /// `errorMessage`.
    pub const ERROR: u8 = 16;
    /// All of them.
    pub const ALL: u8 = 31;
}

/// What else is known of a span. Bits of [`Fields::marks`].
pub mod mark {
    /// [`crate::model::SpanBody::may_repeat`].
    pub const MAY_REPEAT: u8 = 1;
    /// [`crate::model::SpanBody::beside`].
    pub const BESIDE: u8 = 2;
    /// [`crate::model::TraceSaid::Guessed`].
    pub const GUESSED: u8 = 4;
    /// All of them.
    pub const ALL: u8 = 7;
}

/// What an event says of its span.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Fields {
    /// [`link`] of the parent's id.
    pub parent: Option<u64>,
    /// [`link`] of the event's envelope's id, which children may name as their parent.
    pub envelope: Option<u64>,
    /// The name, at most [`MAX_INDEXED_BYTES`] of it.
    pub name: Option<Rc<str>>,
    /// [`crate::model::SpanType::code`].
    pub kind: Option<u8>,
    /// Whether it failed.
    pub failed: Option<bool>,
    /// When it began.
    pub start_us: Option<Micros>,
    /// When it ended.
    pub end_us: Option<Micros>,
    /// The model, at most [`MAX_INDEXED_BYTES`] of its name.
    pub model: Option<Rc<str>>,
    /// Tokens that went in.
    pub prompt_tokens: Option<u64>,
    /// Tokens that came out.
    pub completion_tokens: Option<u64>,
    /// Tokens in all, where that is not the sum of the two.
    pub total_tokens: Option<u64>,
    /// Billionths of a dollar.
    pub cost_nano: Option<i64>,
    /// What else it says of what a call costs: most events say nothing of that.
    pub details: Option<Box<Details>>,
    /// Bits of [`payload`].
    pub payloads: u8,
    /// Bits of [`mark`]: what any event says holds.
    pub marks: u8,
}

/// What a call's price depends on besides its model and its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Details {
    /// [`crate::model::Provider::code`].
    pub provider: Option<u8>,
    /// [`crate::model::Usage::cached`].
    pub cached: Option<u64>,
    /// [`crate::model::Usage::cache_write`].
    pub cache_write: Option<u64>,
    /// [`crate::model::Usage::cache_write_1h`].
    pub cache_write_1h: Option<u64>,
    /// [`crate::model::Usage::audio`].
    pub audio: Option<u64>,
}

impl Details {
    /// The same, kept apart where it says something.
    #[must_use]
    pub fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

impl Fields {
    /// Whether it says how many tokens there are in all: by a total, or by both of what that
    /// is the sum of.
    pub(super) fn decides_total(&self) -> bool {
        let both = self.prompt_tokens.is_some() && self.completion_tokens.is_some();
        both || self.total_tokens.is_some()
    }
}

/// An event of a span.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// How new it is.
    pub order: Order,
    /// What it says.
    pub fields: Fields,
    /// Where it lies.
    pub place: Place,
}

impl Part {
    /// The id of an event's span, as it is kept.
    pub(super) fn span_id(span: &SpanBody, sent: &Sent) -> Rc<str> {
        match span.id.as_ref().or(sent.event.envelope.as_ref()) {
            Some(id) => Rc::from(pack(id)),
            None => sent.made_up_id(),
        }
    }

    /// What an event says of a span; and the span's id as it is kept.
    pub(super) fn of(span: &SpanBody, sent: &Sent, texts: &mut Texts) -> (Rc<str>, Self) {
        let envelope = sent.event.envelope.as_ref();
        let id = Self::span_id(span, sent);
        let usage = span.usage;
        let sum = usage.prompt.zip(usage.completion).map(|(p, c)| p + c);
        let has = |bit, has: bool| if has { bit } else { 0 };
        let fields = Fields {
            parent: span.parent.as_deref().map(link),
            envelope: envelope.map(|id| link(id)),
            name: span.name.as_deref().map(|name| texts.keep(cut(name, MAX_INDEXED_BYTES))),
            kind: span.kind.and_then(|kind| u8::try_from(kind.code()).ok()),
            failed: span.status.map(|status| status == Status::Error),
            start_us: span.start,
            end_us: span.end,
            model: span.model.as_deref().map(|model| texts.keep(cut(model, MAX_INDEXED_BYTES))),
            prompt_tokens: usage.prompt,
            completion_tokens: usage.completion,
            total_tokens: usage.total.filter(|total| sum != Some(*total)),
            cost_nano: span.cost.as_deref().and_then(nano_dollars),
            details: Details {
                provider: span.provider.map(Provider::code),
                cached: usage.cached,
                cache_write: usage.cache_write,
                cache_write_1h: usage.cache_write_1h,
                audio: usage.audio,
            }
            .boxed(),
            payloads: has(payload::INPUT, span.input.is_some())
                | has(payload::OUTPUT, span.output.is_some())
                | has(payload::METADATA, span.metadata.is_some())
                | has(payload::PARAMETERS, span.model_parameters.is_some())
                | has(payload::ERROR, span.error_message.is_some()),
            marks: has(mark::MAY_REPEAT, span.may_repeat)
                | has(mark::BESIDE, span.beside)
                | has(mark::GUESSED, span.trace_said == TraceSaid::Guessed),
        };
        let order = sent.order(span.start, span.end);
        (id, Self { order, fields, place: sent.place() })
    }

    /// Whether the other is the same event, wherever each of them lies.
    pub(super) fn is_same_event(&self, other: &Self) -> bool {
        self.order == other.order
            && self.fields == other.fields
            && self.place.length == other.place.length
    }
}

/// Texts that many events say, each kept once.
#[derive(Debug, Default)]
pub struct Texts(Set<Rc<str>>);

impl Texts {
    /// The text.
    pub fn keep(&mut self, text: &str) -> Rc<str> {
        if let Some(kept) = self.0.get(text) {
            return Rc::clone(kept);
        }
        let kept: Rc<str> = text.into();
        self.0.insert(Rc::clone(&kept));
        kept
    }
}

/// A JSON number of dollars as billionths, the unit that adds up exactly.
fn nano_dollars(number: &str) -> Option<i64> {
    let dollars: f64 = number.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "at most 1e15, `formats` refuses more")]
    Some((dollars * 1e9).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_dollars_in_billionths() {
        for (number, nano) in [
            ("0", 0),
            ("0.003", 3_000_000),
            ("1.5e-6", 1_500),
            ("0.1", 100_000_000),
            ("-2", -2_000_000_000),
            ("1e6", 1_000_000_000_000_000),
        ] {
            assert_eq!(nano_dollars(number), Some(nano), "{number}");
        }
    }
}
