//! Which spans of two traces stand for the same step: those that are called the same from the
//! root on, in order.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::dashboard::trace::tree::Tree;
use crate::index::found::Span;

/// A step of either trace or of both, at a level of the tree.
#[derive(Debug, Clone, Copy)]
pub struct Step<'t> {
    /// 1 for a root.
    pub level: usize,
    /// It in the first trace, where that has it.
    pub a: Option<&'t Span>,
    /// It in the second.
    pub b: Option<&'t Span>,
}

/// The path of names and types to a span, and which of those that have the same it is.
type Place = (u64, usize);

/// The steps of both traces in the order of the first one's tree. What only the second one
/// has stands where it has it.
#[must_use]
pub fn align<'t>(a: (&'t Tree, &'t [Span]), b: (&'t Tree, &'t [Span])) -> Vec<Step<'t>> {
    let (in_a, in_b) = (places(a), places(b));
    let find_a: HashSet<Place> = in_a.iter().map(|(place, ..)| *place).collect();
    let find_b: HashMap<Place, &Span> =
        in_b.iter().map(|(place, _, span)| (*place, *span)).collect();
    let mut left_of_b = in_b.iter().peekable();
    let mut shown = HashSet::new();
    let mut steps = Vec::with_capacity(in_a.len());
    for (place, level, span) in &in_a {
        let pair = find_b.get(place).copied();
        if pair.is_some() {
            // What the second one did before this, and only it.
            while let Some((other, level, alone)) =
                left_of_b.peek().filter(|(other, ..)| other != place)
            {
                if find_a.contains(other) && !shown.contains(other) {
                    break;
                }
                if !find_a.contains(other) {
                    steps.push(Step { level: *level, a: None, b: Some(alone) });
                }
                left_of_b.next();
            }
            left_of_b.next_if(|(other, ..)| other == place);
            shown.insert(*place);
        }
        steps.push(Step { level: *level, a: Some(span), b: pair });
    }
    let rest = left_of_b.filter(|(place, ..)| !find_a.contains(place));
    steps.extend(rest.map(|(_, level, span)| Step { level: *level, a: None, b: Some(span) }));
    steps
}

/// The spans of a tree in its order, each with its place and its level.
fn places<'t>((tree, spans): (&'t Tree, &'t [Span])) -> Vec<(Place, usize, &'t Span)> {
    let mut counts: HashMap<u64, usize> = HashMap::new();
    let mut open: Vec<u64> = Vec::new();
    let mut all = Vec::with_capacity(tree.rows.len());
    for row in &tree.rows {
        let Some(span) = spans.get(row.span) else { continue };
        open.truncate(row.level.saturating_sub(1));
        let mut hasher = DefaultHasher::new();
        (open.last(), &*span.name, span.kind).hash(&mut hasher);
        let path = hasher.finish();
        open.push(path);
        let count = counts.entry(path).or_default();
        all.push(((path, *count), row.level, span));
        *count += 1;
    }
    all
}
