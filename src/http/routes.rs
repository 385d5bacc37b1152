//! What requests are for: one table for the API and the pages. What a path takes, who may
//! ask and what logs call it is in its row. The paths of wire formats are in their own
//! table, those of other services' clients are `compat`'s; `router` finds among all.

use super::route::Route;
use crate::admin::{Command, KeyCommand};
use crate::api::{Manage, PriceCommand};
use crate::dashboard::Page;
use crate::dashboard::settings::Command as Settings;

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Anybody, from any origin: it says nothing of anybody's.
    Anybody,
    /// Whoever has a project's key, from any origin.
    Client,
    /// Whoever has a project's key, from origins that may: agents.
    Agent,
    /// Whoever has the operator's secret; no page of any origin.
    Operator,
    /// People with a browser, on pages of this origin.
    Person,
}

/// Makes a route of the ids in a path, of which there are as many as in its pattern.
pub(super) type Make = fn([String; 2]) -> Route;

/// A path, and what each of its methods is for.
pub(super) struct Row {
    /// The parts of the path; `*` stands for an id.
    pub(super) pattern: &'static [&'static str],
    /// Who may ask.
    pub(super) audience: Audience,
    /// What its methods are for.
    pub(super) methods: &'static [Method],
}

/// A method (`GET` for `HEAD` as well), what logs call the route, and the route.
pub(super) type Method = (&'static str, &'static str, Make);

use Audience::{Agent, Anybody, Client, Operator, Person};

pub(super) const fn row(
    audience: Audience,
    pattern: &'static [&'static str],
    methods: &'static [Method],
) -> Row {
    Row { pattern, audience, methods }
}

