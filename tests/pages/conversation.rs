//! A trace as one conversation, and the turns of a session.

use crate::common::pages::{at, html, part, span, text, trace};
use crate::common::{PROJECT, World, body};
use serde_json::json;

/// An agent that asks a model twice, with a tool in between.
fn run() -> Vec<String> {
    let asked = json!([{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "Rain in Rome?" }]);
    let call = json!({ "role": "assistant", "content": null, "tool_calls": [{ "id": "1", "type": "function",
        "function": { "name": "weather", "arguments": "{\"city\":\"Rome\"}" } }] });
    let given = json!({ "role": "tool", "tool_call_id": "1", "content": "{\"sky\":\"clear\"}" });
    let mut again = asked.as_array().unwrap().clone();
    again.extend([call.clone(), given]);
    vec![
        span(
            json!({ "id": "r", "name": "agent", "type": "AGENT", "startTime": at(0), "endTime": at(9),
            "input": { "question": "Rain in Rome?" }, "output": { "answer": "No rain." } }),
        ),
        span(
            json!({ "id": "m1", "parentSpanId": "r", "name": "ask", "type": "LLM", "startTime": at(1), "endTime": at(2),
            "input": asked, "output": call }),
        ),
        span(
            json!({ "id": "w", "parentSpanId": "r", "name": "weather", "startTime": at(3), "endTime": at(4),
            "input": { "city": "Rome" }, "output": { "sky": "clear" } }),
        ),
        span(
            json!({ "id": "m2", "parentSpanId": "r", "name": "answer", "type": "LLM", "startTime": at(5), "endTime": at(6),
            "input": again, "output": "No rain." }),
        ),
    ]
}

#[test]
fn a_trace_is_one_conversation_in_which_nothing_stands_twice() {
    let world = World::new();
    world.deliver(PROJECT, &body(&run()));
    let page = html(&world, "/traces/t/conversation");
    let said = text(&page);
    for (what, times) in
        [("Be brief.", 1), ("Rain in Rome?", 1), ("No rain.", 1), ("clear", 1), ("Calls", 1)]
    {
        assert_eq!(said.matches(what).count(), times, "{what}: {said}");
    }
    let place = |what: &str| said.find(what).unwrap();
    let order = ["Be brief.", "Rain in Rome?", "Calls", "clear", "No rain."].map(place);
    assert!(order.is_sorted(), "{said}");
    assert!(page.contains("href=\"/traces/t?span=w\""));
    // Beside the tree it is that alone, and the tree's page leads to it.
    let part = part(&world, "/traces/t/conversation");
    assert!(part.starts_with("<section class=\"conversation\"") && part.contains("data-close"));
    assert!(html(&world, "/traces/t").contains("href=\"/traces/t/conversation\""));
    assert!(html(&world, "/traces/t?conversation").contains("hx-get=\"/traces/t/conversation\""));
}

#[test]
fn a_long_conversation_comes_in_parts_that_go_on_where_the_last_ended() {
    let world = World::new();
    let mut history = vec![];
    let mut events = vec![];
    for n in 0..130 {
        history.push(json!({ "role": "user", "content": format!("question {n}.") }));
        let answer = json!({ "role": "assistant", "content": format!("answer {n}.") });
        let input = if n < 110 { history.clone() } else { history[100..].to_vec() };
        events.push(span(json!({ "id": format!("m{n}"), "name": "ask", "type": "LLM", "input": input, "output": answer,
            "startTime": format!("2026-11-22T06:{:02}:{:02}Z", 10 + n / 60, n % 60) })));
        history.push(answer);
    }
    world.deliver(PROJECT, &body(&events));
    let page = html(&world, "/traces/t/conversation");
    assert!(
        page.contains("from=100") && text(&page).contains("Go on, 30 more steps"),
        "{}",
        text(&page)
    );
    let next = text(&html(&world, "/traces/t/conversation?from=100"));
    assert!(!next.contains("question 99.") && !next.contains("answer 98."), "{next}");
    for n in 100..130 {
        for what in [format!("question {n}."), format!("answer {n}.")] {
            assert_eq!(next.matches(&what).count(), 1, "{what}");
        }
    }
    assert!(!next.contains("Go on"));
}

