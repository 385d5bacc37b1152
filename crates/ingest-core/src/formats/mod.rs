//! The wire formats: how bytes become events. What a raw batch is in is said by the
//! ending of its object's key; each format has a folder here.

pub mod decoded;
pub mod twosignal;

use crate::batch::Format;
use crate::model::Event;

/// Decodes one event of a raw batch once more, from its own bytes: the
/// [`Event::range`] of the object with this key. `None` if it is not a good event, or
/// if no format is known by the key's ending.
#[must_use]
pub fn decode_event<'a>(key: &str, event: &'a str) -> Option<Event<'a>> {
    match Format::parse(key.rsplit_once('.')?.1)? {
        Format::Native => twosignal::decode_event(event),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_back_by_what_the_key_ends_in() {
        let event = r#"{"type":"trace-create","body":{"id":"t","name":"n"}}"#;
        assert!(decode_event("raw/20261122T061930.123Z/p/0.json", event).is_some());
        for key in ["raw/20261122T061930.123Z/p/0.xml", "raw/0", ""] {
            assert_eq!(decode_event(key, event), None, "{key}");
        }
    }
}
