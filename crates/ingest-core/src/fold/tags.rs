//! A trace's tags, and sets of texts of which the first count.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::place::Order;
use crate::limits::MAX_SAID_TAGS;

/// A trace's tags.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Tags {
    /// Nothing was said of them.
    #[default]
    None,
    /// Those of the newest event of its own that has some, as JSON.
    OfEvent(Order, Rc<str>),
    /// All that are said, in formats where tags add up: the first [`MAX_SAID_TAGS`] in order.
    OfAll(BTreeSet<Rc<str>>),
}

/// The first so many of both; whether those are others.
pub(super) fn first_of(
    known: &mut BTreeSet<Rc<str>>,
    other: BTreeSet<Rc<str>>,
    most: usize,
) -> bool {
    let mut changed = false;
    for text in other {
        let counts = known.len() < most || known.last().is_some_and(|last| text < *last);
        if counts && known.insert(text) {
            changed = true;
            if known.len() > most {
                known.pop_last();
            }
        }
    }
    changed
}

impl Tags {
    /// Takes in what others say; whether that changes anything.
    pub(super) fn take(&mut self, other: Self) -> bool {
        match (&mut *self, other) {
            (_, Self::None) | (Self::OfEvent(..), Self::OfAll(_)) => false,
            (Self::OfAll(known), Self::OfAll(other)) => first_of(known, other, MAX_SAID_TAGS),
            (Self::OfEvent(known, text), Self::OfEvent(order, other)) => {
                let counts = (order, &other) > (*known, &*text);
                if counts {
                    *self = Self::OfEvent(order, other);
                }
                counts
            }
            (Self::None, Self::OfAll(other)) => {
                let mut tags = BTreeSet::new();
                first_of(&mut tags, other, MAX_SAID_TAGS);
                *self = Self::OfAll(tags);
                true
            }
            (Self::None | Self::OfAll(_), other @ Self::OfEvent(..)) => {
                *self = other;
                true
            }
        }
    }
}
