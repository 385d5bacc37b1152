//! From an export's text to its spans: where each lies, with its resource and scope, and
//! whether it can be kept. One pass; what a span says is `message`'s.

use super::scalar::read_id;
use crate::formats::otlp::export::{Export, Located, Problem, Scope};
use crate::json::descend::{array, object, skip, value};
use crate::json::error::{SyntaxError, SyntaxErrorKind, fail};
use crate::json::lex::next;
use crate::json::scan;

/// Finds everything in an export.
///
/// # Errors
/// What is no JSON, and a root that is no object; `None` in place of an export that has
/// more than one may have.
pub(crate) fn locate(text: &str) -> Result<Option<Export>, SyntaxError> {
    let bytes = text.as_bytes();
    let (found, start) = next(bytes, 0);
    if found != b'{' {
        let kind = scan::value(bytes, start, 0)?.kind();
        return fail(bytes, start, SyntaxErrorKind::Root(kind));
    }
    let mut export = Export::default();
    let end = object(text, start, 0, &mut |key, at| match key {
        "resourceSpans" | "resource_spans" => {
            array(text, at, 1, &mut |at| resource_spans(text, at, &mut export))
        }
        _ => skip(text, at, 1),
    })?;
    scan::end(bytes, end)?;
    Ok((!export.is_over()).then_some(export))
}

fn resource_spans(text: &str, at: usize, export: &mut Export) -> Result<usize, SyntaxError> {
    // One too many tells that there are; no more of them are kept.
    if export.is_over() {
        return skip(text, at, 2);
    }
    let resource = export.resources.len();
    export.resources.push(Vec::new());
    let mut scopes = 0;
    object(text, at, 2, &mut |key, at| match key {
        "resource" => {
            let found = value(text, at, 3)?.range();
            let end = found.end;
            if let Some(pieces) = export.resources.get_mut(resource) {
                *pieces = vec![found];
            }
            Ok(end)
        }
        "scopeSpans" | "scope_spans" => array(text, at, 3, &mut |at| {
            if export.is_over() {
                return skip(text, at, 4);
            }
            export.scopes.push(Scope { at: scopes, resource, pieces: Vec::new() });
            scopes += 1;
            scope_spans(text, at, export)
        }),
        _ => skip(text, at, 3),
    })
}

fn scope_spans(text: &str, at: usize, export: &mut Export) -> Result<usize, SyntaxError> {
    let scope = export.scopes.len() - 1;
    let mut spans = 0;
    object(text, at, 4, &mut |key, at| match key {
        "scope" => {
            let found = value(text, at, 5)?.range();
            let end = found.end;
            if let Some(scope) = export.scopes.get_mut(scope) {
                scope.pieces = vec![found];
            }
            Ok(end)
        }
        "spans" => array(text, at, 5, &mut |at| {
            let (_, start) = next(text.as_bytes(), at);
            let (problem, end) = span(text, start)?;
            if !export.is_over() {
                export.spans.push(Located { at: spans, scope, range: start..end, problem });
            }
            spans += 1;
            Ok(end)
        }),
        _ => skip(text, at, 5),
    })
}

/// What is wrong with the span at a place, and the place after it.
fn span(text: &str, at: usize) -> Result<(Option<Problem>, usize), SyntaxError> {
    let (found, _) = next(text.as_bytes(), at);
    if found != b'{' {
        let value = value(text, at, 6)?;
        let message = format!("expected an object, found {}", value.kind().noun());
        return Ok((Some(Problem { field: "", message }), value.range().end));
    }
    let (mut trace, mut span, mut parent) = (None, None, None);
    let end = object(text, at, 6, &mut |key, at| {
        let found = value(text, at, 7)?;
        match key {
            "traceId" | "trace_id" => trace = Some(found),
            "spanId" | "span_id" => span = Some(found),
            "parentSpanId" | "parent_span_id" => parent = Some(found),
            _ => {}
        }
        Ok(found.range().end)
    })?;
    let wrong = |field, bytes: usize, found: usize| {
        let message =
            format!("expected {} hexadecimal digits, found {found} characters", 2 * bytes);
        Some(Problem { field, message })
    };
    let problem = Problem::of_size(end - at);
    let problem = problem.or_else(|| match read_id::<16>(trace, text) {
        Ok(id) => Problem::of_id("traceId", 16, &id),
        Err(found) => wrong("traceId", 16, found),
    });
    let problem = problem.or_else(|| match read_id::<8>(span, text) {
        Ok(id) => Problem::of_id("spanId", 8, &id),
        Err(found) => wrong("spanId", 8, found),
    });
    let problem = problem.or_else(|| match read_id::<8>(parent, text) {
        Ok(id) => Problem::of_parent(&id),
        Err(found) => wrong("parentSpanId", 8, found),
    });
    Ok((problem, end))
}
