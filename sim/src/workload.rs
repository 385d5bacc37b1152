//! What clients send: programs whose spans come in pieces, in any order, again and again,
//! from several projects that use the same ids. Each batch is made once, as bytes and as
//! what it says.

use std::fmt::Write;
use std::rc::Rc;

use edgespan::formats::scores::deletion_of;
use edgespan::model::Micros;
use edgespan::time;

use crate::chance::Chance;
use crate::world::BEGIN;

/// One thing that a client says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// That there is a trace.
    Trace {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// When it was said.
        at: Micros,
    },
    /// That there is a span, or what is new of it.
    Span(SaidSpan),
    /// How good a trace is.
    Score {
        /// Its id, if it has one: programs say other things of the same.
        id: Option<String>,
        /// The trace's id.
        trace: String,
        /// Tenths.
        value: i64,
    },
    /// That there is to be no score with this id.
    Deletion(String),
}

/// What is said of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidSpan {
    /// The trace's id.
    pub trace: String,
    /// Its own id.
    pub id: String,
    /// The span that it is in.
    pub parent: Option<String>,
    /// Its name, which no other version of it has.
    pub name: String,
    /// When it began.
    pub start: Micros,
    /// When it ended, if it has.
    pub end: Option<Micros>,
    /// Tokens that it used, where that is said.
    pub tokens: Option<i64>,
    /// What it cost, in billionths of a dollar, where that is said.
    pub cost_nano: Option<i64>,
    /// Whether it failed, where that is said.
    pub failed: Option<bool>,
    /// What tells its versions apart: the latest that says something counts.
    pub revision: Micros,
}

/// How a batch is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// The native API.
    Native,
    /// OTLP as JSON.
    Otlp,
    /// Scores.
    Scores,
    /// A request that deletes a score: its body is what that leaves in R2.
    Deletion,
}

/// A batch of some events.
#[derive(Debug, Clone)]
pub struct Batch {
    /// How it is sent.
    pub wire: Wire,
    /// Its bytes.
    pub body: Vec<u8>,
    /// What they say.
    pub said: Vec<Said>,
}

/// The batches of one program's run.
pub fn program(chance: &Chance, number: i64) -> Vec<Rc<Batch>> {
    if chance.one_in_thousand(150) {
        return scores(chance);
    }
    let wire = if chance.one_in_thousand(300) { Wire::Otlp } else { Wire::Native };
    let mut said = Vec::new();
    for trace in 0..chance.number(1..=2) {
        // Some programs share a trace, and all projects share the ids.
        let id = format!("{:032x}", 1 + (number * 2 + trace) % 7);
        one_trace(chance, wire, number, &id, &mut said);
    }
    chance.shuffle(&mut said);
    let mut batches = Vec::new();
    while !said.is_empty() {
        let some = said.len().min(usize::try_from(chance.number(1..=6)).unwrap());
        let mut some: Vec<_> = said.drain(..some).collect();
        if chance.one_in_thousand(100) {
            // The same event twice in one batch.
            some.push(some[0].clone());
        }
        let body = match wire {
            Wire::Otlp => otlp(&some),
            _ => native(&some),
        };
        batches.push(Rc::new(Batch { wire, body: body.into_bytes(), said: some }));
    }
    batches
}

/// Batches of scores, and deletions of some of them.
fn scores(chance: &Chance) -> Vec<Rc<Batch>> {
    let one = || {
        let id = || format!("score {}", chance.number(1..=4));
        if chance.one_in_thousand(150) {
            let said = vec![Said::Deletion(id())];
            let Said::Deletion(id) = &said[0] else { unreachable!() };
            return Batch { wire: Wire::Deletion, body: deletion_of(id), said };
        }
        let mut said: Vec<Said> = Vec::new();
        for _ in 0..chance.number(1..=4) {
            let id = chance.one_in_thousand(600).then(id);
            // Of several with one id in a batch either may count.
            let is_it = |one: &Said| matches!(one, Said::Score { id: known, .. } if *known == id);
            if id.is_some() && said.iter().any(is_it) {
                continue;
            }
            let trace = format!("{:032x}", chance.number(1..=7));
            said.push(Said::Score { id, trace, value: chance.number(0..=10) });
        }
        let body = scores_body(&said).into_bytes();
        Batch { wire: Wire::Scores, body, said }
    };
    (0..chance.number(1..=4)).map(|_| Rc::new(one())).collect()
}

