//! A request as the platform hands it over: its head, and its body in JavaScript's
//! memory, which gives back what it no longer holds; wasm's never shrinks.

use futures_util::StreamExt;
use wasm_bindgen_futures::JsFuture;
use worker::Request;
use worker::wasm_bindgen::JsCast;

use super::buffer::Buffer;
use super::{now, text_of};
use crate::error::{Error, Reject};
use crate::http::body::FIRST_BYTES;
use crate::http::platform::{RequestBody, RequestHead};
use crate::memory_budget::MemoryShare;

/// Most bytes of a body read for the sake of its sender's seeing the answer.
const MAX_DISCARDED_BYTES: usize = 64 * 1024 * 1024;
/// By how much a body of unknown length grows: twice what it has, at least the
/// first and at most the second of these.
const STEP_BYTES: (usize, usize) = (FIRST_BYTES, 1024 * 1024);

impl RequestHead for Request {
    fn method(&self) -> String {
        self.inner().method()
    }

    fn url(&self) -> String {
        self.inner().url()
    }

    fn header(&self, name: &str) -> Option<String> {
        self.headers().get(name).ok().flatten()
    }
}

impl RequestBody for Request {
    type Held = Buffer;

    async fn read(
        &mut self,
        length: Option<usize>,
        most: usize,
        share: Option<&mut MemoryShare>,
    ) -> Result<Option<Buffer>, Error> {
        match length {
            Some(_) => whole_body(self).await.map(Some),
            None => chunked_body(self, most, share).await,
        }
    }

    fn length(held: &Buffer) -> usize {
        held.len()
    }

    fn copy(held: &Buffer) -> Vec<u8> {
        held.to_vec()
    }

    fn hold(bytes: &[u8]) -> Buffer {
        Buffer::of(bytes)
    }
}

/// A body of known length, at once.
async fn whole_body(request: &Request) -> Result<Buffer, Error> {
    let promise = request.inner().array_buffer().map_err(|e| unreadable(&text_of(&e)))?;
    let raw = JsFuture::from(promise).await.map_err(|e| unreadable(&text_of(&e)))?;
    Ok(Buffer::from(raw.unchecked_into::<js_sys::ArrayBuffer>()))
}

/// A body of unknown length, as it comes, counted in the share before it is
/// held; `None` for one of more bytes than `most`. Of one that has too many,
/// or for which there is no room, the rest is read and dropped, up to a
/// bound: a client that is still sending when the answer comes sees its
/// connection reset instead of the answer.
async fn chunked_body(
    request: &mut Request,
    most: usize,
    mut share: Option<&mut MemoryShare>,
) -> Result<Option<Buffer>, Error> {
    let (mut buffer, mut length, mut refused) = (Buffer::empty(STEP_BYTES.0), 0, None);
    // A request without any body has no stream.
    if let Ok(mut stream) = request.stream() {
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|e| unreadable(&e.to_string()))?;
            let at = length;
            length += chunk.len();
            if length > most || refused.is_some() {
                buffer.resize(0)?;
                if length > MAX_DISCARDED_BYTES.min(64 * most) {
                    break;
                }
                continue;
            }
            if length > buffer.len() {
                let step = buffer.len().clamp(STEP_BYTES.0, STEP_BYTES.1);
                let room = (buffer.len() + step).max(length).min(most);
                // Counted as the largest from here on: of many that grow at
                // once, some should come to their end rather than none.
                if let Some(share) = &mut share
                    && let Err(fault) = share.resize(most as u64, now())
                {
                    share.resize(0, now())?;
                    refused = Some(fault);
                    continue;
                }
                buffer.resize(room)?;
            }
            buffer.set(at, &chunk);
        }
    }
    if let Some(fault) = refused {
        return Err(fault.into());
    }
    if length > most {
        return Ok(None);
    }
    buffer.resize(length)?;
    Ok(Some(buffer))
}

/// The body broke off: the client went away, or lied about its length.
fn unreadable(why: &str) -> Reject {
    Reject::invalid("body", format!("could not be read to its end: {why}"))
}
