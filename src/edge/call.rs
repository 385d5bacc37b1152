//! A request on its way: its headers, who sent it, and what answers it.

use std::rc::Rc;

use worker::{Context, Env, Request};

use crate::access::api_keys::{Credentials, KeyCache, Principal};
use crate::access::key_header::KeyHeaders;
use crate::access::{api_keys, rate_limits};
use crate::edge::adapters;
use crate::edge::adapters::d1::{Index, KeyTable};
use crate::edge::adapters::r2::R2Bucket;
use crate::error::{Error, Fault, Reject};
use crate::formats::FORMATS;
use crate::formats::wire_format::WireFormat;
use crate::memory_budget::MemoryBudget;
use crate::model;
use crate::payload::Source;

thread_local! {
    /// The keys that this isolate has seen lately: plain data, lost with it.
    static KEYS: Rc<KeyCache> = Rc::default();
    /// What the answers under way hold.
    static READ_BUDGET: Rc<MemoryBudget> = Rc::new(MemoryBudget::for_reads());
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
    /// What a batch comes in, as far as that is known: it says how failures read.
    pub(super) format: Option<&'static WireFormat>,
    pub(super) route: &'static str,
    pub(super) bytes: Option<usize>,
    pub(super) events: Option<usize>,
}

impl Call {
    pub(super) fn source<'a>(
        &self,
        store: &'a R2Bucket,
        budget: &'a Rc<MemoryBudget>,
    ) -> Source<'a, R2Bucket> {
        Source { store, formats: FORMATS, budget, now: self.started }
    }

    pub(super) fn index(&self) -> Result<Index, Fault> {
        self.env.d1("DB").map(Index).map_err(|e| Fault::Internal(e.to_string()))
    }

    /// Whether this is local development: see [`api_keys::LOCAL_KEY`].
    pub(super) fn local(&self) -> bool {
        self.env.var("EDGESPAN_LOCAL").is_ok()
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        header(&self.request, name)
    }

    pub(super) async fn principal(&mut self, index: &Index) -> Result<Principal, Error> {
        let (header, api_key) = (self.header("authorization"), self.header("x-api-key"));
        let headers = KeyHeaders { authorization: header.as_deref(), api_key: api_key.as_deref() };
        let who = self.authenticate(headers, index).await?;
        self.project = Some(who.project.clone());
        Ok(who)
    }

    /// Who the key in some headers stands for.
    pub(super) async fn authenticate(
        &self,
        headers: KeyHeaders<'_>,
        index: &Index,
    ) -> Result<Principal, Error> {
        let address = self.address();
        let credentials = Credentials { headers, address: &address, local: self.local() };
        api_keys::authenticate(credentials, self.started, &key_cache(), &self.keys(index)).await
    }

    /// Counts a request against the limit of its key: reads and writes apart.
    pub(super) async fn count_request(&self, who: &Principal, read: bool) -> Result<(), Reject> {
        let check = rate_limits::request(&who.key_id, who.rate_limit, read);
        adapters::rate_limits::count(&self.env, check).await
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

/// A header of a request, if it has it and it is text.
pub(super) fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).ok().flatten()
}

/// The keys that this isolate knows.
pub(super) fn key_cache() -> Rc<KeyCache> {
    KEYS.with(Rc::clone)
}

/// What the answers under way hold.
pub(super) fn read_budget() -> Rc<MemoryBudget> {
    READ_BUDGET.with(Rc::clone)
}
