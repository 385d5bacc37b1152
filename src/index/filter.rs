//! Which traces a list or a chart is of: what can be asked of them, as conditions on the
//! rows that are walked to.

use super::query::Builder;
use crate::model::{Micros, Millis, TraceStatus};
use ingest_core::fold::words::Wanted;
use ingest_core::index_writer::statements::TENANT;
use ingest_core::index_writer::template::fill;
use ingest_core::sql_file;

sql_file!(has_metadata_sql, "sql/has_metadata.sql", &[]);
sql_file!(has_score_sql, "sql/has_score.sql", &[]);

/// Which traces to show. Texts match parts of names in either case, and tags,
/// sessions and users as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are what they are called")]
pub struct Filter {
    pub from: Option<Micros>,
    pub to: Option<Micros>,
    pub status: Option<TraceStatus>,
    /// The time as of which a status is meant.
    pub now: Millis,
    pub name: Option<String>,
    pub tags: Vec<String>,
    pub session: Option<String>,
    pub user: Option<String>,
    pub model: Option<String>,
    pub min_duration_us: Option<i64>,
    pub max_duration_us: Option<i64>,
    pub min_cost_nano: Option<i64>,
    pub max_cost_nano: Option<i64>,
    pub min_tokens: Option<i64>,
    pub max_tokens: Option<i64>,
    /// Tags that it has not.
    pub not_tags: Vec<String>,
    /// A key of its metadata, and what is there.
    pub metadata: Option<(String, String)>,
    /// What one of its scores has to be.
    pub score: Option<ScoreCondition>,
    /// What it is in order of, where that is not when it started.
    pub sort: Option<Sort>,
    /// A part of what its root says went wrong, as far as lists show that.
    pub error: Option<String>,
    /// What is in its texts: no condition on rows, but found by [`crate::search`].
    pub words: Option<Wanted>,
    /// Which of these have to be in what came out.
    pub output: Option<Wanted>,
}

/// What a list is in order of, the greatest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are what they are called")]
pub enum Sort {
    Duration,
    Cost,
    Tokens,
}

impl Sort {
    /// Each with its name.
    pub const ALL: [(Self, &str); 3] =
        [(Self::Duration, "duration"), (Self::Cost, "cost"), (Self::Tokens, "tokens")];

    /// The order of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(sort, _)| sort)
    }
}

/// What a score has to be: an evaluator's, and with a value between bounds. One without
/// bounds may have no value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScoreCondition {
    /// The evaluator's name; any if there is none.
    pub evaluator: Option<String>,
    /// What the value is compared with: JSON numbers.
    pub bounds: Vec<(Compare, String)>,
}

/// How a value is to compare with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are what they are called")]
pub enum Compare {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Compare {
    /// Each with its sign, in SQL as in addresses; those that begin with another come first.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::AtMost, "<="),
        (Self::AtLeast, ">="),
        (Self::Less, "<"),
        (Self::More, ">"),
        (Self::Equal, "="),
    ];

    fn sign(self) -> &'static str {
        Self::ALL.iter().find(|(one, _)| *one == self).map_or("", |(_, sign)| sign)
    }
}

