//! What a delivery tells of the traces that it says something of, for who goes on with them.

use std::rc::Rc;

use crate::fold::head::Head;
use crate::model::Millis;

/// A trace that a delivery says something of, as it is once that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Its project.
    pub project: String,
    /// Its id, as it is kept.
    pub id: Rc<str>,
    /// The version of its row.
    pub version: i64,
    /// When the first batch was received that mentions it.
    pub created_ms: Millis,
    /// Whether it says which evaluators it asks for; some, or none at all.
    pub asks: Option<bool>,
}

impl Touched {
    /// A trace of a project, whose row gets this version.
    pub(super) fn of(project: &str, id: &Rc<str>, version: i64, head: &Head) -> Self {
        Self {
            project: project.to_owned(),
            id: Rc::clone(id),
            version,
            created_ms: head.created_ms,
            asks: head.evaluators.as_ref().map(|told| &*told.value != "[]"),
        }
    }
}
