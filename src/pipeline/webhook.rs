//! Sending an alert to a webhook.

use crate::outbound::{Outbound, Post};

/// How long the receiver of an alert may take.
const TIMEOUT_MS: u32 = 10_000;
/// Bytes that are read of what it says: nothing comes of them.
const MAX_REPLY_BYTES: usize = 64 * 1024;

/// Sends an alert: done when the receiver says so. `id` tells two of the same from one that is
/// sent again.
///
/// # Errors
/// Why it is not done, without the address: that may be secret.
pub async fn send(
    url: &str,
    id: Option<&str>,
    body: &str,
    outbound: &impl Outbound,
) -> Result<(), String> {
    let mut headers = vec![("content-type", "application/json"), ("user-agent", "edgespan")];
    headers.extend(id.map(|id| ("idempotency-key", id)));
    let post = Post { url, headers: &headers, body, timeout_ms: TIMEOUT_MS, most: MAX_REPLY_BYTES };
    match outbound.post(post).await {
        Ok(reply) if reply.is_success() => Ok(()),
        Ok(reply) => Err(format!("it was answered with {}", reply.status)),
        Err(fault) => Err(fault.to_string()),
    }
}
