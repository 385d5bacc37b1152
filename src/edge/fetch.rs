//! The door for requests: finds out what is wanted and by whom, has it done,
//! and puts the answer into a response.

use std::cell::RefCell;
use std::slice;

use worker::{Context, Env, Request, Response, event};

use super::body::Body;
use super::call::{Call, read_budget};
use super::{admin, binding, body, log, now};
use crate::access::api_keys::Principal;
use crate::access::local_only;
use crate::access::local_only::Target;
use crate::api;
use crate::edge::adapters::analytics;
use crate::edge::adapters::d1::Index;
use crate::edge::adapters::r2::R2Bucket;
use crate::error::{Error, Fault};
use crate::formats::{FORMATS, FormatPath, content_type};
use crate::http;
use crate::http::{RequestInfo, Route};
use crate::index::Database;
use crate::limits::MAX_BODY_BYTES;
use crate::pipeline::consume::{Delivery, consume};
use crate::pipeline::ingest;
use crate::pipeline::ingest::{Ingested, Preference, Upload, ingest};
use crate::reply::Reply;
use crate::telemetry::data_points;
use crate::telemetry::rejection_counts::{Reason, RejectionCounts};

thread_local! {
    /// Rejected requests that are yet to be counted in the database.
    static REJECTIONS: RefCell<RejectionCounts> = RefCell::default();
}

/// Answers a request. It never fails: whatever goes wrong is a response.
#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    let started = now();
    let id = request_id();
    let method = request.inner().method();
    let mut call = Call {
        request,
        env,
        context,
        started,
        project: None,
        project_name: None,
        format: None,
        route: "none",
        bytes: None,
        events: None,
    };
    let result = call.answer(&method).await;
    let (reply, error) = match result {
        Ok(reply) => (reply, None),
        Err(error) if call.wants_page() => (call.error_page(&error, &id), Some(error)),
        Err(error) => {
            let rejected = call.format.map_or(Reply::error as _, |format| format.rejected);
            (rejected(&error, &id), Some(error))
        }
    };
    log::request(
        &log::RequestLine {
            id: &id,
            method: &method,
            route: call.route,
            project: call.project.as_deref(),
            status: reply.status,
            code: error.as_ref().map(|error| error.kind().code),
            bytes: call.bytes,
            events: call.events,
            ms: now() - started,
            fault: match &error {
                Some(Error::Fault(fault)) => Some(fault.to_string()),
                _ => None,
            },
        },
        error.as_ref(),
    );
    call.count(error.as_ref());
    let (path, secure) = (call.request.path(), call.request.inner().url().starts_with("https:"));
    respond(reply, &method, &RequestInfo { id: &id, path: &path, secure })
}

