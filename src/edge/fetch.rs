//! The door for requests: finds out what is wanted and by whom, has it done,
//! and puts the answer into a response.

use std::cell::RefCell;
use std::rc::Rc;
use std::slice;

use worker::{Context, Env, Request, Response, event};

use super::body::Body;
use super::d1::{Index, KeyTable};
use super::r2::R2Bucket;
use super::{admin, binding, limit, log, metrics, now};
use crate::api::Source;
use crate::auth::{self, Cache, Credentials, Principal};
use crate::consumer::{Delivery, consume};
use crate::error::{Error, Fault};
use crate::http::{self, Asked, Reply, Route};
use crate::ingest::{self, Preference};
use crate::local::{self, Sent};
use crate::payload::Held;
use crate::store::Database;
use crate::tally::{Reason, Tally};
use crate::{api, model};

thread_local! {
    /// The keys that this isolate has seen lately: plain data, lost with it.
    static KEYS: RefCell<Cache> = RefCell::default();
    /// What the answers under way hold.
    static HELD: Rc<Held> = Rc::default();
    /// Rejected requests that are yet to be counted in the database.
    static TALLY: RefCell<Tally> = RefCell::default();
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
        route: "none",
        bytes: None,
        events: None,
    };
    let result = call.answer(&method).await;
    let (reply, error) = match result {
        Ok(reply) => (reply, None),
        Err(error) if call.wants_page() => (call.error_page(&error, &id), Some(error)),
        Err(error) => (Reply::error(&error, &id), Some(error)),
    };
    log::request(
        &log::Request {
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
    respond(reply, &method, &Asked { id: &id, path: &path, secure })
}

fn respond(reply: Reply, method: &str, asked: &Asked<'_>) -> worker::Result<Response> {
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
        Ok(builder.fixed(reply.body.into_bytes()))
    }
}

/// 64 random bits: enough to find one request in a day's log.
fn request_id() -> String {
    getrandom::u64().map_or_else(|_| "unknown".into(), |id| format!("{id:016x}"))
}

/// A request on its way, with what the log will want to know.
pub(super) struct Call {
    pub(super) request: Request,
    pub(super) env: Env,
    pub(super) context: Context,
    pub(super) started: model::Millis,
    pub(super) project: Option<String>,
    /// The project's name, when somebody is signed in to it.
    pub(super) project_name: Option<String>,
    pub(super) route: &'static str,
    bytes: Option<usize>,
    events: Option<usize>,
}

