//! Two traces side by side.

use serde_json::{Value, json};

use crate::common::pages::{at, get, html, part};
use crate::common::{PROJECT, World, body};

fn trace(id: &str) -> String {
    json!({ "type": "trace-create", "body": { "id": id, "name": "answer" } }).to_string()
}

fn step(trace: &str, id: &str, parent: Option<&str>, more: &Value) -> String {
    let mut fields = json!({ "id": format!("{trace}-{id}"), "traceId": trace, "type": "TOOL",
        "name": id.trim_end_matches(char::is_numeric), "startTime": at(0), "endTime": at(1) });
    if let Some(parent) = parent {
        fields["parentSpanId"] = format!("{trace}-{parent}").into();
    }
    for (key, value) in more.as_object().unwrap() {
        fields[key] = value.clone();
    }
    json!({ "type": "span-create", "body": fields }).to_string()
}

/// A good run and a bad one: the bad one looks twice, takes longer over the first, fails at
/// the end and never writes.
fn world() -> World {
    let world = World::new();
    let none = json!({});
    let good = [
        trace("good"),
        step("good", "agent", None, &json!({ "endTime": at(5) })),
        step(
            "good",
            "look",
            Some("agent"),
            &json!({ "output": "the cat sat", "usage": { "totalTokens": 10 } }),
        ),
        step("good", "ask", Some("agent"), &json!({ "startTime": at(2), "endTime": at(3) })),
        step("good", "write", Some("ask"), &none),
    ];
    let bad = [
        trace("bad"),
        step("bad", "agent", None, &json!({ "endTime": at(9), "status": "ERROR" })),
        step(
            "bad",
            "look",
            Some("agent"),
            &json!({ "output": "the dog <b>sat</b>", "endTime": at(3), "usage": { "totalTokens": 30 } }),
        ),
        step("bad", "look2", Some("agent"), &json!({ "startTime": at(4), "endTime": at(5) })),
        step(
            "bad",
            "ask",
            Some("agent"),
            &json!({ "startTime": at(6), "endTime": at(7), "status": "ERROR" }),
        ),
    ];
    world.deliver(PROJECT, &body(&good));
    world.deliver(PROJECT, &body(&bad));
    world
}

/// The cells of the row of each step: in which traces it is, and its figures.
fn rows(page: &str) -> Vec<String> {
    let table = page.split("aria-label=\"Steps\"").nth(1).unwrap();
    let rows = table.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
    let mut all = Vec::new();
    for row in rows.split("<tr").skip(1) {
        let texts: Vec<_> = row
            .split('<')
            .filter_map(|part| part.split_once('>'))
            .map(|(_, text)| text.trim())
            .filter(|text| !text.is_empty() && *text != "Compare")
            .collect();
        all.push(texts.join(" "));
    }
    all
}

#[test]
fn steps_of_the_same_path_stand_beside_each_other() {
    let page = html(&world(), "/compare?a=good&b=bad");
    let expected = [
        "agent failed in B both 5.00 s 9.00 s",
        "look both 1.00 s 3.00 s 10 30",
        "look B only 1.00 s",
        "ask failed in B both 1.00 s 1.00 s",
        "write A only 1.00 s",
    ];
    assert_eq!(rows(&page), expected);
    assert!(page.contains("+4.00 s") && page.contains(">+20<"), "{page}");
    let turned = rows(&html(&world(), "/compare?a=bad&b=good"));
    assert_eq!(turned.len(), expected.len());
    let same = rows(&html(&world(), "/compare?a=good&b=good"));
    assert!(same.iter().all(|row| row.contains(" both ")), "{same:?}");
}

#[test]
fn texts_of_a_step_are_compared_word_by_word() {
    let url = "/compare?a=good&b=bad&spanA=good-look&spanB=bad-look";
    let texts = part(&world(), url);
    assert!(texts.contains("<del>cat "), "{texts}");
    assert!(texts.contains("&lt;b&gt;sat&lt;/b&gt;</ins>"), "{texts}");
    assert!(html(&world(), url).contains("<del>cat "), "without a script it is on the page");
}

#[test]
fn others_of_the_same_name_are_offered() {
    let world = world();
    world.deliver(
        PROJECT,
        &body(&[json!({ "type": "trace-create", "body": { "id": "else", "name": "answers" } })
            .to_string()]),
    );
    let page = html(&world, "/compare?a=good");
    assert!(page.contains("/compare?a=good&amp;b=bad"), "{page}");
    assert!(!page.contains("b=else") && !page.contains("b=good"), "{page}");
}

#[test]
fn what_was_asked_the_same_is_offered_first_then_what_went_otherwise() {
    let world = World::new();
    for (id, input, status) in [
        ("bad", "where is it?", "ERROR"),
        ("good", "where is it?", "OK"),
        ("also-bad", "where is it?", "ERROR"),
        ("other-good", "who are you?", "OK"),
        ("other-bad", "who are you?", "ERROR"),
    ] {
        let more = json!({ "input": input, "status": status, "output": id });
        world.deliver(PROJECT, &body(&[trace(id), step(id, "agent", None, &more)]));
    }
    let page = html(&world, "/compare?a=bad");
    let order: Vec<_> =
        page.split("&amp;b=").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(order, ["good", "also-bad", "other-good", "other-bad"]);
}

#[test]
fn what_is_not_there_is_not_found() {
    let world = world();
    for (url, project) in [
        ("/compare?a=none&b=bad", PROJECT),
        ("/compare?a=good&b=none", PROJECT),
        ("/compare?a=good", "p2"),
        ("/compare?a=good&b=bad&spanA=x&spanB=y", PROJECT),
        ("/compare", PROJECT),
    ] {
        assert!(get(&world, project, url, false).is_err(), "{url}");
    }
}
