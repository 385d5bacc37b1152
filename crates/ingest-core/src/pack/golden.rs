//! Bytes as they were written once: whatever is changed here, they are read as what they
//! were, and written the same as long as the version is.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::{head, hex, spans};
use crate::fold::compact_id::pack;
use crate::fold::head::Head;
use crate::fold::link;
use crate::fold::metadata::Metadata;
use crate::fold::part::{Fields, Part, payload};
use crate::fold::place::{BatchName, Order, Place};
use crate::fold::root::Root;
use crate::fold::span::Span;
use crate::fold::spans::Spans;
use crate::fold::standing::{SpanStanding, Standing, Told};
use crate::fold::tags::Tags;
use crate::model::Rank;

const AT: i64 = 1_795_328_370_123_456;

fn kept(id: &str) -> Rc<str> {
    pack(id).into()
}

fn batch(n: i64, ending: &str) -> Rc<BatchName> {
    let id = format!("{:032x}", 0x0123_4567_89ab_cdef_i64 + n).into();
    Rc::new(BatchName { received: AT / 1_000 + n, id, ending: ending.into() })
}

fn place(batch: &Rc<BatchName>, offset: u64, length: u64) -> Place {
    Place { batch: Rc::clone(batch), offset, length, context: None }
}

fn order(at_us: i64, hash: u32) -> Order {
    Order { rank: Rank::Create, at_us, hash }
}

/// A root, a call of a model below it that came in two parts, and a span that says little.
fn a_trace() -> Spans {
    let (first, second) = (batch(0, "json"), batch(250, "otlp.pb"));
    let root = Fields {
        envelope: Some(link("event-1")),
        name: Some("support-agent".into()),
        kind: Some(0),
        failed: Some(false),
        start_us: Some(AT),
        end_us: Some(AT + 2_000_000),
        payloads: payload::INPUT | payload::OUTPUT,
        ..Fields::default()
    };
    let begun = Fields {
        parent: Some(link("event-1")),
        envelope: Some(link("7d4f4ed8-6f0a-4d9c-8a52-0d1d0a1b2c3d")),
        name: Some("call".into()),
        kind: Some(1),
        start_us: Some(AT + 1_000),
        model: Some("gpt-4o".into()),
        payloads: payload::INPUT | payload::PARAMETERS | payload::METADATA,
        ..Fields::default()
    };
    let ended = Fields {
        failed: Some(true),
        end_us: Some(AT + 1_500_000),
        prompt_tokens: Some(800),
        completion_tokens: Some(50),
        total_tokens: Some(900),
        cost_nano: Some(2_500_000),
        payloads: payload::OUTPUT | payload::ERROR,
        ..Fields::default()
    };
    let little = Fields { parent: Some(link("elsewhere")), ..Fields::default() };
    let context: Rc<[(u64, u64)]> = Rc::from([(10, 20), (40, 60)]);
    let parts = [
        ("0b1d9a3e4f506172", order(AT + 2_000_100, 0xabcd), root, place(&first, 10, 500)),
        (
            "7d4f4ed8-6f0a-4d9c-8a52-0d1d0a1b2c3d",
            order(AT + 1_001, 7),
            begun,
            place(&first, 511, 400),
        ),
        (
            "7d4f4ed8-6f0a-4d9c-8a52-0d1d0a1b2c3d",
            Order { rank: Rank::Update, ..order(AT + 1_500_001, 8) },
            ended,
            place(&second, 0, 120),
        ),
        (
            "a span of its own",
            order(0, 0),
            little,
            Place { context: Some(context), ..place(&second, 121, 90) },
        ),
    ];
    let mut spans = Spans::default();
    for (id, order, fields, place) in parts {
        spans.take(kept(id), Part { order, fields, place });
    }
    spans
}

fn a_head() -> Head {
    let first = batch(0, "json");
    let event = |at| Standing::Event(order(at, 0x0102));
    let by = SpanStanding { rank: 3, child: true, start_us: AT + 5, id: kept("0b1d9a3e4f506172") };
    let told = |by| Some(Told { by, value: Rc::default() });
    Head {
        start_us: AT,
        root: Some(Root {
            partial: false,
            child: false,
            start_us: AT,
            id: kept("0b1d9a3e4f506172"),
            name: None,
            input: Some((order(AT + 9, 1), Rc::default())),
            output: Some((order(AT + 9, 1), Rc::default())),
            error: None,
        }),
        name: told(event(AT)),
        session: told(event(AT + 1)),
        user: told(Standing::Span(by)),
        tags: Tags::OfAll(BTreeSet::new()),
        metadata: Metadata::OfEvents(
            vec![(order(AT, 1), place(&first, 0, 9)), (order(AT + 1, 2), place(&first, 10, 90))],
            Rc::default(),
        ),
        input: Some(Told { by: event(AT), value: place(&first, 0, 9) }),
        ..Head::default()
    }
}

fn digits(file: &str) -> String {
    file.split_whitespace().collect()
}

fn by_id(spans: &Spans) -> Vec<Span> {
    let mut all = spans.list().to_vec();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

#[test]
fn spans_are_written_and_read_as_ever() {
    let golden = digits(include_str!("golden/spans-1.hex"));
    assert_eq!(hex::write(&spans::write(&a_trace())), golden);
    let read = spans::read(&hex::read(&golden).unwrap()).unwrap();
    assert_eq!(by_id(&read), by_id(&a_trace()));
}

#[test]
fn heads_are_written_and_read_as_ever() {
    let golden = digits(include_str!("golden/head-1.hex"));
    assert_eq!(hex::write(&head::write(&a_head())), golden);
    assert_eq!(head::read(&hex::read(&golden).unwrap(), AT), Ok(a_head()));
}

#[test]
fn another_version_is_not_read() {
    for version in [0, super::VERSION + 1, 255] {
        let mut bytes = spans::write(&a_trace());
        bytes[0] = version;
        assert!(spans::read(&bytes).is_err());
    }
    assert!(spans::read(&[]).is_err() && head::read(&[], 0).is_err());
}
