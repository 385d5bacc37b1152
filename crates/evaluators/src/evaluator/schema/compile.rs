//! From a schema's JSON to its rules.

use super::rules::{Bound, BoundKind, Rules, Schema, Type, is_integer};
use crate::evaluator::config::texts_of;
use crate::evaluator::json::Json;
use crate::evaluator::limits::{MAX_SCHEMA_DEPTH, MAX_SCHEMA_PROGRAM_BYTES};
use crate::evaluator::outcome::{Failure, quote};
use crate::evaluator::pattern::{Flags, Pattern};
use crate::evaluator::pointer::escape;

/// What is said of a value, and asks nothing of it.
const IGNORED: [&str; 12] = [
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "default",
    "examples",
    "format",
    "deprecated",
    "readOnly",
    "writeOnly",
    "strict",
];

/// What reading a schema has come to so far.
#[derive(Debug, Default)]
pub(crate) struct Compiling {
    depth: usize,
    /// What all patterns take together.
    pub(crate) program_bytes: usize,
    /// The keys that lead to what is read.
    way: Vec<String>,
}

impl Compiling {
    /// Reads what is at a key.
    pub(crate) fn at<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.way.push(escape(&quote(key)));
        let result = read(self);
        self.way.pop();
        result
    }

    fn fail<T>(&self, what: &str) -> Result<T, Failure> {
        Err(Failure::config(&self.way.join("/"), what))
    }
}

/// Reads a schema.
pub(crate) fn compile(json: &Json<'_>, c: &mut Compiling) -> Result<Schema, Failure> {
    match json {
        Json::Bool(all) => Ok(Schema::Always(*all)),
        Json::Object(_) if c.depth == MAX_SCHEMA_DEPTH => {
            c.fail(&format!("nested deeper than {MAX_SCHEMA_DEPTH} schemas"))
        }
        Json::Object(object) => {
            c.depth += 1;
            let mut rules = Rules::default();
            for (keyword, value) in object.iter() {
                c.at(keyword, |c| read_rule(keyword, value, c, &mut rules))?;
            }
            c.depth -= 1;
            Ok(Schema::Rules(Box::new(rules)))
        }
        _ => c.fail("expected a schema: an object, true or false"),
    }
}

fn read_rule(
    keyword: &str,
    value: &Json<'_>,
    c: &mut Compiling,
    rules: &mut Rules,
) -> Result<(), Failure> {
    match keyword {
        "items" => rules.items = Some(compile(value, c)?),
        "not" => rules.not = Some(compile(value, c)?),
        "allOf" => rules.all_of = compile_all(value, c)?,
        "anyOf" => rules.any_of = compile_all(value, c)?,
        "oneOf" => rules.one_of = compile_all(value, c)?,
        "additionalProperties" => rules.additional_properties = Some(compile(value, c)?),
        "properties" => {
            let Json::Object(properties) = value else { return c.fail("expected an object") };
            for (name, schema) in properties.iter() {
                let schema = c.at(name, |c| compile(schema, c))?;
                rules.properties.insert(name.to_owned(), schema);
                rules.property_order.push(name.to_owned());
            }
        }
        _ => return read_plain_rule(keyword, value, c, rules),
    }
    Ok(())
}

/// A rule that has no schema in it.
fn read_plain_rule(
    keyword: &str,
    value: &Json<'_>,
    c: &mut Compiling,
    rules: &mut Rules,
) -> Result<(), Failure> {
    match keyword {
        "type" => match read_types(value) {
            Some(types) => rules.types = types,
            None => return c.fail("expected a type of JSON Schema, or an array of them"),
        },
        "enum" => match value {
            Json::Array(options) => {
                rules.options =
                    Some(options.iter().map(|option| option.clone().into_owned()).collect());
            }
            _ => return c.fail("expected an array"),
        },
        "const" => rules.constant = Some(value.clone().into_owned()),
        "required" => match texts_of(value) {
            Some(names) => rules.required = names.into_iter().map(str::to_owned).collect(),
            None => return c.fail("expected an array of strings"),
        },
        "pattern" => rules.pattern = Some(read_pattern(value, c)?),
        other if IGNORED.contains(&other) => {}
        other => match BoundKind::ALL.iter().find(|(name, _)| *name == other) {
            Some((_, kind)) => rules.bounds.push(read_bound(*kind, value, c)?),
            None => return c.fail("keyword not supported"),
        },
    }
    Ok(())
}

fn read_bound(kind: BoundKind, value: &Json<'_>, c: &Compiling) -> Result<Bound, Failure> {
    let number = value.as_number().filter(|n| n.is_finite());
    match number {
        Some(limit) if !kind.counts() || (is_integer(limit) && limit >= 0.0) => {
            Ok(Bound { kind, limit })
        }
        _ if kind.counts() => c.fail("expected an integer of at least 0"),
        _ => c.fail("expected a number"),
    }
}

fn read_pattern(value: &Json<'_>, c: &mut Compiling) -> Result<Pattern, Failure> {
    let Json::String(text) = value else { return c.fail("expected a string") };
    let pattern = Pattern::parse(text, Flags::default()).or_else(|why| c.fail(&why))?;
    c.program_bytes += pattern.program_bytes;
    if c.program_bytes > MAX_SCHEMA_PROGRAM_BYTES {
        return c.fail("the patterns of the schema are too large together");
    }
    Ok(pattern)
}

fn read_types(value: &Json<'_>) -> Option<Vec<Type>> {
    let of_name =
        |name: &str| Type::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    match value {
        Json::String(name) => Some(vec![of_name(name)?]),
        Json::Array(names) if !names.is_empty() && names.len() <= Type::ALL.len() => {
            names.iter().map(|name| of_name(name.as_str()?)).collect()
        }
        _ => None,
    }
}

fn compile_all(value: &Json<'_>, c: &mut Compiling) -> Result<Vec<Schema>, Failure> {
    match value {
        Json::Array(schemas) if !schemas.is_empty() => {
            let each = |(n, schema): (usize, _)| c.at(&n.to_string(), |c| compile(schema, c));
            schemas.iter().enumerate().map(each).collect()
        }
        _ => c.fail("expected an array of at least one schema"),
    }
}
