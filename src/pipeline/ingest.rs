//! The edge's pipeline, after authentication: check the body, keep it, ring
//! the bell, answer. It never sees a database. Only to check it the body has to be in wasm's
//! memory, and that waits for nothing: so many of them do not lie there while the store takes
//! its time.

use super::queue::{BatchQueue, Message};
use crate::batch::{BatchRef, RawStore};
use crate::error::{Error, Reject};
use crate::formats::decoded::{Kept, Receipt};
use crate::formats::wire_format::WireFormat;
use crate::model::{Handling, Millis};

/// What is known of a body before it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Upload<'a> {
    /// The project that it is for.
    pub project: &'a str,
    /// What it comes in.
    pub format: &'a WireFormat,
    /// How its bad events are to be handled.
    pub preference: Preference,
    /// When all of it was there. Not when its request began: a body may take minutes
    /// to arrive, and a key that old would lie behind where the sweeper is.
    pub received: Millis,
    /// Something random, where each sending of the same body counts.
    pub random: Option<u64>,
}

/// What became of a batch that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingested {
    /// What the client is told.
    pub receipt: Receipt,
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

/// A body that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    receipt: Receipt,
    /// The batch that it is, and how many bytes it has, where something of it counts.
    pub batch: Option<(BatchRef, usize)>,
}

impl Checked {
    /// The same, to be kept in an object that is compressed.
    #[must_use]
    pub fn gzipped(self) -> Self {
        Self { batch: self.batch.map(|(batch, bytes)| (batch.gzipped(), bytes)), ..self }
    }
}

/// Looks at a body, and names the batch that it is.
///
/// # Errors
/// Why it is refused.
pub fn check(upload: Upload<'_>, bytes: &[u8]) -> Result<Checked, Reject> {
    let Upload { project, format, preference, received, random } = upload;
    let receipt = look_over(format, bytes, preference)?;
    let ending = format.ending;
    let batch = (receipt.events > 0).then(|| match random {
        Some(random) => BatchRef::sent_once(project, bytes, received, ending, random),
        None => BatchRef::of(project, bytes, received, ending),
    });
    Ok(Checked { receipt, batch: batch.map(|batch| (batch, bytes.len())) })
}

/// Keeps a body that was looked at. When this returns `Ok`, the batch is in R2, and so what a
/// 201 promises will be kept, with or without the queue. Clients never send a
/// batch again, so one that is safe is not refused. `raw` is what the object is to have.
///
/// # Errors
/// A `Fault` when R2 could not be reached. It may have kept the batch all the same: then the
/// sweeper finds it, whole, and a client that does send it again sends the same batch.
pub async fn keep<S: RawStore>(
    checked: Checked,
    raw: &S::Body,
    store: &S,
    queue: &impl BatchQueue,
) -> Result<Ingested, Error> {
    let Checked { mut receipt, batch } = checked;
    let mut unsent = None;
    if let Some((batch, bytes)) = batch {
        let (key, received) = (batch.key(), batch.received);
        // Once more when it fails: clients of this API do not, and putting the
        // same bytes under the same key twice changes nothing.
        if store.put(&key, raw).await.is_err() {
            store.put(&key, raw).await?;
        }
        let message = Message::of(&batch).with_bytes(bytes);
        if queue.send(&message).await.is_err() && queue.send(&message).await.is_err() {
            unsent = Some(message);
        }
        receipt.kept = Some(Kept { batch: batch.id, received });
    }
    Ok(Ingested { receipt, unsent })
}

/// [`check`] and [`keep`] of a body that is kept as it is. The body is dropped before anything
/// is waited for.
///
/// # Errors
/// Those of both.
pub async fn ingest<S: RawStore>(
    upload: Upload<'_>,
    body: impl AsRef<[u8]>,
    raw: &S::Body,
    store: &S,
    queue: &impl BatchQueue,
) -> Result<Ingested, Error> {
    let checked = check(upload, body.as_ref())?;
    drop(body);
    keep(checked, raw, store, queue).await
}

/// Decodes the body to see what of it can be accepted.
fn look_over(format: &WireFormat, body: &[u8], preference: Preference) -> Result<Receipt, Reject> {
    let decoded = (format.check)(body)?;
    let lenient = format.keeps_good_events || preference.lenient();
    if decoded.invalid > 0 && !format.keeps_good_events && (!lenient || decoded.accepted == 0) {
        return Err(decoded.into_reject());
    }
    Ok(Receipt {
        events: decoded.accepted,
        refused: lenient.then_some((decoded.invalid, decoded.details)),
        lenient: preference.request == Some(Handling::Lenient),
        answer: decoded.answer,
        kept: None,
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
    use crate::formats::FORMATS;

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

        fn body_of(&self, _: &[u8]) {}

        async fn compress(&self, (): &()) -> Option<((), usize)> {
            None
        }

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
        let format = &FORMATS.0[0];
        let ports = Watching(&dropped, Cell::new(0));
        let preference = Preference { project: Handling::Strict, request: None };
        let upload = Upload { project: "p", format, preference, received: 0, random: None };
        let taken = ingest(upload, Body(text, &dropped), &(), &ports, &ports);
        assert_eq!(pollster::block_on(taken).unwrap().receipt.events, 1);
        assert_eq!(ports.1.get(), 2);
    }
}