fn respond(reply: Reply, method: &str, asked: &RequestInfo<'_>) -> worker::Result<Response> {
    let mut builder = Response::builder().with_status(reply.status);
    for (name, value) in http::common_headers(asked, reply.page) {
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

impl Call {
    async fn answer(&mut self, method: &str) -> Result<Reply, Error> {
        // Taken apart by hand: `Request::url()` brings a URL parser with all of
        // Unicode's host names, a fifth of the Worker's size.
        let url = self.request.inner().url();
        let query = url.split_once('?').map_or("", |(_, query)| query);
        if self.local() {
            let (host, origin) = (self.header("host"), self.header("origin"));
            local_only::check(Target {
                url: &url,
                host: host.as_deref(),
                origin: origin.as_deref(),
            })?;
        }
        let route = Route::find(method, &self.request.path(), FORMATS)?;
        self.route = route.name();
        match route {
            Route::Preflight => Ok(http::preflight()),
            Route::Health => Ok(http::health()),
            Route::Page(page) => self.page(&page, &url).await,
            Route::Ingest(at) => self.ingest(at).await,
            Route::DeadLetters => {
                let (who, index) = self.reader().await?;
                Ok(Reply::data(api::dead_letters(&who.project, &index).await?))
            }
            Route::Stats => {
                let (who, index) = self.reader().await?;
                Ok(Reply::data(api::stats(&who.project, &index).await?))
            }
            Route::Replay => {
                admin::authorize(&self.env, self.header("authorization").as_deref())?;
                content_type::check_json(self.header("content-type").as_deref())?;
                let Body { bytes, .. } = body::read_body(&mut self.request, MAX_BODY_BYTES).await?;
                Ok(Reply::data(api::to_json(&admin::replay(&self.env, &bytes).await?)?))
            }
            Route::ListTraces => {
                let (who, index) = self.reader().await?;
                let store = binding(&self.env, "RAW")?;
                Ok(Reply::data(
                    api::list(&who.project, query, &index, self.source(&store, &read_budget()))
                        .await?,
                ))
            }
            Route::GetTrace(id) => {
                let (who, index) = self.reader().await?;
                let store = binding(&self.env, "RAW")?;
                let budget = read_budget();
                let source = self.source(&store, &budget);
                Ok(Reply::data(api::get(&who.project, &id, query, &index, source).await?))
            }
            Route::GetSpan(id, span) => {
                let (who, index) = self.reader().await?;
                let store = binding(&self.env, "RAW")?;
                let budget = read_budget();
                let source = self.source(&store, &budget);
                Ok(Reply::data(api::get_span(&who.project, &id, &span, &index, source).await?))
            }
        }
    }

    async fn reader(&mut self) -> Result<(Principal, Index), Error> {
        let index = self.index()?;
        let who = self.principal(&index).await?;
        self.count_request(&who, true).await?;
        Ok((who, index))
    }

    async fn ingest(&mut self, at: FormatPath) -> Result<Reply, Error> {
        let (format, accepted) = FORMATS.choose(at, self.header("content-type").as_deref())?;
        self.format = Some(format);
        let index = self.index()?;
        let who = self.principal(&index).await?;
        self.count_request(&who, false).await?;
        accepted?;
        let prefer = self.header("prefer");
        let preference = Preference {
            project: who.handling,
            request: prefer.as_deref().and_then(ingest::preferred_handling),
        };
        // What it is counted as is held up to the end, as the body is.
        let Body { bytes, raw, share: _share } =
            body::read_body(&mut self.request, format.max_body_bytes).await?;
        if !at.kept {
            return Ok((format.unkept)());
        }
        self.bytes = Some(bytes.len());
        let store: R2Bucket = binding(&self.env, "RAW")?;
        let queue = self.env.queue("QUEUE").map_err(|e| Fault::Internal(e.to_string()))?;
        let upload = Upload { project: &who.project, format, preference, received: now() };
        let Ingested { receipt, unsent } =
            ingest(upload, bytes, raw.as_ref(), &store, &queue).await?;
        drop(raw);
        self.events = Some(receipt.events);
        if let Some(message) = unsent {
            // The queue is down. What it would have had done is done here,
            // after the answer; should that fail too, the sweeper does it.
            let env = self.env.clone();
            self.context.wait_until(async move {
                let delivery = Delivery { message, attempt: 1 };
                for outcome in
                    consume(slice::from_ref(&delivery), &now, FORMATS, &store, &index).await
                {
                    let key = &delivery.message.key;
                    log::consumed(key, 0, &outcome);
                    analytics::write(&env, data_points::settled(key, &outcome, false));
                }
            });
        }
        Ok((format.accepted)(&receipt, at.path))
    }

    /// Counts what the request came to, and hands counts on when it is time.
    fn count(&self, error: Option<&Error>) {
        let project = self.project.as_deref();
        analytics::write(
            &self.env,
            match (error, project, self.events, self.bytes) {
                (Some(error), ..) => data_points::rejected(project, error),
                (None, Some(project), Some(events), Some(bytes)) => {
                    Some(data_points::accepted(project, events, bytes))
                }
                _ => None,
            },
        );
        let reason = match error {
            Some(Error::Reject(reject)) => Reason::of(reject),
            _ => None,
        };
        let due = REJECTIONS.with_borrow_mut(|tally| {
            if let (Some(reason), Some(project)) = (reason, &self.project) {
                tally.add(project, reason);
            }
            tally.due(self.started)
        });
        if let (false, Ok(index)) = (due.is_empty(), self.index()) {
            // Counts that cannot be handed on are lost: they are close, not exact.
            self.context.wait_until(async move { drop(index.run(due).await) });
        }
    }
}
