//! The decoder against a plain reading of the same bodies with `serde_json`:
//! well-formed and meaningful, mutated, cut off, arbitrary. They must agree on
//! what is accepted, on every event and on which events are bad. The wording
//! of errors is in `fixtures/`.

pub mod check;
mod generate;
pub mod oracle;

use check::check;
use generate::{Choices, body};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_on_batches(choices in vec(any::<u8>(), 0..600)) {
        check(body(&mut Choices::new(&choices)).as_bytes());
    }

    #[test]
    fn agrees_on_mutated_batches(
        choices in vec(any::<u8>(), 0..300),
        mutations in vec((any::<prop::sample::Index>(), 0..6_u8, any::<u8>()), 1..4),
    ) {
        let mut bytes = body(&mut Choices::new(&choices)).into_bytes();
        for (at, what, byte) in mutations {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            let telling = br#"{}[]",:\ 0-.eEtfnu/"#;
            let telling = telling[usize::from(byte) % telling.len()];
            match what {
                0 => bytes[at] = byte,
                1 => bytes[at] = telling,
                2 => bytes.insert(at, telling),
                3 => drop(bytes.remove(at)),
                4 => bytes.truncate(at + 1),
                _ => bytes.extend_from_within(at..bytes.len().min(at + 40)),
            }
        }
        check(&bytes);
    }

    #[test]
    fn agrees_on_tokens(tokens in vec(prop::sample::select(TOKENS), 0..12), bytes in vec(any::<u8>(), 0..12)) {
        let tokens = tokens.concat();
        check(tokens.as_bytes());
        check(&bytes);
        for value in [tokens.as_bytes(), &bytes] {
            let (before, after) = AROUND;
            check(&[before, value, after].concat());
        }
    }
}

/// A payload of a span that is otherwise right.
const AROUND: (&[u8], &[u8]) = (
    br#"{"batch":[{"type":"span-create","body":{"traceId":"t","name":"n","type":"LLM","input":"#,
    b"}}]}",
);

const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\"a\"",
    "\"batch\"",
    "\"batch\":[",
    "\\",
    "\\u",
    "d83d",
    "\\ud83d",
    "\\udE00",
    "0",
    "-",
    "1",
    ".5",
    "e9",
    "E+",
    "true",
    "false",
    "null",
    "nul",
    " ",
    "\n",
    "\t",
    "\u{b}",
    "\u{feff}",
    "é",
    "\0",
];

#[test]
fn agrees_on_every_beginning() {
    let zeros = [0; 0];
    let many: Vec<u8> = (0..=255).cycle().step_by(7).take(900).collect();
    for choices in [&zeros[..], &many] {
        let body = body(&mut Choices::new(choices));
        for end in 0..=body.len() {
            check(&body.as_bytes()[..end]);
        }
    }
}

/// Each telling byte at each place of a string of each length, so that it is
/// met in each lane of a word and after the last whole word.
#[test]
fn agrees_on_strings_of_every_length() {
    let (before, after) = AROUND;
    for length in 0..40 {
        for at in 0..=length {
            for special in [
                "", "\"", "\\", "\\n", "\u{1f}", "\u{7f}", "\u{80}", "\u{ff}", "!", "#", "]", "\0",
                "\u{20ac}",
            ] {
                let string = format!("\"{}{special}{}\"", "a".repeat(at), "b".repeat(length - at));
                check(&[before, string.as_bytes(), after].concat());
                check(string.as_bytes());
            }
        }
    }
}

#[test]
fn agrees_on_single_values() {
    let (before, after) = AROUND;
    for value in [
        "0",
        "-0",
        "00",
        "01",
        "-01",
        "-",
        "+1",
        "1.",
        ".1",
        "1.0",
        "1.e1",
        "1e",
        "1e+",
        "1E-0",
        "1e999999999999999999999",
        "0x1",
        "1_0",
        "NaN",
        "Infinity",
        "-Infinity",
        "true",
        "truE",
        "tru",
        "truex",
        "null",
        "nullnull",
        "[]",
        "[,]",
        "[1,]",
        "[1 2]",
        "[1]]",
        "{}",
        "{,}",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{"a":1 "b":2}"#,
        r"{a:1}",
        r"{1:1}",
        r#"{"a":1}}"#,
        r"[{]}",
        r#"{"a":[}]"#,
        "[[[]]]",
        "'a'",
        r#""\u12""#,
        r#""\u123g""#,
        r#""\uD800""#,
        r#""\ud800\udc00""#,
        r#""\ud800\u0041""#,
        r#""\udc00\ud800""#,
        r#""\x""#,
        r#""\/""#,
        r#""\""#,
        "\u{a0}1",
        "1\u{a0}",
        "\u{feff}1",
        "\x0c1",
        "/**/1",
        "1//",
        "\"\u{2028}\"",
        "\"a\nb\"",
        "\"\t\"",
        "\u{7f}",
    ] {
        check(&[before, value.as_bytes(), after].concat());
        check(value.as_bytes());
    }
}
