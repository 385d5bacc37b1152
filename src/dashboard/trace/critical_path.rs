//! The critical path: the chain of work that determined when a trace ended.
//! Walks back from the latest end: of what ran last, what had to end before it
//! could begin, and so on. Only times are known, so "had to" means "ended last
//! before it", as tracing tools commonly take it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::row::{TreeRow, Window, children};
use crate::model::Micros;

/// A span whose time the walk is in.
struct Frame {
    row: Option<usize>,
    /// Down to where it explains.
    floor: Micros,
    /// Everything from here on is explained.
    cursor: Micros,
    /// Its children by end, the last first; `next` are those that were not met.
    by_end: Vec<(Window, usize)>,
    next: usize,
    /// Those that ended after the cursor, and may run at it: the nearest end first.
    running: BinaryHeap<Reverse<(Micros, Reverse<Micros>, usize)>>,
}

/// Marks the rows' parts of the path.
pub(super) fn mark(rows: &mut [TreeRow]) {
    let reach = reach(rows);
    let mut roots = Vec::new();
    let mut at = 0;
    while let Some(row) = rows.get(at) {
        roots.extend(reach.get(at).copied().flatten().map(|window| (window, at)));
        at += row.size.max(1);
    }
    let window = roots.iter().fold((Micros::MAX, Micros::MIN), |(from, to), (window, _)| {
        (from.min(window.0), to.max(window.1))
    });
    let mut frames = vec![Frame::new(None, window, roots)];
    while let Some(frame) = frames.last_mut() {
        let (to, chosen) = (frame.cursor, frame.choose());
        let from = chosen.map_or(frame.floor, |(window, _)| window.1.max(frame.floor));
        if let Some(row) = frame.row.and_then(|row| rows.get_mut(row)) {
            // What no child explains is the span's own doing, while it ran.
            let own = row.own.map(|(start, end)| (from.max(start), to.min(end)));
            row.critical.extend(own.filter(|(from, to)| from < to));
        }
        let Some((window, child)) = chosen else {
            frames.pop();
            continue;
        };
        frame.cursor = window.0;
        let below = children(rows, child)
            .filter_map(|(at, _)| Some((reach.get(at).copied().flatten()?, at)))
            .collect();
        let floor = window.0.max(frame.floor);
        frames.push(Frame::new(Some(child), (floor, from), below));
    }
    for row in rows {
        row.critical.reverse();
    }
}

/// From when to when anything in each row's subtree ran: a child may outlive
/// its parent. A moment takes no time, so it takes none from what ran meanwhile.
fn reach(rows: &[TreeRow]) -> Vec<Option<Window>> {
    let mut reach: Vec<Option<Window>> = rows.iter().map(|row| row.own).collect();
    for at in (0..rows.len()).rev() {
        let own = reach.get(at).copied().flatten();
        let below = children(rows, at).filter_map(|(at, _)| reach.get(at).copied().flatten());
        let all = below.chain(own).filter(|(from, to)| from < to);
        let all = all.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        if let Some(mine) = reach.get_mut(at) {
            *mine = all.or(own);
        }
    }
    reach
}

impl Frame {
    fn new(row: Option<usize>, window: Window, mut by_end: Vec<(Window, usize)>) -> Self {
        by_end.sort_unstable_by_key(|((start, end), at)| Reverse((*end, Reverse(*start), *at)));
        let running = BinaryHeap::new();
        Self { row, floor: window.0, cursor: window.1, by_end, next: 0, running }
    }

