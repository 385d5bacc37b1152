//! The door for requests: hands one on to `http`, and puts the reply into a response.

use std::rc::Rc;

use worker::{Context, Env, Request, Response, event};

use super::isolate::ISOLATE;
use super::log::RequestLine;
use super::platform::Cloudflare;
use super::{log, now};
use crate::error::Error;
use crate::formats::FORMATS;
use crate::http::address::Address;
use crate::http::headers::{RequestInfo, common_headers};
use crate::http::platform::RequestHead;
use crate::http::serve::{Served, serve};
use crate::reply::Reply;

/// Answers a request. It never fails: whatever goes wrong is a response.
#[event(fetch)]
async fn fetch(mut request: Request, env: Env, context: Context) -> worker::Result<Response> {
    let (id, started) = (request_id(), now());
    let (method, url) = (RequestHead::method(&request), RequestHead::url(&request));
    let (platform, isolate) = (Cloudflare { env, context }, ISOLATE.with(Rc::clone));
    let Served { reply, route, noted, error } =
        serve(&mut request, &id, &platform, &isolate, FORMATS).await;
    log::request(
        &RequestLine {
            id: &id,
            method: &method,
            route,
            project: noted.project.as_deref(),
            status: reply.status,
            code: error.as_ref().map(|error| error.kind().code),
            bytes: noted.bytes,
            events: noted.events,
            ms: now() - started,
            fault: match &error {
                Some(Error::Fault(fault)) => Some(fault.to_string()),
                _ => None,
            },
        },
        error.as_ref(),
    );
    let at = Address::of(&url);
    respond(reply, &method, &RequestInfo { id: &id, path: at.path, secure: at.is_secure() })
}

fn respond(reply: Reply, method: &str, asked: &RequestInfo<'_>) -> worker::Result<Response> {
    let mut builder = Response::builder().with_status(reply.status);
    for (name, value) in common_headers(asked, reply.page) {
        builder = builder.with_header(name, value)?;
    }
    for (name, value) in &reply.headers {
        builder = builder.with_header(name, value)?;
    }
    if method == "HEAD" || reply.body.is_empty() {
        Ok(builder.empty())
    } else {
        // Not `ok()`, which would say that it is plain text.
        Ok(builder.fixed(reply.body))
    }
}

/// 64 random bits: enough to find one request in a day's log.
fn request_id() -> String {
    getrandom::u64().map_or_else(|_| "unknown".into(), |id| format!("{id:016x}"))
}
