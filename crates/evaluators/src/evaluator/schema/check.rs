//! Checking a value against a schema: whether it fits, and where it does not.

use super::rules::{Bound, BoundKind, Rules, Schema};
use crate::evaluator::json::{Json, Object};
use crate::evaluator::limits::{MAX_SCHEMA_ERRORS, MAX_SCHEMA_STEPS, MAX_SEARCH_COST};
use crate::evaluator::outcome::{Failure, quote};
use crate::evaluator::pointer::escape;
use crate::evaluator::work::{Meter, Work};

/// What checks may still cost.
pub(crate) struct Budget {
    pub(crate) steps: Work,
    searches: Work,
}

impl Budget {
    pub(crate) fn new(meter: &Meter) -> Self {
        let too_large = "The value is too large to be checked against this schema.";
        let too_long = "The texts are too long for the patterns of the schema.";
        Self {
            steps: Work::metered(MAX_SCHEMA_STEPS, too_large, meter),
            searches: Work::metered(MAX_SEARCH_COST, too_long, meter),
        }
    }
}

/// What leads from a value to one in it.
#[derive(Clone, Copy)]
enum Key<'v> {
    Index(usize),
    Name(&'v str),
}

/// What checking has found so far.
pub(crate) struct Checking<'v, 'b> {
    budget: &'b mut Budget,
    /// What leads to what is looked at.
    way: Vec<Key<'v>>,
    /// Each with the pointer of its place; the first few.
    pub(crate) errors: Vec<String>,
    /// How many alternatives are being tried, whose problems are nobody's.
    trying: u32,
}

impl<'v, 'b> Checking<'v, 'b> {
    pub(crate) fn new(budget: &'b mut Budget) -> Self {
        Self { budget, way: Vec::new(), errors: Vec::new(), trying: 0 }
    }

    /// Spends what looking a name up costs.
    fn look_up(&mut self, name: &str) -> Result<(), Failure> {
        self.budget.steps.spend_bytes(1 + name.len() / 32)
    }

    /// A problem at the place that is looked at; `false`, for it does not fit.
    fn fail(&mut self, what: impl FnOnce() -> String) -> bool {
        if self.trying == 0 && self.errors.len() < MAX_SCHEMA_ERRORS {
            let mut place = String::new();
            for key in &self.way {
                place.push('/');
                match key {
                    Key::Index(at) => place.push_str(&at.to_string()),
                    Key::Name(name) => place.push_str(&escape(&quote(name))),
                }
            }
            let place = if place.is_empty() { "/" } else { place.as_str() };
            self.errors.push(format!("{place}: {}", what()));
        }
        false
    }

    /// Whether nobody wants to know of further problems.
    fn has_enough(&self) -> bool {
        self.trying > 0 || self.errors.len() >= MAX_SCHEMA_ERRORS
    }

    /// Checks what is at a place below.
    fn below(
        &mut self,
        key: Key<'v>,
        schema: &'v Schema,
        value: &'v Json<'v>,
    ) -> Result<bool, Failure> {
        self.way.push(key);
        let fits = check(schema, value, self);
        self.way.pop();
        fits
    }

    /// Whether an alternative fits, which is nobody's problem if not.
    fn tries(&mut self, schema: &'v Schema, value: &'v Json<'v>) -> Result<bool, Failure> {
        self.trying += 1;
        let fits = check(schema, value, self);
        self.trying -= 1;
        fits
    }
}

/// Whether a value fits a schema.
pub(crate) fn check<'v, 'b>(
    schema: &'v Schema,
    value: &'v Json<'v>,
    c: &mut Checking<'v, 'b>,
) -> Result<bool, Failure> {
    c.budget.steps.spend(1)?;
    let rules = match schema {
        Schema::Always(true) => return Ok(true),
        Schema::Always(false) => return Ok(c.fail(|| "nothing is allowed here".into())),
        Schema::Rules(rules) => rules,
    };
    let part = |part: Part<'v, 'b>| part;
    let parts =
        [part(of_value), part(of_kind), part(of_text), part(of_parts), part(of_alternatives)];
    let mut fits = true;
    for part in parts {
        if !part(rules, value, c)? {
            fits = false;
            if c.has_enough() {
                break;
            }
        }
    }
    Ok(fits)
}

/// Some rules of a schema.
type Part<'v, 'b> = fn(&'v Rules, &'v Json<'v>, &mut Checking<'v, 'b>) -> Result<bool, Failure>;

/// What it must be as a whole.
fn of_value<'v>(
    rules: &'v Rules,
    value: &'v Json<'v>,
    c: &mut Checking<'v, '_>,
) -> Result<bool, Failure> {
    if !rules.types.is_empty() && !rules.types.iter().any(|kind| kind.has(value)) {
        let names: Vec<_> = rules.types.iter().map(|kind| kind.name()).collect();
        return Ok(c.fail(|| format!("{} expected, {} found", names.join(" or "), value.noun())));
    }
    if let Some(options) = &rules.options {
        let mut found = false;
        for option in options {
            found = found || option.equals(value, &mut c.budget.steps)?;
        }
        if !found {
            return Ok(c.fail(|| "not one of the enum values".into()));
        }
    }
    match &rules.constant {
        Some(constant) if !constant.equals(value, &mut c.budget.steps)? => {
            Ok(c.fail(|| "not the const value".into()))
        }
        _ => Ok(true),
    }
}

