//! The search box and what it finds, as pages without scripts.

use crate::common::pages::{at, get_at, page_at, text};
use crate::common::{PROJECT, RECEIVED, World, body};
use serde_json::json;

fn world() -> World {
    let world = World::new();
    for (id, input, model) in [
        ("t1", "a refund for the order", "gpt"),
        ("t2", "order a refund", "opus"),
        ("t3", "hello", "gpt"),
    ] {
        let root = json!({ "traceId": id, "id": "s", "name": id, "type": "LLM", "model": model,
            "input": input, "startTime": at(0), "endTime": at(1) });
        let event = json!({ "type": "span-create", "body": root });
        world.deliver(PROJECT, &body(&[event.to_string()]));
    }
    world
}

fn leads_to(world: &World, path: &str) -> String {
    let answer = get_at(world, PROJECT, path, false, RECEIVED).unwrap();
    assert_eq!(answer.status, 303);
    answer.headers.into_iter().find(|(name, _)| *name == "location").unwrap().1
}

#[test]
fn what_is_written_into_the_box_leads_to_the_address_that_says_it() {
    let world = world();
    assert_eq!(leads_to(&world, "/traces?find=t2"), "/traces/t2");
    assert_eq!(
        leads_to(&world, "/traces?find=model%3Agpt+%22the+order%22+-tag%3Ax&range=7d&user=u"),
        "/traces?range=7d&user=u&model=gpt&q=%22the+order%22&tag=-x"
    );
    assert_eq!(leads_to(&world, "/traces?find="), "/traces");
}

#[test]
fn words_are_found_and_shown_as_a_chip() {
    let world = world();
    let found = |query: &str| {
        let page = page_at(&world, &format!("/traces?{query}"), RECEIVED);
        ["t1", "t2", "t3"].map(|id| page.contains(&format!("data-trace-id=\"{id}\"")))
    };
    assert_eq!(found("q=REFUND"), [true, true, false]);
    assert_eq!(found("q=%22refund+for%22"), [true, false, false]);
    assert_eq!(found("q=refund&model=opus"), [false, true, false]);
    assert_eq!(found("q=nowhere"), [false; 3]);
    let page = page_at(&world, "/traces?q=refund&model=gpt", RECEIVED);
    assert!(
        page.contains("href=\"/traces?model=gpt\"") && page.contains("href=\"/traces?q=refund\""),
        "{page}"
    );
    // Nothing is counted that is not of what is found.
    assert!(!page.contains("id=\"chart\""));
}

#[test]
fn words_of_outputs_are_told_from_those_of_inputs_and_shown_where_they_stand() {
    let world = World::new();
    let far = format!("{}and a goodwill <b>voucher</b> for you.", "We are sorry. ".repeat(40));
    for (id, input, output) in [
        ("asked", "a goodwill voucher, please", "no"),
        ("near", "hello", "Have a Goodwill voucher"),
        ("far", "hello", &*far),
        ("apart", "goodwill", "a voucher and some goodwill"),
    ] {
        let root = json!({ "traceId": id, "id": "s", "name": id, "type": "AGENT",
            "input": input, "output": output, "startTime": at(0), "endTime": at(1) });
        let event = json!({ "type": "span-create", "body": root });
        world.deliver(PROJECT, &body(&[event.to_string()]));
    }
    let page = |query: &str| page_at(&world, &format!("/traces?{query}"), RECEIVED);
    let found = |query: &str| {
        let page = page(query);
        ["asked", "near", "far", "apart"]
            .map(|id| page.contains(&format!("data-trace-id=\"{id}\"")))
    };
    assert_eq!(found("q=goodwill+voucher"), [true; 4]);
    assert_eq!(found("output=goodwill+voucher"), [false, true, true, true]);
    assert_eq!(found("output=%22goodwill+b+voucher%22"), [false, false, true, false]);
    assert_eq!(found("q=please&output=no"), [true, false, false, false]);
    // A quote that does not end takes nothing of what comes after.
    assert_eq!(found("q=%22goodwill&output=%22voucher%22"), [false, true, true, true]);
    let both = page("output=%22goodwill+voucher%22");
    assert!(both.contains("Have a <mark>Goodwill voucher</mark>"), "{both}");
    let read = page("output=%22goodwill+b%22");
    assert!(
        read.contains("…sorry. and a <mark>goodwill &lt;b</mark>&gt;voucher&lt;/b&gt; for you."),
        "{read}"
    );
    assert!(page("output=--").contains("up to 12 words"));
}

#[test]
fn it_looks_further_back_by_itself_until_a_page_is_full() {
    let world = World::new();
    // One of 500 is rare, and a question looks at 5,000.
    world.db.execute(&format!(
        "insert into tenant values (1, '{PROJECT}');
         insert into trace (key, project, id, version, start_us, end_us, spans, errors, tokens, cost_nano, created_ms,
           metadata, name, session, tags, models, open, root_child, active_us, ended, head, pack)
         with recursive n (value) as (select 1 union all select value + 1 from n where value < 16000)
         select (1 << 48) | (value << 16), 1, 'id ' || value, 1, (1577836800 + value) * 1000000, null, 1, 0, 0, 0, 0, '',
           iif(value % 500 = 0, 'rare', 'usual'), null, null, null, 0, 0, 0, 1, x'', x'' from n;"
    ));
    let asked = |path: &str, part: bool| {
        let answer = get_at(&world, PROJECT, path, part, RECEIVED).unwrap();
        String::from_utf8(answer.body).unwrap()
    };
    let next = |page: &str| {
        let (_, rest) = page.split_once("class=\"further\" hx-get=\"")?;
        Some(rest.split('"').next().unwrap().replace("&amp;", "&"))
    };
    let found = |page: &str| page.matches("data-trace-id=").count();
    let first = asked("/traces?range=all&name=rare", false);
    assert_eq!(found(&first), 10);
    let url = next(&first).unwrap();
    assert!(url.ends_with("&further=10"), "{url}");
    let second = asked(&url, true);
    assert_eq!(found(&second), 10);
    assert!(next(&second).unwrap().ends_with("&further=20"), "{second}");
    // From here on there is a page: whoever wants more says so.
    let full = asked(&url.replace("further=10", "further=40"), true);
    assert_eq!((found(&full), next(&full)), (10, None));
    assert!(full.contains("rel=\"next\" href=\"/traces?"), "{full}");
}

#[test]
fn a_column_puts_the_list_in_its_order_and_back() {
    let world = world();
    let page = page_at(&world, "/traces?user=&sort=cost", RECEIVED);
    assert!(
        page.contains("aria-sort=\"descending\"") && page.contains("<a href=\"/traces\""),
        "{page}"
    );
    assert!(
        page.contains("<a href=\"/traces?sort=tokens\"") && page.contains("data-trace-id=\"t1\"")
    );
    let page = page_at(&world, "/traces?q=refund", RECEIVED);
    assert!(!page.contains("sort="), "{page}");
}

#[test]
fn it_offers_the_values_that_there_are() {
    let answer =
        get_at(&world(), PROJECT, "/traces?values=1&range=all&q=a", true, RECEIVED).unwrap();
    let page = String::from_utf8(answer.body).unwrap();
    assert!(text(&page).contains("Model gpt 2 opus 1"), "{page}");
    assert!(page.contains("href=\"/traces?range=all&amp;model=gpt&amp;q=a\""), "{page}");
}
