//! Which model an input is for: the rules of a routing configuration, and how complex an
//! input is.

use std::collections::HashSet;

use crate::evaluator::config::{Config, read_object};
use crate::evaluator::json::Json;
use crate::evaluator::lexicon::lexicon;
use crate::evaluator::limits::{MAX_ROUTING_KEYWORDS, MAX_ROUTING_RULES};
use crate::evaluator::outcome::{Failure, round};
use crate::evaluator::phrase::{is_in, normal};
use crate::evaluator::words::words;
use crate::evaluator::work::Work;

/// A routing configuration.
#[derive(Debug)]
pub struct RoutingConfig {
    default_model: String,
    /// In the order in which they are tried.
    rules: Vec<Rule>,
    warnings: Vec<String>,
}

#[derive(Debug)]
struct Rule {
    name: String,
    condition: Condition,
    model: String,
    priority: f64,
}

#[derive(Debug)]
enum Condition {
    /// More complex than that.
    Complexity(f64),
    /// More tokens than that.
    Tokens(f64),
    /// Any of these is in the input; in lower case.
    Keywords(Vec<String>),
    Always,
}

/// A model, and why it.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice<'c> {
    /// Its name.
    pub model: &'c str,
    /// The rule that said so; none where no rule holds.
    pub rule: Option<&'c str>,
    /// How complex the input is, from 0 to 1.
    pub complexity: f64,
}

impl RoutingConfig {
    /// Reads one: an object's JSON text with `defaultModel` and `rules`.
    ///
    /// # Errors
    /// What was expected where.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let object = read_object(text, "config")?;
        let mut config = Config::new(&object);
        let default_model = config.required_text("default_model")?.to_owned();
        let list = match config.get("rules") {
            None => &[],
            Some(rules) => match rules.as_array() {
                Some(rules) if rules.len() <= MAX_ROUTING_RULES => rules,
                _ => {
                    let expected =
                        format!("expected an array of at most {MAX_ROUTING_RULES} rules");
                    return Err(config.fail("rules", &expected));
                }
            },
        };
        let mut rules = Vec::with_capacity(list.len());
        let mut warnings = config.warnings();
        for (at, rule) in list.iter().enumerate() {
            let place = format!("rules[{at}]");
            let Json::Object(rule) = rule else {
                return Err(config.fail(&place, "expected an object"));
            };
            rules.push(read_rule(&mut Config::inner(rule, &place), &place, &mut warnings)?);
        }
        let keywords = |rule: &Rule| match &rule.condition {
            Condition::Keywords(keywords) => keywords.len(),
            _ => 0,
        };
        if rules.iter().map(keywords).sum::<usize>() > MAX_ROUTING_KEYWORDS {
            let what = format!("more than {MAX_ROUTING_KEYWORDS} keywords");
            return Err(config.fail("rules", &what));
        }
        rules.sort_by(|a, b| a.priority.total_cmp(&b.priority));
        Ok(Self { default_model, rules, warnings })
    }

    /// What is in it that nothing reads.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Chooses a model for an input: that of the first rule that holds.
    #[must_use]
    pub fn route(&self, input: &str) -> Choice<'_> {
        let (complexity, tokens) = (complexity(input), count_tokens(input));
        let lower = input.to_lowercase();
        let holds = |rule: &&Rule| match &rule.condition {
            Condition::Complexity(threshold) => complexity > *threshold,
            Condition::Tokens(most) => tokens > *most,
            Condition::Keywords(keywords) => keywords.iter().any(|keyword| lower.contains(keyword)),
            Condition::Always => true,
        };
        match self.rules.iter().find(holds) {
            Some(rule) => Choice { model: &rule.model, rule: Some(&rule.name), complexity },
            None => Choice { model: &self.default_model, rule: None, complexity },
        }
    }
}

fn read_rule(
    config: &mut Config<'_>,
    place: &str,
    warnings: &mut Vec<String>,
) -> Result<Rule, Failure> {
    let name = config.required_text("name")?.to_owned();
    let model = config.required_text("model")?.to_owned();
    let priority = config.number("priority", "a number", |_| true)?.unwrap_or(0.0);
    let condition = config.object("condition")?;
    let condition = condition.ok_or_else(|| config.fail("condition", "required"))?;
    let mut inner = Config::inner(condition, &format!("{place}.condition"));
    let condition = read_condition(&mut inner)?;
    warnings.extend(config.warnings().into_iter().chain(inner.warnings()));
    Ok(Rule { name, condition, model, priority })
}

#[derive(Clone, Copy)]
enum Kind {
    Complexity,
    Tokens,
    Keyword,
    Always,
}

fn read_condition(config: &mut Config<'_>) -> Result<Condition, Failure> {
    let kinds = [
        ("complexity", Kind::Complexity),
        ("token_count", Kind::Tokens),
        ("keyword", Kind::Keyword),
        ("always", Kind::Always),
    ];
    let kind = config.choice("type", &kinds)?.ok_or_else(|| config.fail("type", "required"))?;
    Ok(match kind {
        Kind::Always => Condition::Always,
        Kind::Complexity => {
            Condition::Complexity(config.required_number("threshold", "a number", |_| true)?)
        }
        Kind::Tokens => Condition::Tokens(config.required_number(
            "max_tokens",
            "a number of at least 0",
            |n| n >= 0.0,
        )?),
        Kind::Keyword => {
            let keywords = config.texts("keywords")?.unwrap_or_default();
            if keywords.is_empty() || keywords.iter().any(|keyword| keyword.is_empty()) {
                return Err(
                    config.fail("keywords", "expected strings, at least one and none empty")
                );
            }
            Condition::Keywords(keywords.iter().map(|keyword| keyword.to_lowercase()).collect())
        }
    })
}

