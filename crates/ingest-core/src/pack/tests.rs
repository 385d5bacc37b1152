//! Packing gives back what was packed; the fold of two packs is the pack of both sets of
//! events; and bytes that are damaged are found out.

use std::rc::Rc;

use proptest::prelude::*;

use super::{head, spans};
use crate::fold::compact_id::pack;
use crate::fold::head::Head;
use crate::fold::metadata::Metadata;
use crate::fold::part::{Details, Fields, Part, mark};
use crate::fold::place::{BatchName, Order, Place};
use crate::fold::price::{Call, Computed, CostSource, Pricing};
use crate::fold::root::Root;
use crate::fold::span::Span;
use crate::fold::spans::Spans;
use crate::fold::standing::{SpanStanding, Standing, Told};
use crate::fold::tags::Tags;
use crate::fold::{link, link_of_kept};
use crate::model::{Micros, Rank};

fn maybe<T: std::fmt::Debug + Clone + 'static>(
    some: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<T>> {
    proptest::option::of(some).boxed()
}

/// Few different ids, of every form.
fn id() -> impl Strategy<Value = Rc<str>> {
    let ids = ["a", "", "7d4f4ed8-6f0a-4d9c-8a52-0d1d0a1b2c3d", "7d4f4ed86f0a4d9c", "~x"];
    let hex = "7d4f4ed86f0a4d9c8a520d1d0a1b2c3d";
    prop_oneof![
        prop::sample::select(ids.to_vec()).prop_map(|id| Rc::from(pack(id))),
        "[0-9]{31}".prop_map(move |digits| Rc::from(pack(&format!("{digits}{}", &hex[..1])))),
    ]
}

fn time() -> BoxedStrategy<Micros> {
    prop_oneof![5 => 0..5_i64, 5 => 1_795_000_000_000_000..1_795_000_000_000_009_i64, 1 => any::<i64>()]
        .boxed()
}

fn order() -> impl Strategy<Value = Order> {
    const RANKS: [Rank; 4] = [Rank::Create, Rank::Update, Rank::Supplement, Rank::Piece];
    let rank = prop::sample::select(&RANKS[..]);
    (rank, time(), prop_oneof![0..3_u32, 0..1_u32 << 16]).prop_map(|(rank, at_us, hash)| Order {
        rank,
        at_us,
        hash,
    })
}

fn place() -> impl Strategy<Value = Place> {
    let batch = (0..4_i64, prop_oneof![Just("json"), Just("otlp.pb")]).prop_map(|(n, ending)| {
        let id = if n == 3 { "odd".into() } else { format!("{n:032x}") };
        Rc::new(BatchName { received: 1_795_000_000_000 + n, id: id.into(), ending: ending.into() })
    });
    let context = maybe(prop::collection::vec((0..9_u64, 0..9_u64), 0..3).prop_map(Rc::from));
    (batch, prop_oneof![0..50_u64, any::<u64>()], 0..5_u64, context)
        .prop_map(|(batch, offset, length, context)| Place { batch, offset, length, context })
}

fn name() -> BoxedStrategy<Rc<str>> {
    prop_oneof![Just(Rc::from("agent")), "[a-zé]{0,3}".prop_map(Rc::from)].boxed()
}

fn fields() -> impl Strategy<Value = Fields> {
    let links = prop_oneof![
        id().prop_map(|id| link_of_kept(&id)),
        (0..3_u8).prop_map(|n| link(&format!("e{n}"))),
        0..1_u64 << 48,
    ];
    let links = (maybe(links.clone()), maybe(links));
    let texts = (maybe(name()), maybe(0..10_u8), maybe(any::<bool>()), maybe(name()));
    let tokens = || maybe(prop_oneof![0..9_u64, Just(1_000_000_000_000)]);
    let cost = maybe(-1_000_000_000_000_000..=1_000_000_000_000_000_i64);
    let details = (maybe(any::<u8>()), tokens(), tokens(), tokens(), tokens()).prop_map(
        |(provider, cached, cache_write, cache_write_1h, audio)| {
            Details { provider, cached, cache_write, cache_write_1h, audio }.boxed()
        },
    );
    let bits = (0..32_u8, 0..=mark::ALL, prop_oneof![4 => Just(None), 1 => details]);
    let numbers = (tokens(), tokens(), tokens(), cost, bits);
    (links, texts, maybe(time()), maybe(time()), numbers).prop_map(
        |((parent, envelope), (name, kind, failed, model), start_us, end_us, numbers)| {
            let (prompt_tokens, completion_tokens, total_tokens, cost_nano, bits) = numbers;
            let (payloads, marks, details) = bits;
            Fields {
                parent,
                envelope,
                name,
                kind,
                failed,
                start_us,
                end_us,
                model,
                prompt_tokens,
                completion_tokens,
                total_tokens,
                cost_nano,
                details,
                payloads,
                marks,
            }
        },
    )
}

/// Prices by the length of a model's name.
struct ByName;

impl Pricing for ByName {
    fn price(&self, _: &str, call: &Call) -> Option<Computed> {
        let source = match call.model.len() {
            1 => return None,
            2 => CostSource::Project,
            _ => CostSource::Table,
        };
        Some(Computed { cost_nano: call.at_us, source })
    }
}

fn events() -> impl Strategy<Value = Vec<(Rc<str>, Part)>> {
    let part = (order(), fields(), place()).prop_map(|(order, fields, place)| Part {
        order,
        fields,
        place,
    });
    prop::collection::vec((id(), part), 0..20)
}

fn fold(events: &[(Rc<str>, Part)]) -> Spans {
    let mut spans = Spans::default();
    for (id, part) in events.iter().cloned() {
        spans.take(id, part);
    }
    spans
}

