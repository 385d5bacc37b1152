//! From a trace's spans to the rows of its tree, in the order in which they are
//! shown. Clients choose parents and times, so nothing here trusts them: there
//! may be loops, a depth of thousands, ends before starts. Nothing recurses.
//! How a row looks is `waterfall`'s.

use std::collections::HashMap;

use super::critical_path;
use super::failures;
use super::others;
use super::row::{ParentProblem, TreeRow, Window, children};
use crate::index::found::{Parent, Span};
use crate::model::Micros;

/// All rows, and the time that they span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// In the order of the tree: children by start, below their parent.
    pub rows: Vec<TreeRow>,
    /// The earliest start and the latest end; of a trace that runs, now at least.
    pub window: Window,
    /// The time, for a trace that runs: so do its spans without an end.
    pub now: Option<Micros>,
}

/// Below: the children of each span, as a chain through one table.
struct Forest {
    first: Vec<Option<usize>>,
    next: Vec<Option<usize>>,
    roots: Vec<(usize, Option<ParentProblem>)>,
}

impl Tree {
    /// The tree of these spans, which are in order of start. Times of the trace
    /// itself widen the window, and so does `now`, which is given while it runs.
    #[must_use]
    pub fn of(spans: &[Span], start: Micros, end: Option<Micros>, now: Option<Micros>) -> Self {
        let forest = Forest::of(spans);
        let own_end = end.or(now).unwrap_or(start).max(now.unwrap_or(Micros::MIN));
        let window = spans.iter().fold((start, own_end), |(from, to), span| {
            let times = [span.start_us, span.end_us];
            let times = || times.iter().flatten().copied();
            (times().fold(from, Micros::min), times().fold(to, Micros::max))
        });
        let mut rows = forest.rows(spans.len());
        for row in &mut rows {
            row.own = spans.get(row.span).and_then(|span| own(span, now.unwrap_or(window.1)));
        }
        failures::mark(&mut rows, spans);
        others::mark(&mut rows, spans);
        alone(&mut rows);
        critical_path::mark(&mut rows);
        Self { rows, window, now }
    }
}

/// When a span ran. One without an end reaches to now, or else to the last that
/// is known of its trace; one with an end alone, or with an end before its start,
/// is a moment.
fn own(span: &Span, now: Micros) -> Option<Window> {
    match (span.start_us, span.end_us) {
        (Some(start), Some(end)) => Some((start, end.max(start))),
        (Some(start), None) => Some((start, now.max(start))),
        (None, Some(end)) => Some((end, end)),
        (None, None) => None,
    }
}

impl Forest {
    fn of(spans: &[Span]) -> Self {
        let by_id: HashMap<&str, usize> =
            spans.iter().enumerate().map(|(at, span)| (span.id.as_str(), at)).collect();
        let parents: Vec<Option<usize>> = spans
            .iter()
            .map(|span| match &span.parent {
                Parent::Span(id) => by_id.get(id.as_str()).copied(),
                Parent::None | Parent::Missing | Parent::Elsewhere(_) | Parent::Itself => None,
            })
            .collect();
        let mut forest =
            Self { first: vec![None; spans.len()], next: vec![None; spans.len()], roots: vec![] };
        let loops = loops(&parents);
        // Backwards, each before those that are there: so they end in order.
        for (at, span) in spans.iter().enumerate().rev() {
            let looped = loops.get(at).copied().unwrap_or(false);
            let parent = parents.get(at).copied().flatten().filter(|_| !looped);
            match parent.and_then(|parent| forest.first.get_mut(parent)) {
                Some(first) => {
                    let next = first.replace(at);
                    if let Some(link) = forest.next.get_mut(at) {
                        *link = next;
                    }
                }
                None if looped => forest.roots.push((at, Some(ParentProblem::Loop))),
                None => {
                    let odd = match span.parent {
                        Parent::None => None,
                        Parent::Itself => Some(ParentProblem::Loop),
                        Parent::Elsewhere(_) => Some(ParentProblem::NotShown),
                        Parent::Span(_) | Parent::Missing => Some(ParentProblem::Missing),
                    };
                    forest.roots.push((at, odd));
                }
            }
        }
        forest.roots.reverse();
        forest
    }

