//! A piece of a message: words, a call, a result, an image. The makers of models
//! and of frameworks each have names of their own for these.

use std::borrow::Cow;

use super::fields::{Fields, Left};
use super::{MessagePart, Note, Tone};
use crate::dashboard::ui::json::{Json, Kind};

/// Results within results are followed so far.
const MAX_DEPTH: usize = 3;

/// Where a part is read.
#[derive(Debug, Clone, Copy)]
pub struct At<'p> {
    /// The path to it in its message.
    pub path: &'p str,
    depth: usize,
}

impl<'p> At<'p> {
    /// In a field of a message.
    pub fn field(path: &'p str) -> Self {
        At { path, depth: 0 }
    }

    fn deeper(self, path: &'p str) -> Self {
        At { path, depth: self.depth + 1 }
    }
}

/// The parts of some content, which is a text, one part, or a list of them.
pub fn read_parts<'a>(json: Json<'a>, at: At<'_>, left: &mut Left<'a>) -> Vec<MessagePart<'a>> {
    match json.kind() {
        Kind::Text => json.text().into_iter().map(MessagePart::Text).collect(),
        Kind::Array => {
            let items = json.items().enumerate();
            items
                .map(|(n, item)| read_part(item, at.deeper(&format!("{}.{n}", at.path)), left))
                .collect()
        }
        Kind::Object => vec![read_part(json, at, left)],
        Kind::Scalar if json.is_null() => vec![],
        Kind::Scalar => vec![MessagePart::Other(json)],
    }
}

/// One part: what is not known is JSON.
pub fn read_part<'a>(json: Json<'a>, at: At<'_>, left: &mut Left<'a>) -> MessagePart<'a> {
    read_known(json, at, left).unwrap_or(MessagePart::Other(json))
}

/// One part, if it is of a known shape.
pub fn read_known<'a>(json: Json<'a>, at: At<'_>, left: &mut Left<'a>) -> Option<MessagePart<'a>> {
    if let Some(text) = json.text() {
        return Some(MessagePart::Text(text));
    }
    let mut fields = Fields::of(json)?;
    let mut own = Left::default();
    let name = ["type", "part_kind", "kind"].into_iter().find(|name| fields.has(name));
    let kind = name.and_then(|name| fields.text(&[name]));
    let part = match &kind {
        Some(kind) => typed(kind, &mut fields, at, &mut own)?,
        None => untyped(&mut fields, at, &mut own)?,
    };
    own.kind(kind);
    own.keep(at.path, fields);
    left.fields.append(&mut own.fields);
    own.kinds.into_iter().for_each(|kind| left.kind(Some(kind)));
    Some(part)
}

fn typed<'a>(
    kind: &str,
    fields: &mut Fields<'a>,
    at: At<'_>,
    left: &mut Left<'a>,
) -> Option<MessagePart<'a>> {
    match kind {
        "text" | "input_text" | "output_text" | "summary_text" => {
            fields.text(&["text", "content"]).map(MessagePart::Text)
        }
        "refusal" => fields.text(&["refusal", "content"]).map(MessagePart::Refusal),
        "thinking" | "reasoning" | "reasoning_text" => {
            fields.text(&["thinking", "text", "content", "reasoning"]).map(MessagePart::Thinking)
        }
        "tool_use" | "tool_call" | "tool-call" | "function_call" | "function" | "custom"
        | "server_tool_use" | "mcp_tool_use" | "builtin-tool-call" => read_call(fields),
        "tool_result"
        | "tool-result"
        | "tool_call_response"
        | "tool-return"
        | "builtin-tool-return"
        | "function_call_output"
        | "custom_tool_call_output"
        | "mcp_tool_result"
        | "web_search_tool_result" => Some(read_result(fields, at, left)),
        "image_url" | "input_image" | "image-url" => {
            fields.open("image_url");
            fields.text(&["image_url", "url"]).map(image_url)
        }
        "image" | "file" | "media" | "binary" | "blob" | "uri" => media(fields),
        _ => None,
    }
}

/// Those that say what they are by the name of a field, as Gemini's and Bedrock's.
fn untyped<'a>(
    fields: &mut Fields<'a>,
    at: At<'_>,
    left: &mut Left<'a>,
) -> Option<MessagePart<'a>> {
    if let Some(text) = fields.text(&["text"]) {
        let thought = fields.peek("thought").is_some_and(|thought| thought.raw() == "true");
        return Some(if thought { MessagePart::Thinking(text) } else { MessagePart::Text(text) });
    }
    if let Some(mut inner) = open(fields, &["functionCall", "function_call", "toolUse"]) {
        let part = read_call(&mut inner)?;
        left.keep(at.path, inner);
        return Some(part);
    }
    if let Some(mut inner) = open(fields, &["functionResponse", "function_response", "toolResult"])
    {
        let part = read_result(&mut inner, at, left);
        left.keep(at.path, inner);
        return Some(part);
    }
    if let Some(mut inner) = open(fields, &["reasoningContent"]) {
        inner.open("reasoningText");
        let text = inner.text(&["text"])?;
        left.keep(at.path, inner);
        return Some(MessagePart::Thinking(text));
    }
    let mut inner = open(fields, &["inlineData", "inline_data"])?;
    let part = media(&mut inner)?;
    left.keep(at.path, inner);
    Some(part)
}

