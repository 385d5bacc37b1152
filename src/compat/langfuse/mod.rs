//! What Langfuse's SDKs ask: whether a key is good, traces and observations (`read`) and
//! scores (`scores`), by `query`, in the `shape` that they parse, and what is not kept here (prompts, datasets,
//! media, …). That is answered with 404 at once, since some of them ask for it again and
//! again. A medium must never seem to be taken: the SDK would replace it by a reference in
//! the event.

mod query;
mod read;
mod scores;
mod shape;
mod walk;

use percent_encoding::percent_decode_str;
use serde_json::json;

use crate::access::api_keys::Principal;
use crate::access::scope::Scope;
use crate::batch::RawStore;
use crate::error::{Error, Reject};
use crate::formats::langfuse;
use crate::formats::wire_format::WireFormat;
use crate::index::Database;
use crate::payload::Source;
use crate::reply::Reply;

/// The format in whose words failures are said.
pub const FORMAT: &WireFormat = &langfuse::BATCH;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Whether the service runs.
    Health,
    /// The project that the key belongs to.
    Projects,
    /// A list of traces.
    Traces,
    /// A trace.
    Trace(String),
    /// A list of observations.
    Observations,
    /// An observation.
    Observation(String),
    /// A list of scores.
    Scores,
    /// A score.
    Score(String),
    /// What there is none of here.
    Nothing,
}

/// What is asked for at a path.
#[must_use]
pub fn find(method: &str, parts: &[&str]) -> Option<Question> {
    let ["api", "public", rest @ ..] = parts else { return None };
    let id = |part: &str| percent_decode_str(part).decode_utf8().ok().map(Into::into);
    let found = match (method, rest) {
        ("GET", ["health"]) => Some(Question::Health),
        ("GET", ["projects"]) => Some(Question::Projects),
        ("GET", ["traces"]) => Some(Question::Traces),
        ("GET", ["traces", part]) => id(part).map(Question::Trace),
        ("GET", ["observations"]) => Some(Question::Observations),
        ("GET", ["observations", part]) => id(part).map(Question::Observation),
        ("GET", ["scores"]) => Some(Question::Scores),
        ("GET", ["scores", part]) => id(part).map(Question::Score),
        _ => None,
    };
    Some(found.unwrap_or(Question::Nothing))
}

/// The answer to what needs no key.
#[must_use]
pub fn answer_anybody(question: &Question) -> Option<Result<Reply, Reject>> {
    match question {
        Question::Health => {
            let health = json!({ "status": "OK", "version": env!("CARGO_PKG_VERSION") });
            Some(Ok(Reply::json(200, health.to_string())))
        }
        Question::Nothing => Some(Err(nothing())),
        _ => None,
    }
}

/// What a key must be allowed. Whoever sends may ask whether the key is good.
#[must_use]
pub fn scope(question: &Question) -> Scope {
    if *question == Question::Projects { Scope::Ingest } else { Scope::Read }
}

fn nothing() -> Reject {
    let what =
        "Edgespan keeps what Langfuse's clients send of traces, and has nothing at this path";
    Reject::NotFound(what.into())
}

/// The answer to whoever has a key.
///
/// # Errors
/// See [`super::Question::answer`].
pub async fn answer(
    question: Question,
    who: &Principal,
    query: &str,
    db: &impl Database,
    source: Source<'_, impl RawStore>,
) -> Result<Reply, Error> {
    let project = &who.project;
    match question {
        Question::Projects => Ok(projects(who)),
        Question::Traces => read::list(project, query, db, source).await,
        Question::Trace(id) => read::trace(project, &id, db, source).await,
        Question::Observations => read::observations(project, query, db, source).await,
        Question::Observation(id) => read::observation(project, &id, query, db, source).await,
        Question::Scores => scores::list(project, query, db).await,
        Question::Score(id) => scores::score(project, &id, db).await,
        Question::Health | Question::Nothing => Err(nothing().into()),
    }
}

/// The project of a key, in an organisation of its own: there are none here.
fn projects(Principal { project, project_name, .. }: &Principal) -> Reply {
    let own = json!({ "id": project, "name": project_name });
    let data =
        json!([{ "id": project, "name": project_name, "organization": own, "metadata": {} }]);
    Reply::json(200, json!({ "data": data }).to_string())
}
