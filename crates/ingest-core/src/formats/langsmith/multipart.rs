//! Runs in parts: one for what is small, one for each of their large fields. From a body to
//! its runs, each of which is the parts that stand together from its first on; of those
//! that stand elsewhere each is a range of its context. Attachments are kept as they came,
//! and nothing is read of them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::batch::read_run;
use super::event::{self, ITEMS, Item};
use super::parts::{MAX_PARTS, Part, split};
use super::run::Run;
use super::value::Sent;
use crate::error::Reject;
use crate::formats::decoded::Decoded;
use crate::formats::field::Problem;
use crate::formats::wire_format::EventBytes;
use crate::json::scan;
use crate::json::value::Kind;
use crate::limits::{MAX_BODY_BYTES, MAX_DETAILS, MAX_EVENTS};
use crate::model::Event;

/// A run or a piece of feedback: its bytes, and its other parts.
struct Located<'a> {
    item: Item,
    /// `post.<id>`.
    name: &'a str,
    range: Range<usize>,
    context: Vec<Range<usize>>,
    parts: Vec<Part<'a>>,
    problem: Option<Problem>,
}

/// What a part's name says: what it is of, as `post.<id>`, and the field, if it is one.
fn read_name(name: &str) -> Option<(Item, &str, Option<&str>)> {
    let (kind, rest) = name.split_once('.')?;
    let (_, item) = ITEMS.iter().find(|(known, _)| *known == kind)?;
    let Some((id, field)) = rest.split_once('.') else { return Some((*item, name, None)) };
    Some((*item, name.get(..kind.len() + 1 + id.len())?, Some(field)))
}

/// Everything in a body.
fn locate(body: &[u8]) -> Result<Vec<Located<'_>>, Reject> {
    let (parts, closed) = split(body).map_err(|malformed| {
        let message = format!(
            "malformed multipart at byte {}: expected {}",
            malformed.at, malformed.expected
        );
        Reject::invalid("body", message)
    })?;
    if parts.len() > MAX_PARTS {
        return Err(Reject::TooLarge(format!("more than {MAX_PARTS} parts in a body")));
    }
    if !closed {
        return Err(Reject::invalid("body", "it ends before the boundary that ends it"));
    }
    let mut all: Vec<Located> = Vec::new();
    // The last of each name.
    let mut named: HashMap<&str, usize> = HashMap::new();
    for part in parts {
        // Attachments, and what is of another release.
        let Some((item, name, field)) = read_name(part.name) else { continue };
        let known = field.and_then(|_| named.get(name).copied());
        if let Some(known) = known.and_then(|known| all.get_mut(known)) {
            if part.range.start == known.range.end + 2 {
                known.range.end = part.range.end;
            } else {
                known.context.push(part.range.clone());
            }
            known.parts.push(part);
            continue;
        }
        let lost = field.map(|_| Problem::new("", "expected the part of its run before it"));
        let name = if lost.is_some() { part.name } else { name };
        let range = part.range.clone();
        named.insert(name, all.len());
        all.push(Located { item, name, range, context: vec![], parts: vec![part], problem: lost });
        if all.len() > MAX_EVENTS {
            return Err(Reject::TooLarge(format!("more than {MAX_EVENTS} runs in a body")));
        }
    }
    for located in &mut all {
        let context = located.context.iter().map(Range::len).sum::<usize>();
        let problem = if located.range.len() + context > MAX_BODY_BYTES {
            Some(Problem::new("", format!("larger than {MAX_BODY_BYTES} bytes")))
        } else {
            let contents = contents(body, &located.parts);
            contents.and_then(|contents| check(located.item, &contents)).err()
        };
        located.problem = located.problem.take().or(problem);
    }
    Ok(all)
}

/// A field's name, or none, and its JSON.
type Content<'a> = (Option<&'a str>, Sent<'a>);

