//! A body before it is known what is in it: how large it may be, and what is said of one
//! that is not in its encoding.

use super::protobuf::wire::Malformed;
use crate::error::Reject;
use crate::limits::{MAX_OTLP_BODY_BYTES, MAX_OTLP_SPANS};

/// The text of a body of JSON.
pub(super) fn text_of(body: &[u8]) -> Result<&str, Reject> {
    check_size(body)?;
    simdutf8::compat::from_utf8(body).map_err(|error| {
        let at = error.valid_up_to();
        Reject::invalid("body", format!("it is not UTF-8: byte {at} does not belong there"))
    })
}

pub(super) fn check_size(body: &[u8]) -> Result<(), Reject> {
    if body.len() <= MAX_OTLP_BODY_BYTES {
        return Ok(());
    }
    let message = format!("the body has {} bytes, over {MAX_OTLP_BODY_BYTES}", body.len());
    Err(Reject::TooLarge(message))
}

/// What is said of a body that is no protobuf.
pub(super) fn malformed(Malformed { at, expected }: Malformed) -> Reject {
    Reject::invalid("body", format!("malformed protobuf at byte {at}: expected {expected}"))
}

/// What is said of an export with more than it may have of these.
pub(super) fn too_many(of: &str) -> Reject {
    Reject::TooLarge(format!("more than {MAX_OTLP_SPANS} {of} in an export"))
}
