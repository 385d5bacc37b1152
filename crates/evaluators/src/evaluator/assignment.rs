//! Which stored evaluators run on what, and what their scores are called: filters with
//! wildcards, sampling, ids. All of it comes out the same each time that it is asked, so an
//! evaluation may be done again.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::evaluator::config::{Config, read_object};
use crate::evaluator::{Failure, limits::MAX_FILTER_TEXTS};

/// What an evaluator is run on: all that it is given must fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    trace_name: Option<String>,
    tags: Vec<String>,
    span_types: Option<Vec<String>>,
    span_name: Option<String>,
}

/// The type of spans that are judged where a filter names none.
const DEFAULT_SPAN_TYPE: &str = "LLM";

impl Filter {
    /// Reads a filter, an object's JSON text; none lets everything through. `is_span_type`
    /// tells the types of spans. Gives also what is in it that nobody reads.
    ///
    /// # Errors
    /// What was expected where.
    pub fn parse(
        json: Option<&str>,
        is_span_type: impl Fn(&str) -> bool,
    ) -> Result<(Self, Vec<String>), Failure> {
        let object = read_object(json.unwrap_or("{}"), "filter")?;
        let mut config = Config::inner(&object, "filter");
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let filter = Self {
            trace_name: config.text("trace_name")?.map(Into::into),
            tags: config.texts("tags")?.map(owned).unwrap_or_default(),
            span_types: config.texts("span_types")?.map(owned),
            span_name: config.text("span_name")?.map(Into::into),
        };
        let types = filter.span_types.as_deref().unwrap_or_default();
        if let Some(unknown) = types.iter().find(|kind| !is_span_type(kind)) {
            let what = format!("expected types of spans, such as LLM, found '{unknown}'");
            return Err(config.fail("span_types", &what));
        }
        if filter.tags.len() > MAX_FILTER_TEXTS || types.len() > MAX_FILTER_TEXTS {
            let what = format!("expected at most {MAX_FILTER_TEXTS} tags and types of spans");
            return Err(Failure::config("filter", &what));
        }
        let warnings = config.warnings();
        let of_filter = |w: &String| w.strip_prefix("config.").unwrap_or(w).to_owned();
        Ok((filter, warnings.iter().map(of_filter).collect()))
    }

    /// Whether a trace of this name, with these tags, fits: it has all tags of the filter.
    #[must_use]
    pub fn takes_trace(&self, name: &str, tags: &[String]) -> bool {
        self.trace_name.as_deref().is_none_or(|wanted| is_like(wanted, name))
            && self.tags.iter().all(|wanted| tags.contains(wanted))
    }

    /// Whether a span of this type and name fits.
    #[must_use]
    pub fn takes_span(&self, kind: &str, name: &str) -> bool {
        let of_type = match &self.span_types {
            None => kind == DEFAULT_SPAN_TYPE,
            Some(types) => types.iter().any(|wanted| wanted == kind),
        };
        of_type && self.span_name.as_deref().is_none_or(|wanted| is_like(wanted, name))
    }
}

/// Whether a text is like a pattern in which `*` stands for anything.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    // The first place of each is as good as any later one.
    for piece in pieces {
        let Some((_, after)) = text.split_once(piece) else { return false };
        text = after;
    }
    text.ends_with(last)
}

/// Whether an evaluator that judges so many of all traces, 0 to 1, judges this one: the same
/// answer each time.
#[must_use]
pub fn is_sampled(evaluator: &str, trace: &str, rate: f64) -> bool {
    let hash = Sha256::digest(format!("{evaluator}:{trace}"));
    let bytes = hash.first_chunk::<4>().copied().unwrap_or_default();
    f64::from(u32::from_be_bytes(bytes)) / 4_294_967_296.0 < rate
}

/// What a score is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged<'a> {
    /// The project.
    pub project: &'a str,
    /// The evaluator.
    pub evaluator: &'a str,
    /// The evaluator's version.
    pub version: u32,
    /// The trace.
    pub trace: &'a str,
    /// The span, where it is not of the whole trace.
    pub span: Option<&'a str>,
}

