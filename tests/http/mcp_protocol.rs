//! The Model Context Protocol over whole requests: both eras, what HTTP answers, keys and
//! origins.

use edgespan::access::scope::Scopes;
use edgespan::reply::Reply;
use serde_json::{Value, json};

use crate::common::client::header;
use crate::common::platform::{KEY, Native, Sent};

const META: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// A POST of a body with the key.
fn post(body: impl Into<Vec<u8>>) -> Sent {
    let sent = Sent::new("POST", "/mcp").bearer(KEY);
    sent.header("content-type", "application/json").body(body)
}

/// A request of the era with handshakes.
fn old(method: &str, params: &Value) -> Sent {
    post(json!({ "jsonrpc": "2.0", "id": 0, "method": method, "params": params }).to_string())
}

/// The same of the era without.
fn new(method: &str, mut params: Value) -> Sent {
    params["_meta"] = json!({ META: "2026-07-28", CAPABILITIES: {} });
    let name = params["name"].as_str().map(str::to_owned);
    let sent = old(method, &params).header("mcp-protocol-version", "2026-07-28");
    let sent = sent.header("mcp-method", method);
    if let Some(name) = name { sent.header("mcp-name", name) } else { sent }
}

fn serve(native: &Native, sent: Sent) -> (Reply, Value) {
    let reply = native.serve(sent).reply;
    let body = serde_json::from_slice(&reply.body).unwrap_or_default();
    (reply, body)
}

fn ask(sent: Sent) -> (u16, Value) {
    let (reply, body) = serve(&Native::new(), sent);
    (reply.status, body)
}

#[test]
fn a_handshake_echoes_a_version_that_is_known() {
    for (asked, answered) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1.0", "2025-11-25"),
    ] {
        let client = json!({ "name": "c", "version": "1", "title": "C", "websiteUrl": "x" });
        let params = json!({ "protocolVersion": asked, "capabilities": { "roots": {} }, "clientInfo": client });
        let (status, body) = ask(old("initialize", &params));
        assert_eq!((status, &body["id"]), (200, &json!(0)), "{asked}");
        let result = &body["result"];
        assert_eq!(result["protocolVersion"], answered);
        assert_eq!(result["capabilities"], json!({ "tools": {} }));
        assert_eq!(result["serverInfo"]["name"], "edgespan");
        assert!(result["instructions"].as_str().unwrap().len() <= 600);
        assert!(result.get("resultType").is_none());
    }
    assert_eq!(
        ask(old("ping", &json!({}))),
        (200, json!({ "jsonrpc": "2.0", "id": 0, "result": {} }))
    );
}

#[test]
fn without_a_handshake_each_request_says_who_it_is_and_each_answer_that_it_is_complete() {
    let (status, body) = ask(new("server/discover", json!({})));
    assert_eq!(status, 200);
    let result = &body["result"];
    assert_eq!(result["supportedVersions"], json!(["2026-07-28"]));
    assert_eq!((&result["ttlMs"], &result["cacheScope"]), (&json!(300_000), &json!("private")));
    let (_, list) = ask(new("tools/list", json!({})));
    let call = json!({ "name": "search_traces", "arguments": {} });
    let (_, called) = ask(new("tools/call", call));
    for result in [result, &list["result"], &called["result"]] {
        assert_eq!(result["resultType"], "complete");
        assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "edgespan");
    }
    assert_eq!(list["result"]["ttlMs"], 300_000);
    for method in
        ["ping", "initialize", "logging/setLevel", "subscriptions/listen", "resources/list"]
    {
        let (status, body) = ask(new(method, json!({})));
        assert_eq!((status, &body["error"]["code"]), (404, &json!(-32_601)), "{method}");
    }
}