    fn rows(&self, count: usize) -> Vec<TreeRow> {
        let mut rows: Vec<TreeRow> = Vec::with_capacity(count);
        // Rows whose subtree is not complete, outermost first, each with the
        // child that is next.
        let mut open: Vec<(usize, Option<usize>)> = Vec::new();
        for (root, odd) in &self.roots {
            self.push(*root, *odd, &mut rows, &mut open);
            while let Some((row, next)) = open.last_mut() {
                if let Some(child) = *next {
                    *next = self.next.get(child).copied().flatten();
                    if let Some(parent) = rows.get_mut(*row) {
                        parent.children += 1;
                    }
                    self.push(child, None, &mut rows, &mut open);
                } else {
                    let (end, row) = (rows.len(), *row);
                    if let Some(done) = rows.get_mut(row) {
                        done.size = end - row;
                    }
                    open.pop();
                }
            }
        }
        rows
    }

    fn push(
        &self,
        span: usize,
        odd: Option<ParentProblem>,
        rows: &mut Vec<TreeRow>,
        open: &mut Vec<(usize, Option<usize>)>,
    ) {
        open.push((rows.len(), self.first.get(span).copied().flatten()));
        rows.push(TreeRow {
            span,
            level: open.len(),
            children: 0,
            size: 1,
            odd,
            own: None,
            alone: vec![],
            critical: vec![],
            failure: None,
            other: false,
            above_others: false,
        });
    }
}

/// Of each loop of parents the first span: cut there, every span hangs from a
/// root. Each span is looked at twice at most.
fn loops(parents: &[Option<usize>]) -> Vec<bool> {
    const NEW: usize = 0;
    let mut cut = vec![false; parents.len()];
    // The walk that came to each span first.
    let mut walks = vec![NEW; parents.len()];
    for start in 0..parents.len() {
        let walk = start + 1;
        let mut at = Some(start);
        while let Some(here) = at {
            match walks.get_mut(here) {
                Some(mark) if *mark == NEW => *mark = walk,
                Some(mark) if *mark == walk => {
                    // Met again on the same walk: `here` is on a loop.
                    let (mut least, mut step) = (here, parents.get(here).copied().flatten());
                    while let Some(other) = step.filter(|other| *other != here) {
                        least = least.min(other);
                        step = parents.get(other).copied().flatten();
                    }
                    if let Some(cut) = cut.get_mut(least) {
                        *cut = true;
                    }
                    break;
                }
                _ => break,
            }
            at = parents.get(here).copied().flatten();
        }
    }
    cut
}

