//! The page of settings: usage, limits, what was refused, dead letters, keys, versions.

use maud::{Markup, html};
use serde::Deserialize;

use super::alerts::{alerts_table, budgets_table};
use super::newest;
use super::newest::Newest;
use super::parts::{table, when};
use crate::dashboard::share;
use crate::dashboard::ui::asset::Asset;
use crate::dashboard::ui::format::{count, counted, encode};
use crate::dashboard::ui::layout::{Shell, document};
use crate::error::{Error, Fault};
use crate::index::shares::Share;
use crate::index::{Database, alerts, budgets, health, recovery, shares, stats, usage};
use crate::model::Millis;
use crate::time::Month;

/// Months of usage that are shown.
const MONTHS: i64 = 6;
/// How far back refusals are counted: a week.
const REFUSED_MS: Millis = 7 * 24 * 3_600_000;

/// Who looks, and what is set for them.
#[derive(Debug)]
pub struct Viewer<'a> {
    /// The project. Its id.
    pub project: &'a str,
    /// Its name.
    pub project_name: &'a str,
    /// The key that they are signed in with.
    pub key_id: &'a str,
    /// What it may do.
    pub scopes: &'a str,
    /// Whether they may change anything here.
    pub is_admin: bool,
    /// Requests in 10 s that a key may make; 0 for any number.
    pub rate_limit: u32,
    /// Whether bad events cost no others.
    pub lenient: bool,
    /// Traces a month, as the operator has set it.
    pub monthly_limit: Option<String>,
    /// Whether batches beyond that are refused.
    pub blocks: bool,
    /// Which release is newest, where the operator has said where to look.
    pub newest: Option<Newest>,
    /// The time.
    pub now: Millis,
}

/// What was done a moment ago.
#[derive(Debug, Default, Deserialize)]
pub struct Made {
    /// A key's id.
    pub id: String,
    /// The key, this once.
    pub key: String,
}

/// A key, as `admin` tells of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    id: String,
    name: String,
    prefix: String,
    scopes: String,
    created_at: String,
    last_used_at: Option<String>,
    revoked_at: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Project {
    keys: Vec<Key>,
}

/// A batch that could not be written, as the API tells of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeadLetter {
    batch_id: String,
    reason: String,
    attempts: u32,
    recorded_at: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Service {
    swept_at: Option<String>,
}

/// The page; `keys` is what `admin` says of the project, `made` a key to be shown.
///
/// # Errors
/// A fault of the database.
pub async fn page(
    viewer: &Viewer<'_>,
    keys: &str,
    made: Option<&Made>,
    db: &impl Database,
) -> Result<Markup, Error> {
    let (project, now) = (viewer.project, viewer.now);
    let this = Month::of(now);
    let (from, to) = (this.after(1 - MONTHS).start(), this.after(1).start());
    let ran = db
        .run(vec![
            usage::select(project, from, to),
            stats::select_rejected(project, now - REFUSED_MS),
            recovery::select_dead_letters(project),
            health::select_last_sweep(),
            shares::select_all(project, now),
            alerts::select_all(project),
            budgets::select_all(project, now),
        ])
        .await?;
    let [used, refused, letters, service, links, rules, limited] = ran.rows.as_slice() else {
        return Err(Fault::Internal("settings are seven results".into()).into());
    };
    let (rules, limited) = (alerts::read_all(rules)?, budgets::read(limited)?);
    let used = usage::read(std::slice::from_ref(used))?;
    let refused: [i64; 5] = refused.first().map_or(Ok([0; 5]), |row| read(row))?;
    let letters = letters.iter().map(|row| read(row)).collect::<Result<Vec<_>, _>>()?;
    let service: Option<Service> = service.first().map(|row| read(row)).transpose()?;
    let keys = read::<Project>(keys)?.keys;
    let months = (0..MONTHS).map(|back| this.after(-back).text()).collect::<Vec<_>>();
    let main = html! {
        div.settings {
            h1 { "Settings" }
            p.muted {
                "Project " b { (viewer.project_name) } ", signed in with the key " code { (viewer.key_id) }
                " (" (viewer.scopes) ")."
                @if !viewer.is_admin { " Changes take a key of the scope admin." }
            }
            @if let Some(made) = made { (made_key(made)) }
            (usage_of(&months, &used))
            (limits(viewer))
            (alerts_table(&rules))
            (budgets_table(&limited))
            (refusals(&refused))
            (dead_letters(&letters, viewer.is_admin))
            (key_list(&keys, viewer))
            (shared(&shares::read(links)?, viewer))
            (about(service.and_then(|service| service.swept_at).as_deref(), viewer.newest.as_ref()))
        }
    };
    let shell = Shell {
        title: "Settings",
        project: Some(viewer.project_name),
        assets: &[Asset::SettingsCss],
        back: Some(("/traces", "Traces")),
    };
    Ok(document(&shell, &main))
}

