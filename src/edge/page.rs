//! The door for people: who is signed in, and the page that they asked for.

use super::d1::Index;
use super::fetch::{Call, held};
use super::r2::R2Bucket;
use super::{binding, limit};
use crate::dashboard::{self, Answer, Page, View, layout};
use crate::error::Error;
use crate::http::Reply;

impl Call {
    /// The answer to a request for a page.
    pub(super) async fn page(&mut self, page: &Page, url: &str) -> Result<Reply, Error> {
        let index = self.index()?;
        let who = self.principal(&index).await?;
        limit::count(&self.env, crate::limit::request(&who.key_id, who.rate_limit, true)).await?;
        let store: R2Bucket = binding(&self.env, "RAW")?;
        self.project_name = Some(who.project_name.clone());
        Ok(self.view(page, url, &who.project, &who.project_name, &index, &store).await?.into())
    }

    async fn view(
        &self,
        page: &Page,
        url: &str,
        project: &str,
        project_name: &str,
        index: &Index,
        store: &R2Bucket,
    ) -> Result<Answer, Error> {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let known = self.header("if-none-match");
        let held = held();
        let view = View {
            project,
            project_name,
            query,
            origin: origin(address),
            part: self.header("hx-request").is_some(),
            known: known.as_deref(),
            local: self.local(),
            now: self.started,
            db: index,
            source: self.source(store, &held),
        };
        dashboard::answer(page, &view).await
    }

    /// Whether whoever asks is better served with a page than with JSON.
    pub(super) fn wants_page(&self) -> bool {
        let accepts = self.header("accept").is_some_and(|accept| accept.contains("text/html"));
        self.route.starts_with("page-") || (self.route == "none" && accepts)
    }

    /// The page of a failure.
    pub(super) fn error_page(&self, error: &Error, id: &str) -> Reply {
        let (status, page) = layout::error(error, self.project_name.as_deref(), id);
        let reply = Reply::error(error, id);
        // What the API's answer says in headers (when to come back, what may be
        // asked) holds for pages too.
        let headers = reply.headers.into_iter().filter(|(name, _)| *name != "content-type");
        let mut answer = Answer::html(status, page);
        answer.headers.extend(headers);
        answer.into()
    }
}

/// The scheme and the host of a URL.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host + at);
    url.get(..end).unwrap_or_default()
}
