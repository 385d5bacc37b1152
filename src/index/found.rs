//! A trace with spans of it: unpacked, put into their order, and each told its parent.
//! Most spans are packed in the trace's row; those of a large trace beyond that have rows
//! of their own, of which a part is read at a time.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::read::{Objects, Slice, TraceRow, read_trace_row};
use super::spans::{SpanPart, SpanPlace, place_in_order};
use super::{QueryResults, decode, link};
use crate::error::Fault;
use crate::limits::MAX_MODELS;
use crate::model::{Micros, Millis, Rank, Status};
use ingest_core::fold::compact_id::{pack, unpack};
use ingest_core::fold::link_of_kept;
use ingest_core::fold::part::mark;
use ingest_core::fold::price::CostSource;
use ingest_core::fold::span::{self, Folded};
use ingest_core::pack::{Damaged, hex, spans};

/// A span with its parent found.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "see `ingest_core::fold::part::Fields`")]
pub struct Span {
    pub id: String,
    pub parent: Parent,
    pub name: String,
    pub kind: usize,
    pub status: Status,
    pub start_us: Option<Micros>,
    pub end_us: Option<Micros>,
    pub model: Option<String>,
    pub prompt_tokens: Option<u64>,
    pub completion_tokens: Option<u64>,
    pub total_tokens: Option<u64>,
    pub cost_nano: Option<i64>,
    pub cost_source: Option<CostSource>,
    /// Whether it is a call of a model that used tokens and has no cost, for nobody has said one
    /// and no price is known.
    pub unpriced: bool,
    pub received_ms: Option<Millis>,
    /// Whether the span itself has not come, only what supplements it.
    pub unreceived: bool,
    /// Whether it is not about models: HTTP, databases.
    pub beside: bool,
    /// Where its events lie that something of it is taken from, the oldest first.
    pub slices: Vec<Slice>,
}

impl Span {
    /// How long it took, where both its ends are known.
    #[must_use]
    pub fn duration_us(&self) -> Option<Micros> {
        self.start_us.zip(self.end_us).map(|(start, end)| end.saturating_sub(start).max(0))
    }

    /// Bytes that it takes to read its events.
    #[must_use]
    pub fn event_bytes(&self) -> u64 {
        self.slices.iter().map(|slice| slice.bytes_after(None)).sum()
    }
}

/// The span that a trace is known by: the first without a parent.
#[must_use]
pub fn root_of(spans: &[Span]) -> Option<&Span> {
    let is_root = |span: &&Span| matches!(span.parent, Parent::None | Parent::Itself);
    spans.iter().find(is_root).or_else(|| spans.first())
}

/// What a span hangs from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parent {
    /// Nothing: it is a root.
    None,
    /// The span with this id.
    Span(String),
    /// A span that is not there, or not yet.
    Missing,
    /// A span that is not among those that were read, named by this link. Whether it
    /// is there at all was not looked for.
    Elsewhere(u64),
    /// The span itself, which is then a root.
    Itself,
}

/// A trace with those of its spans that were read.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The trace.
    pub trace: TraceRow,
    /// The spans in order of start (those without one last), then of id as it is kept.
    pub spans: Vec<Span>,
    /// Whether there are more after them.
    pub more: bool,
    /// Spans of its row by the links of their envelopes, where that may be needed to find
    /// parents: see [`Parent::Elsewhere`].
    pub envelopes: HashMap<u64, SpanPlace>,
    /// Whose costs its spans have, those of its row and those that were read beside it.
    pub costs: Costs,
}

/// Whose costs some spans have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Costs {
    /// Who says them, each once.
    pub sources: BTreeSet<CostSource>,
    /// The models of calls that have none, at most [`MAX_MODELS`].
    pub unpriced: BTreeSet<String>,
}

impl Costs {
    fn of<'a>(spans: impl Iterator<Item = &'a Unpacked>) -> Self {
        let mut costs = Self::default();
        for (_, folded) in spans {
            costs.sources.extend(folded.cost_source);
            if let Some(model) = unpriced_model(folded)
                && costs.unpriced.len() < MAX_MODELS
            {
                costs.unpriced.insert(model.to_owned());
            }
        }
        costs
    }
}

/// The model of a call that has no cost.
fn unpriced_model(folded: &Folded) -> Option<&str> {
    folded.call().filter(|_| folded.cost_nano.is_none()).map(|call| call.model)
}

/// A span, unpacked, with its fields.
type Unpacked = (span::Span, Folded);

/// What was read of a trace's spans.
struct Read {
    trace: TraceRow,
    packed: Vec<Unpacked>,
    /// Spans with rows of their own.
    others: Vec<Unpacked>,
    /// Whether some of those were left out after the last.
    cut: bool,
}

