//! The search box: what is written into it becomes parameters of the list's address, which are
//! shown as chips; and the values that there are, to choose from.

use std::collections::BTreeMap;
use std::rc::Rc;

use form_urlencoded::Serializer;
use maud::{Markup, html};

use super::filter::ListQuery;
use super::values::written_tag;
use crate::batch::RawStore;
use crate::dashboard::ui::format::count;
use crate::dashboard::view::View;
use crate::error::Error;
use crate::index::Database;
use crate::index::rollups::{self, By};
use crate::index::traces::Filter;

/// Characters of the box that are read.
const MAX_CHARS: usize = 1_000;
/// Values of a kind that are offered.
const OFFERED: usize = 8;
/// The longest range whose values are added up, in hours.
const MAX_HOURS: i64 = 31 * 24;
const HOUR_US: i64 = 3_600_000_000;

/// What is offered: a parameter, and what it is called.
const KINDS: [(By, &str, &str); 4] = [
    (By::Name, "name", "Name"),
    (By::User, "user", "User"),
    (By::Model, "model", "Model"),
    (By::Tag, "tag", "Tag"),
];

/// Takes what is written into the box into a list's parameters: `user:u-1`, `cost>0.1`,
/// `-tag:a`, `meta.key:value`, `"words"`. What is of no such form is words.
pub(super) fn take(asked: &mut ListQuery, text: &str) {
    let mut words: Vec<String> =
        Some(asked.q.clone()).filter(|q| !q.is_empty()).into_iter().collect();
    for part in parts(text) {
        if !take_part(asked, &part) {
            words.push(part);
        }
    }
    asked.q = words.join(" ");
}

