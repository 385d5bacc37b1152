//! The keys of an event's objects, fast: a client writes the same ones in the
//! same order in event after event, so each key is first compared, whole and
//! with its colon, to the one that came after the same key the last time. That
//! takes three words and no loop; only where it fails is the key scanned, and
//! its name looked up.

use super::fields::{FIELDS, Level, Named};
use crate::json::error::SyntaxError;
use crate::json::scan;
use crate::json::scan::More;
use crate::json::text::unescape;
use crate::json::value::{Kind, Value};

/// Most bytes of a key that is remembered, its quotes and colon included. The
/// fields' own have 20 at most.
const LONGEST: usize = 24;

/// A key's bytes from its opening quote to its colon, padded with zeros.
#[derive(Debug, Clone, Copy, Default)]
struct Bytes {
    words: [u64; LONGEST / 8],
    /// Ones where `words` has the key.
    masks: [u64; LONGEST / 8],
    /// How many bytes they are; 0 for no key.
    len: usize,
}

impl Bytes {
    /// Those of a key in `body` and of its colon, which ends at `end`. None
    /// where they are too many.
    fn of(key: Value, end: usize, body: &[u8]) -> Self {
        let start = key.range().start;
        let mut bytes = Self::default();
        let Some(here) = body.get(start..).and_then(|rest| rest.first_chunk::<LONGEST>()) else {
            return bytes;
        };
        if end - start > LONGEST {
            return bytes;
        }
        bytes.len = end - start;
        let slots = bytes.words.iter_mut().zip(&mut bytes.masks);
        for (i, (here, (word, mask))) in here.as_chunks::<8>().0.iter().zip(slots).enumerate() {
            let len = bytes.len.saturating_sub(i * 8);
            *mask = if len < 8 { (1 << (len * 8)) - 1 } else { u64::MAX };
            *word = u64::from_le_bytes(*here) & *mask;
        }
        bytes
    }

    /// Whether they are in `body` at `at`.
    #[inline]
    fn are_at(&self, at: usize, body: &[u8]) -> bool {
        let rest = body.get(at..).unwrap_or_default();
        let Some(here) = rest.first_chunk::<LONGEST>() else { return false };
        let known = self.words.iter().zip(&self.masks);
        let unlike =
            here.as_chunks::<8>().0.iter().zip(known).fold(0, |unlike, (here, (word, mask))| {
                unlike | ((u64::from_le_bytes(*here) & mask) ^ word)
            });
        self.len > 0 && unlike == 0
    }
}

/// Where in an event's objects the last key was: the place of what is
/// remembered of the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    level: Level,
    slot: usize,
}

impl Place {
    /// Before an object's first key.
    pub(super) fn start(level: Level) -> Self {
        Self { level, slot: FIELDS + level as usize }
    }

    fn is_start(self) -> bool {
        self == Self::start(self.level)
    }

    fn after(self, named: Named) -> Self {
        let unknown = FIELDS + LEVELS + self.level as usize;
        Self { slot: named.map_or(unknown, |(field, _)| field as usize), ..self }
    }
}

const LEVELS: usize = Level::Usage as usize + 1;

/// What an object has next.
pub(super) enum Step {
    /// A key, and the place after its colon.
    Key(Named, usize),
    /// Nothing; this is the place after the object.
    End(usize),
}

/// What came after each key the last time.
pub(super) struct Keys {
    last: [(Bytes, Named); FIELDS + 2 * LEVELS],
}

impl Keys {
    pub(super) fn new() -> Self {
        Self { last: [(Bytes::default(), None); FIELDS + 2 * LEVELS] }
    }

    /// What the object has next, from `at` on.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "a fifth faster in wasm, where a result travels in memory"
    )]
    pub(super) fn next(
        &mut self,
        text: &str,
        at: usize,
        place: &mut Place,
    ) -> Result<Step, SyntaxError> {
        let body = text.as_bytes();
        let at = match scan::more(body, at, b'}', place.is_start())? {
            More::At(at) => crate::json::lex::next(body, at).1,
            More::End(at) => return Ok(Step::End(at)),
        };
        let mut none = (Bytes::default(), None);
        let last = self.last.get_mut(place.slot).unwrap_or(&mut none);
        let end = if last.0.are_at(at, body) {
            at + last.0.len
        } else {
            let (key, end) = scan::key(body, at)?;
            *last = (Bytes::of(key, end, body), named(key, text, place.level));
            end
        };
        *place = place.after(last.1);
        Ok(Step::Key(last.1, end))
    }
}

/// The field that a key names, escapes in it or none.
#[inline(never)]
fn named(key: Value, text: &str, level: Level) -> Named {
    let name = text.get(key.inner()).unwrap_or_default();
    if key.kind() == Kind::Escaped {
        return level.field(unescape(name).as_bytes());
    }
    level.field(name.as_bytes())
}
