//! Everything else that a caller's bytes reach: one event by itself, packed
//! bodies, keys of raw batches, headers, paths and query strings.

use std::io::Write;

use edgespan::api;
use edgespan::batch::BatchRef;
use edgespan::error::Error;
use edgespan::formats::content_type::check_json;
use edgespan::formats::{FORMATS, twosignal};
use edgespan::http::body::{Encoding, decompress};
use edgespan::http::router;
use edgespan::limits::MAX_BODY_BYTES;
use edgespan::pipeline::ingest::preferred_handling;
use edgespan::time;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::mutate::{Random, mutated};
use super::{corpus, fuzz};
use crate::common::{PROJECT, World, body};

/// An event that decodes by itself decodes the same within a body.
#[test]
fn single_events() {
    let corpus = corpus();
    fuzz(
        "single events",
        20_000,
        |random| {
            let body =
                mutated(random.of::<Vec<u8>>(&corpus), random.of::<Vec<u8>>(&corpus), random);
            let start = body.iter().position(|b| *b == b'[').map_or(0, |at| at + 1);
            body[start..body.len().saturating_sub(random.below(4)).max(start)].to_vec()
        },
        |event| {
            let Ok(text) = std::str::from_utf8(event) else { return };
            let Some(alone) = twosignal::decode_event(text) else { return };
            let wrapped = format!("{{\"batch\":[{text}]}}");
            let mut events = Vec::new();
            twosignal::decode(wrapped.as_bytes(), |event| events.push(event)).unwrap();
            assert_eq!(events.len(), 1, "{text}");
            assert_eq!(
                (&events[0].body, &events[0].envelope),
                (&alone.body, &alone.envelope),
                "{text}"
            );
        },
    );
}

/// What is unpacked is what was packed, or nothing is.
#[test]
fn packed_bodies() {
    let corpus = corpus();
    let plain = std::cell::RefCell::new((Vec::new(), Encoding::Identity, false));
    fuzz(
        "packed bodies",
        10_000,
        |random| {
            let whole =
                mutated(random.of::<Vec<u8>>(&corpus), random.of::<Vec<u8>>(&corpus), random);
            let level = Compression::new(u32::try_from(random.below(10)).unwrap());
            let (encoding, mut packed, checked) = match random.below(3) {
                0 => (
                    Encoding::Gzip,
                    packed(GzEncoder::new(Vec::new(), level), &whole, GzEncoder::finish),
                    true,
                ),
                1 => (
                    Encoding::Deflate,
                    packed(ZlibEncoder::new(Vec::new(), level), &whole, ZlibEncoder::finish),
                    false,
                ),
                _ => (
                    Encoding::Deflate,
                    packed(DeflateEncoder::new(Vec::new(), level), &whole, DeflateEncoder::finish),
                    false,
                ),
            };
            let cut = random.below(3) == 0;
            if cut {
                packed.truncate(random.below(packed.len()));
            } else {
                for _ in 0..random.below(3) {
                    let at = random.below(packed.len());
                    packed[at] ^= 1 << random.below(8);
                }
            }
            *plain.borrow_mut() = (whole, encoding, checked || cut);
            packed
        },
        |packed| {
            let (whole, encoding, checked) = &*plain.borrow();
            if let Ok(unpacked) = decompress(*encoding, packed, MAX_BODY_BYTES) {
                assert!(unpacked.len() <= MAX_BODY_BYTES);
                assert!(!checked || unpacked == *whole, "{packed:02x?}");
            }
        },
    );
}

fn packed<W: Write>(
    mut encoder: W,
    whole: &[u8],
    finish: impl FnOnce(W) -> std::io::Result<Vec<u8>>,
) -> Vec<u8> {
    encoder.write_all(whole).unwrap();
    finish(encoder).unwrap()
}

