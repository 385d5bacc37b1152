//! Statements run in D1, and the table of keys.

use serde::Deserialize;
use serde_tuple::Deserialize_tuple;
use worker::wasm_bindgen::JsValue;
use worker::{Context, D1Database, D1PreparedStatement, Env};

use crate::access::api_keys::{KeyHash, Keys, Principal, Which, hex};
use crate::access::rate_limits;
use crate::error::Fault;
use crate::index::{Database, Param, QueryResults, Statement, decode};
use crate::model::{Handling, Millis};

/// The database binding.
pub struct Index(pub D1Database);

#[derive(Deserialize)]
struct Row {
    json: String,
}

impl Database for Index {
    async fn run(&self, statements: Vec<Statement>) -> Result<QueryResults, Fault> {
        let prepared: Vec<_> =
            statements.iter().map(|s| self.prepare(s)).collect::<Result<_, _>>()?;
        let results = self.0.batch(prepared).await.map_err(unavailable)?;
        let mut ran = QueryResults::default();
        for result in results {
            let rows: Vec<Row> = result.results().map_err(unavailable)?;
            ran.rows.push(rows.into_iter().map(|row| row.json).collect());
            let meta = result.meta().ok().flatten();
            ran.rows_written += meta.and_then(|m| m.rows_written).unwrap_or(0) as u64;
        }
        Ok(ran)
    }
}

impl Index {
    fn prepare(&self, statement: &Statement) -> Result<D1PreparedStatement, Fault> {
        #[expect(clippy::cast_precision_loss, reason = "within 2^53, as Param says")]
        let params: Vec<JsValue> = statement
            .params
            .iter()
            .map(|param| match param {
                Param::Text(text) => JsValue::from_str(text),
                Param::Int(n) => JsValue::from_f64(*n as f64),
            })
            .collect();
        self.0.prepare(&*statement.sql).bind(&params).map_err(unavailable)
    }
}

/// The table of keys, for one request.
pub struct KeyTable<'a> {
    /// Where it is.
    pub index: Index,
    /// The bindings, to count guesses.
    pub env: &'a Env,
    /// The request's context, to note a key's use after the answer.
    pub context: &'a Context,
}

#[derive(Deserialize_tuple)]
struct KeyRow {
    id: String,
    hash: String,
    project: String,
    project_name: String,
    handling: String,
    rate_limit: u32,
}

/// A key's use is noted when the last note is older than this: 10 minutes.
const USE_NOTED_EVERY_MS: Millis = 600_000;

impl Keys for KeyTable<'_> {
    async fn find(&self, which: Which<'_>, now: Millis) -> Result<Option<Principal>, Fault> {
        let (column, value) = match which {
            Which::Hash(hash) => ("hash", hex(hash)),
            Which::Id(id) => ("id", id.into()),
        };
        let find = Statement {
            sql: format!(
                "select json_array(k.id, k.hash, k.project, p.name, p.handling, p.rate_limit) as json
                from api_key as k join project as p on p.id = k.project
                where k.{column} = ?1 and k.revoked_ms is null"
            )
            .into(),
            params: vec![value.into()],
        };
        let row: Option<Row> = self.index.prepare(&find)?.first(None).await.map_err(unavailable)?;
        let Some(Row { json }) = row else { return Ok(None) };
        let KeyRow { id, hash, project, project_name, handling, rate_limit } = decode(&json)?;
        let key_hash = unhex(&hash).ok_or_else(|| Fault::Internal("a key's hash".into()))?;
        let note = self.index.prepare(&Statement {
            sql: "update api_key set last_used_ms = ?1
                where id = ?2 and project = ?3 and coalesce(last_used_ms, 0) < ?4"
                .into(),
            params: vec![
                now.into(),
                (&*id).into(),
                (&*project).into(),
                (now - USE_NOTED_EVERY_MS).into(),
            ],
        })?;
        self.context.wait_until(async move {
            // Only a note: the next use makes it if this one cannot.
            let _ = note.run().await;
        });
        let handling = if handling == "lenient" { Handling::Lenient } else { Handling::Strict };
        Ok(Some(Principal { key_id: id, key_hash, project, project_name, handling, rate_limit }))
    }

    async fn may_guess_on(&self, address: &str) -> bool {
        super::rate_limits::count(self.env, Some(rate_limits::guess(address))).await.is_ok()
    }
}

fn unhex(text: &str) -> Option<KeyHash> {
    let mut hash = KeyHash::default();
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(hash)
}

/// D1's own words for a failure. `D1Error`'s `Display` throws (worker 0.8.7);
/// its cause does not.
fn unavailable(error: worker::Error) -> Fault {
    let why = match error {
        worker::Error::D1(d1) => d1.cause(),
        other => other.to_string(),
    };
    Fault::Unavailable { what: "d1", why }
}
