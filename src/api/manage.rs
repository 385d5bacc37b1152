//! What is common to all that a project's administrators make, change and list: the
//! questions, what comes with them, and pages.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;

use super::filter::{DEFAULT_LIMIT, MAX_LIMIT};
use super::to_json;
use crate::error::{Error, Reject};
use crate::limits::MAX_CONFIG_NAME_CHARS;
use crate::model::Millis;

/// What is asked for; one of them by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manage {
    /// A page of them.
    List,
    /// To make one.
    Create,
    /// One.
    Get(String),
    /// To change what is given of one.
    Update(String),
    /// To delete one.
    Delete(String),
}

impl Manage {
    /// Whether there is more to it than its path says.
    #[must_use]
    pub fn takes_body(&self) -> bool {
        matches!(self, Self::Create | Self::Update(_))
    }

    /// Whether it makes something.
    #[must_use]
    pub fn creates(&self) -> bool {
        matches!(self, Self::Create)
    }
}

/// What comes with a question.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The project, by its id.
    pub project: &'a str,
    /// The query string.
    pub query: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// The clock.
    pub now: Millis,
    /// What nobody can guess.
    pub random: u32,
}

/// Which page of a list.
#[derive(Debug)]
pub(super) struct Page {
    /// After this id; empty for the first.
    pub(super) after: String,
    /// At most so many.
    pub(super) limit: usize,
}

/// The page that a query string asks for.
pub(super) fn parse_page(query: &str) -> Result<Page, Reject> {
    let (mut after, mut limit) = (String::new(), DEFAULT_LIMIT);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let invalid = |expected: &str| Reject::invalid(name.as_ref(), expected);
        match name.as_ref() {
            "limit" => {
                let known = value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
                limit = known.ok_or_else(|| invalid("expected a whole number from 1 to 100"))?;
            }
            "cursor" => {
                let place = BASE64_URL_SAFE_NO_PAD.decode(value.as_bytes()).ok();
                let place = place.and_then(|place| String::from_utf8(place).ok());
                after = place.ok_or_else(|| invalid("expected a `nextCursor` as it was given"))?;
            }
            _ => {}
        }
    }
    Ok(Page { after, limit })
}

/// A page as it is answered: `last` is the id of its last, where there are more.
pub(super) fn page(
    name: &str,
    shown: &impl Serialize,
    last: Option<&str>,
) -> Result<String, Error> {
    let next = to_json(&last.map(|id| BASE64_URL_SAFE_NO_PAD.encode(id)))?;
    Ok(format!(r#"{{"{name}":{},"nextCursor":{next}}}"#, to_json(shown)?))
}

/// What is answered for one that was deleted.
pub(super) fn deleted(id: &str) -> String {
    serde_json::json!({ "id": id, "deleted": true }).to_string()
}

/// Checks the name of one.
pub(super) fn check_name(name: &str) -> Result<(), Reject> {
    let chars = name.chars().take(MAX_CONFIG_NAME_CHARS + 1).count();
    let expected = || format!("expected 1 to {MAX_CONFIG_NAME_CHARS} characters");
    let good = (1..=MAX_CONFIG_NAME_CHARS).contains(&chars);
    if good { Ok(()) } else { Err(Reject::invalid("name", expected())) }
}

/// The refusal of a change of what is not any more what was changed.
pub(super) fn changed_meanwhile() -> Reject {
    Reject::Conflict("somebody else changed it meanwhile: look at it again".into())
}
