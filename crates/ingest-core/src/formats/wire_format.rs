//! What a wire format is to everything that handles batches: a row of the table in
//! [`super`]. Its folder fills the row; nobody else knows what its bytes mean.

use std::borrow::Cow;

use super::decoded::{Decoded, Receipt};
use crate::error::{Error, Reject};
use crate::model::Event;
use crate::reply::Reply;

/// A wire format. Of a body with its compression taken off, all that follows is said
/// here; a body of JSON and one of something else are two formats, even where they say
/// the same.
#[derive(Debug)]
pub struct WireFormat {
    /// What the keys of its raw batches end in, after the first dot: lower-case letters,
    /// digits and dots. Raw batches are kept for years, so it never changes.
    pub ending: &'static str,
    /// The paths that its batches are posted to, without a slash at the end. Formats may
    /// share one: the content type then tells them apart. Another method stands before its
    /// path, and `*` for an id: `PATCH /runs/*`.
    pub paths: &'static [&'static str],
    /// The paths of what its clients send besides and nobody keeps here: it is answered as
    /// if it were kept, with a word on it, so that their consoles stay quiet.
    pub unkept_paths: &'static [&'static str],
    /// Whether a `Content-Type` header, or none, means this format.
    pub accepts: fn(content_type: Option<&str>) -> bool,
    /// The content type that it wants, for whoever sent another.
    pub content_type: &'static str,
    /// Largest body, in bytes after decompression.
    pub max_body_bytes: usize,
    /// Whether good events are kept whatever the others are, and however a request or its
    /// project wants bad ones handled.
    pub keeps_good_events: bool,
    /// Looks a body over, and builds nothing.
    pub check: fn(body: &[u8]) -> Result<Decoded, Reject>,
    /// The good events of a body, in order. It accepts what `check` accepts. Why it does
    /// not decode names places and no content: it goes to logs.
    pub decode: for<'a> fn(body: &'a [u8]) -> Result<Vec<Event<'a>>, Reject>,
    /// What the bytes of one event say, decoded once more: the same that it said in its
    /// body, but for the index. Several events may share their bytes; none are good if
    /// the bytes are not.
    pub decode_event: for<'a> fn(bytes: &EventBytes<'a>) -> Vec<Event<'a>>,
    /// The same as JSON text, for people to read. `None` for bytes that are no event.
    pub show_event: for<'a> fn(bytes: &EventBytes<'a>) -> Option<Cow<'a, str>>,
    /// What the client reads when its batch is kept. The text is the path that it was
    /// posted to.
    pub accepted: fn(receipt: &Receipt, path: &str) -> Reply,
    /// What it reads when it sent something that is not kept.
    pub unkept: fn() -> Reply,
    /// What it reads when its batch is refused. The text is the id of the request.
    pub rejected: fn(error: &Error, request_id: &str) -> Reply,
    /// What few formats have.
    pub extras: Extras,
}

/// What few formats have; the others are [`Extras::NONE`] of it.
#[derive(Debug)]
pub struct Extras {
    /// What its clients ask, with `GET`, before they send: paths at which anybody is told
    /// the same, without a key.
    pub answers: &'static [Answer],
    /// Whether its bodies may be compressed with zstd, which few clients do.
    pub zstd: bool,
    /// What is stored of a body, where its path says what itself does not: the path as the
    /// row has it, and the id in it; of what [`Self::counts_again`] the `Idempotency-Key`
    /// instead. `None` where it is stored as it came.
    pub prepare: Prepare,
    /// Whether the same body says something new each time that it is sent, and is not the same
    /// batch again: see [`crate::batch::BatchRef::sent_once`].
    pub counts_again: bool,
    /// What is stored of an event that does not say its span's trace, once that is known: the
    /// event's bytes, the span's id and the trace's; where it has such events.
    pub name_trace: Option<NameTrace>,
}

impl Extras {
    /// None of it.
    pub const NONE: Self = Self {
        answers: &[],
        zstd: false,
        prepare: |_, _, _| Ok(None),
        counts_again: false,
        name_trace: None,
    };
}

/// A path, and what is answered there.
pub type Answer = (&'static str, fn() -> Reply);

/// See [`Extras::prepare`].
pub type Prepare = fn(path: &str, id: Option<&str>, body: &[u8]) -> Result<Option<Vec<u8>>, Reject>;

/// See [`Extras::name_trace`]. It gives a body, and what its raw batch's key ends in.
pub type NameTrace =
    for<'a> fn(bytes: &EventBytes<'a>, id: &str, trace: &str) -> Option<(&'static str, Vec<u8>)>;

/// The bytes of one event, as they lie in its raw batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBytes<'a> {
    /// Those of [`Event::range`].
    pub own: &'a [u8],
    /// Those of [`Event::context`].
    pub context: Vec<&'a [u8]>,
}
