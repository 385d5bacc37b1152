//! Langfuse's batches made at random from those that its clients sent: nothing panics, what
//! is checked is what is decoded, each event says the same by its own bytes, and the answer
//! is JSON that names every event once.

use std::path::Path;

use edgespan::formats::langfuse::{BATCH, SCORE};
use edgespan::formats::wire_format::{EventBytes, WireFormat};
use edgespan::model::Event;
use serde_json::Value;

use super::fuzz;
use super::mutate::mutated;

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/langfuse");
    let mut folders: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut bodies = Vec::new();
    for file in folders.iter().flat_map(|folder| [folder.join("01.json"), folder.join("02.json")]) {
        let Ok(body) = std::fs::read(file) else { continue };
        let batch: Value = serde_json::from_slice(&body).unwrap();
        let events = batch["batch"].as_array().unwrap();
        // Small ones change in more places of interest.
        bodies.extend(
            events
                .chunks(3)
                .map(|some| serde_json::to_vec(&serde_json::json!({ "batch": some })).unwrap()),
        );
        bodies.extend(events.iter().map(|event| event["body"].to_string().into_bytes()));
    }
    bodies
}

fn check(format: &WireFormat, body: &[u8]) {
    let (checked, decoded) = ((format.check)(body), (format.decode)(body));
    assert_eq!(checked.is_ok(), decoded.is_ok());
    let (Ok(checked), Ok(events)) = (checked, decoded) else { return };
    assert_eq!(checked.accepted, events.len());
    for event in events {
        let bytes = EventBytes { own: &body[event.range.clone()], context: Vec::new() };
        let again = (format.decode_event)(&bytes);
        let expected = Event { index: 0, range: 0..event.range.len(), ..event };
        assert_eq!(again, [expected]);
        assert!((format.show_event)(&bytes).is_some());
    }
    if format.keeps_good_events {
        let answer: Value = serde_json::from_str(&checked.answer.unwrap()).unwrap();
        let count = |list: &str| answer[list].as_array().unwrap().len();
        assert_eq!(
            (count("errors"), count("successes")),
            (checked.invalid, checked.events - checked.invalid)
        );
    }
}

#[test]
fn batches_of_langfuse() {
    let corpus = corpus();
    fuzz(
        "batches-of-langfuse",
        20_000,
        |random| mutated(random.of::<Vec<u8>>(&corpus), random.of::<Vec<u8>>(&corpus), random),
        |body| {
            check(&BATCH, body);
            check(&SCORE, body);
        },
    );
}
