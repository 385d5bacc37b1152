//! Who said what of a trace itself, as bytes. What was said stands in columns; it comes
//! back empty, for whoever has the columns to fill in.
//!
//! ```text
//! version   1 byte
//! names     as `places` writes them
//! flags     a number: 1: a root; 2: and its name; 4: its input; 8: its output;
//!           16: no event is known that creates it; 32: it has a parent;
//!           64, 128, 256, 512, 1024, 2048: somebody says name, session, user, parent
//!           trace, deployment, evaluators; 4096: tags are an event's; 8192: all that are said;
//!           16384: metadata are events'; 32768: a span's; 65536, 131072: somebody says an
//!           input, an output; 262144: the root's error
//! root      form of the id as a byte, id, start; the orders of name, input, output, error
//! sayings   in the order of the flags; each: a byte, 0 for an event, 1 for a span;
//!           of an event its order, of a span: its rank as a byte, a byte that is 1 where
//!           it has a parent, its start, the form of its id as a byte, its id
//! tags      the order of the event
//! metadata  of events: how many; each: order, place; of a span: as a saying without its
//!           first byte, place
//! input     as a saying, place; so the output
//! order     a byte: 2 for the order that was written last; else 0 for a create, 1 for an
//!           update, 3 for a supplement, 4 for a piece; its time, 2 bytes of hash
//! time, start: a signed number, less the start of the trace
//! ```

use std::collections::BTreeSet;
use std::rc::Rc;

use super::Damaged;
use super::bytes::{Reader, Writer};
use super::places::{Named, Names};
use crate::fold::compact_id;
use crate::fold::head::{Field, Head};
use crate::fold::metadata::Metadata;
use crate::fold::place::{HASH_BITS, Order, Place};
use crate::fold::root::Root;
use crate::fold::standing::{SpanStanding, Standing, Told};
use crate::fold::tags::Tags;
use crate::model::{Micros, Rank};

const ROOT: u64 = 1;
const ROOT_NAME: u64 = 1 << 1;
const ROOT_INPUT: u64 = 1 << 2;
const ROOT_OUTPUT: u64 = 1 << 3;
const ROOT_PARTIAL: u64 = 1 << 4;
const ROOT_CHILD: u64 = 1 << 5;
/// The first of six.
const SAYINGS: u64 = 1 << 6;
const TAGS_OF_EVENT: u64 = 1 << 12;
const TAGS_OF_ALL: u64 = 1 << 13;
const METADATA_OF_EVENTS: u64 = 1 << 14;
const METADATA_OF_SPAN: u64 = 1 << 15;
const INPUT: u64 = 1 << 16;
const OUTPUT: u64 = 1 << 17;
const ROOT_ERROR: u64 = 1 << 18;

