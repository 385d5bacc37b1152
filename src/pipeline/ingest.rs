//! The edge's pipeline, after authentication: check the body, keep it, ring
//! the bell, answer. It never sees a database.

use super::queue::{BatchQueue, Message};
use crate::batch::{BatchRef, Format, RawStore};
use crate::error::{Detail, Error, Reject};
use crate::formats::twosignal;
use crate::model::{Handling, Millis};

/// What was accepted; becomes the 201.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// How many events will be in the database.
    pub events: usize,
    /// How many were not taken, and why: only for lenient handling.
    pub refused: Option<(usize, Vec<Detail>)>,
    /// Whether lenient handling was in force because the request asked for it.
    pub lenient: bool,
    /// The message that the queue did not take, if it did not. The batch is
    /// safe all the same: the sweeper finds it. The caller may do better.
    pub unsent: Option<Message>,
}

/// How a request wants its bad events handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preference {
    /// What the project wants when the request says nothing.
    pub project: Handling,
    /// What the request's `Prefer` header says.
    pub request: Option<Handling>,
}

impl Preference {
    fn lenient(self) -> bool {
        self.request.unwrap_or(self.project) == Handling::Lenient
    }
}

/// Takes one body in. When this returns `Ok`, the batch is in R2, and so what a
/// 201 promises will be kept, with or without the queue. Clients never send a
/// batch again, so one that is safe is not refused. The body is dropped before
/// anything is waited for, so that many of them do not lie in memory while the
/// store takes its time.
///
/// # Errors
/// A [`Reject`] before anything is stored; a `Fault` when R2 could not be
/// reached. It may have kept the batch all the same: then the sweeper finds
/// it, whole, and a client that does send it again sends the same batch.
pub async fn ingest<S: RawStore>(
    project: &str,
    body: impl AsRef<[u8]>,
    raw: &S::Body,
    preference: Preference,
    now: Millis,
    store: &S,
    queue: &impl BatchQueue,
) -> Result<Accepted, Error> {
    let mut accepted = check(body.as_ref(), preference)?;
    if accepted.events > 0 {
        let batch = BatchRef::of(project, body.as_ref(), now, Format::Native);
        drop(body);
        let key = batch.key();
        // Once more when it fails: clients of this API do not, and putting the
        // same bytes under the same key twice changes nothing.
        if store.put(&key, raw).await.is_err() {
            store.put(&key, raw).await?;
        }
        let message = Message::of(&batch);
        if queue.send(&message).await.is_err() && queue.send(&message).await.is_err() {
            accepted.unsent = Some(message);
        }
    }
    Ok(accepted)
}

/// Decodes the body to see what of it can be accepted.
fn check(body: &[u8], preference: Preference) -> Result<Accepted, Reject> {
    let decoded = twosignal::decode(body, |_| {})?;
    let lenient = preference.lenient();
    if decoded.invalid > 0 && (!lenient || decoded.accepted == 0) {
        return Err(decoded.into_reject());
    }
    Ok(Accepted {
        events: decoded.accepted,
        refused: lenient.then_some((decoded.invalid, decoded.details)),
        lenient: preference.request == Some(Handling::Lenient),
        unsent: None,
    })
}

/// What a `Prefer` header (RFC 7240) says about handling: the first
/// `handling` preference counts, what is not known is ignored.
#[must_use]
pub fn preferred_handling(header: &str) -> Option<Handling> {
    header.split(',').find_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        let value = value.trim().trim_matches('"');
        match (name.trim(), value) {
            (n, v) if !n.eq_ignore_ascii_case("handling") || v.is_empty() => None,
            (_, v) if v.eq_ignore_ascii_case("lenient") => Some(Handling::Lenient),
            (_, v) if v.eq_ignore_ascii_case("strict") => Some(Handling::Strict),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::ops::Range;

    use super::*;
    use crate::batch::Listed;
    use crate::error::Fault;

    /// A body that says when it is dropped.
    struct Body<'a>(&'a str, &'a Cell<bool>);

    impl AsRef<[u8]> for Body<'_> {
        fn as_ref(&self) -> &[u8] {
            self.0.as_bytes()
        }
    }

    impl Drop for Body<'_> {
        fn drop(&mut self) {
            self.1.set(true);
        }
    }

    /// A store and a queue that look whether the body is still there.
    struct Watching<'a>(&'a Cell<bool>, Cell<u32>);

    impl Watching<'_> {
        fn look(&self) {
            assert!(self.0.get(), "the body is still held");
            self.1.set(self.1.get() + 1);
        }
    }

    impl RawStore for Watching<'_> {
        type Body = ();

        async fn put(&self, _: &str, (): &()) -> Result<(), Fault> {
            self.look();
            Ok(())
        }

        async fn get(&self, _: &str, _: Option<Range<u64>>) -> Result<Option<Vec<u8>>, Fault> {
            Ok(None)
        }

        async fn list(&self, _: &str, _: usize) -> Result<Listed, Fault> {
            Ok(Listed { keys: Vec::new(), more: false })
        }
    }

    impl BatchQueue for Watching<'_> {
        async fn send(&self, _: &Message) -> Result<(), Fault> {
            self.look();
            Ok(())
        }

        async fn send_all(&self, _: &[Message]) -> Result<(), Fault> {
            self.look();
            Ok(())
        }
    }

    #[test]
    fn a_body_is_not_held_while_the_store_and_the_queue_are_waited_for() {
        let dropped = Cell::new(false);
        let text = r#"{"batch":[{"type":"trace-create","body":{"id":"t","name":"n"}}]}"#;
        let ports = Watching(&dropped, Cell::new(0));
        let preference = Preference { project: Handling::Strict, request: None };
        let taken = ingest("p", Body(text, &dropped), &(), preference, 0, &ports, &ports);
        assert_eq!(pollster::block_on(taken).unwrap().events, 1);
        assert_eq!(ports.1.get(), 2);
    }
}
