//! What the operator manages: projects and their API keys. A key is shown once, when it
//! is made; what is stored of it is its SHA-256. Who is the operator is `access`'s to
//! say. Leaves out: removing projects.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ingest_core::sql_file;
use serde_json::{Map, Value};

use crate::access::api_keys::hex;
use crate::access::scope::Scopes;
use crate::access::{api_keys, rate_limits};
use crate::error::{Error, Fault, Reject};
use crate::index::{Database, Param, Statement};
use crate::model::Millis;

sql_file!(create_project, "sql/create_project.sql", &[]);
sql_file!(insert_key, "sql/create_key.sql", &[]);
sql_file!(insert_successor, "sql/rotate_key.sql", &[]);
sql_file!(end_key, "sql/revoke_key.sql", &[]);
sql_file!(set_project, "sql/configure_project.sql", &[]);
sql_file!(select_project, "sql/project.sql", &[]);
sql_file!(select_project_id, "sql/project_id.sql", &[]);
sql_file!(select_keys, "sql/keys.sql", &[]);

/// Bytes of a key that cannot be guessed.
const SECRET_BYTES: usize = 32;
/// Bytes of an id: unique, not secret.
const ID_BYTES: usize = 6;
/// Random bytes that making a key takes: the key's, those of its id and a project's.
pub const RANDOM_BYTES: usize = SECRET_BYTES + 2 * ID_BYTES;
/// Longest name of a project or a key, in characters.
const MAX_NAME: usize = 64;

/// What the operator asks for: of a project by its name, of a key by its id. What else
/// it takes is in the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// To see a project and its keys.
    GetProject(String),
    /// To set a project: `handling`, `rateLimit` or both.
    ConfigureProject(String),
    /// To make a key, and the project when it is new: `name`, `handling`, `scopes`.
    CreateKey(String),
    /// To end a key.
    RevokeKey(String, String),
    /// To make a key that takes over from another: `name`, `keepOld`.
    RotateKey(String, String),
}

impl Command {
    /// Whether there is more to it than its path says.
    #[must_use]
    pub fn takes_body(&self) -> bool {
        !matches!(self, Self::GetProject(_) | Self::RevokeKey(..))
    }

    /// Whether it makes something.
    #[must_use]
    pub fn creates(&self) -> bool {
        matches!(self, Self::CreateKey(_) | Self::RotateKey(..))
    }
}

/// What an administrator of a project asks for: as [`Command`], but for the project, which
/// is the key's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyCommand {
    /// To see the keys.
    List,
    /// To make a key.
    Create,
    /// To end a key.
    Revoke(String),
    /// To make a key that takes over from another.
    Rotate(String),
}

impl KeyCommand {
    /// The command for a project.
    #[must_use]
    pub fn of(self, project: String) -> Command {
        match self {
            Self::List => Command::GetProject(project),
            Self::Create => Command::CreateKey(project),
            Self::Revoke(key) => Command::RevokeKey(project, key),
            Self::Rotate(key) => Command::RotateKey(project, key),
        }
    }
}

/// Does what the operator asks for: the `data` of the answer.
///
/// # Errors
/// 400 for a body, a name or a value that is none; 404 for what is not there; a fault of
/// the database.
pub async fn run(
    command: &Command,
    body: &[u8],
    random: &[u8; RANDOM_BYTES],
    now: Millis,
    db: &impl Database,
) -> Result<String, Error> {
    match command {
        Command::GetProject(project) => get_project(project, db).await,
        Command::ConfigureProject(project) => configure_project(project, body, db).await,
        Command::CreateKey(project) => create_key(project, body, random, now, db).await,
        Command::RotateKey(project, key) => rotate_key(project, key, body, random, now, db).await,
        Command::RevokeKey(project, key) => {
            let row = run_for_row(db, vec![revoke(project, key, now)], 0).await?;
            row.map(|_| "null".into()).ok_or_else(|| no_key(project, key).into())
        }
    }
}