/// What stands between spaces; in quotes there may be some.
fn parts(text: &str) -> Vec<String> {
    let (mut parts, mut part, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars().take(MAX_CHARS).chain([' ']) {
        quoted ^= c == '"';
        if c.is_whitespace() && !quoted {
            parts.extend(Some(std::mem::take(&mut part)).filter(|part| !part.is_empty()));
        } else {
            part.push(c);
        }
    }
    // A quote that does not end.
    parts.extend(Some(part.trim().to_owned()).filter(|part| !part.is_empty()));
    parts
}

fn take_part(asked: &mut ListQuery, part: &str) -> bool {
    let Some(at) =
        part.find([':', '<', '>', '=']).filter(|at| !part.get(..*at).unwrap_or("\"").contains('"'))
    else {
        return false;
    };
    let (key, rest) = part.split_at(at);
    let key = key.to_ascii_lowercase();
    let compares = ["cost", "duration", "tokens", "score"].contains(&&*key);
    // `cost:>0.1` is `cost>0.1`.
    let signed = rest.strip_prefix(':').filter(|more| more.starts_with(['<', '>', '=']));
    let rest = signed.filter(|_| compares).unwrap_or(rest);
    let signs = if compares { &[':', '<', '>', '='][..] } else { &[] };
    let written = rest.get(1..).unwrap_or_default().trim_start_matches(signs);
    let value = written.replace('"', "");
    if value.is_empty() {
        return false;
    }
    let is = !rest.starts_with(['<', '>']);
    let field = match &*key {
        "user" => &mut asked.user,
        "session" => &mut asked.session,
        "name" => &mut asked.name,
        "model" => &mut asked.model,
        "status" => &mut asked.status,
        "error" => &mut asked.error,
        "tag" | "-tag" if is => {
            let tag = if key == "tag" { written_tag(&value) } else { format!("-{value}") };
            if !asked.tags.contains(&tag) {
                asked.tags.push(tag);
            }
            return true;
        }
        // Words in quotes stand together.
        "output" if is => {
            written.clone_into(&mut asked.output);
            return true;
        }
        "score" => {
            asked.score = if is { value } else { rest.to_owned() };
            return true;
        }
        "cost" | "duration" | "tokens" if rest.len() > 1 => {
            let (least, most) = match &*key {
                "cost" => (&mut asked.min_cost, &mut asked.max_cost),
                "duration" => (&mut asked.min_duration, &mut asked.max_duration),
                _ => (&mut asked.min_tokens, &mut asked.max_tokens),
            };
            if !rest.starts_with('<') {
                least.clone_from(&value);
            }
            if !rest.starts_with('>') {
                *most = value;
            }
            return true;
        }
        other => {
            let key = other.strip_prefix("metadata.").or_else(|| other.strip_prefix("meta."));
            // As it was written: keys have cases.
            let Some(key) = key.and_then(|key| part.get(at - key.len()..at)).filter(|_| is) else {
                return false;
            };
            asked.metadata = format!("{key}={value}");
            return true;
        }
    };
    if is {
        *field = value;
    }
    is
}

/// What narrows the list down, as the box takes it, each with the address without it.
pub(super) fn chips(asked: &ListQuery) -> Vec<(String, String)> {
    let mut copy = asked.clone();
    let names: Vec<_> =
        copy.texts().into_iter().skip(3).map(|(name, text)| (name, text.clone())).collect();
    let mut chips = Vec::new();
    for (name, value) in names.into_iter().filter(|(_, value)| !value.is_empty()) {
        let mut without = asked.clone();
        for (_, text) in without.texts().into_iter().filter(|(other, _)| *other == name) {
            text.clear();
        }
        let label = match name.split_once('_') {
            Some(("min", of)) => format!("{of} ≥ {value}"),
            Some(("max", of)) => format!("{of} ≤ {value}"),
            _ if name == "q" => value,
            _ if name == "sort" => format!("by {value}"),
            _ => format!("{name}: {value}"),
        };
        chips.push((label, without.newest("/traces")));
    }
    chips.extend(asked.tags.iter().map(|tag| match tag.strip_prefix('-') {
        Some(not) => (format!("not tag: {not}"), asked.without_tag(tag)),
        None => (format!("tag: {}", tag.trim_start_matches('\\')), asked.without_tag(tag)),
    }));
    chips
}

/// The box, what is asked for, and where the values come that there are.
pub(super) fn search_box(asked: &ListQuery) -> Markup {
    let chips = chips(asked);
    let address = asked.newest("/traces");
    let values = format!("{address}{}values=1", if address.contains('?') { '&' } else { '?' });
    html! {
        div.find {
            label { span.sr { "Search" }
                input #find type="search" name="find" aria-describedby="find-help" autocomplete="off" spellcheck="false" autocapitalize="none"
                    placeholder="Search: an id, words, \"words together\", output:word user:u-1 model:gpt cost>0.1 -tag:test meta.key:value"; }
            span.sr #find-help { "Words are looked for in inputs, outputs and errors. The key / leads here." }
            @if !chips.is_empty() {
                ul.chips aria-label="What is asked for" {
                    @for (label, without) in &chips {
                        li { a.tag href=(without) title="Remove" { (label) span aria-hidden="true" { " ×" } span.sr { ", remove" } } }
                    }
                }
            }
            div.offered #offered hx-get=(values) hx-trigger="focusin from:#find once" hx-swap="innerHTML" {}
        }
    }
}

/// The values that there are in the range of time, and how many traces, or calls of models, each
/// has.
///
/// # Errors
/// A fault of the database.
pub(super) async fn values(
    view: &View<'_, impl Database, impl RawStore>,
    asked: &ListQuery,
    filter: &Filter,
) -> Result<Markup, Error> {
    let now = view.now.saturating_mul(1_000);
    let end = filter.to.unwrap_or(now).min(now).div_euclid(HOUR_US) + 1;
    let start = filter.from.map_or(end - MAX_HOURS, |from| from.div_euclid(HOUR_US));
    let hours = start.clamp(end - MAX_HOURS, end - 1)..end;
    let mut statements: Vec<_> = KINDS
        .iter()
        .map(|(by, ..)| rollups::select_columns(view.project, *by, std::slice::from_ref(&hours)))
        .collect();
    statements.push(rollups::select_deliveries(view.project));
    let mut ran = view.db.run(statements).await?.rows;
    let late = rollups::read_deliveries(&ran.pop().unwrap_or_default())?.cells;
    let mut all = Vec::new();
    for ((by, name, label), rows) in KINDS.into_iter().zip(ran) {
        let mut counts: BTreeMap<Rc<str>, i64> = BTreeMap::new();
        let parts = rollups::read_parts(&rows, &late, by)?.into_iter();
        for (_, value, sums) in parts.filter(|(hour, ..)| hours.contains(hour)) {
            if let Some(value) = value {
                *counts.entry(value).or_default() += sums.count;
            }
        }
        let mut counts: Vec<_> =
            counts.into_iter().filter(|(value, count)| !value.is_empty() && *count > 0).collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts.truncate(OFFERED);
        all.push((name, label, counts));
    }
    Ok(html! {
        @for (name, label, counts) in all.iter().filter(|(.., counts)| !counts.is_empty()) {
            p { b { (label) } " "
                @for (value, traces) in counts {
                    a.tag href=(with(asked, name, value)) { (value) " " span.muted { (count(*traces)) } } " "
                }
            }
        }
    })
}

fn with(asked: &ListQuery, name: &str, value: &str) -> String {
    if name == "tag" {
        return asked.with_tag(value);
    }
    let mut other = asked.clone();
    for (_, text) in other.texts().into_iter().filter(|(known, _)| *known == name) {
        *text = value.into();
    }
    other.newest("/traces")
}

/// The address of a part that is looked for further back, where so many are shown already.
pub(super) fn further(address: &str, shown: usize) -> String {
    let mut query = Serializer::new(format!("{address}&"));
    query.append_pair("further", &shown.to_string()).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_becomes_parameters() {
        for (text, query) in [
            ("", ""),
            ("refund  order", "?q=refund+order"),
            (r#"user:u-1 "out of stock" refund"#, "?user=u-1&q=%22out+of+stock%22+refund"),
            ("model:gpt cost>0.1 cost<=2", "?model=gpt&min_cost=0.1&max_cost=2"),
            ("cost:>0.1 tokens:<=9", "?min_cost=0.1&max_tokens=9"),
            ("score:>=0.5", "?score=%3E%3D0.5"),
            ("error:<html>", "?error=%3Chtml%3E"),
            ("duration>=2s tokens<500", "?min_duration=2s&max_tokens=500"),
            (r#"tag:a -tag:"b c" tag:-d"#, "?tag=a&tag=-b+c&tag=%5C-d"),
            (r#"name:"my agent" session:s status:error"#, "?status=error&name=my+agent&session=s"),
            ("score:helpful<0.5", "?score=helpful%3C0.5"),
            ("score<0.5", "?score=%3C0.5"),
            (r#"output:"a voucher" output<1"#, "?q=output%3C1&output=%22a+voucher%22"),
            ("meta.Tenant:acme", "?metadata=Tenant%3Dacme"),
            ("metadata.k=v=w error:timeout", "?metadata=k%3Dv%3Dw&error=timeout"),
            ("https://x.y user: 12:30 user<3", "?q=https%3A%2F%2Fx.y+user%3A+12%3A30+user%3C3"),
            (r#""a:b" "open end"#, "?q=%22a%3Ab%22+%22open+end"),
        ] {
            let mut asked = ListQuery::parse("");
            take(&mut asked, text);
            assert_eq!(asked.newest("/traces"), format!("/traces{query}"), "{text}");
        }
    }

    #[test]
    fn each_chip_leads_to_the_list_without_it() {
        let asked = ListQuery::parse("range=7d&user=u&min_cost=0.1&q=%22a+b%22&tag=x&tag=-y");
        let found = chips(&asked);
        let labels: Vec<_> = found.iter().map(|(label, _)| &**label).collect();
        assert_eq!(labels, ["user: u", "cost ≥ 0.1", "\"a b\"", "tag: x", "not tag: y"]);
        assert_eq!(found[2].1, "/traces?range=7d&user=u&min_cost=0.1&tag=x&tag=-y");
        assert_eq!(found[4].1, "/traces?range=7d&user=u&min_cost=0.1&q=%22a+b%22&tag=x");
    }
}
