//! A span: what all its events say, field by field. The newest event that says a field
//! decides it; of starts the least counts, and metadata is merged, each by its reader.
//! Events that no field is taken from any more are forgotten, which changes nothing that
//! is read, whatever comes later: whoever covers an event that covers another covers that.
//! No piece ([`Rank::Piece`]) covers what another says of payloads: their reader puts them
//! together, unless an event of another rank says that payload.

use std::rc::Rc;

use super::compact_id::{self, IdBytes, Packed};
use super::part::{Part, mark, payload};
use super::place::Order;
use super::price::{self, Call, Computed, CostSource, Pricing};
use crate::model::{Micros, Provider, Rank, Usage};

/// Most events of a span that are kept, the newest. Only pieces, and events with metadata,
/// are kept when newer ones say everything else, so these are the last messages of a
/// conversation or updates of metadata.
pub const MAX_PARTS: usize = 100;

/// A span with its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its id, as [`super::compact_id`] packs it.
    pub id: Rc<str>,
    /// The bytes of the id, if it is of one of the shorter forms.
    bytes: Option<(u8, IdBytes)>,
    /// Its events that still count, the oldest first. Never empty.
    parts: Vec<Part>,
    /// What it costs, as far as that was computed: see [`super::price`].
    computed: Option<Computed>,
}

/// A span field by field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "see `Fields`")]
pub struct Folded {
    pub parent: Option<u64>,
    pub envelope: Option<u64>,
    pub name: Option<Rc<str>>,
    pub kind: Option<u8>,
    pub failed: bool,
    pub start_us: Option<Micros>,
    pub end_us: Option<Micros>,
    pub model: Option<Rc<str>>,
    pub prompt_tokens: Option<u64>,
    pub completion_tokens: Option<u64>,
    /// [`Usage::total`].
    pub total_tokens: Option<u64>,
    /// Tokens as they were said.
    pub usage: Usage,
    pub provider: Option<u8>,
    pub cost_nano: Option<i64>,
    pub cost_source: Option<CostSource>,
    pub marks: u8,
}

impl Span {
    /// A span of which one event is known.
    #[must_use]
    pub fn new(id: Rc<str>, part: Part) -> Self {
        let bytes = match compact_id::read(&id) {
            Packed::Bytes { form, bytes } => Some((form, bytes)),
            Packed::Text(_) => None,
        };
        Self { id, bytes, parts: vec![part], computed: None }
    }

    /// A span of these events as they were packed, to be [`Self::folded`].
    pub(crate) fn unfolded(id: Rc<str>, bytes: Option<(u8, IdBytes)>, parts: Vec<Part>) -> Self {
        Self { id, bytes, parts, computed: None }
    }

    /// The same with a cost that was computed.
    pub(crate) fn with_computed(self, computed: Option<Computed>) -> Self {
        Self { computed, ..self }
    }

    /// What it costs, as far as that was computed.
    #[must_use]
    pub fn computed(&self) -> Option<Computed> {
        self.computed
    }

    /// Computes what it costs by what it comes to now; whether that is another.
    #[inline(never)]
    pub fn reprice(&mut self, project: &str, pricing: &dyn Pricing) -> bool {
        let parts = &self.parts;
        let is_call = parts.iter().any(|part| part.fields.kind.is_some_and(price::is_call));
        let priced = is_call && parts.iter().all(|part| part.fields.cost_nano.is_none());
        let computed = priced
            .then(|| self.fold())
            .and_then(|folded| folded.call().and_then(|call| pricing.price(project, &call)));
        std::mem::replace(&mut self.computed, computed) != computed
    }

    /// One of the events of a span that is not folded yet.
    pub(crate) fn part_mut(&mut self, at: usize) -> Option<&mut Part> {
        self.parts.get_mut(at)
    }

    /// The same span, whatever order its events are in.
    pub(crate) fn folded(mut self) -> Self {
        if self.parts.len() > 1 {
            for part in std::mem::take(&mut self.parts) {
                self.take(part);
            }
        }
        self
    }

