//! Links that show one trace to people without a key: made and taken away by people who are
//! signed in, opened by anybody who has one.

use super::sign_in::{check_sender, is_part, signed_in};
use crate::access::api_keys::{Principal, Which, hex};
use crate::access::scope::Scope;
use crate::access::share_link::ShareClaim;
use crate::access::{api_keys, share_link};
use crate::api::NO_TRACE;
use crate::dashboard::{Page, share};
use crate::error::{Error, Reject};
use crate::http::address::{Address, find_field};
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestBody, RequestHead};
use crate::index::read::read_trace_row;
use crate::index::shares::{MAX_SHARES, Share};
use crate::index::{Database, shares, spans};
use crate::reply::Reply;

/// Longest form that is read: a number of days.
const MAX_FORM_BYTES: usize = 1024;

/// What somebody reads whose link is no good.
const GONE: &str =
    "this link shows nothing: it has ended or was taken back. Whoever sent it can make another";

/// Makes a link to a trace. Whoever may look may share: they could copy all that it shows.
pub(in crate::http) async fn make<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    trace: &str,
) -> Result<Reply, Error> {
    check_sender(exchange)?;
    let who = match signed_in(exchange, &share::trace_path(trace)).await? {
        Ok(who) => who,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let form = exchange.receive_form(MAX_FORM_BYTES).await?;
    let lasts_ms = share::lasts_ms(find_field(&form, "days").as_deref())?;
    let db = exchange.platform.db()?;
    let found = db.run(vec![spans::select_trace_row(&who.project, trace)]).await?;
    read_trace_row(&found)?.ok_or_else(|| Reject::NotFound(NO_TRACE.into()))?;
    let now = exchange.started;
    let made = Share {
        id: hex(&exchange.platform.random::<12>()?),
        trace: trace.into(),
        key_id: who.key_id.clone(),
        created_ms: now,
        ends_ms: now.saturating_add(lasts_ms),
    };
    let ran = db.run(shares::insert(&who.project, &made)).await?;
    if ran.rows.get(1).is_none_or(Vec::is_empty) {
        let message = format!(
            "a project has at most {MAX_SHARES} links that show something: take one back first, in the settings"
        );
        return Err(Reject::Conflict(message).into());
    }
    let token = share_link::token(&who.key_id, &who.key_hash, &made.id);
    let link = format!("{}/share/{token}", Address::of(&exchange.url).origin);
    let ends_us = made.ends_ms.saturating_mul(1_000);
    Ok(Reply::html(
        200,
        if is_part(exchange) {
            share::link_made(&link, ends_us)
        } else {
            share::page(trace, &who.project_name, &link, ends_us)
        },
    ))
}

/// Takes a link away: one of one's own, or as an administrator any.
pub(in crate::http) async fn revoke<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
    id: &str,
) -> Result<Reply, Error> {
    const PAGE: &str = "/settings";
    check_sender(exchange)?;
    let who = match signed_in(exchange, PAGE).await? {
        Ok(who) => who,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let db = exchange.platform.db()?;
    let found = find_share(&who.project, id, exchange.started, &db).await?;
    if found.is_some_and(|found| found.key_id != who.key_id) {
        who.scopes.check(Scope::Admin)?;
    }
    db.run(vec![shares::revoke(&who.project, id)]).await?;
    Ok(Reply::see(PAGE))
}

/// Opens a link: its trace's pages are shown to whoever asks, until its end.
pub(in crate::http) async fn open<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
    token: &str,
) -> Result<Reply, Error> {
    let gone = || Reject::NotFound(GONE.into());
    let claim = ShareClaim::read(token).ok_or_else(gone)?;
    let (_, found) = shown_by(exchange, claim).await?.ok_or_else(gone)?;
    let path = share::trace_path(&found.trace);
    let left_ms = found.ends_ms.saturating_sub(exchange.started);
    let secure = Address::of(&exchange.url).is_secure();
    Ok(Reply::see(&path).with("set-cookie", share_link::open(token, &path, left_ms, secure)))
}

/// Who made the link that whoever asks for a page has opened, if it shows that page.
pub(super) async fn find_host<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
    page: &Page,
) -> Result<Option<Principal>, Error> {
    let cookies = exchange.header("cookie");
    let secure = Address::of(&exchange.url).is_secure();
    let claim = share_link::opened(cookies.as_deref(), secure);
    let (Some(claim), Some(trace)) = (claim, page.trace()) else { return Ok(None) };
    let found = shown_by(exchange, claim).await?;
    Ok(found.filter(|(_, share)| share.trace == trace).map(|(who, _)| who))
}

/// The link of a claim that is good, and who made it.
async fn shown_by<P: Platform, R: RequestHead>(
    exchange: &Exchange<'_, P, R>,
    claim: ShareClaim<'_>,
) -> Result<Option<(Principal, Share)>, Error> {
    let (platform, now) = (exchange.platform, exchange.started);
    let (keys, address) = (platform.keys()?, exchange.client());
    let which = Which::Id(claim.key_id);
    let who = match api_keys::look_up(which, &address, now, &exchange.isolate.keys, &keys).await {
        Err(Error::Reject(Reject::Unauthorized(_))) => return Ok(None),
        found => found?,
    };
    if !claim.is_of(&who, platform.is_local()) || who.scopes.check(Scope::Read).is_err() {
        return Ok(None);
    }
    exchange.count(&who, true).await?;
    let found = find_share(&who.project, claim.id, now, &platform.db()?).await?;
    Ok(found.filter(|share| share.key_id == who.key_id).map(|share| (who, share)))
}

async fn find_share(
    project: &str,
    id: &str,
    now: i64,
    db: &impl Database,
) -> Result<Option<Share>, Error> {
    let ran = db.run(vec![shares::select(project, id, now)]).await?;
    Ok(ran.rows.first().map(|rows| shares::read(rows)).transpose()?.and_then(|mut all| all.pop()))
}
