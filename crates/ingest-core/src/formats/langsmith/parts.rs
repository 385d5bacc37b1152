//! The parts of a multipart body (RFC 7578), or of a piece of one that begins with a part.
//! The boundary is what its first line says, so that no header has to be remembered.

use std::ops::Range;

use crate::limits::{MAX_EVENTS, MAX_RUN_PARTS};

/// Most parts of a body.
pub(super) const MAX_PARTS: usize = MAX_EVENTS * MAX_RUN_PARTS;

/// A part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// What it is called; empty where it does not say.
    pub(super) name: &'a str,
    /// All of it, from its boundary on.
    pub(super) range: Range<usize>,
    /// What is in it.
    pub(super) content: Range<usize>,
}

/// Where a body cannot be read any more, and what was expected there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) at: usize,
    pub(super) expected: &'static str,
}

/// The parts of some bytes, and whether the boundary that ends a body comes after them. Of
/// more than [`MAX_PARTS`] those beyond one more are not looked at: a part of nothing takes
/// less of a body than of what is kept of it here.
pub(super) fn split(bytes: &[u8]) -> Result<(Vec<Part<'_>>, bool), Malformed> {
    let fail = |at, expected| Err(Malformed { at, expected });
    let line = bytes.iter().position(|byte| *byte == b'\r').unwrap_or(bytes.len());
    let delimiter = bytes.get(..line).unwrap_or_default();
    if !delimiter.starts_with(b"--") || line < 3 {
        return fail(0, "a line with `--` and the boundary");
    }
    let mut parts = Vec::new();
    let mut at = 0;
    loop {
        // A delimiter is at `at`.
        let after = at + line;
        if bytes.get(after..).is_some_and(|rest| rest.starts_with(b"--")) {
            return Ok((parts, true));
        }
        if !bytes.get(after..).is_some_and(|rest| rest.starts_with(b"\r\n")) {
            return fail(after, "the end of the line after the boundary");
        }
        let Some((name, content)) = headers(bytes, after + 2) else {
            return fail(after, "the headers of a part, and an empty line after them");
        };
        let next = find_delimiter(bytes, content, delimiter);
        let end = next.unwrap_or(bytes.len());
        parts.push(Part { name, range: at..end, content: content..end });
        match next {
            Some(_) if parts.len() > MAX_PARTS => return Ok((parts, false)),
            Some(next) => at = next + 2,
            None => return Ok((parts, false)),
        }
    }
}

/// The name that the headers at a place give their part, and the place after them.
fn headers(bytes: &[u8], mut at: usize) -> Option<(&str, usize)> {
    let mut name = "";
    loop {
        let rest = bytes.get(at..)?;
        let length = rest.windows(2).position(|two| two == b"\r\n")?;
        let line = rest.get(..length)?;
        at += length + 2;
        if line.is_empty() {
            return Some((name, at));
        }
        let Some((header, value)) = std::str::from_utf8(line).ok()?.split_once(':') else {
            continue;
        };
        if header.trim().eq_ignore_ascii_case("content-disposition") {
            let mut parameters = value.split(';').map(str::trim);
            let said = parameters.find_map(|parameter| parameter.strip_prefix("name=\""));
            name = said.and_then(|said| said.strip_suffix('"')).unwrap_or(name);
        }
    }
}

/// Where the line break before the next delimiter is.
fn find_delimiter(bytes: &[u8], from: usize, delimiter: &[u8]) -> Option<usize> {
    let mut at = from;
    // A part of nothing has the line break that ends its headers.
    if bytes.get(at..).is_some_and(|rest| rest.starts_with(delimiter)) {
        return at.checked_sub(2);
    }
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == b'\r')?;
        let rest = bytes.get(at + 1..)?;
        if rest.strip_prefix(b"\n").is_some_and(|rest| rest.starts_with(delimiter)) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_and_contents(body: &str) -> Vec<(&str, &str)> {
        let (parts, _) = split(body.as_bytes()).unwrap();
        parts.iter().map(|part| (part.name, &body[part.content.clone()])).collect()
    }

    #[test]
    fn finds_parts_in_a_body_and_in_pieces_of_it() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"x\"\r\nA: b\r\n\r\n{\r\n--\r\n}\r\n--b\r\n\
            content-disposition:form-data;filename=\"f\"; name=\"y.z\"\r\n\r\n\r\n--b\r\n\r\nnameless\r\n--b--\r\n";
        let whole = [("x", "{\r\n--\r\n}"), ("y.z", ""), ("", "nameless")];
        assert_eq!(names_and_contents(body), whole);
        let (parts, closed) = split(body.as_bytes()).unwrap();
        assert!(closed);
        for (part, found) in parts.iter().zip(whole) {
            let piece = &body[part.range.clone()];
            assert_eq!(names_and_contents(piece), [found]);
            assert!(!split(piece.as_bytes()).unwrap().1);
        }
        let two = &body[parts[0].range.start..parts[1].range.end];
        assert_eq!(names_and_contents(two), whole[..2]);
    }

    #[test]
    fn looks_at_no_more_parts_than_a_body_may_have() {
        let body = "--b\r\n\r\n\r\n".repeat(3 * MAX_PARTS) + "--b--";
        let (parts, closed) = split(body.as_bytes()).unwrap();
        assert_eq!((parts.len(), closed), (MAX_PARTS + 1, false));
    }

    #[test]
    fn says_where_it_cannot_be_read() {
        for (body, at) in [
            ("", 0),
            ("{}", 0),
            ("--\r\n", 0),
            ("--b", 3),
            ("--b\r\nA: b\r\n", 3),
            ("--b\r\n\r\nx\r\n--bc\r\n", 13),
        ] {
            assert_eq!(split(body.as_bytes()).map_err(|m| m.at), Err(at), "{body:?}");
        }
    }
}
