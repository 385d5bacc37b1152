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
pub const FORMATS: Formats = Formats(&[
    twosignal::FORMAT,
    otlp::PROTOBUF,
    otlp::JSON,
    otlp::logs::PROTOBUF,
    otlp::logs::JSON,
]);

/// A table of formats. It is passed as an argument, so that a test can have others.
#[derive(Debug, Clone, Copy)]
pub struct Formats(pub &'static [WireFormat]);

impl Formats {
    /// What is posted to this path, but for a slash at its end: batches, or what is not
    /// kept.
    #[must_use]
    pub fn find_path(self, path: &str) -> Option<FormatPath> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let known = |paths: fn(&WireFormat) -> &'static [&'static str]| {
            self.0.iter().flat_map(paths).find(|known| **known == path).copied()
        };
        let kept = known(|format| format.paths).map(|path| FormatPath { path, kept: true });
        kept.or_else(|| {
            known(|format| format.unkept_paths).map(|path| FormatPath { path, kept: false })
        })
    }

    /// The format at a path that a `Content-Type` header, or none, means; and where it
    /// means none that is at this path, the first of those, to answer in, with a 415 that
    /// says which are.
    ///
    /// # Errors
    /// 404 for a path that is none of theirs.
    pub fn choose(
        self,
        path: FormatPath,
        content_type: Option<&str>,
    ) -> Result<(&'static WireFormat, Result<(), Reject>), Reject> {
        if let Some(format) = self.at(path).find(|format| (format.accepts)(content_type)) {
            return Ok((format, Ok(())));
        }
        let wanted: Vec<_> = self.at(path).map(|format| format.content_type).collect();
        let message = format!("Content-Type: expected {}", wanted.join(" or "));
        let first = self.at(path).next();
        let first =
            first.ok_or_else(|| Reject::NotFound("there is nothing at this path".into()))?;
        Ok((first, Err(Reject::UnsupportedMediaType(message))))
    }

    /// The format of the raw batch whose object has this key. `None` for one that only
    /// another release knows.
    #[must_use]
    pub fn of_key(self, key: &str) -> Option<&'static WireFormat> {
        let ending = batch::ending_of(key)?;
        self.0.iter().find(|format| format.ending == ending)
    }

    fn at(
        self,
        FormatPath { path, kept }: FormatPath,
    ) -> impl Iterator<Item = &'static WireFormat> {
        let paths =
            move |format: &WireFormat| if kept { format.paths } else { format.unkept_paths };
        self.0.iter().filter(move |format| paths(format).contains(&path))
    }
}

/// A path of a wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatPath {
    /// The path, without a slash at its end.
    pub path: &'static str,
    /// Whether what is posted there is kept.
    pub kept: bool,
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
        let choose = |path, content_type| {
            let (format, accepted) =
                FORMATS.choose(FORMATS.find_path(path).unwrap(), content_type).unwrap();
            (format.ending, accepted.is_ok())
        };
        for (path, content_type, ending, accepted) in [
            ("/api/v1/traces/", None, "json", true),
            ("/api/v1/traces", Some("text/plain"), "json", false),
            ("/v1/traces", Some("application/x-protobuf; x=1"), "otlp.pb", true),
            ("/api/public/otel/v1/traces", Some("application/json"), "otlp.json", true),
            ("/v1/metrics", Some("application/json"), "otlp.json", true),
            ("/v1/traces", None, "otlp.pb", false),
        ] {
            assert_eq!(choose(path, content_type), (ending, accepted), "{path} {content_type:?}");
        }
        let (_, refused) = FORMATS.choose(FORMATS.find_path("/v1/traces").unwrap(), None).unwrap();
        let wanted = "Content-Type: expected application/x-protobuf or application/json in UTF-8";
        assert_eq!(refused, Err(Reject::UnsupportedMediaType(wanted.into())));
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
