//! All statements of a project's alerts and budgets, for `statements`.

use edgespan::index::{Statement, alerts, budgets};
use ingest_core::index_writer::statements::spend;

use super::{PROJECT, RECEIVED};

/// What is written and asked of alerts and budgets: those that there are become others, and go.
pub fn of_project() -> Vec<Statement> {
    let mut rule = alerts::AlertRow {
        id: "mine".into(),
        name: "other".into(),
        kind: "cost".into(),
        period: "hour".into(),
        evaluator: String::new(),
        threshold: 2.0,
        min_count: 1,
        url: "mine".into(),
        format: "json".into(),
        cooldown_ms: 1,
        enabled: 1,
        created_ms: 1,
        updated_ms: 1,
        version: 1,
        firing: 1,
        since_ms: 2,
        due: Some("firing".into()),
        notice: 2,
        value: 2.0,
        retry_ms: 2,
        tries: 1,
        sent_ms: None,
        error: None,
    };
    let mut budget = budgets::BudgetRow {
        id: "mine".into(),
        name: "other".into(),
        subject_kind: "project".into(),
        subject: String::new(),
        period: "total".into(),
        cost_nano: Some(2),
        tokens: Some(2),
        created_ms: 1,
    };
    let mut all = vec![
        alerts::select_all(PROJECT),
        alerts::select_newest(PROJECT, RECEIVED),
        alerts::select_letters(PROJECT),
        alerts::select_average(PROJECT, "n", (1, 2)),
        alerts::stand(PROJECT, &rule),
        alerts::end_notice(PROJECT, ("mine", 2), Ok(Some(3))),
        alerts::end_notice(PROJECT, ("mine", 2), Err("why")),
        alerts::update(PROJECT, &rule, 1),
        budgets::select_kept(PROJECT),
        budgets::select_all(PROJECT, RECEIVED),
        budgets::select_of(PROJECT, RECEIVED, Some("u"), Some("s")),
        budgets::update(PROJECT, &budget),
        spend(PROJECT, r#"[["mine","",0,1,1]]"#.into()),
    ];
    all.push(alerts::delete(PROJECT, "mine"));
    all.extend(budgets::delete(PROJECT, "mine"));
    (rule.id, budget.id) = ("new".into(), "new".into());
    all.extend([alerts::insert(PROJECT, &rule), budgets::insert(PROJECT, &budget)]);
    all
}
