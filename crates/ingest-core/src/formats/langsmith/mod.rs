//! LangSmith's wire format: runs, which are created by a post and changed by patches, and
//! feedback on them; in JSON (`batch`), or in `parts` (`multipart`). `run` is what has to be right of a run, `map` what
//! it means, with `usage`; `feedback` what a piece of feedback is, `moved` what becomes of a run whose trace is found, and `reply` what the SDKs
//! read. A bad run costs itself and no other.
//!
//! Whether a run is created or changed stands around it, so it is its context; a run that is
//! created has none. A request of a single run is stored as a batch of one.

mod batch;
mod event;
mod feedback;
mod map;
mod moved;
mod multipart;
mod parts;
mod reply;
mod run;
mod usage;
mod value;

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use self::batch::{Located, locate, of_one, read_run};
use self::event::{ITEMS, Item};
use self::run::Operation;
use self::value::Sent;
use super::content_type::{JSON as WANTED, is_json, is_multipart};
use super::decoded::Decoded;
use super::wire_format::{EventBytes, Extras, WireFormat};
use crate::error::Reject;
use crate::formats::field::{Problem, text_of};
use crate::limits::{MAX_BODY_BYTES, MAX_DETAILS, MAX_MULTIPART_BODY_BYTES};
use crate::model::Event;

/// The row of runs in JSON. Their paths are under the root and under `/api/v1`, where
/// self-hosted LangSmith has them.
pub const JSON: WireFormat = WireFormat {
    ending: "langsmith.json",
    paths: &[
        "/runs/batch",
        "/runs",
        "PATCH /runs/*",
        "/feedback",
        "/api/v1/runs/batch",
        "/api/v1/runs",
        "PATCH /api/v1/runs/*",
        "/api/v1/feedback",
    ],
    unkept_paths: &[],
    accepts: |content_type| content_type.is_none_or(is_json),
    content_type: WANTED,
    max_body_bytes: MAX_BODY_BYTES,
    keeps_good_events: true,
    check: |body| {
        let text = text_of(body)?;
        check(text, &locate(text)?)
    },
    decode: |body| {
        let text = text_of(body)?;
        Ok(decode(text, &locate(text)?))
    },
    decode_event: |bytes| decode_event(bytes).into_iter().collect(),
    show_event: |bytes| std::str::from_utf8(bytes.own).ok().map(Cow::Borrowed),
    accepted: reply::accepted,
    unkept: || crate::reply::Reply::empty(204),
    rejected: reply::rejected,
    extras: Extras {
        answers: &[("/info", reply::info), ("/api/v1/info", reply::info)],
        zstd: true,
        prepare: |path, id, body| match path.rsplit_once('/').map(|(_, last)| last) {
            Some("runs") => of_one("post", None, body).map(Some),
            Some("*") => of_one("patch", id, body).map(Some),
            Some("feedback") => of_one("feedback", None, body).map(Some),
            _ => Ok(None),
        },
        name_trace: Some(|bytes, id, trace| {
            let body = moved::write(std::str::from_utf8(bytes.own).ok()?, id, trace)?;
            Some((JSON.ending, body))
        }),
        ..Extras::NONE
    },
};

/// The row of runs in parts. Clients are told to send JSON; those that were told otherwise
/// by somebody else get through.
pub const PARTS: WireFormat = WireFormat {
    ending: "langsmith.parts",
    paths: &["/runs/multipart", "/api/v1/runs/multipart"],
    accepts: |content_type| content_type.is_some_and(is_multipart),
    content_type: "multipart/form-data",
    max_body_bytes: MAX_MULTIPART_BODY_BYTES,
    check: |body| refuse_nothing_good(multipart::check_body(body)?),
    decode: multipart::decode_body,
    decode_event: |bytes| multipart::decode_event(bytes).into_iter().collect(),
    show_event: multipart::show_event,
    extras: Extras {
        zstd: true,
        name_trace: Some(|bytes, id, trace| {
            Some((JSON.ending, moved::write(&multipart::show_event(bytes)?, id, trace)?))
        }),
        ..Extras::NONE
    },
    ..JSON
};

/// Refuses what nothing good is in: there is no word for a run that is not kept but for all
/// of them.
fn refuse_nothing_good(decoded: Decoded) -> Result<Decoded, Reject> {
    if decoded.invalid > 0 && decoded.accepted == 0 {
        return Err(decoded.into_reject());
    }
    Ok(decoded)
}

fn check(text: &str, all: &[Located]) -> Result<Decoded, Reject> {
    let bad = all.iter().enumerate().filter_map(|(index, located)| located.detail(index));
    let invalid = all.iter().filter(|located| located.problem.is_some()).count();
    let own = |located: &Located| text.get(located.range.clone()).map(str::to_owned);
    refuse_nothing_good(Decoded {
        events: all.len(),
        accepted: all.len() - invalid,
        invalid,
        problems: invalid,
        details: bad.take(MAX_DETAILS).collect(),
        answer: match all {
            [one] if one.item == Item::Feedback => own(one),
            _ => None,
        },
    })
}

fn decode<'a>(text: &'a str, all: &[Located]) -> Vec<Event<'a>> {
    let mut events = Vec::with_capacity(all.len());
    // Those of one key stand together.
    let mut context: Option<Rc<[Range<usize>]>> = None;
    for (index, Located { item, key, range, .. }) in all.iter().enumerate() {
        let own = text.get(range.clone()).unwrap_or_default();
        let Ok(event) = read(own, *item) else { continue };
        let known = context.take().filter(|context| context.first() == Some(key));
        let known = context.insert(known.unwrap_or_else(|| Rc::new([key.clone()])));
        let created = *item == Item::Run(Operation::Post);
        let context = (!created).then(|| Rc::clone(known));
        events.push(Event { index, range: range.clone(), context, ..event });
    }
    events
}

fn decode_event<'a>(bytes: &EventBytes<'a>) -> Option<Event<'a>> {
    let own = std::str::from_utf8(bytes.own).ok()?;
    let key = bytes.context.first().and_then(|key| std::str::from_utf8(key).ok());
    let key = key.and_then(|key| Sent::all_of(key)?.text());
    let item = match key {
        Some(key) => ITEMS.iter().find(|(name, _)| *name == key).map(|(_, item)| *item)?,
        None => Item::Run(Operation::Post),
    };
    let event = read(own, item).ok()?;
    Some(Event { range: 0..own.len(), ..event })
}

/// The event that an item is, by its own text.
fn read(own: &str, item: Item) -> Result<Event<'_>, Problem> {
    let broken = || Problem::new("", "expected an object");
    match item {
        Item::Run(operation) => {
            event::of_run(&read_run(own, 0, 0).map_err(|_| broken())?.0, operation)
        }
        other => {
            let object = Sent::all_of(own).and_then(Sent::object).ok_or_else(broken)?;
            event::of_object(other, object)
        }
    }
}
