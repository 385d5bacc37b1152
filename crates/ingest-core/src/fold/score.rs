//! Scores: of the events with one id the newest counts as a whole. A deletion is newer than
//! anything, but for a rating that is taken back, which may be rated again; and what a client
//! says is older than what this service or a person does, whose scores no client replaces. So
//! a fold of scores commutes and may be repeated, like that of spans.

use std::rc::Rc;

use xxhash_rust::xxh3::xxh3_64;

use super::compact_id::pack;
use super::cut::cut;
use super::map::Map;
use super::place::Order;
use super::sent::Sent;
use crate::limits::{
    MAX_INDEXED_BYTES, MAX_SCORE_METADATA_BYTES, MAX_SCORE_NAME_CHARS, MAX_SCORE_REASONING_CHARS,
};
use crate::model::{Body, ScoreBody, ScoreSource, Text};

/// A score as the index keeps it. Ids are as they are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Its id.
    pub id: Rc<str>,
    /// Whether there is to be none: then nothing else is said but how new that is.
    pub deleted: bool,
    /// How new it is. Its hash has 32 bits.
    pub order: Order,
    /// The trace that it is of.
    pub trace: Option<String>,
    /// The span.
    pub span: Option<String>,
    /// The session.
    pub session: Option<String>,
    /// What is judged.
    pub name: Option<String>,
    /// The value, where it is a finite number.
    pub value: Option<f64>,
    /// Whether it is one of two.
    pub boolean: bool,
    /// The value in words.
    pub label: Option<String>,
    /// Why.
    pub reasoning: Option<String>,
    /// A JSON object.
    pub metadata: Option<String>,
    /// Who made it.
    pub source: ScoreSource,
}

impl Score {
    fn of(score: &ScoreBody, sent: &Sent) -> Self {
        let bytes = sent.body.get(sent.event.range.clone()).unwrap_or_default();
        // A body that comes twice is received at two times, of which either may be read: so
        // a format that does not say when counts each sending. Of deletions any is as good.
        let at = || sent.event.timestamp.unwrap_or(sent.received_us());
        let order = Order {
            rank: sent.event.rank,
            at_us: if is_for_good(score.deleted, score.source) { 0 } else { at() },
            hash: u32::try_from(xxh3_64(bytes) >> u32::BITS).unwrap_or_default(),
        };
        let id = match score.id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => Rc::from(pack(id)),
            None => sent.made_up_id(),
        };
        // Of what is deleted nothing is kept.
        let (deleted, source) = (score.deleted, score.source);
        let score = if deleted { &ScoreBody::default() } else { score };
        let kept = |id: &Option<Text>| {
            let id = id.as_deref().filter(|id| !id.is_empty());
            id.map(|id| pack(id).into_owned())
        };
        let metadata = score.metadata.as_deref();
        Self {
            id,
            deleted,
            order,
            trace: kept(&score.trace),
            span: kept(&score.span),
            session: score.session.as_deref().map(|id| cut(id, MAX_INDEXED_BYTES).into()),
            name: (!deleted).then(|| chars(&score.name, MAX_SCORE_NAME_CHARS)),
            value: score.value.filter(|value| value.is_finite()),
            boolean: score.boolean,
            label: score.label.as_deref().map(|text| chars(text, MAX_SCORE_NAME_CHARS)),
            reasoning: score
                .reasoning
                .as_deref()
                .map(|text| chars(text, MAX_SCORE_REASONING_CHARS)),
            metadata: metadata
                .filter(|json| json.len() <= MAX_SCORE_METADATA_BYTES)
                .map(Into::into),
            source,
        }
    }

    fn is_newer_than(&self, other: &Self) -> bool {
        let place =
            |score: &Self| (is_for_good(score.deleted, score.source), score.source, score.order);
        place(self) > place(other)
    }
}

/// Whether a score is deleted for good: a rating that its maker takes back is not.
fn is_for_good(deleted: bool, source: ScoreSource) -> bool {
    deleted && source != ScoreSource::Person
}

/// At most so many characters of a text.
fn chars(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// What some events say of scores: each score once, in the order in which they mention them.
#[must_use]
pub fn fold_scores(sent: &[Sent]) -> Vec<Score> {
    let mut scores: Vec<Score> = Vec::new();
    let mut places: Map<Rc<str>, usize> = Map::default();
    for one in sent {
        let Body::Score(body) = &one.event.body else { continue };
        let score = Score::of(body, one);
        match places.get(&score.id).and_then(|at| scores.get_mut(*at)) {
            Some(known) if score.is_newer_than(known) => *known = score,
            Some(_) => {}
            None => {
                places.insert(Rc::clone(&score.id), scores.len());
                scores.push(score);
            }
        }
    }
    scores
}
