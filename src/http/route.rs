//! What a request is for.

use crate::admin::{Command, KeyCommand};
use crate::api::{Manage, PriceCommand};
use crate::compat;
use crate::dashboard::Page;
use crate::dashboard::settings::Command as Settings;
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
    /// What an administrator asks for of evaluators.
    Evaluators(Manage),
    /// The same of the operator, of a project by its name.
    EvaluatorsOf(String, Manage),
    /// To have an evaluator judge traces that there are.
    RunEvaluator(String),
    /// The same of the operator, of a project by its name.
    RunEvaluatorOf(String, String),
    /// To try one that is not stored.
    TryEvaluator,
    /// What an administrator asks for of routing configurations.
    Routing(Manage),
    /// The same of the operator, of a project by its name.
    RoutingOf(String, Manage),
    /// What is asked of the alerts of the key's project.
    Alerts(Manage),
    /// The same of the operator, of a project by its name.
    AlertsOf(String, Manage),
    /// To send an alert for a try.
    TryAlert(String),
    /// The same of the operator, of a project by its name.
    TryAlertOf(String, String),
    /// What is asked of the budgets of the key's project.
    Budgets(Manage),
    /// The same of the operator, of a project by its name.
    BudgetsOf(String, Manage),
    /// What is left of budgets.
    Budget,
    /// What is asked of the prices of the key's project.
    Prices(PriceCommand),
    /// The same of a project by its name.
    ProjectPrices(String, PriceCommand),
    /// The list of a project by its name, for the operator.
    ListTracesOf(String),
    /// A trace of a project by its name, for the operator.
    GetTraceOf(String, String),
    /// What another service's client asks.
    Compat(compat::Question),
    /// A message of the Model Context Protocol.
    Mcp,
    /// What a browser asks before it sends one.
    McpPreflight,
    /// Whether the Worker runs.
    Health,
    /// How the deployment is.
    AdminHealth,
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
    /// Seeing or changing the settings.
    Settings(Settings),
    /// What somebody does on the page of evaluators.
    PostEvaluators,
    /// Making a link to a trace.
    MakeShare(String),
    /// Taking a link away.
    RevokeShare(String),
    /// Opening one.
    OpenShare(String),
    /// Rating a trace, or one of its spans.
    Rate(String, Option<String>),
}
