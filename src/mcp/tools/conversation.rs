//! `get_conversation`: what was said to models and by them, of a trace's or a session's calls
//! in order. A request repeats what was said before it: that is left out ([`super::turns`]).

use super::super::arguments::{Argument, Arguments, CURSOR, Takes, may};
use super::super::asked::{AIM, Asked};
use super::super::refusal::Refusal;
use super::super::text::{Object, Rows};
use super::outline::{Outline, is_call, place_of};
use super::turns::{Heard, Turn};
use crate::batch::RawStore;
use crate::index::Database;
use crate::index::found::Span;
use crate::index::read::Slice;
use crate::index::sessions::{read_near, select_near};
use crate::index::spans::SpanPlace;
use crate::model::Micros;
use crate::payload::Payloads;

pub(super) const TAKES: &[Argument] = &[
    may("session_id", Takes::Text, "A session; or say trace_id, one of both."),
    may("trace_id", Takes::Text, "A trace; or say session_id, one of both."),
    CURSOR,
];

/// Where the next page begins: the trace, the place in the order of its spans (a time and an
/// id) after which its calls are read, the call, and the message of those in it.
type Place = [String; 5];

/// Calls before a page that are read for what its first ones repeat.
const LOOK_BACK: usize = 4;
/// Calls that are read for a page, and bytes of them at once.
const CALLS: usize = 60;
const BYTES: u64 = 6 * 1024 * 1024;
/// Steps back through the project's traces for those of a session.
const STEPS: usize = 4;
/// Parts of large traces that a page looks into, besides their first.
const PARTS: usize = 4;
/// Traces without a call that a page looks into.
const TRACES: usize = 20;

pub(super) async fn answer<D: Database, S: RawStore>(
    mut answer: Object,
    arguments: &Arguments<'_>,
    asked: &Asked<'_, D, S>,
) -> Result<Object, Refusal> {
    let place: Option<Place> = arguments.cursor()?;
    let traces = match (arguments.text("session_id"), arguments.text("trace_id")) {
        (None, Some(trace)) => {
            answer.text("url", &asked.trace_url(&trace));
            vec![trace]
        }
        (Some(session), None) => {
            let (traces, start) = of_session(&session, asked).await?;
            answer.text("url", &asked.session_url(&session, start));
            traces
        }
        _ => {
            let why = "Say one of session_id and trace_id; search_traces finds both.";
            return Err(Refusal::Told(why.into()));
        }
    };
    let begin = place.as_ref().and_then(|[trace, ..]| traces.iter().position(|id| id == trace));
    let mut page = Page {
        rows: Rows::new(AIM.saturating_sub(answer.len() + 4_500)),
        calls: CALLS,
        parts: PARTS,
        heard: Heard::default(),
        next: None,
    };
    let (before, rest) = traces.split_at_checked(begin.unwrap_or_default()).unwrap_or_default();
    // Where enough calls come before the page in its own trace, those are what it repeats.
    if place.as_ref().is_none_or(|[_, start, ..]| start.is_empty()) {
        page.look_back(before, asked).await?;
    }
    for (n, trace) in rest.iter().enumerate() {
        let here = place.as_ref().filter(|[wanted, ..]| wanted == trace);
        if n >= TRACES && page.next.is_none() {
            page.next = Some([trace.as_str(), "", "", "", ""].map(Into::into));
        }
        if page.next.is_some() {
            break;
        }
        page.add(trace, here, asked).await?;
        page.heard.end_trace();
    }
    answer.list("turns", &page.rows.all);
    if let Some(next) = &page.next {
        answer.text("nextCursor", &arguments.cursor_to(&next.each_ref().map(|text| &**text)));
        answer.text(
            "more",
            "The conversation goes on: repeat the call with cursor. get_span has a message whole.",
        );
    } else if page.rows.all.is_empty() {
        answer.text("more", "There is no call of a model whose payloads were recorded; get_trace lists what there is.");
    }
    Ok(answer)
}

/// The traces of a session in order, and when one of them started.
async fn of_session<D: Database, S: RawStore>(
    session: &str,
    asked: &Asked<'_, D, S>,
) -> Result<(Vec<String>, Micros), Refusal> {
    let mut from = asked.now().saturating_mul(1_000);
    let mut all = Vec::new();
    for _ in 0..STEPS {
        let near = read_near(asked.db.run(select_near(asked.project, session, from)).await?)?;
        all.extend(near.traces.into_iter().map(|trace| (trace.start_us, trace.id)));
        match near.earlier {
            // All of a session are near each other: once some are found what is before them is.
            Some(earlier) if all.is_empty() => from = earlier,
            _ => break,
        }
    }
    let Some((start, _)) = all.first() else {
        let why = "No session has this id among the newest traces of this project. search_traces finds the traces of a session.";
        return Err(Refusal::Told(why.into()));
    };
    let start = *start;
    Ok((all.into_iter().map(|(_, id)| id).collect(), start))
}