    /// The child that ran until the cursor, or else the last that ended before;
    /// its window is cut at the cursor.
    fn choose(&mut self) -> Option<(Window, usize)> {
        let cursor = self.cursor;
        if cursor <= self.floor {
            return None;
        }
        while let Some(((start, end), at)) = self.by_end.get(self.next).copied() {
            if end < cursor {
                break;
            }
            self.next += 1;
            self.running.push(Reverse((end, Reverse(start), at)));
        }
        while let Some(Reverse((_, Reverse(start), at))) = self.running.pop() {
            // What begins at the cursor or later explains nothing before it.
            if start < cursor {
                return Some(((start, cursor), at));
            }
        }
        let (window, at) = self.by_end.get(self.next).copied()?;
        self.next += 1;
        (window.1 > self.floor).then_some((window, at))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::super::tree::tests::spans;
    use super::*;

    fn path(of: &[(&str, &str, i64, i64)]) -> Vec<String> {
        let spans = spans(of);
        let mut parts: Vec<_> = Tree::of(&spans, 0, None, None)
            .rows
            .iter()
            .flat_map(|row| row.critical.iter().map(|part| (*part, spans[row.span].id.clone())))
            .collect();
        parts.sort();
        parts.iter().map(|((from, to), id)| format!("{from}-{to} {id}")).collect()
    }

    #[test]
    fn walks_back_from_the_end_through_what_ended_last() {
        // Two tools at once: the slower one counts.
        let of = [
            ("agent", "", 0, 100),
            ("plan", "agent", 0, 20),
            ("quick", "agent", 25, 40),
            ("slow", "agent", 25, 70),
            ("call", "slow", 30, 60),
            ("answer", "agent", 75, 95),
        ];
        assert_eq!(
            path(&of),
            [
                "0-20 plan",
                "20-25 agent",
                "25-30 slow",
                "30-60 call",
                "60-70 slow",
                "70-75 agent",
                "75-95 answer",
                "95-100 agent"
            ]
        );
    }

    #[test]
    fn takes_what_overlaps_by_a_little_and_what_outlives_its_parent() {
        let of = [
            ("root", "", 0, 50),
            ("a", "root", 0, 21),
            ("b", "root", 20, 40),
            ("after", "root", 40, 90),
        ];
        assert_eq!(path(&of), ["0-20 a", "20-40 b", "40-90 after"]);
    }

    #[test]
    fn goes_over_several_roots_gaps_and_moments() {
        let of =
            [("a", "", 0, 10), ("b", "?", 30, 40), ("moment", "b", 35, 35), ("none", "", -1, -1)];
        assert_eq!(path(&of), ["0-10 a", "30-35 b", "35-40 b"]);
        assert!(path(&[]).is_empty());
        assert!(path(&[("still", "", 7, 7)]).is_empty());
    }

    #[test]
    fn a_moment_after_all_others_leaves_the_path_to_what_took_time() {
        let of = [("a", "", 0, 0), ("moment", "a", 16, 16), ("b", "", 0, 1)];
        assert_eq!(path(&of), ["0-1 b"]);
        assert_eq!(path(&[("a", "", 16, 16), ("c", "a", 0, 5), ("b", "", 0, 10)]), ["0-10 b"]);
    }

    #[test]
    fn never_explains_a_moment_twice() {
        use proptest::prelude::*;
        let span = (0..12_usize, 0..40_i64, 0..40_i64);
        proptest!(|(of in prop::collection::vec(span, 1..12))| {
            let ids: Vec<String> = (0..of.len()).map(|n| n.to_string()).collect();
            let of: Vec<_> = of.iter().enumerate().map(|(n, (parent, start, long))| {
                let parent = ids.get(*parent).map_or("", String::as_str);
                (ids[n].as_str(), if parent == ids[n] { "" } else { parent }, *start, start + long)
            }).collect();
            let spans = spans(&of);
            let mut parts: Vec<Window> =
                Tree::of(&spans, 0, None, None).rows.iter().flat_map(|row| row.critical.clone()).collect();
            parts.sort_unstable();
            for pair in parts.windows(2) {
                prop_assert!(pair[0].1 <= pair[1].0, "{:?}", parts);
            }
            let end = of.iter().filter(|s| s.3 > s.2).map(|s| s.3).max();
            prop_assert_eq!(parts.last().map(|part| part.1), end);
        });
    }
}
