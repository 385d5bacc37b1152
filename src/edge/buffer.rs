//! Bytes in JavaScript's memory, which gives back what it no longer holds; wasm's
//! never shrinks.

use js_sys::{ArrayBuffer, Uint8Array};
use worker::wasm_bindgen::JsValue;

use super::text_of;
use crate::error::Fault;

/// Bytes in JavaScript's memory.
pub struct Buffer(ArrayBuffer);

impl Buffer {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Uint8Array::from(bytes).buffer())
    }

    /// So many zeros.
    pub(super) fn empty(bytes: usize) -> Self {
        Self(Uint8Array::new_with_length(u32::try_from(bytes).unwrap_or(u32::MAX)).buffer())
    }

    pub(super) fn len(&self) -> usize {
        self.0.byte_length() as usize
    }

    pub(super) fn to_vec(&self) -> Vec<u8> {
        Uint8Array::new(&self.0).to_vec()
    }

    /// The same bytes, cut off or followed by zeros.
    pub(super) fn resize(&mut self, bytes: usize) -> Result<(), Fault> {
        let resized = self.0.transfer_with_length(bytes);
        self.0 = resized.map_err(|e| Fault::Internal(text_of(&e)))?;
        Ok(())
    }

    /// Puts the bytes at this place, which must be there.
    pub(super) fn set(&self, at: usize, bytes: &[u8]) {
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
