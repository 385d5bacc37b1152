//! What was used, by hour and by model, name, user, tag or failure, as bytes: sums that are added to
//! one another, and may be taken off again, so they may be below zero.
//!
//! # The bytes
//!
//! [`write_cells`]: groups, each of a byte [`By`], the hour, a number of cells and so many of
//! them, in order. [`write_column`]: what is kept of other values, then a number of cells and
//! so many of them, of one `By` and one time. A *cell* is its value, a text, and sums. *Sums*
//! are a byte whose bits tell which of the seven numbers follow that are not 0, and with the
//! highest bit a number of durations, each a byte and a signed number.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Damaged;
use super::bytes::{Reader, Writer};
use crate::fold::map::Map;
use crate::model::Micros;

/// What values are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// Models, of spans.
    Model,
    /// Names of traces.
    Name,
    /// Users of traces.
    User,
    /// Tags of traces: a trace counts with each of its.
    Tag,
    /// Failures of traces: a trace's name, a line feed, and what its root says of it as far
    /// as that is the same each time.
    Error,
}

impl By {
    /// All of them, in the order of their bytes.
    pub const ALL: [Self; 5] = [Self::Model, Self::Name, Self::User, Self::Tag, Self::Error];
}

/// Which sums: of what, the hour since the epoch, the value. Where there is none, it is empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "said above")]
pub struct Key {
    pub by: By,
    pub hour: i64,
    pub value: Rc<str>,
}

/// Sums.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sums {
    /// Calls of models, or traces.
    pub count: i64,
    /// Those of them that failed.
    pub failed: i64,
    /// Tokens that went in, that came out, that came from a cache, and in all.
    pub input: i64,
    /// See `input`.
    pub output: i64,
    /// See `input`.
    pub cached: i64,
    /// See `input`.
    pub tokens: i64,
    /// Billionths of a dollar.
    pub cost_nano: i64,
    /// How many took how long: places in [`took_bucket`]'s scale, in order.
    pub took: Vec<(u8, i64)>,
}

/// The last place in the scale of durations: 35 minutes and more.
const LAST_BUCKET: u8 = 43;

/// The place of a duration in a scale: below a millisecond, and then two places for each
/// doubling.
#[must_use]
pub fn took_bucket(took_us: Micros) -> u8 {
    let ms = u64::try_from(took_us / 1_000).unwrap_or(0).min(1 << 22);
    let Some(octave) = ms.checked_ilog2() else { return 0 };
    let upper = u32::from(ms * ms >= 1 << (2 * octave + 1));
    u8::try_from(1 + 2 * octave + upper).unwrap_or(LAST_BUCKET).min(LAST_BUCKET)
}

/// Where a place in the scale begins, in microseconds.
fn bucket_start(bucket: u8) -> f64 {
    if bucket == 0 { 0.0 } else { 1_000.0 * 2_f64.powf(f64::from(bucket - 1) / 2.0) }
}

impl Sums {
    fn numbers(&self) -> [i64; 7] {
        let Self { count, failed, input, output, cached, tokens, cost_nano, .. } = *self;
        [count, failed, input, output, cached, tokens, cost_nano]
    }

    /// The same, to be changed.
    fn numbers_mut(&mut self) -> [&mut i64; 7] {
        let Self { count, failed, input, output, cached, tokens, cost_nano, .. } = self;
        [count, failed, input, output, cached, tokens, cost_nano]
    }

    /// Counts a duration.
    pub fn took(&mut self, took_us: Micros) {
        self.add_took(took_bucket(took_us), 1);
    }