#[test]
fn headers_have_to_say_what_the_body_says() {
    let body = |version: &str| {
        json!({ "jsonrpc": "2.0", "id": "x", "method": "tools/call",
            "params": { "name": "list_scores", "_meta": { META: version, CAPABILITIES: {} } } })
        .to_string()
    };
    let with = |version: &str, method: &str, name: &str| {
        let sent = post(body("2026-07-28")).header("mcp-protocol-version", version);
        ask(sent.header("mcp-method", method).header("mcp-name", name))
    };
    assert_eq!(with("2026-07-28", "tools/call", "list_scores").0, 200);
    assert_eq!(with("2026-07-28", "tools/call", "=?base64?bGlzdF9zY29yZXM=?=").0, 200);
    for (version, method, name) in [
        ("2025-11-25", "tools/call", "list_scores"),
        ("2026-07-28", "tools/list", "list_scores"),
        ("2026-07-28", "tools/call", "get_span"),
        ("2026-07-28", "tools/call, tools/call", "list_scores"),
        ("2026-07-28", "tools/call", "=?base64?%?="),
    ] {
        let (status, body) = with(version, method, name);
        assert_eq!(
            (status, &body["error"]["code"]),
            (400, &json!(-32_020)),
            "{version} {method} {name}"
        );
        assert_eq!(body["id"], "x");
    }
    assert_eq!(ask(post(body("2026-07-28"))).1["error"]["code"], -32_020, "no header");
    let sent = post(body("2027-01-01")).header("mcp-protocol-version", "2027-01-01");
    let (status, body) =
        ask(sent.header("mcp-method", "tools/call").header("mcp-name", "list_scores"));
    assert_eq!((status, &body["error"]["code"]), (400, &json!(-32_022)));
    let data = json!({ "supported": ["2026-07-28"], "requested": "2027-01-01" });
    assert_eq!(body["error"]["data"], data);
    // A header of another version makes it of that era, which wants more of a body.
    let sent = old("tools/list", &json!({})).header("mcp-protocol-version", "2026-07-28");
    let (status, body) = ask(sent);
    assert_eq!((status, &body["error"]["code"]), (400, &json!(-32_602)));
    let params = json!({ "_meta": { META: "2026-07-28" } });
    assert_eq!(ask(old("tools/list", &params)).1["error"]["code"], -32_602, "no capabilities");
}

#[test]
fn what_is_no_request_is_said_to_be_none() {
    for (body, status, code) in [
        ("{", 400, -32_700),
        ("", 400, -32_700),
        ("\u{0}", 400, -32_700),
        ("[]", 400, -32_600),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, 400, -32_600),
        ("7", 400, -32_600),
        (r#"{"id":1,"method":"ping"}"#, 400, -32_600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, 400, -32_600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, 400, -32_600),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, 400, -32_600),
        (r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, 400, -32_600),
        (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, 400, -32_600),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, 400, -32_600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"no/such"}"#, 200, -32_601),
        (r#"{"jsonrpc":"2.0","id":1,"method":"resources/list"}"#, 200, -32_601),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#, 200, -32_602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}}"#, 200, -32_602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#, 200, -32_602),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"drop"}}"#,
            200,
            -32_602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_span","arguments":[]}}"#,
            200,
            -32_602,
        ),
    ] {
        let (found, reply) = ask(post(body));
        assert_eq!((found, &reply["error"]["code"]), (status, &json!(code)), "{body}");
    }
    let (_, reply) = ask(old("tools/call", &json!({ "name": "drop" })));
    assert!(reply["error"]["message"].as_str().unwrap().contains("search_traces, get_trace"));
}

