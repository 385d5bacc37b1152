//! What an evaluator reads of a trace or a span: texts out of the raw batches.

use std::cell::OnceCell;

use evaluators::evaluator::assignment::digest;
use evaluators::evaluator::{Facts, Input, Meter};

use super::outline::Outline;
use super::plan::Reads;
use crate::batch::RawStore;
use crate::error::Fault;
use crate::index::found::Span;
use crate::index::read::Slice;
use crate::json::descend;
use crate::json::value::Kind;
use crate::model::{Micros, SpanBody};
use crate::payload::{Missing, Payloads, Source};

/// Bytes of events that are read at once, unless one alone has more.
const GROUP_BYTES: u64 = 2 * 1024 * 1024;

/// Most bytes of outputs in which calls of tools are looked for.
const MAX_CALLS_BYTES: usize = 8 * 1024 * 1024;

/// What is judged. Texts are JSON, as they were sent; none of them is null.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Subject {
    /// The span, where it is one.
    pub span: Option<String>,
    /// What went in.
    pub input: Option<String>,
    /// What came out.
    pub output: Option<String>,
    /// What should have come out.
    pub expected_output: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<f64>,
    /// What it cost, in US dollars.
    pub cost: Option<f64>,
    /// The outputs in which calls of tools are looked for.
    pub calls: Vec<String>,
    /// Whether there are more of them than are looked at.
    pub too_many_calls: bool,
    /// Why one of those could not be read.
    pub calls_unreadable: Option<Missing>,
    /// Why what went in or came out could not be read.
    pub unreadable: Option<Missing>,
}

impl Subject {
    /// What it is hashed to, as far as an evaluator reads it.
    fn hash(&self, reads: Reads) -> String {
        let [input, output, expected] =
            [&self.input, &self.output, &self.expected_output].map(Option::as_deref);
        let text = Option::unwrap_or_default;
        let number = |n: Option<f64>| n.map(|n| n.to_string()).unwrap_or_default();
        match reads {
            Reads::Output => digest([output, expected].map(text)),
            Reads::Exchange => digest([input, output, expected].map(text)),
            Reads::Calls => digest(self.calls.iter().map(String::as_str)),
            Reads::Duration => digest([&*number(self.duration_ms)]),
            Reads::Cost => digest([&*number(self.cost)]),
        }
    }
}

/// A subject, of which what it says is read and hashed once for all who judge it.
pub(super) struct Reading<'s> {
    pub(super) subject: &'s Subject,
    /// What evaluators that ask nobody are given.
    pub(super) facts: Facts<'s>,
    hashes: [OnceCell<String>; 5],
}

