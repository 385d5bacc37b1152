//! What is judged: an input as it is given, and read once for all who judge it.

use std::cell::OnceCell;

use super::json::Json;
use super::limits::MAX_READ_BYTES;
use super::outcome::Failure;
use super::work::{Meter, Work};

/// What is judged: texts are JSON, as they were sent. None of them is null.
#[derive(Debug, Clone, Copy, Default)]
pub struct Input<'a> {
    /// What came out.
    pub output: Option<&'a str>,
    /// What should have come out.
    pub expected_output: Option<&'a str>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<f64>,
    /// What it cost, in US dollars.
    pub cost: Option<f64>,
    /// The outputs of several spans, in which `TOOL_CALL_VALIDATION` looks for calls instead
    /// of in `output`. Where there are none, it has nothing to judge.
    pub outputs_with_calls: Option<&'a [&'a str]>,
}

/// What is judged: each text is read once, when first somebody asks, however many judge it.
#[derive(Debug)]
pub struct Facts<'a> {
    input: Input<'a>,
    output: OnceCell<Result<Json<'a>, Failure>>,
    expected_output: OnceCell<Result<Json<'a>, Failure>>,
    outputs_with_calls: OnceCell<Result<Vec<Json<'a>>, Failure>>,
    meter: Meter,
}

impl<'a> Facts<'a> {
    /// An input; what judging it costs is counted.
    #[must_use]
    pub fn of(input: Input<'a>, meter: &Meter) -> Self {
        Self {
            input,
            output: OnceCell::new(),
            expected_output: OnceCell::new(),
            outputs_with_calls: OnceCell::new(),
            meter: meter.clone(),
        }
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// What came out, null where nothing did. Whoever asks is going to look through it.
    pub(super) fn output(&self) -> Result<&Json<'a>, Failure> {
        self.count(self.input.output.map_or(0, str::len), MAX_READ_BYTES);
        read_once(&self.output, || read(self.input.output))
    }

    /// What should have come out, null where nobody says it.
    pub(super) fn expected_output(&self) -> Result<&Json<'a>, Failure> {
        self.count(self.input.expected_output.map_or(0, str::len), MAX_READ_BYTES);
        read_once(&self.expected_output, || read(self.input.expected_output))
    }

    /// The outputs of several spans, where calls are looked for in those.
    pub(super) fn outputs_with_calls(&self) -> Result<Option<&[Json<'a>]>, Failure> {
        let Some(texts) = self.input.outputs_with_calls else { return Ok(None) };
        self.count(texts.iter().map(|text| text.len()).sum(), MAX_READ_BYTES);
        let read_all = || texts.iter().map(|text| read(Some(text))).collect();
        read_once(&self.outputs_with_calls, read_all).map(|read| Some(read.as_slice()))
    }

    pub(super) fn duration_ms(&self) -> Option<f64> {
        self.input.duration_ms
    }

    pub(super) fn cost(&self) -> Option<f64> {
        self.input.cost
    }

    /// What a run may spend, of which it is counted what it does; and what is said when that
    /// is not enough.
    pub(super) fn work(&self, most: u64, what: &'static str) -> Work {
        Work::metered(most, what, &self.meter)
    }

    /// Counts bytes, of which so many take as long as a run may.
    pub(super) fn count(&self, bytes: usize, most: usize) {
        let of = |bytes| u64::try_from(bytes).unwrap_or(u64::MAX);
        self.meter.count(of(bytes), of(most));
    }
}

fn read_once<T>(
    known: &OnceCell<Result<T, Failure>>,
    read: impl FnOnce() -> Result<T, Failure>,
) -> Result<&T, Failure> {
    known.get_or_init(read).as_ref().map_err(Clone::clone)
}

/// A JSON text; the callers have checked that it is one.
pub(super) fn read(text: Option<&str>) -> Result<Json<'_>, Failure> {
    Ok(text.map(Json::read_string).transpose()?.flatten().unwrap_or(Json::Null))
}
