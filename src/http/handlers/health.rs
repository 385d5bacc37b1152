//! How the deployment is, for the operator: facts, of which `npm run doctor` says what is wrong
//! and what to do. It answers also where a part of it is away, for that is what it is asked about.

use crate::error::Error;
use crate::http::exchange::Exchange;
use crate::http::handlers::operator::check_operator;
use crate::http::platform::{Backlog, Platform, RequestHead};
use crate::index::Database;
use crate::index::health::{NEWEST_MIGRATION, select, select_migrations};
use crate::model::Millis;
use crate::reply::Reply;
use crate::time::of_millis;

/// What `wrangler.toml` binds; all but the last, which is the operator's choice, have to be.
const BINDINGS: [&str; 9] = [
    "DB",
    "RAW",
    "QUEUE",
    "DEAD",
    "EVALUATIONS",
    "LIMIT_100",
    "LIMIT_1000",
    "LIMIT_10000",
    "METRICS",
];

/// Tells the operator.
pub(in crate::http) async fn show<P: Platform, R: RequestHead>(
    exchange: &Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    check_operator(exchange)?;
    let platform = exchange.platform;
    let bound = BINDINGS.map(|name| format!(r#""{name}":{}"#, platform.is_bound(name)));
    let (mut rows, mut migrations, mut bytes) = ("null".into(), "null".into(), 0);
    if let Ok(db) = platform.db() {
        if let Ok(mut ran) = db.run(vec![select()]).await {
            bytes = ran.database_bytes;
            rows = ran.rows.pop().and_then(|mut row| row.pop()).unwrap_or(rows);
        }
        if let Ok(mut ran) = db.run(vec![select_migrations()]).await {
            migrations = ran.rows.pop().and_then(|mut row| row.pop()).unwrap_or(migrations);
        }
    }
    let queue = match platform.backlog().await {
        Some(Backlog { messages, oldest }) => {
            format!(r#"{{"messages":{messages},"oldestAt":{}}}"#, time(oldest))
        }
        None => "null".into(),
    };
    Ok(Reply::data(format!(
        r#"{{"version":"{}","now":{},"bindings":{{{}}},"rows":{rows},"databaseBytes":{},"migrations":{migrations},"newestMigration":"{NEWEST_MIGRATION}","queue":{queue}}}"#,
        env!("CARGO_PKG_VERSION"),
        time(Some(platform.now())),
        bound.join(","),
        if bytes == 0 { "null".into() } else { bytes.to_string() },
    )))
}

fn time(at: Option<Millis>) -> String {
    at.map_or("null".into(), |at| format!(r#""{}""#, of_millis(at)))
}
