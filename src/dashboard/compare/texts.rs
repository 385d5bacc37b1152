//! What one step was given and said in two traces, and where the texts differ.

use std::borrow::Cow;

use maud::{Markup, html};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::batch::RawStore;
use crate::dashboard::span::messages::inner;
use crate::dashboard::span::payload_field::PayloadField;
use crate::dashboard::ui::format::encode;
use crate::dashboard::view::View;
use crate::error::{Error, Reject};
use crate::index::found::{Span, read_span};
use crate::index::{Database, spans};
use crate::payload::Payloads;

/// Bytes of a text that are compared: finding what differs takes time with the square of it.
const MOST_BYTES: usize = 64 * 1024;
/// Lines, or words of texts of one line, that are compared; for the same reason.
const MOST_PARTS: usize = 1_500;
/// Bytes of a span's events that are read.
const MOST_READ: u64 = 8 * 1024 * 1024;

/// A span of each trace: the trace's id and its own.
pub(super) type Both<'q> = [(&'q str, &'q str); 2];

/// The texts of a step in both traces.
///
/// # Errors
/// 404 for a span that is not there; a fault of the database or the store.
pub(super) async fn texts(
    view: &View<'_, impl Database, impl RawStore>,
    both: Both<'_>,
) -> Result<Markup, Error> {
    let mut found = Vec::new();
    for (trace, span) in both {
        let none = || Reject::NotFound("one of the traces has no such span".into());
        let ran = view.db.run(spans::select_span(view.project, trace, span)).await?;
        let read = read_span(&ran, span)?.and_then(|found| found.spans.into_iter().next());
        found.push(read.ok_or_else(none)?);
    }
    let large = found.iter().any(|span| span.event_bytes() > MOST_READ);
    let slices: Vec<_> = found.iter().filter(|_| !large).flat_map(|span| &span.slices).collect();
    let payloads = Payloads::read(&view.source, &slices).await?;
    let [a, b] = found.as_slice() else { return Err(Reject::NotFound("two spans".into()).into()) };
    Ok(html! {
        h2 { (a.name) }
        @if large {
            p.message.warn { "These steps are too large to compare here: " (link(both[0])) " and " (link(both[1])) "." }
        } @else {
            (fields(a, b, &payloads))
            p.muted { "In full: " (link(both[0])) " and " (link(both[1])) "." }
        }
    })
}

fn link((trace, span): (&str, &str)) -> Markup {
    html! { a href={ "/traces/" (encode(trace)) "?span=" (encode(span)) } { code { (span) } } }
}

fn fields(a: &Span, b: &Span, payloads: &Payloads) -> Markup {
    let bodies = (payloads.span(a), payloads.span(b));
    let (Ok(a), Ok(b)) = &bodies else {
        return html! { p.message.warn { "What went in and out of one of them cannot be read." } };
    };
    html! {
        @for (field, title) in [(PayloadField::Error, "Error"), (PayloadField::Output, "Output"), (PayloadField::Input, "Input")] {
            @let (a, b) = (field.of(a), field.of(b));
            @if a.is_some() || b.is_some() {
                h3 { (title) }
                @let plain = field == PayloadField::Error;
                (difference(&shown(a, plain), &shown(b, plain)))
            }
        }
    }
}

/// A payload in lines, as one reads it.
fn shown(text: Option<&str>, plain: bool) -> String {
    let text = text.unwrap_or_default();
    let text = if plain { Cow::Borrowed(text) } else { inner(text) };
    let cut = text.get(..text.floor_char_boundary(MOST_BYTES)).unwrap_or_default();
    let whole = (cut.len() == text.len()).then(|| serde_json::from_str(&text).ok()).flatten();
    match whole {
        Some(serde_json::Value::String(text)) => text,
        Some(json) => serde_json::to_string_pretty(&json).unwrap_or_default(),
        None => cut.to_owned(),
    }
}

/// Two texts as one: what only the first has, and what only the second.
fn difference(a: &str, b: &str) -> Markup {
    if a == b {
        return html! { p.muted { "The same in both." } };
    }
    let lines = a.contains('\n') || b.contains('\n');
    let ((a, more_a), (b, more_b)) = (parts(a, lines), parts(b, lines));
    let text = |of: &[&str], from: usize, length: usize| {
        of.get(from..from + length).unwrap_or_default().concat()
    };
    html! {
        div.difference {
            @for change in capture_diff_slices(Algorithm::Myers, &a, &b) {
                @match change {
                    DiffOp::Equal { old_index, len, .. } => (text(&a, old_index, len)),
                    DiffOp::Delete { old_index, old_len, .. } => del { (text(&a, old_index, old_len)) },
                    DiffOp::Insert { new_index, new_len, .. } => ins { (text(&b, new_index, new_len)) },
                    DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                        del { (text(&a, old_index, old_len)) } ins { (text(&b, new_index, new_len)) }
                    }
                }
            }
        }
        @if more_a || more_b { p.muted { "Longer texts are compared as far as this." } }
    }
}

/// As many lines, or words, of a text as are compared, and whether there are more.
fn parts(text: &str, lines: bool) -> (Vec<&str>, bool) {
    let is_end = |c: char| if lines { c == '\n' } else { c.is_whitespace() };
    let mut parts: Vec<_> = text.split_inclusive(is_end).take(MOST_PARTS + 1).collect();
    let more = parts.len() > MOST_PARTS;
    parts.truncate(MOST_PARTS);
    (parts, more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_only_one_has() {
        let html = difference("the cat sat", "the dog sat").into_string();
        assert!(html.contains("<del>cat </del><ins>dog </ins>"), "{html}");
        let html = difference("a\nb\n", "a\n<c>\n").into_string();
        assert!(html.contains("<del>b\n</del><ins>&lt;c&gt;\n</ins>"), "{html}");
        assert!(difference("x", "x").into_string().contains("same in both"));
    }

    #[test]
    fn long_texts_are_compared_as_far_as_they_may() {
        let (a, b) = ("a ".repeat(100_000), "b ".repeat(100_000));
        assert!(difference(&a, &b).into_string().contains("as far as this"));
        let long = "x".repeat(MOST_BYTES + 1);
        assert_eq!(shown(Some(&long), true).len(), MOST_BYTES);
    }
}
