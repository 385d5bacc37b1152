//! A subset of JSON Schema (2020-12): what schemas that models are given use. Any keyword
//! beyond it is an error, for a rule that is skipped in silence is a check that passes in
//! silence. There are no references, so checking ends.

mod check;
mod compile;
mod rules;

pub(crate) use check::{Budget, Checking, check};
pub(crate) use compile::{Compiling, compile};
pub(crate) use rules::Schema;