/// A text near one of these.
fn text_near(near: &[&str], random: &mut Random) -> String {
    let mut text: Vec<char> = random.of(near).chars().collect();
    for _ in 0..random.below(5) {
        let at = random.below(text.len() + 1);
        let odd = [
            '/', '.', '%', '=', '&', ',', '0', '9', '-', '+', 'T', 'Z', ':', ' ', '"', ';', '\0',
            'é', '😀', 'f', '\u{7f}',
        ];
        match random.below(4) {
            0 => text.truncate(at),
            1 if at < text.len() => drop(text.remove(at)),
            2 => text.extend_from_within(at..),
            _ => text.insert(at, *random.of(&odd)),
        }
        text.truncate(2_000);
    }
    text.into_iter().collect()
}

/// A key that reads is the key that is written.
#[test]
fn keys_of_raw_batches() {
    let batch = BatchRef::of(PROJECT, b"{}", 1_795_328_370_123, "json");
    let near = [
        batch.key(),
        "raw/20261122T061930.123Z/p/0.json".into(),
        "raw/-0011122T061930.123Z/p/0.json".into(),
    ];
    let near: Vec<&str> = near.iter().map(String::as_str).collect();
    fuzz(
        "keys",
        30_000,
        |random| text_near(&near, random).into_bytes(),
        |key| {
            let key = std::str::from_utf8(key).unwrap();
            if let Some(batch) = BatchRef::parse(key) {
                assert_eq!(batch.key(), key);
            }
        },
    );
}

#[test]
fn headers_paths_and_times() {
    let near = [
        "/api/v1/traces/%41%zz",
        "handling=lenient; a=\"b\", respond-async",
        "application/json; charset=\"utf-8\"",
        "x-gzip",
        "2026-03-14T10:00:00.123456+05:30",
        "9999-12-31T23:59:59.999999999Z",
        "-009999-01-02T01:59:59Z[UTC]",
        "2026-W11-6T24:00",
        "20260314T100000,5-0000",
    ];
    fuzz(
        "headers",
        30_000,
        |random| text_near(&near, random).into_bytes(),
        |text| {
            let text = std::str::from_utf8(text).unwrap();
            for method in ["GET", "POST", "OPTIONS", ""] {
                let _ = router::find(method, text, FORMATS);
            }
            let _ = (preferred_handling(text), check_json(Some(text)), Encoding::of(Some(text)));
            if let Some(at) = time::parse(text) {
                // The years 0 to 9999, which can all be written again.
                assert!(
                    (-62_167_219_200_000_000..=253_402_300_799_999_999).contains(&at),
                    "{text}: {at}"
                );
                assert_eq!(time::parse(&time::with_micros(at)), Some(at), "{text}");
            }
        },
    );
}

/// A query is answered or refused for what it is; the database never fails.
#[test]
fn query_strings() {
    let world = World::new();
    let events: Vec<String> = (0..30)
        .map(|n| format!(r#"{{"type":"trace-create","body":{{"id":"t{n}","name":"n%{n}","tags":["a","b{n}"]}}}}"#))
        .collect();
    world.deliver(PROJECT, &body(&events));
    let near = [
        "limit=5&name=n%25&status=OK&tags=a,b1",
        "startDate=2026-03-14&endDate=2026-11-23T00:00:00Z",
        "cursor=MSB0",
        "cursor=LTkyMjMzNzIwMzY4NTQ3NzU4MDggdA&limit=100",
        "name=%00&tags=%22,%27&name=",
        "endDate=9999-12-31&startDate=0000-01-01",
        "limit=1&limit=2&status=ERROR&__proto__=1",
        "tags=a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a",
    ];
    fuzz(
        "queries",
        3_000,
        |random| text_near(&near, random).into_bytes(),
        |query| {
            let query = std::str::from_utf8(query).unwrap();
            match pollster::block_on(api::list(PROJECT, query, &world.db, world.source())) {
                Ok(data) => drop(serde_json::from_str::<serde_json::Value>(&data).unwrap()),
                Err(Error::Reject(_)) => {}
                Err(Error::Fault(fault)) => panic!("{query}: {fault}"),
            }
        },
    );
}
