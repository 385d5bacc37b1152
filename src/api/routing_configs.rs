//! `/api/v1/routing-configs`: making, changing and listing the configurations by which
//! models are chosen. What one may hold is checked before anything is stored.

use evaluators::model_routing::RoutingConfig;
use serde::Serialize;
use serde_json::{Map, Value};

use super::manage::{
    Asked, Manage, Page, changed_meanwhile, check_name, deleted, page, parse_page,
};
use super::to_json;
use crate::error::{Error, Fault, Reject};
use crate::index::routing::StoredConfig;
use crate::index::{Database, routing};
use crate::limits::MAX_ROUTING_CONFIGS;
use crate::time;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfigOut<'a> {
    id: &'a str,
    name: &'a str,
    enabled: bool,
    default_model: Value,
    rules: Value,
    created_at: String,
    updated_at: String,
    /// Keys that are not known, of what was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<String>>,
}

/// Does what is asked for: the `data` of the answer.
///
/// # Errors
/// 400 for a query or a body that cannot be, 404 for what is not there, 409 for a name that
/// is taken; a fault of the database.
pub async fn manage_routing(
    question: &Manage,
    asked: Asked<'_>,
    db: &impl Database,
) -> Result<String, Error> {
    let Asked { project, .. } = asked;
    match question {
        Manage::List => list(asked, db).await,
        Manage::Create => create(asked, db).await,
        Manage::Update(id) => update(id, asked, db).await,
        Manage::Get(id) => show(&find(project, id, db).await?, None),
        Manage::Delete(id) => {
            let rows = db.run(vec![routing::delete(project, id)]).await?.rows;
            if rows.iter().all(Vec::is_empty) {
                return Err(none().into());
            }
            Ok(deleted(id))
        }
    }
}

async fn list(asked: Asked<'_>, db: &impl Database) -> Result<String, Error> {
    let Page { after, limit } = parse_page(asked.query)?;
    let rows = db.run(vec![routing::select_list(asked.project, &after, limit)]).await?.rows;
    let found = routing::read(&rows.concat())?;
    let shown = found.get(..limit.min(found.len())).unwrap_or_default();
    let more = shown.last().filter(|_| found.len() > limit);
    let out: Vec<_> = shown.iter().map(ConfigOut::of).collect::<Result<_, _>>()?;
    page("routingConfigs", &out, more.map(|last| &*last.id))
}

async fn create(asked: Asked<'_>, db: &impl Database) -> Result<String, Error> {
    let Asked { project, now, random, .. } = asked;
    let made = StoredConfig {
        id: format!("rc_{now:012x}{random:08x}"),
        name: String::new(),
        enabled: 1,
        config: "{}".into(),
        created_ms: now,
        updated_ms: now,
    };
    let (made, warnings) = apply(asked.body, made)?;
    let room = routing::select_room(project, &made.name, &made.id);
    let rows = db.run(vec![room, routing::insert(project, &made)]).await?.rows;
    let [room, inserted] = rows.as_slice() else {
        return Err(Fault::Internal("what was made is two results".into()).into());
    };
    if inserted.is_empty() {
        return Err(match routing::read_room(room)? {
            (_, true) => taken(&made.name),
            _ => Reject::Conflict(format!(
                "a project has at most {MAX_ROUTING_CONFIGS} routing configurations"
            )),
        }
        .into());
    }
    show(&made, Some(warnings))
}

async fn update(id: &str, asked: Asked<'_>, db: &impl Database) -> Result<String, Error> {
    let Asked { project, now, .. } = asked;
    let stored = find(project, id, db).await?;
    let was = stored.updated_ms;
    let (mut changed, warnings) = apply(asked.body, stored)?;
    changed.updated_ms = now.max(was + 1);
    let room = routing::select_room(project, &changed.name, id);
    let rows = db.run(vec![room, routing::update(project, &changed, was)]).await?.rows;
    let [room, updated] = rows.as_slice() else {
        return Err(Fault::Internal("what was changed is two results".into()).into());
    };
    if updated.is_empty() {
        return Err(match routing::read_room(room)? {
            (_, true) => taken(&changed.name),
            _ => changed_meanwhile(),
        }
        .into());
    }
    show(&changed, Some(warnings))
}

