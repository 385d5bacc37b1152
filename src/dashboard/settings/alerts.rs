//! Alerts and how they stand, budgets and what is spent of them: made by the API.

use maud::{Markup, html};

use super::parts::{table, when};
use crate::dashboard::ui::format::{count, dollars};
use crate::index::alerts::AlertRow;
use crate::index::budgets::{BudgetRow, Spent};
use crate::model::Millis;
use crate::time;

pub(super) fn alerts_table(rules: &[AlertRow]) -> Markup {
    let at = |ms: Millis| time::with_millis(ms.saturating_mul(1_000));
    let rows = html! {
        @for rule in rules {
            tr {
                td.wide { b { (rule.name) } br; code.muted { (rule.id) } }
                td.nowrap { (rule.kind) " " (rule.threshold) @if !rule.period.is_empty() { " a " (rule.period) } }
                td.nowrap {
                    @if rule.enabled == 0 { span.muted { "switched off" } }
                    @else if rule.firing != 0 { b { "firing" } " since " (when(Some(&at(rule.since_ms)))) }
                    @else { "ok" }
                    @if let Some(why) = &rule.error { br; span.muted { "not sent: " (why) } }
                }
                td.nowrap { (when(rule.sent_ms.map(at).as_deref())) }
            }
        }
    };
    html! {
        section {
            h2 { "Alerts" }
            @if rules.is_empty() { p.muted { "None. " code { "npm run alerts" } " makes some, as the API does." } }
            @else { (table("Alerts", &["Alert", "Fires at", "State", "Last sent"], &rows)) }
        }
    }
}

pub(super) fn budgets_table(budgets: &[(BudgetRow, Spent)]) -> Markup {
    let of = |limit: i64, spent: i64, text: fn(i64) -> String, each: bool| {
        html! {
            div.nowrap { @if !each { (text(spent)) " of " } (text(limit)) }
        }
    };
    let tokens = |n: i64| format!("{} tokens", count(n));
    let rows = html! {
        @for (budget, (cost, spent)) in budgets {
            @let each = budget.subject == "*";
            tr {
                td.wide { b { (budget.name) } br; code.muted { (budget.id) } }
                td.wide {
                    @if each { "each " } (budget.subject_kind)
                    @if !each { " " (budget.subject) }
                }
                td { (budget.period) }
                td {
                    @if let Some(limit) = budget.cost_nano { (of(limit, *cost, dollars, each)) }
                    @if let Some(limit) = budget.tokens { (of(limit, *spent, tokens, each)) }
                }
            }
        }
    };
    html! {
        section {
            h2 { "Budgets" }
            @if budgets.is_empty() { p.muted { "None. " code { "npm run budgets" } " makes some, as the API does." } }
            @else { (table("Budgets", &["Budget", "Of", "Period", "Spent"], &rows)) }
        }
    }
}
