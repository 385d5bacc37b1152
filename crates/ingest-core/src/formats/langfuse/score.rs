//! What a score says: the same whether it comes in a batch or by itself.

use super::places::Fields;
use super::read::Reader;
use crate::json::value::{Kind, Value};
use crate::model::{ScoreBody, Text};

/// What a score's `dataType` says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DataType {
    Numeric,
    Boolean,
    Text,
}

const DATA_TYPES: [(DataType, &str); 3] = [
    (DataType::Numeric, "NUMERIC"),
    (DataType::Boolean, "BOOLEAN"),
    (DataType::Text, "CATEGORICAL"),
];

/// A score; what has no id has that of its event.
pub(super) fn body<'a>(read: &mut Reader<'a>, fields: &Fields, event: &Text<'a>) -> ScoreBody<'a> {
    let mut body = ScoreBody {
        id: read.id("body.id", fields.id).or_else(|| Some(event.clone())),
        trace: read.id("body.traceId", fields.trace),
        span: read.id("body.observationId", fields.observation),
        session: read.id("body.sessionId", fields.session),
        name: read.required_text("body.name", fields.name).unwrap_or_default(),
        reasoning: read.string("body.comment", fields.comment),
        metadata: read.metadata(fields.metadata),
        ..ScoreBody::default()
    };
    let of = [fields.trace, fields.observation, fields.session];
    if of.iter().all(Option::is_none) {
        read.problem("body.traceId", "required, or a sessionId".into());
    }
    let data_type = read.one_of("body.dataType", fields.data_type, &DATA_TYPES);
    read.require("body.value", fields.value);
    if let Some(value) = fields.value {
        value_of(read, &mut body, data_type, value);
    }
    body
}

fn value_of<'a>(
    read: &mut Reader<'a>,
    body: &mut ScoreBody<'a>,
    data_type: Option<DataType>,
    value: Value,
) {
    const FIELD: &str = "body.value";
    let raw = value.raw(read.text);
    body.boolean = data_type == Some(DataType::Boolean);
    match (value.kind(), data_type) {
        (Kind::Number, None | Some(DataType::Numeric)) => {
            body.value = raw.parse().ok().filter(|value: &f64| value.is_finite());
            if body.value.is_none() {
                read.unlike(FIELD, "a number that fits 64 bits", value);
            }
        }
        (Kind::Number, Some(DataType::Boolean)) => {
            body.value = raw.parse().ok().filter(|value| matches!(value, 0.0 | 1.0));
            if body.value.is_none() {
                read.unlike(FIELD, "0 or 1", value);
            }
        }
        (Kind::Bool, None | Some(DataType::Boolean)) => {
            body.boolean = true;
            body.value = Some(if raw == "true" { 1.0 } else { 0.0 });
        }
        (Kind::Plain | Kind::Escaped, None | Some(DataType::Text)) => {
            body.label = value.text(read.text);
        }
        (_, Some(DataType::Text)) => read.mistyped(FIELD, "a string", value),
        (_, Some(DataType::Boolean)) => read.mistyped(FIELD, "0 or 1", value),
        (_, Some(DataType::Numeric)) => read.mistyped(FIELD, "a number", value),
        (_, None) => read.mistyped(FIELD, "a number or a string", value),
    }
}
