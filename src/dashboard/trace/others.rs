//! Spans that are not about models, requests of HTTP and queries of databases: they are in
//! the tree, and shown when one asks for them. What failed always is, and what has anything
//! else below it.

use super::row::{TreeRow, children};
use crate::index::found::Span;
use crate::model::Status;

/// Marks these rows. Where there are no others none is.
pub(super) fn mark(rows: &mut [TreeRow], spans: &[Span]) {
    // From below, so that what is below a row is known before it.
    for at in (0..rows.len()).rev() {
        let above_others = children(rows, at).all(|(_, child)| child.other);
        let Some(row) = rows.get_mut(at) else { continue };
        let span = spans.get(row.span);
        let beside = span.is_some_and(|span| span.beside && span.status != Status::Error);
        row.above_others = above_others && row.children > 0;
        row.other = beside && above_others;
    }
    if rows.iter().all(|row| row.other) {
        for row in rows {
            (row.other, row.above_others) = (false, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::super::tree::tests::spans;
    use super::*;

    /// The ids of those that are not shown at first.
    fn hidden(of: &[(&str, &str)], beside: &[&str], failed: &[&str]) -> Vec<String> {
        let of: Vec<_> = of.iter().map(|(id, parent)| (*id, *parent, 0, 1)).collect();
        let mut spans = spans(&of);
        for span in &mut spans {
            span.beside = beside.contains(&&*span.id);
            if failed.contains(&&*span.id) {
                span.status = Status::Error;
            }
        }
        let tree = Tree::of(&spans, 0, None, None);
        let rows = tree.rows.iter().filter(|row| row.other);
        rows.map(|row| spans[row.span].id.clone()).collect()
    }

    #[test]
    fn hides_what_has_nothing_else_below_it_and_did_not_fail() {
        // A server, the agent in it, its call, and what that sends; a query of its own.
        let tree = [
            ("server", ""),
            ("agent", "server"),
            ("call", "agent"),
            ("post", "call"),
            ("dns", "post"),
            ("query", "server"),
        ];
        let beside = ["server", "post", "dns", "query"];
        assert_eq!(hidden(&tree, &beside, &[]), ["post", "dns", "query"]);
        assert_eq!(hidden(&tree, &beside, &["dns"]), ["query"]);
        assert_eq!(hidden(&tree, &beside, &["post"]), ["dns", "query"]);
        assert_eq!(hidden(&tree, &[], &[]), [""; 0]);
    }

    #[test]
    fn a_trace_of_nothing_else_is_shown() {
        assert_eq!(hidden(&[("a", ""), ("b", "a"), ("c", "")], &["a", "b", "c"], &[]), [""; 0]);
        assert_eq!(hidden(&[("a", ""), ("b", "a"), ("c", "")], &["a", "b"], &[]), ["a", "b"]);
    }
}
