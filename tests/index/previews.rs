//! What lists show of a trace's root: the words that went in and came out, the error of what
//! failed, and how much of a row they are.

use crate::common::{PROJECT, World, body, pages};
use serde_json::{Value, json};

/// A trace whose root says this.
fn sent(id: &str, said: &Value) -> Vec<String> {
    let mut root = json!({ "traceId": id, "id": id, "name": "agent", "type": "AGENT", "startTime": "2026-11-01T10:00:00Z",
        "endTime": "2026-11-01T10:00:02Z" });
    root.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
    let step = json!({ "traceId": id, "id": format!("{id}-step"), "parentSpanId": id, "name": "step", "type": "TOOL", "input": "not of the root" });
    [step, root].map(|body| json!({ "type": "span-create", "body": body }).to_string()).to_vec()
}

fn previews(world: &World, id: &str) -> [String; 3] {
    ["input_preview", "output_preview", "error_preview"].map(|column| {
        let sql = format!("select coalesce({column}, '-') from trace where id = '{id}'");
        world.db.texts(&sql).remove(0)
    })
}

#[test]
fn a_trace_is_previewed_by_the_words_of_its_root() {
    let world = World::new();
    let history = json!([{ "role": "system", "content": "Be brief. ".repeat(100) },
        { "role": "user", "content": "Hello" }, { "role": "assistant", "content": "Hi!" },
        { "role": "user", "content": "Where is\nmy order?" }]);
    let answer = json!({ "choices": [{ "index": 0, "message": { "role": "assistant", "content": "On its way." } }] });
    world.deliver(
        PROJECT,
        &body(&sent("a", &json!({ "input": { "messages": history }, "output": answer }))),
    );
    world.deliver(
        PROJECT,
        &body(&sent(
            "b",
            &json!({ "input": { "question": "Why?" }, "status": "ERROR",
        "errorMessage": "Timeout:\n the model did not answer" }),
        )),
    );
    world.deliver(PROJECT, &body(&sent("c", &json!({}))));
    assert_eq!(previews(&world, "a"), ["Where is my order?", "On its way.", "-"]);
    assert_eq!(previews(&world, "b"), ["Why?", "-", "Timeout: the model did not answer"]);
    assert_eq!(previews(&world, "c"), ["-", "-", "-"]);

    // What failed says why in place of what came out.
    let page = pages::html(&world, "/traces?from=2026-01-01&to=2027-01-01");
    for text in ["Where is my order?", "On its way.", "Why?", "Timeout: the model did not answer"] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("not of the root"));
}

#[test]
fn the_previews_of_long_texts_are_half_a_kilobyte_of_a_row_and_those_of_short_ones_what_they_say() {
    let size = |said: &Value| {
        let world = World::new();
        world.deliver(PROJECT, &body(&sent("a", said)));
        let columns = ["input_preview", "output_preview", "error_preview"];
        let sum =
            columns.map(|name| format!("coalesce(length(cast({name} as blob)), 0)")).join(" + ");
        let sql = format!("select cast({sum} as text) from trace where id = 'a'");
        world.db.texts(&sql)[0].parse::<usize>().unwrap()
    };
    let text = "Where is my order, please? ".repeat(1_000);
    // 240 characters and the sign that there is more.
    assert_eq!(size(&json!({ "input": text, "output": text })), 2 * (240 + 3));
    let failed = json!({ "input": text, "errorMessage": text, "status": "ERROR" });
    assert_eq!(size(&failed), 2 * (240 + 3));
    assert_eq!(size(&json!({ "input": { "question": "Why?" }, "output": "So." })), 7);
}
