//! A trace's row: its fold in the columns that lists need, and the rest of it packed.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde::Deserialize;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::counted::{Columns, Counted};
use super::usage::Usage;
use crate::fold::head::{Field, Head};
use crate::fold::metadata::Metadata;
use crate::fold::root::Root;
use crate::fold::span::Span;
use crate::fold::spans::{Spans, Totals};
use crate::fold::standing::Told;
use crate::fold::tags::Tags;
use crate::fold::trace::Trace;
use crate::model::{Micros, Millis};
use crate::named_row;
use crate::pack::{Damaged, hex};

named_row! {
    /// A trace's row as it is written, named as the columns are.
    #[derive(Debug, Clone, PartialEq, Serialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct TraceRow {
        pub id: Rc<str>,
        /// The version that it had before; null where it is new.
        pub was: Option<i64>,
        /// Seconds since 2020 of its start and of its receipt: what the key of a new one
        /// is made of, and which new one it is of those that start in that second.
        pub second: i64,
        pub received_second: i64,
        pub nth: usize,
        pub start_us: Micros,
        pub end_us: Option<Micros>,
        pub spans: i64,
        pub errors: i64,
        pub open: i64,
        pub tokens: i64,
        pub cost_nano: i64,
        pub created_ms: Millis,
        pub active_us: Micros,
        pub root_child: u8,
        pub ended: u8,
        pub name: Option<Rc<str>>,
        pub session: Option<Rc<str>>,
        pub user: Option<Rc<str>>,
        pub parent_trace: Option<Rc<str>>,
        pub deployment: Option<Rc<str>>,
        pub tags: Option<Rc<str>>,
        pub evaluators: Option<Rc<str>>,
        pub models: Option<String>,
        pub metadata: Option<Rc<str>>,
        pub metadata_bytes: Option<u64>,
        pub input_preview: Option<Rc<str>>,
        pub output_preview: Option<Rc<str>>,
        pub root_failed: u8,
        pub failures: i64,
        pub error_preview: Option<Rc<str>>,
        pub beyond: Option<String>,
        pub head: String,
        /// Null where it stays as it is.
        pub pack: Option<String>,
    }
}

named_row! {
    /// A trace's row as it is read to be written again, named as the columns are.
    #[derive(Debug, Clone, PartialEq, Deserialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct StoredRow {
        pub id: Rc<str>,
        pub key: i64,
        pub version: i64,
        pub spans: i64,
        pub errors: i64,
        pub open: i64,
        pub tokens: i64,
        pub cost_nano: i64,
        pub root_failed: Option<u8>,
        pub root_child: u8,
        pub start_us: Micros,
        pub end_us: Option<Micros>,
        pub created_ms: Millis,
        pub active_us: Micros,
        pub ended: u8,
        pub name: Option<Rc<str>>,
        pub session: Option<Rc<str>>,
        pub user: Option<Rc<str>>,
        pub parent_trace: Option<Rc<str>>,
        pub deployment: Option<Rc<str>>,
        pub tags: Option<Rc<str>>,
        pub evaluators: Option<Rc<str>>,
        pub models: Option<String>,
        pub metadata: Option<Rc<str>>,
        pub input_preview: Option<Rc<str>>,
        pub output_preview: Option<Rc<str>>,
        pub error_preview: Option<Rc<str>>,
        pub beyond: Option<String>,
        /// Hexadecimal; null where those that came before it were enough for one read.
        pub head: Option<String>,
        pub pack: Option<String>,
    }
}

/// A trace that the index has.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The key and the version of its row.
    pub key: i64,
    /// See `key`.
    pub version: i64,
    /// What its row counts as.
    pub usage: Usage,
    /// What it counts as by hour; nothing where it is a part of another trace.
    pub counted: Option<Counted>,
    /// What is known of it, but for the spans that have rows of their own.
    pub trace: Trace,
    /// What those add up to, if there are any.
    pub beyond: Option<Totals>,
}

/// The first fields of [`TraceRow`], which are no columns that are written as they are.
pub const NO_COLUMNS: [&str; 5] = ["id", "was", "second", "received_second", "nth"];

/// What `root_child` is of a trace of which nothing is known but changes of spans, and that
/// another trace is its parent: it is a part of that, and no list has it.
pub const MOVED: u8 = 3;

/// What a row counts as: nothing where it is a part of another trace, which has its span.
fn usage(root_child: u8, spans: i64) -> Usage {
    if root_child == MOVED { Usage::default() } else { Usage { traces: 1, spans } }
}

/// What stands between models in the column: they are a line each.
const BETWEEN: char = '\n';

