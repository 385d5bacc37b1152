//! Finds conversations in payloads: what the common model APIs and frameworks
//! take and give. Where a payload has none of these shapes it is no chat, and
//! what a message has beyond them is kept as JSON, so nothing is hidden. How a
//! conversation looks is `messages`'.

use std::borrow::Cow;

use super::json::{Json, Kind};

/// A conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Chat<'a> {
    /// Its messages, in order.
    pub messages: Vec<Message<'a>>,
    /// What else the payload had.
    pub rest: Vec<(Cow<'a, str>, Json<'a>)>,
}

/// What one side said.
#[derive(Debug, Clone, PartialEq)]
pub struct Message<'a> {
    /// Who: `user`, `assistant`, ….
    pub role: Cow<'a, str>,
    /// A name or a call's id beside the role.
    pub name: Option<Cow<'a, str>>,
    /// What.
    pub parts: Vec<Part<'a>>,
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Part<'a> {
    /// Words.
    Text(Cow<'a, str>),
    /// Words before the answer.
    Thinking(Cow<'a, str>),
    /// A call of a tool.
    Call {
        /// The tool.
        name: Cow<'a, str>,
        /// The call's id.
        id: Option<Cow<'a, str>>,
        /// What it is called with, mostly JSON.
        arguments: Cow<'a, str>,
    },
    /// What a tool gave back.
    Result {
        /// The call's id.
        id: Option<Cow<'a, str>>,
        /// Text or JSON.
        content: Cow<'a, str>,
    },
    /// An image that came along: its type, and its bytes in base64.
    Image(Cow<'a, str>, Cow<'a, str>),
    /// Something of a kind that is not shown: only where it is.
    Link(Cow<'a, str>),
    /// Anything else.
    Other(Json<'a>),
}

/// Most messages that are taken apart.
const MAX_MESSAGES: usize = 1_000;

/// The conversation in a payload, if it is one.
#[must_use]
pub fn find(json: Json<'_>) -> Option<Chat<'_>> {
    match json.kind() {
        Kind::Array => {
            // Frameworks that take many prompts at once send lists of lists.
            let mut items = json.items();
            if let (Some(only), None) = (items.next(), items.next())
                && only.kind() == Kind::Array
            {
                return Some(Chat { messages: messages(only)?, rest: vec![] });
            }
            Some(Chat { messages: messages(json)?, rest: vec![] })
        }
        Kind::Object => object(json),
        Kind::Text | Kind::Scalar => None,
    }
}

/// The fields that hold messages, by what they hold.
const LISTS: [&str; 4] = ["messages", "contents", "input", "output"];

fn object(json: Json<'_>) -> Option<Chat<'_>> {
    if let Some(message) = message(json) {
        return Some(Chat { messages: vec![message], rest: vec![] });
    }
    let mut used = vec![];
    let mut found = vec![];
    for name in LISTS {
        if let Some(list) = json.get(name).and_then(messages) {
            used.push(name);
            found = list;
            break;
        }
    }
    for (name, inner) in [("choices", "message"), ("candidates", "content")] {
        let all = json.get(name).into_iter().flat_map(Json::items).take(MAX_MESSAGES);
        let all: Vec<_> = all.filter_map(|one| message(one.get(inner)?)).collect();
        if !all.is_empty() {
            used.push(name);
            found.extend(all);
        }
    }
    if let Some(message) = json.get("message").and_then(message) {
        used.push("message");
        found.push(message);
    }
    if found.is_empty() {
        return None;
    }
    for name in ["system", "system_instruction", "instructions"] {
        if let Some(system) = json.get(name) {
            let content = system.get("parts").unwrap_or(system);
            let parts = content_parts(content);
            if !parts.is_empty() {
                used.push(name);
                found.insert(0, Message { role: "system".into(), name: None, parts });
            }
        }
    }
    let rest = json.entries().filter(|(key, _)| !used.contains(&key.as_ref())).take(100).collect();
    Some(Chat { messages: found, rest })
}

/// A list of messages; `None` when one in it is none.
fn messages(json: Json<'_>) -> Option<Vec<Message<'_>>> {
    let found: Option<Vec<_>> = json.items().take(MAX_MESSAGES).map(message).collect();
    found.filter(|found| !found.is_empty())
}

fn message(json: Json<'_>) -> Option<Message<'_>> {
    // LangChain writes objects as {lc, type, id, kwargs}.
    let json = json.get("kwargs").filter(|_| json.get("lc").is_some()).unwrap_or(json);
    let kind = json.string("type").unwrap_or_default();
    let call_id = || json.string("call_id").or_else(|| json.string("tool_call_id"));
    match &*kind {
        "function_call" => {
            let call = Part::Call {
                name: json.string("name").unwrap_or_default(),
                id: call_id(),
                arguments: text_or_json(json.get("arguments")),
            };
            return Some(Message { role: "assistant".into(), name: None, parts: vec![call] });
        }
        "function_call_output" => {
            let content = text_or_json(json.get("output"));
            let result = Part::Result { id: call_id(), content };
            return Some(Message { role: "tool".into(), name: None, parts: vec![result] });
        }
        "reasoning" => {
            let summary = json.get("summary").map(content_parts).unwrap_or_default();
            return Some(Message { role: "assistant".into(), name: None, parts: summary });
        }
        _ => {}
    }
    let role = json.string("role").or_else(|| {
        let known = ["human", "ai", "system", "tool", "function", "chat"];
        known.contains(&&*kind).then(|| kind.clone())
    })?;
    let content = json.get("content").or_else(|| json.get("parts"));
    let mut parts: Vec<Part<'_>> = ["reasoning_content", "reasoning", "thinking"]
        .iter()
        .filter_map(|name| json.string(name))
        .map(Part::Thinking)
        .collect();
    let is_result = matches!(&*role, "tool" | "function");
    match content {
        Some(content) if is_result && content.kind() == Kind::Text => {
            parts.push(Part::Result { id: None, content: text_or_json(Some(content)) });
        }
        Some(content) => parts.extend(content_parts(content)),
        None => {}
    }
    parts.extend(json.string("refusal").map(Part::Text));
    let calls = json.get("tool_calls").into_iter().flat_map(Json::items).take(MAX_MESSAGES);
    parts.extend(calls.chain(json.get("function_call")).map(call));
    // {role: "admin", user: 7} is no message: one says something.
    if parts.is_empty()
        && json.get("content").is_none()
        && !json.entries().any(|(k, _)| k == "content")
    {
        return None;
    }
    Some(Message { role, name: json.string("name").or_else(call_id), parts })
}

/// Calls as `OpenAI` has them, `{id, function: {name, arguments}}` and as others have them, `{id, name, args}`.
fn call(json: Json<'_>) -> Part<'_> {
    let what = json.get("function").unwrap_or(json);
    let Some(name) = what.string("name") else { return Part::Other(json) };
    let arguments = ["arguments", "args", "input"].iter().find_map(|name| what.get(name));
    Part::Call { name, id: json.string("id"), arguments: text_or_json(arguments) }
}

fn content_parts(json: Json<'_>) -> Vec<Part<'_>> {
    match json.kind() {
        Kind::Text => json.text().into_iter().map(Part::Text).collect(),
        Kind::Array => json.items().take(MAX_MESSAGES).map(part).collect(),
        Kind::Object => vec![part(json)],
        Kind::Scalar if json.is_null() => vec![],
        Kind::Scalar => vec![Part::Other(json)],
    }
}

fn part(json: Json<'_>) -> Part<'_> {
    if let Some(text) = json.text() {
        return Part::Text(text);
    }
    let kind = json.string("type").unwrap_or_default();
    let part = match &*kind {
        "" => untyped(json),
        "text" | "input_text" | "output_text" | "summary_text" => {
            json.string("text").map(Part::Text)
        }
        "refusal" => json.string("refusal").map(Part::Text),
        "thinking" | "reasoning" => {
            json.string("thinking").or_else(|| json.string("text")).map(Part::Thinking)
        }
        "tool_use" | "server_tool_use" => Some(call(json)),
        "tool-call" => json.string("toolName").map(|name| Part::Call {
            name,
            id: json.string("toolCallId"),
            arguments: text_or_json(json.get("input").or_else(|| json.get("args"))),
        }),
        "tool_result" | "tool-result" => {
            let id = ["tool_use_id", "toolCallId"].iter().find_map(|name| json.string(name));
            let content = ["content", "output", "result"].iter().find_map(|name| json.get(name));
            Some(Part::Result { id, content: result_text(content) })
        }
        "image_url" | "input_image" => {
            let url = json.get("image_url");
            url.and_then(|url| url.text().or_else(|| url.string("url"))).map(image_url)
        }
        "image" => image(json),
        _ => None,
    };
    part.unwrap_or(Part::Other(json))
}

/// Gemini's parts, which say what they are by their only field.
fn untyped(json: Json<'_>) -> Option<Part<'_>> {
    let get = |a: &str, b: &str| json.get(a).or_else(|| json.get(b));
    if let Some(text) = json.string("text") {
        return Some(Part::Text(text));
    }
    if let Some(function) = get("functionCall", "function_call") {
        return Some(call(function));
    }
    if let Some(response) = get("functionResponse", "function_response") {
        let content = text_or_json(response.get("response"));
        return Some(Part::Result { id: response.string("name"), content });
    }
    let data = get("inlineData", "inline_data")?;
    let media = data.string("mimeType").or_else(|| data.string("mime_type"))?;
    Some(Part::Image(media, data.string("data")?))
}

fn image(json: Json<'_>) -> Option<Part<'_>> {
    let source = json.get("source").unwrap_or(json);
    if let Some(url) = source.string("url").or_else(|| source.string("image")) {
        return Some(image_url(url));
    }
    Some(Part::Image(source.string("media_type")?, source.string("data")?))
}

fn image_url(url: Cow<'_, str>) -> Part<'_> {
    let inline = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    match inline.map(|(media, data)| (media.to_owned(), data.to_owned())) {
        Some((media, data)) => Part::Image(media.into(), data.into()),
        None => Part::Link(url),
    }
}

/// What a tool gave: a single text among its blocks is that text.
fn result_text(json: Option<Json<'_>>) -> Cow<'_, str> {
    let Some(content) = json else { return "".into() };
    let mut items = content.items();
    if let (Some(only), None) = (items.next(), items.next())
        && let Part::Text(text) = part(only)
    {
        return text;
    }
    text_or_json(Some(content))
}

/// A string's text, or any other value's JSON.
fn text_or_json(json: Option<Json<'_>>) -> Cow<'_, str> {
    json.map_or("".into(), |json| json.text().unwrap_or(Cow::Borrowed(json.raw())))
}
