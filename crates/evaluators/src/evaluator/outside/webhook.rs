//! `WEBHOOK`: a server of the user's judges.

use std::fmt::Write;

use super::address::origin;
use super::{JudgeReply, JudgedTexts, or_null, text_at};
use crate::evaluator::Failure;
use crate::evaluator::config::{Config, read_object};
use crate::evaluator::json::{Json, Object, quoted};

/// Most headers that a configuration has.
const MAX_HEADERS: usize = 20;

/// Longest value of a header, in bytes.
const MAX_HEADER_BYTES: usize = 4_096;

/// What a stored value of a header is shown as, and stands for when it is sent back.
pub const HIDDEN: &str = "***";

/// A configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// Where to.
    pub url: String,
    /// Names of headers and their values, in which `{{NAME}}` stands for a secret.
    pub headers: Vec<(String, String)>,
    /// How long one try may take, in milliseconds.
    pub timeout_ms: u32,
    /// How often it is tried again.
    pub retries: u32,
    /// The configuration without address and headers, as JSON: the receiver gets it.
    shown: String,
}

impl Webhook {
    /// Reads a configuration, an object's JSON text. What else is in it is the receiver's.
    ///
    /// # Errors
    /// What was expected where.
    pub fn parse(json: &str) -> Result<Self, Failure> {
        let all = read_object(json, "config")?;
        let mut config = Config::new(&all);
        let url = config.required_text("url")?.to_owned();
        let mut headers = Vec::new();
        for (name, value) in config.object("headers")?.into_iter().flat_map(Object::iter) {
            let (name, value) = (name.to_owned(), value.as_str());
            let value = value.filter(|value| value.len() <= MAX_HEADER_BYTES && is_value(value));
            let Some(value) = value.filter(|_| is_name(&name)) else {
                let what = "expected names of headers with their values, which are strings";
                return Err(config.fail("headers", what));
            };
            headers.push((name, value.to_owned()));
        }
        if headers.len() > MAX_HEADERS {
            return Err(config.fail("headers", "expected at most 20"));
        }
        let whole = "a whole number from 1000 to 30000";
        let timeout = config.count("timeout_ms", (1_000.0, 30_000.0), whole)?;
        let retries = config.count("retries", (0.0, 5.0), "a whole number from 0 to 5")?;
        let shown = shown(&all);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded")]
        let number = |n: Option<f64>, default| n.map_or(default, |n| n as u32);
        let (timeout_ms, retries) = (number(timeout, 10_000), number(retries, 1));
        Ok(Self { url, headers, timeout_ms, retries, shown })
    }

    /// The body that is sent.
    #[must_use]
    pub fn body(&self, of: &JudgedTexts<'_>) -> String {
        let span = of.span.map_or_else(|| "null".to_owned(), quoted);
        format!(
            r#"{{"traceId":{},"spanId":{span},"input":{},"output":{},"expectedOutput":{},"metadata":{shown},"config":{shown}}}"#,
            quoted(of.trace),
            or_null(of.input),
            or_null(of.output),
            or_null(of.expected_output),
            shown = self.shown,
        )
    }

    /// The headers with their secrets filled in.
    ///
    /// # Errors
    /// The name of a secret that there is not.
    pub fn headers_with(
        &self,
        secret: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<(String, String)>, String> {
        let fill = |(name, value): &(String, String)| {
            let (mut filled, mut rest) = (String::new(), &**value);
            while let Some((before, name, after)) = split(rest) {
                filled.push_str(before);
                filled.push_str(&secret(name).ok_or_else(|| name.to_owned())?);
                rest = after;
            }
            filled.push_str(rest);
            Ok((name.clone(), filled))
        };
        self.headers.iter().map(fill).collect()
    }

    /// What a reply says.
    ///
    /// # Errors
    /// What was expected of it.
    pub fn read(body: &[u8]) -> Result<JudgeReply, &'static str> {
        let odd = "The reply is not a JSON object with a score from 0 to 1.";
        let text = std::str::from_utf8(body).map_err(|_| odd)?;
        let json = Json::read_string(text).ok().flatten().ok_or(odd)?;
        let score = json.member("score").and_then(Json::as_number);
        let score = score.filter(|score| (0.0..=1.0).contains(score)).ok_or(odd)?;
        let passed = match json.member("pass") {
            Some(Json::Bool(pass)) => Some(if *pass { "pass" } else { "fail" }.to_owned()),
            _ => None,
        };
        let label = text_at(&json, "label").or(passed);
        let reasoning = text_at(&json, "reasoning").or_else(|| text_at(&json, "reason"));
        Ok(JudgeReply { score, label, reasoning })
    }
}