/// Spans in the order of their ids.
fn sorted(spans: &Spans) -> Vec<Span> {
    let mut all = spans.list().to_vec();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

fn head_of(text: &str) -> impl Strategy<Value = Head> + use<> {
    let text: Rc<str> = text.into();
    let span = (any::<u8>(), any::<bool>(), time(), id())
        .prop_map(|(rank, child, start_us, id)| SpanStanding { rank, child, start_us, id })
        .boxed();
    let standing =
        prop_oneof![order().prop_map(Standing::Event), span.clone().prop_map(Standing::Span)]
            .boxed();
    let told = text.clone();
    let field = || {
        maybe(standing.clone().prop_map({
            let told = told.clone();
            move |by| Told { by, value: told.clone() }
        }))
    };
    let fields = (field(), field(), field(), field(), field(), field());
    let said = text.clone();
    let of = move || {
        let said = said.clone();
        maybe(order().prop_map(move |order| (order, said.clone())))
    };
    let root =
        maybe((any::<bool>(), any::<bool>(), time(), id(), of(), of(), of(), of()).prop_map(
            |(partial, child, start_us, id, name, input, output, error)| Root {
                partial,
                child,
                start_us,
                id,
                name,
                input,
                output,
                error,
            },
        ));
    let kept = text.clone();
    let tags = prop_oneof![
        Just(Tags::None),
        order().prop_map(move |order| Tags::OfEvent(order, kept.clone())),
        Just(Tags::OfAll(std::iter::empty().collect())),
    ];
    let (one, other) = (text.clone(), text);
    let metadata = prop_oneof![
        Just(Metadata::None),
        prop::collection::vec((order(), place()), 1..4)
            .prop_map(move |parts| Metadata::OfEvents(parts, one.clone())),
        (span, place()).prop_map(move |(by, place)| Metadata::OfSpan(by, place, other.clone())),
    ];
    let lying = (standing.clone(), place()).prop_map(|(by, value)| Told { by, value }).boxed();
    let lying = (maybe(lying.clone()), maybe(lying));
    (time(), root, fields, tags, metadata, lying).prop_map(
        |(
            start_us,
            root,
            (name, session, user, parent_trace, deployment, evaluators),
            tags,
            metadata,
            (input, output),
        )| Head {
            start_us,
            root,
            name,
            session,
            user,
            parent_trace,
            deployment,
            evaluators,
            tags,
            metadata,
            input,
            output,
            ..Head::default()
        },
    )
}

proptest! {
    #[test]
    fn gives_back_what_was_packed(events in events()) {
        let spans = fold(&events);
        let bytes = spans::write(&spans);
        let read = spans::read(&bytes).unwrap();
        prop_assert_eq!(sorted(&read), sorted(&spans));
        prop_assert_eq!(read.totals(), spans.totals());
        // There is one way to write each.
        prop_assert_eq!(spans::write(&read), bytes);
    }

    #[test]
    fn the_fold_of_two_packs_is_the_pack_of_all_events(
        events in events(),
        sides in prop::collection::vec(0..3_u8, 20),
        seed in any::<prop::sample::Index>(),
    ) {
        let all = spans::write(&fold(&events));
        let side = |which: u8| {
            let some = events.iter().zip(&sides).filter(|(_, side)| **side == which || **side == 2);
            some.map(|(event, _)| event.clone()).collect::<Vec<_>>()
        };
        let mut first = spans::read(&spans::write(&fold(&side(0)))).unwrap();
        let mut second = side(1);
        if !second.is_empty() {
            let by = seed.index(second.len());
            second.rotate_left(by);
            second.reverse();
        }
        for span in fold(&second) {
            first.merge(span);
        }
        prop_assert_eq!(spans::write(&first), all);
        // What is known changes nothing.
        for (id, part) in events {
            prop_assert!(!first.take(id, part));
        }
    }

    #[test]
    fn costs_that_were_computed_come_back(events in events()) {
        let mut spans = fold(&events);
        spans.reprice("p", &ByName);
        let read = spans::read(&spans::write(&spans)).unwrap();
        prop_assert_eq!(sorted(&read), sorted(&spans));
        for span in read.list() {
            let folded = span.fold();
            let expected = folded.call().filter(|_| folded.cost_source != Some(CostSource::Client));
            prop_assert_eq!(span.computed(), expected.and_then(|call| ByName.price("p", &call)));
        }
    }

    #[test]
    fn a_head_comes_back_but_for_its_texts(head in head_of("")) {
        let bytes = head::write(&head);
        prop_assert_eq!(head::read(&bytes, head.start_us), Ok(head));
    }

    #[test]
    fn damaged_bytes_are_read_as_others_or_not_at_all(
        events in events(),
        head in head_of(""),
        at in any::<prop::sample::Index>(),
        byte: u8,
        cut in any::<prop::sample::Index>(),
        junk: Vec<u8>,
    ) {
        let mut packed = spans::write(&fold(&events));
        let whole = packed.clone();
        prop_assert!(spans::read(&whole[..cut.index(whole.len())]).is_err());
        let place = at.index(packed.len());
        packed[place] ^= byte;
        if let Ok(read) = spans::read(&packed) {
            let again = spans::write(&read);
            prop_assert_eq!(spans::read(&again).map(|spans| sorted(&spans)), Ok(sorted(&read)));
        }
        let mut bytes = head::write(&head);
        prop_assert!(head::read(&bytes[..cut.index(bytes.len())], 0).is_err());
        let place = at.index(bytes.len());
        bytes[place] ^= byte;
        let _ = head::read(&bytes, 0);
        let _ = spans::read(&junk);
        let _ = spans::read(&[&[super::VERSION], &*junk].concat());
        let _ = head::read(&[&[super::VERSION], &*junk].concat(), 0);
    }
}