/// The conditions on a row that has been walked to, 0 or 1 and never null. Its
/// columns are the table's, with `name` as the list shows it, under the name `walk`.
pub(super) fn conditions(sql: &mut Builder, filter: &Filter) -> String {
    let mut all = vec!["true".to_owned()];
    if let Some(status) = filter.status {
        all.push(sql.has_status(status, filter.now));
    }
    for (sign, bound) in [(">=", filter.min_duration_us), ("<=", filter.max_duration_us)] {
        let Some(bound) = bound else { continue };
        // What runs has taken all the time up to now, whatever has ended in it.
        let running = sql.has_status(TraceStatus::Running, filter.now);
        let now = sql.bind_time(filter.now.saturating_mul(1_000));
        let bound = sql.bind_time(bound);
        let end = format!("case when {running} then {now} else end_us end");
        all.push(format!("{end} - start_us {sign} {bound}"));
    }
    for (column, sign, bound) in [
        ("cost_nano", ">=", filter.min_cost_nano),
        ("cost_nano", "<=", filter.max_cost_nano),
        ("tokens", ">=", filter.min_tokens),
        ("tokens", "<=", filter.max_tokens),
    ] {
        if let Some(bound) = bound {
            all.push(format!("{column} {sign} {}", sql.bind_time(bound)));
        }
    }
    if let Some(session) = &filter.session {
        let session = sql.bind(&**session);
        all.push(format!("session = {session}"));
    }
    if let Some(user) = &filter.user {
        let user = sql.bind(&**user);
        all.push(format!("user = {user}"));
    }
    for (word, tags) in [("exists", &filter.tags), ("not exists", &filter.not_tags)] {
        for tag in tags {
            let tag = sql.bind(&**tag);
            all.push(format!("{word} (select 1 from json_each(tags) where value = {tag})"));
        }
    }
    if let Some((key, value)) = &filter.metadata {
        let (key, value) = (sql.bind(&**key), sql.bind(&**value));
        all.push(fill(has_metadata_sql(), &[("KEY", &key), ("VALUE", &value)]));
    }
    if let Some(score) = &filter.score {
        let scores = has_score(sql, score);
        all.push(scores);
    }
    // The last are the least nested: `and` goes around what stands before it.
    if let Some(name) = &filter.name {
        all.push(has_in_it(sql, "name", name));
    }
    if let Some(error) = &filter.error {
        all.push(has_in_it(sql, "coalesce(error_preview, '')", error));
    }
    if let Some(model) = &filter.model {
        all.push(has_in_it(sql, "models", model));
    }
    format!("({}) is true", all.join(" and "))
}

/// The columns that the conditions need besides those of every walk: a window carries all
/// that it has along, and metadata may have a few KB.
pub(super) fn more_columns(filter: &Filter) -> &'static str {
    if filter.metadata.is_some() { ", t.metadata" } else { "" }
}

/// The condition that a trace has such a score. The scores of each trace that is walked to
/// are looked up; a trace of which there are none costs no row.
fn has_score(sql: &mut Builder, score: &ScoreCondition) -> String {
    let mut tests = Vec::new();
    if let Some(evaluator) = &score.evaluator {
        tests.push(format!("c.name = {}", sql.bind(&**evaluator)));
    }
    for (compare, bound) in &score.bounds {
        let bound = sql.bind(&**bound);
        tests.push(format!("cast(c.value as real) {} cast({bound} as real)", compare.sign()));
    }
    let tests = if tests.is_empty() { "true".into() } else { tests.join(" and ") };
    fill(has_score_sql(), &[("TENANT", TENANT), ("TESTS", &tests)])
}

/// Most letters beyond ASCII that are found in either case: each is a function call
/// around the next, and D1 allows expressions 100 levels of nesting.
const MAX_FOLDED: usize = 24;

/// The condition that a column has a text in it, with letters in either case. SQLite
/// knows those of ASCII; of others the text's own are made the same in the column.
fn has_in_it(sql: &mut Builder, column: &str, text: &str) -> String {
    let mut column = column.to_owned();
    let mut folded: Vec<char> = Vec::new();
    let mut wanted = String::with_capacity(text.len());
    for c in text.chars() {
        let Some((lower, others)) = cases(c).filter(|_| !c.is_ascii()) else {
            wanted.push(c.to_ascii_lowercase());
            continue;
        };
        let new: Vec<char> = others.into_iter().filter(|other| !folded.contains(other)).collect();
        if folded.len() + new.len() > MAX_FOLDED {
            wanted.push(c);
            continue;
        }
        for other in new {
            folded.push(other);
            let (other, lower) = (u32::from(other), u32::from(lower));
            column = format!("replace({column}, char({other}), char({lower}))");
        }
        wanted.push(lower);
    }
    let wanted = sql.bind(wanted);
    format!("instr(lower({column}), {wanted}) > 0")
}

/// A letter as all of its cases are written here, and those that are written
/// otherwise; `None` where there is one case, or one of them is several letters.
fn cases(c: char) -> Option<(char, Vec<char>)> {
    fn only(mut letters: impl Iterator<Item = char>) -> Option<char> {
        letters.next().filter(|_| letters.next().is_none())
    }
    let upper = only(c.to_uppercase())?;
    let lower = only(upper.to_lowercase())?;
    let mut others: Vec<char> =
        [c, upper, only(c.to_lowercase())?].into_iter().filter(|case| *case != lower).collect();
    others.dedup();
    (!others.is_empty()).then_some((lower, others))
}
