use std::collections::HashSet;

use super::headers::{RequestInfo, common_headers};
use crate::dashboard;
use crate::error::{Error, Fault, Kind, Reject, Severity};
use crate::reply::Reply;
use crate::telemetry::data_points;

#[test]
fn the_operators_paths_are_for_no_other_origin() {
    for (path, page, shared) in [
        ("/api/v1/traces", false, true),
        ("/api/v1/health", false, true),
        ("/api/v1/administrators", false, true),
        ("/api/v1/admin", false, false),
        ("/api/v1/admin/", false, false),
        ("/api/v1/admin/replay", false, false),
        ("/api/v1/admin/none", false, false),
        ("/traces", true, false),
    ] {
        let headers = common_headers(&RequestInfo { id: "", path, secure: false }, page);
        let found = headers.iter().any(|(name, _)| name.starts_with("access-control-"));
        assert_eq!(found, shared, "{path}");
    }
}

#[test]
fn every_response_forbids_sniffing_and_over_https_everything_else() {
    for page in [false, true] {
        for (secure, expected) in [(false, 0), (true, 1)] {
            let headers = common_headers(&RequestInfo { id: "", path: "/", secure }, page);
            let count = |wanted| headers.iter().filter(|(name, _)| *name == wanted).count();
            assert_eq!(count("x-content-type-options"), 1);
            assert_eq!(count("strict-transport-security"), expected);
        }
    }
}

/// One failure of each kind. The match makes whoever adds one add it here.
fn failures() -> Vec<(Error, u16, &'static str, Severity)> {
    let text = String::new;
    let all: [Error; 12] = [
        Reject::invalid("p", "m").into(),
        Reject::Unauthorized("").into(),
        Reject::Forbidden("").into(),
        Reject::NotFound(text()).into(),
        Reject::MethodNotAllowed { allow: "GET".into() }.into(),
        Reject::Conflict(text()).into(),
        Reject::TooLarge(text()).into(),
        Reject::UnsupportedMediaType(text()).into(),
        Reject::QuotaExceeded { retry_after_s: 1 }.into(),
        Reject::RateLimited { limit: 1, window_s: 10 }.into(),
        Fault::Internal(text()).into(),
        Fault::Unavailable { what: "d1", why: text() }.into(),
    ];
    let expected = |error: &Error| match error {
        Error::Reject(reject) => match reject {
            Reject::Validation { .. } => (400, "VALIDATION_ERROR", Severity::Info),
            Reject::Unauthorized(_) => (401, "UNAUTHORIZED", Severity::Info),
            Reject::Forbidden(_) => (403, "FORBIDDEN", Severity::Info),
            Reject::NotFound(_) => (404, "NOT_FOUND", Severity::Info),
            Reject::MethodNotAllowed { .. } => (405, "METHOD_NOT_ALLOWED", Severity::Info),
            Reject::Conflict(_) => (409, "CONFLICT", Severity::Info),
            Reject::TooLarge(_) => (413, "PAYLOAD_TOO_LARGE", Severity::Info),
            Reject::UnsupportedMediaType(_) => (415, "UNSUPPORTED_MEDIA_TYPE", Severity::Info),
            Reject::QuotaExceeded { .. } => (429, "QUOTA_EXCEEDED", Severity::Info),
            Reject::RateLimited { .. } => (429, "RATE_LIMIT_EXCEEDED", Severity::Info),
        },
        Error::Fault(Fault::Internal(_)) => (500, "INTERNAL_ERROR", Severity::Error),
        Error::Fault(Fault::Unavailable { .. }) => (503, "UNAVAILABLE", Severity::Warning),
    };
    let with = |error| {
        let (status, code, severity) = expected(&error);
        (error, status, code, severity)
    };
    all.into_iter().map(with).collect()
}

#[test]
fn answer_page_log_and_metrics_agree_on_every_failure() {
    let failures = failures();
    assert_eq!(failures.iter().map(|f| f.2).collect::<HashSet<_>>().len(), 12);
    for (error, status, code, severity) in failures {
        assert_eq!(error.kind(), Kind { status, code, severity });
        let reply = Reply::error(&error, "req-1");
        let body: serde_json::Value = serde_json::from_str(reply.text()).unwrap();
        assert_eq!((reply.status, body["error"]["code"].as_str()), (status, Some(code)));
        let (page, text) = dashboard::ui::layout::error_page(&error, None, "req-1");
        assert_eq!(page, status);
        assert!(text.into_string().contains(&status.to_string()));
        let point = data_points::rejected(Some("p"), &error).map(|point| point.reason);
        assert_eq!(point, (status != 404 && status != 405).then_some(code));
    }
}

#[test]
fn what_may_have_been_kept_is_not_said_to_be_refused() {
    let fault = Fault::Unavailable { what: "r2 put", why: String::new() };
    let reply = Reply::error(&fault.into(), "req-1");
    assert!(reply.text().contains("counts once"), "{}", reply.text());
    assert!(!reply.text().contains("nothing"), "{}", reply.text());
}

#[test]
fn faults_give_nothing_away_but_the_request_id() {
    let secret = "D1_ERROR: no such table: span";
    for fault in
        [Fault::Internal(secret.into()), Fault::Unavailable { what: "d1", why: secret.into() }]
    {
        let reply = Reply::error(&fault.into(), "req-1");
        assert!(!reply.text().contains("D1") && reply.text().contains("req-1"), "{}", reply.text());
    }
}
