//! What the form of an evaluator says, and what it is as a request to the API.

use evaluators::evaluator::outside::webhook::hide;

use crate::error::Reject;
use crate::index::evaluators::EvaluatorRow;
use crate::json::descend;
use crate::json::value::Kind;

/// What somebody wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// To make it, or to change it where it has an id.
    Save,
    /// To try it on a trace.
    Try,
    /// To switch it on.
    Enable,
    /// To switch it off.
    Disable,
    /// To delete it.
    Delete,
}

/// An evaluator as the form has it: texts as they were typed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are what they are called")]
pub struct EvaluatorForm {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub config: String,
    pub target: String,
    pub filter: String,
    pub sample: String,
    pub on_arrival: bool,
    pub trace: String,
}

impl Default for EvaluatorForm {
    fn default() -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            kind: "CONTAINS".into(),
            config: "{\"value\": \"\"}".into(),
            target: "trace".into(),
            filter: "{}".into(),
            sample: "1".into(),
            on_arrival: true,
            trace: String::new(),
        }
    }
}

impl EvaluatorForm {
    /// An evaluator that there is, to be changed. What is secret in it is not shown.
    #[must_use]
    pub fn of(row: &EvaluatorRow) -> Self {
        let hidden = if row.r#type == "WEBHOOK" { hide(&row.config).ok() } else { None };
        Self {
            id: row.id.clone(),
            name: row.name.clone(),
            kind: row.r#type.clone(),
            config: hidden.unwrap_or_else(|| row.config.clone()),
            target: row.target.clone(),
            filter: row.filter.clone(),
            sample: row.sample_rate.to_string(),
            on_arrival: row.auto_run != 0,
            trace: String::new(),
        }
    }

    /// What a form says.
    ///
    /// # Errors
    /// 400 for what is no form of this page.
    pub fn read(form: &[u8]) -> Result<(Action, Self), Reject> {
        let mut read = Self { on_arrival: false, ..Self::default() };
        let mut action = None;
        for (name, value) in form_urlencoded::parse(form) {
            let value = value.trim().to_owned();
            match &*name {
                "id" => read.id = value,
                "name" => read.name = value,
                "type" => read.kind = value,
                "config" => read.config = value,
                "target" => read.target = value,
                "filter" => read.filter = value,
                "sample" => read.sample = value,
                "arrival" => read.on_arrival = true,
                "trace" => read.trace = value,
                "action" => action = Some(value),
                _ => {}
            }
        }
        let action = match action.as_deref() {
            Some("save") => Action::Save,
            Some("try") => Action::Try,
            Some("enable") => Action::Enable,
            Some("disable") => Action::Disable,
            Some("delete") => Action::Delete,
            _ => {
                return Err(Reject::invalid(
                    "action",
                    "expected save, try, enable, disable or delete",
                ));
            }
        };
        Ok((action, read))
    }

    /// The same as the API takes it.
    ///
    /// # Errors
    /// 400 for what is no JSON where that is wanted.
    pub fn to_json(&self) -> Result<String, Reject> {
        let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
        let object = |path: &str, text: &str| {
            let text = if text.is_empty() { "{}" } else { text };
            let is_object = descend::whole(text).is_ok_and(|value| value.kind() == Kind::Object);
            let expected = "expected a JSON object, such as {\"value\": \"a\"}";
            if is_object { Ok(text.to_owned()) } else { Err(Reject::invalid(path, expected)) }
        };
        let is_number = self.sample.parse::<f64>().is_ok_and(f64::is_finite);
        if !is_number {
            return Err(Reject::invalid("sampleRate", "expected a number from 0 to 1"));
        }
        let sample = self.sample.parse::<f64>().unwrap_or(1.0);
        Ok(format!(
            r#"{{"name":{},"type":{},"config":{},"target":{},"filter":{},"sampleRate":{sample},"autoRun":{}}}"#,
            quoted(&self.name),
            quoted(&self.kind),
            object("config", &self.config)?,
            quoted(&self.target),
            object("filter", &self.filter)?,
            self.on_arrival,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_a_request_and_its_texts_cannot_leave_their_places() {
        let form = b"action=save&id=&name=a%22b&type=LENGTH&config=%7B%22max%22%3A1%7D&target=span&filter=&sample=.5&arrival=on";
        let (action, form) = EvaluatorForm::read(form).unwrap();
        assert_eq!(action, Action::Save);
        assert_eq!(
            form.to_json().unwrap(),
            r#"{"name":"a\"b","type":"LENGTH","config":{"max":1},"target":"span","filter":{},"sampleRate":0.5,"autoRun":true}"#
        );
        for (config, sample) in
            [("{},\"x\":1", "1"), ("[]", "1"), ("{", "1"), ("{}", "1,\"x\":1"), ("{}", "NaN")]
        {
            let odd =
                EvaluatorForm { config: config.into(), sample: sample.into(), ..form.clone() };
            assert!(odd.to_json().is_err(), "{config} {sample}");
        }
    }
}
