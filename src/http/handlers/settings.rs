//! Settings of a project, for people: seen by whoever is signed in, changed by those whose key
//! has the scope admin, by the code that the API changes them by.

use serde_json::json;

use super::sign_in::{check_sender, signed_in};
use crate::access::api_keys::Principal;
use crate::access::scope::Scope;
use crate::admin;
use crate::admin::KeyCommand;
use crate::dashboard::settings::Command;
use crate::dashboard::settings::page::{Made, Viewer, page};
use crate::error::{Error, Fault};
use crate::http::address::find_field;
use crate::http::exchange::Exchange;
use crate::http::newest_release;
use crate::http::platform::{Platform, RequestBody, RequestHead};
use crate::model::Handling;
use crate::pipeline::replay::replay_dead_letters;
use crate::reply::Reply;

/// Longest form that is read: a name and some scopes, or a batch's id.
const MAX_FORM_BYTES: usize = 4 * 1024;

const PAGE: &str = "/settings";

/// Shows the settings, or changes them.
pub(in crate::http) async fn answer<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    command: Command,
) -> Result<Reply, Error> {
    let changes = command != Command::Show;
    if changes {
        check_sender(exchange)?;
    }
    let who = match signed_in(exchange, PAGE).await? {
        Ok(who) => who,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let form = if changes {
        who.scopes.check(Scope::Admin)?;
        exchange.receive_form(MAX_FORM_BYTES).await?
    } else {
        Vec::new()
    };
    let (command, body) = match command {
        Command::Show => return show(exchange, &who, None).await,
        Command::CreateKey => {
            let scopes = form_urlencoded::parse(&form).filter(|(name, _)| name == "scopes");
            let scopes = scopes.map(|(_, scope)| scope).collect::<Vec<_>>().join(",");
            let name = find_field(&form, "name").unwrap_or_default();
            (KeyCommand::Create, json!({ "name": name, "scopes": scopes }).to_string())
        }
        Command::RotateKey(key) => (KeyCommand::Rotate(key), "{}".into()),
        Command::RevokeKey(key) => (KeyCommand::Revoke(key), String::new()),
        Command::Replay => {
            let batch = find_field(&form, "batch");
            let (db, queue) = (exchange.platform.db()?, exchange.platform.queue()?);
            replay_dead_letters(&who.project, batch.as_deref(), &db, &queue).await?;
            return Ok(Reply::see(PAGE));
        }
    };
    let random = exchange.platform.random()?;
    let (db, now) = (exchange.platform.db()?, exchange.started);
    let command = command.of(who.project_name.clone());
    let data = admin::run(&command, body.as_bytes(), &random, now, &db).await?;
    if !command.creates() {
        return Ok(Reply::see(PAGE));
    }
    let made: Made =
        serde_json::from_str(&data).map_err(|e| Fault::Internal(format!("a key: {e}")))?;
    show(exchange, &who, Some(&made)).await
}

async fn show<P: Platform, R: RequestHead>(
    exchange: &Exchange<'_, P, R>,
    who: &Principal,
    made: Option<&Made>,
) -> Result<Reply, Error> {
    let platform = exchange.platform;
    let (db, now) = (platform.db()?, exchange.started);
    let all = KeyCommand::List.of(who.project_name.clone());
    let keys = admin::run(&all, b"", &[0; admin::RANDOM_BYTES], now, &db).await?;
    let scopes = who.scopes.to_list();
    let asked = &exchange.isolate.newest_release;
    let newest = newest_release::find(asked, platform, &platform.outbound(), now).await;
    let viewer = Viewer {
        project: &who.project,
        project_name: &who.project_name,
        key_id: &who.key_id,
        scopes: &scopes,
        is_admin: who.scopes.check(Scope::Admin).is_ok(),
        rate_limit: who.rate_limit,
        lenient: who.handling == Handling::Lenient,
        monthly_limit: platform.setting("MONTHLY_TRACE_LIMIT"),
        blocks: platform.refuses_over_quota(),
        newest,
        now,
    };
    Ok(Reply::html(200, page(&viewer, &keys, made, &db).await?))
}