    fn add_took(&mut self, bucket: u8, n: i64) {
        match self.took.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(at) => {
                if let Some((_, to)) = self.took.get_mut(at) {
                    *to = to.wrapping_add(n);
                }
            }
            Err(at) => self.took.insert(at, (bucket, n)),
        }
    }

    /// Adds others, or takes them off.
    pub fn add(&mut self, other: &Self, times: i64) {
        for (to, n) in self.numbers_mut().into_iter().zip(other.numbers()) {
            *to = to.wrapping_add(n.wrapping_mul(times));
        }
        for (bucket, n) in &other.took {
            self.add_took(*bucket, n.wrapping_mul(times));
        }
        self.took.retain(|(_, n)| *n != 0);
    }

    /// Whether all of them are 0.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.took.is_empty() && self.numbers() == [0; 7]
    }

    /// About how long that one took that so many in a hundred did not exceed, in microseconds.
    #[must_use]
    pub fn percentile(&self, percent: i64) -> Option<Micros> {
        let counted = self.took.iter().filter(|(_, n)| *n > 0);
        let all: i64 = counted.clone().map(|(_, n)| n).sum();
        let rank = (all.saturating_mul(percent) + 99) / 100;
        let mut before = 0;
        for (bucket, n) in counted {
            if before + n >= rank {
                let (start, end) = (bucket_start(*bucket), bucket_start(bucket + 1));
                #[expect(clippy::cast_precision_loss, reason = "an estimate")]
                let share = (rank - before) as f64 / *n as f64;
                #[expect(clippy::cast_possible_truncation, reason = "an estimate")]
                return Some((start + (end - start) * share) as Micros);
            }
            before += n;
        }
        None
    }

    fn write(&self, to: &mut Writer) {
        let numbers = self.numbers();
        let bits =
            numbers.iter().enumerate().fold(0, |bits, (at, n)| bits | u8::from(*n != 0) << at);
        to.byte(bits | u8::from(!self.took.is_empty()) << 7);
        numbers.iter().filter(|n| **n != 0).for_each(|n| to.signed(*n));
        if !self.took.is_empty() {
            to.count(self.took.len());
            for (bucket, n) in &self.took {
                to.byte(*bucket);
                to.signed(*n);
            }
        }
    }

    fn read(from: &mut Reader) -> Result<Self, Damaged> {
        let bits = from.byte()?;
        let mut sums = Self::default();
        for (at, number) in sums.numbers_mut().into_iter().enumerate() {
            if bits >> at & 1 != 0 {
                *number = from.signed()?;
            }
        }
        if bits & 0x80 != 0 {
            for _ in 0..from.count()? {
                sums.took.push((from.byte()?.min(LAST_BUCKET), from.signed()?));
            }
        }
        Ok(sums)
    }
}

/// Sums by their keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cells(pub Map<Key, Sums>);

impl Cells {
    /// Adds to one of them, or takes off.
    pub fn add(&mut self, key: Key, sums: &Sums, times: i64) {
        self.0.entry(key).or_default().add(sums, times);
    }

    /// Those that are not nothing, in order.
    #[must_use]
    pub fn in_order(&self) -> Vec<(&Key, &Sums)> {
        let mut all: Vec<_> = self.0.iter().filter(|(_, sums)| !sums.is_nothing()).collect();
        all.sort_unstable_by_key(|(key, _)| *key);
        all
    }
}

/// The bytes of cells that are in order.
#[must_use]
pub fn write_cells(cells: &[(&Key, &Sums)]) -> Vec<u8> {
    let mut to = Writer::new(32 * cells.len());
    for group in cells.chunk_by(|(a, _), (b, _)| (a.by, a.hour) == (b.by, b.hour)) {
        let Some((first, _)) = group.first() else { continue };
        to.byte(first.by as u8);
        to.signed(first.hour);
        to.count(group.len());
        for (key, sums) in group {
            to.text(&key.value);
            sums.write(&mut to);
        }
    }
    to.end()
}

/// Adds cells to others.
///
/// # Errors
/// [`Damaged`] for bytes that [`write_cells`] did not write.
pub fn read_cells(bytes: &[u8], to: &mut Cells) -> Result<(), Damaged> {
    let mut from = Reader::new(bytes)?;
    while from.end().is_err() {
        let by = *By::ALL.get(usize::from(from.byte()?)).ok_or(Damaged)?;
        let hour = from.signed()?;
        for _ in 0..from.count()? {
            let value = from.text()?.into();
            to.add(Key { by, hour, value }, &Sums::read(&mut from)?, 1);
        }
    }
    Ok(())
}

/// Sums by value, of one [`By`] and one time: a bounded number of values, and what all others
/// come to together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Column {
    /// Those that are kept.
    pub cells: BTreeMap<Rc<str>, Sums>,
    /// The others together.
    pub other: Sums,
    /// Whether there ever was one too many: then no value is kept that is not yet, because
    /// what is taken off it may be among the others.
    pub full: bool,
}

