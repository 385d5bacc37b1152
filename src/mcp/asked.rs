//! What a tool works on, and what answers share: bounds, times, costs, links.

use super::text::{Object, quoted, shown};
use crate::api::dollars;
use crate::batch::RawStore;
use crate::dashboard::list::filter::ListQuery;
use crate::dashboard::ui::format::encode;
use crate::dashboard::ui::url::session_url;
use crate::error::Fault;
use crate::index::Database;
use crate::index::found::Span;
use crate::memory_budget::MemoryShare;
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

    /// Room for so many spans while an answer is made of them.
    pub(super) fn hold(&self, spans: usize) -> Result<MemoryShare, Fault> {
        self.source.budget.take((2 * spans * size_of::<Span>()) as u64, self.now())
    }

    /// A list or page of the dashboard.
    pub(super) fn list_url(&self, path: &str, query: &ListQuery) -> String {
        format!("{}{}", self.origin, query.newest(path))
    }

    /// The page of a session, beginning with what was at a time.
    pub(super) fn session_url(&self, session: &str, at: Micros) -> String {
        format!("{}{}", self.origin, session_url(session, at))
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

/// When something started, both ends included; each may be open.
pub(super) type Range = (Option<Micros>, Option<Micros>);

/// What the dashboard lists of a range of time: of all time where both ends are open.
pub(super) fn list_of((from, to): Range) -> ListQuery {
    let text = |end: Option<Micros>| end.map(at).unwrap_or_default();
    let range = if from.or(to).is_none() { "all" } else { "custom" };
    ListQuery { range: range.into(), from: text(from), to: text(to), ..ListQuery::default() }
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
