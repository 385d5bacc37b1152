//! Raw batches in R2. Bound here and not through the `worker` crate, because
//! that would copy a body into wasm and out again: the request's own
//! `ArrayBuffer` is handed on.

use std::ops::Range;

use js_sys::{Array, ArrayBuffer, Promise, Uint8Array};
use wasm_bindgen_futures::JsFuture;
use worker::wasm_bindgen::prelude::*;

use crate::batch::{Listed, PREFIX, RawStore};
use crate::edge::buffer::Buffer;
use crate::edge::{object, text_of};
use crate::error::Fault;

#[wasm_bindgen]
extern "C" {
    /// An R2 bucket binding.
    pub type R2Bucket;

    #[wasm_bindgen(method, catch)]
    fn put(this: &R2Bucket, key: &str, value: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn get(this: &R2Bucket, key: &str, options: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn list(this: &R2Bucket, options: &JsValue) -> Result<Promise, JsValue>;

    type R2Objects;

    #[wasm_bindgen(method, getter)]
    fn objects(this: &R2Objects) -> Array;

    #[wasm_bindgen(method, getter)]
    fn truncated(this: &R2Objects) -> bool;

    type R2Object;

    #[wasm_bindgen(method, getter)]
    fn key(this: &R2Object) -> String;

    type R2ObjectBody;

    #[wasm_bindgen(method, catch, js_name = arrayBuffer)]
    fn array_buffer(this: &R2ObjectBody) -> Result<Promise, JsValue>;
}

impl RawStore for R2Bucket {
    /// An `ArrayBuffer` or a view of one.
    type Body = JsValue;

    fn body_of(&self, bytes: &[u8]) -> JsValue {
        Uint8Array::from(bytes).into()
    }

    async fn put(&self, key: &str, body: &JsValue) -> Result<(), Fault> {
        settle(R2Bucket::put(self, key, body)).await.map_err(|e| unavailable("r2 put", &e))?;
        Ok(())
    }

    async fn get(&self, key: &str, part: Option<Range<u64>>) -> Result<Option<Vec<u8>>, Fault> {
        let failed = |e| unavailable("r2 get", &e);
        let object = settle(R2Bucket::get(self, key, &options(part))).await.map_err(failed)?;
        if object.is_null() {
            return Ok(None);
        }
        let object: R2ObjectBody = object.unchecked_into();
        let bytes = settle(object.array_buffer()).await.map_err(failed)?;
        Ok(Some(Buffer::from(bytes.unchecked_into::<ArrayBuffer>()).to_vec()))
    }

    async fn list(&self, after: &str, most: usize) -> Result<Listed, Fault> {
        let options = object(&[
            ("prefix", PREFIX.into()),
            ("startAfter", after.into()),
            ("limit", most.into()),
        ]);
        let listed = settle(R2Bucket::list(self, &options)).await;
        let listed: R2Objects = listed.map_err(|e| unavailable("r2 list", &e))?.unchecked_into();
        let keys = listed.objects().iter().map(|o| o.unchecked_into::<R2Object>().key()).collect();
        Ok(Listed { keys, more: listed.truncated() })
    }
}

async fn settle(promise: Result<Promise, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(promise?).await
}

fn unavailable(what: &'static str, error: &JsValue) -> Fault {
    Fault::Unavailable { what, why: text_of(error) }
}

/// `{range: {offset, length}}`, or nothing for the whole object.
fn options(part: Option<Range<u64>>) -> JsValue {
    let Some(part) = part else { return JsValue::UNDEFINED };
    #[expect(clippy::cast_precision_loss, reason = "offsets in a raw batch are below 2^53")]
    let number = |n: u64| JsValue::from_f64(n as f64);
    let length = part.end.saturating_sub(part.start);
    let range = object(&[("offset", number(part.start)), ("length", number(length))]);
    object(&[("range", range)])
}
