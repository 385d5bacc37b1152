//! A schema that was read.

use std::collections::BTreeMap;

use crate::evaluator::json::Json;
use crate::evaluator::pattern::Pattern;

/// A schema.
#[derive(Debug)]
pub(crate) enum Schema {
    /// Everything, or nothing.
    Always(bool),
    Rules(Box<Rules>),
}

/// What a value must be, each rule where it is given.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(super) types: Vec<Type>,
    pub(super) options: Option<Vec<Json<'static>>>,
    pub(super) constant: Option<Json<'static>>,
    pub(super) required: Vec<String>,
    pub(super) properties: BTreeMap<String, Schema>,
    /// Their names as they were written, for messages come in that order.
    pub(super) property_order: Vec<String>,
    pub(super) additional_properties: Option<Schema>,
    pub(super) items: Option<Schema>,
    pub(super) bounds: Vec<Bound>,
    pub(super) pattern: Option<Pattern>,
    pub(super) all_of: Vec<Schema>,
    pub(super) any_of: Vec<Schema>,
    pub(super) one_of: Vec<Schema>,
    pub(super) not: Option<Schema>,
}

/// A bound: its keyword and its number.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(super) kind: BoundKind,
    pub(super) limit: f64,
}

/// What a bound is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BoundKind {
    MinLength,
    MaxLength,
    MinItems,
    MaxItems,
    Minimum,
    Maximum,
    ExclusiveMinimum,
    ExclusiveMaximum,
}

impl BoundKind {
    pub(super) const ALL: [(&'static str, Self); 8] = [
        ("minLength", Self::MinLength),
        ("maxLength", Self::MaxLength),
        ("minItems", Self::MinItems),
        ("maxItems", Self::MaxItems),
        ("minimum", Self::Minimum),
        ("maximum", Self::Maximum),
        ("exclusiveMinimum", Self::ExclusiveMinimum),
        ("exclusiveMaximum", Self::ExclusiveMaximum),
    ];

    /// As schemas have it.
    pub(super) fn keyword(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(keyword, _)| keyword)
    }

    /// Whether it counts something.
    pub(super) fn counts(self) -> bool {
        matches!(self, Self::MinLength | Self::MaxLength | Self::MinItems | Self::MaxItems)
    }
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Null,
    Boolean,
    Number,
    Integer,
    String,
    Array,
    Object,
}

impl Type {
    pub(super) const ALL: [(&'static str, Self); 7] = [
        ("null", Self::Null),
        ("boolean", Self::Boolean),
        ("number", Self::Number),
        ("integer", Self::Integer),
        ("string", Self::String),
        ("array", Self::Array),
        ("object", Self::Object),
    ];

    /// As schemas have it.
    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// Whether a value is of it.
    pub(super) fn has(self, value: &Json<'_>) -> bool {
        match self {
            Self::Integer => value.as_number().is_some_and(is_integer),
            other => other.name() == value.noun(),
        }
    }
}

/// Whether a number has no fraction, however it was written.
pub(super) fn is_integer(number: f64) -> bool {
    number.is_finite() && number.fract().abs() < f64::MIN_POSITIVE
}
