//! What the SDKs read. They look at nothing but the status of an answer, and print its text
//! where that is a failure; they drop what is answered with a 4xx, and send again what is
//! answered with a 503, when it says. A 500 they send up to twelve times.

use serde_json::json;

use crate::error::Error;
use crate::formats::decoded::Receipt;
use crate::reply::Reply;

/// Seconds after which a client should try again.
const RETRY_AFTER_S: &str = "5";

/// How the SDKs are to send: as JSON, so many operations at a time, so many bytes. All six
/// of the settings are there because the SDK for Python reads some without a default.
const INFO: &str = r#"{"version":"0.10.0","instance_flags":{},"batch_ingest_config":{"use_multipart_endpoint":false,"size_limit":100,"size_limit_bytes":4000000,"scale_up_qsize_trigger":1000,"scale_up_nthreads_limit":4,"scale_down_nempty_trigger":4}}"#;

/// What each client asks for once, before it sends.
pub(super) fn info() -> Reply {
    Reply::json(200, INFO.into()).with("cache-control", "public, max-age=3600")
}

/// Feedback is given back as it is kept, for programs go on with that.
pub(super) fn accepted(receipt: &Receipt, path: &str) -> Reply {
    if path.ends_with("/feedback") {
        return Reply::json(200, receipt.answer.clone().unwrap_or_else(|| "{}".into()));
    }
    let refused = receipt.refused.as_ref().filter(|(count, _)| *count > 0);
    let said = refused.map_or_else(|| json!({}), |(count, details)| {
        json!({ "accepted": receipt.events, "refused": count, "details": details })
    });
    Reply::json(202, said.to_string())
}

pub(super) fn rejected(error: &Error, request_id: &str) -> Reply {
    let reply = Reply::error(error, request_id);
    if reply.status < 500 {
        return reply;
    }
    let others = reply.headers.into_iter().filter(|(name, _)| *name != "retry-after");
    Reply { status: 503, headers: others.collect(), ..reply }.with("retry-after", RETRY_AFTER_S)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Fault, Reject};

    #[test]
    fn what_failed_here_may_be_sent_again() {
        for fault in
            [Fault::Internal("x".into()), Fault::Unavailable { what: "r2 put", why: "x".into() }]
        {
            let reply = rejected(&Error::Fault(fault), "id-1");
            assert_eq!(reply.status, 503);
            let retry: Vec<_> = reply.headers.iter().filter(|(n, _)| *n == "retry-after").collect();
            assert_eq!(retry, [&("retry-after", RETRY_AFTER_S.to_owned())]);
        }
        let refused = Error::Reject(Reject::Unauthorized("no"));
        assert_eq!(rejected(&refused, "id-1"), Reply::error(&refused, "id-1"));
    }

    #[test]
    fn the_settings_are_all_there() {
        let info: serde_json::Value = serde_json::from_str(info().text()).unwrap();
        let settings = info["batch_ingest_config"].as_object().unwrap();
        assert_eq!(settings.len(), 6);
        assert_eq!(settings["use_multipart_endpoint"], false);
        assert_eq!(info["instance_flags"], json!({}));
    }
}
