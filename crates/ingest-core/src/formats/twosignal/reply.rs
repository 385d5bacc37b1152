//! What a client reads when its batch is kept.

use crate::formats::decoded::Receipt;
use crate::reply::Reply;

/// 201, with the number of events and, where bad ones were left out, each of them.
pub(super) fn accepted(receipt: &Receipt) -> Reply {
    let reply = receipt.to_reply(201);
    if receipt.lenient { reply.with("preference-applied", "handling=lenient") } else { reply }
}