async fn find(project: &str, id: &str, db: &impl Database) -> Result<StoredConfig, Error> {
    let rows = db.run(vec![routing::select_one(project, id)]).await?.rows;
    routing::read(&rows.concat())?.pop().ok_or_else(|| none().into())
}

fn none() -> Reject {
    Reject::NotFound("this project has no routing configuration with this id".into())
}

fn taken(name: &str) -> Reject {
    Reject::Conflict(format!("this project has a routing configuration named {name} already"))
}

fn show(stored: &StoredConfig, warnings: Option<Vec<String>>) -> Result<String, Error> {
    to_json(&ConfigOut { warnings, ..ConfigOut::of(stored)? })
}

impl<'a> ConfigOut<'a> {
    fn of(stored: &'a StoredConfig) -> Result<Self, Fault> {
        let StoredConfig { id, name, enabled, config, created_ms, updated_ms } = stored;
        let mut config = fields_of(config)?;
        let mut take = |keys: [&str; 2]| keys.iter().find_map(|key| config.remove(*key));
        Ok(Self {
            id,
            name,
            enabled: *enabled != 0,
            default_model: take(DEFAULT_MODEL).unwrap_or_default(),
            rules: take(["rules"; 2]).unwrap_or_else(|| Value::Array(Vec::new())),
            created_at: time::of_millis(*created_ms),
            updated_at: time::of_millis(*updated_ms),
            warnings: None,
        })
    }
}

/// How the key is spelled.
const DEFAULT_MODEL: [&str; 2] = ["defaultModel", "default_model"];

fn fields_of(config: &str) -> Result<Map<String, Value>, Fault> {
    serde_json::from_str(config)
        .map_err(|_| Fault::Internal("a routing configuration does not decode".into()))
}

/// A configuration with what a body says of it, and what it says that is not known.
fn apply(body: &[u8], mut stored: StoredConfig) -> Result<(StoredConfig, Vec<String>), Error> {
    let object = |e: serde_json::Error| Reject::invalid("body", format!("expected an object: {e}"));
    let fields: Map<String, Value> = serde_json::from_slice(body).map_err(object)?;
    let mut config = fields_of(&stored.config)?;
    let mut warnings = Vec::new();
    for (key, value) in fields.into_iter().filter(|(_, value)| !value.is_null()) {
        match (&*key, value) {
            ("name", Value::String(name)) => stored.name = name,
            ("enabled", Value::Bool(enabled)) => stored.enabled = enabled.into(),
            ("name", _) => return Err(Reject::invalid("name", "expected a string").into()),
            ("enabled", _) => {
                return Err(Reject::invalid("enabled", "expected true or false").into());
            }
            ("defaultModel" | "default_model", value) => {
                config.insert("defaultModel".into(), value);
            }
            ("rules", value) => {
                config.insert(key, value);
            }
            _ => warnings.push(format!("{key}: unknown, ignored")),
        }
    }
    check_name(&stored.name)?;
    stored.config = to_json(&config)?;
    let parsed = RoutingConfig::parse(&stored.config).map_err(|failure| {
        let said = failure.message.strip_prefix("Invalid config: ").unwrap_or(&failure.message);
        let (path, message) = said.split_once(": ").unwrap_or(("body", said));
        Reject::invalid(path.replace("default_model", "defaultModel"), message)
    })?;
    warnings.extend(
        parsed
            .warnings()
            .iter()
            .map(|warning| warning.strip_prefix("config.").unwrap_or(warning).to_owned()),
    );
    Ok((stored, warnings))
}
