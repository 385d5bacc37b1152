//! What is signed with an API key's stored hash, so that there is no secret more to keep, and
//! a key that is revoked takes with it what was signed with it.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::api_keys::KeyHash;

/// The signature of a text, in base64. The purpose tells one use of a key's hash from any
/// other.
pub(super) fn make(purpose: &[u8], hash: &KeyHash, text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(signer(purpose, hash, text).finalize().into_bytes())
}

/// Whether it is that text's, compared in constant time.
pub(super) fn is_of(purpose: &[u8], hash: &KeyHash, text: &str, signature: &str) -> bool {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(signature);
    bytes.is_ok_and(|bytes| signer(purpose, hash, text).verify_slice(&bytes).is_ok())
}

fn signer(purpose: &[u8], hash: &KeyHash, text: &str) -> Hmac<Sha256> {
    // An HMAC takes keys of any length: neither can fail.
    let of = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!());
    let mut derive = of(hash);
    derive.update(purpose);
    let mut signer = of(&derive.finalize().into_bytes());
    signer.update(text.as_bytes());
    signer
}
