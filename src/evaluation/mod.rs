//! Evaluators on stored traces. Whoever writes a trace sends word of it
//! ([`crate::pipeline::evaluations`]); once it may be judged it is read ([`outline`],
//! [`subject`]), judged by each evaluator that is for it ([`plan`], [`run`]), and what they say
//! becomes a raw batch like any other, in a format that nobody posts ([`results`]). So scores
//! are kept, folded, replayed and deleted as all others are.
//!
//! All of it may be repeated, and done by many at once: a score's id says what it is of, its
//! time is that of what was judged, and what was judged already is not judged again.

mod claim;
mod dispatch;
pub mod outline;
pub mod outside;
pub mod plan;
pub mod results;
pub mod run;
mod state;
pub mod subject;
pub mod trial;
pub mod verdict;