/// What of a head is not in columns, as bytes.
#[must_use]
pub fn write(head: &Head) -> Vec<u8> {
    let mut names = Names::default();
    let lying = || [&head.input, &head.output].into_iter().flatten();
    for place in head.metadata.places().into_iter().chain(lying().map(|told| &told.value)) {
        names.of(place);
    }
    let bit = |bit, set: bool| if set { bit } else { 0 };
    let root = head.root.as_ref();
    let is = |test: fn(&Root) -> bool| root.is_some_and(test);
    let sayings = sayings(head);
    let said = sayings.iter().enumerate().map(|(at, field)| bit(SAYINGS << at, field.is_some()));
    let flags = bit(ROOT, root.is_some())
        | bit(ROOT_NAME, is(|root| root.name.is_some()))
        | bit(ROOT_INPUT, is(|root| root.input.is_some()))
        | bit(ROOT_OUTPUT, is(|root| root.output.is_some()))
        | bit(ROOT_PARTIAL, is(|root| root.partial))
        | bit(ROOT_CHILD, is(|root| root.child))
        | said.fold(0, |all, bit| all | bit)
        | bit(TAGS_OF_EVENT, matches!(head.tags, Tags::OfEvent(..)))
        | bit(TAGS_OF_ALL, matches!(head.tags, Tags::OfAll(_)))
        | bit(METADATA_OF_EVENTS, matches!(head.metadata, Metadata::OfEvents(..)))
        | bit(METADATA_OF_SPAN, matches!(head.metadata, Metadata::OfSpan(..)))
        | bit(INPUT, head.input.is_some())
        | bit(OUTPUT, head.output.is_some())
        | bit(ROOT_ERROR, is(|root| root.error.is_some()));
    let mut to = Times { to: Writer::new(96), base: head.start_us, last: None };
    names.write(&mut to.to);
    to.to.number(flags);
    if let Some(root) = root {
        to.id(&root.id);
        to.time(root.start_us);
        let texts = [&root.name, &root.input, &root.output, &root.error];
        for (order, _) in texts.into_iter().flatten() {
            to.order(*order);
        }
    }
    for told in sayings.into_iter().flatten() {
        to.standing(&told.by);
    }
    if let Tags::OfEvent(order, _) = &head.tags {
        to.order(*order);
    }
    match &head.metadata {
        Metadata::None => {}
        Metadata::OfEvents(parts, _) => {
            to.to.count(parts.len());
            for (order, place) in parts {
                to.order(*order);
                to.place(place, &mut names);
            }
        }
        Metadata::OfSpan(by, place, _) => {
            to.span(by);
            to.place(place, &mut names);
        }
    }
    for Told { by, value } in lying() {
        to.standing(by);
        to.place(value, &mut names);
    }
    to.to.end()
}

/// The fields that somebody says, in the order of their flags.
fn sayings(head: &Head) -> [&Field; 6] {
    let Head { name, session, user, parent_trace, deployment, evaluators, .. } = head;
    [name, session, user, parent_trace, deployment, evaluators]
}

/// A writer of times that are less one of them.
struct Times {
    to: Writer,
    base: Micros,
    /// The order that was written last.
    last: Option<Order>,
}

impl Times {
    fn time(&mut self, at: Micros) {
        self.to.signed(at.wrapping_sub(self.base));
    }

    fn order(&mut self, order: Order) {
        if self.last.replace(order) == Some(order) {
            self.to.byte(2);
            return;
        }
        self.to.byte(match order.rank {
            Rank::Create => 0,
            Rank::Update => 1,
            Rank::Supplement => 3,
            Rank::Piece => 4,
        });
        self.time(order.at_us);
        self.to.fixed(order.hash.into(), HASH_BITS / 8);
    }

    fn id(&mut self, id: &str) {
        let id = compact_id::read(id);
        self.to.byte(id.form());
        self.to.id(&id);
    }

    fn standing(&mut self, standing: &Standing) {
        match standing {
            Standing::Event(order) => {
                self.to.byte(0);
                self.order(*order);
            }
            Standing::Span(by) => {
                self.to.byte(1);
                self.span(by);
            }
        }
    }

    fn span(&mut self, SpanStanding { rank, child, start_us, id }: &SpanStanding) {
        self.to.byte(*rank);
        self.to.byte((*child).into());
        self.time(*start_us);
        self.id(id);
    }

    fn place(&mut self, place: &Place, names: &mut Names) {
        let (batch, context) = names.of(place);
        self.to.count(batch);
        self.to.count(context);
        self.to.number(place.offset);
        self.to.number(place.length);
    }
}

