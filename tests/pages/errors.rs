//! Failures by message.

use serde_json::json;

use crate::common::pages::{at, get, html};
use crate::common::{PROJECT, RECEIVED, World, body};

/// A trace whose root failed and says this, or went well.
fn trace(id: &str, name: &str, message: Option<&str>) -> String {
    let status = if message.is_some() { "ERROR" } else { "OK" };
    let root = json!({ "id": format!("{id}-root"), "traceId": id, "name": name, "type": "AGENT", "status": status,
        "errorMessage": message, "startTime": at(0), "endTime": at(1) });
    json!({ "type": "span-create", "body": root }).to_string()
}

fn world() -> World {
    let world = World::new();
    let traces = [
        trace("a", "answer", Some("timeout after 30 s")),
        trace("b", "answer", Some("timeout after 7 s")),
        trace("c", "answer", Some("no <b>such</b> order")),
        trace("d", "look", Some("timeout after 30 s")),
        trace("e", "look", None),
    ];
    world.deliver(PROJECT, &body(&traces));
    world
}

/// The groups that a page shows: message, name and number of traces.
fn groups(page: &str) -> Vec<[String; 3]> {
    let rows =
        page.split("<tbody>").nth(1).map_or("", |body| body.split("</tbody>").next().unwrap());
    let text = |part: &str| {
        let after = part.split("</").next().unwrap();
        after.rsplit('>').next().unwrap().to_owned()
    };
    let row = |row: &str| {
        let cells: Vec<_> = row.split("<td").skip(1).map(text).collect();
        [cells[0].clone(), cells[1].clone(), cells[3].split("<span").next().unwrap().to_owned()]
    };
    rows.split("<tr>").skip(1).map(row).collect()
}

#[test]
fn those_that_are_alike_are_one_and_lead_to_their_traces() {
    let world = world();
    let page = html(&world, "/errors?range=all");
    let expected = [
        ["timeout after # s", "answer"],
        ["timeout after # s", "look"],
        ["no &lt;b&gt;such&lt;", "answer"],
    ];
    let found = groups(&page);
    assert_eq!(found.len(), expected.len(), "{page}");
    assert!(
        page.contains("no &lt;b&gt;such&lt;/b&gt; order") && !page.contains("<b>such"),
        "{page}"
    );
    assert_eq!((&*found[0][0], &*found[0][1]), ("timeout after # s", "answer"));
    assert!(
        page.contains("status=error")
            && page.contains("name=answer")
            && page.contains("error=timeout+after"),
        "{page}"
    );
    assert!(!get(&world, "p2", "/errors?range=all", false).unwrap().text().contains("timeout"));
}

#[test]
fn what_the_cron_has_added_up_is_the_same() {
    let world = world();
    let before = groups(&html(&world, "/errors?range=all"));
    let later = RECEIVED + 10 * 60_000;
    let done = pollster::block_on(edgespan::pipeline::rollup::roll_up(later, &world.db)).unwrap();
    assert!(done.deliveries > 0);
    assert_eq!(groups(&html(&world, "/errors?range=all")), before);
}

#[test]
fn a_failure_that_ended_well_is_gone_and_moves_no_time() {
    let root = |status: &str, message: Option<&str>| {
        let body = json!({ "id": "r-root", "traceId": "r", "name": "answer", "type": "AGENT", "status": status,
            "errorMessage": message, "startTime": "2026-11-22T04:10:00.000Z", "endTime": "2026-11-22T04:10:01.000Z" });
        json!({ "type": "span-create", "body": body }).to_string()
    };
    let world = world();
    let seen = |world: &World| {
        let page = html(world, "/errors?range=all");
        let row = page.split("<tr>").find(|row| row.contains("such&lt;/b")).unwrap().to_owned();
        row.split("class=\"num\"").skip(3).map(str::to_owned).collect::<Vec<_>>()
    };
    let before = seen(&world);
    world.deliver(PROJECT, &body(&[root("ERROR", Some("no <b>such</b> order"))]));
    let earlier = seen(&world);
    assert_ne!(before[0], earlier[0], "the first seen is that of two hours before");
    assert_eq!(before[1], earlier[1]);
    world.deliver(PROJECT, &body(&[root("OK", None)]));
    // What came later says that it went well, if the fold says so: the group is as it was.
    assert_eq!(seen(&world), before);
}
