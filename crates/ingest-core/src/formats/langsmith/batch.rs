//! From the text of a batch to what is in it: runs that are created, runs that are
//! changed, feedback; where each lies, and whether it can be kept. And from a request of
//! one to a batch of one.

use std::ops::Range;

use super::event::{self, ITEMS, Item};
use super::run::Run;
use super::value::Sent;
use crate::error::{Detail, Reject};
use crate::formats::field::{Problem, text_of};
use crate::json::descend::{array, object, skip, value};
use crate::json::error::SyntaxError;
use crate::json::lex::next;
use crate::json::scan;
use crate::json::value::Kind;
use crate::limits::MAX_EVENTS;

/// An item of a batch.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) item: Item,
    /// The key that it stands under.
    pub(super) key: Range<usize>,
    /// Its place among those.
    pub(super) at: usize,
    pub(super) range: Range<usize>,
    pub(super) problem: Option<Problem>,
}

impl Located {
    /// What is wrong with it, for its sender.
    pub(super) fn detail(&self, index: usize) -> Option<Detail> {
        let key = ITEMS.iter().find(|(_, item)| *item == self.item).map_or("", |(key, _)| key);
        Some(self.problem.as_ref()?.detail(&format!("{key}[{}]", self.at), index))
    }
}

/// Everything in a batch.
///
/// # Errors
/// What is no JSON, or no batch.
pub(super) fn locate(text: &str) -> Result<Vec<Located>, Reject> {
    let bytes = text.as_bytes();
    let (found, start) = next(bytes, 0);
    let syntax = |error: SyntaxError| error.into_reject(text);
    if found != b'{' {
        let found = scan::value(bytes, start, 0).map_err(syntax)?.kind().noun();
        let message = format!("expected an object with `post` or `patch`, found {found}");
        return Err(Reject::invalid("body", message));
    }
    let (mut all, mut known, mut mistyped) = (Vec::new(), false, None);
    let mut too_many = false;
    let end = object(text, start, 0, &mut |key, at| {
        let Some((name, item)) = ITEMS.iter().find(|(name, _)| *name == key) else {
            return skip(text, at, 1);
        };
        let key = key_before(text, at);
        let (found, start) = next(bytes, at);
        if found != b'[' {
            let value = value(text, start, 1)?;
            if value.kind() != Kind::Null {
                mistyped = Some((*name, value.kind()));
            }
            return Ok(value.range().end);
        }
        known = true;
        let mut place = 0;
        array(text, start, 1, &mut |at| {
            let (range, problem) = check(text, at, *item)?;
            let end = range.end;
            too_many |= all.len() == MAX_EVENTS;
            if !too_many {
                all.push(Located { item: *item, key: key.clone(), at: place, range, problem });
            }
            place += 1;
            Ok(end)
        })
    });
    let end = end.map_err(syntax)?;
    scan::end(bytes, end).map_err(syntax)?;
    if let Some((name, found)) = mistyped {
        return Err(Reject::invalid(name, format!("expected an array, found {}", found.noun())));
    }
    if !known {
        return Err(Reject::invalid("body", "expected an object with `post` or `patch`"));
    }
    if too_many {
        return Err(Reject::TooLarge(format!("more than {MAX_EVENTS} runs in a batch")));
    }
    Ok(all)
}

/// The bytes of the key whose colon stands before this place, in its quotes.
fn key_before(text: &str, at: usize) -> Range<usize> {
    let before = text.get(..at).unwrap_or_default();
    let close = before.trim_end_matches(':').trim_end();
    let open = close.get(..close.len().saturating_sub(1)).and_then(|inner| inner.rfind('"'));
    open.unwrap_or(close.len())..close.len()
}

/// The item at a place, and what is wrong with it.
fn check(
    text: &str,
    at: usize,
    item: Item,
) -> Result<(Range<usize>, Option<Problem>), SyntaxError> {
    const DEPTH: usize = 2;
    let (found, start) = next(text.as_bytes(), at);
    if found != b'{' {
        let value = value(text, start, DEPTH)?;
        let message = format!("expected an object, found {}", value.kind().noun());
        return Ok((value.range(), Some(Problem::new("", message))));
    }
    if !matches!(item, Item::Run(_)) {
        let range = value(text, start, DEPTH)?.range();
        let sent = Sent { json: text.get(range.clone()).unwrap_or_default(), kind: Kind::Object };
        return Ok((range, event::of_object(item, sent).err()));
    }
    let (run, end) = read_run(text, start, DEPTH)?;
    Ok((start..end, run.identify().err()))
}

