//! Counting by the platform's rate-limit bindings. A limit that cannot be
//! counted lets pass: keeping traces is what the service is for.

use worker::Env;

use crate::access::rate_limits::Check;
use crate::error::Reject;

/// Counts one against the check.
///
/// # Errors
/// The 429, when that is one too many.
pub async fn count(env: &Env, check: Option<Check>) -> Result<(), Reject> {
    let Some(check) = check else { return Ok(()) };
    let Ok(limiter) = env.rate_limiter(check.binding) else { return Ok(()) };
    match limiter.limit(check.subject.clone()).await {
        Ok(outcome) if !outcome.success => Err(check.exceeded()),
        _ => Ok(()),
    }
}