/// The id of a project by its name.
///
/// # Errors
/// 404 where there is none; a fault of the database.
pub async fn project_id(name: &str, db: &impl Database) -> Result<String, Error> {
    let select = Statement::new(select_project_id(), vec![name.into()]);
    run_for_row(db, vec![select], 0).await?.ok_or_else(|| no_project(name).into())
}

/// A key that is made.
struct NewKey {
    id: String,
    key: String,
    hash: String,
    project_id: String,
}

impl NewKey {
    fn of(random: &[u8; RANDOM_BYTES]) -> Self {
        let (secret, ids) = random.split_at(SECRET_BYTES);
        let (id, project_id) = ids.split_at(ID_BYTES);
        let key = format!("ts_{}", BASE64_URL_SAFE_NO_PAD.encode(secret));
        let hash = hex(&api_keys::hash(&key));
        Self { id: format!("key_{}", hex(id)), key, hash, project_id: hex(project_id) }
    }

    /// What is stored of it: the first parameters of the statements that insert it.
    fn params(&self, name: &str, now: Millis) -> Vec<Param> {
        // What tells keys apart in a listing.
        let prefix = self.key.get(..11).unwrap_or_default();
        vec![(&*self.hash).into(), (&*self.id).into(), name.into(), prefix.into(), now.into()]
    }

