//! `get_conversation`: what was said to models and by them, of a trace's or a session's calls
//! in order. A request repeats what was said before it: that is left out.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use super::super::arguments::{Argument, Arguments, CURSOR, Takes, may};
use super::super::asked::{AIM, Asked, at};
use super::super::refusal::Refusal;
use super::super::text::{Object, Rows, part};
use super::outline::{Outline, is_call};
use crate::batch::RawStore;
use crate::dashboard::span::chat;
use crate::dashboard::span::chat::{Message, MessagePart};
use crate::dashboard::ui::format::encode;
use crate::dashboard::ui::json::Json;
use crate::index::Database;
use crate::index::found::Span;
use crate::index::read::Slice;
use crate::index::sessions::{read_near, select_near};
use crate::model::Micros;
use crate::payload::Payloads;

pub(super) const TAKES: &[Argument] = &[
    may("session_id", Takes::Text, "A session; or say trace_id, one of both."),
    may("trace_id", Takes::Text, "A trace; or say session_id, one of both."),
    CURSOR,
];

/// Where the next page begins: the trace, the call, and the message of those that are new.
type Place = [String; 3];

/// Calls before a page that are read for what its first one repeats.
const LOOK_BACK: usize = 4;
/// Calls that are read for a page, and bytes of them at once.
const CALLS: usize = 60;
const BYTES: u64 = 6 * 1024 * 1024;
/// Steps back through the project's traces for those of a session.
const STEPS: usize = 4;
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
            answer
                .text("url", &format!("{}/sessions/{}?at={start}", asked.origin, encode(&session)));
            traces
        }
        _ => {
            let why = "Say one of session_id and trace_id; search_traces finds both.";
            return Err(Refusal::Told(why.into()));
        }
    };
    let begin = place.as_ref().and_then(|[trace, ..]| traces.iter().position(|id| id == trace));
    let mut page = Page {
        rows: Rows::new(AIM.saturating_sub(answer.len() + 2_500)),
        calls: CALLS,
        next: None,
    };
    let rest = traces.get(begin.unwrap_or_default()..).unwrap_or_default();
    for (n, trace) in rest.iter().enumerate() {
        let here = place.as_ref().filter(|[wanted, ..]| wanted == trace);
        if n >= TRACES && page.next.is_none() {
            page.next = Some([trace.clone(), String::new(), String::new()]);
        }
        if page.next.is_some() {
            break;
        }
        page.add(trace, here, asked).await?;
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
    /// Calls that may still be read.
    calls: usize,
    next: Option<Place>,
}

impl Page {
    /// Adds what was said in a trace, from a place in it on.
    async fn add<D: Database, S: RawStore>(
        &mut self,
        trace: &str,
        place: Option<&Place>,
        asked: &Asked<'_, D, S>,
    ) -> Result<(), Refusal> {
        let outline = Outline::read(trace, None, asked).await?;
        let calls: Vec<&Span> = outline.spans.iter().filter(|span| is_call(span)).collect();
        let found = place.and_then(|[_, id, _]| calls.iter().position(|span| span.id == *id));
        let begin = found.unwrap_or_default();
        let skip = found.and(place).map_or(0, |[.., skip]| skip.parse().unwrap_or_default());
        let mut known: HashMap<u64, usize> = HashMap::new();
        let mut from = begin.saturating_sub(LOOK_BACK);
        while let Some(rest) = calls.get(from..).filter(|rest| !rest.is_empty()) {
            let mut bytes = 0;
            let fit = rest.iter().take_while(|span| {
                bytes += span.slices.iter().map(|slice| slice.bytes_after(None)).sum::<u64>();
                bytes <= BYTES
            });
            let group = rest.get(..fit.count().clamp(1, 20)).unwrap_or(rest);
            let slices: Vec<&Slice> = group.iter().flat_map(|span| &span.slices).collect();
            let payloads = Payloads::read(asked.source, &slices).await?;
            for (n, span) in group.iter().enumerate() {
                let at = from + n;
                if self.calls == 0 {
                    self.next = Some([trace.into(), span.id.clone(), String::new()]);
                    return Ok(());
                }
                let turns = turns(span, &payloads, &mut known);
                if at < begin {
                    continue;
                }
                self.calls -= 1;
                let skip = if at == begin { skip } else { 0 };
                for (m, turn) in turns.iter().enumerate().skip(skip) {
                    if !self.rows.add(turn.row(trace, span).end()) {
                        self.next = Some([trace.into(), span.id.clone(), m.to_string()]);
                        return Ok(());
                    }
                }
            }
            from += group.len();
        }
        Ok(())
    }
}

