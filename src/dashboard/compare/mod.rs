//! Two traces side by side: their trees aligned, what differs in time, tokens and cost, and
//! what a step was given and said in each.

pub mod align;
pub mod page;
mod texts;
