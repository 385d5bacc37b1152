//! OTLP in JSON, as exporters really write it. `walk` finds the spans of an export,
//! `message` makes a span of its bytes, `logs` does both for log records, `scalar` reads ids, numbers and enums in every
//! spelling that was met. Keys are taken in camel case, as the standard has them, and in
//! snake case; keys that are not known are passed over, and what is of another kind than
//! it should be says nothing.

pub(super) mod logs;
pub(super) mod message;
mod scalar;
pub(super) mod walk;
