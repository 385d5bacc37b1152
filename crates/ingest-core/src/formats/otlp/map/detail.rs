//! How much of a span is made into fields.

/// How much of a span is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// What the index has of it.
    Index,
    /// All.
    Full,
}