/// What is in some parts of one run.
fn contents<'a>(bytes: &'a [u8], parts: &[Part<'a>]) -> Result<Vec<Content<'a>>, Problem> {
    let broken = || Problem::new("", "expected JSON in UTF-8 in each of its parts");
    let read = |part: &Part<'a>| {
        let bytes = bytes.get(part.content.clone())?;
        let text = simdutf8::basic::from_utf8(bytes).ok()?;
        let (value, field) = (scan::value(text.as_bytes(), 0, 0).ok()?, read_name(part.name)?.2);
        scan::end(text.as_bytes(), value.range().end).ok()?;
        // A null is missing.
        Some(Sent::of(text, value).map(|sent| (field, sent)))
    };
    let all = parts.iter().map(|part| read(part).ok_or_else(broken));
    Ok(all.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The run that parts are of.
fn run_of<'a>(contents: &[Content<'a>]) -> Result<Run<'a>, Problem> {
    let broken = || Problem::new("", "expected an object");
    let mut run = None;
    for (field, sent) in contents {
        match (field, &mut run) {
            (None, _) if sent.kind == Kind::Object => {
                run = Some(read_run(sent.json, 0, 0).map_err(|_| broken())?.0);
            }
            (Some(field), Some(run)) => run.set(field, Some(*sent)),
            _ => return Err(broken()),
        }
    }
    run.ok_or_else(broken)
}

/// What is in a part that is of no run.
fn object_of<'a>(contents: &[Content<'a>]) -> Result<Sent<'a>, Problem> {
    let object = contents.first().map(|(_, sent)| *sent).and_then(Sent::object);
    object.ok_or_else(|| Problem::new("", "expected an object"))
}

fn check(item: Item, contents: &[Content<'_>]) -> Result<(), Problem> {
    match item {
        Item::Run(_) => run_of(contents)?.identify().map(|_| ()),
        other => event::of_object(other, object_of(contents)?).map(|_| ()),
    }
}

fn read<'a>(item: Item, contents: &[Content<'a>]) -> Result<Event<'a>, Problem> {
    match item {
        Item::Run(operation) => event::of_run(&run_of(contents)?, operation),
        other => event::of_object(other, object_of(contents)?),
    }
}

/// Looks a body over.
pub(super) fn check_body(body: &[u8]) -> Result<Decoded, Reject> {
    let all = locate(body)?;
    let bad = all.iter().enumerate().filter_map(|(index, located)| {
        let problem = located.problem.as_ref()?;
        Some(problem.detail(&crate::json::text::cut(located.name), index))
    });
    let invalid = all.iter().filter(|located| located.problem.is_some()).count();
    Ok(Decoded {
        events: all.len(),
        accepted: all.len() - invalid,
        invalid,
        problems: invalid,
        details: bad.take(MAX_DETAILS).collect(),
        answer: None,
    })
}

/// The events of a body.
pub(super) fn decode_body(body: &[u8]) -> Result<Vec<Event<'_>>, Reject> {
    let all = locate(body)?;
    let good = all.into_iter().enumerate().filter(|(_, located)| located.problem.is_none());
    let events = good.filter_map(|(index, located)| {
        let event = read(located.item, &contents(body, &located.parts).ok()?).ok()?;
        let context: Rc<[_]> = located.context.into();
        let context = Some(context).filter(|context| !context.is_empty());
        Some(Event { index, range: located.range, context, ..event })
    });
    Ok(events.collect())
}

/// What an event's bytes have in them: each of its parts says itself what it is.
fn contents_of_event<'a>(bytes: &EventBytes<'a>) -> Option<(Item, Vec<Content<'a>>)> {
    let mut all = Vec::new();
    let mut first = None;
    for piece in std::iter::once(bytes.own).chain(bytes.context.iter().copied()) {
        let (parts, _) = split(piece).ok()?;
        first = first.or_else(|| read_name(parts.first()?.name).map(|(item, ..)| item));
        all.extend(contents(piece, &parts).ok()?);
    }
    Some((first?, all))
}

/// The event, decoded again.
pub(super) fn decode_event<'a>(bytes: &EventBytes<'a>) -> Option<Event<'a>> {
    let (item, contents) = contents_of_event(bytes)?;
    let event = read(item, &contents).ok()?;
    Some(Event { range: 0..bytes.own.len(), ..event })
}

/// The run as one object, as it would have been sent in JSON.
pub(super) fn show_event<'a>(bytes: &EventBytes<'a>) -> Option<Cow<'a, str>> {
    let (_, contents) = contents_of_event(bytes)?;
    let ((_, first), fields) = contents.split_first()?;
    let fields = fields.iter().filter_map(|(field, sent)| Some(((*field)?, sent.json)));
    let fields: Vec<_> = fields.collect();
    if fields.is_empty() {
        return Some(Cow::Borrowed(first.json));
    }
    Some(Cow::Owned(super::value::with_fields(first.object(), &fields)))
}
