//! Spans from bytes.

use std::rc::Rc;

use super::{Before, HASH_BYTES, LINK_BYTES, MANY, SAME_C, a, b, c};
use crate::fold::link_of_kept;
use crate::fold::part::{Fields, Part};
use crate::fold::place::Order;
use crate::fold::span::{MAX_PARTS, Span};
use crate::fold::spans::Spans;
use crate::pack::Damaged;
use crate::pack::bytes::Reader;
use crate::pack::places::Named;

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
        let same_c = head & SAME_C != 0;
        let more = usize::from((head & !SAME_C) >> 2);
        let more = if more < MANY { more } else { from.place()? };
        if more >= MAX_PARTS {
            return Err(Damaged);
        }
        let id = from.id(head & 3)?;
        let mut parts = Vec::with_capacity(more + 1);
        for n in 0..=more {
            let same_c = same_c && n == 0;
            parts.push(read_part(&mut from, (at, &id, same_c), &names, &mut before)?);
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
    (at, id, same_c): (usize, &str, bool),
    names: &Named,
    before: &mut Before,
) -> Result<Unlinked, Damaged> {
    let (a, b) = (from.byte()?, from.byte()?);
    let c = if same_c { before.c } else { from.byte()? };
    before.c = c;
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
        _ => fields.parent = Some(from.fixed(LINK_BYTES)?),
    }
    if b & b::ENVELOPE != 0 {
        let of_id = b & b::OF_ID != 0;
        fields.envelope = Some(if of_id { link_of_kept(id) } else { from.fixed(LINK_BYTES)? });
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
    let hash = u32::try_from(from.fixed(HASH_BYTES)?).map_err(|_| Damaged)?;
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