fn scores_body(said: &[Said]) -> String {
    let score = |one: &Said| {
        let Said::Score { id, trace, value } = one else { return None };
        let id = id.as_ref().map_or_else(String::new, |id| format!(r#""id":"{id}","#));
        let value = format!("{}.{}", value / 10, value % 10);
        Some(format!(r#"{{{id}"traceId":"{trace}","evaluatorName":"sim","value":{value}}}"#))
    };
    format!("[{}]", said.iter().filter_map(score).collect::<Vec<_>>().join(","))
}

fn one_trace(chance: &Chance, wire: Wire, program: i64, trace: &str, said: &mut Vec<Said>) {
    // No two programs say something of a trace at one time: then either may count.
    let begin = (BEGIN + chance.number(-5_000..=5_000)) * 1_000 + program;
    let mut revision = begin;
    if wire == Wire::Native && chance.one_in_thousand(700) {
        let name = format!("run {program}");
        said.push(Said::Trace { id: trace.into(), name, at: begin });
    }
    let spans = chance.number(1..=5);
    let id_of = |n: i64| format!("{:016x}", 1 + program * 100 + n);
    for n in 0..spans {
        let start = begin + chance.number(0..=1_000_000);
        let versions = if wire == Wire::Native { chance.number(1..=3) } else { 1 };
        for version in 0..versions {
            let last = version + 1 == versions;
            let ended = last && chance.one_in_thousand(900) || wire == Wire::Otlp;
            let end = ended.then(|| start + chance.number(1..=3_000_000));
            let says = || wire == Wire::Otlp || chance.one_in_thousand(700);
            revision += 1_000;
            said.push(Said::Span(SaidSpan {
                trace: trace.into(),
                id: id_of(n),
                parent: (n > 0).then(|| id_of(chance.number(0..=n - 1))),
                name: format!("span {n} v{version}"),
                start: if says() { start } else { start - chance.number(0..=1_000) },
                end,
                tokens: says().then(|| chance.number(0..=1_000)),
                cost_nano: says().then(|| chance.number(1..=5_000) * 1_000),
                failed: says().then(|| chance.one_in_thousand(300)),
                revision: if wire == Wire::Otlp { end.unwrap_or(start) } else { revision },
            }));
        }
    }
}

fn dollars(nano: i64) -> String {
    format!("{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000)
}

fn native(said: &[Said]) -> String {
    let mut body = String::from(r#"{"batch":["#);
    for (n, one) in said.iter().enumerate() {
        if n > 0 {
            body.push(',');
        }
        match one {
            Said::Trace { id, name, at } => {
                let at = time::with_micros(*at);
                let _ = write!(
                    body,
                    r#"{{"type":"trace-create","timestamp":"{at}","body":{{"id":"{id}","name":"{name}"}}}}"#
                );
            }
            Said::Span(span) => write_native_span(&mut body, span),
            Said::Score { .. } | Said::Deletion(_) => {}
        }
    }
    body.push_str("]}");
    body
}

fn write_native_span(body: &mut String, span: &SaidSpan) {
    let SaidSpan { trace, id, name, start, revision, .. } = span;
    let (at, start) = (time::with_micros(*revision), time::with_micros(*start));
    let _ = write!(
        body,
        r#"{{"type":"span-create","timestamp":"{at}","body":{{"traceId":"{trace}","id":"{id}","name":"{name}","type":"LLM","startTime":"{start}","input":"{name}""#
    );
    if let Some(tokens) = span.tokens {
        let _ = write!(body, r#","usage":{{"totalTokens":{tokens}}}"#);
    }
    if let Some(cost) = span.cost_nano {
        let _ = write!(body, r#","cost":{}"#, dollars(cost));
    }
    if let Some(parent) = &span.parent {
        let _ = write!(body, r#","parentSpanId":"{parent}""#);
    }
    if let Some(end) = span.end {
        let _ = write!(body, r#","endTime":"{}""#, time::with_micros(end));
    }
    if let Some(failed) = span.failed {
        let _ = write!(body, r#","status":"{}""#, if failed { "ERROR" } else { "OK" });
    }
    body.push_str("}}");
}

fn otlp(said: &[Said]) -> String {
    let spans: Vec<String> = said.iter().filter_map(otlp_span).collect();
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, spans.join(","))
}

/// A retriever, which counts whatever it is below: which call of a model counts depends on
/// which spans a trace's row holds, and those are others in each world.
fn otlp_span(said: &Said) -> Option<String> {
    let Said::Span(span) = said else { return None };
    let SaidSpan { trace, id, name, start, end, .. } = span;
    let tokens = span.tokens.unwrap_or_default();
    let parent = span.parent.as_deref().unwrap_or_default();
    let code = if span.failed == Some(true) { 2 } else { 1 };
    Some(format!(
        r#"{{"traceId":"{trace}","spanId":"{id}","parentSpanId":"{parent}","name":"{name}","startTimeUnixNano":"{start}000","endTimeUnixNano":"{}000","status":{{"code":{code}}},"attributes":[{{"key":"openinference.span.kind","value":{{"stringValue":"RETRIEVER"}}}},{{"key":"input.value","value":{{"stringValue":"{name}"}}}},{{"key":"llm.token_count.total","value":{{"intValue":"{tokens}"}}}},{{"key":"llm.cost.total","value":{{"doubleValue":{}}}}}]}}"#,
        end.unwrap_or(*start),
        dollars(span.cost_nano.unwrap_or_default()),
    ))
}
