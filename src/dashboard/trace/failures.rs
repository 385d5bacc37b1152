//! What failed in a trace, and what only passed that on: a span that failed because a step
//! of it did says nothing new. Whoever looks for what went wrong is led to the cause.

use super::row::{Failure, TreeRow, children};
use crate::index::found::Span;
use crate::model::Status;

/// Marks the rows of spans that failed.
pub(super) fn mark(rows: &mut [TreeRow], spans: &[Span]) {
    for at in (0..rows.len()).rev() {
        let is_passed_on = children(rows, at).any(|(_, child)| child.failure.is_some());
        let Some(row) = rows.get_mut(at) else { continue };
        let failed = spans.get(row.span).is_some_and(|span| span.status == Status::Error);
        let failure = if is_passed_on { Failure::PassedOn } else { Failure::Cause };
        row.failure = failed.then_some(failure);
    }
}

/// The rows that failed by themselves.
pub(super) fn causes(rows: &[TreeRow]) -> impl Iterator<Item = &TreeRow> {
    rows.iter().filter(|row| row.failure == Some(Failure::Cause))
}

/// The first cause of what made a root fail; where no root failed, the first of all.
#[must_use]
pub(super) fn first_cause(rows: &[TreeRow]) -> Option<&TreeRow> {
    let mut roots = std::iter::successors(Some(0), |at| Some(at + rows.get(*at)?.size.max(1)));
    let failed = roots.find(|at| rows.get(*at).is_none_or(|row| row.failure.is_some()))?;
    let Some(_) = rows.get(failed) else { return causes(rows).next() };
    let failed_child =
        |at: &usize| children(rows, *at).find(|(_, child)| child.failure.is_some()).map(|c| c.0);
    let cause = std::iter::successors(Some(failed), failed_child).last()?;
    rows.get(cause)
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::super::tree::tests::spans;
    use super::*;

    /// The tree of these, of which some failed: the causes, and the first.
    fn found(of: &[(&str, &str)], failed: &[&str]) -> (Vec<String>, Option<String>) {
        let of: Vec<_> = of.iter().map(|(id, parent)| (*id, *parent, 0, 1)).collect();
        let mut spans = spans(&of);
        for span in &mut spans {
            if failed.contains(&&*span.id) {
                span.status = Status::Error;
            }
        }
        let rows = Tree::of(&spans, 0, None, None).rows;
        let id = |row: &TreeRow| spans[row.span].id.clone();
        (causes(&rows).map(id).collect(), first_cause(&rows).map(id))
    }

    #[test]
    fn a_failure_that_is_passed_on_is_one() {
        let tree = [("agent", ""), ("step", "agent"), ("tool", "step"), ("other", "agent")];
        let one = |id: &str| (vec![id.to_owned()], Some(id.to_owned()));
        assert_eq!(found(&tree, &["agent", "step", "tool"]), one("tool"));
        assert_eq!(found(&tree, &["agent", "step"]), one("step"));
        assert_eq!(found(&tree, &["agent"]), one("agent"));
        assert_eq!(found(&tree, &[]), (vec![], None));
        let both = found(&tree, &["agent", "other", "tool"]);
        assert_eq!(both, (vec!["tool".into(), "other".into()], Some("other".into())));
    }

    #[test]
    fn what_a_root_failed_of_comes_before_what_it_came_through() {
        let tree = [("a", ""), ("try", "a"), ("b", ""), ("call", "b")];
        let (causes, first) = found(&tree, &["try", "b", "call"]);
        assert_eq!((causes.len(), first.as_deref()), (2, Some("call")));
        assert_eq!(found(&tree, &["try"]).1.as_deref(), Some("try"));
    }
}
