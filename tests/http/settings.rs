//! Settings: what whoever is signed in sees, and what administrators change by forms.

use edgespan::access::scope::Scopes;
use edgespan::outbound::OutboundReply;
use serde_json::{Value, json};

use crate::common::client::{form, header};
use crate::common::platform::{Native, Sent};
use crate::common::{PROJECT, RECEIVED};

const FORMS: [(&str, &str); 4] = [
    ("/settings/keys", "name=agents&scopes=ingest"),
    ("/settings/keys/key-1/rotate", ""),
    ("/settings/keys/key-1/revoke", ""),
    ("/settings/dead-letters/replay", ""),
];

/// A deployment with rows of the key's project, of another one's, and the cookie of somebody
/// who is signed in.
fn signed_in(scopes: &str) -> (Native, String) {
    let native = Native::with_scopes(scopes);
    let object = "raw/20261122T061930.123Z/p1/0123456789abcdef0123456789abcdef.json";
    native.execute(&format!(
            "insert into project (id, name, handling, created_ms) values ('{PROJECT}', 'shop', 'strict', 1), ('p2', 'other', 'strict', 1);
             insert into api_key (hash, id, project, name, prefix, created_ms, scopes) values
               ('h1', 'key-1', '{PROJECT}', 'mine', 'ts_aaaaaaaa', 1, 'admin'),
               ('h2', 'key-2', 'p2', 'theirs', 'ts_bbbbbbbb', 1, 'admin');
             insert into stat (project, hour_ms, traces, spans, rejected_validation) values
               ('{PROJECT}', {RECEIVED} - 3600000, 12, 345, 6), ('p2', {RECEIVED} - 3600000, 777, 777, 777);
             insert into dead_letter values ('{PROJECT}', '0123456789abcdef0123456789abcdef', '{object}', 'a <b>reason</b>', 3, 1),
               ('p2', 'b2', 'raw/x', 'their reason', 1, 1);
             insert into tenant values (9, '{PROJECT}');
             insert into alert values
               ('{PROJECT}', 'al_1', 'too dear', 'cost', 'day', '', 5, 1, 'https://x/secret', 'json', 1, 1, 1, 1, 1, 1, {RECEIVED}, null, 1, 1, 1, 1, null, 'it was answered with 500'),
               ('p2', 'al_2', 'their alert', 'cost', 'day', '', 5, 1, 'https://x', 'json', 1, 1, 1, 1, 1, 1, 1, null, 1, 1, 1, 1, null, null);
             insert into budget values
               ('{PROJECT}', 'bu_1', 'of all', 'project', '', 'total', 2500000000, 1000, 1),
               ('p2', 'bu_2', 'their budget', 'project', '', 'total', 1, 1, 1);
             insert into spent values (9, 'bu_1', '', 0, 1250000000, 42)"
        ));
    let cookie = native.sign_in();
    (native, cookie)
}

fn page(native: &Native, cookie: &str) -> String {
    let reply = native.page(cookie, "/settings");
    assert_eq!(reply.status, 200);
    reply.text().to_owned()
}

fn keys(native: &Native) -> Vec<Value> {
    let rows = native.0.world.db.texts(
        "select json_object('id', id, 'name', name, 'scopes', scopes, 'revoked', revoked_ms) from api_key order by id",
    );
    rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
}