/// Tokens, as far as they can be told from characters: four of them are one.
#[expect(clippy::cast_precision_loss, reason = "a body has less than 2^53 characters")]
fn count_tokens(input: &str) -> f64 {
    input.chars().count().div_ceil(4) as f64
}

/// How complex an input is: its length, how rich its words are, whether it asks for
/// thinking, and its form.
fn complexity(input: &str) -> f64 {
    let length = (count_tokens(input) / 2000.0).min(1.0);
    round(0.25 * length + 0.2 * variety(input) + 0.35 * reasoning(input) + 0.2 * structure(input))
}

/// How many of the words are different ones.
#[expect(clippy::cast_precision_loss, reason = "a body has less than 2^53 words")]
fn variety(input: &str) -> f64 {
    let lower = input.to_lowercase();
    let all = words(&lower).count();
    let distinct = words(&lower).collect::<HashSet<_>>().len();
    if all == 0 { 0.0 } else { distinct as f64 / all as f64 }
}

/// How much thinking is asked for.
fn reasoning(input: &str) -> f64 {
    let lists = &lexicon().routing;
    let text = normal(input);
    // The lists are short, so there is no bound to pass.
    let has =
        |phrase: &&String| is_in(phrase, &text, &mut Work::new(u64::MAX, "")).unwrap_or(false);
    let phrases = lists.reasoning.iter().filter(has).take(3).count();
    let steps = input.lines().filter(|line| is_numbered(line)).count();
    let questions = input.matches('?').count();
    let compares = lists.comparative.iter().any(|phrase| has(&phrase));
    let fifth = |holds: bool| if holds { 0.2 } else { 0.0 };
    let phrases = 0.2 * f64::from(u8::try_from(phrases).unwrap_or(3));
    f64::min(phrases + fifth(questions >= 2 || steps >= 2) + fifth(compares), 1.0)
}

/// Code, data, tables, lists and addresses in it.
fn structure(input: &str) -> f64 {
    let lines = |is: fn(&str) -> bool| input.lines().filter(|line| is(line)).count();
    let is_row = |line: &str| line.matches('|').count() >= 2;
    let is_item =
        |line: &str| line.starts_with("- ") || line.starts_with("* ") || is_numbered(line);
    let closes_tag = || {
        let mut after = input.split("</").skip(1);
        after.any(|rest| rest.starts_with(char::is_alphabetic))
    };
    let parts = [
        (0.3, input.contains("```")),
        (0.2, input.contains("{\"") || closes_tag()),
        (0.2, lines(is_row) >= 2),
        (0.2, lines(is_item) >= 3),
        (0.1, input.contains("http://") || input.contains("https://")),
    ];
    parts.iter().map(|(weight, there)| if *there { *weight } else { 0.0 }).sum()
}

/// Whether a line begins with a number and `.` or `)`.
fn is_numbered(line: &str) -> bool {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < line.len() && rest.starts_with(['.', ')'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_complexity_counts() {
        for (input, expected) in [
            ("", 0.0),
            // 0.2 of variety everywhere, for no word is there twice.
            ("Why?", 0.27),
            ("why how explain analyze", 0.41),
            ("a? b?", 0.27),
            ("1. x\n2) y", 0.27),
            ("better", 0.27),
            ("```", 0.06),
            ("<b></b>", 0.14),
            ("{\"", 0.04),
            ("</ b", 0.2),
            ("|a|\n|b|", 0.24),
            ("- a\n* b\n1. c", 0.24),
            ("http://a", 0.22),
        ] {
            assert!((complexity(input) - expected).abs() < 1e-9, "{input}: {}", complexity(input));
        }
        assert!((complexity(&"a ".repeat(4_000)) - 0.25).abs() < 1e-9);
    }

    #[test]
    fn a_configuration_says_what_is_wrong_with_it_where() {
        let rule = |condition: &str| {
            format!(
                r#"{{"defaultModel":"m","rules":[{{"name":"a","model":"b","condition":{condition}}}]}}"#
            )
        };
        let many = vec!["\"k\""; MAX_ROUTING_KEYWORDS + 1].join(",");
        for (config, place) in [
            ("[]".to_owned(), "config"),
            ("{}".to_owned(), "default_model"),
            (r#"{"defaultModel":"m","rules":{}}"#.to_owned(), "rules"),
            (r#"{"defaultModel":"m","rules":[1]}"#.to_owned(), "rules[0]"),
            (rule("null"), "rules[0].condition"),
            (rule("{}"), "rules[0].condition.type"),
            (rule(r#"{"type":"often"}"#), "rules[0].condition.type"),
            (rule(r#"{"type":"complexity"}"#), "rules[0].condition.threshold"),
            (rule(r#"{"type":"token_count","maxTokens":-1}"#), "rules[0].condition.max_tokens"),
            (rule(r#"{"type":"keyword","keywords":[""]}"#), "rules[0].condition.keywords"),
            (rule(&format!(r#"{{"type":"keyword","keywords":[{many}]}}"#)), "rules"),
        ] {
            let failure = RoutingConfig::parse(&config).unwrap_err();
            let expected = format!("Invalid config: {place}: ");
            assert!(failure.message.starts_with(&expected), "{config}: {}", failure.message);
        }
        assert!(RoutingConfig::parse(&rule(r#"{"type":"always"}"#)).is_ok());
    }
}
