//! The bodies of requests. They are kept in JavaScript's memory, which gives
//! back what it no longer holds; wasm's never shrinks, so each is there only
//! while it is decoded, which waits for nothing.

use std::rc::Rc;

use futures_util::StreamExt;
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen_futures::JsFuture;
use worker::wasm_bindgen::{JsCast, JsValue};

use super::fetch::Call;
use super::{now, text_of};
use crate::encoding::{self, Encoding};
use crate::error::{Error, Fault, Reject};
use crate::limits::MAX_BODY_BYTES;
use crate::upload_budget::{Share, UploadBudget};

thread_local! {
    /// What the uploads under way hold.
    static UPLOADS: Rc<UploadBudget> = Rc::default();
}

/// Most bytes of a body read for the sake of its sender's seeing the answer.
const MAX_DISCARDED_BYTES: usize = 64 * 1024 * 1024;
/// By how much a body of unknown length grows: twice what it has, at least the
/// first and at most the second of these.
const STEP_BYTES: (usize, usize) = (64 * 1024, 1024 * 1024);

/// Bytes in JavaScript's memory.
pub(super) struct Buffer(ArrayBuffer);

impl Buffer {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Uint8Array::from(bytes).buffer())
    }

    /// So many zeros.
    fn empty(bytes: usize) -> Self {
        Self(Uint8Array::new_with_length(u32::try_from(bytes).unwrap_or(u32::MAX)).buffer())
    }

    pub(super) fn len(&self) -> usize {
        self.0.byte_length() as usize
    }

    pub(super) fn to_vec(&self) -> Vec<u8> {
        Uint8Array::new(&self.0).to_vec()
    }

    /// The same bytes, cut off or followed by zeros.
    fn resize(&mut self, bytes: usize) -> Result<(), Fault> {
        let resized = self.0.transfer_with_length(bytes);
        self.0 = resized.map_err(|e| Fault::Internal(text_of(&e)))?;
        Ok(())
    }

    /// Puts the bytes at this place, which must be there.
    fn set(&self, at: usize, bytes: &[u8]) {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let (at, length) = (number(at), number(bytes.len()));
        Uint8Array::new_with_byte_offset_and_length(&self.0, at, length).copy_from(bytes);
    }
}

impl From<ArrayBuffer> for Buffer {
    fn from(buffer: ArrayBuffer) -> Self {
        Self(buffer)
    }
}

impl AsRef<JsValue> for Buffer {
    fn as_ref(&self) -> &JsValue {
        self.0.as_ref()
    }
}

/// Gives the bytes back at once: the collector of garbage comes when it likes.
impl Drop for Buffer {
    fn drop(&mut self) {
        let _ = self.0.transfer_with_length(0);
    }
}

/// A body without compression.
pub(super) struct Body {
    /// To decode.
    pub bytes: Vec<u8>,
    /// To store. Uncompressed, it is what the platform handed over.
    pub raw: Buffer,
    /// What `raw` is counted as.
    pub share: Share,
}

impl Call {
    /// The body of a batch.
    pub(super) async fn body(&mut self) -> Result<Body, Error> {
        encoding::check_content_type(self.header("content-type").as_deref())?;
        let encoding = Encoding::of(self.header("content-encoding").as_deref())?;
        let declared = self.declared_length();
        if declared.is_some_and(|length| length > MAX_BODY_BYTES) {
            return Err(encoding::too_large().into());
        }
        // Before it is read: when there is no room, nothing of it is taken in.
        let expected = declared.unwrap_or(STEP_BYTES.0);
        let mut share = UPLOADS.with(|uploads| uploads.take(expected, now()))?;
        let raw = match declared {
            Some(_) => self.whole_body().await?,
            None => self
                .chunked_body(MAX_BODY_BYTES, Some(&mut share))
                .await?
                .ok_or_else(encoding::too_large)?,
        };
        if raw.len() > MAX_BODY_BYTES {
            return Err(encoding::too_large().into());
        }
        share.resize(raw.len(), now())?;
        let bytes = raw.to_vec();
        if encoding == Encoding::Identity {
            return Ok(Body { bytes, raw, share });
        }
        drop(raw);
        let bytes = encoding::decompress(encoding, &bytes)?;
        share.resize(bytes.len(), now())?;
        let raw = Buffer::of(&bytes);
        Ok(Body { bytes, raw, share })
    }

    /// A form of at most so many bytes; `None` for one that has more.
    pub(super) async fn form_of(&mut self, most: usize) -> Result<Option<Vec<u8>>, Error> {
        let form = match self.declared_length() {
            Some(length) if length > most => None,
            Some(_) => Some(self.whole_body().await?),
            None => self.chunked_body(most, None).await?,
        };
        Ok(form.map(|form| form.to_vec()))
    }

    fn declared_length(&self) -> Option<usize> {
        self.header("content-length").and_then(|length| length.parse().ok())
    }

    /// A body of known length, at once.
    async fn whole_body(&self) -> Result<Buffer, Error> {
        let promise = self.request.inner().array_buffer().map_err(|e| unreadable(&text_of(&e)))?;
        let raw = JsFuture::from(promise).await.map_err(|e| unreadable(&text_of(&e)))?;
        Ok(Buffer(raw.unchecked_into()))
    }

    /// A body of unknown length, as it comes, counted in the share before it is
    /// held; `None` for one of more bytes than `most`. Of one that has too many,
    /// or for which there is no room, the rest is read and dropped, up to a
    /// bound: a client that is still sending when the answer comes sees its
    /// connection reset instead of the answer.
    async fn chunked_body(
        &mut self,
        most: usize,
        mut share: Option<&mut Share>,
    ) -> Result<Option<Buffer>, Error> {
        let (mut buffer, mut length, mut refused) = (Buffer::empty(STEP_BYTES.0), 0, None);
        // A request without any body has no stream.
        if let Ok(mut stream) = self.request.stream() {
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
                        && let Err(fault) = share.resize(most, now())
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
}

/// The body broke off: the client went away, or lied about its length.
fn unreadable(why: &str) -> Reject {
    Reject::invalid("body", format!("could not be read to its end: {why}"))
}