    /// The id as it is packed.
    #[must_use]
    pub fn packed_id(&self) -> Packed<'_> {
        self.bytes.map_or(Packed::Text(&self.id), |(form, bytes)| Packed::Bytes { form, bytes })
    }

    /// A span of these events; `None` without any.
    #[must_use]
    pub fn of(id: Rc<str>, parts: impl IntoIterator<Item = Part>) -> Option<Self> {
        let mut parts = parts.into_iter();
        let mut span = Self::new(id, parts.next()?);
        for part in parts {
            span.take(part);
        }
        Some(span)
    }

    /// Its events that still count, the oldest first.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The newest of its events.
    #[must_use]
    pub fn newest(&self) -> Option<&Part> {
        self.parts.last()
    }

    /// Takes in an event; whether that changes anything.
    pub fn take(&mut self, part: Part) -> bool {
        if let Some(same) = self.parts.iter_mut().find(|known| known.is_same_event(&part)) {
            // Sent again in another batch: the first of its places counts.
            let earlier = part.place < same.place;
            if earlier {
                same.place = part.place;
                self.parts.sort_unstable();
            }
            return earlier;
        }
        if self.parts.iter().any(|known| *known > part) && is_covered(&part, &self.parts) {
            return false;
        }
        let at = self.parts.partition_point(|known| *known < part);
        if at == 0 && self.parts.len() >= MAX_PARTS {
            return false;
        }
        // Messages of a long conversation come one by one, and cover nothing.
        let says_little = said(&part) == 0 && part.fields.start_us.is_none();
        let is_message = says_little && part.order.rank == Rank::Piece;
        self.parts.insert(at, part);
        if !is_message && self.parts.len() > 1 {
            self.forget_covered();
        }
        let beyond = self.parts.len().saturating_sub(MAX_PARTS);
        self.parts.drain(..beyond);
        true
    }

    /// Takes in another fold of the same span; whether that changes anything.
    pub fn merge(&mut self, other: Self) -> bool {
        let mut changed = false;
        for part in other.parts {
            changed |= self.take(part);
        }
        changed
    }

    fn forget_covered(&mut self) {
        let mut at = 0;
        while at < self.parts.len() {
            let part = self.parts.remove(at);
            if is_covered(&part, &self.parts) {
                continue;
            }
            self.parts.insert(at, part);
            at += 1;
        }
    }

    /// Its name, and how new the event is that says it.
    #[must_use]
    pub fn name(&self) -> Option<(Order, Rc<str>)> {
        let named = |part: &Part| Some((part.order, Rc::clone(part.fields.name.as_ref()?)));
        self.parts.iter().rev().find_map(named)
    }

    /// The span field by field.
    #[must_use]
    pub fn fold(&self) -> Folded {
        let mut folded = Folded::default();
        let mut usage = Usage::default();
        for Part { fields, .. } in &self.parts {
            let newer = |old: &mut Option<u64>, new: Option<u64>| *old = new.or(*old);
            newer(&mut folded.parent, fields.parent);
            newer(&mut folded.envelope, fields.envelope);
            newer(&mut usage.prompt, fields.prompt_tokens);
            newer(&mut usage.completion, fields.completion_tokens);
            if fields.decides_total() {
                usage.total = fields.total_tokens;
            }
            if let Some(name) = &fields.name {
                folded.name = Some(Rc::clone(name));
            }
            if let Some(model) = &fields.model {
                folded.model = Some(Rc::clone(model));
            }
            folded.kind = fields.kind.or(folded.kind);
            folded.failed = fields.failed.unwrap_or(folded.failed);
            folded.start_us = match (folded.start_us, fields.start_us) {
                (Some(old), Some(new)) => Some(old.min(new)),
                (old, new) => new.or(old),
            };
            folded.end_us = fields.end_us.or(folded.end_us);
            folded.cost_nano = fields.cost_nano.or(folded.cost_nano);
            if let Some(details) = &fields.details {
                folded.provider = details.provider.or(folded.provider);
                newer(&mut usage.cached, details.cached);
                newer(&mut usage.cache_write, details.cache_write);
                newer(&mut usage.cache_write_1h, details.cache_write_1h);
                newer(&mut usage.audio, details.audio);
            }
            folded.marks |= fields.marks;
        }
        folded.cost_source = folded.cost_nano.map(|_| CostSource::Client);
        if let (None, Some(computed)) = (folded.cost_nano, self.computed) {
            folded.cost_nano = Some(computed.cost_nano);
            folded.cost_source = Some(computed.source);
        }
        folded.prompt_tokens = usage.prompt;
        folded.completion_tokens = usage.completion;
        folded.total_tokens = usage.total();
        folded.usage = usage;
        folded
    }
}

impl Folded {
    /// The call of a model that it is, if that has tokens to be paid; `None` for anything else.
    #[must_use]
    pub fn call(&self) -> Option<Call<'_>> {
        let usage = self.usage;
        let some = [usage.prompt, usage.completion].iter().flatten().any(|tokens| *tokens > 0);
        self.kind.filter(|kind| price::is_call(*kind) && some)?;
        Some(Call {
            model: self.model.as_deref()?,
            provider: self.provider.and_then(Provider::of_code),
            usage,
            at_us: self.end_us.or(self.start_us)?,
        })
    }

    /// Whether it has begun and not ended, as far as is known.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.start_us.is_some() && self.end_us.is_none()
    }
}

/// Whether each thing that a part says is taken from others.
fn is_covered(part: &Part, others: &[Part]) -> bool {
    let fields = &part.fields;
    if fields.payloads & payload::METADATA != 0 {
        return false;
    }
    let (mut said, mut payloads, mut start) = (Covered::default(), 0, fields.start_us.is_none());
    for other in others {
        if let (Some(own), Some(others)) = (fields.start_us, other.fields.start_us) {
            start |= others < own || others == own && other > part;
        }
        if other > part {
            said.add(other);
            if other.order.rank > Rank::Piece {
                payloads |= other.fields.payloads;
            }
        }
    }
    // What says nothing at all is kept where there is nothing else.
    !others.is_empty() && start && fields.payloads & !payloads == 0 && said.covers(part)
}

/// Which fields some newer events say.
#[derive(Default)]
struct Covered(u32);

impl Covered {
    fn add(&mut self, part: &Part) {
        self.0 |= said(part);
    }

    fn covers(&self, part: &Part) -> bool {
        said(part) & !self.0 == 0
    }
}

/// The fields of which the newest counts, as bits, that an event says.
fn said(part: &Part) -> u32 {
    let f = &part.fields;
    let details = f.details.as_deref().copied().unwrap_or_default();
    let said = [
        f.parent.is_some(),
        f.envelope.is_some(),
        f.name.is_some(),
        f.kind.is_some(),
        f.failed.is_some(),
        f.end_us.is_some(),
        f.model.is_some(),
        f.prompt_tokens.is_some(),
        f.completion_tokens.is_some(),
        f.decides_total(),
        f.cost_nano.is_some(),
        f.marks & mark::MAY_REPEAT != 0,
        f.marks & mark::BESIDE != 0,
        details.provider.is_some(),
        details.cached.is_some(),
        details.cache_write.is_some(),
        details.cache_write_1h.is_some(),
        details.audio.is_some(),
    ];
    said.iter().enumerate().fold(0, |bits, (at, said)| bits | u32::from(*said) << at)
}
