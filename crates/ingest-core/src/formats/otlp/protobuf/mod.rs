//! OTLP in protobuf. `wire` reads fields; `walk` goes from the export to its spans and
//! says which of them can be read; `message` makes a span of its bytes; `logs` does both for log records. Field numbers
//! are those of `opentelemetry/proto/…/v1` of OTLP 1.11; fields that are not known are
//! passed over.

pub(super) mod logs;
pub(super) mod message;
pub(super) mod walk;
pub(super) mod wire;
