//! The slow and obvious reading of a batch, for `main` to compare with.

use std::borrow::Cow;
use std::fmt;

use edgespan::limits::{MAX_COST_USD, MAX_ID_BYTES, MAX_TAGS, MAX_TOKENS};
use edgespan::model::{
    Body, Event, Json, Micros, Rank, SpanBody, SpanType, Status, Text, TraceBody, TraceSaid, Usage,
};
use edgespan::time;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What becomes of a body.
pub enum Verdict<'a> {
    /// It is refused whole.
    Refused,
    /// Each event, `None` where it is bad.
    Events(Vec<Option<Event<'a>>>),
    /// `serde_json` does not read what the decoder lets through: keys with
    /// lone surrogates in them.
    Incomparable,
}

/// An object as it was written, repeated keys and all.
struct Object<'a>(Vec<(String, &'a str)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                    pairs.push((key, value.get()));
                }
                Ok(Object(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

pub fn read(body: &[u8]) -> Verdict<'_> {
    let Ok(text) = std::str::from_utf8(body) else { return Verdict::Refused };
    let Ok(root) = serde_json::from_str::<&RawValue>(text) else { return Verdict::Refused };
    if !root.get().starts_with('{') {
        return Verdict::Refused;
    }
    let Some(root) = object(root.get()) else { return Verdict::Incomparable };
    let batches: Vec<_> = root.all(&["batch"]).collect();
    let [batch] = batches[..] else { return Verdict::Refused };
    let Ok(events) = serde_json::from_str::<Vec<&RawValue>>(batch) else { return Verdict::Refused };
    let mut all = Vec::new();
    for (index, event) in events.into_iter().enumerate() {
        let start = event.get().as_ptr() as usize - text.as_ptr() as usize;
        match read_event(event.get()) {
            Ok(event) => all.push(event.map(|(envelope, timestamp, body, length)| Event {
                index,
                range: start..start + length,
                context: None,
                envelope,
                timestamp,
                rank: Rank::Create,
                body,
            })),
            Err(Surrogates) => return Verdict::Incomparable,
        }
    }
    Verdict::Events(all)
}

/// A key has a lone surrogate in it.
struct Surrogates;

type Parts<'a> = (Option<Text<'a>>, Option<Micros>, Body<'a>, usize);

fn object(raw: &str) -> Option<Object<'_>> {
    serde_json::from_str(raw).ok()
}

fn read_event(raw: &str) -> Result<Option<Parts<'_>>, Surrogates> {
    if !raw.starts_with('{') {
        return Ok(None);
    }
    let event = object(raw).ok_or(Surrogates)?;
    let Some(body) = event.get(&["body"]).filter(|body| body.starts_with('{')) else {
        return Ok(None);
    };
    let body = object(body).ok_or(Surrogates)?;
    let usage = body.get(&["usage"]);
    let usage = match usage {
        Some(usage) if usage.starts_with('{') => Some(object(usage).ok_or(Surrogates)?),
        Some(_) => None,
        None => Some(Object(Vec::new())),
    };
    Ok((|| {
        let body = match event.text(&["type"])??.as_ref() {
            "trace-create" => Body::Trace(trace(&body)?),
            "span-create" => Body::Span(span(&body, &usage?)?),
            _ => return None,
        };
        Some((event.id(&["id"])?, event.time(&["timestamp"])?, body, raw.len()))
    })())
}

fn trace<'a>(body: &Object<'a>) -> Option<TraceBody<'a>> {
    Some(TraceBody {
        id: body.id(&["id"])??,
        name: Some(body.text(&["name"])??),
        start: body.time(&["start_time", "startTime"])?,
        end: body.time(&["end_time", "endTime"])?,
        session: body.text(&["session_id", "sessionId"])?,
        parent_trace: body.id(&["parent_trace_id", "parentTraceId"])?,
        deployment: body.text(&["deployment_id", "deploymentId"])?,
        user: None,
        tags: body.texts("tags")?,
        adds_tags: false,
        evaluators: match body.get(&["evaluators"]) {
            Some(_) => Some(body.texts("evaluators")?),
            None => None,
        },
        metadata: body.object("metadata", "metadata")?.map(Json::from),
        input: None,
        output: None,
    })
}

fn span<'a>(body: &Object<'a>, usage: &Object<'_>) -> Option<SpanBody<'a>> {
    let cost = body.get(&["cost"]);
    let few = |cost: f64| (-MAX_COST_USD..=MAX_COST_USD).contains(&cost);
    if cost.is_some_and(|cost| !is_number(cost) || !few(cost.parse().unwrap())) {
        return None;
    }
    Some(SpanBody {
        trace: body.id(&["trace_id", "traceId"])??,
        id: body.id(&["id"])?,
        parent: body.id(&["parent_span_id", "parentSpanId"])?,
        name: Some(body.text(&["name"])??),
        kind: Some(SpanType::parse(&body.text(&["type"])??)?),
        start: body.time(&["start_time", "startTime"])?,
        end: body.time(&["end_time", "endTime"])?,
        input: body.get(&["input"]).map(Json::from),
        output: body.get(&["output"]).map(Json::from),
        model: body.text(&["model"])?,
        provider: None,
        model_parameters: body.object("model_parameters", "modelParameters")?.map(Json::from),
        usage: Usage {
            prompt: usage.tokens(&["prompt_tokens", "promptTokens"])?,
            completion: usage.tokens(&["completion_tokens", "completionTokens"])?,
            total: usage.tokens(&["total_tokens", "totalTokens"])?,
            cached: usage.tokens(&["cached_tokens", "cachedTokens"])?,
            ..Usage::default()
        },
        cost: cost.map(Json::from),
        status: match body.text(&["status"])?.as_deref() {
            None => None,
            Some("OK") => Some(Status::Ok),
            Some("ERROR") => Some(Status::Error),
            Some(_) => return None,
        },
        error_message: body.text(&["error_message", "errorMessage"])?,
        metadata: body.object("metadata", "metadata")?.map(Json::from),
        may_repeat: false,
        beside: false,
        trace_said: TraceSaid::Always,
        of_trace: None,
    })
}

