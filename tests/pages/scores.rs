//! Scores on the pages of traces and spans.

use crate::common::pages::{get, html, part, span, text, trace};
use crate::common::{PROJECT, RECEIVED, World, body};
use edgespan::pipeline::consume::Outcome;
use serde_json::{Value, json};

fn score(world: &World, scores: &Value) {
    let outcome = world.deliver_as("scores.json", PROJECT, &scores.to_string());
    assert!(matches!(outcome, Outcome::Ack(_)), "{outcome:?}");
}

#[test]
fn results_are_added_up_by_evaluator_and_lead_to_the_traces_that_they_are_of() {
    let world = World::new();
    let nothing = html(&world, "/scores");
    assert!(nothing.contains("No scores here"), "{nothing}");
    let of = |id: &str, name: &str, value: f64| json!({ "traceId": "t", "id": id, "name": name, "value": value });
    score(
        &world,
        &json!([
            of("1", "helpful", 0.25),
            of("2", "helpful", 0.5),
            of("3", "helpful", 1.0),
            of("4", "a<b>&c", 0.1),
            of("5", "gone", 0.1),
        ]),
    );
    let deletion = edgespan::formats::scores::deletion_of("5");
    world.deliver_as("unscore.json", PROJECT, std::str::from_utf8(&deletion).unwrap());
    let page = html(&world, "/scores?range=7d");
    let shown = text(&page);
    assert!(shown.contains("a&lt;b&gt;&amp;c 1 score 0.1 on average 0 % pass"), "{shown}");
    assert!(shown.contains("helpful 3 scores 0.58 on average 67 % pass"), "{shown}");
    assert!(!shown.contains("gone") && !shown.contains("newest 20,000"), "{shown}");
    assert!(page.contains("href=\"/traces?range=7d&amp;score=helpful%3C0.5\""), "{page}");
    assert_eq!(
        (page.matches("class=\"s-main\"").count(), page.matches("class=\"s-error\"").count()),
        (1, 1)
    );
    for bound in ["", "%3C0.5"] {
        let link = format!("/traces?range=7d&score=a%5C%3Cb%5C%3E%26c{bound}");
        assert!(page.contains(&format!("href=\"{}\"", link.replace('&', "&amp;"))), "{page}");
        assert_eq!(get(&world, PROJECT, &link, false).unwrap().status, 200, "{link}");
    }
    // Of the range alone.
    assert!(html(&world, "/scores?to=2026-11-21").contains("No scores here"));
    let of_the_day = text(&html(&world, "/scores?from=2026-11-22&to=2026-11-22"));
    assert!(of_the_day.contains("helpful 3 scores"), "{of_the_day}");
    let unreadable = get(&world, PROJECT, "/scores?range=2y", false).unwrap();
    assert!(text(unreadable.text()).contains("this takes a number with m, h, d or w"));
}

#[test]
fn results_say_how_far_back_they_go_where_there_are_more_scores_than_are_read() {
    let world = World::new();
    let sql = format!(
        "insert into tenant values (1, '{PROJECT}');
         insert into score (project, id, deleted, rank, at_us, hash, trace, subject, name, value, boolean)
         with recursive n (value) as (select 1 union all select value + 1 from n where value < 20100)
         select 1, 's' || value, 0, 2, {RECEIVED} * 1000 - value * 1000000, 1, 't', 't', 'e' || (value % 120),
           case when value <= 20000 then '1' else '0' end, 0 from n"
    );
    world.db.execute(&sql);
    let shown = text(&html(&world, "/scores?range=7d"));
    assert!(
        shown.contains("Only the newest 20,000 scores are counted, back to 2026-11-22 00:46:10 ."),
        "{shown}"
    );
    assert!(shown.contains("More than 100 evaluators"), "{shown}");
    assert!(shown.contains(" 100 % pass") && !shown.contains(" 99 % pass"), "{shown}");
}

