//! Each bound of a body, at it and past it, and what is said past it.

use edgespan::error::Reject;
use edgespan::formats::decoded::Decoded;
use edgespan::formats::twosignal::{decode, decode_event};
use edgespan::limits::{
    MAX_BODY_BYTES, MAX_DEPTH, MAX_DETAILS, MAX_EVENTS, MAX_ID_BYTES, MAX_TAGS,
};
use edgespan::model::Body;

const TRACE: &str = r#"{"type":"trace-create","body":{"id":"t","name":"n"}}"#;

fn batch(events: &[String]) -> String {
    format!("{{\"batch\":[{}]}}", events.join(","))
}

fn count(body: &str) -> Result<Decoded, Reject> {
    decode(body.as_bytes(), |_| ())
}

fn message(body: &str) -> String {
    match count(body) {
        Err(Reject::Validation { message, .. } | Reject::TooLarge(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn accepts_max_events() {
    let decoded = count(&batch(&vec![TRACE.to_owned(); MAX_EVENTS])).unwrap();
    assert_eq!((decoded.events, decoded.accepted, decoded.invalid), (MAX_EVENTS, MAX_EVENTS, 0));
}

/// The first event too many condemns, whatever is in it or comes after it.
#[test]
fn rejects_more_events() {
    for rest in [TRACE, "null", "{", "nonsense", "{}]}"] {
        let mut events = vec![TRACE.to_owned(); MAX_EVENTS];
        events.push(rest.to_owned());
        let reject = count(&batch(&events)).unwrap_err();
        assert_eq!(reject, Reject::TooLarge("more than 1000 events in a batch".to_owned()));
    }
}

#[test]
fn accepts_max_bytes_and_rejects_more() {
    let mut body = batch(&[TRACE.to_owned()]);
    body.push_str(&" ".repeat(MAX_BODY_BYTES - body.len()));
    assert_eq!(count(&body).unwrap().accepted, 1);
    body.push(' ');
    assert_eq!(message(&body), "the body has 5242881 bytes, over 5242880");
    assert!(decode_event(&format!("{TRACE}{}", " ".repeat(MAX_BODY_BYTES))).is_none());
}

#[test]
fn accepts_max_depth_and_rejects_more() {
    // Open around what nests: the root; the batch and an event; its body too.
    let places = [
        (1, r#"{"batch":[],"x":"#, "}"),
        (3, r#"{"batch":[{"type":"trace-create","body":{"id":"t","name":"n"},"x":"#, "}]}"),
        (
            5,
            r#"{"batch":[{"type":"span-create","body":{"traceId":"t","name":"n","type":"LLM","usage":{"x":"#,
            "}}}]}",
        ),
        (4, r#"{"batch":[{"type":"trace-create","body":{"id":"t","name":"n","metadata":"#, "}}]}"),
    ];
    for (around, before, after) in places {
        for (open, close) in
            [(r#"{"a":"#, "}"), (r#"{"b":1,"a":[1,"#, "]}"), (r#"{"b":{},"a":[1,"#, "]}")]
        {
            let levels = open.matches(['{', '[']).count() - open.matches('}').count();
            let room = MAX_DEPTH - around;
            let times = room / levels;
            // What is left over is filled by one more object at the core.
            let core = if room % levels == 1 { "{}" } else { "1" };
            let nest = |core: &str| {
                format!("{before}{}{core}{}{after}", open.repeat(times), close.repeat(times))
            };
            let fits = count(&nest(core)).unwrap();
            assert_eq!(fits.details, []);
            let deeper = nest(&format!("{{\"a\":{core}}}"));
            let said = message(&deeper);
            assert!(said.ends_with("nested deeper than 512 levels"), "{around} {open}: {said}");
        }
    }
}

/// What closes is what was opened, at every level of the bit stack.
#[test]
fn tells_brackets_from_braces_at_every_depth() {
    for depth in [1, 2, 3, 63, 64, 65, 127, 128, 129, 200] {
        let kinds = |level: usize| (level * 7 + level / 64).is_multiple_of(3);
        let open: String = (0..depth).map(|l| if kinds(l) { "[" } else { "{\"\":" }).collect();
        let close: String = (0..depth).rev().map(|l| if kinds(l) { "]" } else { "}" }).collect();
        assert!(count(&format!("{{\"batch\":[],\"x\":{open}1{close}}}")).is_ok(), "{depth}");
        for wrong in 0..depth {
            let mut close = close.clone().into_bytes();
            close[wrong] = if close[wrong] == b']' { b'}' } else { b']' };
            let close = String::from_utf8(close).unwrap();
            assert!(count(&format!("{{\"batch\":[],\"x\":{open}1{close}}}")).is_err(), "{depth}");
        }
    }
}

#[test]
fn ids_are_bounded_after_decoding() {
    let trace = |id: &str| {
        batch(&[format!(r#"{{"type":"trace-create","body":{{"id":"{id}","name":"n"}}}}"#)])
    };
    // Two bytes of UTF-8, six in the body.
    let (fits, over) = ("\\u00e9".repeat(MAX_ID_BYTES / 2), "é".repeat(MAX_ID_BYTES / 2 + 1));
    assert_eq!(count(&trace(&fits)).unwrap().accepted, 1);
    let decoded = count(&trace(&over)).unwrap();
    assert_eq!(decoded.details[0].message, "expected at most 256 bytes, found 258");
    let all = r#""id":"OVER","traceId":"OVER","parentSpanId":"OVER","name":"OVER","type":"LLM""#;
    let span = format!(r#"{{"id":"OVER","type":"span-create","body":{{{all}}}}}"#);
    let decoded = count(&batch(&[span.replace("OVER", &over)])).unwrap();
    let paths: Vec<_> = decoded.details.iter().map(|d| d.path.as_str()).collect();
    let body = "batch[0].body";
    let wanted = ["traceId", "id", "parentSpanId"].map(|name| format!("{body}.{name}"));
    assert_eq!(paths[0], "batch[0].id");
    assert_eq!(paths[1..], wanted);
}

#[test]
fn details_are_bounded_and_counted() {
    let events = vec!["{}".to_owned(); 60];
    let decoded = count(&batch(&events)).unwrap();
    assert_eq!(decoded.details.len(), MAX_DETAILS);
    assert_eq!(decoded.problems, 120);
    let Reject::Validation { message, details } = decoded.into_reject() else { panic!() };
    assert_eq!(message, "60 of 60 events are invalid; the first 100 of 120 problems are listed");
    assert_eq!(details.len(), MAX_DETAILS);
    let exactly = count(&batch(&events[..50])).unwrap().into_reject();
    let Reject::Validation { message, .. } = exactly else { panic!() };
    assert_eq!(message, "50 of 50 events are invalid");
}

/// All tags are checked, but no more are held than the index keeps.
#[test]
fn tags_are_bounded_and_all_checked() {
    let body = |last: &str| {
        let tags = "\"a\",null,".repeat(MAX_TAGS);
        batch(&[format!(
            r#"{{"type":"trace-create","body":{{"id":"t","name":"n","tags":[{tags}{last}]}}}}"#
        )])
    };
    let text = body("\"b\"");
    let mut tags = Vec::new();
    decode(text.as_bytes(), |event| {
        let Body::Trace(trace) = event.body else { panic!() };
        tags = trace.tags;
    })
    .unwrap();
    assert_eq!(tags, vec!["a"; MAX_TAGS]);
    let decoded = count(&body("1")).unwrap();
    assert_eq!(decoded.details[0].path, "batch[0].body.tags[128]");
}
