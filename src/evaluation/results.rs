//! What evaluators say, kept: as raw batches of scores in the format
//! [`ingest_core::formats::scores::JUDGED`], which are written at once. Done again, they are the
//! same batches.

use serde::Serialize;

use crate::batch::{BatchRef, RawStore};
use crate::error::Fault;
use crate::formats::Formats;
use crate::formats::scores::JUDGED;
use crate::index::Database;
use crate::limits::{MAX_SCORE_NAME_CHARS, MAX_SCORE_REASONING_CHARS, MAX_SCORES};
use crate::model::Millis;
use crate::pipeline::consume::{Delivery, Outcome, consume};
use crate::pipeline::queue::Message;

/// A score as it is written down.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JudgedScore {
    /// Its id, which says what it is of.
    pub id: String,
    /// The trace.
    pub trace_id: String,
    /// The span, where it is not of the whole trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
    /// Who says it.
    pub evaluator_name: String,
    /// 0 to 1.
    pub value: f64,
    /// The value in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// Which evaluator it is.
    pub metadata: By,
    /// When what was judged was written.
    pub created_at: Millis,
}

/// Which evaluator says it, for who follows one through its versions.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct By {
    /// Its id.
    pub evaluator_id: String,
    /// Its version.
    pub version: u32,
}

/// Bytes of scores in a body: well below what a batch of scores may have.
const MAX_BYTES: usize = 768 * 1024;

/// Stores scores and writes them.
///
/// # Errors
/// That of the store; a fault where they could not be written. All of it may be done again.
pub async fn keep(
    project: &str,
    scores: Vec<JudgedScore>,
    now: &impl Fn() -> Millis,
    formats: Formats,
    store: &impl RawStore,
    db: &impl Database,
) -> Result<(), Fault> {
    for body in bodies(scores)? {
        let batch = BatchRef::of(project, body.as_bytes(), now(), JUDGED.ending);
        store.put(&batch.key(), &store.body_of(body.as_bytes())).await?;
        let deliveries = [Delivery { message: Message::of(&batch), attempt: 1 }];
        for outcome in consume(&deliveries, now, formats, store, db).await {
            if let Outcome::Retry { why, .. } | Outcome::Bury { why } = outcome {
                return Err(Fault::Unavailable { what: "writing scores", why });
            }
        }
    }
    Ok(())
}

fn bodies(scores: Vec<JudgedScore>) -> Result<Vec<String>, Fault> {
    let (mut all, mut body, mut count) = (Vec::new(), String::new(), 0);
    for score in scores {
        let line = serde_json::to_string(&score.cut())
            .map_err(|e| Fault::Internal(format!("a score: {e}")))?;
        if count == MAX_SCORES || body.len() + line.len() > MAX_BYTES {
            all.push(format!("[{body}]"));
            (body, count) = (String::new(), 0);
        }
        if count > 0 {
            body.push(',');
        }
        body.push_str(&line);
        count += 1;
    }
    if count > 0 {
        all.push(format!("[{body}]"));
    }
    Ok(all)
}

impl JudgedScore {
    /// No longer than scores may be.
    fn cut(self) -> Self {
        let cut = |text: Option<String>, most: usize| {
            text.map(|text| text.chars().take(most).collect::<String>())
                .filter(|text| !text.is_empty())
        };
        Self {
            label: cut(self.label, MAX_SCORE_NAME_CHARS),
            reasoning: cut(self.reasoning, MAX_SCORE_REASONING_CHARS),
            value: self.value.clamp(0.0, 1.0),
            ..self
        }
    }
}
