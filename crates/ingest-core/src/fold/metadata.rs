//! A trace's metadata: where it lies, and as much of it as the index keeps.

use std::rc::Rc;

use super::place::{Order, Place};
use super::standing::SpanStanding;

/// Most places of a trace's own metadata, the newest.
pub const MAX_METADATA_PARTS: usize = 100;

/// A trace's metadata. The text is what the index keeps: empty where it has to be read
/// from the raw batches, because it is long, or several events make it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Metadata {
    /// There is none.
    #[default]
    None,
    /// Of its own events, the oldest first.
    OfEvents(Vec<(Order, Place)>, Rc<str>),
    /// Of one of its spans.
    OfSpan(SpanStanding, Place, Rc<str>),
}

impl Metadata {
    /// What the index keeps of it.
    #[must_use]
    pub fn text(&self) -> Option<&Rc<str>> {
        match self {
            Self::None => None,
            Self::OfEvents(_, text) | Self::OfSpan(_, _, text) => Some(text),
        }
    }

    /// Where it lies, the oldest first.
    #[must_use]
    pub fn places(&self) -> Vec<&Place> {
        match self {
            Self::None => Vec::new(),
            Self::OfEvents(parts, _) => parts.iter().map(|(_, place)| place).collect(),
            Self::OfSpan(_, place, _) => vec![place],
        }
    }

    /// The bytes of the events that it has to be read from, if it has to.
    #[must_use]
    pub fn bytes_elsewhere(&self) -> Option<u64> {
        let elsewhere = self.text().is_some_and(|text| text.is_empty());
        elsewhere.then(|| self.places().iter().map(|place| place.length).sum())
    }

    /// Takes in what others say; whether that changes anything.
    pub(super) fn take(&mut self, other: Self) -> bool {
        match (&mut *self, other) {
            (_, Self::None) | (Self::OfEvents(..), Self::OfSpan(..)) => false,
            (Self::OfEvents(known, text), Self::OfEvents(parts, _)) => {
                let mut changed = false;
                for (order, place) in parts {
                    let at = known.partition_point(|(known, _)| *known < order);
                    match known.get_mut(at) {
                        // Sent again in another batch: the first of its places counts.
                        Some((same, first)) if *same == order => {
                            changed |= place < *first;
                            if place < *first {
                                *first = place;
                            }
                        }
                        _ => {
                            known.insert(at, (order, place));
                            changed = true;
                        }
                    }
                }
                known.drain(..known.len().saturating_sub(MAX_METADATA_PARTS));
                if known.len() > 1 {
                    *text = Rc::default();
                }
                changed
            }
            (Self::OfSpan(by, place, _), Self::OfSpan(other, others, text)) => {
                let counts = (&other, &others) < (&*by, &*place);
                if counts {
                    *self = Self::OfSpan(other, others, text);
                }
                counts
            }
            (Self::None, other) | (Self::OfSpan(..), other @ Self::OfEvents(..)) => {
                *self = other;
                true
            }
        }
    }
}
