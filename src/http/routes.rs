//! What requests are for: one table for the API and the pages. What a path takes, who may
//! ask and what logs call it is in its row. The paths of wire formats are in their own
//! table, those of other services' clients are `compat`'s; `router` finds among all.

use crate::admin::{Command, KeyCommand};
use crate::api::{PriceCommand, RoutingQuestion};
use crate::compat;
use crate::dashboard::Page;
use crate::formats::FormatPath;

/// What a request is for. Ids are decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// A batch, or what is not kept, at this path of its wire format.
    Ingest(FormatPath),
    /// What the clients of a wire format ask before they send, at this path.
    Answer(&'static str),
    /// The list of traces.
    ListTraces,
    /// One trace.
    GetTrace(String),
    /// One span of a trace.
    GetSpan(String, String),
    /// The list of scores.
    ListScores,
    /// One score.
    GetScore(String),
    /// Its deletion.
    DeleteScore(String),
    /// Judging an output.
    Validate,
    /// Choosing a model.
    RouteModel,
    /// Batches that could not be written.
    DeadLetters,
    /// Counts by hour.
    Stats,
    /// What was used in a month: of the key's project.
    Usage,
    /// The same of some months.
    UsageHistory,
    /// What was used in a month: of all projects.
    UsageOfAll,
    /// The same of some months.
    UsageHistoryOfAll,
    /// One step of a replay.
    Replay,
    /// One step of a verification along R2, or along the rows of the index.
    Verify,
    /// See `Verify`.
    VerifyRows,
    /// Forgetting traces that are wrong.
    Forget,
    /// What the operator asks for of projects and keys.
    Manage(Command),
    /// What an administrator asks for of the keys of a project.
    Keys(KeyCommand),
    /// What an administrator asks for of routing configurations.
    Routing(RoutingQuestion),
    /// The same of the operator, of a project by its name.
    RoutingOf(String, RoutingQuestion),
    /// What is asked of the prices of the key's project.
    Prices(PriceCommand),
    /// The same of a project by its name.
    ProjectPrices(String, PriceCommand),
    /// What another service's client asks.
    Compat(compat::Question),
    /// Whether the Worker runs.
    Health,
    /// What a browser asks before it sends.
    Preflight,
    /// The form for signing in.
    SignIn,
    /// That form, filled in.
    PostSignIn,
    /// Signing out.
    SignOut,
    /// A page of the dashboard.
    Page(Page),
    /// Rating a trace, or one of its spans.
    Rate(String, Option<String>),
}

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Anybody, from any origin: it says nothing of anybody's.
    Anybody,
    /// Whoever has a project's key, from any origin.
    Client,
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

use Audience::{Anybody, Client, Operator, Person};

const fn row(
    audience: Audience,
    pattern: &'static [&'static str],
    methods: &'static [Method],
) -> Row {
    Row { pattern, audience, methods }
}

/// All rows; of several that match the first counts.
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
        &["api", "v1", "admin", "projects", "*", "routing-configs"],
        &[
            ("GET", "list-routing-configs", |[project, _]| {
                Route::RoutingOf(project, RoutingQuestion::List)
            }),
            ("POST", "create-routing-config", |[project, _]| {
                Route::RoutingOf(project, RoutingQuestion::Create)
            }),
        ],
    ),
    row(
        Operator,
        &["api", "v1", "admin", "projects", "*", "routing-configs", "*"],
        &[
            ("GET", "get-routing-config", |[project, id]| {
                Route::RoutingOf(project, RoutingQuestion::Get(id))
            }),
            ("PATCH", "update-routing-config", |[project, id]| {
                Route::RoutingOf(project, RoutingQuestion::Update(id))
            }),
            ("DELETE", "delete-routing-config", |[project, id]| {
                Route::RoutingOf(project, RoutingQuestion::Delete(id))
            }),
        ],
    ),
    row(
        Client,
        &["api", "v1", "routing-configs"],
        &[
            ("GET", "list-routing-configs", |_| Route::Routing(RoutingQuestion::List)),
            ("POST", "create-routing-config", |_| Route::Routing(RoutingQuestion::Create)),
        ],
    ),
    row(
        Client,
        &["api", "v1", "routing-configs", "*"],
        &[
            ("GET", "get-routing-config", |[id, _]| Route::Routing(RoutingQuestion::Get(id))),
            ("PATCH", "update-routing-config", |[id, _]| {
                Route::Routing(RoutingQuestion::Update(id))
            }),
            ("DELETE", "delete-routing-config", |[id, _]| {
                Route::Routing(RoutingQuestion::Delete(id))
            }),
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
    row(Anybody, &["api", "v1", "health"], &[("GET", "health", |_| Route::Health)]),
    row(Person, &[""], &[("GET", "page-home", |_| Route::Page(Page::Home))]),
    row(Person, &["traces"], &[("GET", "page-traces", |_| Route::Page(Page::Traces))]),
    row(Person, &["scores"], &[("GET", "page-scores", |_| Route::Page(Page::Scores))]),
    row(Person, &["costs"], &[("GET", "page-costs", |_| Route::Page(Page::Costs))]),
    row(Person, &["chart"], &[("GET", "page-chart", |_| Route::Page(Page::Chart))]),
    row(Person, &["traces", "*"], &[("GET", "page-trace", |[id, _]| Route::Page(Page::Trace(id)))]),
    row(Person, &["traces", "*", "rating"], &[("POST", "rate", |[id, _]| Route::Rate(id, None))]),
    row(
        Person,
        &["traces", "*", "spans", "*", "rating"],
        &[("POST", "rate-span", |[trace, span]| Route::Rate(trace, Some(span)))],
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
        &["traces", "*", "spans", "*", "raw"],
        &[("GET", "page-raw", |[trace, span]| Route::Page(Page::RawSpan(trace, span)))],
    ),
    row(
        Person,
        &["sessions", "*"],
        &[("GET", "page-session", |[id, _]| Route::Page(Page::Session(id)))],
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
