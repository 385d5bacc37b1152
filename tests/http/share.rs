//! Links that show one trace to people without a key.

use edgespan::reply::Reply;
use serde_json::json;

use crate::common::RECEIVED;
use crate::common::client::{form, header};
use crate::common::platform::{KEY, Native, Sent};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A deployment with two traces, and the cookie of somebody who is signed in.
fn signed_in(scopes: &str) -> (Native, String) {
    let native = Native::with_projects(scopes);
    for id in ["shown", "other"] {
        let root = format!("{id}-root");
        let batch = json!({ "batch": [
            { "type": "trace-create", "body": { "id": id, "name": format!("of {id}") } },
            { "type": "span-create", "body": { "id": root, "traceId": id, "name": "root", "type": "AGENT",
                "input": format!("in {id}"), "output": "out" } },
        ] });
        let sent = Sent::new("POST", "/api/v1/traces").bearer(KEY).body(batch.to_string());
        assert_eq!(native.serve(sent).reply.status, 201);
    }
    native.deliver();
    let cookie = native.sign_in();
    (native, cookie)
}

fn open(native: &Native, path: &str, cookie: &str) -> Reply {
    native.page(cookie, path)
}

/// The path of a link that was made, from what the form answered.
fn make(native: &Native, cookie: &str, days: &str) -> String {
    let sent = form("/traces/shown/share", cookie, &format!("days={days}"));
    let reply = native.serve(sent.header("hx-request", "true")).reply;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let text = reply.text();
    let start = text.find("/share/").unwrap();
    text[start..].split(['<', '"']).next().unwrap().to_owned()
}

/// The cookie that a link gives to whoever opens it.
fn visit(native: &Native, link: &str) -> String {
    let reply = native.serve(Sent::new("GET", link)).reply;
    assert_eq!(reply.status, 303, "{}", reply.text());
    assert_eq!(header(&reply, "location").unwrap(), "/traces/shown");
    let cookie = header(&reply, "set-cookie").unwrap();
    assert!(cookie.contains("; Path=/traces/shown; "), "{cookie}");
    assert!(cookie.contains("; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

#[test]
fn a_link_shows_its_trace_and_nothing_else() {
    let (native, cookie) = signed_in("ingest,read");
    let guest = visit(&native, &make(&native, &cookie, "7"));
    let page = open(&native, "/traces/shown", &guest);
    assert_eq!(page.status, 200);
    assert!(page.text().contains("of shown"));
    for theirs in ["shop", "/settings", "/sign-out", "rating\"", "/share\""] {
        assert!(!page.text().contains(theirs), "{theirs} is for people who are signed in");
    }
    for part in ["/traces/shown/spans/shown-root", "/traces/shown/conversation"] {
        let sent = Sent::new("GET", part).header("cookie", &guest).header("hx-request", "true");
        let part = native.serve(sent).reply;
        assert_eq!(part.status, 200);
        assert!(part.text().contains("in shown"), "{}", part.text());
    }
    let others =
        ["/traces/other", "/traces", "/settings", "/costs", "/traces/other/spans/other-root"];
    for path in others {
        let reply = open(&native, path, &guest);
        assert_eq!(reply.status, 303, "{path}");
        assert!(header(&reply, "location").unwrap().starts_with("/sign-in"), "{path}");
    }
    for path in ["/traces/shown/rating", "/traces/shown/share", "/settings/shares/x/revoke"] {
        let reply = native.serve(form(path, &guest, "value=good&days=7")).reply;
        assert_eq!(reply.status, 303, "{path}");
        assert!(header(&reply, "location").unwrap().starts_with("/sign-in"), "{path}");
    }
    assert_eq!(
        native
            .serve(Sent::new("GET", "/api/v1/traces/shown").header("cookie", &guest))
            .reply
            .status,
        401
    );
}

#[test]
fn it_ends_is_taken_back_and_goes_with_its_key() {
    let (native, cookie) = signed_in("ingest,read");
    let link = make(&native, &cookie, "1");
    let guest = visit(&native, &link);
    let gone = |why: &str| {
        let reply = native.serve(Sent::new("GET", &link)).reply;
        assert_eq!(reply.status, 404, "{why}");
        assert_eq!(open(&native, "/traces/shown", &guest).status, 303, "{why}");
    };
    native.execute(&format!("update share set ends_ms = {RECEIVED}"));
    gone("it has ended");
    native.execute(&format!("update share set ends_ms = {RECEIVED} + {DAY_MS}"));
    assert_eq!(open(&native, "/traces/shown", &guest).status, 200);
    native.execute("update share set key_id = 'another'");
    gone("it is another key's");
    let revoke = |native: &Native| {
        let settings = open(native, "/settings", &cookie);
        assert!(settings.text().contains(">shown</a>"), "{}", settings.text());
        let id = link.split('.').nth(1).unwrap();
        native.serve(form(&format!("/settings/shares/{id}/revoke"), &cookie, "")).reply.status
    };
    assert_eq!(revoke(&native), 403, "it takes an administrator to take back another's");
    native.execute("update share set key_id = 'key-1'");
    assert_eq!(open(&native, "/traces/shown", &guest).status, 200);
    assert_eq!(revoke(&native), 303);
    gone("it was taken back");
}

#[test]
fn nobody_makes_one_up() {
    let (native, cookie) = signed_in("ingest,read");
    let link = make(&native, &cookie, "30");
    let (text, signature) = link.rsplit_once('.').unwrap();
    let other = format!(
        "{}.{signature}",
        text.replace(text.rsplit_once('.').unwrap().1, "0123456789abcdef01234567")
    );
    for bad in [&*other, text, "/share/a", "/share/a.b.c", "/share/..", &format!("{link}x")] {
        assert_eq!(native.serve(Sent::new("GET", bad)).reply.status, 404, "{bad}");
    }
    for (days, trace, status) in [("2", "shown", 400), ("", "shown", 400), ("7", "none", 404)] {
        let sent = form(&format!("/traces/{trace}/share"), &cookie, &format!("days={days}"));
        assert_eq!(native.serve(sent).reply.status, status, "{days} {trace}");
    }
    let foreign = Sent::new("POST", "/traces/shown/share")
        .header("cookie", &cookie)
        .header("origin", "https://evil.test");
    assert_eq!(native.serve(foreign.body("days=7")).reply.status, 403);
}

#[test]
fn there_is_room_for_so_many() {
    let (native, cookie) = signed_in("ingest,read");
    native.execute(&format!(
        "with recursive n (value) as (select 1 union all select value + 1 from n where value < 200)
         insert into share select 'p1', 'made' || value, 'other', 'key-1', 1, {RECEIVED} + 1 from n"
    ));
    let ask = || native.serve(form("/traces/shown/share", &cookie, "days=7")).reply;
    let reply = ask();
    assert_eq!(reply.status, 409, "{}", reply.text());
    native.execute("update share set ends_ms = 1 where id = 'made7'");
    assert_eq!(ask().status, 200, "what has ended takes no room");
}
