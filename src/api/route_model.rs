//! `POST /api/v1/route-model`: which model an input is for, by a project's own rules.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use evaluators::model_routing::{Choice, RoutingConfig};
use serde::Serialize;

use super::request;
use crate::error::{Error, Fault, Reject};
use crate::index::{Database, routing};
use crate::limits::MAX_CONFIG_NAME_CHARS;
use crate::model::Millis;

/// How long a configuration is used without asking again: every input asks for one.
const FRESH_MS: Millis = 10_000;

/// Most configurations kept: of a few kilobytes each.
const CAPACITY: usize = 128;

/// What an isolate has read of configurations lately.
#[derive(Debug, Default)]
pub struct RoutingCache(RefCell<HashMap<Key, Read>>);

/// The project, and the name that was asked for.
type Key = (String, Option<String>);

/// When it was read, and what was there.
type Read = (Millis, Option<Rc<Named>>);

#[derive(Debug)]
struct Named {
    name: String,
    config: RoutingConfig,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    model: &'a str,
    config_name: &'a str,
    complexity: f64,
    rule: Option<&'a str>,
}

/// Chooses: the whole answer, which has all at the top and in `data`, for the published
/// client reads the one and 2Signal's guide the other.
///
/// # Errors
/// 400 for a request that is not what it should be, 404 where there is no such
/// configuration, a fault of the database.
pub async fn route_model(
    project: &str,
    body: &[u8],
    now: Millis,
    cache: &RoutingCache,
    db: &impl Database,
) -> Result<String, Error> {
    let text = request::text(body)?;
    let [input, name] = request::texts(text, ["input", "configName"])?;
    let input = input.ok_or_else(|| Reject::invalid("input", "required"))?;
    let is_name =
        |name: &str| !name.is_empty() && name.chars().nth(MAX_CONFIG_NAME_CHARS).is_none();
    let found = match name.as_deref() {
        Some(name) if !is_name(name) => None,
        name => find(project, name, now, cache, db).await?,
    };
    let Some(found) = found else {
        let what = "this project has no enabled routing configuration of this name";
        return Err(Reject::NotFound(what.into()).into());
    };
    let Choice { model, rule, complexity } = found.config.route(&input);
    let answer = super::to_json(&Answer { model, config_name: &found.name, complexity, rule })?;
    let top = answer.strip_suffix('}').unwrap_or_default();
    Ok(format!(r#"{top},"data":{answer},"error":null}}"#))
}

/// The configuration of a name, or the one that counts where none is asked for.
async fn find(
    project: &str,
    name: Option<&str>,
    now: Millis,
    cache: &RoutingCache,
    db: &impl Database,
) -> Result<Option<Rc<Named>>, Error> {
    let key = (project.to_owned(), name.map(str::to_owned));
    if let Some((read, found)) = cache.0.borrow().get(&key)
        && (0..FRESH_MS).contains(&(now - read))
    {
        return Ok(found.clone());
    }
    let ran = db.run(vec![routing::select_config(project, name)]).await?;
    let named = |(name, text): (String, String)| match RoutingConfig::parse(&text) {
        Ok(config) => Ok(Rc::new(Named { name, config })),
        // It was checked when it was stored.
        Err(_) => Err(Fault::Internal("a routing configuration does not decode".into())),
    };
    let found = routing::read_config(&ran.rows)?.map(named).transpose()?;
    let mut entries = cache.0.borrow_mut();
    if entries.len() >= CAPACITY {
        entries.clear();
    }
    entries.insert(key, (now, found.clone()));
    Ok(found)
}
