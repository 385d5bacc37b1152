//! An export as both encodings see it: spans that lie somewhere in a body, each under a
//! resource and a scope; and what may be wrong with a span.

use std::ops::Range;

use crate::limits::{MAX_OTLP_SPAN_BYTES, MAX_OTLP_SPANS};

/// Where all that an export has lies in its body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Export {
    /// The bytes of each resource, in the pieces that it came in: mostly one.
    pub(super) resources: Vec<Vec<Range<usize>>>,
    /// The scopes.
    pub(super) scopes: Vec<Scope>,
    /// The spans, in order.
    pub(super) spans: Vec<Located>,
}

/// Where a scope lies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Scope {
    /// Its place among those of its resource, from 0.
    pub(super) at: usize,
    /// Which resource it is under.
    pub(super) resource: usize,
    /// Its bytes, in the pieces that they came in.
    pub(super) pieces: Vec<Range<usize>>,
}

/// Where a span lies, and whether it can be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Located {
    /// Its place among those of its scope, from 0.
    pub(super) at: usize,
    /// Which scope it is under.
    pub(super) scope: usize,
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// What is wrong with it.
    pub(super) problem: Option<Problem>,
}

impl Export {
    /// Whether there are more resources, scopes or spans than there may be.
    pub(super) fn is_over(&self) -> bool {
        let counts = [self.resources.len(), self.scopes.len(), self.spans.len()];
        counts.iter().any(|count| *count > MAX_OTLP_SPANS)
    }

    /// Where a span is, as the JSON encoding spells it.
    pub(super) fn path(&self, span: &Located) -> String {
        let (resource, scope) =
            self.scopes.get(span.scope).map_or((0, 0), |scope| (scope.resource, scope.at));
        format!("resourceSpans[{resource}].scopeSpans[{scope}].spans[{}]", span.at)
    }
}

/// What is wrong with a span. It costs this span and no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The field; empty for all of it.
    pub(super) field: &'static str,
    /// What was expected there.
    pub(super) message: String,
}

impl Problem {
    /// What is wrong with an id that has to be there, of so many bytes.
    pub(super) fn of_id(field: &'static str, length: usize, id: &[u8]) -> Option<Self> {
        if id.len() != length {
            let message = format!("expected {length} bytes, found {}", id.len());
            return Some(Self { field, message });
        }
        let zeros = id.iter().all(|byte| *byte == 0);
        zeros.then(|| Self { field, message: "expected an id that is not all zeros".into() })
    }

    /// What is wrong with the size of a span.
    pub(super) fn of_size(bytes: usize) -> Option<Self> {
        let message = || format!("expected at most {MAX_OTLP_SPAN_BYTES} bytes, found {bytes}");
        (bytes > MAX_OTLP_SPAN_BYTES).then(|| Self { field: "", message: message() })
    }

    /// What is wrong with the id of a parent, which may be missing.
    pub(super) fn of_parent(id: &[u8]) -> Option<Self> {
        let message = || format!("expected 8 bytes or none, found {}", id.len());
        (!matches!(id.len(), 0 | 8)).then(|| Self { field: "parentSpanId", message: message() })
    }
}
