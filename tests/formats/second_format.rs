//! A second wire format, which only this file knows: a row of the table is all that it
//! takes to have its batches accepted, written, and shown to people. It is unlike the
//! service's own in what formats may differ in: it is no JSON, so no payload is a slice
//! of the body, and an event says nothing without the line that stands above them all.
//!
//! A body is lines of words. The first names the agent and the trace; each other is a
//! span: its id, its type, and what went in.
//!
//! ```text
//! planner t-1
//! s-1 LLM say "hello"
//! ```

use std::borrow::Cow;
use std::iter;
use std::ops::Range;
use std::rc::Rc;

use edgespan::batch::RawStore;
use edgespan::error::{Detail, Error, Reject};
use edgespan::formats::Formats;
use edgespan::formats::decoded::{Decoded, Receipt};
use edgespan::formats::twosignal;
use edgespan::formats::wire_format::{Extras, WireFormat};
use edgespan::http::router::{Route, find};
use edgespan::model::{Body, Event, Handling, Json, SpanBody, SpanType, Status, TraceSaid, Usage};
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::ingest::{Ingested, Preference, Upload, ingest};
use edgespan::pipeline::queue::Message;
use edgespan::reply::Reply;

use crate::common::{PROJECT, RECEIVED, Waiting, World, pages};

const LINES: WireFormat = WireFormat {
    ending: "lines.txt",
    paths: &["/lines", "/api/v1/traces"],
    unkept_paths: &["/lines/comments"],
    accepts: |content_type| content_type == Some("text/lines"),
    content_type: "text/lines",
    max_body_bytes: 1_000,
    keeps_good_events: false,
    check: |body| {
        let lines = read_lines(body)?;
        let good = lines.iter().filter(|line| line.event.is_some()).count();
        let bad = lines.iter().enumerate().filter(|(_, line)| line.event.is_none());
        let details: Vec<_> = bad
            .map(|(index, _)| Detail {
                index: Some(index),
                path: format!("line {}", index + 2),
                message: "expected an id, a type and text".into(),
            })
            .collect();
        Ok(Decoded {
            events: lines.len(),
            accepted: good,
            invalid: details.len(),
            problems: details.len(),
            details,
            answer: None,
        })
    },
    decode: |body| Ok(read_lines(body)?.into_iter().filter_map(|line| line.event).collect()),
    decode_event: |bytes| {
        let [head] = bytes.context[..] else { return Vec::new() };
        read_span(text(head), text(bytes.own), 0, 0..bytes.own.len(), None).into_iter().collect()
    },
    show_event: |bytes| Some(Cow::Owned(format!("{:?}", text(bytes.own)))),
    extras: Extras::NONE,
    accepted: |Receipt { events, .. }, _| {
        Reply::content(202, "text/lines", format!("{events} kept"))
    },
    unkept: || Reply::content(202, "text/lines", "nobody keeps comments"),
    rejected: |error, id| Reply::content(error.kind().status, "text/lines", format!("no ({id})")),
};

/// The service's format first, so that both are at its path.
static FORMATS: &[WireFormat] = &[twosignal::FORMAT, LINES];

struct Line<'a> {
    event: Option<Event<'a>>,
}

