//! A request, as the service sees one that was sent.

use edgespan::error::Error;
use edgespan::http::platform::{RequestBody, RequestHead};
use edgespan::memory_budget::MemoryShare;
use edgespan::model::Millis;

use crate::world::BEGIN;

/// A request.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its method.
    pub method: &'static str,
    /// Its URL.
    pub url: String,
    /// Its headers, but for the length of its body.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// Whether it does not say how long its body is.
    pub chunked: bool,
    /// When its body is read.
    pub at: Millis,
}

/// Bytes that the platform holds.
#[derive(Debug)]
pub struct Held(Vec<u8>);

impl AsRef<Vec<u8>> for Held {
    fn as_ref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl Sent {
    /// A request of this path, without headers or a body.
    #[must_use]
    pub fn new(method: &'static str, path: &str) -> Self {
        let url = format!("https://edgespan.test{path}");
        Self { method, url, headers: Vec::new(), body: Vec::new(), chunked: false, at: BEGIN }
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with this key, or the operator's secret.
    #[must_use]
    pub fn bearer(self, key: &str) -> Self {
        self.header("authorization", format!("Bearer {key}"))
    }

    /// The same with a body.
    #[must_use]
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }
}

impl RequestHead for Sent {
    fn method(&self) -> String {
        self.method.into()
    }

    fn url(&self) -> String {
        self.url.clone()
    }

    fn header(&self, name: &str) -> Option<String> {
        if name == "content-length" && !self.chunked && !self.body.is_empty() {
            return Some(self.body.len().to_string());
        }
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }
}

impl RequestBody for Sent {
    type Held = Held;

    async fn read(
        &mut self,
        _: Option<usize>,
        most: usize,
        share: Option<&mut MemoryShare>,
    ) -> Result<Option<Held>, Error> {
        if let Some(share) = share {
            share.resize(self.body.len() as u64, self.at)?;
        }
        Ok(Some(Held(self.body.clone())).filter(|held| held.0.len() <= most))
    }

    fn length(held: &Held) -> usize {
        held.0.len()
    }

    fn copy(held: &Held) -> Vec<u8> {
        held.0.clone()
    }

    fn hold(bytes: &[u8]) -> Held {
        Held(bytes.to_vec())
    }
}
