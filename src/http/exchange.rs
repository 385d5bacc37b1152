//! A request on its way: what it is made of, who sent it, and what is noted of it.

use std::rc::Rc;

use super::address::Address;
use super::body::{Wanted, receive, receive_form};
use super::platform::{Isolate, Platform, RequestBody, RequestHead};
use crate::access::api_keys::{Credentials, Principal};
use crate::access::key_header::KeyHeaders;
use crate::access::scope::Scope;
use crate::access::{api_keys, rate_limits};
use crate::error::{Error, Reject};
use crate::formats::Formats;
use crate::formats::content_type::check_json;
use crate::formats::wire_format::WireFormat;
use crate::model::Millis;
use crate::payload::Source;

/// What the log and the metrics will want to know of a request.
#[derive(Debug, Default)]
pub struct Noted {
    /// The project that it is for.
    pub project: Option<String>,
    /// The project's name, when somebody is signed in to it.
    pub project_name: Option<String>,
    /// What a batch comes in, as far as that is known: it says how failures read.
    pub format: Option<&'static WireFormat>,
    /// Bytes of its body.
    pub bytes: Option<usize>,
    /// Events that were accepted.
    pub events: Option<usize>,
    /// What failed, where the answer only says that something did.
    pub failed: Option<Error>,
}

/// A request on its way.
pub(super) struct Exchange<'a, P, R> {
    pub(super) request: &'a mut R,
    pub(super) platform: &'a P,
    pub(super) isolate: &'a Isolate,
    pub(super) formats: Formats,
    pub(super) url: Rc<str>,
    pub(super) started: Millis,
    pub(super) noted: Noted,
}

impl<P: Platform, R: RequestHead> Exchange<'_, P, R> {
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.request.header(name)
    }

    /// The client's address.
    pub(super) fn client(&self) -> String {
        self.header("cf-connecting-ip").unwrap_or_default()
    }

    /// Where payloads come from.
    pub(super) fn source<'s>(&'s self, store: &'s P::Store) -> Source<'s, P::Store> {
        Source { store, formats: self.formats, budget: &self.isolate.reads, now: self.started }
    }

    /// Who the key in the request's headers stands for, which has to have a scope.
    pub(super) async fn principal(&mut self, wanted: Scope) -> Result<Principal, Error> {
        let (authorization, api_key) = (self.header("authorization"), self.header("x-api-key"));
        let headers =
            KeyHeaders { authorization: authorization.as_deref(), api_key: api_key.as_deref() };
        let who = self.authenticate(headers).await?;
        self.noted.project = Some(who.project.clone());
        who.scopes.check(wanted)?;
        Ok(who)
    }

    /// Who the key in some headers stands for.
    pub(super) async fn authenticate(&self, headers: KeyHeaders<'_>) -> Result<Principal, Error> {
        let (address, local) = (self.client(), self.platform.is_local());
        let credentials = Credentials { headers, address: &address, local };
        let keys = self.platform.keys()?;
        api_keys::authenticate(credentials, self.started, &self.isolate.keys, &keys).await
    }

    /// The same, counted as a read whatever it asks for: who asks too often is never kept from
    /// sending traces.
    pub(super) async fn reader(&mut self, wanted: Scope) -> Result<Principal, Error> {
        let who = self.principal(wanted).await?;
        self.count(&who, true).await?;
        Ok(who)
    }

    /// Counts the request against the limit of its key: reads and writes apart.
    pub(super) async fn count(&self, who: &Principal, read: bool) -> Result<(), Reject> {
        let check = rate_limits::request(&who.key_id, who.rate_limit, read);
        self.platform.count(check).await
    }

    /// The address, which outlives what is done with the rest.
    pub(super) fn url(&self) -> Rc<str> {
        Rc::clone(&self.url)
    }

    /// The query string.
    pub(super) fn query(&self) -> String {
        Address::of(&self.url).query.to_owned()
    }
}

impl<P: Platform, R: RequestHead + RequestBody> Exchange<'_, P, R> {
    /// The bytes of a body that is said to be JSON, at most so many.
    pub(super) async fn receive_json(&mut self, most: usize) -> Result<Vec<u8>, Error> {
        check_json(self.header("content-type").as_deref())?;
        let now = || self.platform.now();
        let wanted = Wanted { most, zstd: false };
        Ok(receive(self.request, wanted, &self.isolate.uploads, &now).await?.bytes)
    }

    /// The bytes of a form, at most so many.
    pub(super) async fn receive_form(&mut self, most: usize) -> Result<Vec<u8>, Error> {
        let form = receive_form(self.request, most).await?;
        form.ok_or_else(|| Reject::TooLarge("That is no form of this page.".into()).into())
    }
}
