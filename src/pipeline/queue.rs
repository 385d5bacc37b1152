//! The message that says "a raw batch is there": its versioned form and the
//! port to the queue. It carries no event, so it is far below the platform's
//! 128 KB whatever the batch.

use serde::{Deserialize, Serialize};

use crate::batch::BatchRef;
use crate::error::Fault;

/// The version that this release writes. Readers refuse what they do not know:
/// such a message is retried until a release that does is there.
pub const VERSION: u32 = 1;

/// A pointer to a raw batch. The key says project, batch id, time of arrival
/// and format (see [`BatchRef`]), so nothing here can contradict it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// [`VERSION`].
    pub v: u32,
    /// The full key of the raw object.
    pub key: String,
    /// How many bytes it has, where that is known: who reads several at once has to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

impl Message {
    /// The message for this batch.
    #[must_use]
    pub fn of(batch: &BatchRef) -> Self {
        Self { v: VERSION, key: batch.key(), bytes: None }
    }

    /// The same, where the size is known.
    #[must_use]
    pub fn with_bytes(self, bytes: usize) -> Self {
        Self { bytes: u64::try_from(bytes).ok(), ..self }
    }

    /// The batch that the message points to, or why it cannot be told.
    ///
    /// # Errors
    /// A sentence for the log, when the version or the key is not known.
    pub fn batch(&self) -> Result<BatchRef, String> {
        if self.v != VERSION {
            return Err(format!("message version {} is not known, {VERSION} is", self.v));
        }
        BatchRef::parse(&self.key).ok_or_else(|| format!("not a raw batch's key: {}", self.key))
    }
}

/// The queue's sending end. Implemented over Cloudflare Queues by `edge`.
#[allow(async_fn_in_trait, reason = "one thread, and only this crate implements it")]
pub trait BatchQueue {
    /// Sends one message; it is durable when this returns.
    async fn send(&self, message: &Message) -> Result<(), Fault>;

    /// Sends any number of messages. On a fault some may have been sent.
    async fn send_all(&self, messages: &[Message]) -> Result<(), Fault>;
}
