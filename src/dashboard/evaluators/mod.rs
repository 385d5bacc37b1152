//! The page of a project's evaluators: making them, trying them on a trace before they are
//! saved, changing them, switching them off. All of it is forms, without any script; what they
//! do is `http`'s.

pub mod form;
pub mod page;
