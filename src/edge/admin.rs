//! The operator's door: everything behind it needs the secret `ADMIN_TOKEN`,
//! and without that secret it stays shut.

use worker::Env;

use crate::access::api_keys;
use crate::error::{Error, Fault, Reject};
use crate::pipeline::replay;
use crate::pipeline::replay::Replayed;

use super::binding;
use crate::edge::adapters::r2::R2Bucket;

/// Checks the operator's token.
///
/// # Errors
/// 401 for any other token, and for all where none is set.
pub fn authorize(env: &Env, header: Option<&str>) -> Result<(), Reject> {
    let secret = env.secret("ADMIN_TOKEN").map(|secret| secret.to_string()).unwrap_or_default();
    api_keys::check_operator(header, &secret)
}

/// One step of a replay.
///
/// # Errors
/// 400 for a body that is not a replay's, a fault of R2 or of the queue.
pub async fn replay(env: &Env, body: &[u8]) -> Result<Replayed, Error> {
    let request: replay::ReplayRequest = serde_json::from_slice(body)
        .map_err(|e| Reject::invalid("body", format!("expected a replay: {e}")))?;
    let queue = env.queue("QUEUE").map_err(|e| Fault::Internal(e.to_string()))?;
    let store: R2Bucket = binding(env, "RAW")?;
    replay::replay(&request, &store, &queue).await
}
