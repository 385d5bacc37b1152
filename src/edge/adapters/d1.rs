//! Statements run in D1, and the table of keys.

use serde::Deserialize;
use worker::wasm_bindgen::JsValue;
use worker::{Context, D1Database, D1PreparedStatement, Env};

use crate::access::api_keys::{Keys, Principal, Which};
use crate::access::{key_table, rate_limits};
use crate::error::Fault;
use crate::index::{Database, Param, QueryResults, Statement};
use crate::model::Millis;

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

/// The port to the table of keys, for one request.
pub struct KeyTable<'a> {
    /// Where it is.
    pub index: Index,
    /// The bindings, to count guesses.
    pub env: &'a Env,
    /// The request's context, to note a key's use after the answer.
    pub context: &'a Context,
}

impl Keys for KeyTable<'_> {
    async fn find(&self, which: Which<'_>, now: Millis) -> Result<Option<Principal>, Fault> {
        // One statement is no batch: it needs no transaction.
        let find = self.index.prepare(&key_table::find(which))?;
        let row: Option<Row> = find.first(None).await.map_err(unavailable)?;
        let found = key_table::read_principal(row.as_ref().map(|row| &*row.json))?;
        if let Some(principal) = &found {
            let note = self.index.prepare(&key_table::note_use(principal, now))?;
            self.context.wait_until(async move { drop(note.run().await) });
        }
        Ok(found)
    }

    async fn may_guess_on(&self, address: &str) -> bool {
        super::rate_limits::count(self.env, Some(rate_limits::guess(address))).await.is_ok()
    }
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