#[test]
fn a_notification_is_taken_and_an_answer_is_ignored() {
    for body in [
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}"#,
    ] {
        let reply = Native::new().serve(post(body)).reply;
        assert_eq!((reply.status, reply.body.len()), (202, 0), "{body}");
    }
    let sent = post(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    let (status, body) = ask(sent.header("mcp-protocol-version", "2026-07-28"));
    assert_eq!((status, &body["error"]["code"]), (400, &json!(-32_600)));
    let sent = post(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    assert_eq!(
        Native::new().serve(sent.header("mcp-protocol-version", "2026-07-28")).reply.status,
        202
    );
}

#[test]
fn ids_come_back_as_they_were_sent() {
    for id in ["0", "-7", "9007199254740993", r#""a\u00e9""#, r#""""#] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        let reply = Native::new().serve(post(body)).reply;
        assert_eq!(reply.text(), format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#));
    }
}

#[test]
fn the_list_of_tools_is_one_short_page_of_what_only_reads() {
    let (reply, body) = serve(&Native::new(), old("tools/list", &json!({})));
    assert!(reply.body.len() < 12_000, "{}", reply.body.len());
    let tools = body["result"]["tools"].as_array().unwrap();
    assert_eq!(tools.len(), 8);
    assert!(body["result"].get("nextCursor").is_none());
    for tool in tools {
        let name = tool["name"].as_str().unwrap();
        assert!(name.len() <= 48 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        let hints = &tool["annotations"];
        assert_eq!(
            (&hints["readOnlyHint"], &hints["destructiveHint"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(
            (&hints["idempotentHint"], &hints["openWorldHint"]),
            (&json!(true), &json!(false))
        );
        assert!(tool["description"].as_str().unwrap().contains("untrusted"), "{name}");
        assert!(tool.get("outputSchema").is_none());
        let schema = &tool["inputSchema"];
        assert_eq!(
            (&schema["type"], &schema["additionalProperties"]),
            (&json!("object"), &json!(false))
        );
        assert!(schema.get("anyOf").is_none() && schema.get("oneOf").is_none());
        for (argument, about) in schema["properties"].as_object().unwrap() {
            assert!(
                about["description"].as_str().is_some_and(|text| !text.is_empty()),
                "{name} {argument}"
            );
        }
        assert!(jsonschema::validator_for(schema).is_ok(), "{name}");
    }
}

#[test]
fn who_has_no_key_or_may_not_read_is_told_in_json_rpc() {
    let native = Native::new();
    let message = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let without = Sent::new("POST", "/mcp").header("content-type", "application/json");
    for sent in [
        without.clone().body(message),
        without.clone().bearer("ts_unknown").body(message),
        without.header("cookie", format!("edgespan={KEY}")).body(message),
    ] {
        let (reply, body) = serve(&native, sent);
        assert_eq!(reply.status, 401);
        assert_eq!(header(&reply, "www-authenticate"), Some("Bearer error=\"invalid_token\""));
        assert_eq!((&body["id"], &body["error"]["code"]), (&Value::Null, &json!(-32_010)));
        assert!(body["error"]["message"].as_str().unwrap().contains("scope read"));
    }
    let native = Native::new();
    native.0.scopes.set(Scopes::parse("ingest").unwrap());
    let (reply, body) = serve(&native, post(message));
    assert_eq!((reply.status, &body["error"]["code"]), (403, &json!(-32_010)));
    assert_eq!(header(&reply, "www-authenticate"), None);
    let native = Native::new();
    native.0.scopes.set(Scopes::parse("read").unwrap());
    assert_eq!(serve(&native, post(message)).0.status, 200);
    native.0.limited.set(true);
    let (reply, body) = serve(&native, post(message));
    assert_eq!((reply.status, &body["error"]["code"]), (429, &json!(-32_011)));
    assert!(header(&reply, "retry-after").is_some());
}

#[test]
fn other_methods_types_and_sizes_are_refused() {
    for method in ["GET", "DELETE", "PUT"] {
        let (reply, _) = serve(&Native::new(), Sent::new(method, "/mcp").bearer(KEY));
        assert_eq!(
            (reply.status, header(&reply, "allow")),
            (405, Some("POST, OPTIONS")),
            "{method}"
        );
        assert!(reply.body.len() < 300);
    }
    let message = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let sent = || Sent::new("POST", "/mcp/").bearer(KEY).body(message);
    for (kind, status) in [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("text/plain", 415),
        ("", 415),
    ] {
        assert_eq!(ask(sent().header("content-type", kind)).0, status, "{kind}");
    }
    for (accept, status) in [
        ("application/json, text/event-stream", 200),
        ("text/event-stream, application/json", 200),
        ("*/*", 200),
        ("application/json", 200),
        ("text/event-stream", 406),
        ("application/json;q=0, text/html", 406),
    ] {
        let sent = sent().header("content-type", "application/json").header("accept", accept);
        assert_eq!(ask(sent).0, status, "{accept}");
    }
    let large = format!("{message}{}", " ".repeat(64 * 1024));
    let (status, body) = ask(post(large));
    assert_eq!((status, &body["error"]["code"]), (413, &json!(-32_600)));
    let (reply, _) = serve(&Native::new(), post(message).header("mcp-session-id", "s"));
    assert_eq!((reply.status, header(&reply, "mcp-session-id")), (200, None));
    for path in [
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
    ] {
        assert_eq!(Native::new().serve(Sent::new("GET", path)).reply.status, 404, "{path}");
    }
    assert_eq!(Native::new().serve(Sent::new("POST", "/register")).reply.status, 404);
}

#[test]
fn pages_of_other_origins_may_not_ask() {
    let message = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let native = Native::new();
    native
        .0
        .settings
        .borrow_mut()
        .insert("MCP_ORIGINS".into(), "https://a.test, https://b.test".into());
    for (origin, allowed) in [
        ("https://edgespan.test", true),
        ("http://localhost:6274", true),
        ("http://127.0.0.1", true),
        ("https://b.test", true),
        ("vscode-webview://abc", true),
        ("https://evil.test", false),
        ("http://edgespan.test", false),
        ("https://localhost.evil.test", false),
        ("null", false),
        ("", false),
    ] {
        let (reply, _) = serve(&native, post(message).header("origin", origin));
        assert_eq!(reply.status == 200, allowed, "{origin}");
        assert!(allowed || reply.status == 403, "{origin}");
        let wanted = Some(origin).filter(|_| allowed);
        assert_eq!(header(&reply, "access-control-allow-origin"), wanted, "{origin}");
        let preflight = Sent::new("OPTIONS", "/mcp").header("origin", origin);
        let (reply, _) = serve(&native, preflight);
        assert_eq!(reply.status, if allowed { 204 } else { 403 }, "{origin}");
        assert_eq!(header(&reply, "access-control-allow-origin"), wanted, "{origin}");
        let headers = header(&reply, "access-control-allow-headers");
        assert_eq!(headers.is_some_and(|all| all.contains("mcp-protocol-version")), allowed);
    }
}

#[test]
fn a_local_server_is_asked_by_its_own_name_alone() {
    let native = Native::new();
    native.0.local.set(true);
    let ask = |url: &str, host: &str, origin: Option<&str>| {
        let mut sent = post(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).header("host", host);
        sent.url = url.into();
        let sent = origin.map(|origin| sent.clone().header("origin", origin)).unwrap_or(sent);
        native.serve(sent).reply.status
    };
    assert_eq!(ask("http://localhost:3000/mcp", "localhost:3000", None), 200);
    assert_eq!(ask("http://localhost:3000/mcp", "localhost:3000", Some("http://localhost:1")), 200);
    assert_eq!(ask("http://evil.test/mcp", "evil.test", Some("http://evil.test")), 403);
    assert_eq!(ask("http://localhost:3000/mcp", "localhost:3000", Some("http://evil.test")), 403);
}

#[test]
fn agents_are_refused_by_their_protocol_also_what_their_path_has_not() {
    let native = Native::new();
    for accept in ["text/event-stream", "text/html"] {
        for (origin, allowed) in [("http://localhost:6274", true), ("https://evil.test", false)] {
            let sent = Sent::new("GET", "/mcp").header("accept", accept).header("origin", origin);
            let reply = native.serve(sent).reply;
            assert_eq!(
                (reply.status, reply.page, header(&reply, "allow")),
                (405, false, Some("POST, OPTIONS"))
            );
            let answer: Value = serde_json::from_str(reply.text()).unwrap();
            assert_eq!(
                (&answer["jsonrpc"], &answer["error"]["code"]),
                (&json!("2.0"), &json!(-32600))
            );
            let shared = ("access-control-allow-origin", origin.to_owned());
            assert_eq!(reply.headers.contains(&shared), allowed, "{origin}");
            assert_eq!(header(&reply, "vary"), Some("origin"));
        }
    }
}