#[test]
fn a_session_shows_what_was_said_in_full() {
    let world = World::new();
    let long = "word ".repeat(200);
    let events: Vec<String> = (0..25)
        .flat_map(|n| {
            let id = format!("t{n}");
            let mut root = json!({ "id": "r", "name": "r", "type": "AGENT", "startTime": at(n), "endTime": at(n + 1),
                "input": { "question": format!("{long} question {n}.") }, "output": { "answer": format!("**answer** {n}.") } });
            root["traceId"] = id.clone().into();
            let root = json!({ "type": "span-create", "body": root }).to_string();
            [trace(&json!({ "id": id, "name": id, "sessionId": "s" })), root]
        })
        .collect();
    world.deliver(PROJECT, &body(&events));
    let page = html(&world, "/sessions/s");
    let said = text(&page);
    // The newest twenty, in order.
    assert!(
        said.contains("question 24.")
            && said.contains("question 5.")
            && !said.contains("question 4."),
        "{said}"
    );
    assert!(said.find("question 5.").unwrap() < said.find("question 24.").unwrap());
    assert!(page.contains("<strong>answer</strong> 24."));
    assert!(said.contains("Traces 25") && said.contains("5 earlier turns"), "{said}");
    let href = page.split("href=\"").find(|rest| rest.contains("earlier turns")).unwrap();
    let earlier = text(&html(&world, &href[..href.find('"').unwrap()].replace("&amp;", "&")));
    assert!(earlier.contains("question 0.") && earlier.contains("later turns"), "{earlier}");
}

#[test]
fn of_a_session_that_says_much_the_newest_turns_are_read() {
    let world = World::new();
    let long = |n: usize| format!("answer {n}. {}", "word ".repeat(300_000));
    let mut history = vec![];
    for n in 0..3_usize {
        history.push(json!({ "role": "user", "content": format!("question {n}.") }));
        let id = format!("t{n}");
        // Calls send on what matters of the last answer.
        let input = history.clone();
        history.push(json!({ "role": "assistant", "content": format!("answer {n}.") }));
        let second = 10 * i64::try_from(n).unwrap();
        let mut root = json!({ "id": "r", "name": "r", "type": "LLM", "startTime": at(second), "endTime": at(second + 5),
            "input": input, "output": long(n) });
        root["traceId"] = id.clone().into();
        let root = json!({ "type": "span-create", "body": root }).to_string();
        let of = trace(&json!({ "id": id, "name": id, "sessionId": "s" }));
        world.deliver(PROJECT, &body(&[of, root]));
    }
    let page = html(&world, "/sessions/s");
    let turns: Vec<&str> = page.split("<li class=\"turn\"").skip(1).collect();
    let is_read = |turn: &&str| turn.contains("class=\"chat\"");
    assert_eq!(turns.iter().map(is_read).collect::<Vec<_>>(), [false, true, true]);
    // What was said in a turn that is not read is not said in the next one.
    let said = text(&page);
    assert_eq!((said.matches("question 0.").count(), said.matches("question 1.").count()), (1, 1));
}

#[test]
fn a_conversation_that_is_too_much_says_how_many_steps_are_not_all_there() {
    let world = World::new();
    let said = |n: i64, what: &str| format!("{what} {n}. {}", "word ".repeat(22_000));
    let call = |n: i64| {
        span(
            json!({ "id": format!("m{n}"), "name": "ask", "type": "LLM", "startTime": at(2 * n), "endTime": at(2 * n + 1),
            "input": said(n, "question"), "output": said(n, "answer") }),
        )
    };
    world.deliver(PROJECT, &body(&(0..5).map(call).collect::<Vec<_>>()));
    let page = text(&html(&world, "/traces/t/conversation"));
    // Of the third there is what went in.
    assert!(page.contains("question 2.") && !page.contains("question 3."), "{}", page.len());
    assert!(page.contains("What 3 steps said is not all here"), "{}", &page[page.len() - 200..]);
}