impl Call {
    async fn answer(&mut self, method: &str) -> Result<Reply, Error> {
        // Taken apart by hand: `Request::url()` brings a URL parser with all of
        // Unicode's host names, a fifth of the Worker's size.
        let url = self.request.inner().url();
        let query = url.split_once('?').map_or("", |(_, query)| query);
        if self.local() {
            let (host, origin) = (self.header("host"), self.header("origin"));
            local::check(Sent { url: &url, host: host.as_deref(), origin: origin.as_deref() })?;
        }
        let route = Route::find(method, &self.request.path())?;
        self.route = route.name();
        match route {
            Route::Preflight => Ok(Reply::preflight()),
            Route::Health => Ok(Reply::health()),
            Route::Page(page) => self.page(&page, &url).await,
            Route::Ingest => self.ingest().await,
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
                let Body { bytes, .. } = self.body().await?;
                Ok(Reply::data(api::to_json(&admin::replay(&self.env, &bytes).await?)?))
            }
            Route::ListTraces => {
                let (who, index) = self.reader().await?;
                let store = binding(&self.env, "RAW")?;
                Ok(Reply::data(
                    api::list(&who.project, query, &index, self.source(&store, &held())).await?,
                ))
            }
            Route::GetTrace(id) => {
                let (who, index) = self.reader().await?;
                let store = binding(&self.env, "RAW")?;
                let held = held();
                let source = self.source(&store, &held);
                Ok(Reply::data(api::get(&who.project, &id, query, &index, source).await?))
            }
            Route::GetSpan(id, span) => {
                let (who, index) = self.reader().await?;
                let store = binding(&self.env, "RAW")?;
                let held = held();
                let source = self.source(&store, &held);
                Ok(Reply::data(api::get_span(&who.project, &id, &span, &index, source).await?))
            }
        }
    }

    async fn reader(&mut self) -> Result<(Principal, Index), Error> {
        let index = self.index()?;
        let who = self.principal(&index).await?;
        limit::count(&self.env, crate::limit::request(&who.key_id, who.rate_limit, true)).await?;
        Ok((who, index))
    }

    async fn ingest(&mut self) -> Result<Reply, Error> {
        let index = self.index()?;
        let who = self.principal(&index).await?;
        limit::count(&self.env, crate::limit::request(&who.key_id, who.rate_limit, false)).await?;
        let prefer = self.header("prefer");
        let preference = Preference {
            project: who.handling,
            request: prefer.as_deref().and_then(ingest::preferred_handling),
        };
        // What it is counted as is held up to the end, as the body is.
        let Body { bytes, raw, share: _share } = self.body().await?;
        self.bytes = Some(bytes.len());
        let store: R2Bucket = binding(&self.env, "RAW")?;
        let queue = self.env.queue("QUEUE").map_err(|e| Fault::Internal(e.to_string()))?;
        // Not when the request began: a body may take minutes to arrive, and a
        // key that old would lie behind where the sweeper is.
        let accepted =
            ingest::ingest(&who.project, bytes, raw.as_ref(), preference, now(), &store, &queue)
                .await?;
        drop(raw);
        self.events = Some(accepted.events);
        if let Some(message) = &accepted.unsent {
            // The queue is down. What it would have had done is done here,
            // after the answer; should that fail too, the sweeper does it.
            let (message, env) = (message.clone(), self.env.clone());
            self.context.wait_until(async move {
                let delivery = Delivery { message, attempt: 1 };
                for outcome in consume(slice::from_ref(&delivery), &now, &store, &index).await {
                    let key = &delivery.message.key;
                    log::consumed(key, 0, &outcome);
                    metrics::write(&env, crate::metrics::settled(key, &outcome, false));
                }
            });
        }
        Ok(Reply::accepted(&accepted))
    }

    /// Counts what the request came to, and hands counts on when it is time.
    fn count(&self, error: Option<&Error>) {
        let project = self.project.as_deref();
        metrics::write(
            &self.env,
            match (error, project, self.events, self.bytes) {
                (Some(error), ..) => crate::metrics::rejected(project, error),
                (None, Some(project), Some(events), Some(bytes)) => {
                    Some(crate::metrics::accepted(project, events, bytes))
                }
                _ => None,
            },
        );
        let reason = match error {
            Some(Error::Reject(reject)) => Reason::of(reject),
            _ => None,
        };
        let due = TALLY.with_borrow_mut(|tally| {
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

    pub(super) fn source<'a>(
        &self,
        store: &'a R2Bucket,
        held: &'a Rc<Held>,
    ) -> Source<'a, R2Bucket> {
        Source { store, held, now: self.started }
    }

    pub(super) fn index(&self) -> Result<Index, Fault> {
        self.env.d1("DB").map(Index).map_err(|e| Fault::Internal(e.to_string()))
    }

    /// Whether this is local development: see [`auth::LOCAL_KEY`].
    pub(super) fn local(&self) -> bool {
        self.env.var("EDGESPAN_LOCAL").is_ok()
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.request.headers().get(name).ok().flatten()
    }

    pub(super) async fn principal(&mut self, index: &Index) -> Result<Principal, Error> {
        let header = self.header("authorization");
        let who = self.authenticate(header.as_deref(), index).await?;
        self.project = Some(who.project.clone());
        Ok(who)
    }

    /// Who an `Authorization` header stands for.
    pub(super) async fn authenticate(
        &self,
        header: Option<&str>,
        index: &Index,
    ) -> Result<Principal, Error> {
        let address = self.address();
        let credentials = Credentials { header, address: &address, local: self.local() };
        auth::authenticate(credentials, self.started, &with_keys, &self.keys(index)).await
    }

    /// The table of keys.
    pub(super) fn keys<'a>(&'a self, index: &'a Index) -> KeyTable<'a> {
        KeyTable { index, env: &self.env, context: &self.context }
    }

    /// The client's address.
    pub(super) fn address(&self) -> String {
        self.header("cf-connecting-ip").unwrap_or_default()
    }
}

/// Runs `use_it` on the keys that this isolate knows.
pub(super) fn with_keys(use_it: &mut dyn FnMut(&mut Cache)) {
    KEYS.with_borrow_mut(|cache| use_it(cache));
}

pub(super) fn held() -> Rc<Held> {
    HELD.with(Rc::clone)
}
