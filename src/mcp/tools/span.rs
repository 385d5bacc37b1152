//! `get_span`: one span with its payloads, as they were sent. A long one comes in parts, by
//! the byte.

use std::borrow::Cow;

use super::super::arguments::{Argument, Arguments, TRACE_ID, Takes, may};
use super::super::asked::Asked;
use super::super::refusal::Refusal;
use super::super::text::{Object, Rows, is_hidden, part, quoted};
use super::outline::span_row;
use crate::api;
use crate::batch::RawStore;
use crate::dashboard::ui::json::Json;
use crate::error::{Error, Reject};
use crate::index::Database;
use crate::index::found::{Found, Parent, Span, read_part};
use crate::index::spans::{SpanPart, select_span};
use crate::json::descend;

pub(super) const TAKES: &[Argument] = &[
    TRACE_ID,
    Argument {
        name: "span_id",
        takes: Takes::Text,
        about: "The span's id.",
        needed: Some("get_trace lists it"),
    },
    may(
        "field",
        Takes::One(&["all", "input", "output", "metadata", "error"]),
        "One payload alone, which has more room then.",
    ),
    may("offset", Takes::Whole(0, i64::MAX, 0), "The byte of the field to read from."),
];

/// Bytes of JSON that payloads may take together, and with what stands around them.
const ROOM: usize = 15_000;
const MOST: usize = 19_000;

/// The fields by the names that answers and the API have for them, and how much of the room
/// each may take where all are asked for.
const FIELDS: [(&str, &str, usize); 4] = [
    ("error", "errorMessage", 2_000),
    ("metadata", "metadata", 2_000),
    ("input", "input", 5_500),
    ("output", "output", 5_500),
];

pub(super) async fn answer<D: Database, S: RawStore>(
    mut answer: Object,
    arguments: &Arguments<'_>,
    asked: &Asked<'_, D, S>,
) -> Result<Object, Refusal> {
    let text = |name| arguments.text(name).unwrap_or_default();
    let (trace, id) = (text("trace_id"), text("span_id"));
    let (field, offset) = (arguments.word("field"), arguments.whole("offset"));
    if offset > 0 && field == "all" {
        let why = "offset goes with one field: say field input, output, metadata or error.";
        return Err(Refusal::Told(why.into()));
    }
    let ran = asked.db.run(select_span(asked.project, &trace, &id)).await?;
    // The span, and those that are packed in the trace's row.
    let of_trace = read_part(&ran, &SpanPart::FIRST)?.ok_or_else(Refusal::no_trace)?;
    let Found { trace: of, spans, .. } = of_trace;
    let _hold = asked.hold(spans.len())?;
    let found =
        api::show_span(asked.project, &trace, &id, &ran, asked.db, asked.own_source()).await;
    drop(ran);
    let found = found.map_err(|error| match error {
        Error::Reject(Reject::NotFound(_)) => Refusal::no_span(),
        error => error.into(),
    })?;
    let span: Vec<(Cow<'_, str>, Json<'_>)> =
        Json::new(&found).entries().filter(|(_, value)| !value.is_null()).collect();
    let raw = |name: &str| raw_of(&span, name);
    if let Some(why) = raw("payloadError") {
        let why = why.trim_matches('"');
        let why = format!(
            "The payload of this span could not be read ({why}). Its figures are in get_trace."
        );
        return Err(Refusal::Told(why));
    }
    let mut row = spans.iter().find(|span| span.id == id).cloned().ok_or_else(Refusal::no_span)?;
    if let Some(parent) = raw("parentSpanId").filter(|_| raw("parentMissing").is_none()) {
        row.parent = Parent::Span(text_of(parent).into());
    }
    answer.json("span", &span_row(&row, None, of.start_us, None).end());
    describe(&mut answer, &span);
    children(&mut answer, &spans, &id);
    let all = i64::try_from(spans.len()).is_ok_and(|read| read >= of.spans);
    if !all {
        answer.json("childrenIncomplete", "true");
    }
    answer.text("url", &asked.span_url(&trace, &id));
    let mut cut = Vec::new();
    let mut hidden = 0;
    let total = ROOM.min(MOST.saturating_sub(answer.len()));
    // What the first do not need the last may have.
    let mut spare = ROOM - FIELDS.iter().map(|(.., room)| room).sum::<usize>();
    for (name, key, room) in FIELDS {
        if field != "all" && field != name {
            continue;
        }
        let Some(raw) = raw(key) else { continue };
        let room = if field == "all" { (room + spare) * total / ROOM } else { total };
        let whole = text_of(raw);
        let (some, end) = part(&whole, offset, room);
        spare = room.saturating_sub(quoted(some).len());
        hidden += some.chars().filter(|c| is_hidden(*c)).count();
        answer.text(name, some);
        if end < whole.len() {
            let mut one = Object::new();
            one.text("field", name).json("nextOffset", &end.to_string());
            cut.push(one.json("total", &whole.len().to_string()).end());
        }
    }
    answer.some("hiddenCharacters", i64::try_from(hidden).unwrap_or(i64::MAX));
    if !cut.is_empty() {
        answer.list("truncated", &cut);
        answer.text("more", "Repeat the call with that field and offset nextOffset for what follows. To look for something in a long text, read it in parts to a file and search there.");
    }
    Ok(answer)
}

/// A field of the API's answer that says something.
fn raw_of<'a>(span: &[(Cow<'a, str>, Json<'a>)], name: &str) -> Option<&'a str> {
    span.iter().find(|(key, _)| key == name).map(|(_, value)| value.raw())
}

/// What a payload says: a string's text, or else its JSON.
fn text_of(raw: &str) -> Cow<'_, str> {
    let text = descend::whole(raw).ok().and_then(|value| value.text(raw));
    text.unwrap_or(Cow::Borrowed(raw))
}

/// What else is known of it: parameters, as far as they are short, and tokens.
fn describe(answer: &mut Object, span: &[(Cow<'_, str>, Json<'_>)]) {
    let raw = |name: &str| raw_of(span, name);
    if let Some(parameters) = raw("modelParameters") {
        answer.text("modelParameters", part(parameters, 0, 1_000).0);
    }
    let mut usage = Object::new();
    for (name, key) in [
        ("promptTokens", "promptTokens"),
        ("completionTokens", "completionTokens"),
        ("cachedTokens", "cachedTokens"),
    ] {
        if let Some(count) = raw(key) {
            usage.json(name, count);
        }
    }
    answer.json("usage", &usage.end());
    for (name, key) in [("startedAt", "startTime"), ("costSource", "costSource")] {
        if let Some(value) = raw(key) {
            answer.json(name, value);
        }
    }
}

/// The spans right below, of those that are in the trace's row.
fn children(answer: &mut Object, spans: &[Span], id: &str) {
    let mut rows = Rows::new(1_500);
    let below =
        spans.iter().filter(|span| matches!(&span.parent, Parent::Span(parent) if parent == id));
    for child in below.take(20) {
        let mut row = Object::new();
        rows.add_if(row.text("id", &child.id).shown("name", &child.name, 60).end());
    }
    answer.list("children", &rows.all);
}