/// What is said of a row that cannot be unpacked.
fn damaged(_: Damaged) -> Fault {
    let why =
        "a trace's row is damaged; `npm run verify -- --repair` makes it anew from the raw batches";
    Fault::Internal(why.into())
}

fn unpack_spans(digits: &str) -> Result<Vec<Unpacked>, Fault> {
    let read = || spans::read_list(&hex::read(digits).ok_or(Damaged)?);
    Ok(read().map_err(damaged)?.into_iter().map(with_fields).collect())
}

fn with_fields(span: span::Span) -> Unpacked {
    let folded = span.fold();
    (span, folded)
}

impl Read {
    fn of(ran: &QueryResults) -> Result<Option<Self>, Fault> {
        let Some(trace) = read_trace_row(ran)? else { return Ok(None) };
        let rows = |at: usize| ran.rows.get(at).map(Vec::as_slice).unwrap_or_default();
        let packed = rows(1).first().map(|pack| unpack_spans(pack)).transpose()?;
        let (mut others, mut cut) = (Vec::new(), false);
        for text in rows(2) {
            for row in decode::<Vec<Option<(String, String)>>>(text)? {
                match row {
                    Some((_, pack)) if !cut => others.extend(unpack_spans(&pack)?),
                    Some(_) => {}
                    None => cut = true,
                }
            }
        }
        Ok(Some(Self { trace, packed: packed.unwrap_or_default(), others, cut }))
    }
}

fn in_order((a, af): &Unpacked, (b, bf): &Unpacked) -> Ordering {
    spans::order(af.start_us, &a.id).cmp(&spans::order(bf.start_us, &b.id))
}

/// A part of a trace's spans, as [`super::spans::select_part`] asks for it; `None` when the
/// project has no such trace. Where these are not all, a parent is put to a span only when
/// it is certain: which of two would do depends on spans that are not here.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what is asked for, or cannot be unpacked.
pub fn read_part(ran: &QueryResults, part: &SpanPart) -> Result<Option<Found>, Fault> {
    let Some(Read { trace, packed, mut others, mut cut }) = Read::of(ran)? else {
        return Ok(None);
    };
    if others.len() > part.most {
        others.truncate(part.most);
        cut = true;
    }
    let read = i64::try_from(packed.len() + others.len()).unwrap_or(i64::MAX);
    let parents = Parents::of(packed.iter().chain(&others), read >= trace.spans);
    let costs = Costs::of(packed.iter().chain(&others));
    let envelopes = if parents.all { HashMap::new() } else { envelopes(&packed) };
    // Nothing comes after the last of those that were cut off before it is read.
    let last = others.last().filter(|_| cut);
    let mut all: Vec<&Unpacked> = packed.iter().chain(&others).collect();
    all.sort_unstable_by(|a, b| in_order(a, b));
    if let Some((start, id)) = &part.after {
        all.retain(|(span, folded)| spans::order(folded.start_us, &span.id) > (*start, &**id));
    }
    if let Some(last) = last {
        all.retain(|span| in_order(span, last).is_le());
    }
    let more = cut || all.len() > part.most;
    all.truncate(part.most);
    let mut objects = Objects::of(&trace.project);
    let spans = all.into_iter().map(|span| parents.show(span, &mut objects)).collect();
    Ok(Some(Found { trace, spans, more, envelopes, costs }))
}

/// A trace with as many of its spans as a page shows, and whatever parents there are among
/// them.
///
/// # Errors
/// As [`read_part`].
pub fn read_trace(ran: &QueryResults) -> Result<Option<(TraceRow, Vec<Span>)>, Fault> {
    let Some(Found { trace, mut spans, envelopes, more, .. }) = read_part(ran, &SpanPart::FIRST)?
    else {
        return Ok(None);
    };
    let shown: HashSet<String> =
        spans.iter().filter(|_| more).map(|span| span.id.clone()).collect();
    for span in &mut spans {
        if let Parent::Span(id) = &span.parent
            && more
            && !shown.contains(id)
        {
            span.parent = Parent::Elsewhere(link(id));
        }
        if let Parent::Elsewhere(link) = span.parent
            && let Some((_, id)) = envelopes.get(&link)
        {
            span.parent = Parent::Span(unpack(id.clone()));
        }
    }
    Ok(Some((trace, spans)))
}

/// One span of a trace, as [`super::spans::select_span`] asks for it.
///
/// # Errors
/// As [`read_part`].
pub fn read_span(ran: &QueryResults, id: &str) -> Result<Option<Found>, Fault> {
    let Some(Read { trace, packed, others, .. }) = Read::of(ran)? else { return Ok(None) };
    let all = i64::try_from(packed.len()).is_ok_and(|packed| packed >= trace.spans);
    let parents = Parents::of(packed.iter().chain(&others), all);
    let id = pack(id);
    let mut objects = Objects::of(&trace.project);
    let span = packed.iter().chain(&others).find(|(span, _)| *span.id == *id);
    let spans = span.map(|span| parents.show(span, &mut objects)).into_iter().collect();
    let envelopes = if all { HashMap::new() } else { envelopes(&packed) };
    let costs = Costs::default();
    Ok(Some(Found { trace, spans, more: false, envelopes, costs }))
}