/// A page in the making.
struct Page {
    rows: Rows,
    /// Calls that may still be read, and parts of large traces besides their first.
    calls: usize,
    parts: usize,
    heard: Heard,
    next: Option<Place>,
}

impl Page {
    /// Hears the last calls of the traces before a page, which its first ones may repeat.
    async fn look_back<D: Database, S: RawStore>(
        &mut self,
        before: &[String],
        asked: &Asked<'_, D, S>,
    ) -> Result<(), Refusal> {
        let (mut outlines, mut missing) = (Vec::new(), LOOK_BACK);
        for trace in before.iter().rev().take(LOOK_BACK) {
            // Of the largest traces the first part does: they go on from nobody knows where.
            let outline = Outline::read(trace, None, asked).await?;
            missing = missing.saturating_sub(calls_of(&outline).len());
            outlines.push(outline);
            if missing == 0 {
                break;
            }
        }
        for outline in outlines.iter().rev() {
            let calls = calls_of(outline);
            let last = calls.get(calls.len().saturating_sub(LOOK_BACK)..).unwrap_or_default();
            for call in last {
                let payloads = Payloads::read(asked.source, &slices(&[call])).await?;
                self.heard.new_in(call, &payloads);
            }
            self.heard.end_trace();
        }
        Ok(())
    }

    /// Adds what was said in a trace, from a place in it on.
    async fn add<D: Database, S: RawStore>(
        &mut self,
        trace: &str,
        place: Option<&Place>,
        asked: &Asked<'_, D, S>,
    ) -> Result<(), Refusal> {
        let [_, start, after, wanted, skip] = place.cloned().unwrap_or_default();
        let mut part: Option<SpanPlace> = start.parse().ok().map(|start| (start, after));
        let mut wanted = Some((wanted, skip)).filter(|(wanted, _)| !wanted.is_empty());
        // The places of the last calls: after one of them a page is read that begins here.
        let mut last: Vec<SpanPlace> = part.iter().cloned().collect();
        loop {
            let outline = Outline::read(trace, part.take(), asked).await?;
            let calls = calls_of(&outline);
            let found = wanted.take().and_then(|(id, skip)| {
                let at = calls.iter().position(|span| span.id == id)?;
                Some((at, skip.parse().unwrap_or_default()))
            });
            let (begin, skip) = found.unwrap_or_default();
            let mut from = begin.saturating_sub(LOOK_BACK);
            while let Some(rest) = calls.get(from..).filter(|rest| !rest.is_empty()) {
                let mut bytes = 0;
                let fit = rest.iter().take_while(|span| {
                    bytes += span.event_bytes();
                    bytes <= BYTES
                });
                let group = rest.get(..fit.count().clamp(1, 20)).unwrap_or(rest);
                let payloads = Payloads::read(asked.source, &slices(group)).await?;
                for (n, call) in group.iter().enumerate() {
                    let at = from + n;
                    let skip = if at == begin { skip } else { 0 };
                    let stopped = if at >= begin && self.calls == 0 {
                        Some(skip)
                    } else {
                        let new = self.heard.new_in(call, &payloads);
                        self.calls -= usize::from(at >= begin);
                        let new = new.into_iter().filter(|(m, _)| at >= begin && *m >= skip);
                        self.first_without_room(trace, call, new)
                    };
                    if let Some(m) = stopped {
                        let (start, after) = match last.as_slice() {
                            [.., place, _, _, _, _] => (place.0.to_string(), place.1.clone()),
                            _ => (String::new(), String::new()),
                        };
                        self.next =
                            Some([trace.into(), start, after, call.id.clone(), m.to_string()]);
                        return Ok(());
                    }
                    last.push(place_of(call));
                }
                from += group.len();
            }
            let Some(next) = outline.next else { return Ok(()) };
            if self.parts == 0 {
                let (start, after) = next;
                self.next =
                    Some([trace.into(), start.to_string(), after, String::new(), String::new()]);
                return Ok(());
            }
            self.parts -= 1;
            part = Some(next);
        }
    }

    /// Adds turns of a call, as many as there is room for: the place of the first for which
    /// there is none.
    fn first_without_room(
        &mut self,
        trace: &str,
        call: &Span,
        turns: impl Iterator<Item = (usize, Turn)>,
    ) -> Option<usize> {
        for (m, turn) in turns {
            if !self.rows.add(turn.row(trace, call).end()) {
                return Some(m);
            }
        }
        None
    }
}

/// The calls of models among a trace's spans.
fn calls_of(outline: &Outline) -> Vec<&Span> {
    outline.spans.iter().filter(|span| is_call(span)).collect()
}

fn slices<'s>(calls: &[&'s Span]) -> Vec<&'s Slice> {
    calls.iter().flat_map(|span| &span.slices).collect()
}