fn open<'a>(fields: &mut Fields<'a>, names: &[&str]) -> Option<Fields<'a>> {
    names.iter().find_map(|name| fields.read(name, Fields::of))
}

/// A call: `OpenAI`'s `{id, function: {name, arguments}}`, and others' `{id, name, args}`.
pub fn read_call<'a>(fields: &mut Fields<'a>) -> Option<MessagePart<'a>> {
    fields.open("function");
    fields.open("custom");
    let name = fields.text(&["name", "toolName", "tool_name"])?;
    let id = fields.text(&["call_id", "tool_call_id", "toolCallId", "toolUseId", "id"]);
    let arguments = fields.take(&["arguments", "args", "input", "parameters"]);
    Some(MessagePart::Call { name, id, arguments: text_or_json(arguments) })
}

/// The calls of a message, which stand in a list of their own.
pub fn read_calls<'a>(
    json: Json<'a>,
    path: &str,
    left: &mut Left<'a>,
) -> Option<Vec<MessagePart<'a>>> {
    let mut found = vec![];
    for (n, item) in json.items().enumerate() {
        let mut fields = Fields::of(item)?;
        match read_call(&mut fields) {
            Some(part) => {
                left.kind(fields.read("type", |kind| {
                    kind.text().filter(|kind| matches!(&**kind, "function" | "tool_call"))
                }));
                left.keep(&format!("{path}.{n}"), fields);
                found.push(part);
            }
            None => found.push(MessagePart::Other(item)),
        }
    }
    (!found.is_empty()).then_some(found)
}

/// What a tool gave back.
pub fn read_result<'a>(
    fields: &mut Fields<'a>,
    at: At<'_>,
    left: &mut Left<'a>,
) -> MessagePart<'a> {
    let mut notes = fields.notes();
    let ids = ["tool_use_id", "toolCallId", "tool_call_id", "toolUseId", "call_id", "id"];
    let id = fields.text(&ids);
    let name = fields.text(&["name", "toolName", "tool_name"]);
    let names = ["content", "output", "result", "response"];
    let Some(field) = names.into_iter().find(|name| fields.peek(name).is_some()) else {
        return MessagePart::Result { name, id, notes, parts: vec![] };
    };
    let Some(mut content) = fields.take(&[field]) else {
        return MessagePart::Result { name, id, notes, parts: vec![] };
    };
    let path = if at.path.is_empty() { field.to_owned() } else { format!("{}.{field}", at.path) };
    // The AI SDK wraps what it is: {type: "json", value: …}.
    if let Some(mut wrapped) = Fields::of(content)
        && let Some(kind) = wrapped.text(&["type"])
        && matches!(&*kind, "text" | "json" | "content" | "error-text" | "error-json")
        && let Some(value) = wrapped.take(&["value"])
    {
        if kind.starts_with("error") {
            notes.push(Note { label: "type", value: kind, tone: Tone::Bad });
        } else {
            left.kind(Some(kind));
        }
        left.keep(&path, wrapped);
        content = value;
    }
    let is_list = content.kind() == Kind::Array && content.items().next().is_some();
    let mut blocks = Left::default();
    let parts = match content.kind() {
        Kind::Array if is_list && at.depth < MAX_DEPTH => {
            let parts = read_parts(content, at.deeper(&path), &mut blocks);
            // A list of records is a list, not so many blocks.
            if parts.iter().any(|part| !matches!(part, MessagePart::Other(_))) {
                left.fields.append(&mut blocks.fields);
                blocks.kinds.into_iter().for_each(|kind| left.kind(Some(kind)));
                parts
            } else {
                vec![MessagePart::Other(content)]
            }
        }
        Kind::Text => content.text().into_iter().map(MessagePart::Text).collect(),
        _ => vec![MessagePart::Other(content)],
    };
    MessagePart::Result { name, id, notes, parts }
}

/// An image, or a file that is not shown.
fn media<'a>(fields: &mut Fields<'a>) -> Option<MessagePart<'a>> {
    const TYPES: [&str; 4] = ["mimeType", "mime_type", "media_type", "mediaType"];
    if fields.peek("source").is_some_and(|source| source.kind() == Kind::Object) {
        fields.open("source");
    }
    let names = ["url", "uri", "image", "data", "content"];
    let (field, text) = names.into_iter().find_map(|name| Some((name, fields.peek_text(name)?)))?;
    let is_url = matches!(field, "url" | "uri") || text.get(..60).unwrap_or(&text).contains(':');
    if is_url {
        fields.take(&[field]);
        return Some(image_url(text));
    }
    let media = fields.text(&TYPES)?;
    fields.take(&[field]);
    Some(MessagePart::Image(media, text))
}

fn image_url(url: Cow<'_, str>) -> MessagePart<'_> {
    let inline = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    match inline.map(|(media, data)| (media.to_owned(), data.to_owned())) {
        Some((media, data)) if super::IMAGES.contains(&&*media) && super::is_base64(&data) => {
            MessagePart::Image(media.into(), data.into())
        }
        _ => MessagePart::Link(url),
    }
}

/// A string's text, or any other value's JSON.
pub fn text_or_json(json: Option<Json<'_>>) -> Cow<'_, str> {
    json.map_or("".into(), |json| json.text().unwrap_or(Cow::Borrowed(json.raw())))
}
