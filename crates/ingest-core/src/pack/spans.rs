//! The spans of a trace as bytes.
//!
//! ```text
//! version   1 byte
//! names     as `places` writes them: the words are names and models, too
//! spans     a number; each, in order of start (those without one last) and id:
//!   count   1 byte: the form of the id, and 4 times the number of events less one,
//!           or 63 times 4: then the number of events less one follows as a number
//!   id      see `super`
//!   events  each, the oldest first:
//!     A     1 byte: the type, or 15 for none; 16: failed; 32: has an end;
//!           64: has a model; 128: has tokens
//!     B     1 byte: parent: 0 none, 1 a span of the pack, 2 the envelope of one of its
//!           events, 3 a link; 4: has an envelope; 8: and its link is the id's; 16: has
//!           a cost; 32: in the same batch as the event before; 64: has a total of tokens;
//!           128: C2 follows
//!     C     1 byte: 1, 2, 4, 8, 16: the payloads it has (`fold::part::payload`);
//!           32: says nothing of failing; 64: has no name; 128: is an update
//!     C2    1 byte, 0 where it is left out: 1: has no start; 2: has a context
//!     parent, envelope: the difference of places as a signed number, and where an
//!           envelope is meant the event's place; or 8 bytes of XXH3-64, the lowest first
//!     name, model: words
//!     start: a signed number, less the start before, of any event
//!     end:  a signed number, less that start
//!     tokens: prompt and completion, each a number: 0 for none, else one more; the total
//!     cost: a signed number
//!     time: a signed number, less the end, or less the start before
//!     hash: 3 bytes, the lowest first
//!     batch: its place, unless it is that of the event before
//!     context: its place from 1, if it has one
//!     offset: a signed number, less the end of the event before in that batch; length
//! ```

use std::collections::HashMap;
use std::rc::Rc;

use super::Damaged;
use super::bytes::{Reader, Writer};
use super::places::{Named, Names};
use crate::fold::compact_id;
use crate::fold::link_of_kept;
use crate::fold::part::{Fields, Part};
use crate::fold::place::Order;
use crate::fold::span::{Folded, MAX_PARTS, Span};
use crate::fold::spans::Spans;
use crate::model::{Micros, SpanType};

mod a {
    pub(super) const KIND: u8 = 15;
    pub(super) const FAILED: u8 = 16;
    pub(super) const END: u8 = 32;
    pub(super) const MODEL: u8 = 64;
    pub(super) const TOKENS: u8 = 128;
}

mod b {
    pub(super) const PARENT: u8 = 3;
    pub(super) const IN_PACK: u8 = 1;
    pub(super) const ENVELOPE_IN_PACK: u8 = 2;
    pub(super) const ENVELOPE: u8 = 4;
    pub(super) const OF_ID: u8 = 8;
    pub(super) const COST: u8 = 16;
    pub(super) const SAME_BATCH: u8 = 32;
    pub(super) const TOTAL: u8 = 64;
    pub(super) const MORE: u8 = 128;
}

mod c {
    pub(super) const PAYLOADS: u8 = 31;
    pub(super) const SILENT: u8 = 32;
    pub(super) const NAMELESS: u8 = 64;
    pub(super) const UPDATE: u8 = 128;
    pub(super) const NO_START: u8 = 1;
    pub(super) const CONTEXT: u8 = 2;
}

const _: () = assert!(SpanType::ALL.len() < a::KIND as usize);

/// So many events, less one, fit into the byte of their number.
const MANY: usize = 63;

/// What a parent may be named by, and where it is.
type Links = HashMap<u64, (usize, Option<usize>)>;

/// What differences are taken from.
#[derive(Default)]
struct Before {
    start: Micros,
    batch: Option<usize>,
    ends: HashMap<usize, u64>,
}

/// The order in which a trace's spans are packed, and read.
#[must_use]
pub fn order(start: Option<Micros>, id: &str) -> (Micros, &str) {
    (start.unwrap_or(Micros::MAX), id)
}

/// The spans as bytes.
#[must_use]
pub fn write(spans: &Spans) -> Vec<u8> {
    write_all(spans.list())
}

/// These spans as bytes.
#[must_use]
pub fn write_all(spans: &[Span]) -> Vec<u8> {
    let mut sorted: Vec<(&Span, Option<Micros>)> =
        spans.iter().map(|span| (span, start_of(span))).collect();
    sorted.sort_unstable_by(|(a, a_start), (b, b_start)| {
        order(*a_start, &a.id).cmp(&order(*b_start, &b.id))
    });
    let mut names = Names::default();
    let mut links = Links::new();
    for (at, (span, _)) in sorted.iter().enumerate() {
        for (event, part) in span.parts().iter().enumerate() {
            names.of(&part.place);
            for text in part.fields.name.iter().chain(&part.fields.model) {
                names.word(text);
            }
            if let Some(envelope) = part.fields.envelope {
                links.entry(envelope).or_insert((at, Some(event)));
            }
        }
    }
    for (at, (span, _)) in sorted.iter().enumerate() {
        links.insert(link_of_kept(&span.id), (at, None));
    }
    let mut to = Writer::new(64 * (spans.len() + 1));
    names.write(&mut to);
    to.count(sorted.len());
    let mut before = Before::default();
    for (at, (span, _)) in sorted.iter().enumerate() {
        let id = compact_id::read(&span.id);
        let more = span.parts().len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "at most 63")]
        to.byte(id.form() | (more.min(MANY) as u8) << 2);
        if more >= MANY {
            to.count(more);
        }
        to.id(&id);
        for part in span.parts() {
            write_part(&mut to, part, at, &span.id, &links, &mut names, &mut before);
        }
    }
    to.end()
}