#[test]
fn the_list_has_a_column_and_a_filter_once_a_trace_has_scores() {
    let world = World::new();
    let ids = ["a", "b", "c", "d"];
    world.deliver(PROJECT, &body(&ids.map(|id| trace(&json!({ "id": id, "name": "n" })))));
    assert!(!html(&world, "/traces").contains("c-score"));
    let of = |trace: &str, id: &str, name: &str, value: f64| json!({ "traceId": trace, "id": id, "name": name, "value": value });
    score(
        &world,
        &json!([
            of("a", "1", "helpful", 0.25),
            of("a", "2", "helpful", 0.5),
            of("a", "3", "grounded <b>", 1.0),
            of("b", "4", "helpful", 0.5),
            of("c", "5", "grounded", 0.75),
            of("none", "6", "helpful", 0.0),
        ]),
    );
    let page = html(&world, "/traces");
    assert_eq!(page.matches("<td class=\"c-score").count(), 4);
    assert!(page.contains("title=\"grounded &lt;b&gt; 1\nhelpful 0.38 (2)\">0.69<"), "{page}");
    assert!(page.contains("title=\"helpful 0.5\">0.5<"));
    let found = |query: &str| {
        let page = html(&world, &format!("/traces?range=all&{query}"));
        let rows = page.split("data-trace-id=\"").skip(1).map(|row| row[..1].to_owned());
        let mut rows: Vec<_> = rows.collect();
        rows.sort();
        rows.concat()
    };
    let listed = |query: &str| {
        let list = world.list(PROJECT, query);
        let ids = list["traces"]
            .as_array()
            .unwrap()
            .iter()
            .map(|trace| trace["id"].as_str().unwrap().to_owned());
        let mut ids: Vec<_> = ids.collect();
        ids.sort();
        ids.concat()
    };
    for (page, api, ids) in [
        ("score=helpful", "evaluator=helpful", "ab"),
        ("score=helpful%3C%3D0.25", "evaluator=helpful&maxScore=0.25", "a"),
        ("score=helpful%3E%3D0.5", "evaluator=helpful&minScore=0.5", "ab"),
        ("score=%3E%3D0.75", "minScore=0.75", "ac"),
        ("score=helpful%3D1", "evaluator=helpful&minScore=1&maxScore=1", ""),
        ("score=none", "evaluator=none", ""),
    ] {
        assert_eq!((&*found(page), &*listed(api)), (ids, ids), "{page}");
    }
    assert_eq!(
        (found("score=helpful%3C0.5"), found("score=helpful%3E0.5")),
        ("a".into(), String::new())
    );
    // One score has to be within both bounds.
    assert_eq!(listed("minScore=0.3&maxScore=0.4"), "");
    assert!(html(&world, "/traces?score=%3C").contains("this takes an evaluator and a value"));
}

#[test]
fn a_trace_shows_its_scores_and_a_span_its_own() {
    let world = World::new();
    world.deliver(
        PROJECT,
        &body(&[
            trace(&json!({ "id": "t", "name": "run" })),
            span(json!({ "id": "a", "name": "agent" })),
            span(json!({ "id": "b", "name": "ask", "parentSpanId": "a" })),
        ]),
    );
    assert!(!html(&world, "/traces/t").contains("class=\"scores\""));
    let version = part(&world, "/traces/t?span=b");
    score(
        &world,
        &json!([
            { "id": "1", "traceId": "t", "evaluatorName": "helpful", "value": 0.75, "label": "mostly",
              "reasoning": "<b>It</b> answers the question." },
            { "id": "2", "traceId": "t", "spanId": "b", "evaluatorName": "grounded", "value": 1 },
            { "id": "3", "traceId": "other", "evaluatorName": "of another", "value": 0 },
        ]),
    );
    assert_ne!(
        part(&world, "/traces/t?span=b"),
        version,
        "an open page sees that there are scores"
    );
    let page = html(&world, "/traces/t");
    let shown = text(&page);
    for wanted in [
        "2 scores",
        "helpful 0.75 mostly",
        "&lt;b&gt;It&lt;/b&gt; answers the question.",
        "grounded 1 span",
    ] {
        assert!(shown.contains(wanted), "{wanted} in {shown}");
    }
    assert!(!shown.contains("of another"));
    assert!(page.contains("href=\"?span=b\""));
    // Those of one evaluator stand together, each with its time.
    score(
        &world,
        &json!({ "id": "4", "traceId": "t", "spanId": "a", "evaluatorName": "grounded", "value": 0.25,
            "reasoning": "Half of it\nis not there." }),
    );
    let page = html(&world, "/traces/t");
    let shown = text(&page);
    assert!(shown.contains("grounded 2 scores, 0.63 on average"), "{shown}");
    assert_eq!(page.matches(">grounded<").count(), 1);
    assert!(shown.contains("0.25 span api · 2026-11-22 06:19:30"), "{shown}");
    assert!(page.contains("Half of it\nis not there."));
    let detail = text(&part(&world, "/traces/t/spans/b"));
    assert!(detail.contains("Scores grounded 1 api"), "{detail}");
    assert!(!detail.contains("helpful"), "{detail}");
    let chosen = text(&html(&world, "/traces/t?span=b"));
    assert!(chosen.contains("Scores grounded 1 api"), "{chosen}");
    let other = text(&part(&world, "/traces/t/spans/a"));
    assert!(other.contains("Scores grounded 0.25 api"), "{other}");
}
