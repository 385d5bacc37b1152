//! The Model Context Protocol: what HTTP has to do with it. Who asks, from which page, and in
//! which types; the message is `mcp`'s.

use crate::access::local_only::is_local_origin;
use crate::access::scope::Scope;
use crate::error::{Error, Reject};
use crate::formats::content_type::check_json;
use crate::http::address::Address;
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestBody, RequestHead};
use crate::mcp;
use crate::mcp::{Headers, MAX_REQUEST_BYTES, Understood};
use crate::reply::Reply;

/// The variable that names other origins whose pages may ask, with commas.
const ORIGINS: &str = "MCP_ORIGINS";

/// Answers a message.
pub(in crate::http) async fn answer<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    let who = exchange.reader(Scope::Read).await?;
    check_origin(exchange)?;
    if !takes_json(exchange.header("accept").as_deref()) {
        return Ok(mcp::not_acceptable());
    }
    if exchange.header("content-type").is_none() {
        check_json(Some(""))?;
    }
    let body = exchange.receive_json(MAX_REQUEST_BYTES).await?;
    let headers = Headers {
        version: exchange.header("mcp-protocol-version"),
        method: exchange.header("mcp-method"),
        name: exchange.header("mcp-name"),
    };
    let call = match mcp::understand(&body, &headers) {
        Understood::Done(reply) => return Ok(reply),
        Understood::Call(call) => call,
    };
    let (db, store, url) = (exchange.platform.db()?, exchange.platform.store()?, exchange.url());
    let source = exchange.source(&store);
    let (reply, failed) =
        mcp::call(call, &who.project, Address::of(&url).origin, &db, source).await;
    exchange.noted.failed = failed;
    Ok(reply)
}

/// The answer to a browser's question before it sends.
pub(in crate::http) fn preflight<P: Platform, R: RequestHead>(
    exchange: &Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    check_origin(exchange)?;
    let allowed =
        "authorization, content-type, mcp-protocol-version, mcp-method, mcp-name, mcp-session-id";
    let reply = Reply::empty(204).with("access-control-allow-methods", "POST");
    Ok(reply.with("access-control-allow-headers", allowed).with("access-control-max-age", "86400"))
}

/// The reply as pages of an origin that may ask can read it.
pub(in crate::http) fn for_origin<P: Platform, R: RequestHead>(
    exchange: &Exchange<'_, P, R>,
    reply: Reply,
) -> Reply {
    let reply = reply.with("vary", "origin");
    match exchange.header("origin").filter(|_| check_origin(exchange).is_ok()) {
        Some(origin) => reply
            .with("access-control-allow-origin", origin)
            .with("access-control-expose-headers", "x-request-id, retry-after, www-authenticate"),
        None => reply,
    }
}

/// Checks the page that asks, if it is one: of this server, of this machine, of an origin
/// that the operator named, or of an editor, which has schemes of its own.
fn check_origin<P: Platform, R: RequestHead>(exchange: &Exchange<'_, P, R>) -> Result<(), Reject> {
    let Some(origin) = exchange.header("origin") else { return Ok(()) };
    let named = exchange.platform.setting(ORIGINS).unwrap_or_default();
    let is_web = origin.starts_with("http://") || origin.starts_with("https://");
    let is_editor = !is_web && origin.contains("://");
    let own = Address::of(&exchange.url).origin;
    if origin == own
        || is_local_origin(&origin)
        || is_editor
        || named.split(',').any(|named| named.trim() == origin)
    {
        return Ok(());
    }
    Err(Reject::Forbidden(
        "pages of this origin may not ask; its operator names others in MCP_ORIGINS",
    ))
}

/// Whether a header takes JSON for an answer.
fn takes_json(accept: Option<&str>) -> bool {
    let takes = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let is_none = |part: &str| {
            part.strip_prefix("q=0")
                .is_some_and(|rest| rest.bytes().all(|b| b == b'.' || b == b'0'))
        };
        ["*/*", "application/*", "application/json", ""].contains(&&*kind) && !parts.any(is_none)
    };
    accept.is_none_or(|accept| accept.split(',').any(takes))
}