impl StoredRow {
    /// The trace; `None` where its pack was not read.
    ///
    /// # Errors
    /// [`Damaged`] for a row that was not written by [`TraceRow::of`].
    pub fn unpack(self) -> Result<Option<Stored>, Damaged> {
        let (Some(head), Some(pack)) = (&self.head, &self.pack) else { return Ok(None) };
        let spans = crate::pack::spans::read(&hex::read(pack).ok_or(Damaged)?)?;
        let beyond = self.beyond.as_deref().map(read_totals).transpose()?;
        let head = crate::pack::head::read(&hex::read(head).ok_or(Damaged)?, self.start_us)?;
        let (version, usage) = (self.version, usage(self.root_child, self.spans));
        let counted = self.counted();
        let key = self.key;
        let trace = Trace { head: self.fill(head)?, spans, ..Trace::default() };
        Ok(Some(Stored { key, version, usage, counted, trace, beyond }))
    }

    /// Puts what stands in columns into a head.
    fn fill(self, head: Head) -> Result<Head, Damaged> {
        let named_by_root = head.name.is_none();
        let fill = |field: Field, text: &Option<Rc<str>>| {
            let Some(Told { by, .. }) = field else { return Ok(None) };
            Ok(Some(Told { by, value: text.clone().ok_or(Damaged)? }))
        };
        let root = head.root.map(|root| Root {
            name: root.name.map(|(order, _)| {
                let name = self.name.clone().filter(|_| named_by_root);
                (order, name.unwrap_or_default())
            }),
            input: root.input.map(|(order, _)| (order, self.input_preview.unwrap_or_default())),
            output: root.output.map(|(order, _)| (order, self.output_preview.unwrap_or_default())),
            error: root.error.map(|(order, _)| (order, self.error_preview.unwrap_or_default())),
            ..root
        });
        let tags = match head.tags {
            Tags::None => Tags::None,
            Tags::OfEvent(order, _) => Tags::OfEvent(order, self.tags.ok_or(Damaged)?),
            Tags::OfAll(_) => {
                let tags = self.tags.ok_or(Damaged)?;
                Tags::OfAll(serde_json::from_str(&tags).map_err(|_| Damaged)?)
            }
        };
        let metadata = match head.metadata {
            Metadata::None => Metadata::None,
            Metadata::OfEvents(parts, _) => {
                Metadata::OfEvents(parts, self.metadata.ok_or(Damaged)?)
            }
            Metadata::OfSpan(by, place, _) => {
                Metadata::OfSpan(by, place, self.metadata.ok_or(Damaged)?)
            }
        };
        let models = self.models.iter().flat_map(|models| models.split(BETWEEN)).map(Rc::from);
        Ok(Head {
            start_us: self.start_us,
            end_us: self.end_us,
            active_us: self.active_us,
            created_ms: self.created_ms,
            ended: self.ended != 0,
            name: fill(head.name, &self.name)?,
            session: fill(head.session, &self.session)?,
            user: fill(head.user, &self.user)?,
            parent_trace: fill(head.parent_trace, &self.parent_trace)?,
            deployment: fill(head.deployment, &self.deployment)?,
            evaluators: fill(head.evaluators, &self.evaluators)?,
            root,
            tags,
            metadata,
            input: head.input,
            output: head.output,
            models: models.collect(),
        })
    }
}

/// Seconds since the epoch at which seconds in keys begin: 2020.
pub const KEY_EPOCH_S: i64 = 1_577_836_800;
/// Bits of a key that are the second, and those that are the count within it.
pub const SECOND_BITS: u32 = 32;
/// See [`SECOND_BITS`].
pub const COUNT_BITS: u32 = 16;

/// A time as seconds of a key; what is out of their range is at its ends.
#[must_use]
pub fn key_second(at: Micros) -> i64 {
    (at.div_euclid(1_000_000) - KEY_EPOCH_S).clamp(0, (1 << SECOND_BITS) - 1)
}

impl TraceRow {
    /// The row of a trace: `was` is the version that it had, `pack` its spans where those
    /// are others now, `beyond` what the spans add up to that have rows of their own.
    #[must_use]
    pub fn of(
        id: Rc<str>,
        was: Option<i64>,
        head: &Head,
        spans: &Spans,
        pack: Option<&[u8]>,
        beyond: Option<Totals>,
    ) -> Self {
        let all = beyond.unwrap_or_default().plus(&spans.totals());
        let said = |field: &Field| field.as_ref().map(|told| Rc::clone(&told.value));
        let root = head.root.as_ref();
        let of_root = |text: Option<&(_, Rc<str>)>| text.map(|(_, text)| Rc::clone(text));
        let tags = match &head.tags {
            Tags::None => None,
            Tags::OfEvent(_, tags) => Some(Rc::clone(tags)),
            Tags::OfAll(tags) => serde_json::to_string(tags).ok().map(Rc::from),
        };
        let metadata = head.metadata.text().cloned();
        Self {
            id,
            was,
            second: key_second(head.start_us),
            received_second: key_second(head.created_ms.saturating_mul(1_000)),
            nth: 0,
            start_us: head.start_us,
            end_us: head.end_us,
            spans: all.spans,
            errors: all.errors,
            open: all.open,
            tokens: all.tokens,
            cost_nano: all.cost_nano,
            created_ms: head.created_ms,
            active_us: head.active_us,
            root_child: match root {
                Some(root) if !root.partial => root.child.into(),
                Some(_) if head.parent_trace.is_some() => MOVED,
                // None yet, or none that an event creates.
                _ => 2,
            },
            ended: head.ended.into(),
            name: said(&head.name).or_else(|| of_root(root.and_then(|root| root.name.as_ref()))),
            session: said(&head.session),
            user: said(&head.user),
            parent_trace: said(&head.parent_trace),
            deployment: said(&head.deployment),
            tags,
            evaluators: said(&head.evaluators),
            models: models(&head.models),
            metadata,
            metadata_bytes: head.metadata.bytes_elsewhere(),
            input_preview: of_root(root.and_then(|root| root.input.as_ref())),
            output_preview: of_root(root.and_then(|root| root.output.as_ref())),
            error_preview: of_root(root.and_then(|root| root.error.as_ref())),
            beyond: beyond.map(|totals| write_totals(&totals)),
            head: hex::write(&crate::pack::head::write(head)),
            pack: pack.map(hex::write),
            root_failed: (all.failed_roots > 0).into(),
            failures: match beyond {
                // Which of them have rows of their own depends on what came first.
                Some(_) => all.errors,
                None if all.errors == 0 => 0,
                None => spans.failures(),
            },
        }
    }
}