/// The outer `None` is a bad field, the inner one a missing field.
type Field<T> = Option<Option<T>>;

impl<'a> Object<'a> {
    fn all(&self, names: &[&str]) -> impl Iterator<Item = &'a str> {
        let pick = |(key, value): &(String, &'a str)| {
            (names.contains(&key.as_str()) && *value != "null").then_some(*value)
        };
        self.0.iter().filter_map(pick)
    }

    fn get(&self, names: &[&str]) -> Option<&'a str> {
        self.all(names).last()
    }

    fn text(&self, names: &[&str]) -> Field<Text<'a>> {
        self.get(names).map_or(Some(None), |raw| Some(Some(text(raw)?)))
    }

    fn id(&self, names: &[&str]) -> Field<Text<'a>> {
        let id = self.text(names)?;
        if id.as_ref().is_some_and(|id| id.len() > MAX_ID_BYTES || id == "." || id == "..") {
            return None;
        }
        if self.get(names).is_some_and(|raw| String::from_utf16(&units(raw).unwrap()).is_err()) {
            return None;
        }
        Some(id.filter(|id| !id.is_empty()))
    }

    fn time(&self, names: &[&str]) -> Field<Micros> {
        self.text(names)?.map_or(Some(None), |text| Some(Some(time::parse(&text)?)))
    }

    fn object(&self, snake: &str, camel: &str) -> Field<&'a str> {
        self.get(&[snake, camel])
            .map_or(Some(None), |raw| raw.starts_with('{').then_some(Some(raw)))
    }

    fn texts(&self, name: &str) -> Option<Vec<Text<'a>>> {
        let Some(raw) = self.get(&[name]) else { return Some(Vec::new()) };
        let items: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
        let items = items.into_iter().map(RawValue::get).filter(|raw| *raw != "null");
        let mut texts = items.map(text).collect::<Option<Vec<_>>>()?;
        texts.truncate(MAX_TAGS);
        Some(texts)
    }

    fn tokens(&self, names: &[&str]) -> Field<u64> {
        let Some(raw) = self.get(names) else { return Some(None) };
        is_number(raw).then(|| whole(raw))?.filter(|tokens| *tokens <= MAX_TOKENS).map(Some)
    }
}

/// The integer that a number is, by moving its point. No double: that takes
/// 900719925474099.01 for one.
fn whole(raw: &str) -> Option<u64> {
    let (mantissa, power) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (sign, before) = before.strip_prefix('-').map_or(("", before), |before| ("-", before));
    let mut digits = format!("{before}{after}");
    if digits.bytes().all(|digit| digit == b'0') {
        return Some(0);
    }
    // Further than a body here is long, it leaves no integer of this size.
    let power = power.parse::<i64>().ok().filter(|power| power.abs() < 100_000)?;
    let point = usize::try_from(i64::try_from(before.len()).ok()? + power).ok()?;
    while digits.len() < point {
        digits.push('0');
    }
    let (before, after) = digits.split_at(point);
    let fraction = after.bytes().any(|digit| digit != b'0');
    let before = before.trim_start_matches('0');
    (sign.is_empty() && !fraction).then(|| before.parse().ok())?
}

fn is_number(raw: &str) -> bool {
    raw.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

/// A string's text by way of UTF-16, where a lone surrogate is one unit.
fn text(raw: &str) -> Option<Text<'_>> {
    Some(Cow::Owned(String::from_utf16_lossy(&units(raw)?)))
}

fn units(raw: &str) -> Option<Vec<u16>> {
    let mut rest = raw.strip_prefix('"')?.strip_suffix('"')?.chars();
    let mut units = Vec::new();
    while let Some(c) = rest.next() {
        let c = match (c, (c == '\\').then(|| rest.next().unwrap())) {
            (_, Some('b')) => '\u{8}',
            (_, Some('f')) => '\u{c}',
            (_, Some('n')) => '\n',
            (_, Some('r')) => '\r',
            (_, Some('t')) => '\t',
            (_, Some('u')) => {
                let digits: String = rest.by_ref().take(4).collect();
                units.push(u16::from_str_radix(&digits, 16).unwrap());
                continue;
            }
            (_, Some(escaped)) => escaped,
            (plain, None) => plain,
        };
        units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
    }
    Some(units)
}
