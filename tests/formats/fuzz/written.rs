//! What is accepted is written and comes back: the consumer, the tables and
//! the read API on bodies that no client would send.

use std::collections::HashMap;

use edgespan::api;
use edgespan::formats::twosignal;
use edgespan::model::Body;
use edgespan::pipeline::consume::Outcome;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::mutate::mutated;
use super::{corpus, fuzz};
use crate::common::World;

/// What is looked at of a trace that is read. No `Value`, which does not go as
/// deep as payloads may.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    id: String,
    span_count: usize,
    spans: Vec<FoundSpan>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundSpan {
    id: String,
    payload_error: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    traces: Vec<IgnoredAny>,
}

#[test]
fn what_is_accepted_is_there() {
    let corpus = corpus();
    let world = World::new();
    let mut project = 0;
    fuzz(
        "written",
        1_500,
        |random| mutated(random.of::<Vec<u8>>(&corpus), random.of::<Vec<u8>>(&corpus), random),
        |body| {
            let mut wanted: HashMap<String, Vec<String>> = HashMap::new();
            let decoded = twosignal::decode(body, |event| match &event.body {
                Body::Score(_) => unreachable!(),
                Body::Trace(trace) => drop(wanted.entry(trace.id.to_string()).or_default()),
                Body::Span(span) => {
                    let id = span.id.as_ref().or(event.envelope.as_ref());
                    let id = id.map_or(format!("made up {}", event.index), ToString::to_string);
                    let ids = wanted.entry(span.trace.to_string()).or_default();
                    if !ids.contains(&id) {
                        ids.push(id);
                    }
                }
            });
            if decoded.is_err() || wanted.is_empty() {
                return;
            }
            project += 1;
            let project = format!("p{project}");
            let outcome = world.deliver(&project, std::str::from_utf8(body).unwrap());
            assert!(matches!(outcome, Outcome::Ack(_)), "{outcome:?}");
            let page = api::list(&project, "limit=100", &world.db, world.source());
            let page: Page = serde_json::from_str(&pollster::block_on(page).unwrap()).unwrap();
            assert_eq!(page.traces.len(), wanted.len().min(100));
            for (trace, ids) in &wanted {
                let text = world.get(&project, trace);
                let found: Found =
                    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
                assert_eq!((&found.id, found.span_count), (trace, ids.len()), "{text}");
                assert_eq!(found.spans.len(), ids.len(), "{text}");
                for span in found.spans {
                    assert_eq!(span.payload_error, None, "{text}");
                    let ours = |id: &String| *id == span.id || id.starts_with("made up");
                    assert!(ids.iter().any(ours), "{}", span.id);
                }
            }
        },
    );
}
