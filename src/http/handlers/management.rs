//! What a project's own administrators manage, by a key of the scope admin, and the operator
//! for any project: routing configurations, keys.

use serde_json::{Value, json};

use super::operator::project_of;
use crate::access::scope::Scope;
use crate::admin;
use crate::admin::{Command, KeyCommand};
use crate::api;
use crate::api::{Asked, Manage};
use crate::error::{Error, Fault};
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestBody, RequestHead};
use crate::limits::MAX_ROUTING_CONFIG_BYTES;
use crate::reply::Reply;

/// Manages the routing configurations of the key's project.
pub(in crate::http) async fn routing<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    question: &Manage,
) -> Result<Reply, Error> {
    let who = exchange.reader(Scope::Admin).await?;
    answer_routing(exchange, &who.project, question).await
}

/// The same for the operator, of a project by its name.
pub(in crate::http) async fn routing_of<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    project: &str,
    question: &Manage,
) -> Result<Reply, Error> {
    let project = project_of(exchange, project).await?;
    answer_routing(exchange, &project, question).await
}

async fn answer_routing<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    project: &str,
    question: &Manage,
) -> Result<Reply, Error> {
    let run = async |asked: Asked<'_>, platform: &P| {
        api::manage_routing(question, asked, &platform.db()?).await
    };
    answer(exchange, project, question, MAX_ROUTING_CONFIG_BYTES, run).await
}

/// Answers a question of what administrators make, change and list, whose body has at most so
/// many bytes: `run` does what is asked for.
pub(super) async fn answer<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    project: &str,
    question: &Manage,
    most: usize,
    run: impl AsyncFnOnce(Asked<'_>, &P) -> Result<String, Error>,
) -> Result<Reply, Error> {
    let body = if question.takes_body() { exchange.receive_json(most).await? } else { Vec::new() };
    let random = u32::from_le_bytes(exchange.platform.random()?);
    let (query, now) = (exchange.query(), exchange.started);
    let asked = Asked { project, query: &query, body: &body, now, random };
    let data = run(asked, exchange.platform).await?;
    Ok(if question.creates() { Reply::created(data) } else { Reply::data(data) })
}

/// Manages the keys of the key's project, as the operator does those of all.
pub(in crate::http) async fn keys<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    command: KeyCommand,
) -> Result<Reply, Error> {
    let project = exchange.reader(Scope::Admin).await?.project_name;
    let command = command.of(project.clone());
    let body = if command.takes_body() {
        exchange.receive_json(MAX_ROUTING_CONFIG_BYTES).await?
    } else {
        Vec::new()
    };
    let (db, now) = (exchange.platform.db()?, exchange.started);
    let random = exchange.platform.random()?;
    let data = admin::run(&command, &body, &random, now, &db).await?;
    let all = Command::GetProject(project);
    Ok(match &command {
        Command::GetProject(_) => {
            Reply::data(json!({ "apiKeys": keys_in(&data)?, "nextCursor": null }).to_string())
        }
        Command::RevokeKey(_, id) => {
            let left = keys_in(&admin::run(&all, b"", &random, now, &db).await?)?;
            let mut warnings = Vec::new();
            if !left.iter().any(may_administer) {
                warnings.push(
                    "no key of this project has the scope admin any more: only its operator can make one",
                );
            }
            Reply::data(json!({ "id": id, "revoked": true, "warnings": warnings }).to_string())
        }
        _ => Reply::created(data),
    })
}

/// The keys in what [`admin::run`] says of a project.
fn keys_in(data: &str) -> Result<Vec<Value>, Fault> {
    let mut project: Value =
        serde_json::from_str(data).map_err(|e| Fault::Internal(format!("a project: {e}")))?;
    Ok(project
        .get_mut("keys")
        .and_then(Value::as_array_mut)
        .map(std::mem::take)
        .unwrap_or_default())
}

/// Whether a key still lives, and may do everything.
fn may_administer(key: &Value) -> bool {
    let text = |field: &str| key.get(field).and_then(Value::as_str);
    text("revokedAt").is_none()
        && text("scopes").is_some_and(|scopes| scopes.split(',').any(|scope| scope == "admin"))
}
