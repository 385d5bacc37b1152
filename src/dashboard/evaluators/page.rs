//! The page: the evaluators that there are, and the form of one.

use evaluators::evaluator::TYPES;
use maud::{Markup, html};

use super::form::EvaluatorForm;
use crate::batch::RawStore;
use crate::dashboard::list::values::{failing_score, written_score};
use crate::dashboard::ui::asset::Asset;
use crate::dashboard::ui::format::{encode, short_number};
use crate::dashboard::ui::layout::{Shell, document};
use crate::dashboard::ui::url::{query_value, trace_url};
use crate::dashboard::view::View;
use crate::error::{Error, Reject};
use crate::evaluation::outside;
use crate::evaluation::trial::Tried;
use crate::evaluation::verdict::{Verdict, Why};
use crate::index::evaluators::EvaluatorRow;
use crate::index::{Database, evaluators as stored, traces};
use crate::reply::Reply;

/// What came of what somebody did.
#[derive(Debug)]
pub enum Came {
    /// It was not done.
    Refused(Reject),
    /// What it says of a trace.
    Tried(Vec<Tried>),
}

/// Traces that are offered to try one on.
const OFFERED: usize = 20;

/// `GET /evaluators`, with `edit` for the id of one.
///
/// # Errors
/// A fault of the database.
pub async fn page(view: &View<'_, impl Database, impl RawStore>) -> Result<Reply, Error> {
    let all = all(view).await?;
    let edited = query_value(view.query, "edit");
    let edited = edited.and_then(|id| all.iter().find(|row| row.id == *id));
    let form = edited.map(EvaluatorForm::of).unwrap_or_default();
    Ok(Reply::html(200, render(view, &all, &form, None).await?))
}

/// The same, with what came of what somebody did.
///
/// # Errors
/// As [`page`].
pub async fn after(
    view: &View<'_, impl Database, impl RawStore>,
    form: &EvaluatorForm,
    came: &Came,
) -> Result<Reply, Error> {
    let status = match came {
        Came::Refused(reject) => Error::from(reject.clone()).kind().status,
        Came::Tried(_) => 200,
    };
    let all = all(view).await?;
    Ok(Reply::html(status, render(view, &all, form, Some(came)).await?))
}

async fn all(view: &View<'_, impl Database, impl RawStore>) -> Result<Vec<EvaluatorRow>, Error> {
    let ran = view.db.run(vec![stored::select_all(view.project)]).await?;
    Ok(stored::read_all(&ran.rows.concat())?)
}

async fn render(
    view: &View<'_, impl Database, impl RawStore>,
    all: &[EvaluatorRow],
    form: &EvaluatorForm,
    came: Option<&Came>,
) -> Result<Markup, Error> {
    let newest = if view.admin {
        let none = traces::Filter::default();
        let statements = traces::select_page_without_scores(view.project, &none, OFFERED);
        traces::read_page(&view.db.run(statements.into()).await?, OFFERED)?.rows
    } else {
        Vec::new()
    };
    let newest: Vec<(&str, &str)> = newest.iter().map(|row| (&*row.id, &*row.name)).collect();
    let main = html! {
        div.headline {
            h1 { "Evaluators" }
        }
        p.muted.footnote {
            "They judge traces, or spans of them, once these are written. "
            @if !view.admin { "Who changes them signs in with a key of the scope admin." }
        }
        @if all.is_empty() {
            div.nothing { h2 { "No evaluators yet" } @if view.admin { p.muted { "Make the first one below." } } }
        } @else {
            (table(all, view.admin))
        }
        @if view.admin { (edit(form, came, &newest)) }
    };
    let shell = Shell {
        title: "Evaluators",
        project: Some(view.project_name),
        assets: &[Asset::ListCss, Asset::ScoresCss],
        back: None,
    };
    Ok(document(&shell, &main))
}

fn table(all: &[EvaluatorRow], admin: bool) -> Markup {
    html! {
        table.evaluators aria-label="Evaluators" {
            thead { tr {
                th scope="col" { "Name" }
                th scope="col" { "Type" }
                th scope="col" { "Judges" }
                th scope="col" { "Runs" }
                th scope="col" { "Traces" }
                @if admin { th scope="col" { span.sr { "Change" } } }
            } }
            tbody { @for row in all { (line(row, admin)) } }
        }
    }
}