/// What a row counts as by hour.
macro_rules! counted {
    ($row:expr, $root_failed:expr) => {{
        let Self { start_us, end_us, errors, open, tokens, cost_nano, root_child, .. } = *$row;
        let columns = Columns {
            start_us,
            end_us,
            errors,
            open,
            tokens,
            cost_nano,
            root_child,
            root_failed: $root_failed,
            name: $row.name.as_ref(),
            session: $row.session.as_ref(),
            user: $row.user.as_ref(),
            tags: $row.tags.as_ref(),
            error_preview: $row.error_preview.as_ref(),
        };
        (root_child != MOVED).then(|| Counted::of(&columns))
    }};
}

impl StoredRow {
    /// What it counts as by hour; nothing where it is a part of another trace.
    #[must_use]
    pub fn counted(&self) -> Option<Counted> {
        counted!(self, self.root_failed)
    }
}

impl TraceRow {
    /// What it counts as by hour; nothing where it is a part of another trace.
    #[must_use]
    pub fn counted(&self) -> Option<Counted> {
        counted!(self, Some(self.root_failed))
    }

    /// What it counts as.
    #[must_use]
    pub fn usage(&self) -> Usage {
        usage(self.root_child, self.spans)
    }
}

fn models(models: &BTreeSet<Rc<str>>) -> Option<String> {
    let all: Vec<&str> = models.iter().map(|model| &**model).collect();
    (!all.is_empty()).then(|| all.join(&BETWEEN.to_string()))
}

/// The order of the numbers in the column `beyond`. The last is not in rows from before.
type InOrder = (i64, i64, i64, i64, i64, i64);

/// Totals as the column has them.
#[must_use]
pub fn write_totals(totals: &Totals) -> String {
    let Totals { spans, errors, failed_roots, open, tokens, cost_nano } = *totals;
    let all: InOrder = (spans, errors, open, tokens, cost_nano, failed_roots);
    serde_json::to_string(&all).unwrap_or_default()
}

/// What [`write_totals`] wrote.
///
/// # Errors
/// [`Damaged`] for anything else.
pub fn read_totals(text: &str) -> Result<Totals, Damaged> {
    let all: Result<InOrder, _> = serde_json::from_str(text);
    let all = all.or_else(|_| {
        let before: (i64, i64, i64, i64, i64) = serde_json::from_str(text)?;
        let (spans, errors, open, tokens, cost_nano) = before;
        Ok::<_, serde_json::Error>((spans, errors, open, tokens, cost_nano, 0))
    });
    let (spans, errors, open, tokens, cost_nano, failed_roots) = all.map_err(|_| Damaged)?;
    Ok(Totals { spans, errors, failed_roots, open, tokens, cost_nano })
}

/// A span that has a row of its own, as it is read: of which trace, which, packed.
#[derive(Debug, Deserialize)]
pub struct StoredSpan(pub Rc<str>, pub Rc<str>, pub String);

/// The one span that is packed in these digits: those of a span's own row.
///
/// # Errors
/// [`Damaged`].
pub fn unpack_span(digits: &str) -> Result<Span, Damaged> {
    let mut read = crate::pack::spans::read_list(&hex::read(digits).ok_or(Damaged)?)?;
    let span = read.pop().ok_or(Damaged)?;
    if read.is_empty() { Ok(span) } else { Err(Damaged) }
}

named_row! {
    /// A span that has a row of its own, as it is written.
    #[derive(Debug, Clone, PartialEq, Serialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct SpanRow {
        /// Its trace's id.
        pub trace: Rc<str>,
        pub id: Rc<str>,
        pub start_us: Option<Micros>,
        pub envelope: Option<i64>,
        pub pack: String,
    }
}
