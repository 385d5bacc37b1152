//! Compression by the platform's own streams: native code, so that wasm neither runs it nor
//! holds what it works on.

use std::ops::Range;

use futures_util::future::{join, join3};
use js_sys::{ArrayBuffer, Promise, Reflect, Uint8Array};
use wasm_bindgen_futures::JsFuture;
use worker::wasm_bindgen::prelude::*;

use super::object;

#[wasm_bindgen]
extern "C" {
    type CompressionStream;

    #[wasm_bindgen(constructor)]
    fn new(format: &str) -> CompressionStream;

    #[wasm_bindgen(method, getter)]
    fn readable(this: &CompressionStream) -> ReadableStream;

    #[wasm_bindgen(method, getter)]
    fn writable(this: &CompressionStream) -> WritableStream;

    type DecompressionStream;

    #[wasm_bindgen(constructor)]
    fn new(format: &str) -> DecompressionStream;

    #[wasm_bindgen(method, getter)]
    fn readable(this: &DecompressionStream) -> ReadableStream;

    #[wasm_bindgen(method, getter)]
    fn writable(this: &DecompressionStream) -> WritableStream;

    /// A stream of bytes to read.
    pub type ReadableStream;

    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn reader(this: &ReadableStream, options: &JsValue) -> Result<Reader, JsValue>;

    type WritableStream;

    #[wasm_bindgen(method, catch, js_name = getWriter)]
    fn writer(this: &WritableStream) -> Result<Writer, JsValue>;

    type Reader;

    #[wasm_bindgen(method, catch)]
    fn read(this: &Reader) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = readAtLeast)]
    fn read_at_least(this: &Reader, bytes: u32, into: &Uint8Array) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn cancel(this: &Reader) -> Result<Promise, JsValue>;

    type Writer;

    #[wasm_bindgen(method, catch)]
    fn write(this: &Writer, chunk: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn close(this: &Writer) -> Result<Promise, JsValue>;

    /// Takes all of a stream in.
    #[wasm_bindgen(js_name = Response)]
    type Collected;

    #[wasm_bindgen(constructor, js_class = "Response")]
    fn new(stream: &ReadableStream) -> Collected;

    #[wasm_bindgen(method, catch, js_name = arrayBuffer)]
    fn array_buffer(this: &Collected) -> Result<Promise, JsValue>;
}

/// What is inflated at a time: each costs a turn of the event loop.
const STEP_BYTES: u32 = 64 * 1024;

/// An `ArrayBuffer`, or a view of one, as one member of gzip.
pub(super) async fn compress(body: &JsValue) -> Result<ArrayBuffer, JsValue> {
    let gzip = CompressionStream::new("gzip");
    let writer = gzip.writable().writer()?;
    let all = Collected::new(&gzip.readable());
    let (written, closed) = (settle(writer.write(body)), settle(writer.close()));
    let (written, closed, all) = join3(written, closed, settle(all.array_buffer())).await;
    written.and(closed)?;
    Ok(all?.unchecked_into())
}

/// Those of the bytes that come out which are wanted, or as many of them as there are; none
/// where that is not what gzip has made. No more is held of what comes before them than a
/// step, and nothing is read of what comes after.
///
/// # Errors
/// That of the stream.
pub(super) async fn inflate(
    stream: &ReadableStream,
    wanted: Range<usize>,
) -> Result<Vec<u8>, JsValue> {
    let gunzip = DecompressionStream::new("gzip");
    let from = stream.reader(&JsValue::UNDEFINED)?;
    let to = gunzip.writable().writer()?;
    let out = gunzip.readable().reader(&object(&[("mode", "byob".into())]))?;
    let pass_on = async {
        loop {
            let passed = match next(&settle(from.read()).await?)? {
                Some(chunk) => settle(to.write(&chunk)).await,
                None => settle(to.close()).await.and(Err(JsValue::NULL)),
            };
            if passed.is_err() {
                // That was all, or nothing more is taken: who reads knows why.
                drop(settle(from.cancel()).await);
                return Ok::<_, JsValue>(());
            }
        }
    };
    let fed = async {
        let fed = pass_on.await;
        if fed.is_err() {
            // Who reads would wait for more.
            drop(settle(to.close()).await);
        }
        fed
    };
    let (fed, taken) = join(fed, take(&out, wanted)).await;
    fed.map(|()| taken.unwrap_or_default())
}

async fn take(from: &Reader, wanted: Range<usize>) -> Result<Vec<u8>, JsValue> {
    let (mut taken, mut at) = (Vec::new(), 0);
    let mut room = Uint8Array::new_with_length(STEP_BYTES);
    while at < wanted.end {
        let read = settle(from.read_at_least(STEP_BYTES, &room)).await?;
        let Some(bytes) = next(&read)? else { break };
        let length = bytes.length() as usize;
        let within =
            |place: usize| u32::try_from(place.saturating_sub(at).min(length)).unwrap_or(u32::MAX);
        let part = bytes.subarray(within(wanted.start), within(wanted.end));
        let before = taken.len();
        taken.resize(before + part.length() as usize, 0);
        if let Some(free) = taken.get_mut(before..) {
            part.copy_to(free);
        }
        at += length;
        room = Uint8Array::new(&bytes.buffer());
    }
    drop(settle(from.cancel()).await);
    Ok(taken)
}

/// What a reader gave: bytes, or its end.
fn next(read: &JsValue) -> Result<Option<Uint8Array>, JsValue> {
    let value = Reflect::get(read, &"value".into())?;
    let bytes = value.dyn_into::<Uint8Array>().ok();
    Ok(bytes.filter(|bytes| bytes.length() > 0 || !is_done(read)))
}

fn is_done(read: &JsValue) -> bool {
    Reflect::get(read, &"done".into()).is_ok_and(|done| done.is_truthy())
}

pub(super) async fn settle(promise: Result<Promise, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(promise?).await
}