    /// As its maker sees it, this once. Neither has a character that JSON escapes.
    fn to_json(&self) -> String {
        format!(r#"{{"id":"{}","key":"{}"}}"#, self.id, self.key)
    }
}

async fn get_project(project: &str, db: &impl Database) -> Result<String, Error> {
    let select = |sql| Statement::new(sql, vec![project.into()]);
    let ran = db.run(vec![select(select_project()), select(select_keys())]).await?;
    let [found, keys] = ran.rows.as_slice() else {
        return Err(Fault::Internal("a project is two results".into()).into());
    };
    let found = found.first().ok_or_else(|| no_project(project))?;
    Ok(format!(r#"{{"project":{found},"keys":[{}]}}"#, keys.join(",")))
}

async fn create_key(
    project: &str,
    body: &[u8],
    random: &[u8; RANDOM_BYTES],
    now: Millis,
    db: &impl Database,
) -> Result<String, Error> {
    let fields = Fields::read(body, &["name", "handling", "scopes"])?;
    let (name, handling) = (fields.name("name")?.unwrap_or("default"), fields.handling()?);
    check_name("project", project)?;
    let made = NewKey::of(random);
    let project_params =
        vec![(&*made.project_id).into(), project.into(), handling.into(), now.into()];
    let mut key_params = made.params(name, now);
    key_params.extend([project.into(), fields.scopes()?.into()]);
    let statements = vec![
        Statement::new(create_project(), project_params),
        Statement::new(insert_key(), key_params),
    ];
    run_for_row(db, statements, 1)
        .await?
        .ok_or_else(|| Fault::Internal("no key was made".into()))?;
    Ok(made.to_json())
}

async fn rotate_key(
    project: &str,
    key: &str,
    body: &[u8],
    random: &[u8; RANDOM_BYTES],
    now: Millis,
    db: &impl Database,
) -> Result<String, Error> {
    let fields = Fields::read(body, &["name", "keepOld"])?;
    let (name, keep_old) = (fields.name("name")?, fields.flag("keepOld")?);
    let made = NewKey::of(random);
    let mut params = made.params(name.unwrap_or_default(), now);
    params.extend([project.into(), key.into()]);
    let mut statements = vec![Statement::new(insert_successor(), params)];
    statements.extend((!keep_old).then(|| revoke(project, key, now)));
    run_for_row(db, statements, 0).await?.ok_or_else(|| no_key(project, key))?;
    Ok(made.to_json())
}

async fn configure_project(
    project: &str,
    body: &[u8],
    db: &impl Database,
) -> Result<String, Error> {
    let fields = Fields::read(body, &["handling", "rateLimit"])?;
    let (handling, limit) = (fields.handling()?, fields.rate_limit()?);
    if handling.is_empty() && limit.is_none() {
        return Err(Reject::invalid("body", "expected handling, rateLimit or both").into());
    }
    let limit = limit.map_or(-1, i64::from);
    let params = vec![project.into(), handling.into(), limit.into()];
    let row = run_for_row(db, vec![Statement::new(set_project(), params)], 0).await?;
    row.ok_or_else(|| no_project(project).into())
}

fn revoke(project: &str, key: &str, now: Millis) -> Statement {
    Statement::new(end_key(), vec![now.into(), key.into(), project.into()])
}

/// Runs statements, and gives the row of the one at a place, if it gave one.
async fn run_for_row(
    db: &impl Database,
    statements: Vec<Statement>,
    at: usize,
) -> Result<Option<String>, Fault> {
    let mut rows = db.run(statements).await?.rows;
    Ok(rows.get_mut(at).and_then(Vec::pop))
}

fn no_project(project: &str) -> Reject {
    Reject::NotFound(format!("there is no project {project}"))
}

fn no_key(project: &str, key: &str) -> Reject {
    Reject::NotFound(format!("project {project} has no key {key} that is not revoked yet"))
}

/// Names stand in commands, in logs and on pages, so they are of few characters.
fn check_name(field: &str, name: &str) -> Result<(), Reject> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(Reject::invalid(field, "expected 1 to 64 of A-Z a-z 0-9 . _ -"))
}

/// The fields of a body. `null` means missing.
struct Fields(Map<String, Value>);

impl Fields {
    /// Reads an object that has no other fields than these.
    fn read(body: &[u8], known: &[&str]) -> Result<Self, Reject> {
        let expected = |found: &str| {
            let expected = format!("expected an object with {}: {found}", known.join(", "));
            Reject::invalid("body", expected)
        };
        let fields: Map<String, Value> =
            serde_json::from_slice(body).map_err(|e| expected(&e.to_string()))?;
        match fields.keys().find(|field| !known.contains(&field.as_str())) {
            Some(other) => Err(expected(&format!("found {other}"))),
            None => Ok(Self(fields)),
        }
    }

    fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    fn text(&self, field: &str) -> Result<Option<&str>, Reject> {
        let expected = || Reject::invalid(field, "expected text");
        self.get(field).map(|value| value.as_str().ok_or_else(expected)).transpose()
    }

    fn name(&self, field: &str) -> Result<Option<&str>, Reject> {
        let name = self.text(field)?;
        name.map_or(Ok(()), |name| check_name(field, name))?;
        Ok(name)
    }

    fn flag(&self, field: &str) -> Result<bool, Reject> {
        let expected = || Reject::invalid(field, "expected true or false");
        self.get(field).map_or(Ok(false), |value| value.as_bool().ok_or_else(expected))
    }

    /// The handling that is asked for, or nothing.
    fn handling(&self) -> Result<&str, Reject> {
        match self.text("handling")? {
            None => Ok(""),
            Some(known @ ("strict" | "lenient")) => Ok(known),
            Some(_) => Err(Reject::invalid("handling", "expected strict or lenient")),
        }
    }

    /// The scopes that are asked for, or those of a key of which nothing is said.
    fn scopes(&self) -> Result<String, Reject> {
        let expected =
            || Reject::invalid("scopes", "expected some of ingest, read, admin, joined by commas");
        let list = self.text("scopes")?.unwrap_or(Scopes::DEFAULT);
        Ok(Scopes::parse(list).ok_or_else(expected)?.to_list())
    }

    fn rate_limit(&self) -> Result<Option<u32>, Reject> {
        let Some(value) = self.get("rateLimit") else { return Ok(None) };
        let limit = value.as_u64().and_then(|limit| u32::try_from(limit).ok());
        let known = limit.filter(|limit| rate_limits::is_limit(*limit));
        let expected = || Reject::invalid("rateLimit", "expected 0, 100, 1000 or 10000");
        known.map(Some).ok_or_else(expected)
    }
}
