//! The bodies in `fixtures/`, accepted or refused as they say. The contract
//! suite posts the same ones to the running service.

use edgespan::error::{Detail, Reject};
use edgespan::formats::twosignal;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Fixture {
    name: String,
    /// A whole body, or
    body: Option<Box<RawValue>>,
    /// the only event of one, or
    event: Option<Box<RawValue>>,
    /// a body that JSON could not hold.
    text: Option<String>,
    accepted: Option<usize>,
    message: Option<String>,
    details: Option<Vec<Value>>,
}

impl Fixture {
    fn bytes(&self) -> String {
        match (&self.body, &self.event, &self.text) {
            (Some(body), None, None) => body.get().to_owned(),
            (None, Some(event), None) => format!("{{\"batch\":[{event}]}}"),
            (None, None, Some(text)) => text.clone(),
            _ => panic!("{}: one of body, event and text", self.name),
        }
    }
}

fn read(text: &str) -> Vec<Fixture> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn accepts() {
    for fixture in read(include_str!("../fixtures/accepts.json")) {
        let body = fixture.bytes();
        let mut events = 0;
        let decoded = twosignal::decode(body.as_bytes(), |_| events += 1).unwrap();
        assert_eq!(decoded.details, [], "{}", fixture.name);
        assert_eq!(Some(decoded.accepted), fixture.accepted, "{}", fixture.name);
        assert_eq!(decoded.accepted, events, "{}", fixture.name);
    }
}

#[test]
fn rejects() {
    for fixture in read(include_str!("../fixtures/rejects.json")) {
        let body = fixture.bytes();
        let reject = match twosignal::decode(body.as_bytes(), |_| ()) {
            Ok(decoded) => {
                assert!(decoded.invalid > 0, "{}: nothing is wrong", fixture.name);
                decoded.into_reject()
            }
            Err(reject) => reject,
        };
        let Reject::Validation { message, details } = reject else {
            panic!("{}: {reject:?}", fixture.name);
        };
        let details: Vec<Value> = details.iter().map(|d: &Detail| serde_json::json!(d)).collect();
        assert_eq!(Some(details), fixture.details, "{}", fixture.name);
        assert_eq!(message, fixture.message.unwrap_or(message.clone()), "{}", fixture.name);
    }
}