impl Column {
    /// Adds to a value, or takes off; `most` are kept.
    pub fn add(&mut self, value: &Rc<str>, sums: &Sums, most: usize) {
        let known = self.cells.contains_key(value);
        self.full |= !known && self.cells.len() >= most;
        if known || !self.full {
            self.cells.entry(Rc::clone(value)).or_default().add(sums, 1);
        } else {
            self.other.add(sums, 1);
        }
    }

    /// The bytes.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut to = Writer::new(32 * self.cells.len());
        to.byte(self.full.into());
        self.other.write(&mut to);
        // What comes to nothing is forgotten, unless it holds a place.
        let kept = || self.cells.iter().filter(|(_, sums)| self.full || !sums.is_nothing());
        to.count(kept().count());
        for (value, sums) in kept() {
            to.text(value);
            sums.write(&mut to);
        }
        to.end()
    }

    /// What was written; nothing where there is nothing.
    ///
    /// # Errors
    /// [`Damaged`] for other bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut column = Self::default();
        if bytes.is_empty() {
            return Ok(column);
        }
        let mut from = Reader::new(bytes)?;
        column.full = from.byte()? != 0;
        column.other = Sums::read(&mut from)?;
        for _ in 0..from.count()? {
            let value = from.text()?.into();
            column.cells.insert(value, Sums::read(&mut from)?);
        }
        from.end()?;
        Ok(column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sums() -> impl Strategy<Value = Sums> {
        (prop::array::uniform7(-2..3_i64), prop::collection::vec(0..5_000_000_i64, 0..4)).prop_map(
            |([count, failed, input, output, cached, tokens, cost_nano], took)| {
                let mut sums = Sums::default();
                let plain =
                    Sums { count, failed, input, output, cached, tokens, cost_nano, took: vec![] };
                sums.add(&plain, 1);
                for one in took {
                    let mut each = Sums::default();
                    each.took(one);
                    sums.add(&each, 1);
                }
                sums
            },
        )
    }

    fn cells() -> impl Strategy<Value = Cells> {
        let one = (0..By::ALL.len(), -2..3_i64, "[ab]{0,1}", sums());
        prop::collection::vec(one, 0..9).prop_map(|all| {
            let mut cells = Cells::default();
            for (by, hour, value, sums) in all {
                cells.add(Key { by: By::ALL[by], hour, value: value.into() }, &sums, 1);
            }
            cells.0.retain(|_, sums| !sums.is_nothing());
            cells
        })
    }

    proptest! {
        #[test]
        fn reads_what_was_written(cells in cells()) {
            let mut read = Cells::default();
            read_cells(&write_cells(&cells.in_order()), &mut read).unwrap();
            prop_assert_eq!(read, cells);
        }

        #[test]
        fn a_column_comes_to_what_was_added_whatever_it_keeps(
            added in prop::collection::vec(("[a-e]", sums()), 0..20),
            most in 0..6_usize,
        ) {
            let (mut column, mut all) = (Column::default(), Sums::default());
            for (value, sums) in added {
                all.add(&sums, 1);
                column.add(&value.into(), &sums, most);
                column = Column::read(&column.write()).unwrap();
                prop_assert!(column.cells.len() <= most);
            }
            let mut sum = column.other.clone();
            column.cells.values().for_each(|one| sum.add(one, 1));
            prop_assert_eq!(sum, all);
        }

        #[test]
        fn other_bytes_are_damaged_and_never_a_panic(bytes: Vec<u8>) {
            let versioned = [vec![crate::pack::VERSION], bytes].concat();
            let _ = read_cells(&versioned, &mut Cells::default());
            let _ = Column::read(&versioned);
        }

        #[test]
        fn a_percentile_is_near_what_it_stands_for(took in 0..2_000_000_000_i64) {
            let mut sums = Sums::default();
            sums.took(took);
            let near = sums.percentile(95).unwrap();
            prop_assert!(near >= took.min(2_000_000_000) * 7 / 10, "{near} of {took}");
            prop_assert!(near <= took * 15 / 10 + 1_000, "{near} of {took}");
        }
    }

    #[test]
    fn what_is_taken_off_again_is_nothing() {
        let mut one = Sums { count: 1, cost_nano: 5, ..Sums::default() };
        one.took(3_000);
        let mut sums = one.clone();
        sums.add(&one, -1);
        assert!(sums.is_nothing());
    }
}
