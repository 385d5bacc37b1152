//! Statements run in D1, and the table of keys.

use js_sys::{Array, Promise};
use serde::Deserialize;
use wasm_bindgen_futures::JsFuture;
use worker::wasm_bindgen::prelude::*;
use worker::{Context, D1Database, D1PreparedStatement, Env};

use crate::access::api_keys::{Keys, Principal, Which};
use crate::access::{key_table, rate_limits};
use crate::edge::text_of;
use crate::error::Fault;
use crate::index::{Database, Param, QueryResults, Statement};
use crate::model::Millis;

/// The database binding.
pub struct Index(pub D1Database);

// Results are read here and not through the `worker` crate (0.8.7): that reads a result's
// `meta` as a whole, and fails where the last row's id is above 2^53, as keys of traces
// may be.
#[wasm_bindgen]
extern "C" {
    type Batching;

    #[wasm_bindgen(method, catch)]
    fn batch(this: &Batching, statements: &Array) -> Result<Promise, JsValue>;

    type Ran;

    #[wasm_bindgen(method, getter)]
    fn results(this: &Ran) -> Option<Array>;

    #[wasm_bindgen(method, getter)]
    fn meta(this: &Ran) -> Option<Meta>;

    type Meta;

    #[wasm_bindgen(method, getter)]
    fn rows_written(this: &Meta) -> Option<f64>;

    #[wasm_bindgen(method, getter)]
    fn size_after(this: &Meta) -> Option<f64>;

    type JsonRow;

    #[wasm_bindgen(method, getter)]
    fn json(this: &JsonRow) -> Option<String>;
}

#[derive(Deserialize)]
struct Row {
    json: String,
}

impl Database for Index {
    async fn run(&self, statements: Vec<Statement>) -> Result<QueryResults, Fault> {
        let prepared = Array::new();
        for statement in &statements {
            prepared.push(self.prepare(statement)?.inner());
        }
        let failed = |error: JsValue| Fault::Unavailable { what: "d1", why: text_of(&error) };
        let database: &Batching = self.0.unchecked_ref();
        let promise = database.batch(&prepared).map_err(failed)?;
        let results: Array = JsFuture::from(promise).await.map_err(failed)?.unchecked_into();
        let mut ran = QueryResults::default();
        for result in results.iter() {
            let result: Ran = result.unchecked_into();
            let rows = result.results().unwrap_or_default();
            let text = |row: JsValue| row.unchecked_into::<JsonRow>().json().unwrap_or_default();
            ran.rows.push(rows.iter().map(text).collect());
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
            let number = |of: Option<f64>| of.unwrap_or(0.0) as u64;
            if let Some(meta) = result.meta() {
                ran.rows_written += number(meta.rows_written());
                ran.database_bytes = number(meta.size_after());
            }
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
