//! Going down into JSON whose shape is known, in one pass: each function gives every key
//! or item to a caller, who reads what it knows and skips what it does not, and says
//! where the value ended. What is not JSON is an error wherever it is met.

use std::borrow::Cow;

use super::error::SyntaxError;
use super::lex::next;
use super::scan;
use super::scan::More;
use super::value::Value;

/// Reads the object at a place: `each` is given every key and the place of its value,
/// and gives the place after it. A value of another kind is passed over; `depth` is how
/// many arrays and objects are open around it. The place after it.
///
/// # Errors
/// What is not JSON, and those of `each`.
pub fn object<'a>(
    text: &'a str,
    at: usize,
    depth: usize,
    each: &mut dyn FnMut(&str, usize) -> Result<usize, SyntaxError>,
) -> Result<usize, SyntaxError> {
    let bytes = text.as_bytes();
    let (found, start) = next(bytes, at);
    if found != b'{' {
        return skip(text, start, depth);
    }
    let (mut at, mut first) = (start + 1, true);
    loop {
        match scan::more(bytes, at, b'}', first)? {
            More::End(end) => return Ok(end),
            More::At(key) => {
                let (key, value) = scan::key(bytes, key)?;
                let key: Cow<'a, str> = key.text(text).unwrap_or_default();
                at = each(&key, value)?;
                first = false;
            }
        }
    }
}

/// Reads the array at a place likewise: `each` is given the place of every item.
///
/// # Errors
/// As those of [`object`].
pub fn array(
    text: &str,
    at: usize,
    depth: usize,
    each: &mut dyn FnMut(usize) -> Result<usize, SyntaxError>,
) -> Result<usize, SyntaxError> {
    let bytes = text.as_bytes();
    let (found, start) = next(bytes, at);
    if found != b'[' {
        return skip(text, start, depth);
    }
    let (mut at, mut first) = (start + 1, true);
    loop {
        match scan::more(bytes, at, b']', first)? {
            More::End(end) => return Ok(end),
            More::At(item) => {
                at = each(item)?;
                first = false;
            }
        }
    }
}

/// The value at a place.
///
/// # Errors
/// What is not JSON, or too deep.
pub fn value(text: &str, at: usize, depth: usize) -> Result<Value, SyntaxError> {
    scan::value(text.as_bytes(), at, depth)
}

/// The value that is a whole text, with white space around it.
///
/// # Errors
/// As those of [`value`], and anything after it.
pub fn whole(text: &str) -> Result<Value, SyntaxError> {
    let value = value(text, 0, 0)?;
    scan::end(text.as_bytes(), value.range().end)?;
    Ok(value)
}

/// Passes the value at a place over: the place after it.
///
/// # Errors
/// As those of [`value`].
pub fn skip(text: &str, at: usize, depth: usize) -> Result<usize, SyntaxError> {
    Ok(value(text, at, depth)?.range().end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_down_into_what_is_known_and_passes_the_rest_over() {
        let text = r#" {"a":[1, {"x":[]} ,"z"], "\u0062" : {"c":2}, "d":null} "#;
        let mut seen = Vec::new();
        let end = object(text, 0, 0, &mut |key, at| match key {
            "a" => array(text, at, 1, &mut |item| {
                let value = value(text, item, 2)?;
                seen.push(value.raw(text).to_owned());
                Ok(value.range().end)
            }),
            "b" => object(text, at, 1, &mut |key, at| {
                seen.push(key.to_owned());
                skip(text, at, 2)
            }),
            _ => skip(text, at, 1),
        });
        assert_eq!(end, Ok(text.len() - 1));
        assert_eq!(seen, ["1", r#"{"x":[]}"#, "\"z\"", "c"]);
    }

    #[test]
    fn what_is_of_another_kind_is_passed_over_and_what_is_no_json_is_not() {
        assert_eq!(object("[1]", 0, 0, &mut |_, _| unreachable!()), Ok(3));
        assert_eq!(array("{}", 0, 0, &mut |_| unreachable!()), Ok(2));
        assert!(object("{\"a\" 1}", 0, 0, &mut |_, at| Ok(at)).is_err());
        assert!(array("[1 2]", 0, 0, &mut |at| skip("[1 2]", at, 1)).is_err());
    }
}