/// Finds when each row with children was alone: children are in order of start.
fn alone(rows: &mut [TreeRow]) {
    for at in 0..rows.len() {
        let Some((start, end)) = rows.get(at).filter(|row| row.children > 0).and_then(|r| r.own)
        else {
            continue;
        };
        let mut gaps = Vec::new();
        let mut covered = start;
        for (child_start, child_end) in children(rows, at).filter_map(|(_, child)| child.own) {
            if child_start > covered {
                gaps.push((covered, child_start.min(end)));
            }
            covered = covered.max(child_end);
            if covered >= end {
                break;
            }
        }
        if covered < end {
            gaps.push((covered, end));
        }
        if let Some(row) = rows.get_mut(at) {
            row.alone = gaps;
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::Status;

    /// `(id, parent, start, end)`; a parent `?` is missing.
    pub fn spans(of: &[(&str, &str, i64, i64)]) -> Vec<Span> {
        of.iter()
            .map(|(id, parent, start, end)| Span {
                id: (*id).into(),
                parent: match *parent {
                    "" => Parent::None,
                    "?" => Parent::Missing,
                    parent if parent == *id => Parent::Itself,
                    parent => Parent::Span(parent.into()),
                },
                name: (*id).into(),
                kind: 0,
                status: Status::Ok,
                start_us: (*start >= 0).then_some(*start),
                end_us: (*end >= 0).then_some(*end),
                model: None,
                prompt_tokens: None,
                completion_tokens: None,
                total_tokens: None,
                cost_nano: None,
                cost_source: None,
                unpriced: false,
                received_ms: None,
                unreceived: false,
                beside: false,
                slices: Vec::new(),
            })
            .collect()
    }

    fn shape(spans: &[Span]) -> Vec<String> {
        let tree = Tree::of(spans, 0, None, None);
        tree.rows
            .iter()
            .map(|row| {
                let odd = row.odd.map_or(String::new(), |odd| format!(" {odd:?}"));
                format!("{}{}/{}{odd}", ".".repeat(row.level), spans[row.span].id, row.size)
            })
            .collect()
    }

    #[test]
    fn puts_children_below_their_parents_by_start() {
        let spans = spans(&[
            ("a", "", 0, 9),
            ("late", "?", 1, 2),
            ("c", "a", 2, 3),
            ("d", "c", 2, 3),
            ("e", "a", 4, 5),
            ("b", "", 5, 6),
        ]);
        assert_eq!(shape(&spans), [".a/4", "..c/2", "...d/1", "..e/1", ".late/1 Missing", ".b/1"]);
        assert_eq!(Tree::of(&spans, 0, None, None).rows[0].children, 2);
    }

    #[test]
    fn cuts_loops_and_loses_no_span() {
        let spans = spans(&[
            ("x", "c", 0, 1),
            ("a", "c", 0, 1),
            ("b", "a", 1, 2),
            ("c", "b", 2, 3),
            ("d", "c", 3, 4),
            ("p", "q", 4, 5),
            ("q", "p", 4, 5),
            ("own", "own", 5, 6),
        ]);
        assert_eq!(
            shape(&spans),
            [
                ".a/5 Loop",
                "..b/4",
                "...c/3",
                "....x/1",
                "....d/1",
                ".p/2 Loop",
                "..q/1",
                ".own/1 Loop"
            ]
        );
    }

    #[test]
    fn takes_a_depth_of_many_thousands() {
        let ids: Vec<String> = (0..50_000).map(|n| n.to_string()).collect();
        let chain: Vec<_> = (0..50_000_usize)
            .map(|n| (ids[n].as_str(), if n == 0 { "" } else { ids[n - 1].as_str() }, 0, 10))
            .collect();
        let tree = Tree::of(&spans(&chain), 0, None, None);
        assert_eq!(tree.rows.last().map(|row| row.level), Some(50_000));
        let ring: Vec<_> = (0..50_000_usize)
            .map(|n| (ids[n].as_str(), ids[(n + 1) % 50_000].as_str(), 0, 10))
            .collect();
        assert_eq!(Tree::of(&spans(&ring), 0, None, None).rows.len(), 50_000);
    }

    #[test]
    fn knows_when_a_span_ran_as_far_as_it_was_told() {
        let spans = spans(&[
            ("a", "", 5, -1),
            ("b", "", 7, 6),
            ("c", "", 8, 20),
            ("d", "", -1, 9),
            ("e", "", -1, -1),
        ]);
        let own = |now| {
            let tree = Tree::of(&spans, 4, None, now);
            (tree.window, tree.rows.iter().map(|row| row.own).collect::<Vec<_>>())
        };
        let known = vec![Some((5, 20)), Some((7, 7)), Some((8, 20)), Some((9, 9)), None];
        assert_eq!(own(None), ((4, 20), known.clone()));
        let running = vec![Some((5, 300)), Some((7, 7)), Some((8, 20)), Some((9, 9)), None];
        assert_eq!(own(Some(300)), ((4, 300), running), "what is open reaches to now");
        // A client whose clock is ahead: it has ended what is yet to come.
        assert_eq!(own(Some(12)).0, (4, 20));
        assert_eq!(own(Some(12)).1[0], Some((5, 12)));
        assert_eq!(own(Some(1)).1[0], Some((5, 5)), "nothing ends before it starts");
    }

    #[test]
    fn finds_when_nothing_below_ran() {
        let spans = spans(&[
            ("a", "", 10, 100),
            ("b", "a", 5, 20),
            ("c", "a", 30, 50),
            ("d", "a", 40, 45),
            ("e", "a", 60, 90),
            ("f", "a", 200, 210),
        ]);
        let tree = Tree::of(&spans, 0, None, None);
        assert_eq!(tree.rows[0].alone, [(20, 30), (50, 60), (90, 100)]);
        assert_eq!(tree.rows[1].alone, []);
    }
}
