//! What a client reads when its batch is kept.

use serde_json::{Value, json};

use crate::formats::decoded::Receipt;
use crate::reply::Reply;

/// 201, with the number of events and, where bad ones were left out, each of them.
pub(super) fn accepted(receipt: &Receipt) -> Reply {
    let Receipt { events, refused, lenient, .. } = receipt;
    let mut body = json!({ "accepted": events });
    if let (Some((rejected, errors)), Value::Object(body)) = (refused, &mut body) {
        body.insert("rejected".into(), json!(rejected));
        body.insert("errors".into(), json!(errors));
    }
    let reply = Reply::json(201, body.to_string());
    if *lenient { reply.with("preference-applied", "handling=lenient") } else { reply }
}