/// The least start that a span's events say.
fn start_of(span: &Span) -> Option<Micros> {
    span.parts().iter().filter_map(|part| part.fields.start_us).min()
}

fn bit(bit: u8, set: bool) -> u8 {
    if set { bit } else { 0 }
}

fn write_part(
    to: &mut Writer,
    part: &Part,
    at: usize,
    id: &str,
    links: &Links,
    names: &mut Names,
    before: &mut Before,
) {
    let Part { order, fields, place } = part;
    let parent = fields.parent.map(|link| (link, links.get(&link)));
    let (batch, context) = names.of(place);
    let of_id = fields.envelope.is_some_and(|envelope| envelope == link_of_kept(id));
    let tokens = fields.prompt_tokens.is_some() || fields.completion_tokens.is_some();
    let more = bit(c::NO_START, fields.start_us.is_none()) | bit(c::CONTEXT, context > 0);
    to.byte(
        fields.kind.map_or(a::KIND, |kind| kind.min(a::KIND))
            | bit(a::FAILED, fields.failed == Some(true))
            | bit(a::END, fields.end_us.is_some())
            | bit(a::MODEL, fields.model.is_some())
            | bit(a::TOKENS, tokens),
    );
    let parent_form = match parent {
        None => 0,
        Some((_, Some((_, None)))) => b::IN_PACK,
        Some((_, Some((_, Some(_))))) => b::ENVELOPE_IN_PACK,
        Some((_, None)) => b::PARENT,
    };
    to.byte(
        parent_form
            | bit(b::ENVELOPE, fields.envelope.is_some())
            | bit(b::OF_ID, of_id)
            | bit(b::COST, fields.cost_nano.is_some())
            | bit(b::SAME_BATCH, before.batch == Some(batch))
            | bit(b::TOTAL, fields.total_tokens.is_some())
            | bit(b::MORE, more != 0),
    );
    to.byte(
        fields.payloads & c::PAYLOADS
            | bit(c::SILENT, fields.failed.is_none())
            | bit(c::NAMELESS, fields.name.is_none())
            | bit(c::UPDATE, order.update),
    );
    if more != 0 {
        to.byte(more);
    }
    let signed = |n: usize| i64::try_from(n).unwrap_or_default();
    match parent {
        Some((_, Some((place, envelope)))) => {
            to.signed(signed(at) - signed(*place));
            if let Some(envelope) = envelope {
                to.count(*envelope);
            }
        }
        Some((link, None)) => to.raw(&link.to_le_bytes()),
        None => {}
    }
    if let Some(envelope) = fields.envelope.filter(|_| !of_id) {
        to.raw(&envelope.to_le_bytes());
    }
    for text in fields.name.iter().chain(&fields.model) {
        to.count(names.word(text));
    }
    if let Some(start) = fields.start_us {
        to.signed(start.wrapping_sub(before.start));
        before.start = start;
    }
    let mut last = before.start;
    if let Some(end) = fields.end_us {
        to.signed(end.wrapping_sub(last));
        last = end;
    }
    if tokens {
        for n in [fields.prompt_tokens, fields.completion_tokens] {
            to.number(n.map_or(0, |n| n.wrapping_add(1)));
        }
    }
    if let Some(total) = fields.total_tokens {
        to.number(total);
    }
    if let Some(cost) = fields.cost_nano {
        to.signed(cost);
    }
    to.signed(order.at_us.wrapping_sub(last));
    let [low, middle, high, _] = order.hash.to_le_bytes();
    to.raw(&[low, middle, high]);
    if before.batch != Some(batch) {
        to.count(batch);
    }
    before.batch = Some(batch);
    if context > 0 {
        to.count(context);
    }
    let end = before.ends.entry(batch).or_default();
    to.signed(place.offset.wrapping_sub(*end).cast_signed());
    to.number(place.length);
    *end = place.offset.wrapping_add(place.length);
}

/// The spans that were written.
///
/// # Errors
/// [`Damaged`] for bytes that [`write`] does not write.
pub fn read(bytes: &[u8]) -> Result<Spans, Damaged> {
    Ok(read_list(bytes)?.into_iter().collect())
}

