//! The bodies of requests. They are kept in JavaScript's memory, which gives
//! back what it no longer holds; wasm's never shrinks, so each is there only
//! while it is decoded, which waits for nothing.

use std::rc::Rc;

use futures_util::StreamExt;
use wasm_bindgen_futures::JsFuture;
use worker::Request;
use worker::wasm_bindgen::JsCast;

use super::buffer::Buffer;
use super::call::header;
use super::{now, text_of};
use crate::error::{Error, Reject};
use crate::http::body;
use crate::http::body::Encoding;
use crate::memory_budget::{MemoryBudget, MemoryShare};

thread_local! {
    /// What the uploads under way hold.
    static UPLOADS: Rc<MemoryBudget> = Rc::new(MemoryBudget::for_uploads());
}

/// Most bytes of a body read for the sake of its sender's seeing the answer.
const MAX_DISCARDED_BYTES: usize = 64 * 1024 * 1024;
/// By how much a body of unknown length grows: twice what it has, at least the
/// first and at most the second of these.
const STEP_BYTES: (usize, usize) = (64 * 1024, 1024 * 1024);

/// A body without compression.
pub(super) struct Body {
    /// To decode.
    pub bytes: Vec<u8>,
    /// To store. Uncompressed, it is what the platform handed over.
    pub raw: Buffer,
    /// What `raw` is counted as.
    pub share: MemoryShare,
}

/// A body of at most so many bytes, with its compression taken off or not.
pub(super) async fn read_body(request: &mut Request, most: usize) -> Result<Body, Error> {
    let encoding = Encoding::of(header(request, "content-encoding").as_deref())?;
    let declared = declared_length(request);
    if declared.is_some_and(|length| length > most) {
        return Err(body::too_large(most).into());
    }
    // Before it is read: when there is no room, nothing of it is taken in.
    let expected = declared.unwrap_or(STEP_BYTES.0);
    let mut share = UPLOADS.with(|uploads| uploads.take(expected as u64, now()))?;
    let raw = match declared {
        Some(_) => whole_body(request).await?,
        None => chunked_body(request, most, Some(&mut share))
            .await?
            .ok_or_else(|| body::too_large(most))?,
    };
    if raw.len() > most {
        return Err(body::too_large(most).into());
    }
    share.resize(raw.len() as u64, now())?;
    let bytes = raw.to_vec();
    if encoding == Encoding::Identity {
        return Ok(Body { bytes, raw, share });
    }
    drop(raw);
    let bytes = body::decompress(encoding, &bytes, most)?;
    share.resize(bytes.len() as u64, now())?;
    let raw = Buffer::of(&bytes);
    Ok(Body { bytes, raw, share })
}

/// A form of at most so many bytes; `None` for one that has more.
pub(super) async fn read_form(
    request: &mut Request,
    most: usize,
) -> Result<Option<Vec<u8>>, Error> {
    let form = match declared_length(request) {
        Some(length) if length > most => None,
        Some(_) => Some(whole_body(request).await?),
        None => chunked_body(request, most, None).await?,
    };
    Ok(form.map(|form| form.to_vec()))
}

fn declared_length(request: &Request) -> Option<usize> {
    header(request, "content-length").and_then(|length| length.parse().ok())
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
