//! Raw batches in R2. Bound here and not through the `worker` crate, because
//! that would copy a body into wasm and out again: the request's own
//! `ArrayBuffer` is handed on.

use std::ops::Range;

use js_sys::{Array, ArrayBuffer, Promise, Reflect, Uint8Array};
use worker::wasm_bindgen::prelude::*;

use crate::batch::{Listed, MAX_INFLATED_BYTES, PREFIX, RawStore, is_gzipped};
use crate::edge::buffer::Buffer;
use crate::edge::gzip::{ReadableStream, compress, inflate, settle};
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

    #[wasm_bindgen(method, getter)]
    fn body(this: &R2ObjectBody) -> ReadableStream;
}

impl RawStore for R2Bucket {
    /// An `ArrayBuffer` or a view of one.
    type Body = JsValue;

    fn body_of(&self, bytes: &[u8]) -> JsValue {
        Uint8Array::from(bytes).into()
    }

    async fn compress(&self, body: &JsValue) -> Option<(JsValue, usize)> {
        // Of an `ArrayBuffer` and of a view alike.
        let length = Reflect::get(body, &"byteLength".into()).ok()?.as_f64()?;
        let small = compress(body).await.ok()?;
        let small_length = small.byte_length();
        (f64::from(small_length) < length).then(|| (small.into(), small_length as usize))
    }

    async fn put(&self, key: &str, body: &JsValue) -> Result<(), Fault> {
        settle(R2Bucket::put(self, key, body)).await.map_err(|e| unavailable("r2 put", &e))?;
        Ok(())
    }

    async fn get(&self, key: &str, part: Option<Range<u64>>) -> Result<Option<Vec<u8>>, Fault> {
        let failed = |e| unavailable("r2 get", &e);
        let small = is_gzipped(key);
        let asked = if small { JsValue::UNDEFINED } else { options(part.clone()) };
        let object = settle(R2Bucket::get(self, key, &asked)).await.map_err(failed)?;
        if object.is_null() {
            return Ok(None);
        }
        let object: R2ObjectBody = object.unchecked_into();
        if small {
            let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(MAX_INFLATED_BYTES);
            let wanted = part.map_or(0..MAX_INFLATED_BYTES, |p| place(p.start)..place(p.end));
            return inflate(&object.body(), wanted).await.map(Some).map_err(failed);
        }
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
