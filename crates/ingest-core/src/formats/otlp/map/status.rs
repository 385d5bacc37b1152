//! Whether a span failed, and why.

use super::value::{as_str, text};
use crate::formats::otlp::span::Span;
use crate::model::{Status, Text};

/// The status of a span. An exception among its events is no failure: it may have been
/// handled.
pub(super) fn read_status(span: &Span<'_>) -> Status {
    let level = as_str(span.attributes.get("langfuse.observation.level"));
    let typed = span.status == 0 && as_str(span.attributes.get("error.type")).is_some();
    if span.status == 2 || level == Some("ERROR") || typed { Status::Error } else { Status::Ok }
}

/// Why it failed, in as few words as somebody said.
pub(super) fn read_error<'a>(span: &Span<'a>) -> Option<Text<'a>> {
    let said = text(span.attributes.get("langfuse.observation.status_message"));
    let message = || {
        let message = &span.status_message;
        // Some put all of a stack trace there, which the exception has too.
        let plain = !message.is_empty() && !message.contains("Traceback (most recent call last)");
        plain.then(|| message.clone())
    };
    let exception = || {
        let mut exceptions = span.events.iter().rev().filter(|event| event.name == "exception");
        exceptions.find_map(|event| {
            let message = text(event.attributes.get("exception.message"));
            message.or_else(|| text(event.attributes.get("exception.type")))
        })
    };
    let all = || Some(span.status_message.clone()).filter(|message| !message.is_empty());
    said.or_else(message)
        .or_else(exception)
        .or_else(|| text(span.attributes.get("error.type")))
        .or_else(all)
}

#[cfg(test)]
mod tests {
    use super::super::tests::span;
    use super::*;
    use crate::formats::otlp::span::{AnyValue, Attributes, SpanEvent};

    #[test]
    fn a_status_a_level_or_a_type_of_error_is_a_failure() {
        for (status, pairs, expected) in [
            (0, &[][..], Status::Ok),
            (1, &[("error.type", "x")], Status::Ok),
            (0, &[("error.type", "x")], Status::Error),
            (2, &[], Status::Error),
            (0, &[("langfuse.observation.level", "ERROR")], Status::Error),
            (0, &[("langfuse.observation.level", "WARNING")], Status::Ok),
        ] {
            let span = Span { status, ..span(pairs) };
            assert_eq!(read_status(&span), expected, "{status} {pairs:?}");
        }
    }

    #[test]
    fn the_message_is_the_shortest_that_says_it() {
        let exception = |message: &'static str| SpanEvent {
            name: "exception".into(),
            attributes: Attributes::of(vec![(
                "exception.message".into(),
                AnyValue::Text(message.into()),
            )]),
            ..SpanEvent::default()
        };
        let events = || vec![exception("first"), exception("last")];
        for (message, pairs, expected) in [
            ("timeout", &[("langfuse.observation.status_message", "said")][..], Some("said")),
            ("timeout", &[], Some("timeout")),
            ("Traceback (most recent call last): …", &[], Some("last")),
            ("", &[("error.type", "Timeout")], Some("last")),
        ] {
            let span = Span { status_message: message.into(), events: events(), ..span(pairs) };
            assert_eq!(read_error(&span).as_deref(), expected, "{message} {pairs:?}");
        }
        assert_eq!(read_error(&span(&[("error.type", "Timeout")])).as_deref(), Some("Timeout"));
        assert_eq!(read_error(&span(&[])), None);
    }
}
