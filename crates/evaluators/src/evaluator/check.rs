//! What every evaluator is once its configuration was read.

pub(crate) use super::facts::Facts;
use super::json::Json;
use super::outcome::{Failure, Outcome};

/// An evaluator, ready to run.
pub(crate) trait Check {
    /// Judges an output, which is null where there is none.
    fn run(&self, output: &Json<'_>, facts: &Facts<'_>) -> Result<Outcome, Failure>;
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
        let expected = match &self.0 {
            Some(of_config) => of_config,
            None => facts.expected_output()?,
        };
        match expected {
            Json::Null => Err(Failure::missing("expectedOutput")),
            expected => then(expected),
        }
    }
}
