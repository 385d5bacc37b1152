//! A trace: what is said of itself, and its spans.

use std::rc::Rc;

use super::compact_id::pack;
use super::head::Head;
use super::map::Map;
use super::part::{Part, Texts};
use super::sent::Sent;
use super::spans::Spans;
use super::words::Heard;
use crate::model::Body;

/// A trace, or what some events say of it.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// What is said of the trace itself.
    pub head: Head,
    /// Its spans.
    pub spans: Spans,
    /// The words that events say which are being written, by [`fold_with_words`] alone; they are
    /// not in its row.
    pub heard: Heard,
}

impl Trace {
    /// Takes in another fold of the same trace; whether that changes anything.
    pub fn merge(&mut self, other: Self) -> bool {
        let mut changed = self.head.merge(other.head);
        for span in other.spans {
            changed |= self.spans.merge(span);
        }
        changed | self.name_root()
    }

    fn name_root(&mut self) -> bool {
        self.head.name_root(|id| [self.spans.get(id), None, None])
    }
}

/// Traces by their ids as they are kept.
type Traces = Vec<(Rc<str>, Trace)>;

/// What some events say, trace by trace, in the order in which they mention them: the
/// trace's id as it is kept, and what is said of it.
#[must_use]
pub fn fold(sent: &[Sent]) -> Vec<(Rc<str>, Trace)> {
    fold_placed(sent).0
}

/// The same, and the place of each trace by its id as it was sent.
fn fold_placed<'s>(sent: &'s [Sent]) -> (Traces, Map<&'s str, usize>) {
    let mut traces = Traces::new();
    let mut places: Map<&str, usize> = Map::default();
    let mut texts = Texts::default();
    for one in sent {
        let Some(id) = one.event.body.trace_id() else { continue };
        let at = *places.entry(id).or_insert_with(|| {
            traces.push((pack(id).into(), Trace::default()));
            traces.len() - 1
        });
        let Some((_, Trace { head, spans, .. })) = traces.get_mut(at) else { continue };
        head.created_ms = head.created_ms.min(one.batch.received);
        match &one.event.body {
            Body::Trace(trace) => head.see_event(trace, one),
            Body::Span(span) => {
                let (id, part) = Part::of(span, one, &mut texts);
                head.see_span(span, &id, &part, one);
                if let Some(said) = &span.of_trace {
                    head.see_said(said, span, &id, one, &mut texts);
                }
                spans.take(id, part);
            }
            Body::Score(_) => {}
        }
    }
    for (_, trace) in &mut traces {
        trace.name_root();
    }
    (traces, places)
}

/// [`fold`] with the words that the events say, for who writes them.
#[must_use]
pub fn fold_with_words(sent: &[Sent]) -> Vec<(Rc<str>, Trace)> {
    // Once it is known which spans may be roots.
    let (mut traces, places) = fold_placed(sent);
    for one in sent {
        let at = one.event.body.trace_id().and_then(|id| places.get(&**id));
        if let Some((_, trace)) = at.and_then(|at| traces.get_mut(*at)) {
            trace.heard.hear(one, trace.head.root.as_ref());
        }
    }
    traces
}