/// The rows, but for those of `alert_routes`.
pub(super) const ROUTES: &[Row] = &[
    row(Client, &["api", "v1", "traces"], &[("GET", "list-traces", |_| Route::ListTraces)]),
    row(
        Client,
        &["api", "v1", "traces", "*"],
        &[("GET", "get-trace", |[id, _]| Route::GetTrace(id))],
    ),
    row(
        Client,
        &["api", "v1", "traces", "*", "spans", "*"],
        &[("GET", "get-span", |[trace, span]| Route::GetSpan(trace, span))],
    ),
    row(Client, &["api", "v1", "scores"], &[("GET", "list-scores", |_| Route::ListScores)]),
    row(
        Client,
        &["api", "v1", "scores", "*"],
        &[
            ("GET", "get-score", |[id, _]| Route::GetScore(id)),
            ("DELETE", "delete-score", |[id, _]| Route::DeleteScore(id)),
        ],
    ),
    row(Client, &["api", "v1", "validate"], &[("POST", "validate", |_| Route::Validate)]),
    row(Client, &["api", "v1", "route-model"], &[("POST", "route-model", |_| Route::RouteModel)]),
    row(Client, &["api", "v1", "dead-letters"], &[("GET", "dead-letters", |_| Route::DeadLetters)]),
    row(Client, &["api", "v1", "stats"], &[("GET", "stats", |_| Route::Stats)]),
    row(Client, &["api", "v1", "usage"], &[("GET", "usage", |_| Route::Usage)]),
    row(
        Client,
        &["api", "v1", "usage", "history"],
        &[("GET", "usage-history", |_| Route::UsageHistory)],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "usage"],
        &[("GET", "usage-of-all", |_| Route::UsageOfAll)],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "usage", "history"],
        &[("GET", "usage-history-of-all", |_| Route::UsageHistoryOfAll)],
    ),
    row(
        Client,
        &["api", "v1", "prices"],
        &[
            ("GET", "list-prices", |_| Route::Prices(PriceCommand::List)),
            ("PUT", "set-price", |_| Route::Prices(PriceCommand::Set)),
            ("DELETE", "remove-price", |_| Route::Prices(PriceCommand::Remove)),
        ],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "prices"],
        &[
            ("GET", "list-prices", |[name, _]| Route::ProjectPrices(name, PriceCommand::List)),
            ("PUT", "set-price", |[name, _]| Route::ProjectPrices(name, PriceCommand::Set)),
            ("DELETE", "remove-price", |[name, _]| {
                Route::ProjectPrices(name, PriceCommand::Remove)
            }),
        ],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "traces"],
        &[("GET", "list-traces-of", |[project, _]| Route::ListTracesOf(project))],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "traces", "*"],
        &[("GET", "get-trace-of", |[project, id]| Route::GetTraceOf(project, id))],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "health"],
        &[("GET", "admin-health", |_| Route::AdminHealth)],
    ),
    row(Operator, &["api", "v1", "admin", "replay"], &[("POST", "replay", |_| Route::Replay)]),
    row(Operator, &["api", "v1", "admin", "verify"], &[("POST", "verify", |_| Route::Verify)]),
    row(
        Operator,
        &["api", "v1", "admin", "verify", "rows"],
        &[("POST", "verify-rows", |_| Route::VerifyRows)],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "verify", "forget"],
        &[("POST", "forget", |_| Route::Forget)],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*"],
        &[
            ("GET", "get-project", |[project, _]| Route::Manage(Command::GetProject(project))),
            ("PATCH", "configure-project", |[project, _]| {
                Route::Manage(Command::ConfigureProject(project))
            }),
        ],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "keys"],
        &[("POST", "create-key", |[project, _]| Route::Manage(Command::CreateKey(project)))],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "keys", "*"],
        &[("DELETE", "revoke-key", |[project, key]| {
            Route::Manage(Command::RevokeKey(project, key))
        })],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "keys", "*", "rotate"],
        &[("POST", "rotate-key", |[project, key]| Route::Manage(Command::RotateKey(project, key)))],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "evaluators"],
        &[
            ("GET", "list-evaluators", |[project, _]| Route::EvaluatorsOf(project, Manage::List)),
            ("POST", "create-evaluator", |[project, _]| {
                Route::EvaluatorsOf(project, Manage::Create)
            }),
        ],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "evaluators", "*"],
        &[
            ("GET", "get-evaluator", |[project, id]| Route::EvaluatorsOf(project, Manage::Get(id))),
            ("PATCH", "change-evaluator", |[project, id]| {
                Route::EvaluatorsOf(project, Manage::Update(id))
            }),
            ("DELETE", "delete-evaluator", |[project, id]| {
                Route::EvaluatorsOf(project, Manage::Delete(id))
            }),
        ],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "evaluators", "*", "run"],
        &[("POST", "run-evaluator", |[project, id]| Route::RunEvaluatorOf(project, id))],
    ),
    row(
        Client,
        &["api", "v1", "evaluators"],
        &[
            ("GET", "list-evaluators", |_| Route::Evaluators(Manage::List)),
            ("POST", "create-evaluator", |_| Route::Evaluators(Manage::Create)),
        ],
    ),
    row(
        Client,
        &["api", "v1", "evaluators", "try"],
        &[("POST", "try-evaluator", |_| Route::TryEvaluator)],
    ),
    row(
        Client,
        &["api", "v1", "evaluators", "*"],
        &[
            ("GET", "get-evaluator", |[id, _]| Route::Evaluators(Manage::Get(id))),
            ("PATCH", "change-evaluator", |[id, _]| Route::Evaluators(Manage::Update(id))),
            ("DELETE", "delete-evaluator", |[id, _]| Route::Evaluators(Manage::Delete(id))),
        ],
    ),
    row(
        Client,
        &["api", "v1", "evaluators", "*", "run"],
        &[("POST", "run-evaluator", |[id, _]| Route::RunEvaluator(id))],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "routing-configs"],
        &[
            ("GET", "list-routing-configs", |[project, _]| Route::RoutingOf(project, Manage::List)),
            ("POST", "create-routing-config", |[project, _]| {
                Route::RoutingOf(project, Manage::Create)
            }),
        ],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "routing-configs", "*"],
        &[
            ("GET", "get-routing-config", |[project, id]| {
                Route::RoutingOf(project, Manage::Get(id))
            }),
            ("PATCH", "update-routing-config", |[project, id]| {
                Route::RoutingOf(project, Manage::Update(id))
            }),
            ("DELETE", "delete-routing-config", |[project, id]| {
                Route::RoutingOf(project, Manage::Delete(id))
            }),
        ],
    ),
    row(
        Client,
        &["api", "v1", "routing-configs"],
        &[
            ("GET", "list-routing-configs", |_| Route::Routing(Manage::List)),
            ("POST", "create-routing-config", |_| Route::Routing(Manage::Create)),
        ],
    ),
    row(
        Client,
        &["api", "v1", "routing-configs", "*"],
        &[
            ("GET", "get-routing-config", |[id, _]| Route::Routing(Manage::Get(id))),
            ("PATCH", "update-routing-config", |[id, _]| Route::Routing(Manage::Update(id))),
            ("DELETE", "delete-routing-config", |[id, _]| Route::Routing(Manage::Delete(id))),
        ],
    ),
    row(
        Client,
        &["api", "v1", "api-keys"],
        &[
            ("GET", "list-keys", |_| Route::Keys(KeyCommand::List)),
            ("POST", "create-key", |_| Route::Keys(KeyCommand::Create)),
        ],
    ),
    row(
        Client,
        &["api", "v1", "api-keys", "*"],
        &[("DELETE", "revoke-key", |[key, _]| Route::Keys(KeyCommand::Revoke(key)))],
    ),
    row(
        Client,
        &["api", "v1", "api-keys", "*", "rotate"],
        &[("POST", "rotate-key", |[key, _]| Route::Keys(KeyCommand::Rotate(key)))],
    ),
    row(
        Agent,
        &["mcp"],
        &[("POST", "mcp", |_| Route::Mcp), ("OPTIONS", "mcp-preflight", |_| Route::McpPreflight)],
    ),
    row(Anybody, &["api", "v1", "health"], &[("GET", "health", |_| Route::Health)]),
    row(Person, &[""], &[("GET", "page-home", |_| Route::Page(Page::Home))]),
    row(Person, &["traces"], &[("GET", "page-traces", |_| Route::Page(Page::Traces))]),
    row(Person, &["scores"], &[("GET", "page-scores", |_| Route::Page(Page::Scores))]),
    row(
        Person,
        &["evaluators"],
        &[
            ("GET", "page-evaluators", |_| Route::Page(Page::Evaluators)),
            ("POST", "page-evaluators", |_| Route::PostEvaluators),
        ],
    ),
    row(Person, &["compare"], &[("GET", "page-compare", |_| Route::Page(Page::Compare))]),
    row(Person, &["errors"], &[("GET", "page-errors", |_| Route::Page(Page::Errors))]),
    row(Person, &["costs"], &[("GET", "page-costs", |_| Route::Page(Page::Costs))]),
    row(Person, &["chart"], &[("GET", "page-chart", |_| Route::Page(Page::Chart))]),
    row(Person, &["traces", "*"], &[("GET", "page-trace", |[id, _]| Route::Page(Page::Trace(id)))]),
    row(
        Person,
        &["traces", "*", "share"],
        &[("POST", "make-share", |[id, _]| Route::MakeShare(id))],
    ),
    row(
        Person,
        &["settings", "shares", "*", "revoke"],
        &[("POST", "revoke-share", |[id, _]| Route::RevokeShare(id))],
    ),
    row(Person, &["share", "*"], &[("GET", "open-share", |[token, _]| Route::OpenShare(token))]),
    row(Person, &["traces", "*", "rating"], &[("POST", "rate", |[id, _]| Route::Rate(id, None))]),
    row(
        Person,
        &["traces", "*", "spans", "*", "rating"],
        &[("POST", "rate-span", |[trace, span]| Route::Rate(trace, Some(span)))],
    ),
    row(
        Person,
        &["traces", "*", "conversation"],
        &[("GET", "page-conversation", |[id, _]| Route::Page(Page::Conversation(id)))],
    ),
    row(
        Person,
        &["traces", "*", "content"],
        &[("GET", "page-content", |[id, _]| Route::Page(Page::TraceContent(id)))],
    ),
    row(
        Person,
        &["traces", "*", "content", "raw"],
        &[("GET", "page-raw-content", |[id, _]| Route::Page(Page::RawTraceContent(id)))],
    ),
    row(
        Person,
        &["traces", "*", "spans", "*"],
        &[("GET", "page-span", |[trace, span]| Route::Page(Page::Span(trace, span)))],
    ),
    row(
        Person,
        &["traces", "*", "spans", "*", "image"],
        &[("GET", "page-image", |[trace, span]| Route::Page(Page::Image(trace, span)))],
    ),
    row(
        Person,
        &["traces", "*", "spans", "*", "raw"],
        &[("GET", "page-raw", |[trace, span]| Route::Page(Page::RawSpan(trace, span)))],
    ),
    row(
        Person,
        &["sessions", "*"],
        &[("GET", "page-session", |[id, _]| Route::Page(Page::Session(id)))],
    ),
    row(Person, &["settings"], &[("GET", "page-settings", |_| Route::Settings(Settings::Show))]),
    row(
        Person,
        &["settings", "keys"],
        &[("POST", "settings-create-key", |_| Route::Settings(Settings::CreateKey))],
    ),
    row(
        Person,
        &["settings", "keys", "*", "rotate"],
        &[("POST", "settings-rotate-key", |[id, _]| Route::Settings(Settings::RotateKey(id)))],
    ),
    row(
        Person,
        &["settings", "keys", "*", "revoke"],
        &[("POST", "settings-revoke-key", |[id, _]| Route::Settings(Settings::RevokeKey(id)))],
    ),
    row(
        Person,
        &["settings", "dead-letters", "replay"],
        &[("POST", "settings-replay", |_| Route::Settings(Settings::Replay))],
    ),
    row(
        Person,
        &["sign-in"],
        &[
            ("GET", "page-sign-in", |_| Route::SignIn),
            ("POST", "page-sign-in", |_| Route::PostSignIn),
        ],
    ),
    row(Person, &["sign-out"], &[("POST", "page-sign-out", |_| Route::SignOut)]),
];