fn read_lines(body: &[u8]) -> Result<Vec<Line<'_>>, Reject> {
    let head_end = body.iter().position(|b| *b == b'\n');
    let head_end = head_end.ok_or_else(|| Reject::invalid("line 1", "expected a line above"))?;
    let head: Rc<[Range<usize>]> = iter::once(0..head_end).collect();
    let mut lines = Vec::new();
    let mut start = head_end + 1;
    for line in body[start..].split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        let range = start..start + line.len();
        let context = Some(Rc::clone(&head));
        let event = read_span(text(&body[..head_end]), text(line), lines.len(), range, context);
        lines.push(Line { event });
        start += line.len() + 1;
    }
    Ok(lines)
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn read_span<'a>(
    head: &'a str,
    line: &'a str,
    index: usize,
    range: Range<usize>,
    context: Option<Rc<[Range<usize>]>>,
) -> Option<Event<'a>> {
    let (agent, trace) = head.split_once(' ')?;
    let mut words = line.splitn(3, ' ');
    let (id, kind, input) = (words.next()?, SpanType::parse(words.next()?)?, words.next()?);
    let body = SpanBody {
        trace: trace.into(),
        id: Some(id.into()),
        parent: None,
        name: Some(format!("{agent} {id}").into()),
        kind: Some(kind),
        start: Some(RECEIVED * 1_000),
        end: Some(RECEIVED * 1_000 + 5_000),
        input: Some(Json::Owned(serde_json::to_string(input).unwrap())),
        output: None,
        model: None,
        provider: None,
        model_parameters: None,
        usage: Usage { total: Some(7), ..Usage::default() },
        cost: None,
        status: Some(Status::Ok),
        error_message: None,
        metadata: Some(Json::Owned(format!(r#"{{"agent":"{agent}"}}"#))),
        may_repeat: false,
        beside: false,
        trace_said: TraceSaid::Always,
        of_trace: None,
    };
    let body = Body::Span(body);
    Some(Event { index, context, ..Event::new(range, body) })
}

const BODY: &str = "planner t-1\ns-1 LLM say \"hello\"\ns-2 TOOL look <up>\n";
const STRICT: Preference = Preference { project: Handling::Strict, request: None };

fn world() -> World {
    World { formats: Formats(FORMATS), ..World::new() }
}

/// What the edge does with a request, from its path and content type on.
fn post(
    world: &World,
    queue: &Waiting,
    path: &str,
    content_type: Option<&str>,
    body: &str,
) -> Result<Reply, Error> {
    let Route::Ingest(at) = find("POST", path, world.formats)?.route else {
        panic!("{path} takes no batches")
    };
    let (format, accepted) = world.formats.choose(at, content_type)?;
    accepted?;
    if !at.kept {
        return Ok((format.unkept)());
    }
    let raw = body.as_bytes().to_vec();
    let upload =
        Upload { project: PROJECT, format, preference: STRICT, received: RECEIVED, random: None };
    let kept = ingest(upload, body, &raw, &world.store, queue);
    let Ingested { receipt, unsent } = pollster::block_on(kept)?;
    assert_eq!(unsent, None);
    Ok((format.accepted)(&receipt, at.path))
}

fn deliver(world: &World, formats: Formats, message: &Message) -> Outcome {
    let delivery = Delivery { message: message.clone(), attempt: 1 };
    let deliveries = std::slice::from_ref(&delivery);
    let now = || RECEIVED;
    pollster::block_on(consume(deliveries, &now, formats, &world.store, &world.db)).remove(0)
}

#[test]
fn a_batch_goes_from_its_request_to_the_page_of_a_span() {
    let (world, queue) = (world(), Waiting::default());
    for (path, content_type) in [("/lines", "text/lines"), ("/api/v1/traces/", "text/lines")] {
        let reply = post(&world, &queue, path, Some(content_type), BODY).unwrap();
        assert_eq!((reply.status, reply.text()), (202, "2 kept"));
    }
    let messages = queue.0.take();
    // The same body is the same batch, whichever path it came by.
    assert_eq!(messages[0], messages[1]);
    assert!(messages[0].key.ends_with(".lines.txt"), "{}", messages[0].key);
    let stored = world.store.get(&messages[0].key, None);
    assert_eq!(pollster::block_on(stored).unwrap().unwrap(), BODY.as_bytes());
    for message in &messages {
        let Outcome::Ack(written) = deliver(&world, world.formats, message) else { panic!() };
        assert_eq!(written.events, 2);
    }

    let trace: serde_json::Value = serde_json::from_str(&world.get(PROJECT, "t-1")).unwrap();
    assert_eq!(trace["spanCount"], 2);
    assert_eq!(trace["totalTokens"], 14);
    let spans = trace["spans"].as_array().unwrap();
    assert_eq!(spans[0]["name"], "planner s-1");
    assert_eq!(spans[0]["input"], "say \"hello\"");
    assert_eq!(spans[1]["metadata"]["agent"], "planner");
    assert!(spans.iter().all(|span| span["payloadError"].is_null()), "{spans:?}");

    let page = pages::part(&world, "/traces/t-1/spans/s-2");
    assert!(page.contains("look &lt;up&gt;") && page.contains("planner s-2"), "{page}");
    let raw = |query: &str| {
        let url = format!("/traces/t-1/spans/s-1/raw{query}");
        pages::get(&world, PROJECT, &url, false).unwrap().text().to_owned()
    };
    assert_eq!(raw("?part=input"), r#""say \"hello\"""#);
    assert_eq!(raw(""), r#""s-1 LLM say \"hello\"""#);
}

#[test]
fn a_content_type_tells_formats_at_one_path_apart() {
    let (world, queue) = (world(), Waiting::default());
    let native = r#"{"batch":[{"type":"trace-create","body":{"id":"t","name":"n"}}]}"#;
    let reply = post(&world, &queue, "/api/v1/traces", None, native).unwrap();
    assert_eq!(reply.status, 201);
    let wanted = "Content-Type: expected application/json in UTF-8 or text/lines";
    let comment = post(&world, &queue, "/lines/comments", Some("text/lines"), "anything").unwrap();
    assert_eq!((comment.status, comment.text()), (202, "nobody keeps comments"));
    assert_eq!(queue.0.borrow().len(), 1);
    let refused = post(&world, &queue, "/api/v1/traces", Some("text/plain"), BODY);
    assert_eq!(refused, Err(Reject::UnsupportedMediaType(wanted.into()).into()));
    let allow = "POST, OPTIONS".into();
    let refused = find("GET", "/lines", world.formats);
    assert_eq!(refused, Err(Reject::MethodNotAllowed { allow }));
}

#[test]
fn a_bad_event_is_named_in_the_words_of_its_format() {
    let (world, queue) = (world(), Waiting::default());
    let bad = post(&world, &queue, "/lines", Some("text/lines"), "planner t-1\ns-1 LLM\n");
    let Err(Error::Reject(Reject::Validation { details, .. })) = &bad else { panic!("{bad:?}") };
    assert_eq!(details[0].path, "line 2");
    assert_eq!((LINES.rejected)(&bad.unwrap_err(), "id-1").text(), "no (id-1)");
    assert!(queue.0.take().is_empty());
}

#[test]
fn a_batch_of_a_format_that_is_not_known_yet_waits_for_a_release_that_does() {
    let (world, queue) = (world(), Waiting::default());
    post(&world, &queue, "/lines", Some("text/lines"), BODY).unwrap();
    let message = queue.0.take().remove(0);
    let outcome = deliver(&world, edgespan::formats::FORMATS, &message);
    assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
    assert!(matches!(deliver(&world, world.formats, &message), Outcome::Ack(_)));
    // A release that no longer knows it says so, where it says what was sent.
    let old = World { formats: edgespan::formats::FORMATS, ..world };
    let trace: serde_json::Value = serde_json::from_str(&old.get(PROJECT, "t-1")).unwrap();
    let why = "the raw batch is in a format that is not known here";
    assert_eq!(trace["spans"][0]["payloadError"], why);
}