fn read<T: for<'de> Deserialize<'de>>(json: &str) -> Result<T, Fault> {
    serde_json::from_str(json).map_err(|e| Fault::Internal(format!("settings: {e}")))
}

fn made_key(Made { id, key }: &Made) -> Markup {
    html! {
        div.message.made role="status" {
            p { "Key " code { (id) } ". It is shown this once: copy it now." }
            pre.block { code { (key) } }
        }
    }
}

fn usage_of(months: &[String], used: &[usage::MonthUsage]) -> Markup {
    let number = |n: u64| count(i64::try_from(n).unwrap_or(i64::MAX));
    let rows = html! {
        @for month in months {
            @let of = used.iter().find(|of| of.month == *month);
            tr {
                th scope="row" { (month) }
                td { (number(of.map_or(0, |of| of.traces))) }
                td { (number(of.map_or(0, |of| of.spans))) }
                td { (number(of.map_or(0, |of| of.eval_runs))) }
            }
        }
    };
    html! {
        section {
            h2 { "Usage" }
            (table("Usage by month", &["Month (UTC)", "Traces", "Spans", "Evaluator runs"], &rows))
        }
    }
}

fn limits(viewer: &Viewer<'_>) -> Markup {
    html! {
        section {
            h2 { "Limits" }
            dl.facts {
                div { dt { "Requests of a key in 10 seconds" } dd { @if viewer.rate_limit == 0 { "any number" } @else { (count(viewer.rate_limit.into())) } } }
                div { dt { "A bad event in a batch" } dd { @if viewer.lenient { "is left out" } @else { "refuses the batch" } } }
                div {
                    dt { "Traces a month" }
                    dd { @match &viewer.monthly_limit {
                        None => "any number",
                        Some(limit) => { (limit) @if viewer.blocks { ", more are refused" } @else { ", more are reported" } },
                    } }
                }
            }
            p.muted { "The operator sets them: " code { "npm run keys -- configure" } ", and variables of the Worker." }
        }
    }
}

fn refusals(refused: &[i64; 5]) -> Markup {
    const REASONS: [(&str, &str); 5] = [
        ("VALIDATION_ERROR", "The answer says where, and what was expected there."),
        ("PAYLOAD_TOO_LARGE", "Send smaller batches."),
        ("UNSUPPORTED_MEDIA_TYPE", "The answer says which content types are read."),
        ("RATE_LIMIT_EXCEEDED", "Send fewer, larger batches; the operator can raise the limit."),
        ("QUOTA_EXCEEDED", "The project has its traces of the month."),
    ];
    let rows = html! {
        @for ((reason, advice), n) in REASONS.iter().zip(refused).filter(|(_, n)| **n > 0) {
            tr { td { code { (reason) } } td { (count(*n)) } td.wide { (advice) } }
        }
    };
    html! {
        section {
            h2 { "Refused in the last seven days" }
            @if refused.iter().all(|n| *n == 0) { p.muted { "Nothing." } }
            @else { (table("Refused requests by reason", &["Reason", "Requests", "What to do"], &rows)) }
        }
    }
}

fn dead_letters(letters: &[DeadLetter], is_admin: bool) -> Markup {
    let replay = |batch: Option<&str>, text: &str| {
        html! {
            form method="post" action="/settings/dead-letters/replay" {
                @if let Some(batch) = batch { input type="hidden" name="batch" value=(batch); }
                button type="submit" { (text) }
            }
        }
    };
    let rows = html! {
        @for letter in letters {
            tr {
                td.nowrap { (when(Some(&letter.recorded_at))) }
                td.wide { (letter.reason) br; code.muted { (letter.batch_id) } }
                td { (letter.attempts) }
                @if is_admin { td { (replay(Some(&letter.batch_id), "Replay")) } }
            }
        }
    };
    let heads: &[_] = &["Recorded", "Why", "Tries", "Action"];
    let heads = heads.get(..if is_admin { 4 } else { 3 }).unwrap_or(heads);
    html! {
        section {
            h2 { "Dead letters" }
            @if letters.is_empty() { p.muted { "None: every batch was written." } }
            @else {
                p.muted { "Batches that were kept and could not be written. Replayed, they are tried again; what is written goes from here." }
                (table("Dead letters", heads, &rows))
                @if is_admin { (replay(None, "Replay all of these")) }
            }
        }
    }
}

