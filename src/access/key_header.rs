//! The API key in a request's headers, in every form in which clients were seen to send
//! it. Whether there is such a key is `api_keys`'s.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;

use crate::error::Reject;
use crate::limits::MAX_KEY_BYTES;

/// What a request says of its key.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyHeaders<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `x-api-key` header, which counts where there is no other.
    pub api_key: Option<&'a str>,
}

/// Base64 as clients write it: its padding may be missing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Longest header that is decoded: a key, percent-encoded, and a name of some length.
const MAX_HEADER_BYTES: usize = 4 * MAX_KEY_BYTES;

/// The key that these headers carry.
///
/// # Errors
/// [`Reject::Unauthorized`] where they carry none, with the form that is right.
pub fn find_key(headers: KeyHeaders<'_>) -> Result<String, Reject> {
    let key = match (headers.authorization, headers.api_key) {
        (Some(header), _) => authorization(header).ok_or(Reject::Unauthorized(
            "send the API key as `Authorization: Bearer ts_…`; the scheme is not Bearer",
        ))?,
        (None, Some(key)) => key.trim().to_owned(),
        // Exporters drop a variable that has a colon in it, and say nothing.
        (None, None) => {
            return Err(Reject::Unauthorized(
                "send the API key as `Authorization: Bearer ts_…`; there is no Authorization header \
                 (for OpenTelemetry: OTEL_EXPORTER_OTLP_HEADERS=\"Authorization=Bearer ts_…\", with `=`)",
            ));
        }
    };
    if ["sk-lf-", "pk-lf-"].iter().any(|own| key.starts_with(own)) {
        return Err(Reject::Unauthorized(
            "this is a key of Langfuse's; an API key begins with `ts_` (LANGFUSE_SECRET_KEY=ts_…, \
             LANGFUSE_PUBLIC_KEY may be anything)",
        ));
    }
    if !key.starts_with("ts_") || key.len() > MAX_KEY_BYTES {
        return Err(Reject::Unauthorized("an API key begins with `ts_`; this one does not"));
    }
    Ok(key)
}

/// What a header carries: the token of the scheme Bearer; the password of the scheme
/// Basic, or the user where there is none (Langfuse's SDKs have a pair of keys); or a key
/// without a scheme. LangSmith's exporter leaves the percent-encoding of the variable in.
fn authorization(header: &str) -> Option<String> {
    let header = match header.get(..header.floor_char_boundary(MAX_HEADER_BYTES))? {
        encoded if encoded.contains('%') => percent_decode_str(encoded).decode_utf8().ok()?,
        plain => Cow::Borrowed(plain),
    };
    if let Some(token) = bearer(&header) {
        return Some(token.to_owned());
    }
    let header = header.trim();
    if header.starts_with("ts_") {
        return Some(header.to_owned());
    }
    let basic = scheme(header, "basic")?;
    let pair = String::from_utf8(BASE64.decode(basic).ok()?).ok()?;
    let (user, password) = pair.split_once(':').unwrap_or((&pair, ""));
    Some(if password.is_empty() { user } else { password }.to_owned())
}

/// What an `Authorization` header carries under the scheme Bearer.
pub(super) fn bearer(header: &str) -> Option<&str> {
    scheme(header.trim(), "bearer")
}

/// What a header carries under a scheme. Schemes are in either case, and any spaces and
/// tabs lie between (RFC 9110, 11.1 and 5.6.3).
fn scheme<'a>(header: &'a str, wanted: &str) -> Option<&'a str> {
    let (scheme, token) = header.split_once([' ', '\t'])?;
    scheme.eq_ignore_ascii_case(wanted).then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(authorization: Option<&str>, api_key: Option<&str>) -> Result<String, Reject> {
        find_key(KeyHeaders { authorization, api_key })
    }

    #[test]
    fn finds_a_key_in_every_form() {
        let basic = |pair: &str| format!("Basic {}", BASE64.encode(pair));
        let unpadded = basic("pk-lf-1:ts_x").trim_end_matches('=').to_owned();
        for header in [
            "Bearer ts_x",
            "bearer ts_x",
            "  BEARER   ts_x ",
            "Bearer\tts_x",
            "Bearer \t ts_x\t",
            "Bearer%20ts_x",
            "Bearer%20ts%5Fx",
            "ts_x",
            " ts_x ",
            &basic("pk-lf-1:ts_x"),
            &basic("ts_x:"),
            &basic("ts_x"),
            &basic(":ts_x").replace("Basic", "basic"),
            &unpadded,
        ] {
            assert_eq!(find(Some(header), Some("ts_other")), Ok("ts_x".into()), "{header}");
        }
        assert_eq!(find(None, Some(" ts_x")), Ok("ts_x".into()));
    }

    #[test]
    fn refuses_what_carries_no_key() {
        let long = format!("Bearer ts_{}", "x".repeat(MAX_KEY_BYTES));
        let wrong = format!("Basic {}", BASE64.encode("pk:sk-lf-1"));
        for header in [
            "",
            "Basic ts_x",
            "Basic %%%",
            "Bearer",
            "Bearerts_x",
            "Bearer\u{a0}ts_x",
            "Bearer%FFts_x",
            "Bearer sk_x",
            "sk_x",
            &long,
            &wrong,
        ] {
            assert!(matches!(find(Some(header), None), Err(Reject::Unauthorized(_))), "{header}");
        }
        assert!(find(None, Some("sk_x")).is_err());
        let Err(Reject::Unauthorized(message)) = find(Some(&wrong), None) else { panic!("a key") };
        assert!(message.contains("LANGFUSE_SECRET_KEY"), "{message}");
        let Err(Reject::Unauthorized(message)) = find(None, None) else { panic!("a key") };
        assert!(message.contains("OTEL_EXPORTER_OTLP_HEADERS"), "{message}");
    }
}
