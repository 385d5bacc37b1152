//! The prices that a project sets: listed, set, removed. They hold for what comes from then
//! on; a replay applies them to what is there.

use prices::price::matching::normal;
use prices::price::overrides::read_prices;
use prices::price::table::{Table, table};
use serde_json::Value;

use crate::error::{Error, Fault, Reject};
use crate::index::own_prices::{remove_price, select_prices, set_price};
use crate::index::{Database, Statement};
use crate::limits::{MAX_INDEXED_BYTES, MAX_PRICES};
use crate::model::Millis;
use crate::time;

/// What is asked of a project's prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceCommand {
    /// All of them.
    List,
    /// To set the one in the body.
    Set,
    /// To remove the one that the query names.
    Remove,
}

/// `GET`, `PUT`, `DELETE /api/v1/prices`: the `data` of the answer.
///
/// # Errors
/// 400 for a body or a query that names no price; 404 where there is none to be removed; 409
/// where there are as many as there may be; a fault of the database.
pub async fn prices(
    project: &str,
    command: PriceCommand,
    (query, body): (&str, &[u8]),
    now: Millis,
    db: &impl Database,
) -> Result<String, Error> {
    match command {
        PriceCommand::List => {
            let rows = db.run(vec![select_prices(project)]).await?.rows.concat();
            let Table { source, generated, models } = table();
            let count = models.len();
            Ok(format!(
                r#"{{"prices":[{}],"table":{{"source":"{source}","generated":"{generated}","models":{count}}}}}"#,
                rows.join(",")
            ))
        }
        PriceCommand::Set => {
            let (pattern, from, prices) = read(body)?;
            let prices = prices.to_string();
            let day = from.as_deref().unwrap_or_default();
            let full = || format!("a project has at most {MAX_PRICES} prices: remove some first");
            let set = change(set_price(project, &pattern, day, &prices, now), db).await?;
            set.then_some(()).ok_or_else(|| Reject::invalid("body", full()))?;
            let text = |text: Option<&str>| text.map_or(Value::Null, Value::from).to_string();
            let (pattern, from) = (text(Some(&pattern)), text(from.as_deref()));
            Ok(format!(r#"{{"pattern":{pattern},"from":{from},"prices":{prices}}}"#))
        }
        PriceCommand::Remove => {
            let (mut pattern, mut from) = (String::new(), String::new());
            for (key, value) in form_urlencoded::parse(query.as_bytes()) {
                match &*key {
                    "pattern" => pattern = normal(&value),
                    "from" => from = value.into_owned(),
                    _ => {}
                }
            }
            let none = || Reject::NotFound("this project has no such price".into());
            let removed = change(remove_price(project, &pattern, &from), db).await?;
            removed.then_some(()).ok_or_else(none)?;
            Ok("null".into())
        }
    }
}

/// Runs a statement that gives a row where it does what it says.
async fn change(statement: Statement, db: &impl Database) -> Result<bool, Fault> {
    let ran = db.run(vec![statement]).await?;
    Ok(ran.rows.first().is_some_and(|rows| !rows.is_empty()))
}

/// What a body says: for which names, as they are compared, from which day on, how much.
fn read(body: &[u8]) -> Result<(String, Option<String>, Value), Reject> {
    let expected =
        |what: &str| Reject::invalid("body", format!("expected pattern, prices and from: {what}"));
    let said: Value = serde_json::from_slice(body).map_err(|e| expected(&e.to_string()))?;
    let object = said.as_object().ok_or_else(|| expected("it is no object"))?;
    if let Some(other) =
        object.keys().find(|key| !["pattern", "prices", "from"].contains(&key.as_str()))
    {
        return Err(expected(&format!("found {other}")));
    }
    let pattern = normal(said.get("pattern").and_then(Value::as_str).unwrap_or_default());
    let beginning = pattern.strip_suffix('*').unwrap_or(&pattern);
    if pattern.is_empty() || pattern.len() > MAX_INDEXED_BYTES || beginning.contains('*') {
        let expected =
            "expected a model's name, or the beginning of some and *, of at most 256 bytes";
        return Err(Reject::invalid("pattern", expected));
    }
    let from = said.get("from").filter(|from| !from.is_null());
    let day = from.map(|from| from.as_str().filter(|day| is_day(day)));
    if day == Some(None) {
        return Err(Reject::invalid("from", "expected a day such as 2026-11-24"));
    }
    let prices = said.get("prices").cloned().unwrap_or_default();
    read_prices(&prices).map_err(|why| Reject::invalid("prices", why))?;
    Ok((pattern, day.flatten().map(str::to_owned), prices))
}

fn is_day(day: &str) -> bool {
    day.len() == "2026-11-24".len() && time::parse(&format!("{day}T00:00:00Z")).is_some()
}
