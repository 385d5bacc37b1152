//! What a `Content-Type` header says, as far as formats ask.

use crate::error::Reject;

/// What a client is told to send.
pub const JSON: &str = "application/json in UTF-8";

/// Whether the header means JSON in UTF-8.
#[must_use]
pub fn is_json(header: &str) -> bool {
    let (kind, charset) = split(header);
    let json = kind == "application/json" || (kind.len() > 5 && kind.ends_with("+json"));
    json && charset.is_none_or(|c| c == "utf-8" || c == "utf8")
}

/// Whether the header means protobuf, by either of its names.
#[must_use]
pub fn is_protobuf(header: &str) -> bool {
    let (kind, _) = split(header);
    kind == "application/x-protobuf" || kind == "application/protobuf"
}

/// Whether the header means a form in parts.
#[must_use]
pub fn is_multipart(header: &str) -> bool {
    let (kind, _) = split(header);
    kind == "multipart/form-data"
}

/// Checks that the header, or none, means JSON in UTF-8.
///
/// # Errors
/// 415 when it does not.
pub fn check_json(header: Option<&str>) -> Result<(), Reject> {
    let wanted = || Reject::UnsupportedMediaType(format!("Content-Type: expected {JSON}"));
    if header.is_none_or(is_json) { Ok(()) } else { Err(wanted()) }
}

/// The media type and the charset, both in lower case.
fn split(header: &str) -> (String, Option<String>) {
    let mut parts = header.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let charset = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let named = name.trim().eq_ignore_ascii_case("charset");
        named.then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    });
    (kind, charset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_json_in_utf8() {
        for good in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/x+json;charset=\"UTF-8\"",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in
            ["", "text/plain", "application/json; charset=latin1", "application/jsonl", "+json"]
        {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
