//! What the decoder and the oracle must say of the same bytes; and that one
//! event by itself decodes as it did in its body.

use edgespan::formats::twosignal;
use edgespan::limits::{MAX_DEPTH, MAX_DETAILS, MAX_EVENTS};

use super::oracle::{Verdict, read};

/// # Panics
/// Where the two disagree.
pub fn check(body: &[u8]) {
    let shown = String::from_utf8_lossy(body);
    let mut events = Vec::new();
    let decoded = twosignal::decode(body, |event| events.push(event));
    let wanted = match read(body) {
        Verdict::Incomparable => return,
        Verdict::Refused => {
            assert!(decoded.is_err(), "accepted: {shown}");
            return;
        }
        Verdict::Events(wanted) => wanted,
    };
    if depth(body) > MAX_DEPTH || wanted.len() > MAX_EVENTS {
        assert!(decoded.is_err(), "accepted: {shown}");
        return;
    }
    let decoded = decoded.unwrap_or_else(|reject| panic!("refused: {shown}: {reject:?}"));
    let good: Vec<_> = wanted.iter().flatten().cloned().collect();
    assert_eq!(events, good, "{shown}\n{:?}", decoded.details);
    assert_eq!(decoded.events, wanted.len());
    assert_eq!(decoded.accepted, good.len());
    assert_eq!(decoded.invalid, wanted.len() - good.len());
    assert_eq!(decoded.details.len(), decoded.problems.min(MAX_DETAILS), "{shown}");
    let bad = |index: usize| decoded.details.iter().any(|detail| detail.index == Some(index));
    for (index, event) in wanted.iter().enumerate() {
        let unlisted = decoded.details.len() < decoded.problems && !bad(index);
        assert!(bad(index) == event.is_none() || unlisted, "event {index} of {shown}");
    }
    for mut event in events {
        let text = std::str::from_utf8(&body[event.range.clone()]).unwrap();
        event.index = 0;
        event.range = 0..text.len();
        assert_eq!(twosignal::decode_event(text), Some(event), "{shown}");
    }
}

/// How many arrays and objects are open at most. For what is JSON.
fn depth(body: &[u8]) -> usize {
    let (mut depth, mut most, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth -= 1,
            _ => {}
        }
        most = most.max(depth);
    }
    most
}