/// The run at a place, and the place after it.
pub(super) fn read_run(
    text: &str,
    at: usize,
    depth: usize,
) -> Result<(Run<'_>, usize), SyntaxError> {
    let mut run = Run::default();
    let end = object(text, at, depth, &mut |key, at| {
        let value = value(text, at, depth + 1)?;
        run.set(key, Sent::of(text, value));
        Ok(value.range().end)
    })?;
    Ok((run, end))
}

/// A batch of the one object that a request is, under a key; with an id where the object
/// has none, as those that are named by their path alone.
pub(super) fn of_one(key: &str, id: Option<&str>, body: &[u8]) -> Result<Vec<u8>, Reject> {
    let text = text_of(body)?;
    let value = value(text, 0, 0).and_then(|value| {
        scan::end(text.as_bytes(), value.range().end)?;
        Ok(value)
    });
    let value = value.map_err(|error| error.into_reject(text))?;
    if value.kind() != Kind::Object {
        let message = format!("expected an object, found {}", value.kind().noun());
        return Err(Reject::invalid("body", message));
    }
    let object = value.raw(text);
    let id = id.filter(|_| Sent::all_of(object).is_none_or(|sent| sent.field("id").is_none()));
    let mut batch = Vec::with_capacity(object.len() + 64);
    batch.extend_from_slice(format!("{{\"{key}\":[").as_bytes());
    match (id, object.strip_prefix('{')) {
        (Some(id), Some(rest)) => {
            let id = serde_json::to_string(id).unwrap_or_default();
            let empty = rest.trim_start().starts_with('}');
            let comma = if empty { "" } else { "," };
            batch.extend_from_slice(format!("{{\"id\":{id}{comma}{rest}").as_bytes());
        }
        _ => batch.extend_from_slice(object.as_bytes()),
    }
    batch.extend_from_slice(b"]}");
    Ok(batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_run_is_named_and_costs_no_other() {
        let text = r#" {"post" : [{"id":"a"}, 7, {"name":"x"}],"other":[1],"patch":null,
            "p\u0061tch":[{"id":"b","end_time":"?"},{"id":"c"}]} "#;
        let all = locate(text).unwrap();
        let paths: Vec<_> = all.iter().enumerate().map(|(n, one)| one.detail(n)).collect();
        let paths: Vec<_> = paths.iter().map(|d| d.as_ref().map(|d| &*d.path)).collect();
        assert_eq!(
            paths,
            [None, Some("post[1]"), Some("post[2].id"), Some("patch[0].end_time"), None]
        );
        assert_eq!(&text[all[4].range.clone()], r#"{"id":"c"}"#);
        assert_eq!(&text[all[0].key.clone()], r#""post""#);
        assert_eq!(&text[all[4].key.clone()], r#""p\u0061tch""#);
    }

    #[test]
    fn what_is_no_batch_is_refused() {
        for body in ["", "[]", "{}", r#"{"post":{}}"#, r#"{"post":[}"#, r#"{"post":[]} x"#, "null"]
        {
            assert!(matches!(locate(body), Err(Reject::Validation { .. })), "{body}");
        }
        let many = |count| format!(r#"{{"post":[{}]}}"#, vec!["0"; count].join(","));
        assert!(matches!(locate(&many(MAX_EVENTS + 1)), Err(Reject::TooLarge(_))));
        assert_eq!(locate(&many(MAX_EVENTS)).unwrap().len(), MAX_EVENTS);
    }

    #[test]
    fn a_request_of_one_becomes_a_batch_of_one_with_the_id_of_its_path() {
        let of = |id, body: &str| {
            of_one("patch", id, body.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
        };
        for (id, body, batch) in [
            (None, r#" {"a":1} "#, r#"{"patch":[{"a":1}]}"#),
            (Some("x\""), r#"{"a":1}"#, r#"{"patch":[{"id":"x\"","a":1}]}"#),
            (Some("x"), "{ }", r#"{"patch":[{"id":"x" }]}"#),
            (Some("x"), r#"{"id":null}"#, r#"{"patch":[{"id":"x","id":null}]}"#),
            (Some("x"), r#"{"id":"x"}"#, r#"{"patch":[{"id":"x"}]}"#),
        ] {
            assert_eq!(of(id, body).as_deref(), Ok(batch), "{body}");
        }
        for body in ["[]", "", "{} {}", r#"{"a":1],"post":[{}"#] {
            assert!(of(None, body).is_err(), "{body}");
        }
    }
}
