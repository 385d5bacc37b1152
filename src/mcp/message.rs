//! A message of JSON-RPC and what its revision of the protocol wants of it: which of the two
//! eras it is of, whether its headers say what its body says, and how it is answered.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::text::{Object, quoted};
use crate::dashboard::ui::json::{Json, Kind};
use crate::json::descend;
use crate::reply::Reply;

/// The revision without a handshake.
pub(super) const STATELESS: &str = "2026-07-28";
/// The newest with one.
pub(super) const NEWEST_WITH_HANDSHAKE: &str = "2025-11-25";
/// All that have one.
pub(super) const WITH_HANDSHAKE: [&str; 4] =
    ["2024-11-05", "2025-03-26", "2025-06-18", NEWEST_WITH_HANDSHAKE];

/// Codes of errors.
pub(super) mod code {
    pub const NOT_JSON: i32 = -32_700;
    pub const NO_REQUEST: i32 = -32_600;
    pub const NO_METHOD: i32 = -32_601;
    pub const BAD_PARAMS: i32 = -32_602;
    pub const HEADERS_DIFFER: i32 = -32_020;
    pub const UNKNOWN_VERSION: i32 = -32_022;
    pub const NOT_ALLOWED: i32 = -32_010;
    pub const TOO_MANY: i32 = -32_011;
    pub const UNAVAILABLE: i32 = -32_012;
    pub const INTERNAL: i32 = -32_603;
}

/// What the headers of a request say of its message.
#[derive(Debug, Clone, Default)]
pub struct Headers {
    /// `MCP-Protocol-Version`.
    pub version: Option<String>,
    /// `Mcp-Method`.
    pub method: Option<String>,
    /// `Mcp-Name`.
    pub name: Option<String>,
}

/// A request, which has an id and wants an answer.
#[derive(Debug)]
pub(super) struct Request<'t> {
    pub(super) to: Caller,
    pub(super) method: Cow<'t, str>,
    /// An object; empty where none was sent.
    pub(super) params: Json<'t>,
}

/// Whom an answer is for.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// The request's id, as it was sent.
    pub(super) id: String,
    /// Whether its revision is without a handshake.
    pub(super) stateless: bool,
}

const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// Reads a body.
///
/// # Errors
/// The reply, where there is nothing to be done: of what is no request.
pub(super) fn read<'t>(body: &'t [u8], headers: &Headers) -> Result<Request<'t>, Reply> {
    let refuse = |code, why| Err(failure(400, None, code, why, None));
    let text = std::str::from_utf8(body).ok().filter(|text| descend::whole(text).is_ok());
    let Some(text) = text else { return refuse(code::NOT_JSON, "The body is not JSON.") };
    let message = Json::new(text);
    if message.kind() == Kind::Array {
        let why = "Batches went out of the protocol with 2025-06-18: send one message.";
        return refuse(code::NO_REQUEST, why);
    }
    let method = message.string("method");
    let (id, has_id) = id_of(message);
    let params = message.get("params").unwrap_or(Json::new("{}"));
    let meta = params.get("_meta").unwrap_or(Json::new("{}"));
    let stateless = meta.get(META_VERSION).is_some()
        || headers.version.as_deref().is_some_and(|version| !WITH_HANDSHAKE.contains(&version));
    let is_answer = message.get("result").or_else(|| message.get("error")).is_some();
    let Some(method) = method.filter(|_| message.string("jsonrpc").as_deref() == Some("2.0"))
    else {
        if is_answer && !stateless {
            return Err(Reply::empty(202));
        }
        return refuse(code::NO_REQUEST, "This is no request of JSON-RPC 2.0.");
    };
    if !has_id {
        return Err(Reply::empty(202));
    }
    let Some(id) = id else {
        return refuse(code::NO_REQUEST, "The id has to be a string or a whole number.");
    };
    let to = Caller { id: id.raw().to_owned(), stateless };
    if params.kind() != Kind::Object {
        return Err(to.error(code::BAD_PARAMS, "params has to be an object."));
    }
    if stateless {
        check(&to, &method, params, meta, headers)?;
    }
    Ok(Request { to, method, params })
}

