//! A block: which words are in the texts of some traces, as bytes.
//!
//! # The bytes
//!
//! A number of traces, and so many of them in order of their seconds: how much later each is
//! than the one before, times two, and one more where all that is known of its texts is in
//! this block; the form of its id, the id. Then a number of words and so many hashes of three
//! bytes, the highest first, in order; then as many *lists* of traces, by their places. A list
//! is a number whose lowest two bits are its kind and whose others are a place (0: of that
//! trace alone) or a count (1: of places, each how much greater it is than the one before);
//! 2: a bit for each trace, the lowest first.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Damaged;
use super::bytes::{Reader, Writer};
use crate::fold::compact_id;

/// A trace of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doc {
    /// The second of its key.
    pub second: i64,
    /// Whether all that is known of its texts is in this block.
    pub whole: bool,
    /// Its id, as it is kept.
    pub id: Rc<str>,
}

/// Traces and the hashes of their words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// The traces, in order of their seconds.
    pub docs: Vec<Doc>,
    /// The places of those that have a word, in order.
    pub words: BTreeMap<u32, Vec<usize>>,
}

impl Block {
    /// A block of these traces, each with the hashes of its words.
    #[must_use]
    pub fn of<'a>(mut docs: Vec<(Doc, impl IntoIterator<Item = &'a u32>)>) -> Self {
        docs.sort_by(|(a, _), (b, _)| (a.second, &a.id).cmp(&(b.second, &b.id)));
        let mut block = Self::default();
        for (at, (doc, words)) in docs.into_iter().enumerate() {
            for word in words {
                block.words.entry(*word).or_default().push(at);
            }
            block.docs.push(doc);
        }
        block
    }

    /// The words of each trace.
    #[must_use]
    pub fn by_doc(&self) -> Vec<Vec<u32>> {
        let mut all = vec![Vec::new(); self.docs.len()];
        for (word, docs) in &self.words {
            for at in docs {
                if let Some(words) = all.get_mut(*at) {
                    words.push(*word);
                }
            }
        }
        all
    }

    /// The bytes.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut to = Writer::new(self.docs.len() * 20 + self.words.len() * 6);
        to.count(self.docs.len());
        let mut before = 0;
        for doc in &self.docs {
            let id = compact_id::read(&doc.id);
            to.number((doc.second - before).cast_unsigned() << 1 | u64::from(doc.whole));
            to.byte(id.form());
            to.id(&id);
            before = doc.second;
        }
        to.count(self.words.len());
        for word in self.words.keys() {
            to.raw(hash_bytes(*word).as_slice());
        }
        for docs in self.words.values() {
            write_list(&mut to, docs, self.docs.len());
        }
        to.end()
    }

    /// What [`Self::write`] wrote; of the words only those that are wanted, if some are.
    ///
    /// # Errors
    /// [`Damaged`] for anything else.
    pub fn read(bytes: &[u8], wanted: Option<&[u32]>) -> Result<Self, Damaged> {
        let mut from = Reader::new(bytes)?;
        let mut block = Self::default();
        let mut second = 0;
        for _ in 0..from.count()? {
            let number = from.number()?;
            second += (number >> 1).cast_signed();
            let form = from.byte()?;
            block.docs.push(Doc { second, whole: number & 1 == 1, id: from.id(form)? });
        }
        let count = from.count()?;
        let hashes = from.raw(count.checked_mul(3).ok_or(Damaged)?)?;
        for hash in hashes.chunks_exact(3) {
            let hash = hash.iter().fold(0, |hash, byte| hash << 8 | u32::from(*byte));
            let list = read_list(&mut from, block.docs.len())?;
            if wanted.is_none_or(|wanted| wanted.contains(&hash)) {
                block.words.insert(hash, list);
            }
        }
        from.end()?;
        Ok(block)
    }
}

/// A hash as it stands in a block.
#[must_use]
pub fn hash_bytes(hash: u32) -> [u8; 3] {
    let [_, bytes @ ..] = hash.to_be_bytes();
    bytes
}

fn write_list(to: &mut Writer, docs: &[usize], of: usize) {
    if let [one] = docs {
        return to.count(one << 2);
    }
    let bits = of.div_ceil(8);
    if docs.len() > bits {
        to.byte(2);
        let mut bytes = vec![0_u8; bits];
        for at in docs {
            if let Some(byte) = bytes.get_mut(at / 8) {
                *byte |= 1 << (at % 8);
            }
        }
        return to.raw(&bytes);
    }
    to.count(docs.len() << 2 | 1);
    let mut before = 0;
    for at in docs {
        to.count(at - before);
        before = *at;
    }
}

fn read_list(from: &mut Reader, of: usize) -> Result<Vec<usize>, Damaged> {
    let head = from.place()?;
    let list: Vec<usize> = match head & 3 {
        0 => vec![head >> 2],
        1 => {
            let mut at = 0_usize;
            let mut next = || {
                at = at.checked_add(from.place()?).ok_or(Damaged)?;
                Ok(at)
            };
            // Each takes a byte at least, so a count that is too large ends soon.
            (0..head >> 2).map(|_| next()).collect::<Result<_, _>>()?
        }
        2 => {
            let bytes = from.raw(of.div_ceil(8))?;
            let has = |at: &usize| bytes.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
            (0..of).filter(has).collect()
        }
        _ => return Err(Damaged),
    };
    if list.iter().all(|at| *at < of) { Ok(list) } else { Err(Damaged) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn is_these_bytes() {
        let doc = |second, whole, id: &str| Doc { second, whole, id: id.into() };
        let uuid = compact_id::pack("019b0000-0000-7000-8000-000000000001");
        let block =
            Block::of(vec![(doc(7, false, &uuid), &[0x0a_0b0c, 1]), (doc(5, true, "a"), &[1, 2])]);
        let bytes = [
            1, 2, 11, 3, 1, b'a', 4, 0, 1, 0x9b, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1, 3,
            0, 0, 1, 0, 0, 2, 0x0a, 0x0b, 0x0c, 2, 3, 0, 4,
        ];
        assert_eq!(block.write(), bytes);
        assert_eq!(Block::read(&bytes, None), Ok(block));
        for cut in 0..bytes.len() {
            assert_eq!(Block::read(&bytes[..cut], None), Err(Damaged));
        }
    }

    proptest! {
        #[test]
        fn is_read_as_it_was_written(
            docs in prop::collection::vec(
                (0_i64..1 << 32, any::<bool>(), "[a-z~=-]{0,5}", prop::collection::btree_set(0_u32..60, 0..40)), 0..60),
        ) {
            let docs = docs.iter().map(|(second, whole, id, words)| {
                (Doc { second: *second, whole: *whole, id: id.as_str().into() }, words)
            });
            let block = Block::of(docs.collect());
            let bytes = block.write();
            prop_assert_eq!(Block::read(&bytes, None), Ok(block.clone()));
            let some = Block::read(&bytes, Some(&[3, 99])).unwrap();
            prop_assert_eq!(&some.docs, &block.docs);
            prop_assert_eq!(some.words.get(&3), block.words.get(&3));
            let again = Block::of(block.docs.iter().cloned().zip(&block.by_doc()).collect());
            prop_assert_eq!(again, block);
        }

        #[test]
        fn other_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Block::read(&[&[1], &*bytes].concat(), None);
        }
    }
}
