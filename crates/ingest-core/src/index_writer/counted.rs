//! What rows count as in the hourly rollup ([`crate::pack::usage`]): a trace by its columns, a
//! span by what it comes to. What a row counted as is taken off when it becomes another, so
//! the sums are what all rows come to, whatever order they were written in.

use std::rc::Rc;

use crate::fold::model_use::ModelUse;
use crate::limits::MAX_DELIVERY_BYTES;
use crate::model::Micros;
use crate::pack::hex;
use crate::pack::usage::{By, Cells, Key, Sums, write_cells};

/// What a trace counts as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub(super) start_us: Micros,
    name: Rc<str>,
    pub(super) user: Rc<str>,
    pub(super) session: Rc<str>,
    /// A JSON array of strings.
    tags: Option<Rc<str>>,
    /// What its root says of its failure.
    error: Option<Rc<str>>,
    pub(super) sums: Sums,
}

/// The hour of a time, since the epoch.
#[must_use]
pub fn hour_of(at: Micros) -> i64 {
    at.div_euclid(3_600_000_000)
}

/// The columns that say what a trace counts as.
#[derive(Debug)]
#[allow(missing_docs, reason = "the columns are documented in migrations/")]
pub struct Columns<'a> {
    pub start_us: Micros,
    pub end_us: Option<Micros>,
    pub errors: i64,
    pub open: i64,
    pub tokens: i64,
    pub cost_nano: i64,
    pub root_child: u8,
    pub root_failed: Option<u8>,
    pub name: Option<&'a Rc<str>>,
    pub session: Option<&'a Rc<str>>,
    pub user: Option<&'a Rc<str>>,
    pub tags: Option<&'a Rc<str>>,
    pub error_preview: Option<&'a Rc<str>>,
}

impl Counted {
    /// What a row with these columns counts as.
    #[must_use]
    pub fn of(row: &Columns) -> Self {
        let Columns { start_us, end_us, errors, open, tokens, cost_nano, .. } = *row;
        // As its status: without a root, whatever failed.
        let root_failed = row.root_failed.filter(|_| row.root_child == 0);
        let failed = root_failed.map_or(errors > 0, |failed| failed != 0).into();
        let mut sums = Sums { count: 1, failed, tokens, cost_nano, ..Sums::default() };
        if let (Some(end), 0) = (end_us, open) {
            sums.took(end.saturating_sub(start_us));
        }
        let text = |text: Option<&Rc<str>>| text.cloned().unwrap_or_default();
        let (name, user, tags) = (text(row.name), text(row.user), row.tags.cloned());
        let error = row.error_preview.cloned();
        Self { start_us, name, user, session: text(row.session), tags, error, sums }
    }

    /// Adds it to sums, or takes it off.
    pub fn add_to(&self, cells: &mut Cells, times: i64) {
        let mut add = |by, value| {
            cells.add(Key { by, hour: hour_of(self.start_us), value }, &self.sums, times);
        };
        add(By::Name, Rc::clone(&self.name));
        add(By::User, Rc::clone(&self.user));
        if self.sums.failed > 0 {
            let message = alike(self.error.as_deref().unwrap_or_default());
            add(By::Error, format!("{}\n{message}", self.name).into());
        }
        let tags = self.tags.as_deref().map(serde_json::from_str::<Vec<Rc<str>>>);
        match tags {
            Some(Ok(tags)) if !tags.is_empty() => {
                for tag in tags {
                    add(By::Tag, tag);
                }
            }
            _ => add(By::Tag, Rc::default()),
        }
    }
}

/// A message without what differs each time: of words with a digit in them is left that they
/// are there. So much of it that one recognizes it.
#[must_use]
pub fn alike(message: &str) -> String {
    const BYTES: usize = 200;
    let mut out = String::new();
    for word in message.split_inclusive(|c: char| !c.is_alphanumeric() && c != '-') {
        if word.bytes().any(|b| b.is_ascii_digit()) {
            out.push('#');
            out.extend(word.chars().last().filter(|end| !end.is_alphanumeric()));
        } else {
            out.push_str(word);
        }
        if out.len() > BYTES {
            out.truncate(out.floor_char_boundary(BYTES));
            break;
        }
    }
    out
}

/// Adds what spans used of models to sums, or takes it off.
pub fn add_uses(uses: impl IntoIterator<Item = ModelUse>, cells: &mut Cells, times: i64) {
    for one in uses {
        let ModelUse { counts, failed, input, output, cached, tokens, cost_nano, .. } = one;
        let (count, failed) = (counts.into(), (counts && failed).into());
        let plain =
            Sums { count, failed, input, output, cached, tokens, cost_nano, ..Sums::default() };
        let mut sums = plain;
        if let Some(took) = one.took_us.filter(|_| counts) {
            sums.took(took);
        }
        let (hour, value) = (hour_of(one.at_us), one.model.unwrap_or_default());
        cells.add(Key { by: By::Model, hour, value }, &sums, times);
    }
}

/// Rows that hold these sums, in hexadecimal digits: one as a rule, none where there is
/// nothing to add.
#[must_use]
pub fn rows(cells: &Cells) -> Vec<String> {
    let (mut rows, mut from, mut bytes) = (Vec::new(), 0, 0);
    let all = cells.in_order();
    for (at, (key, _)) in all.iter().enumerate() {
        // More than any sums take but those with many durations, of which there are few.
        bytes += key.value.len() + 64;
        if bytes > MAX_DELIVERY_BYTES || at + 1 == all.len() {
            rows.push(hex::write(&write_cells(all.get(from..=at).unwrap_or_default())));
            (from, bytes) = (at + 1, 0);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_differ_in_numbers_and_ids_alone_are_alike() {
        for (message, expected) in [
            ("timeout after 30 s", "timeout after # s"),
            ("no order a-17f3, line 4", "no order #, line #"),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(alike(message), expected);
        }
        assert_eq!(alike(&"é".repeat(150)), "é".repeat(100));
    }
}