/// How much or how many it must be.
fn of_kind<'v>(
    rules: &'v Rules,
    value: &'v Json<'v>,
    c: &mut Checking<'v, '_>,
) -> Result<bool, Failure> {
    let mut fits = true;
    for Bound { kind, limit } in &rules.bounds {
        c.budget.steps.spend(1)?;
        #[expect(clippy::cast_precision_loss, reason = "nothing has 2^53 parts")]
        let measure = match (kind, value) {
            (BoundKind::MinLength | BoundKind::MaxLength, Json::String(text)) => {
                c.budget.steps.spend_bytes(text.len() / 32)?;
                Some(text.chars().count() as f64)
            }
            (BoundKind::MinItems | BoundKind::MaxItems, Json::Array(items)) => {
                Some(items.len() as f64)
            }
            (kind, Json::Number(_)) if !kind.counts() => value.as_number(),
            _ => None,
        };
        let Some(n) = measure else { continue };
        let (within, how) = match kind {
            BoundKind::MinLength | BoundKind::MinItems => (n >= *limit, "shorter than"),
            BoundKind::MaxLength | BoundKind::MaxItems => (n <= *limit, "longer than"),
            BoundKind::Minimum => (n >= *limit, "below"),
            BoundKind::Maximum => (n <= *limit, "above"),
            BoundKind::ExclusiveMinimum => (n > *limit, "not above"),
            BoundKind::ExclusiveMaximum => (n < *limit, "not below"),
        };
        if !within {
            fits = c.fail(|| format!("{how} {} {limit}", kind.keyword()));
        }
    }
    Ok(fits)
}

/// What its text must have in it.
fn of_text<'v>(
    rules: &'v Rules,
    value: &'v Json<'v>,
    c: &mut Checking<'v, '_>,
) -> Result<bool, Failure> {
    let (Some(pattern), Json::String(text)) = (&rules.pattern, value) else { return Ok(true) };
    // Beginning a search takes about as long as a few characters do.
    c.budget.searches.spend(pattern.cost(text.len() + 16))?;
    Ok(pattern.regex.is_match(text) || c.fail(|| "does not match pattern".into()))
}

/// What its parts must be.
fn of_parts<'v>(
    rules: &'v Rules,
    value: &'v Json<'v>,
    c: &mut Checking<'v, '_>,
) -> Result<bool, Failure> {
    match (value, &rules.items) {
        (Json::Array(items), Some(schema)) => {
            let mut fits = true;
            for (at, item) in items.iter().enumerate() {
                fits &= c.below(Key::Index(at), schema, item)?;
                if !fits && c.has_enough() {
                    break;
                }
            }
            Ok(fits)
        }
        (Json::Object(object), _) => of_members(rules, object, c),
        _ => Ok(true),
    }
}

fn of_members<'v>(
    rules: &'v Rules,
    object: &'v Object<'v>,
    c: &mut Checking<'v, '_>,
) -> Result<bool, Failure> {
    let mut fits = true;
    for name in &rules.required {
        c.look_up(name)?;
        if object.get(name).is_none() {
            c.way.push(Key::Name(name));
            fits = c.fail(|| "required property is missing".into());
            c.way.pop();
        }
    }
    for name in &rules.property_order {
        c.look_up(name)?;
        if let (Some(schema), Some(value)) = (rules.properties.get(name), object.get(name)) {
            fits &= c.below(Key::Name(name), schema, value)?;
        }
        if !fits && c.has_enough() {
            return Ok(false);
        }
    }
    let Some(schema) = &rules.additional_properties else { return Ok(fits) };
    for (name, value) in object.iter() {
        c.look_up(name)?;
        if !rules.properties.contains_key(name) {
            fits &= c.below(Key::Name(name), schema, value)?;
        }
        if !fits && c.has_enough() {
            return Ok(false);
        }
    }
    Ok(fits)
}

/// Which schemas it must fit besides, or must not.
fn of_alternatives<'v>(
    rules: &'v Rules,
    value: &'v Json<'v>,
    c: &mut Checking<'v, '_>,
) -> Result<bool, Failure> {
    let mut fits = true;
    for schema in &rules.all_of {
        fits &= check(schema, value, c)?;
        if !fits && c.has_enough() {
            return Ok(false);
        }
    }
    if !rules.any_of.is_empty() {
        let mut any = false;
        for schema in &rules.any_of {
            any = any || c.tries(schema, value)?;
        }
        if !any {
            fits = c.fail(|| "matches no schema of anyOf".into());
        }
    }
    if !rules.one_of.is_empty() {
        let mut matching = 0_u32;
        for schema in &rules.one_of {
            matching += u32::from(matching < 2 && c.tries(schema, value)?);
        }
        if matching != 1 {
            let found = if matching == 0 { "no schema" } else { "more than one schema" };
            fits = c.fail(|| format!("matches {found} of oneOf"));
        }
    }
    if let Some(schema) = &rules.not
        && c.tries(schema, value)?
    {
        fits = c.fail(|| "matches the schema of not".into());
    }
    Ok(fits)
}