/// A configuration as it is shown: without the values of headers.
///
/// # Errors
/// That of [`Webhook::parse`] for JSON that is none.
pub fn hide(json: &str) -> Result<String, Failure> {
    with_headers(&*read_object(json, "config")?, |_, _| Ok(HIDDEN.to_owned()))
}

/// A configuration as it is kept, in which values that are [`HIDDEN`] are those that it had:
/// as long as it is sent to the same server, for who changes it need not know them.
///
/// # Errors
/// As [`hide`]; also where it would send one of them to another server.
pub fn keep_hidden(json: &str, before: &str) -> Result<String, Failure> {
    let (all, before) = (read_object(json, "config")?, read_object(before, "config")?);
    let origin_of = |config: &Object<'_>| config.get("url").and_then(Json::as_str).and_then(origin);
    let same = origin_of(&all).is_some_and(|origin| origin_of(&before) == Some(origin));
    with_headers(&all, |name, value| {
        let known = before.get("headers").and_then(|headers| headers.member(name));
        match known.and_then(Json::as_str).filter(|_| value == HIDDEN) {
            Some(_) if !same => {
                let what = "expected the values of headers anew, for another server";
                Err(Failure::config("headers", what))
            }
            known => Ok(known.unwrap_or(value).to_owned()),
        }
    })
}

fn with_headers(
    all: &Object<'_>,
    value_of: impl Fn(&str, &str) -> Result<String, Failure>,
) -> Result<String, Failure> {
    let mut out = String::from("{");
    for (key, value) in all.iter() {
        comma(&mut out);
        let _ = write!(out, "{}:", quoted(key));
        match value {
            Json::Object(headers) if key == "headers" => {
                out.push('{');
                for (name, value) in headers.iter() {
                    comma(&mut out);
                    let value = value_of(name, value.as_str().unwrap_or_default())?;
                    let _ = write!(out, "{}:{}", quoted(name), quoted(&value));
                }
                out.push('}');
            }
            other => other.write(&mut out),
        }
    }
    out.push('}');
    Ok(out)
}

/// The configuration without address and headers.
fn shown(all: &Object<'_>) -> String {
    let mut out = String::from("{");
    for (key, value) in all.iter().filter(|(key, _)| !matches!(*key, "url" | "headers")) {
        comma(&mut out);
        let _ = write!(out, "{}:", quoted(key));
        value.write(&mut out);
    }
    out.push('}');
    out
}

fn comma(out: &mut String) {
    if !out.ends_with('{') {
        out.push(',');
    }
}

/// What stands before a secret's name, the name, and what stands after it.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (name, after) = rest.split_once("}}")?;
    Some((before, name.trim(), after))
}

fn is_name(name: &str) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let own = ["content-type", "content-length", "host", "idempotency-key", "connection"];
    !name.is_empty() && name.bytes().all(token) && !own.contains(&&*name.to_ascii_lowercase())
}