/// The same, as they are.
///
/// # Errors
/// As [`read`].
pub fn read_list(bytes: &[u8]) -> Result<Vec<Span>, Damaged> {
    let mut from = Reader::new(bytes)?;
    let names = Named::read(&mut from)?;
    let mut before = Before::default();
    let mut all: Vec<(Rc<str>, Vec<Unlinked>)> = Vec::new();
    for at in 0..from.count()? {
        let head = from.byte()?;
        let more = usize::from(head >> 2);
        let more = if more < MANY { more } else { from.place()? };
        if more >= MAX_PARTS {
            return Err(Damaged);
        }
        let id = from.id(head & 3)?;
        let mut parts = Vec::with_capacity(more + 1);
        for _ in 0..=more {
            parts.push(read_part(&mut from, at, &id, &names, &mut before)?);
        }
        all.push((id, parts));
    }
    from.end()?;
    // Parents may stand after their children.
    let links: Vec<(u64, Vec<Option<u64>>)> = all
        .iter()
        .map(|(id, parts)| {
            (link_of_kept(id), parts.iter().map(|(part, _)| part.fields.envelope).collect())
        })
        .collect();
    all.into_iter()
        .map(|(id, parts)| {
            let parts = parts.into_iter().map(|(mut part, parent)| {
                if let Some(InPack { span, envelope }) = parent {
                    let (id, envelopes) = links.get(span).ok_or(Damaged)?;
                    part.fields.parent = Some(match envelope {
                        None => *id,
                        Some(at) => envelopes.get(at).copied().flatten().ok_or(Damaged)?,
                    });
                }
                Ok(part)
            });
            Span::of(id, parts.collect::<Result<Vec<_>, Damaged>>()?).ok_or(Damaged)
        })
        .collect()
}

/// A part, and its parent where that is in the pack.
type Unlinked = (Part, Option<InPack>);

/// A parent that is a span of the pack, or the envelope of one of its events.
struct InPack {
    span: usize,
    envelope: Option<usize>,
}

fn read_part(
    from: &mut Reader,
    at: usize,
    id: &str,
    names: &Named,
    before: &mut Before,
) -> Result<Unlinked, Damaged> {
    let (a, b, c) = (from.byte()?, from.byte()?, from.byte()?);
    let more = if b & b::MORE != 0 { from.byte()? } else { 0 };
    let mut fields = Fields { payloads: c & c::PAYLOADS, ..Fields::default() };
    fields.kind = Some(a & a::KIND).filter(|kind| *kind != a::KIND);
    fields.failed = (c & c::SILENT == 0).then_some(a & a::FAILED != 0);
    let mut parent = None;
    match b & b::PARENT {
        0 => {}
        form @ (b::IN_PACK | b::ENVELOPE_IN_PACK) => {
            let difference = isize::try_from(from.signed()?).map_err(|_| Damaged)?;
            let span = at.checked_add_signed(difference.checked_neg().ok_or(Damaged)?);
            let envelope = if form == b::IN_PACK { None } else { Some(from.place()?) };
            parent = Some(InPack { span: span.ok_or(Damaged)?, envelope });
        }
        _ => fields.parent = Some(from.link()?),
    }
    if b & b::ENVELOPE != 0 {
        let of_id = b & b::OF_ID != 0;
        fields.envelope = Some(if of_id { link_of_kept(id) } else { from.link()? });
    }
    if c & c::NAMELESS == 0 {
        fields.name = Some(names.word(from.place()?)?);
    }
    if a & a::MODEL != 0 {
        fields.model = Some(names.word(from.place()?)?);
    }
    if more & c::NO_START == 0 {
        before.start = before.start.wrapping_add(from.signed()?);
        fields.start_us = Some(before.start);
    }
    let mut last = before.start;
    if a & a::END != 0 {
        last = last.wrapping_add(from.signed()?);
        fields.end_us = Some(last);
    }
    if a & a::TOKENS != 0 {
        fields.prompt_tokens = from.number()?.checked_sub(1);
        fields.completion_tokens = from.number()?.checked_sub(1);
    }
    if b & b::TOTAL != 0 {
        fields.total_tokens = Some(from.number()?);
    }
    if b & b::COST != 0 {
        fields.cost_nano = Some(from.signed()?);
    }
    let at_us = last.wrapping_add(from.signed()?);
    let hash = from.raw(3)?.iter().rev().fold(0, |hash, byte| hash << 8 | u32::from(*byte));
    let batch = match before.batch.filter(|_| b & b::SAME_BATCH != 0) {
        Some(batch) => batch,
        None => from.place()?,
    };
    before.batch = Some(batch);
    let context = if more & c::CONTEXT != 0 { from.place()? } else { 0 };
    let end = before.ends.entry(batch).or_default();
    let offset = end.wrapping_add(from.signed()?.cast_unsigned());
    let length = from.number()?;
    *end = offset.wrapping_add(length);
    let order = Order { update: c & c::UPDATE != 0, at_us, hash };
    Ok((Part { order, fields, place: names.place(batch, context, offset, length)? }, parent))
}

/// A span as it is shown, with its place in the order.
#[must_use]
pub fn sort_by_order(mut spans: Vec<(Span, Folded)>) -> Vec<(Span, Folded)> {
    spans.sort_unstable_by(|(a, af), (b, bf)| {
        order(af.start_us, &a.id).cmp(&order(bf.start_us, &b.id))
    });
    spans
}
