//! An image that came along in a message: served by itself, so that pages stay small, and as
//! no document of this origin, whatever somebody sent.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::chat;
use super::chat::{IMAGES, MAX_IMAGE_BYTES, MessagePart};
use super::messages::{image_name, inner};
use crate::dashboard::ui::json::Json;
use crate::reply::Reply;

/// Some leave the padding at the end out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The image of this name in a payload.
#[must_use]
pub fn find(raw: &str, name: &str) -> Option<Reply> {
    let payload = inner(raw);
    let chat = chat::find(Json::new(&payload))?;
    chat.messages.iter().flat_map(|message| &message.parts).find_map(|part| in_part(part, name))
}

fn in_part(part: &MessagePart<'_>, name: &str) -> Option<Reply> {
    match part {
        MessagePart::Image(media, data) if image_name(data) == name => reply(media, data),
        // What is in what a tool gave is no deeper than this.
        MessagePart::Result { parts, .. } => parts.iter().find_map(|part| match part {
            MessagePart::Image(media, data) if image_name(data) == name => reply(media, data),
            _ => None,
        }),
        _ => None,
    }
}

/// Bytes that begin as images of their type do; anything else could be a document.
fn reply(media: &str, data: &str) -> Option<Reply> {
    let media = IMAGES.into_iter().find(|known| *known == media)?;
    let bytes = BASE64.decode(Some(data).filter(|data| data.len() <= MAX_IMAGE_BYTES)?).ok()?;
    let begins: &[u8] = match media {
        "image/png" => b"\x89PNG\r\n\x1a\n",
        "image/jpeg" => b"\xff\xd8\xff",
        "image/gif" => b"GIF8",
        _ => b"RIFF",
    };
    bytes.starts_with(begins).then(|| {
        Reply::content(200, media, bytes)
            .as_page()
            .with("content-security-policy", "default-src 'none'; sandbox")
            .with("x-content-type-options", "nosniff")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_padding_of_base64_may_be_left_out() {
        let data = BASE64.encode(b"\x89PNG\r\n\x1a\n..");
        let bare = data.trim_end_matches('=');
        assert_ne!(bare, data);
        for data in [&*data, bare] {
            let payload = format!(
                r#"[{{"role":"user","content":[{{"type":"image","source":{{"media_type":"image/png","data":"{data}"}}}}]}}]"#
            );
            let shown = find(&payload, &image_name(data));
            assert_eq!(shown.map(|shown| shown.body.len()), Some(10), "{data}");
        }
    }

    #[test]
    fn an_image_is_what_it_says_and_no_document() {
        let of = |media: &str, bytes: &[u8]| {
            let data = BASE64.encode(bytes);
            let payload = format!(
                r#"[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"data:{media};base64,{data}"}}}}]}}]"#
            );
            find(&payload, &image_name(&data))
        };
        let png = b"\x89PNG\r\n\x1a\n and so on";
        let shown = of("image/png", png).unwrap();
        assert_eq!((shown.status, &*shown.body), (200, &png[..]));
        for header in [
            ("content-type", "image/png"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert!(
                shown.headers.iter().any(|(name, value)| (*name, &**value) == header),
                "{header:?}"
            );
        }
        assert!(of("image/jpeg", png).is_none());
        assert!(of("image/png", b"<script>alert(1)</script>").is_none());
        assert!(of("image/svg+xml", b"<svg/>").is_none());
        assert!(of("text/html", b"<script/>").is_none());
        assert!(find("[]", "0").is_none());
    }
}