fn line(row: &EvaluatorRow, admin: bool) -> Markup {
    let enabled = row.enabled != 0;
    let runs = match (enabled, row.auto_run != 0) {
        (false, _) => "off".to_owned(),
        (true, false) => "when asked for".to_owned(),
        (true, true) if row.sample_rate < 1.0 => {
            format!("on {} % of traces", short_number(row.sample_rate * 100.0))
        }
        (true, true) => "on every trace".to_owned(),
    };
    let traces = |score: String| format!("/traces?score={}", encode(&score));
    html! {
        tr.off[!enabled] {
            td.c-evaluator { span title=(row.name) { (row.name) } " " small.muted { "v" (row.version) } }
            td { (row.r#type) }
            td { @if row.target == "span" { "spans" } @else { "traces" } @if row.filter.trim() != "{}" { " " small.muted title=(row.filter) { "filtered" } } }
            td { (runs) }
            td.links {
                a href=(traces(written_score(&row.name))) { "all" } " "
                a href=(traces(failing_score(&row.name))) { "failing" }
            }
            @if admin {
                td.change { div {
                    a href=(format!("/evaluators?edit={}#evaluator", encode(&row.id))) aria-label=(format!("Edit {}", row.name)) { "Edit" }
                    form method="post" action="/evaluators" {
                        input type="hidden" name="id" value=(row.id);
                        @if enabled { button.quiet type="submit" name="action" value="disable" aria-label=(format!("Switch off {}", row.name)) { "Switch off" } }
                        @else { button.quiet type="submit" name="action" value="enable" aria-label=(format!("Switch on {}", row.name)) { "Switch on" } }
                        details.sure { summary aria-label=(format!("Delete {}", row.name)) { "Delete" }
                            button type="submit" name="action" value="delete" { "Delete it; its scores stay" } }
                    }
                } }
            }
        }
    }
}

fn edit(form: &EvaluatorForm, came: Option<&Came>, newest: &[(&str, &str)]) -> Markup {
    let kinds = TYPES.iter().map(|kind| kind.name).chain(outside::TYPES.map(|(name, _)| name));
    html! {
        section.panel #evaluator {
            h2 { @if form.id.is_empty() { "New evaluator" } @else { "Edit " (form.name) } }
            @match came {
                Some(Came::Refused(reject)) => p.message.error role="alert" { (reject.to_string()) },
                Some(Came::Tried(tried)) => (tried_on(form, tried)),
                None => {},
            }
            form.evaluator method="post" action="/evaluators#evaluator" {
                input type="hidden" name="id" value=(form.id);
                label { "Name" input type="text" name="name" value=(form.name) required maxlength="200" autocomplete="off"; }
                label { "Type" select name="type" {
                    @for kind in kinds { option value=(kind) selected[kind == form.kind] { (kind) } }
                } }
                label.wide { "Configuration" textarea name="config" rows="4" spellcheck="false" { (form.config) } }
                label { "Judges" select name="target" {
                    option value="trace" selected[form.target != "span"] { "traces" }
                    option value="span" selected[form.target == "span"] { "spans" }
                } }
                label { "Share of traces" input type="text" name="sample" value=(form.sample) inputmode="decimal" autocomplete="off"; }
                label.wide { "Filter" textarea name="filter" rows="2" spellcheck="false" { (form.filter) } }
                label.check { input type="checkbox" name="arrival" checked[form.on_arrival]; " Runs on every trace that comes" }
                label { "Try it on" input type="text" name="trace" value=(form.trace) list="newest" placeholder="a trace's id" autocomplete="off"; }
                datalist #newest { @for (id, name) in newest { option value=(id) { (name) } } }
                div.actions {
                    button.primary type="submit" name="action" value="save" { @if form.id.is_empty() { "Create" } @else { "Save" } }
                    button type="submit" name="action" value="try" { "Try" }
                    @if !form.id.is_empty() { a href="/evaluators" { "Cancel" } }
                }
            }
        }
    }
}

fn tried_on(form: &EvaluatorForm, tried: &[Tried]) -> Markup {
    let path = trace_url(&form.trace);
    html! {
        div.message role="status" {
            p { "Tried on " a href=(path) { (form.trace) } ", not saved:" }
            @if tried.is_empty() { p { "It judges no span of this trace." } }
            ul.tried { @for Tried { span, said } in tried { li {
                @if let Some(span) = span { a href=(format!("{path}?span={}", encode(span))) { (span) } ": " }
                @match said {
                    Ok(Verdict { value, label, reasoning }) => {
                        b { (short_number(*value)) }
                        @if let Some(label) = label { " " span.badge { (label) } }
                        @if let Some(reasoning) = reasoning { " " (reasoning) }
                    },
                    Err(Why::Skipped(why) | Why::NotNow(why)) => { span.badge { "skipped" } " " (why) },
                    Err(Why::Unset(why) | Why::Refused(why) | Why::Failed(why)) => { span.badge.error { "error" } " " (why) },
                }
            } } }
        }
    }
}
