//! The wire formats: how bytes become events, and the table that everybody else knows
//! them by. A format is a folder here and a row in [`FORMATS`].

pub mod content_type;
pub mod decoded;
pub mod otlp;
pub mod twosignal;
pub mod wire_format;

use self::wire_format::WireFormat;
use crate::batch;
use crate::error::Reject;

/// The formats that this service takes.
pub const FORMATS: Formats = Formats(&[twosignal::FORMAT, otlp::PROTOBUF, otlp::JSON]);

/// A table of formats. It is passed as an argument, so that a test can have others.
#[derive(Debug, Clone, Copy)]
pub struct Formats(pub &'static [WireFormat]);

impl Formats {
    /// The path that batches of some format are posted to and that this one is, but
    /// for a slash at its end.
    #[must_use]
    pub fn find_path(self, path: &str) -> Option<&'static str> {
        let path = path.strip_suffix('/').unwrap_or(path);
        self.0.iter().flat_map(|format| format.paths).find(|known| **known == path).copied()
    }

    /// The format at a path that a `Content-Type` header, or none, means.
    ///
    /// # Errors
    /// 415 when it means none that is at this path, which says which are.
    pub fn choose(
        self,
        path: &str,
        content_type: Option<&str>,
    ) -> Result<&'static WireFormat, Reject> {
        self.at(path).find(|format| (format.accepts)(content_type)).ok_or_else(|| {
            let wanted: Vec<_> = self.at(path).map(|format| format.content_type).collect();
            let message = format!("Content-Type: expected {}", wanted.join(" or "));
            Reject::UnsupportedMediaType(message)
        })
    }

    /// The first format at a path: it answers requests of a content type that is none.
    #[must_use]
    pub fn first_at(self, path: &str) -> Option<&'static WireFormat> {
        self.at(path).next()
    }

    /// The format of the raw batch whose object has this key. `None` for one that only
    /// another release knows.
    #[must_use]
    pub fn of_key(self, key: &str) -> Option<&'static WireFormat> {
        let ending = batch::ending_of(key)?;
        self.0.iter().find(|format| format.ending == ending)
    }

    fn at(self, path: &str) -> impl Iterator<Item = &'static WireFormat> {
        self.0.iter().filter(move |format| format.paths.contains(&path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_formats_share_an_ending_and_each_can_stand_in_a_key() {
        let endings: Vec<_> = FORMATS.0.iter().map(|format| format.ending).collect();
        for (at, ending) in endings.iter().enumerate() {
            assert!(!endings[..at].contains(ending), "{ending}");
            assert!(batch::is_ending(ending), "{ending}");
        }
    }

    #[test]
    fn a_path_and_a_content_type_tell_the_format() {
        let path = FORMATS.find_path("/api/v1/traces/").unwrap();
        assert_eq!(FORMATS.choose(path, None).unwrap().ending, "json");
        let refused = FORMATS.choose(path, Some("text/plain")).unwrap_err();
        let wanted = "Content-Type: expected application/json in UTF-8";
        assert_eq!(refused, Reject::UnsupportedMediaType(wanted.into()));
        assert_eq!(FORMATS.find_path("/api/v1/trace"), None);
    }

    #[test]
    fn a_key_tells_the_format() {
        let of_key = |key| FORMATS.of_key(key).map(|format| format.ending);
        assert_eq!(of_key("raw/20261122T061930.123Z/p/0.json"), Some("json"));
        for key in ["raw/20261122T061930.123Z/p/0.xml", "raw/0", ""] {
            assert_eq!(of_key(key), None, "{key}");
        }
    }
}