/// The id of a message if it is one, and whether any was sent.
fn id_of(message: Json<'_>) -> (Option<Json<'_>>, bool) {
    let found = message.entries().filter(|(key, _)| key == "id").last().map(|(_, id)| id);
    let is_whole = |id: &Json<'_>| {
        let digits = id.raw().strip_prefix('-').unwrap_or(id.raw());
        digits.bytes().all(|b| b.is_ascii_digit())
    };
    let id = found.filter(|id| {
        id.raw().len() <= MAX_ID
            && (id.kind() == Kind::Text || id.kind() == Kind::Scalar && is_whole(id))
    });
    (id, found.is_some())
}

/// Longest id of a request, in bytes: it is echoed.
const MAX_ID: usize = 256;

/// What a revision without a handshake wants of each request.
fn check(
    to: &Caller,
    method: &str,
    params: Json<'_>,
    meta: Json<'_>,
    headers: &Headers,
) -> Result<(), Reply> {
    let capabilities = meta.get(META_CAPABILITIES).filter(|all| all.kind() == Kind::Object);
    let (Some(version), Some(_)) = (meta.string(META_VERSION), capabilities) else {
        let why = "params._meta has to have io.modelcontextprotocol/protocolVersion and \
                   io.modelcontextprotocol/clientCapabilities.";
        return Err(to.error(code::BAD_PARAMS, why));
    };
    let name = params.string("name").filter(|_| method == "tools/call");
    let said = headers.name.as_deref().map(decode_name);
    let pairs = [
        (headers.version.as_deref(), Some(&*version)),
        (headers.method.as_deref(), Some(method)),
        (said.as_deref().filter(|_| name.is_some()), name.as_deref()),
    ];
    if pairs.iter().any(|(header, body)| header.map(str::trim) != *body) {
        let why = "The headers MCP-Protocol-Version, Mcp-Method and Mcp-Name have to say what the body says.";
        return Err(to.error(code::HEADERS_DIFFER, why));
    }
    if version != STATELESS {
        let mut data = Object::new();
        data.json("supported", &format!("[{}]", quoted(STATELESS))).text("requested", &version);
        let why = "This version of the protocol is not known here.";
        return Err(failure(400, Some(&to.id), code::UNKNOWN_VERSION, why, Some(&data.end())));
    }
    Ok(())
}

/// A name in a header, which may be written in base64.
fn decode_name(header: &str) -> Cow<'_, str> {
    let inner = header.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    let decoded = inner.and_then(|inner| BASE64_STANDARD.decode(inner).ok());
    let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.map_or(Cow::Borrowed(header), Cow::Owned)
}

impl Caller {
    /// The answer: an object, to which the revision adds what it wants.
    pub(super) fn answer(&self, mut result: Object) -> Reply {
        if self.stateless {
            result.json("resultType", "\"complete\"");
            result
                .json("_meta", &format!("{{\"io.modelcontextprotocol/serverInfo\":{}}}", server()));
        }
        let Self { id, .. } = self;
        let result = result.end();
        Reply::content(
            200,
            "application/json",
            format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}"),
        )
    }

    /// An error, with the status that its revision gives it.
    pub(super) fn error(&self, code: i32, why: &str) -> Reply {
        let status = match (self.stateless, code) {
            (true, code::NO_METHOD) => 404,
            (true, _) => 400,
            _ => 200,
        };
        failure(status, Some(&self.id), code, why, None)
    }
}

/// What the server is called.
pub(super) fn server() -> String {
    let mut server = Object::new();
    server.text("name", "edgespan").text("title", "Edgespan");
    server.text("version", env!("CARGO_PKG_VERSION")).end()
}

/// An error of JSON-RPC.
pub(super) fn failure(
    status: u16,
    id: Option<&str>,
    code: i32,
    why: &str,
    data: Option<&str>,
) -> Reply {
    let mut error = Object::new();
    error.json("code", &code.to_string()).text("message", why);
    if let Some(data) = data {
        error.json("data", data);
    }
    let (id, error) = (id.unwrap_or("null"), error.end());
    Reply::content(
        status,
        "application/json",
        format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{error}}}"),
    )
}