/// The spans that are packed in a row, in their order; `count` is how many its trace has.
///
/// # Errors
/// As [`read_part`].
pub(super) fn read_pack(project: &str, pack: &str, count: i64) -> Result<Vec<Span>, Fault> {
    let mut packed = unpack_spans(pack)?;
    packed.sort_unstable_by(in_order);
    let all = i64::try_from(packed.len()).is_ok_and(|packed| packed >= count);
    let parents = Parents::of(packed.iter(), all);
    let mut objects = Objects::of(project);
    Ok(packed.iter().map(|span| parents.show(span, &mut objects)).collect())
}

/// Spans by the links of their envelopes: of several the last in order.
fn envelopes(spans: &[Unpacked]) -> HashMap<u64, SpanPlace> {
    let mut all: HashMap<u64, SpanPlace> = HashMap::new();
    for (span, folded) in spans {
        let Some(envelope) = folded.envelope else { continue };
        let place = place_in_order(folded.start_us, &span.id);
        let last = all.entry(envelope).or_insert_with(|| place.clone());
        if place > *last {
            *last = place;
        }
    }
    all
}

/// Spans by what their children may call them.
struct Parents<'a> {
    by_link: HashMap<u64, &'a str>,
    all: bool,
}

impl<'a> Parents<'a> {
    /// `all`: whether these are all of the trace's spans.
    fn of(spans: impl Iterator<Item = &'a Unpacked> + Clone, all: bool) -> Self {
        // Clients name a parent by its span id or by its envelope's id; where both would
        // do, the span id is meant.
        let mut by_link = HashMap::new();
        let mut last: HashMap<u64, (Micros, &str)> = HashMap::new();
        for (span, folded) in spans.clone().filter(|_| all) {
            if let Some(envelope) = folded.envelope {
                let place = spans::order(folded.start_us, &span.id);
                let known = last.entry(envelope).or_insert(place);
                *known = place.max(*known);
            }
        }
        by_link.extend(last.into_iter().map(|(link, (_, id))| (link, id)));
        by_link.extend(spans.map(|(span, _)| (link_of_kept(&span.id), &*span.id)));
        Self { by_link, all }
    }

    fn show(&self, (span, folded): &Unpacked, objects: &mut Objects) -> Span {
        let parent = match folded.parent.map(|link| (link, self.by_link.get(&link))) {
            None => Parent::None,
            Some((_, Some(id))) if **id == *span.id => Parent::Itself,
            Some((_, Some(id))) => Parent::Span(unpack((*id).to_owned())),
            Some((_, None)) if self.all => Parent::Missing,
            Some((link, None)) => Parent::Elsewhere(link),
        };
        Span {
            id: unpack(span.id.to_string()),
            parent,
            name: folded.name.as_deref().unwrap_or_default().into(),
            kind: folded.kind.map_or(usize::MAX, usize::from),
            status: if folded.failed { Status::Error } else { Status::Ok },
            start_us: folded.start_us,
            end_us: folded.end_us,
            model: folded.model.as_deref().map(Into::into),
            prompt_tokens: folded.prompt_tokens,
            completion_tokens: folded.completion_tokens,
            total_tokens: folded.total_tokens,
            cost_nano: folded.cost_nano,
            cost_source: folded.cost_source,
            unpriced: unpriced_model(folded).is_some(),
            received_ms: span.newest().map(|part| part.place.batch.received),
            unreceived: folded.kind.is_none()
                && span.newest().is_none_or(|part| part.order.rank < Rank::Create),
            beside: folded.marks & mark::BESIDE != 0,
            slices: span.parts().iter().map(|part| objects.slice(&part.place)).collect(),
        }
    }
}

/// What [`super::spans::select_named`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Ids of spans, as they are kept.
    pub ids: Vec<String>,
    /// Spans by the links of their envelopes.
    pub envelopes: HashMap<u64, SpanPlace>,
}

/// What [`super::spans::select_named`] found.
///
/// # Errors
/// As [`read_part`].
pub fn read_named(ran: &QueryResults) -> Result<Named, Fault> {
    let [ids, envelopes] = ran.rows.as_slice() else {
        return Err(Fault::Internal("names are two results".into()));
    };
    let envelopes = envelopes.iter().map(|row| {
        let (envelope, id, start): (String, String, Micros) = decode(row)?;
        let envelope: i64 = envelope.parse().unwrap_or_default();
        Ok((envelope.cast_unsigned(), (start, id)))
    });
    Ok(Named { ids: ids.clone(), envelopes: envelopes.collect::<Result<_, Fault>>()? })
}
