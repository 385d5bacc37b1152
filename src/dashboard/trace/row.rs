//! A row of a trace's tree, and the rows below it.

use crate::model::Micros;

/// From one time to another.
pub type Window = (Micros, Micros);

/// A span's place in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeRow {
    /// Its place among the spans.
    pub span: usize,
    /// 1 for a root.
    pub level: usize,
    /// Spans right below it.
    pub children: usize,
    /// Rows of its subtree, its own among them; they follow it.
    pub size: usize,
    /// Why it is a root though it names a parent.
    pub odd: Option<ParentProblem>,
    /// When it ran; `None` when nothing is known of that.
    pub own: Option<Window>,
    /// Parts of that time in which none of its children ran: waiting, or work of
    /// its own. Empty for a span without children.
    pub alone: Vec<Window>,
    /// Parts of the critical path that are its own.
    pub critical: Vec<Window>,
    /// Whether it failed, and of what.
    pub failure: Option<Failure>,
    /// Whether neither it nor anything below it is about models or failed: it is shown when
    /// it is asked for.
    pub other: bool,
    /// Whether all that is below it is such.
    pub above_others: bool,
}

/// How a span came to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// By itself: none of its children failed.
    Cause,
    /// Because one of its children did, as far as one can tell.
    PassedOn,
}

/// What is wrong with a span's parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParentProblem {
    /// It has not come.
    Missing,
    /// It is not among the spans that are shown.
    NotShown,
    /// It is the span's own descendant, or the span itself.
    Loop,
}

/// The direct children of a row, by the rows' places.
pub(super) fn children(rows: &[TreeRow], row: usize) -> impl Iterator<Item = (usize, &TreeRow)> {
    let end = rows.get(row).map_or(row, |parent| row + parent.size);
    let mut at = row + 1;
    std::iter::from_fn(move || {
        let child = (at < end).then(|| rows.get(at)).flatten()?;
        let here = at;
        at += child.size;
        Some((here, child))
    })
}