/// Something that was said.
struct Turn {
    role: String,
    text: String,
    calls: Vec<(String, String)>,
}

/// What is new in a call; all that is in it is known from then on.
fn turns(span: &Span, payloads: &Payloads, known: &mut HashMap<u64, usize>) -> Vec<Turn> {
    let Ok(body) = payloads.span(span) else {
        let text = "(The payload of this call could not be read.)".into();
        return vec![Turn { role: "unreadable".into(), text, calls: vec![] }];
    };
    let mut all = Vec::new();
    for (role, payload) in [("user", &body.input), ("assistant", &body.output)] {
        let Some(payload) = payload else { continue };
        let json = Json::new(payload);
        match chat::find(json) {
            Some(chat) => all.extend(chat.messages.iter().map(Turn::of)),
            None if json.is_null() => {}
            None => {
                let text = json.text().map_or_else(|| payload.to_string(), String::from);
                all.push(Turn { role: role.into(), text, calls: vec![] });
            }
        }
    }
    let mut here: HashMap<u64, usize> = HashMap::new();
    all.retain(|turn| {
        let hash = turn.hash();
        let times = here.entry(hash).or_default();
        *times += 1;
        *times > known.get(&hash).copied().unwrap_or_default()
    });
    for (hash, times) in here {
        let before = known.entry(hash).or_default();
        *before = times.max(*before);
    }
    all
}

/// Bytes of a message's text, and of the arguments of a call of a tool, in an answer.
const TEXT_BYTES: usize = 2_000;
const ARGUMENTS_BYTES: usize = 500;
/// Calls of tools of one message that are shown.
const MAX_CALLS: usize = 8;

impl Turn {
    fn of(message: &Message<'_>) -> Self {
        let mut turn = Self { role: message.role.to_string(), text: String::new(), calls: vec![] };
        for part in &message.parts {
            turn.add(part);
        }
        turn
    }

    fn add(&mut self, part: &MessagePart<'_>) {
        let text = match part {
            MessagePart::Text(text) | MessagePart::Thinking(text) | MessagePart::Refusal(text) => {
                text
            }
            MessagePart::Call { name, arguments, .. } => {
                self.calls.push((name.to_string(), arguments.to_string()));
                return;
            }
            MessagePart::Result { parts, .. } => {
                // Results within results have an end in how they are read.
                return parts.iter().for_each(|part| self.add(part));
            }
            MessagePart::Image(..) => "[image]",
            MessagePart::Link(_) => "[link]",
            MessagePart::Other(json) => json.raw(),
        };
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
    }

    fn hash(&self) -> u64 {
        xxh3_64(format!("{}\0{}\0{:?}", self.role, self.text.trim(), self.calls).as_bytes())
    }

    fn row(&self, trace: &str, span: &Span) -> Object {
        let mut row = Object::new();
        row.text("traceId", trace).text("spanId", &span.id).shown("role", &self.role, 60);
        if let Some(time) = span.start_us {
            row.text("at", &at(time));
        }
        let (text, end) = part(&self.text, 0, TEXT_BYTES);
        row.text("text", text);
        let mut cut = end < self.text.len() || self.calls.len() > MAX_CALLS;
        let mut calls = Vec::new();
        for (name, arguments) in self.calls.iter().take(MAX_CALLS) {
            let (some, end) = part(arguments, 0, ARGUMENTS_BYTES);
            cut |= end < arguments.len();
            let mut call = Object::new();
            calls.push(call.shown("name", name, 120).text("arguments", some).end());
        }
        if !calls.is_empty() {
            row.list("toolCalls", &calls);
        }
        if cut {
            row.json("truncated", "true");
        }
        row
    }
}