impl<'s> Reading<'s> {
    /// `calls` are those of the subject; what judging it costs is counted.
    pub(super) fn of(subject: &'s Subject, calls: &'s [&'s str], meter: &Meter) -> Self {
        let input = Input {
            output: subject.output.as_deref(),
            expected_output: subject.expected_output.as_deref(),
            duration_ms: subject.duration_ms,
            cost: subject.cost,
            outputs_with_calls: Some(calls),
        };
        Self { subject, facts: Facts::of(input, meter), hashes: Default::default() }
    }

    /// What it is hashed to, as far as an evaluator reads it: while that is the same there is
    /// nothing new to judge.
    pub(super) fn hash(&self, reads: Reads) -> &str {
        let known = self.hashes.get(reads as usize);
        known.map_or("", |known| known.get_or_init(|| self.subject.hash(reads)))
    }
}

/// What is judged of the trace as a whole.
///
/// # Errors
/// That of [`Payloads::read`].
pub async fn of_trace(
    outline: &Outline,
    source: &Source<'_, impl RawStore>,
) -> Result<Subject, Fault> {
    let Outline { trace, root, last, calls, .. } = outline;
    let mut subject = Subject {
        duration_ms: trace.end_us.map(|end| millis(trace.start_us, end)),
        cost: outline.has_cost.then(|| dollars(trace.cost_nano)),
        ..Subject::default()
    };
    let metadata = match trace.metadata_elsewhere() {
        Some(slices) => {
            let payloads = read(source, slices.iter().collect()).await?;
            payloads.trace_metadata(&slices).ok().flatten().map(std::borrow::Cow::into_owned)
        }
        None => trace.metadata.clone(),
    };
    subject.expected_output = metadata.as_deref().and_then(expected_of);
    let own = [trace.own_input(), trace.own_output()];
    if own.iter().any(Option::is_some) {
        let payloads = read(source, own.iter().flatten().collect()).await?;
        let [input, output] = &own;
        let content = |slice: &Option<Slice>| {
            slice.as_ref().and_then(|slice| payloads.trace_content(slice).ok())
        };
        subject.input = content(input).and_then(|(input, _)| there(input));
        subject.output = content(output).and_then(|(_, output)| there(output));
    }
    if let Some(root) = root {
        let payloads = read(source, root.slices.iter().collect()).await?;
        match payloads.span(root) {
            Ok(body) => subject.add_root(body),
            Err(why) => subject.unreadable = Some(why),
        }
    }
    for span in last {
        if subject.output.is_some() || subject.unreadable.is_some() {
            break;
        }
        let payloads = read(source, span.slices.iter().collect()).await?;
        match payloads.span(span) {
            Ok(body) => subject.output = there(body.output),
            Err(why) => subject.unreadable = Some(why),
        }
    }
    if outline.more_calls {
        subject.too_many_calls = true;
    } else {
        subject.add_calls(calls, source).await?;
    }
    Ok(subject)
}

/// What is judged of each of some spans.
///
/// # Errors
/// That of [`Payloads::read`].
pub async fn of_spans(
    spans: &[Span],
    source: &Source<'_, impl RawStore>,
) -> Result<Vec<Subject>, Fault> {
    let payloads = read(source, spans.iter().flat_map(|span| &span.slices).collect()).await?;
    let subject_of = |span: &Span| {
        let (start, end) = (span.start_us, span.end_us);
        let mut subject = Subject {
            span: Some(span.id.clone()),
            duration_ms: start.zip(end).map(|(start, end)| millis(start, end)),
            cost: span.cost_nano.map(dollars),
            ..Subject::default()
        };
        match payloads.span(span) {
            Ok(body) => subject.add_root(body),
            Err(why) => subject.unreadable = Some(why),
        }
        subject.calls.extend(subject.output.clone());
        subject.calls_unreadable = subject.unreadable;
        subject
    };
    Ok(spans.iter().map(subject_of).collect())
}

impl Subject {
    /// Reads the outputs in which calls of tools are looked for.
    async fn add_calls(
        &mut self,
        calls: &[Span],
        source: &Source<'_, impl RawStore>,
    ) -> Result<(), Fault> {
        let mut bytes = 0;
        for group in groups(calls) {
            let slices = group.iter().flat_map(|span| &span.slices);
            let payloads = read(source, slices.collect()).await?;
            for span in group {
                match payloads.span(span) {
                    Ok(body) => {
                        let output = there(body.output);
                        bytes += output.as_ref().map_or(0, String::len);
                        self.calls.extend(output);
                    }
                    Err(why) => self.calls_unreadable = Some(why),
                }
            }
            if bytes > MAX_CALLS_BYTES {
                self.too_many_calls = true;
                break;
            }
        }
        Ok(())
    }

    /// What a span says, where nothing else does.
    fn add_root(&mut self, body: SpanBody<'_>) {
        let expected = || body.metadata.as_deref().and_then(expected_of);
        self.expected_output = self.expected_output.take().or_else(expected);
        self.input = self.input.take().or_else(|| there(body.input));
        self.output = self.output.take().or_else(|| there(body.output));
    }
}

/// Spans whose events are read at once.
pub fn groups(spans: &[Span]) -> impl Iterator<Item = &[Span]> {
    let length = |span: &Span| span.slices.iter().map(|s| s.bytes_after(None)).sum::<u64>();
    let mut rest = spans;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = rest.iter().take_while(|span| {
            bytes += length(span);
            bytes <= GROUP_BYTES
        });
        let count = fits.count().max(1).min(rest.len());
        let (group, others) = rest.split_at_checked(count).unwrap_or_default();
        rest = others;
        (!group.is_empty()).then_some(group)
    })
}

async fn read(source: &Source<'_, impl RawStore>, slices: Vec<&Slice>) -> Result<Payloads, Fault> {
    Payloads::read(source, &slices).await
}

fn there(json: Option<impl Into<String>>) -> Option<String> {
    json.map(Into::into).filter(|json| json.trim() != "null")
}

/// What should have come out, as metadata says it.
fn expected_of(metadata: &str) -> Option<String> {
    let mut found = None;
    let read = descend::object(metadata, 0, 0, &mut |key, at| {
        let value = descend::value(metadata, at, 1)?;
        if key == "expectedOutput" && value.kind() != Kind::Null {
            found = Some(value.raw(metadata).to_owned());
        }
        Ok(value.range().end)
    });
    read.ok().and(found)
}

#[expect(clippy::cast_precision_loss, reason = "a trace lasts no 285 years")]
fn millis(start: Micros, end: Micros) -> f64 {
    end.saturating_sub(start).max(0) as f64 / 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "nine million dollars are exact")]
fn dollars(nano: i64) -> f64 {
    nano as f64 / 1e9
}
