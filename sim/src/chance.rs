//! All of a run's chance: one generator, from one seed.

use std::cell::RefCell;
use std::ops::RangeInclusive;

/// The generator of a run. Its numbers depend on the seed and on how often it was asked.
#[derive(Debug)]
pub struct Chance(RefCell<fastrand::Rng>);

impl Chance {
    /// The chance of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(RefCell::new(fastrand::Rng::with_seed(seed)))
    }

    /// True so many times out of a thousand.
    pub fn one_in_thousand(&self, times: u64) -> bool {
        self.0.borrow_mut().u64(0..1_000) < times
    }

    /// A number of the range, each as likely as any other.
    pub fn number(&self, range: RangeInclusive<i64>) -> i64 {
        self.0.borrow_mut().i64(range)
    }

    /// A place in a list of this length.
    ///
    /// # Panics
    /// For an empty list.
    pub fn place(&self, length: usize) -> usize {
        self.0.borrow_mut().usize(0..length)
    }

    /// One of these.
    ///
    /// # Panics
    /// For an empty list.
    pub fn pick<'a, T>(&self, list: &'a [T]) -> &'a T {
        &list[self.place(list.len())]
    }

    /// Puts a list into any order.
    pub fn shuffle<T>(&self, list: &mut [T]) {
        self.0.borrow_mut().shuffle(list);
    }

    /// Bytes that the service takes for random.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.borrow_mut().fill(&mut bytes);
        bytes
    }
}