fn key_list(keys: &[Key], viewer: &Viewer<'_>) -> Markup {
    let (live, ended): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key.revoked_at.is_none());
    let row = |key: &Key, actions: bool| {
        html! {
            tr {
                td { b { (key.name) } br; code.muted { (key.prefix) "… · " (key.id) } }
                td.nowrap { (key.scopes) @if key.id == viewer.key_id { " " span.badge { "yours" } } }
                td.nowrap { (when(Some(&key.created_at))) }
                td.nowrap { (when(key.revoked_at.as_deref().or(key.last_used_at.as_deref()))) }
                @if actions { td { div.actions {
                    (action(key, "rotate", "Rotate", "Makes another key and revokes this one within 60 seconds."))
                    (action(key, "revoke", "Revoke", "Ends this key within 60 seconds, for good."))
                } } }
            }
        }
    };
    let heads: &[_] = &["Key", "Scopes", "Made", "Last used", "Action"];
    let heads = heads.get(..if viewer.is_admin { 5 } else { 4 }).unwrap_or(heads);
    html! {
        section {
            h2 { "Keys" }
            (table("Keys", heads, &html! { @for key in live { (row(key, viewer.is_admin)) } }))
            @if !ended.is_empty() {
                details {
                    summary { (counted(i64::try_from(ended.len()).unwrap_or(i64::MAX), "revoked key")) }
                    (table("Revoked keys", &["Key", "Scopes", "Made", "Revoked"], &html! { @for key in ended { (row(key, false)) } }))
                }
            }
            @if viewer.is_admin { (new_key()) }
        }
    }
}

/// A button that asks once more: of what cannot be taken back, and without a script.
fn action(key: &Key, what: &str, text: &str, means: &str) -> Markup {
    html! {
        details {
            summary.button aria-label={ (text) " " (key.name) } { (text) "…" }
            form method="post" action={ "/settings/keys/" (encode(&key.id)) "/" (what) } {
                p.muted { (means) }
                button type="submit" { (text) " " (key.name) }
            }
        }
    }
}

fn new_key() -> Markup {
    html! {
        form.new-key method="post" action="/settings/keys" aria-label="New key" {
            label {
                "Name of a new key"
                input name="name" value="default" required maxlength="64" pattern="[A-Za-z0-9._\\-]+"
                    spellcheck="false" autocapitalize="none" autocomplete="off";
            }
            fieldset {
                legend.muted { "Scopes" }
                @for (scope, means, checked) in [("ingest", "sends", true), ("read", "reads, signs in", false), ("admin", "all of it", false)] {
                    label.check { input type="checkbox" name="scopes" value=(scope) checked[checked]; (scope) ": " (means) }
                }
            }
            button.primary type="submit" { "Make a key" }
        }
    }
}

fn shared(links: &[Share], viewer: &Viewer<'_>) -> Markup {
    html! {
        section #links {
            h2 { "Links to traces" }
            @if links.is_empty() { p.muted { "None: “Share” on the page of a trace makes one." } }
            @else {
                p.muted { "Each shows one trace to whoever has it, until its end or until the key that made it is revoked." }
                (table("Links to traces", &["Trace", "Made by", "Made", "Ends", "Action"], &share::list(links, viewer.key_id, viewer.is_admin)))
            }
        }
    }
}

fn about(swept_at: Option<&str>, newest: Option<&Newest>) -> Markup {
    html! {
        section {
            h2 { "Service" }
            dl.facts {
                div { dt { "Version" } dd { (env!("CARGO_PKG_VERSION")) } }
                @if let Some(newest) = newest { div { dt { "Newest release" } dd { (newest::show(newest)) } } }
                div { dt { "Schema" } dd { (health::NEWEST_MIGRATION.trim_end_matches(".sql")) } }
                div { dt { "Last sweep" } dd { (when(swept_at)) } }
            }
            p.muted { "The operator's " code { "npm run doctor" } " says whether all of it is well." }
            p { a href="/api/v1/openapi.json" { "The API as OpenAPI" } }
        }
    }
}
