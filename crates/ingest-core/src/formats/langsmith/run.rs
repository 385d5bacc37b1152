//! A run: where each of its fields is, whatever it was sent in, and what has to be right
//! of it. What the rest means is `map`'s.

use super::value::{Sent, read_id, read_time};
use crate::formats::field::Problem;
use crate::model::{Micros, Text};

/// What is done with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// It is created, with all that is known by then.
    Post,
    /// It is changed.
    Patch,
}

/// A run's fields as they were sent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Run<'a> {
    id: Option<Sent<'a>>,
    trace_id: Option<Sent<'a>>,
    dotted_order: Option<Sent<'a>>,
    parent_run_id: Option<Sent<'a>>,
    start_time: Option<Sent<'a>>,
    end_time: Option<Sent<'a>>,
    pub(super) name: Option<Sent<'a>>,
    pub(super) kind: Option<Sent<'a>>,
    pub(super) inputs: Option<Sent<'a>>,
    pub(super) outputs: Option<Sent<'a>>,
    pub(super) error: Option<Sent<'a>>,
    pub(super) extra: Option<Sent<'a>>,
    pub(super) tags: Option<Sent<'a>>,
    pub(super) session_name: Option<Sent<'a>>,
}

/// Which run it is, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity<'a> {
    pub(super) id: Text<'a>,
    pub(super) trace: Text<'a>,
    /// Whether its trace is said, and not taken to be its own id.
    pub(super) trace_said: bool,
    pub(super) parent: Option<Text<'a>>,
    pub(super) start: Option<Micros>,
    pub(super) end: Option<Micros>,
}

impl<'a> Run<'a> {
    /// Takes a field in. A null is missing, and so is what has no meaning here.
    pub(super) fn set(&mut self, key: &str, sent: Option<Sent<'a>>) {
        let slot = match key {
            "id" => &mut self.id,
            "trace_id" => &mut self.trace_id,
            "dotted_order" => &mut self.dotted_order,
            "parent_run_id" => &mut self.parent_run_id,
            "start_time" => &mut self.start_time,
            "end_time" => &mut self.end_time,
            "name" => &mut self.name,
            "run_type" => &mut self.kind,
            "inputs" => &mut self.inputs,
            "outputs" => &mut self.outputs,
            "error" => &mut self.error,
            "extra" => &mut self.extra,
            "tags" => &mut self.tags,
            "session_name" => &mut self.session_name,
            _ => return,
        };
        *slot = sent.or(*slot);
    }

    /// Which run it is, and when. Without its trace it is the root of its own.
    ///
    /// # Errors
    /// What makes it none that can be kept.
    pub(super) fn identify(&self) -> Result<Identity<'a>, Problem> {
        let id = read_id("id", self.id)?.ok_or_else(|| Problem::new("id", "required"))?;
        let dotted = self.dotted_order.and_then(Sent::text).unwrap_or_default();
        let order: Vec<&str> = dotted.split('.').filter_map(id_in_segment).collect();
        let owned = |id: &&str| Text::Owned((*id).to_owned());
        let trace = read_id("trace_id", self.trace_id)?;
        let trace = trace.or_else(|| order.first().map(owned));
        let (trace_said, trace) = (trace.is_some(), trace.unwrap_or_else(|| id.clone()));
        let parent = read_id("parent_run_id", self.parent_run_id)?;
        let parent = parent.or_else(|| order.iter().rev().nth(1).map(owned));
        // Where its trace is not known its parent is in another.
        let parent = parent.filter(|_| trace != id);
        let start = read_time("start_time", self.start_time)?;
        let end = read_time("end_time", self.end_time)?;
        Ok(Identity { id, trace, trace_said, parent, start, end })
    }
}

/// The id in a segment of `dotted_order`: `20261124T201812200721Z<id>`.
fn id_in_segment(segment: &str) -> Option<&str> {
    let (_, id) = segment.split_once('Z')?;
    (1..=crate::limits::MAX_ID_BYTES).contains(&id.len()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identify(fields: &[(&str, &'static str)]) -> Result<Identity<'static>, Problem> {
        let mut run = Run::default();
        for (key, json) in fields {
            run.set(key, Sent::all_of(json));
        }
        run.identify()
    }

    #[test]
    fn ids_come_from_the_order_where_they_are_not_said() {
        const ORDER: (&str, &str) = ("dotted_order", r#""1Zroot.2Zmiddle.3Zown""#);
        for (fields, trace, parent) in [
            (&[("id", "\"own\"")][..], "own", None),
            (&[("id", "\"own\""), ("parent_run_id", "\"p\"")], "own", None),
            (&[("id", "\"own\""), ORDER], "root", Some("middle")),
            (&[("id", "\"root\""), ("dotted_order", "\"1Zroot\"")], "root", None),
            (&[("id", "\"own\""), ("trace_id", "\"t\""), ("trace_id", "null")], "t", None),
            (
                &[("id", "\"own\""), ("trace_id", "\"t\""), ("parent_run_id", "\"p\""), ORDER],
                "t",
                Some("p"),
            ),
            (&[("id", "\"own\""), ("dotted_order", "\"nothing\"")], "own", None),
        ] {
            let found = identify(fields).unwrap();
            assert_eq!((&*found.trace, found.parent.as_deref()), (trace, parent), "{fields:?}");
        }
    }

    #[test]
    fn what_cannot_be_kept_is_named() {
        let id = ("id", "\"own\"");
        for (fields, field) in [
            (&[][..], "id"),
            (&[("id", "\"\"")], "id"),
            (&[("id", "7")], "id"),
            (&[("id", "\"..\"")], "id"),
            (&[id, ("trace_id", "[]")], "trace_id"),
            (&[id, ("parent_run_id", r#""\ud800""#)], "parent_run_id"),
            (&[id, ("start_time", "\"now\"")], "start_time"),
            (&[id, ("end_time", "true")], "end_time"),
        ] {
            assert_eq!(identify(fields).map_err(|problem| problem.field), Err(field), "{fields:?}");
        }
    }
}
