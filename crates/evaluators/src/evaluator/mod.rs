//! The fifteen evaluators: a table of their types, how a configuration becomes one, and
//! how one is run. What each does is in a file of its own.

mod affix;
pub mod assignment;
mod check;
pub(crate) mod config;
mod contains;
mod content;
mod exact_match;
mod facts;
pub(crate) mod json;
mod json_schema;
mod length;
mod levenshtein;
pub mod lexicon;
pub mod limits;
pub(crate) mod outcome;
pub mod outside;
mod pattern;
pub(crate) mod phrase;
mod pointer;
mod ramp;
mod regex_match;
mod response_time_sla;
mod schema;
mod sentiment;
mod similarity;
mod tool_calls;
mod toxicity;
pub(crate) mod words;
pub(crate) mod work;

use std::fmt;

use check::Check;
use config::{Config, read_object};
use facts::read;
pub use facts::{Facts, Input};
use json::Json;
use limits::{MAX_BUILT_BYTES, MAX_SCHEMA_PROGRAM_BYTES};
pub use outcome::{Code, Failure, Outcome};
use pointer::Pointer;
pub use work::Meter;

/// A type of evaluator.
pub struct EvaluatorType {
    /// As clients name it.
    pub name: &'static str,
    /// Whether it looks at the output.
    reads_output: bool,
    build: fn(&mut Config<'_>) -> Result<Box<dyn Check>, Failure>,
}

/// Makes a check of a configuration.
type Build = fn(&mut Config<'_>) -> Result<Box<dyn Check>, Failure>;

const fn reads_output(name: &'static str, build: Build) -> EvaluatorType {
    EvaluatorType { name, reads_output: true, build }
}

const fn reads_measure(name: &'static str, build: Build) -> EvaluatorType {
    EvaluatorType { name, reads_output: false, build }
}

/// All of them.
pub static TYPES: [EvaluatorType; 15] = [
    reads_output("CONTAINS", contains::build),
    reads_output("STARTS_WITH", affix::build_starts_with),
    reads_output("ENDS_WITH", affix::build_ends_with),
    reads_output("REGEX_MATCH", regex_match::build),
    reads_output("JSON_SCHEMA", json_schema::build),
    reads_output("EXACT_MATCH", exact_match::build),
    reads_output("LENGTH", length::build),
    reads_output("LEVENSHTEIN", levenshtein::build),
    reads_output("SIMILARITY", similarity::build),
    reads_measure("LATENCY", ramp::build_latency),
    reads_measure("COST", ramp::build_cost),
    reads_measure("RESPONSE_TIME_SLA", response_time_sla::build),
    reads_output("SENTIMENT", sentiment::build),
    reads_output("TOXICITY", toxicity::build),
    reads_output("TOOL_CALL_VALIDATION", tool_calls::build),
];

impl EvaluatorType {
    /// The type of a name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        TYPES.iter().find(|kind| kind.name == name)
    }

    /// Reads a configuration, an object's JSON text; none is an empty one.
    ///
    /// # Errors
    /// `INVALID_CONFIG`, with what was expected where.
    pub fn parse(&self, config: Option<&str>) -> Result<Evaluator, Failure> {
        let object = read_object(config.unwrap_or("{}"), "config")?;
        let mut config = Config::new(&object);
        let path = if self.reads_output { config.text("output_path")? } else { None };
        let expected = "expected a JSON Pointer, such as /choices/0";
        let parse = |text| Pointer::parse(text).ok_or_else(|| config.fail("output_path", expected));
        let output_path = path.map(parse).transpose()?;
        let check = (self.build)(&mut config)?;
        let warnings = config.warnings();
        let (reads_output, program_bytes) = (self.reads_output, config.program_bytes());
        Ok(Evaluator { reads_output, output_path, check, warnings, program_bytes })
    }

    /// Reads a configuration and judges by it, unless those before it took as long as all
    /// together may.
    ///
    /// # Errors
    /// Those of [`EvaluatorType::parse`] and [`Evaluator::judge`].
    pub fn judge(&self, config: Option<&str>, facts: &Facts<'_>) -> Result<Outcome, Failure> {
        facts.meter().check()?;
        let evaluator = self.parse(config).inspect_err(|_| {
            // How far it came is not known: half of what its patterns may come to.
            facts.count(MAX_SCHEMA_PROGRAM_BYTES / 2, MAX_BUILT_BYTES);
        })?;
        facts.count(evaluator.program_bytes, MAX_BUILT_BYTES);
        evaluator.judge(facts)
    }
}

impl fmt::Debug for EvaluatorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// An evaluator whose configuration was read.
pub struct Evaluator {
    reads_output: bool,
    output_path: Option<Pointer>,
    check: Box<dyn Check>,
    warnings: Vec<String>,
    /// What its patterns became takes so many bytes.
    program_bytes: usize,
}

impl Evaluator {
    /// What the configuration has that nobody reads, for whoever stores it.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Whether it looks at the output.
    #[must_use]
    pub fn reads_output(&self) -> bool {
        self.reads_output
    }

    /// Judges.
    ///
    /// # Errors
    /// `MISSING_INPUT`, and `TOO_EXPENSIVE` for what is beyond the bounds.
    pub fn run(&self, input: &Input<'_>) -> Result<Outcome, Failure> {
        self.judge(&Facts::of(*input, &Meter::default()))
    }

    /// The same for an input that several judge.
    ///
    /// # Errors
    /// As [`Evaluator::run`].
    pub fn judge(&self, facts: &Facts<'_>) -> Result<Outcome, Failure> {
        let output = if self.reads_output { facts.output()? } else { &Json::Null };
        let Some(path) = &self.output_path else { return self.check.run(output, facts) };
        // A string may be JSON itself; where it is not, nothing is anywhere in it.
        let inside = match output {
            Json::String(text) => Json::read_string(text)?,
            _ => None,
        };
        let found = path.find(inside.as_ref().unwrap_or(output)).unwrap_or(&Json::Null);
        self.check.run(found, facts)
    }
}

impl fmt::Debug for Evaluator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evaluator").field("warnings", &self.warnings).finish_non_exhaustive()
    }
}

/// The text of an output as evaluators read it: a chat's text where it is the answer of a
/// provider; of what is no text, compact JSON; of nothing, the empty text.
///
/// # Errors
/// `TOO_EXPENSIVE` for JSON that is too large.
pub fn text_of(output: Option<&str>) -> Result<String, Failure> {
    Ok(content::text(&read(output)?).into_owned())
}
