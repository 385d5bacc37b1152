//! Which release is newest: asked of whom the operator says, at most once an hour by an
//! isolate. That nobody answers fails nothing.

use std::cell::RefCell;

use crate::dashboard::settings::newest::{Newest, read};
use crate::error::Fault;
use crate::evaluation::outside::Operator;
use crate::model::Millis;
use crate::outbound::{Get, Outbound};

/// The variable that says where: what answers as GitHub does for `releases/latest`.
pub const RELEASES_URL: &str = "RELEASES_URL";

/// How long an answer counts, and that there was none.
const KEPT_MS: Millis = 3_600_000;
/// How long nobody else asks while somebody does, who may have gone away.
const ASKING_MS: Millis = 60_000;
/// How long the page waits.
const TIMEOUT_MS: u32 = 2_000;
/// Most bytes of the answer: notes of a release are in it, too.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// What was answered last, and until when that counts.
#[derive(Debug, Default)]
pub struct ReleaseCache(RefCell<Option<(Millis, Newest)>>);

/// The newest release, where the operator has said whom to ask.
pub(in crate::http) async fn find(
    cache: &ReleaseCache,
    operator: &impl Operator,
    outbound: &impl Outbound,
    now: Millis,
) -> Option<Newest> {
    let url = operator.setting(RELEASES_URL)?;
    if let Some((until, newest)) = &*cache.0.borrow()
        && now < *until
    {
        return Some(newest.clone());
    }
    let asking = Newest::Unknown("it is being asked for".into());
    cache.0.replace(Some((now + ASKING_MS, asking)));
    let newest = ask(&url, outbound).await;
    cache.0.replace(Some((now + KEPT_MS, newest.clone())));
    Some(newest)
}

async fn ask(url: &str, outbound: &impl Outbound) -> Newest {
    let agent = concat!("edgespan/", env!("CARGO_PKG_VERSION"));
    let headers = [("accept", "application/json"), ("user-agent", agent)];
    let get = Get { url, headers: &headers, timeout_ms: TIMEOUT_MS, most: MAX_ANSWER_BYTES };
    let unknown = |why: String| Newest::Unknown(format!("where {RELEASES_URL} says, {why}"));
    match outbound.get(get).await {
        Ok(reply) if !reply.is_success() => unknown(format!("the answer was {}", reply.status)),
        Ok(reply) => match reply.body.as_deref().and_then(read) {
            Some(release) => Newest::Known(release),
            None => unknown("the answer names no release".into()),
        },
        Err(Fault::Unavailable { why, .. }) => unknown(format!("there was {why}")),
        Err(_) => unknown("there was no reply".into()),
    }
}