impl Judged<'_> {
    /// The id of the score: one for each of these, whatever is done again.
    #[must_use]
    pub fn score_id(&self) -> String {
        let version = self.version.to_string();
        let Self { project, evaluator, trace, span, .. } = self;
        let id = digest([*project, *evaluator, &version, *trace, span.unwrap_or_default()]);
        format!("sc_{id}")
    }
}

/// 128 bits of SHA-256 over some texts, each after its length in bytes, in hexadecimal digits.
#[must_use]
pub fn digest<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(text);
    }
    let hash = hash.finalize();
    hash.iter().take(16).fold(String::with_capacity(32), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, like) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("*", "anything", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "abd", false),
            ("a*b*c", "a-c-b-c", true),
            ("a*b*c", "a-c-c", false),
            ("aba*aba", "aba", false),
            ("a**c", "abc", true),
            ("*b*", "abc", true),
            ("*x*", "abc", false),
        ] {
            assert_eq!(is_like(pattern, text), like, "{pattern} {text}");
        }
    }

    #[test]
    fn a_filter_reads_both_spellings_and_says_what_it_does_not_know() {
        let parse = |json| Filter::parse(Some(json), |kind| matches!(kind, "LLM" | "TOOL"));
        let (filter, warnings) =
            parse(r#"{"traceName":"sup*","tags":["prod"],"span_types":["TOOL"],"x":1}"#).unwrap();
        assert_eq!(warnings, ["filter.x: unknown, ignored"]);
        let tags = ["a".to_owned(), "prod".to_owned()];
        assert!(filter.takes_trace("support", &tags));
        assert!(!filter.takes_trace("support", &tags[..1]));
        assert!(!filter.takes_trace("other", &tags));
        assert!(filter.takes_span("TOOL", "any"));
        assert!(!filter.takes_span("LLM", "any"));
        for (json, why) in [
            ("[]", "filter: expected an object"),
            (r#"{"tags":"a"}"#, "filter.tags: expected an array of strings"),
            (r#"{"spanTypes":["X"]}"#, "filter.span_types: expected types of spans"),
        ] {
            let failure = parse(json).unwrap_err();
            assert!(failure.message.contains(why), "{json}: {}", failure.message);
        }
    }

    #[test]
    fn a_filter_of_nothing_takes_every_trace_and_calls_of_models() {
        let (filter, _) = Filter::parse(None, |_| true).unwrap();
        assert!(filter.takes_trace("any", &[]));
        assert!(filter.takes_span("LLM", "any"));
        assert!(!filter.takes_span("TOOL", "any"));
    }

    #[test]
    fn sampling_takes_about_as_many_as_it_says_and_always_the_same() {
        let of_rate = |rate| (0..2_000).filter(|n| is_sampled("e", &format!("t{n}"), rate)).count();
        assert_eq!((of_rate(0.0), of_rate(1.0)), (0, 2_000));
        assert!((500..700).contains(&of_rate(0.3)), "{}", of_rate(0.3));
        // What a greater rate takes is what a smaller one takes, and more.
        assert!((0..2_000).all(|n| {
            let trace = format!("t{n}");
            !is_sampled("e", &trace, 0.3) || is_sampled("e", &trace, 0.6)
        }));
    }

    #[test]
    fn each_part_of_what_is_judged_makes_another_id() {
        let judged = Judged { project: "p", evaluator: "e", version: 1, trace: "t", span: None };
        let id = judged.score_id();
        assert!(id.len() == 35 && id.starts_with("sc_"), "{id}");
        assert_eq!(id, judged.score_id());
        for other in [
            Judged { project: "q", ..judged },
            Judged { evaluator: "f", ..judged },
            Judged { version: 2, ..judged },
            Judged { trace: "u", ..judged },
            Judged { span: Some("s"), ..judged },
            Judged { project: "pe", evaluator: "", ..judged },
        ] {
            assert_ne!(other.score_id(), id, "{other:?}");
        }
    }
}
