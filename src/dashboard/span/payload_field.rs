//! The payloads of a span by name.

use crate::dashboard::ui::url::query_value;
use crate::model::SpanBody;

/// A payload of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadField {
    /// What went in.
    Input,
    /// What came out.
    Output,
    /// How the model was asked.
    Parameters,
    /// What else the client said.
    Metadata,
    /// What went wrong.
    Error,
}

impl PayloadField {
    /// In the order in which they are shown.
    pub(super) const ALL: [Self; 5] =
        [Self::Error, Self::Output, Self::Input, Self::Parameters, Self::Metadata];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::Parameters => "parameters",
            Self::Metadata => "metadata",
            Self::Error => "error",
        }
    }

    /// As pages name it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Input => "Input",
            Self::Output => "Output",
            Self::Parameters => "Model parameters",
            Self::Metadata => "Metadata",
            Self::Error => "Error",
        }
    }

    /// The one that a query's `part` names.
    #[must_use]
    pub fn asked(query: &str) -> Option<Self> {
        let part = query_value(query, "part")?;
        Self::ALL.into_iter().find(|field| field.name() == part)
    }

    /// Its JSON, if the span has one; the text of an error.
    #[must_use]
    pub fn of<'a>(self, body: &'a SpanBody<'_>) -> Option<&'a str> {
        match self {
            Self::Input => body.input.as_deref(),
            Self::Output => body.output.as_deref(),
            Self::Parameters => body.model_parameters.as_deref(),
            Self::Metadata => body.metadata.as_deref(),
            Self::Error => body.error_message.as_deref().filter(|text| !text.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_part_that_a_query_asks_for() {
        assert_eq!(PayloadField::asked("view=json&part=output"), Some(PayloadField::Output));
        assert_eq!(PayloadField::asked("part=outputs"), None);
    }
}
