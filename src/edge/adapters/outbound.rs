//! Requests to servers elsewhere, by the platform's `fetch`. Bound here and not through the
//! `worker` crate, whose signals know no timeout, and so that a body is bounded while it is
//! read.

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen_futures::JsFuture;
use worker::wasm_bindgen::prelude::*;

use crate::edge::object;
use crate::error::Fault;
use crate::outbound::{Get, Outbound, OutboundReply, Post};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, init: &JsValue) -> Result<Promise, JsValue>;

    type AbortSignal;

    #[wasm_bindgen(static_method_of = AbortSignal)]
    fn timeout(ms: u32) -> AbortSignal;

    #[wasm_bindgen(method, getter)]
    fn aborted(this: &AbortSignal) -> bool;

    type Response;

    #[wasm_bindgen(method, getter)]
    fn status(this: &Response) -> u16;

    #[wasm_bindgen(method, getter)]
    fn headers(this: &Response) -> Headers;

    #[wasm_bindgen(method, getter)]
    fn body(this: &Response) -> Option<Stream>;

    type Headers;

    #[wasm_bindgen(method)]
    fn get(this: &Headers, name: &str) -> Option<String>;

    type Stream;

    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader(this: &Stream) -> Result<Reader, JsValue>;

    type Reader;

    #[wasm_bindgen(method, catch)]
    fn read(this: &Reader) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn cancel(this: &Reader) -> Result<Promise, JsValue>;

    type Chunk;

    #[wasm_bindgen(method, getter)]
    fn value(this: &Chunk) -> Option<Uint8Array>;
}

/// The platform's `fetch`.
pub struct Fetch;

impl Outbound for Fetch {
    async fn post(&self, post: Post<'_>) -> Result<OutboundReply, Fault> {
        let Post { url, headers, body, timeout_ms, most } = post;
        send("POST", Get { url, headers, timeout_ms, most }, body.into()).await
    }

    async fn get(&self, get: Get<'_>) -> Result<OutboundReply, Fault> {
        send("GET", get, JsValue::UNDEFINED).await
    }
}

async fn send(method: &str, to: Get<'_>, body: JsValue) -> Result<OutboundReply, Fault> {
    let signal = AbortSignal::timeout(to.timeout_ms);
    exchange(method, to, body, &signal).await.map_err(|_| {
        // The platform's own words have the address in them.
        let late = || format!("no reply within {} ms", to.timeout_ms);
        let why = if signal.aborted() { late() } else { "no reply".into() };
        Fault::Unavailable { what: "outbound request", why }
    })
}

async fn exchange(
    method: &str,
    to: Get<'_>,
    body: JsValue,
    signal: &AbortSignal,
) -> Result<OutboundReply, JsValue> {
    let pair = |(name, value): &(&str, &str)| Array::of2(&(*name).into(), &(*value).into());
    let init = object(&[
        ("method", method.into()),
        ("headers", to.headers.iter().map(pair).collect::<Array>().into()),
        ("body", body),
        ("redirect", "manual".into()),
        ("signal", signal.into()),
    ]);
    let response: Response = JsFuture::from(fetch(to.url, &init)?).await?.unchecked_into();
    let (status, retry_after) = (response.status(), response.headers().get("retry-after"));
    let body = match response.body() {
        Some(stream) => read(&stream, to.most).await?,
        None => Some(Vec::new()),
    };
    Ok(OutboundReply { status, retry_after, body })
}

/// The bytes of a body; `None` for one of more than `most`, of which the rest is not read.
async fn read(stream: &Stream, most: usize) -> Result<Option<Vec<u8>>, JsValue> {
    let (reader, mut bytes) = (stream.get_reader()?, Vec::new());
    loop {
        let chunk: Chunk = JsFuture::from(reader.read()?).await?.unchecked_into();
        let Some(chunk) = chunk.value() else { return Ok(Some(bytes)) };
        if bytes.len() + chunk.length() as usize > most {
            // That it is not wanted any more may come to nobody.
            drop(JsFuture::from(reader.cancel()?).await);
            return Ok(None);
        }
        bytes.extend(chunk.to_vec());
    }
}
