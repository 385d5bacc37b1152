//! The rows of the table of routes for alerts and budgets.

use super::route::Route;
use super::routes::Audience::{Client, Operator};
use super::routes::{Row, row};
use crate::api::Manage;

pub(super) const ALERT_ROUTES: &[Row] = &[
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "alerts"],
        &[
            ("GET", "list-alerts", |[project, _]| Route::AlertsOf(project, Manage::List)),
            ("POST", "create-alert", |[project, _]| Route::AlertsOf(project, Manage::Create)),
        ],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "alerts", "*"],
        &[
            ("GET", "get-alert", |[project, id]| Route::AlertsOf(project, Manage::Get(id))),
            ("PATCH", "change-alert", |[project, id]| Route::AlertsOf(project, Manage::Update(id))),
            ("DELETE", "delete-alert", |[project, id]| {
                Route::AlertsOf(project, Manage::Delete(id))
            }),
        ],
    ),
    row(
        Client,
        &["api", "v1", "alerts"],
        &[
            ("GET", "list-alerts", |_| Route::Alerts(Manage::List)),
            ("POST", "create-alert", |_| Route::Alerts(Manage::Create)),
        ],
    ),
    row(
        Client,
        &["api", "v1", "alerts", "*"],
        &[
            ("GET", "get-alert", |[id, _]| Route::Alerts(Manage::Get(id))),
            ("PATCH", "change-alert", |[id, _]| Route::Alerts(Manage::Update(id))),
            ("DELETE", "delete-alert", |[id, _]| Route::Alerts(Manage::Delete(id))),
        ],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "alerts", "*", "test"],
        &[("POST", "test-alert", |[project, id]| Route::TryAlertOf(project, id))],
    ),
    row(
        Client,
        &["api", "v1", "alerts", "*", "test"],
        &[("POST", "test-alert", |[id, _]| Route::TryAlert(id))],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "budgets"],
        &[
            ("GET", "list-budgets", |[project, _]| Route::BudgetsOf(project, Manage::List)),
            ("POST", "create-budget", |[project, _]| Route::BudgetsOf(project, Manage::Create)),
        ],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "budgets", "*"],
        &[
            ("GET", "get-budget", |[project, id]| Route::BudgetsOf(project, Manage::Get(id))),
            ("PATCH", "change-budget", |[project, id]| {
                Route::BudgetsOf(project, Manage::Update(id))
            }),
            ("DELETE", "delete-budget", |[project, id]| {
                Route::BudgetsOf(project, Manage::Delete(id))
            }),
        ],
    ),
    row(
        Client,
        &["api", "v1", "budgets"],
        &[
            ("GET", "list-budgets", |_| Route::Budgets(Manage::List)),
            ("POST", "create-budget", |_| Route::Budgets(Manage::Create)),
        ],
    ),
    row(
        Client,
        &["api", "v1", "budgets", "*"],
        &[
            ("GET", "get-budget", |[id, _]| Route::Budgets(Manage::Get(id))),
            ("PATCH", "change-budget", |[id, _]| Route::Budgets(Manage::Update(id))),
            ("DELETE", "delete-budget", |[id, _]| Route::Budgets(Manage::Delete(id))),
        ],
    ),
    row(Client, &["api", "v1", "budget"], &[("GET", "budget", |_| Route::Budget)]),
];
