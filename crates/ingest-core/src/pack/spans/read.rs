//! Spans from bytes.

use super::{Before, HASH_BYTES, LINK_BYTES, MANY, SAME_C, a, b, c, d};
use crate::fold::compact_id::Packed;
use crate::fold::part::{Details, Fields, Part, mark};
use crate::fold::place::Order;
use crate::fold::price::{Computed, CostSource};
use crate::fold::span::{MAX_PARTS, Span};
use crate::fold::spans::Spans;
use crate::fold::{link_of_kept, link_of_packed};
use crate::limits::MAX_PACK_SPANS;
use crate::model::Rank;
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
    let count = from.count()?;
    let mut all: Vec<Span> = Vec::with_capacity(count.min(MAX_PACK_SPANS));
    // Parents may stand after their children.
    let mut children: Vec<(usize, usize, InPack)> = Vec::new();
    for at in 0..count {
        let head = from.byte()?;
        let same_c = head & SAME_C != 0;
        let more = usize::from((head & !SAME_C) >> 2);
        let more = if more < MANY { more } else { from.place()? };
        if more >= MAX_PARTS {
            return Err(Damaged);
        }
        let form = head & 3;
        let (id, bytes) = from.id_and_bytes(form)?;
        let bytes = bytes.map(|bytes| (form, bytes));
        let mut parts = Vec::with_capacity(more + 1);
        let mut computed = None;
        for n in 0..=more {
            let same_c = same_c && n == 0;
            let own = || {
                bytes.map_or_else(
                    || link_of_kept(&id),
                    |(form, bytes)| link_of_packed(&Packed::Bytes { form, bytes }),
                )
            };
            let (part, parent) =
                read_part(&mut from, (at, &own, same_c), &names, &mut before, &mut computed)?;
            parts.push(part);
            children.extend(parent.map(|parent| (at, n, parent)));
        }
        all.push(Span::unfolded(id, bytes, parts).with_computed(computed));
    }
    from.end()?;
    for (at, n, InPack { span, envelope }) in children {
        let parent = all.get(span).ok_or(Damaged)?;
        let link = match envelope {
            None => link_of_packed(&parent.packed_id()),
            Some(n) => parent.parts().get(n).and_then(|p| p.fields.envelope).ok_or(Damaged)?,
        };
        let part = all.get_mut(at).and_then(|span| span.part_mut(n)).ok_or(Damaged)?;
        part.fields.parent = Some(link);
    }
    Ok(all.into_iter().map(Span::folded).collect())
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
    (at, own, same_c): (usize, &dyn Fn() -> u64, bool),
    names: &Named,
    before: &mut Before,
    computed: &mut Option<Computed>,
) -> Result<Unlinked, Damaged> {
    let (a, b) = (from.byte()?, from.byte()?);
    let c = if same_c { before.c } else { from.byte()? };
    before.c = c;
    let more = if b & b::MORE != 0 { from.byte()? } else { 0 };
    let details = if more & c::DETAILS != 0 { from.byte()? } else { 0 };
    let (payloads, marks) = (c & c::PAYLOADS, more >> c::MARKS & mark::ALL);
    let mut fields = Fields { payloads, marks, ..Fields::default() };
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
        fields.envelope = Some(if of_id { own() } else { from.fixed(LINK_BYTES)? });
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
    if details != 0 {
        (fields.details, *computed) = read_details(from, details, *computed)?;
    }
    let at_us = last.wrapping_add(from.signed()?);
    let hash = u32::try_from(from.fixed(HASH_BYTES)?).map_err(|_| Damaged)?;
    let batch = match before.batch.filter(|_| b & b::SAME_BATCH != 0) {
        Some(batch) => batch,
        None => from.place()?,
    };
    before.batch = Some(batch);
    let context = if more & c::CONTEXT != 0 { from.place()? } else { 0 };
    let mut place = names.place(batch, context, 0, 0)?;
    let end = before.end(batch).ok_or(Damaged)?;
    let offset = end.wrapping_add(from.signed()?.cast_unsigned());
    let length = from.number()?;
    *end = offset.wrapping_add(length);
    let rank = match (c & c::UPDATE, more & (c::SUPPLEMENT | c::PIECE)) {
        (0, 0) => Rank::Create,
        (c::UPDATE, 0) => Rank::Update,
        (0, c::SUPPLEMENT) => Rank::Supplement,
        (0, c::PIECE) => Rank::Piece,
        _ => return Err(Damaged),
    };
    let order = Order { rank, at_us, hash };
    (place.offset, place.length) = (offset, length);
    Ok((Part { order, fields, place }, parent))
}

/// What D says, and the span's cost if that stands here.
type WithComputed = (Option<Box<Details>>, Option<Computed>);

fn read_details(
    from: &mut Reader,
    d: u8,
    known: Option<Computed>,
) -> Result<WithComputed, Damaged> {
    let mut details = Details::default();
    if d & d::PROVIDER != 0 {
        details.provider = Some(from.byte()?);
    }
    for (bit, count) in [
        (d::CACHED, &mut details.cached),
        (d::CACHE_WRITE, &mut details.cache_write),
        (d::CACHE_WRITE_1H, &mut details.cache_write_1h),
        (d::AUDIO, &mut details.audio),
    ] {
        if d & bit != 0 {
            *count = Some(from.number()?);
        }
    }
    let source = match d & (d::BY_TABLE | d::BY_PROJECT) {
        0 => return Ok((details.boxed(), known)),
        d::BY_TABLE => CostSource::Table,
        d::BY_PROJECT => CostSource::Project,
        _ => return Err(Damaged),
    };
    let computed = Computed { cost_nano: from.signed()?, source };
    Ok((details.boxed(), Some(computed)))
}
