//! A page of a list that is walked along from its newest item on: lists here go on from a
//! place, and Langfuse's SDKs ask for pages by number.

use super::query::Page;
use crate::error::Reject;

/// Items that one statement gives.
pub const STEP: usize = 100;
/// Most statements for a page, so that one that nothing passes comes to an end: each looks
/// at no more rows than it may.
pub const MAX_STEPS: usize = 40;

/// The items of a page, as far as it was walked.
pub struct Walk<T> {
    page: Page,
    /// Those on the page.
    pub items: Vec<T>,
    /// How many are known to be in the list.
    pub known: usize,
}

impl<T> Walk<T> {
    /// Before the first.
    pub fn to(page: Page) -> Self {
        Self { page, items: Vec::new(), known: 0 }
    }

    /// Takes the next items of the list.
    pub fn take(&mut self, items: impl Iterator<Item = T>) {
        for item in items {
            self.known += 1;
            if self.known > self.page.before() && self.items.len() < self.page.limit {
                self.items.push(item);
            }
        }
    }

    /// Whether it is not known yet that the page is full and another comes after it.
    pub fn goes_on(&self) -> bool {
        self.known <= self.page.before() + self.page.limit
    }
}

/// What is said where a page would take too many statements.
pub fn too_far() -> Reject {
    let message = "too many items would have to be looked at; say a shorter time";
    Reject::invalid("fromTimestamp", message)
}
