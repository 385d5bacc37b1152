//! What every evaluator is once its configuration was read.

use super::json::Json;
use super::outcome::{Failure, Outcome};

/// An evaluator, ready to run.
pub(crate) trait Check {
    /// Judges an output, which is null where there is none.
    fn run(&self, output: &Json<'_>, facts: &Facts<'_>) -> Result<Outcome, Failure>;
}

/// What is known besides.
pub(crate) struct Facts<'a> {
    pub(crate) expected_output: Option<&'a str>,
    pub(crate) duration_ms: Option<f64>,
    pub(crate) cost: Option<f64>,
    pub(crate) outputs_with_calls: Option<&'a [Json<'a>]>,
}

/// What an output is compared with: of the configuration, else of the request.
#[derive(Debug)]
pub(crate) struct Expected(Option<Json<'static>>);

impl Expected {
    /// Reads it out of a configuration.
    pub(crate) fn of(config: &mut super::config::Config<'_>) -> Self {
        Self(config.get("expected_output").map(|json| json.clone().into_owned()))
    }

    /// Gives it to `then`, whichever it is.
    pub(crate) fn with<T>(
        &self,
        facts: &Facts<'_>,
        then: impl FnOnce(&Json<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let sent;
        let expected = match (&self.0, facts.expected_output) {
            (Some(of_config), _) => Some(of_config),
            (None, Some(text)) => {
                sent = Json::read_string(text)?;
                sent.as_ref()
            }
            (None, None) => None,
        };
        match expected {
            None | Some(Json::Null) => Err(Failure::missing("expectedOutput")),
            Some(expected) => then(expected),
        }
    }
}
