//! What the clients of other services ask of this one besides sending: their health
//! checks, who a key belongs to, traces in their own shape. A folder for each service;
//! nothing else names them. What they send is `formats`'s.

pub mod langfuse;

use crate::access::api_keys::Principal;
use crate::access::scope::Scope;
use crate::batch::RawStore;
use crate::error::{Error, Reject};
use crate::formats::wire_format::WireFormat;
use crate::index::Database;
use crate::payload::Source;
use crate::reply::Reply;

/// A question of another service's client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Of one of Langfuse's.
    Langfuse(langfuse::Question),
}

/// What is asked for with this method at a path, by its parts, if it is the place of a
/// service. `HEAD` is asked as `GET`.
#[must_use]
pub fn find(method: &str, parts: &[&str]) -> Option<Question> {
    langfuse::find(method, parts).map(Question::Langfuse)
}

impl Question {
    /// Whether there is something to be asked for, and not only a refusal in that service's
    /// words.
    #[must_use]
    pub fn has_answer(&self) -> bool {
        !matches!(self, Self::Langfuse(langfuse::Question::Nothing))
    }

    /// What logs call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Langfuse(_) => "langfuse",
        }
    }

    /// The format in whose words its failures are said.
    #[must_use]
    pub fn format(&self) -> &'static WireFormat {
        match self {
            Self::Langfuse(_) => langfuse::FORMAT,
        }
    }

    /// What a key must be allowed by which it is asked.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self {
            Self::Langfuse(question) => langfuse::scope(question),
        }
    }

    /// The answer to what anybody may ask, which costs nothing.
    #[must_use]
    pub fn answer_anybody(&self) -> Option<Result<Reply, Reject>> {
        match self {
            Self::Langfuse(question) => langfuse::answer_anybody(question),
        }
    }

    /// The answer to somebody who has a key.
    ///
    /// # Errors
    /// 400 for a query that cannot be read; 404 for what is not there; a fault of the
    /// database.
    pub async fn answer(
        self,
        who: &Principal,
        query: &str,
        db: &impl Database,
        source: Source<'_, impl RawStore>,
    ) -> Result<Reply, Error> {
        match self {
            Self::Langfuse(question) => langfuse::answer(question, who, query, db, source).await,
        }
    }
}
