//! Comparing what D1 holds with what R2 says, and making room for what is right. The
//! caller goes along both in steps, each bounded, and joins what the steps say:
//!
//! 1. [`raw_batches`] reads a few raw batches, folds them, and says of each trace that
//!    they mention how its rows differ, and what in them other batches have to vouch for;
//! 2. [`rows`] goes along the rows of the index, which some raw batch has to have
//!    mentioned, and adds up those of spans;
//! 3. [`forget`] deletes the rows of traces that are wrong: the first step, asked to,
//!    queues the batches that write them again.
//!
//! All of it reads; only what is forgotten or queued changes anything. What `fold` says is
//! taken for right: a wrong fold is the simulator's to find.

mod compare;
pub mod forget;
pub mod raw_batches;
mod reading;
pub mod rows;
mod scores;
mod step;

use serde::Serialize;

use crate::batch;
use crate::error::Reject;
use crate::model::Millis;
use ingest_core::fold::compact_id::unpack;

/// Something that differs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Whose it is.
    pub project: String,
    /// The trace, if it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The id of the batch, if it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// The key of rows of spans that are no trace's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The id of the score, if it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<String>,
    /// What differs.
    pub what: String,
    /// What mends it.
    pub remedy: Remedy,
    /// Whether it may be on its way.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub young: bool,
}

/// What mends a difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Remedy {
    /// Queuing its batches.
    #[default]
    Queue,
    /// Forgetting the trace before that.
    Forget,
    /// Nothing that is done here: what R2 has is not what it was.
    None,
}

impl Difference {
    /// Of a trace, by its id as it is kept.
    fn of_trace(project: &str, id: &str, remedy: Remedy, what: impl Into<String>) -> Self {
        let (project, trace) = (project.into(), Some(unpack(id.into())));
        Self { project, trace, remedy, what: what.into(), ..Self::default() }
    }
}

/// A range of time.
#[derive(Debug, Clone, Copy)]
struct TimeRange {
    since: Millis,
    /// To the end, without one.
    until: Option<Millis>,
}

impl TimeRange {
    fn read(since: &str, until: Option<&str>) -> Result<Self, Reject> {
        let since = super::replay::time("since", since)?;
        let until = until.map(|until| super::replay::time("until", until)).transpose()?;
        Ok(Self { since, until })
    }

    fn contains(&self, at: Millis) -> bool {
        at >= self.since && self.until.is_none_or(|until| at < until)
    }

    /// The key that comes after all of it, if there is one.
    fn end(&self) -> Option<String> {
        self.until.map(batch::key_at)
    }
}
