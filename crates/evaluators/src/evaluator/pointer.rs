//! JSON Pointers (RFC 6901): where in an output an evaluator looks, and where a problem
//! was.

use super::json::Json;

/// A pointer's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pointer(Vec<String>);

impl Pointer {
    /// Reads one; `None` for what is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(Vec::new()));
        }
        let keys = text.strip_prefix('/')?.split('/').map(unescape);
        keys.collect::<Option<_>>().map(Self)
    }

    /// What it points at.
    pub(crate) fn find<'j, 'a>(&self, json: &'j Json<'a>) -> Option<&'j Json<'a>> {
        let mut at = json;
        for key in &self.0 {
            at = match at {
                Json::Object(object) => object.get(key)?,
                Json::Array(items) => items.get(index(key)?)?,
                _ => return None,
            };
        }
        Some(at)
    }
}

/// A place in an array: digits, none of them a leading zero.
fn index(key: &str) -> Option<usize> {
    let plain =
        key.bytes().all(|b| b.is_ascii_digit()) && (key.len() == 1 || !key.starts_with('0'));
    if plain { key.parse().ok() } else { None }
}

fn unescape(key: &str) -> Option<String> {
    let mut parts = key.split('~');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (sign, rest) = match part.as_bytes().first()? {
            b'0' => ('~', part.get(1..)?),
            b'1' => ('/', part.get(1..)?),
            _ => return None,
        };
        out.push(sign);
        out.push_str(rest);
    }
    Some(out)
}

/// A key as it stands in a pointer.
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_the_rfc_says() {
        let text = r#"{"foo":["bar","baz"],"":0,"a/b":1,"m~n":8,"x":{"":[[5]]}}"#;
        let json = Json::read(text).unwrap();
        for (pointer, found) in [
            ("/foo/0", Some("\"bar\"")),
            ("/foo/00", None),
            ("/foo/2", None),
            ("/foo/-", None),
            ("/", Some("0")),
            ("/a~1b", Some("1")),
            ("/m~0n", Some("8")),
            ("/x//0/0", Some("5")),
            ("/x/y/z", None),
        ] {
            let written = Pointer::parse(pointer).unwrap().find(&json).map(|json| {
                let mut out = String::new();
                json.write(&mut out);
                out
            });
            assert_eq!(written.as_deref(), found, "{pointer}");
        }
        assert_eq!(Pointer::parse("").unwrap().find(&json), Some(&json));
        for none in ["foo", "/~", "/~2", "0"] {
            assert_eq!(Pointer::parse(none), None, "{none}");
        }
    }
}
