//! What Langfuse's SDKs ask: whether a key is good, and what is not kept here (prompts,
//! datasets, media, …), which is answered with 404 at once, since some of them ask for it
//! again and again. A medium must never seem to be taken: the SDK would replace it by a
//! reference in the event.

use serde_json::json;

use crate::access::api_keys::Principal;
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
    /// What there is none of here.
    Nothing,
}

/// What is asked for at a path.
#[must_use]
pub fn find(method: &str, parts: &[&str]) -> Option<Question> {
    let ["api", "public", rest @ ..] = parts else { return None };
    Some(match (method, rest) {
        ("GET", ["health"]) => Question::Health,
        ("GET", ["projects"]) => Question::Projects,
        _ => Question::Nothing,
    })
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
        Question::Projects => None,
    }
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
#[expect(clippy::unused_async, reason = "reads come next")]
pub async fn answer(
    question: Question,
    who: &Principal,
    _query: &str,
    _db: &impl Database,
    _source: Source<'_, impl RawStore>,
) -> Result<Reply, Error> {
    match question {
        Question::Projects => Ok(projects(who)),
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