fn is_value(value: &str) -> bool {
    value.bytes().all(|b| b == b'\t' || (b' '..=b'~').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"{"url":"https://a.example/j","headers":{"Authorization":"Bearer {{KEY}}","X-A":"b"},"timeoutMs":2000,"strict":true}"#;

    #[test]
    fn the_body_has_what_is_judged_and_no_header() {
        let webhook = Webhook::parse(CONFIG).unwrap();
        assert_eq!((webhook.timeout_ms, webhook.retries), (2_000, 1));
        let of =
            JudgedTexts { trace: "t\"", output: Some(r#"{"a": 1}"#), ..JudgedTexts::default() };
        assert_eq!(
            webhook.body(&of),
            r#"{"traceId":"t\"","spanId":null,"input":null,"output":{"a": 1},"expectedOutput":null,"metadata":{"timeoutMs":2000,"strict":true},"config":{"timeoutMs":2000,"strict":true}}"#
        );
    }

    #[test]
    fn secrets_are_filled_in_and_one_that_is_not_there_is_named() {
        let webhook = Webhook::parse(CONFIG).unwrap();
        let filled = webhook.headers_with(|name| Some(format!("<{name}>"))).unwrap();
        assert_eq!(filled[0], ("Authorization".to_owned(), "Bearer <KEY>".to_owned()));
        assert_eq!(filled[1].1, "b");
        assert_eq!(webhook.headers_with(|_| None), Err("KEY".to_owned()));
    }

    #[test]
    fn values_of_headers_are_hidden_and_kept() {
        let hidden = hide(CONFIG).unwrap();
        assert!(hidden.contains(r#""headers":{"Authorization":"***","X-A":"***"}"#), "{hidden}");
        assert!(hidden.contains(r#""strict":true"#), "{hidden}");
        assert_eq!(keep_hidden(&hidden, CONFIG).unwrap(), CONFIG);
        let changed = hidden.replacen("***", "new", 1);
        let kept = keep_hidden(&changed, CONFIG).unwrap();
        assert!(kept.contains(r#"{"Authorization":"new","X-A":"b"}"#), "{kept}");
    }

    #[test]
    fn values_of_headers_are_kept_for_the_same_server_alone() {
        let hidden = hide(CONFIG).unwrap();
        let kept = |url: &str| keep_hidden(&hidden.replace("https://a.example/j", url), CONFIG);
        for same in ["https://a.example/other?x=1", "https://A.example:443"] {
            assert!(kept(same).unwrap().contains("Bearer {{KEY}}"), "{same}");
        }
        for other in ["https://b.example/j", "https://a.example:8443/j", "http://a.example/j", ""] {
            let message = kept(other).unwrap_err().message;
            assert!(message.starts_with("Invalid config: headers: "), "{other}: {message}");
        }
        // Who says them anew may send them anywhere.
        let anew = CONFIG.replace("a.example", "b.example");
        assert_eq!(keep_hidden(&anew, CONFIG).unwrap(), anew);
    }

    #[test]
    fn a_configuration_says_what_is_wrong_with_it() {
        for (json, place) in [
            ("{}", "url"),
            (r#"{"url":1}"#, "url"),
            (r#"{"url":"https://a","headers":{"a b":"c"}}"#, "headers"),
            (r#"{"url":"https://a","headers":{"a":"c\nd"}}"#, "headers"),
            (r#"{"url":"https://a","headers":{"Host":"c"}}"#, "headers"),
            (r#"{"url":"https://a","headers":{"a":1}}"#, "headers"),
            (r#"{"url":"https://a","timeoutMs":999}"#, "timeout_ms"),
            (r#"{"url":"https://a","retries":6}"#, "retries"),
        ] {
            let message = Webhook::parse(json).unwrap_err().message;
            assert!(message.starts_with(&format!("Invalid config: {place}:")), "{json}: {message}");
        }
    }

    #[test]
    fn a_reply_is_a_score_with_a_label() {
        let read = |text: &str| Webhook::read(text.as_bytes());
        let reply = |score, label: Option<&str>, reasoning: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            Ok(JudgeReply { score, label: owned(label), reasoning: owned(reasoning) })
        };
        assert_eq!(read(r#"{"score":1}"#), reply(1.0, None, None));
        assert_eq!(
            read(r#"{"score":0.5,"pass":false,"reason":"r"}"#),
            reply(0.5, Some("fail"), Some("r"))
        );
        assert_eq!(
            read(r#"{"score":0.5,"pass":true,"label":"l","reasoning":"a","reason":"b"}"#),
            reply(0.5, Some("l"), Some("a"))
        );
        for odd in ["", "1", "[]", "{}", r#"{"score":"1"}"#, r#"{"score":1.1}"#, r#"{"score":-1}"#]
        {
            assert!(read(odd).is_err(), "{odd}");
        }
    }
}
