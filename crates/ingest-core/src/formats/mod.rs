//! The wire formats: how bytes become events, and the table that everybody else knows
//! them by. A format is a folder here and a row in [`FORMATS`].

pub mod content_type;
pub mod decoded;
mod field;
pub mod langfuse;
pub mod langsmith;
mod list;
mod object;
pub mod openai_agents;
pub mod otlp;
pub mod scores;
pub mod twosignal;
pub mod wire_format;

use self::wire_format::WireFormat;
use crate::batch;
use crate::error::Reject;
use crate::reply::Reply;

/// The formats that this service takes.
pub const FORMATS: Formats = Formats(&[
    twosignal::FORMAT,
    otlp::PROTOBUF,
    otlp::JSON,
    openai_agents::FORMAT,
    langfuse::BATCH,
    langfuse::SCORE,
    langsmith::JSON,
    langsmith::PARTS,
    scores::FORMAT,
    scores::DELETION,
    scores::JUDGED,
    scores::rating::RATING,
    otlp::logs::PROTOBUF,
    otlp::logs::JSON,
]);

/// A table of formats. It is passed as an argument, so that a test can have others.
#[derive(Debug, Clone, Copy)]
pub struct Formats(pub &'static [WireFormat]);

impl Formats {
    /// What is sent to this path, but for a slash at its end: batches, or what is not
    /// kept. A path that is written out comes before one with an id in it.
    #[must_use]
    pub fn find_path(self, path: &str) -> Option<FormatPath> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let kept = |format: &'static WireFormat| format.paths.iter().map(|path| (*path, true));
        let unkept =
            |format: &'static WireFormat| format.unkept_paths.iter().map(|path| (*path, false));
        let all = self.0.iter().flat_map(kept).chain(self.0.iter().flat_map(unkept));
        let all = || all.clone().map(|(path, kept)| FormatPath { path, kept });
        all().find(|at| at.pattern() == path).or_else(|| all().find(|at| at.has_id_in(path)))
    }

    /// The path, without a slash at its end, at which anybody is told the same.
    #[must_use]
    pub fn find_answer(self, path: &str) -> Option<&'static str> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let answers = self.0.iter().flat_map(|format| format.extras.answers);
        answers.map(|(known, _)| *known).find(|known| *known == path)
    }

    /// What anybody is told at a path that [`Self::find_answer`] knows.
    ///
    /// # Errors
    /// 404 for any other.
    pub fn answer(self, path: &str) -> Result<Reply, Reject> {
        let mut answers = self.0.iter().flat_map(|format| format.extras.answers);
        let found = answers.find(|(known, _)| *known == path);
        found.map(|(_, reply)| reply()).ok_or_else(nothing_there)
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
        let first = first.ok_or_else(nothing_there)?;
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

fn nothing_there() -> Reject {
    Reject::NotFound("there is nothing at this path".into())
}

/// A path of a wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatPath {
    /// As its row has it: see [`WireFormat::paths`].
    pub path: &'static str,
    /// Whether what is sent there is kept.
    pub kept: bool,
}

impl FormatPath {
    /// The method that it is sent with.
    #[must_use]
    pub fn method(self) -> &'static str {
        self.path.split_once(' ').map_or("POST", |(method, _)| method)
    }

    /// The path, `*` for an id, without a slash at its end.
    #[must_use]
    pub fn pattern(self) -> &'static str {
        self.path.split_once(' ').map_or(self.path, |(_, path)| path)
    }

    /// Whether a path is this one with an id in it.
    fn has_id_in(self, path: &str) -> bool {
        let (wanted, found) = (self.pattern().split('/'), path.split('/'));
        let same = |(wanted, part): (&str, &str)| match wanted {
            "*" => !part.is_empty(),
            _ => wanted == part,
        };
        wanted.clone().count() == found.clone().count() && wanted.zip(found).all(same)
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
            assert!(batch::is_ending(&format!("{ending}{}", batch::GZIP)), "{ending}");
            assert!(!batch::is_gzipped(ending), "{ending}");
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
        assert_eq!(of_key("raw/20261122T061930.123Z/p/0.otlp.pb.gz"), Some("otlp.pb"));
        for key in ["raw/20261122T061930.123Z/p/0.xml", "raw/0", ""] {
            assert_eq!(of_key(key), None, "{key}");
        }
    }
}
