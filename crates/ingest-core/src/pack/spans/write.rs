//! Spans to bytes.

use super::{Before, HASH_BYTES, LINK_BYTES, MANY, SAME_C, a, b, c, d, order};
use crate::fold::compact_id::Packed;
use crate::fold::link_of_packed;
use crate::fold::map::Map;
use crate::fold::part::{Details, Part};
use crate::fold::price::{Computed, CostSource};
use crate::fold::span::Span;
use crate::fold::spans::Spans;
use crate::model::{Micros, Rank};
use crate::pack::bytes::Writer;
use crate::pack::places::Names;

/// What a parent may be named by, and where it is.
type Links = Map<u64, (usize, Option<usize>)>;

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
    let mut links = Links::default();
    links.reserve(2 * spans.len());
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
        links.insert(link_of_packed(&span.packed_id()), (at, None));
    }
    let mut to = Writer::new(64 * (spans.len() + 1));
    names.write(&mut to);
    to.count(sorted.len());
    let mut before = Before::default();
    for (at, (span, _)) in sorted.iter().enumerate() {
        let id = span.packed_id();
        let more = span.parts().len() - 1;
        let same = span.parts().first().is_some_and(|part| c_of(part) == before.c);
        #[expect(clippy::cast_possible_truncation, reason = "at most 31")]
        to.byte(id.form() | (more.min(MANY) as u8) << 2 | bit(SAME_C, same));
        if more >= MANY {
            to.count(more);
        }
        to.id(&id);
        for (n, part) in span.parts().iter().enumerate() {
            let same = same && n == 0;
            // What is the whole span's stands at the last of its events.
            let computed = span.computed().filter(|_| n == more);
            write_part(&mut to, part, (at, &id, same), &links, &mut names, &mut before, computed);
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

fn c_of(Part { order, fields, .. }: &Part) -> u8 {
    fields.payloads & c::PAYLOADS
        | bit(c::SILENT, fields.failed.is_none())
        | bit(c::NAMELESS, fields.name.is_none())
        | bit(c::UPDATE, order.rank == Rank::Update)
}

fn write_part(
    to: &mut Writer,
    part: &Part,
    (at, id, same_c): (usize, &Packed, bool),
    links: &Links,
    names: &mut Names,
    before: &mut Before,
    computed: Option<Computed>,
) {
    let Part { order, fields, place } = part;
    let parent = fields.parent.map(|link| (link, links.get(&link)));
    let (batch, context) = names.of(place);
    let of_id = fields.envelope.is_some_and(|envelope| envelope == link_of_packed(id));
    let tokens = fields.prompt_tokens.is_some() || fields.completion_tokens.is_some();
    let details = details_of(fields.details.as_deref(), computed);
    let more = bit(c::DETAILS, details != 0)
        | bit(c::NO_START, fields.start_us.is_none())
        | bit(c::CONTEXT, context > 0)
        | bit(c::SUPPLEMENT, order.rank == Rank::Supplement)
        | bit(c::PIECE, order.rank == Rank::Piece)
        | fields.marks << c::MARKS;
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
    if !same_c {
        to.byte(c_of(part));
    }
    before.c = c_of(part);
    if more != 0 {
        to.byte(more);
    }
    if details != 0 {
        to.byte(details);
    }
    let signed = |n: usize| i64::try_from(n).unwrap_or_default();
    match parent {
        Some((_, Some((place, envelope)))) => {
            to.signed(signed(at) - signed(*place));
            if let Some(envelope) = envelope {
                to.count(*envelope);
            }
        }
        Some((link, None)) => to.fixed(link, LINK_BYTES),
        None => {}
    }
    if let Some(envelope) = fields.envelope.filter(|_| !of_id) {
        to.fixed(envelope, LINK_BYTES);
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
    write_details(to, fields.details.as_deref(), computed);
    to.signed(order.at_us.wrapping_sub(last));
    to.fixed(order.hash.into(), HASH_BYTES);
    if before.batch != Some(batch) {
        to.count(batch);
    }
    before.batch = Some(batch);
    if context > 0 {
        to.count(context);
    }
    if let Some(end) = before.end(batch) {
        to.signed(place.offset.wrapping_sub(*end).cast_signed());
        to.number(place.length);
        *end = place.offset.wrapping_add(place.length);
    }
}

/// The byte D.
fn details_of(details: Option<&Details>, computed: Option<Computed>) -> u8 {
    let of = details.copied().unwrap_or_default();
    bit(d::PROVIDER, of.provider.is_some())
        | bit(d::CACHED, of.cached.is_some())
        | bit(d::CACHE_WRITE, of.cache_write.is_some())
        | bit(d::CACHE_WRITE_1H, of.cache_write_1h.is_some())
        | bit(d::AUDIO, of.audio.is_some())
        | match computed.map(|computed| computed.source) {
            Some(CostSource::Table) => d::BY_TABLE,
            Some(CostSource::Project) => d::BY_PROJECT,
            None | Some(CostSource::Client) => 0,
        }
}

/// What it says.
fn write_details(to: &mut Writer, details: Option<&Details>, computed: Option<Computed>) {
    if let Some(details) = details {
        if let Some(provider) = details.provider {
            to.byte(provider);
        }
        let Details { cached, cache_write, cache_write_1h, audio, .. } = *details;
        for count in [cached, cache_write, cache_write_1h, audio].into_iter().flatten() {
            to.number(count);
        }
    }
    if let Some(computed) = computed.filter(|computed| computed.source != CostSource::Client) {
        to.signed(computed.cost_nano);
    }
}
