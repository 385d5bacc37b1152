//! Where events lie, as bytes: the batches and contexts that several places name stand in
//! front of them, once.
//!
//! ```text
//! words     a number; each a text: endings of batches, and what else there is
//! batches   a number; each: received as a signed number less that of the one before,
//!           the length of its id: 0 for 32 hexadecimal digits, else its bytes;
//!           the id: 16 bytes, or so many; the word of its ending
//! contexts  a number; each: how many ranges, of each its offset and its length
//! ```

use std::rc::Rc;

use base16ct::lower;

use super::Damaged;
use super::bytes::{Reader, Writer};
use crate::fold::map::Map;
use crate::fold::place::{BatchName, Context, Place};
use crate::model::Millis;

/// Things in the order in which they first came, and where each is.
#[derive(Debug)]
struct Listed<T>(Vec<T>, Map<T, usize>);

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self(Vec::new(), Map::default())
    }
}

impl<T: Clone + Eq + std::hash::Hash> Listed<T> {
    fn place(&mut self, thing: &T) -> usize {
        if let Some(at) = self.1.get(thing) {
            return *at;
        }
        let at = self.0.len();
        self.0.push(thing.clone());
        self.1.insert(thing.clone(), at);
        at
    }
}

/// What places name, being collected.
#[derive(Debug, Default)]
pub struct Names {
    words: Listed<Rc<str>>,
    batches: Listed<Rc<BatchName>>,
    contexts: Listed<Context>,
    ids: Vec<usize>,
    /// What was asked for last, which is most often asked for again.
    last: Option<(Place, (usize, usize))>,
    /// The first words that were asked for, and where they are.
    first: Vec<(Rc<str>, usize)>,
}

/// Words that are looked for one after the other, before a map is asked.
const FIRST_WORDS: usize = 12;

impl Names {
    /// The place of a word.
    pub fn word(&mut self, text: &Rc<str>) -> usize {
        if let Some((_, at)) = self.first.iter().find(|(first, _)| Rc::ptr_eq(first, text)) {
            return *at;
        }
        let at = self.words.place(text);
        if self.first.len() < FIRST_WORDS {
            self.first.push((Rc::clone(text), at));
        }
        at
    }

    /// The places of a batch, and of a context from 1.
    pub fn of(&mut self, place: &Place) -> (usize, usize) {
        if let Some((last, known)) = &self.last
            && Rc::ptr_eq(&last.batch, &place.batch)
            && match (&last.context, &place.context) {
                (None, None) => true,
                (Some(last), Some(context)) => Rc::ptr_eq(last, context),
                _ => false,
            }
        {
            return *known;
        }
        let known = self.batches.0.len();
        let batch = self.batches.place(&place.batch);
        if batch == known {
            let ending = self.words.place(&place.batch.ending);
            self.ids.push(ending);
        }
        let context = place.context.as_ref().map_or(0, |context| self.contexts.place(context) + 1);
        self.last = Some((place.clone(), (batch, context)));
        (batch, context)
    }

    /// Writes them.
    pub fn write(&self, to: &mut Writer) {
        to.count(self.words.0.len());
        for word in &self.words.0 {
            to.text(word);
        }
        to.count(self.batches.0.len());
        let mut before: Millis = 0;
        for (batch, ending) in self.batches.0.iter().zip(&self.ids) {
            to.signed(batch.received.wrapping_sub(before));
            before = batch.received;
            if let Some(id) = hex(&batch.id) {
                to.count(0);
                to.raw(&id);
            } else {
                to.text(&batch.id);
            }
            to.count(*ending);
        }
        to.count(self.contexts.0.len());
        for context in &self.contexts.0 {
            to.count(context.len());
            for (offset, length) in context.iter() {
                to.number(*offset);
                to.number(*length);
            }
        }
    }
}

/// The bytes that 32 lower-case hexadecimal digits are.
fn hex(id: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    if id.len() != 2 * bytes.len() {
        return None;
    }
    lower::decode(id, &mut bytes).ok()?;
    Some(bytes)
}

/// The digits of these bytes.
fn digits(bytes: &[u8; 16]) -> Option<Rc<str>> {
    let mut text = [0; 32];
    lower::encode_str(bytes, &mut text).ok().map(Rc::from)
}

/// What places name, as it was read.
#[derive(Debug)]
pub struct Named {
    words: Vec<Rc<str>>,
    batches: Vec<Rc<BatchName>>,
    contexts: Vec<Context>,
}

impl Named {
    /// Reads them.
    ///
    /// # Errors
    /// [`Damaged`]; so for all others.
    pub fn read(from: &mut Reader) -> Result<Self, Damaged> {
        let words: Vec<Rc<str>> = list(from, |from| Ok(from.text()?.into()))?;
        let mut before: Millis = 0;
        let batches = list(from, |from| {
            before = before.wrapping_add(from.signed()?);
            let id = match from.count()? {
                0 => from.raw(16)?.first_chunk().and_then(digits).ok_or(Damaged)?,
                length => std::str::from_utf8(from.raw(length)?).map_err(|_| Damaged)?.into(),
            };
            let ending = words.get(from.place()?).ok_or(Damaged)?;
            Ok(Rc::new(BatchName { received: before, id, ending: Rc::clone(ending) }))
        })?;
        let contexts =
            list(from, |from| Ok(list(from, |from| Ok((from.number()?, from.number()?)))?.into()))?;
        Ok(Self { words, batches, contexts })
    }

    /// A word.
    ///
    /// # Errors
    /// See [`Self::read`].
    pub fn word(&self, at: usize) -> Result<Rc<str>, Damaged> {
        self.words.get(at).cloned().ok_or(Damaged)
    }

    /// A place.
    ///
    /// # Errors
    /// See [`Self::read`].
    pub fn place(
        &self,
        batch: usize,
        context: usize,
        offset: u64,
        length: u64,
    ) -> Result<Place, Damaged> {
        let batch = self.batches.get(batch).cloned().ok_or(Damaged)?;
        let context = match context.checked_sub(1) {
            None => None,
            Some(at) => Some(self.contexts.get(at).cloned().ok_or(Damaged)?),
        };
        Ok(Place { batch, offset, length, context })
    }
}

/// A number of things.
fn list<'a, T>(
    from: &mut Reader<'a>,
    mut one: impl FnMut(&mut Reader<'a>) -> Result<T, Damaged>,
) -> Result<Vec<T>, Damaged> {
    let count = from.count()?;
    (0..count).map(|_| one(from)).collect()
}