#[test]
fn shows_what_the_project_has_and_nothing_of_another() {
    let (native, cookie) = signed_in("read");
    let page = page(&native, &cookie);
    for shown in [
        "<th scope=\"row\">2026-11</th><td>12</td><td>345</td>",
        "VALIDATION_ERROR",
        "mine",
        "too dear",
        "<b>firing</b>",
        "it was answered with 500",
        "$1.25 of $2.50",
        "42 tokens of 1,000 tokens",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(page.contains("a &lt;b&gt;reason&lt;/b&gt;"), "{page}");
    for other in
        ["777", "theirs", "their reason", "key-2", "their alert", "their budget", "https://x"]
    {
        assert!(!page.contains(other), "{other}");
    }
    assert!(!page.contains("action=\"/settings"), "who may only read is offered a change: {page}");
}

#[test]
fn a_key_is_made_and_shown_this_once() {
    let (native, cookie) = signed_in("admin");
    let reply =
        native.serve(form("/settings/keys", &cookie, "name=agents&scopes=ingest&scopes=read"));
    assert_eq!(reply.reply.status, 200);
    assert!(reply.reply.text().contains("<code>ts_"), "{}", reply.reply.text());
    let made = keys(&native);
    let made = made.iter().find(|key| key["name"] == "agents").unwrap();
    assert_eq!(made["scopes"], "ingest,read");
    assert!(!page(&native, &cookie).contains("<code>ts_"));
}

#[test]
fn a_key_is_rotated_and_revoked() {
    let (native, cookie) = signed_in("admin");
    let rotated = native.serve(form("/settings/keys/key-1/rotate", &cookie, "")).reply;
    assert_eq!(rotated.status, 200, "{}", rotated.text());
    let mine = keys(&native);
    assert_eq!(mine.iter().filter(|key| key["name"] == "mine").count(), 2);
    let old = mine.iter().find(|key| key["id"] == "key-1").unwrap();
    assert_eq!(old["revoked"], RECEIVED);
    let new = mine.iter().find(|key| key["name"] == "mine" && key["id"] != "key-1").unwrap();
    let path = format!("/settings/keys/{}/revoke", new["id"].as_str().unwrap());
    assert_eq!(native.serve(form(&path, &cookie, "")).reply.status, 303);
    assert!(
        keys(&native)
            .iter()
            .filter(|key| key["name"] == "mine")
            .all(|key| key["revoked"] == RECEIVED)
    );
}

#[test]
fn dead_letters_are_queued_again() {
    let (native, cookie) = signed_in("admin");
    for body in ["", "batch=0123456789abcdef0123456789abcdef"] {
        let replay = form("/settings/dead-letters/replay", &cookie, body);
        assert_eq!(native.serve(replay).reply.status, 303, "{body}");
        let queued = native.0.queue.0.take();
        assert_eq!(queued.len(), 1, "{body}");
        assert!(queued[0].key.contains("/p1/"), "{queued:?}");
    }
    let theirs = form("/settings/dead-letters/replay", &cookie, "batch=b2");
    assert_eq!(native.serve(theirs).reply.status, 404);
}

#[test]
fn nothing_of_another_project_can_be_changed() {
    let (native, cookie) = signed_in("admin");
    for what in ["rotate", "revoke"] {
        let theirs = form(&format!("/settings/keys/key-2/{what}"), &cookie, "");
        assert_eq!(native.serve(theirs).reply.status, 404, "{what}");
    }
    let before = json!({ "id": "key-2", "name": "theirs", "scopes": "admin", "revoked": null });
    assert!(keys(&native).contains(&before));
}

#[test]
fn changes_take_the_scope_admin_a_page_of_this_origin_and_signing_in() {
    for (path, body) in FORMS {
        let (native, cookie) = signed_in("ingest,read");
        let before = keys(&native);
        assert_eq!(native.serve(form(path, &cookie, body)).reply.status, 403, "{path}");
        native.0.scopes.set(Scopes::parse("admin").unwrap());
        for origin in ["https://evil.test", "null"] {
            let sent = Sent::new("POST", path).header("origin", origin).header("cookie", &*cookie);
            assert_eq!(native.serve(sent.body(body)).reply.status, 403, "{path} of {origin}");
        }
        let unknown = native.serve(form(path, "", body)).reply;
        assert_eq!(unknown.status, 303, "{path}");
        assert!(header(&unknown, "location").unwrap().starts_with("/sign-in?to=%2Fsettings"));
        assert_eq!(keys(&native), before, "{path}");
        assert!(native.0.queue.0.take().is_empty(), "{path}");
    }
}

#[test]
fn a_form_that_is_wrong_makes_no_key() {
    let (native, cookie) = signed_in("admin");
    for body in ["name=a+b&scopes=read", "name=a&scopes=root", "name=a", "name="] {
        let reply = native.serve(form("/settings/keys", &cookie, body)).reply;
        assert_eq!(reply.status, 400, "{body}");
        assert!(reply.text().contains("<h1>"), "{}", reply.text());
    }
    assert_eq!(keys(&native).len(), 2);
}

/// What the page says of the newest release, where it says something.
fn newest(native: &Native, cookie: &str) -> Option<String> {
    let page = page(native, cookie);
    let (_, after) = page.split_once("<dt>Newest release</dt><dd>")?;
    after.split_once("</dd>").map(|(said, _)| said.to_owned())
}

#[test]
fn the_newest_release_is_asked_for_once_where_the_operator_says() {
    let (native, cookie) = signed_in("read");
    assert_eq!(newest(&native, &cookie), None, "it is off by default");
    assert!(native.0.asked.borrow().is_empty());
    let url = "https://api.example.com/releases/latest";
    native.0.settings.borrow_mut().insert("RELEASES_URL".into(), url.into());
    let body = br#"{"tag_name":"v9.1.0","html_url":"https://example.com/9"}"#.to_vec();
    let reply = OutboundReply { status: 200, retry_after: None, body: Some(body) };
    native.0.answers.borrow_mut().push(reply);
    for _ in 0..3 {
        let said = newest(&native, &cookie).unwrap();
        assert!(said.contains("v9.1.0") && said.contains("newer than this one"), "{said}");
    }
    assert_eq!(*native.0.asked.borrow(), [url]);
}

#[test]
fn that_the_newest_release_is_unknown_is_said_and_fails_nothing() {
    let reply = |status, body: Option<&[u8]>| OutboundReply {
        status,
        retry_after: None,
        body: body.map(<[u8]>::to_vec),
    };
    for (reply, says) in [
        (None, "there was no reply"),
        (Some(reply(403, Some(b"{}"))), "the answer was 403"),
        (Some(reply(302, Some(b""))), "the answer was 302"),
        (Some(reply(200, Some(b"<html>"))), "the answer names no release"),
        (Some(reply(200, None)), "the answer names no release"),
    ] {
        let (native, cookie) = signed_in("read");
        let url = "https://api.example.com/secret";
        native.0.settings.borrow_mut().insert("RELEASES_URL".into(), url.into());
        native.0.answers.borrow_mut().extend(reply);
        for _ in 0..2 {
            let said = newest(&native, &cookie).unwrap();
            assert!(said.contains("unknown") && said.contains(says), "{said}");
            assert!(!said.contains("secret"), "{said}");
        }
        assert_eq!(native.0.asked.borrow().len(), 1, "{says}");
    }
}
