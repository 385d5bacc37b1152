//! What a tool works on, and what answers share: bounds, times, costs, links.

use super::text::{Object, quoted, shown};
use crate::api::dollars;
use crate::batch::RawStore;
use crate::dashboard::ui::format::encode;
use crate::index::Database;
use crate::model::{Micros, Millis};
use crate::payload::Source;
use crate::time;

/// Bytes of JSON at which an answer has enough.
pub(super) const AIM: usize = 16_000;
/// Bytes of JSON that no answer may exceed.
pub(super) const MOST: usize = 25_600;

/// What a tool works on.
pub(super) struct Asked<'a, D, S> {
    pub(super) project: &'a str,
    pub(super) origin: &'a str,
    pub(super) db: &'a D,
    pub(super) source: &'a Source<'a, S>,
}

impl<D: Database, S: RawStore> Asked<'_, D, S> {
    pub(super) fn now(&self) -> Millis {
        self.source.now
    }

    /// The same place for payloads, for who wants one of their own.
    pub(super) fn own_source(&self) -> Source<'_, S> {
        let Source { store, formats, budget, now } = self.source;
        Source { store, formats: *formats, budget, now: *now }
    }

    /// The page of a trace.
    pub(super) fn trace_url(&self, id: &str) -> String {
        format!("{}/traces/{}", self.origin, encode(id))
    }

    /// The same with a span.
    pub(super) fn span_url(&self, trace: &str, span: &str) -> String {
        format!("{}?span={}", self.trace_url(trace), encode(span))
    }
}

/// A time, in answers.
pub(super) fn at(micros: Micros) -> String {
    time::with_millis(micros)
}

/// Whole milliseconds.
pub(super) fn ms(from: Micros, to: Micros) -> i64 {
    to.saturating_sub(from).max(0) / 1_000
}

/// A cost, unless it is nothing.
pub(super) fn cost(object: &mut Object, key: &'static str, nano: i64) {
    if nano != 0 {
        object.json(key, &dollars(nano));
    }
}

/// The first of some texts, as JSON.
pub(super) fn few(texts: &[String], most: usize, bytes: usize) -> Vec<String> {
    texts.iter().take(most).map(|text| quoted(&shown(text, bytes))).collect()
}
