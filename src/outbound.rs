//! The port to servers elsewhere: one POST or GET, and what comes back. Leaves out whom one may
//! ask, and when to ask again.

use crate::error::Fault;

/// A request to be sent. Redirects are not followed: their answers are replies as others are.
#[derive(Debug, Clone, Copy)]
pub struct Post<'a> {
    /// Where to, `https://…`.
    pub url: &'a str,
    /// Names and values.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a str,
    /// Milliseconds within which all of the reply has to be there.
    pub timeout_ms: u32,
    /// At most so many bytes of the reply's body are read.
    pub most: usize,
}

/// A question to be sent. Redirects are not followed either.
#[derive(Debug, Clone, Copy)]
pub struct Get<'a> {
    /// Where to, `https://…`.
    pub url: &'a str,
    /// Names and values.
    pub headers: &'a [(&'a str, &'a str)],
    /// As of a [`Post`].
    pub timeout_ms: u32,
    /// As of a [`Post`].
    pub most: usize,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundReply {
    /// The status.
    pub status: u16,
    /// The `Retry-After` header, as it is.
    pub retry_after: Option<String>,
    /// The body; `None` where it has more bytes than were wanted.
    pub body: Option<Vec<u8>>,
}

impl OutboundReply {
    /// Whether the receiver says that it did what was asked.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Sends requests. Implemented over the platform's `fetch` by `edge`.
#[allow(async_fn_in_trait, reason = "one thread, and only this crate implements it")]
pub trait Outbound {
    /// Sends one, and reads what comes back.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] where no whole reply came. What it says names neither the
    /// address nor anything that was sent: either may be secret.
    async fn post(&self, post: Post<'_>) -> Result<OutboundReply, Fault>;

    /// Asks, and reads what comes back. Only what shows pages needs that.
    ///
    /// # Errors
    /// As of [`Outbound::post`].
    async fn get(&self, _: Get<'_>) -> Result<OutboundReply, Fault> {
        Err(Fault::Unavailable { what: "outbound request", why: "nobody is asked".into() })
    }
}