/// A head with that start that was written; its texts are empty, and what stands in
/// columns alone is as in [`Head::default`].
///
/// # Errors
/// [`Damaged`] for bytes that [`write`] does not write.
pub fn read(bytes: &[u8], start_us: Micros) -> Result<Head, Damaged> {
    let mut from = Bases { from: Reader::new(bytes)?, base: start_us, last: None };
    let names = Named::read(&mut from.from)?;
    let flags = from.from.number()?;
    let is = |bit| flags & bit != 0;
    let mut head = Head { start_us, ..Head::default() };
    if is(ROOT) {
        let (id, start_us) = (from.id()?, from.time()?);
        let mut text = |bit| Ok(if is(bit) { Some((from.order()?, Rc::default())) } else { None });
        let (name, input, output) = (text(ROOT_NAME)?, text(ROOT_INPUT)?, text(ROOT_OUTPUT)?);
        let error = text(ROOT_ERROR)?;
        let (partial, child) = (is(ROOT_PARTIAL), is(ROOT_CHILD));
        head.root = Some(Root { partial, child, start_us, id, name, input, output, error });
    }
    let mut said: [Field; 6] = Default::default();
    for (_, field) in said.iter_mut().enumerate().filter(|(at, _)| is(SAYINGS << at)) {
        *field = Some(Told { by: from.standing()?, value: Rc::default() });
    }
    let [name, session, user, parent_trace, deployment, evaluators] = said;
    if is(TAGS_OF_EVENT) {
        head.tags = Tags::OfEvent(from.order()?, Rc::default());
    } else if is(TAGS_OF_ALL) {
        head.tags = Tags::OfAll(BTreeSet::new());
    }
    if is(METADATA_OF_EVENTS) {
        let count = from.from.count()?;
        let parts = (0..count).map(|_| Ok((from.order()?, from.place(&names)?)));
        head.metadata = Metadata::OfEvents(parts.collect::<Result<_, Damaged>>()?, Rc::default());
    } else if is(METADATA_OF_SPAN) {
        head.metadata = Metadata::OfSpan(from.span()?, from.place(&names)?, Rc::default());
    }
    for (bit, lying) in [(INPUT, &mut head.input), (OUTPUT, &mut head.output)] {
        if is(bit) {
            *lying = Some(Told { by: from.standing()?, value: from.place(&names)? });
        }
    }
    from.from.end()?;
    Ok(Head { name, session, user, parent_trace, deployment, evaluators, ..head })
}

/// A reader of times that are less one of them.
struct Bases<'a> {
    from: Reader<'a>,
    base: Micros,
    /// The order that was read last.
    last: Option<Order>,
}

impl Bases<'_> {
    fn time(&mut self) -> Result<Micros, Damaged> {
        Ok(self.base.wrapping_add(self.from.signed()?))
    }

    fn flag(&mut self) -> Result<bool, Damaged> {
        match self.from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Damaged),
        }
    }

    fn order(&mut self) -> Result<Order, Damaged> {
        let rank = match self.from.byte()? {
            2 => return self.last.ok_or(Damaged),
            0 => Rank::Create,
            1 => Rank::Update,
            3 => Rank::Supplement,
            4 => Rank::Piece,
            _ => return Err(Damaged),
        };
        let at_us = self.time()?;
        let hash = u32::try_from(self.from.fixed(HASH_BITS / 8)?).map_err(|_| Damaged)?;
        let order = Order { rank, at_us, hash };
        self.last = Some(order);
        Ok(order)
    }

    fn id(&mut self) -> Result<Rc<str>, Damaged> {
        let form = self.from.byte()?;
        self.from.id(form)
    }

    fn standing(&mut self) -> Result<Standing, Damaged> {
        match self.from.byte()? {
            0 => Ok(Standing::Event(self.order()?)),
            1 => Ok(Standing::Span(self.span()?)),
            _ => Err(Damaged),
        }
    }

    fn span(&mut self) -> Result<SpanStanding, Damaged> {
        let (rank, child) = (self.from.byte()?, self.flag()?);
        Ok(SpanStanding { rank, child, start_us: self.time()?, id: self.id()? })
    }

    fn place(&mut self, names: &Named) -> Result<Place, Damaged> {
        let (batch, context) = (self.from.place()?, self.from.place()?);
        names.place(batch, context, self.from.number()?, self.from.number()?)
    }
}
