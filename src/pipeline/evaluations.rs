//! Word of traces that were written and are to be judged: which those are, the message in
//! its versioned form, and the port to its queue. It carries ids and no content. Judging is
//! `evaluation`'s.

use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::model::Millis;
use ingest_core::fold::compact_id::unpack;
use ingest_core::index_writer::touched::Touched;

/// The version that this release writes. Readers refuse what they do not know.
pub const VERSION: u32 = 1;

/// Seconds from when a trace was written until it is judged, where its root has ended, and
/// where it has not: from the endpoint's contract. Clients send a root last, but batches
/// overtake each other.
pub const SETTLED_S: u32 = 3;
/// See [`SETTLED_S`].
pub const UNSETTLED_S: u32 = 60;

/// Most traces in a message: of the longest ids they are far below the platform's 128 KB.
pub const MAX_TRACES: usize = 100;

/// How long after a trace was first heard of it is judged anew when more of it comes, and at
/// all: from the endpoint's contract. So a replay of old batches judges nothing.
const JUDGED_FOR_MS: Millis = 24 * 3_600_000;

/// Whether a trace that was just written is to be judged; `unasked`: whether its project has
/// evaluators that run where a trace asks for none.
#[must_use]
pub fn is_due(trace: &Touched, unasked: bool, now: Millis) -> bool {
    now.saturating_sub(trace.created_ms) < JUDGED_FOR_MS && trace.asks.unwrap_or(unasked)
}

/// Traces to be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationRequest {
    /// [`VERSION`].
    pub v: u32,
    /// Their project.
    pub project: String,
    /// When they were written, or when it was asked to judge them.
    pub as_of_ms: Millis,
    /// Which.
    pub traces: Vec<Wanted>,
    /// The ids of the evaluators, where somebody asked for these; else those that are for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluators: Option<Vec<String>>,
}

/// A trace to be judged: its id, and the version of its row that there was word of. Of a later
/// one there is word as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted(pub String, pub Option<i64>);

impl EvaluationRequest {
    /// Word of these traces, just written: messages of one project each.
    #[must_use]
    pub fn of(touched: &[Touched], now: Millis) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for Touched { project, id, version, .. } in touched {
            let wanted = Wanted(unpack(id.to_string()), Some(*version));
            let open = |r: &&mut Self| r.project == *project && r.traces.len() < MAX_TRACES;
            if let Some(request) = all.iter_mut().find(open) {
                request.traces.push(wanted);
            } else {
                let (project, traces) = (project.clone(), vec![wanted]);
                all.push(Self { v: VERSION, project, as_of_ms: now, traces, evaluators: None });
            }
        }
        all
    }

    /// The same for other traces.
    #[must_use]
    pub fn with(&self, traces: Vec<Wanted>) -> Self {
        Self { traces, ..self.clone() }
    }
}

/// The sending end of the queue of evaluations. Implemented over Cloudflare Queues by `edge`.
#[allow(async_fn_in_trait, reason = "one thread, and only this crate implements it")]
pub trait EvaluationQueue {
    /// Sends a message that is delivered after so many seconds; it is durable when this
    /// returns.
    async fn send(&self, request: &EvaluationRequest, delay_s: u32) -> Result<(), Fault>;
}
