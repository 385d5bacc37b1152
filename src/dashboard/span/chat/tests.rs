use super::*;

/// A conversation in a line: who, what, and what is said beside it.
fn told(raw: &str) -> String {
    let Some(chat) = find(Json::new(raw)) else { return "no chat".into() };
    let messages: Vec<String> = chat.messages.iter().map(message).collect();
    messages.join(" | ")
}

fn message(message: &Message<'_>) -> String {
    let parts: Vec<String> = message.parts.iter().map(part).collect();
    let by = message.name.iter().chain(&message.id).map(|name| format!(" {name}"));
    let who = message.role.to_string() + &by.collect::<String>();
    format!("{who}: {}{}", parts.join(" + "), notes(&message.notes))
}

fn notes(notes: &[Note<'_>]) -> String {
    let note = |note: &Note<'_>| {
        let mark = match note.tone {
            Tone::Plain => "",
            Tone::Warn => "!",
            Tone::Bad => "!!",
        };
        format!(" ({} {}{mark})", note.label, note.value)
    };
    notes.iter().map(note).collect()
}

fn part(part: &MessagePart<'_>) -> String {
    match part {
        MessagePart::Text(text) => text.to_string(),
        MessagePart::Thinking(text) => format!("<{text}>"),
        MessagePart::Refusal(text) => format!("no: {text}"),
        MessagePart::Call { name, id, arguments } => {
            format!(
                "{name}({arguments}){}",
                id.as_ref().map_or(String::new(), |id| format!("#{id}"))
            )
        }
        MessagePart::Result { name, id, notes: about, parts } => {
            let parts: Vec<String> = parts.iter().map(self::part).collect();
            let by: Vec<_> = name.iter().chain(id).map(AsRef::as_ref).collect();
            format!("{} gave [{}]{}", by.join("#"), parts.join(", "), notes(about))
        }
        MessagePart::Image(media, data) => format!("{media} {data}"),
        MessagePart::Link(url) => format!("at {url}"),
        MessagePart::Other(json) => format!("json {}", json.raw()),
    }
}

/// All shapes below.
pub const SHAPES: [&[(&str, &str)]; 11] = [
    CHAT, RESPONSES, ANTHROPIC, GEMINI, OTEL, LANGCHAIN, PYDANTIC, BEDROCK, AI_SDK, STREAMS,
    UNKNOWN,
];

#[track_caller]
fn all(shapes: &[(&str, &str)]) {
    for (raw, expected) in shapes {
        assert_eq!(told(raw), *expected, "{raw}");
    }
}

const CHAT: &[(&str, &str)] = &[
    (
        r#"{"id":"c","choices":[{"index":0,"finish_reason":"length","message":{"role":"assistant","content":"Once upon","refusal":null}}],"usage":{"total_tokens":9}}"#,
        "assistant: Once upon (finish reason length!)",
    ),
    (
        r#"{"choices":[{"finish_reason":"content_filter","message":{"role":"assistant","content":null,"refusal":"I can't."}}]}"#,
        "assistant: no: I can't. (finish reason content_filter!)",
    ),
    (
        r#"{"choices":[{"finish_reason":"stop","message":{"role":"assistant","audio":{"transcript":"Hi"}}}]}"#,
        "assistant:  (finish reason stop)",
    ),
    (
        r#"{"object":"text_completion","choices":[{"index":0,"text":" a time","finish_reason":"stop"},{"index":1,"text":" a place","finish_reason":"length"}]}"#,
        "assistant:  a time (finish reason stop) | assistant:  a place (finish reason length!)",
    ),
    (
        r#"[{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"custom","custom":{"name":"shell","input":"ls"}}]},{"role":"tool","tool_call_id":"c1","name":"shell","content":"a.txt"}]"#,
        "assistant: shell(ls)#c1 | tool shell c1:  gave [a.txt]",
    ),
    (r#"{"choices":[{"text":"Red","value":1}],"question":"Which?"}"#, "no chat"),
];

#[test]
fn openai_chat_with_why_it_stopped() {
    all(CHAT);
}

const RESPONSES: &[(&str, &str)] = &[
    (
        r#"{"model":"gpt-4o","input":"Hi","instructions":"Be brief."}"#,
        "system: Be brief. | user: Hi",
    ),
    (
        r#"{"instructions":null,"input":[{"role":"user","content":[{"type":"input_text","text":"Look"},{"type":"input_image","image_url":"https://a.test/x.png","detail":"low"}]}]}"#,
        "user: Look + at https://a.test/x.png",
    ),
    (
        r#"{"object":"response","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{"type":"web_search_call","id":"ws","status":"completed","action":{"query":"q"}},{"type":"reasoning","summary":[{"type":"summary_text","text":"Hm"}],"encrypted_content":"x"},{"type":"function_call","call_id":"1","name":"f","arguments":"{}","status":"incomplete"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Done","annotations":[]}]}]}"#,
        r#"web_search_call: json {"type":"web_search_call","id":"ws","status":"completed","action":{"query":"q"}} | assistant: <Hm> | assistant: f({})#1 (status incomplete!) | assistant: Done (status incomplete!) (incomplete max_output_tokens!)"#,
    ),
    (
        r#"[{"type":"function_call_output","call_id":"1","output":"12"},{"type":"function_call_output","call_id":"2","output":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]},{"type":"item_reference","id":"m"}]"#,
        r#"tool: 1 gave [12] | tool: 2 gave [a, b] | item_reference: json {"type":"item_reference","id":"m"}"#,
    ),
    (
        r#"{"output":[{"type":"mcp_call","id":"m","name":"ask","server_label":"s","arguments":"{}","output":"yes","error":null}]}"#,
        "assistant: ask({})#m +  gave [yes]",
    ),
    // An embedding's input is none, nor is a tool's.
    (r#"{"model":"text-embedding-3-small","input":"Hi"}"#, "no chat"),
    (r#"{"input":"Hi"}"#, "no chat"),
    (r#"[{"type":"web_search_call","id":"ws"}]"#, "no chat"),
];

#[test]
fn openai_responses_with_items_that_nobody_knows() {
    all(RESPONSES);
}

const ANTHROPIC: &[(&str, &str)] = &[
    (
        r#"{"id":"m","type":"message","role":"assistant","model":"claude","content":[{"type":"text","text":"Hm"},{"type":"tool_use","id":"t","name":"look","input":{"a":1}}],"stop_reason":"max_tokens","usage":{"input_tokens":1}}"#,
        r#"assistant: Hm + look({"a":1})#t (stop reason max_tokens!)"#,
    ),
    (
        r#"{"system":[{"type":"text","text":"Be kind.","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","is_error":true,"content":[{"type":"text","text":"No."},{"type":"text","text":"Again."},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0K"}}]}]}]}"#,
        "system: Be kind. | user: t gave [No., Again., image/png iVBORw0K] (is error true!!)",
    ),
    (
        r#"{"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"s"},{"type":"redacted_thinking","data":"x"},{"type":"server_tool_use","id":"s","name":"web_search","input":{}},{"type":"web_search_tool_result","tool_use_id":"s","content":[{"type":"web_search_result","url":"u"}]}]}"#,
        r#"assistant: <Hm> + json {"type":"redacted_thinking","data":"x"} + web_search({})#s + s gave [json [{"type":"web_search_result","url":"u"}]]"#,
    ),
    // The content without its message.
    (
        r#"[{"type":"text","text":"Hi"},{"type":"tool_use","id":"t","name":"f","input":{}}]"#,
        "content: Hi + f({})#t",
    ),
    (r#"[{"type":"text","text":"Hi"},{"type":"chart","data":[]}]"#, "no chat"),
];

#[test]
fn anthropic_with_results_of_several_blocks() {
    all(ANTHROPIC);
}

const GEMINI: &[(&str, &str)] = &[
    (
        r#"{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"parts":[{"text":"Hi"},{"inlineData":{"mimeType":"image/png","data":"iVBORw0K"}}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}}]},{"role":"user","parts":[{"functionResponse":{"id":"c","name":"f","response":{"b":2}}}]}]}"#,
        r#"system: Be brief. | user: Hi + image/png iVBORw0K | model: f({"a":1}) | user: f#c gave [json {"b":2}]"#,
    ),
    (
        r#"{"model":"gemini","contents":"Hi","system_instruction":{"role":"user","parts":[{"text":"Be brief."}]}}"#,
        "system user: Be brief. | user: Hi",
    ),
    (
        r#"{"contents":[{"role":"user","parts":[{"function_response":{"name":"f","response":"ok"}},{"inline_data":{"mime_type":"audio/wav","data":"UklG"}}]}]}"#,
        "user: f gave [ok] + audio/wav UklG",
    ),
    (
        r#"{"candidates":[{"content":{"parts":[{"text":"Hm","thought":true},{"text":"Yes"}]},"finishReason":"MAX_TOKENS","index":0},{"finishReason":"SAFETY"}],"usageMetadata":{"totalTokenCount":3}}"#,
        "model: <Hm> + Yes (finish reason MAX_TOKENS!) | model:  (finish reason SAFETY!)",
    ),
    (
        r#"{"content":{"role":"model","parts":[{"text":"Yes"}]},"partial":false,"finish_reason":"STOP"}"#,
        "model: Yes (finish reason STOP)",
    ),
    (r#"{"new_message":{"role":"user","parts":[{"text":"Hi"}]},"user_id":"u"}"#, "user: Hi"),
];

#[test]
fn gemini_in_both_spellings() {
    all(GEMINI);
}

const OTEL: &[(&str, &str)] = &[
    (
        r#"[{"role":"system","parts":[{"type":"text","content":"Be brief."}]},{"role":"user","parts":[{"type":"text","content":"Hi"},{"type":"blob","modality":"image","mime_type":"image/png","content":"iVBORw0K"},{"type":"uri","modality":"image","uri":"https://a.test/x.png"}]},{"role":"assistant","parts":[{"type":"reasoning","content":"Hm"},{"type":"tool_call","id":"c","name":"f","arguments":{"a":1}}],"finish_reason":"tool_call"},{"role":"tool","parts":[{"type":"tool_call_response","id":"c","response":"[1]"}]}]"#,
        r#"system: Be brief. | user: Hi + image/png iVBORw0K + at https://a.test/x.png | assistant: <Hm> + f({"a":1})#c (finish reason tool_call) | tool: c gave [[1]]"#,
    ),
    (
        r#"[{"role":"user","parts":[{"type":"tool_call_response","id":"c","name":"f","result":{"docs":["x"]}}]}]"#,
        r#"user: f#c gave [json {"docs":["x"]}]"#,
    ),
];

#[test]
fn opentelemetry_gen_ai_parts() {
    all(OTEL);
}

const LANGCHAIN: &[(&str, &str)] = &[
    (
        r#"{"messages":[[{"lc":1,"type":"constructor","id":["langchain","schema","messages","SystemMessage"],"kwargs":{"content":"Be brief.","type":"system"}},{"lc":1,"type":"constructor","id":["x","AIMessage"],"kwargs":{"content":"","tool_calls":[{"name":"f","args":{"a":1},"id":"c","type":"tool_call"}],"response_metadata":{"finish_reason":"length"}}}]]}"#,
        "system: Be brief. | AIMessage:  + f({\"a\":1})#c (finish reason length!)",
    ),
    (
        r#"{"generations":[[{"text":"Yes","type":"ChatGeneration","generation_info":{"finish_reason":"length","logprobs":null},"message":{"lc":1,"type":"constructor","id":["AIMessage"],"kwargs":{"content":"Yes","type":"ai"}}}]],"llm_output":{"model_name":"m"}}"#,
        "ai: Yes (finish reason length!)",
    ),
    (
        r#"{"generations":[[{"text":"Yes","generation_info":null,"type":"Generation"}]],"type":"LLMResult"}"#,
        "assistant: Yes",
    ),
    (
        r#"{"messages":[{"type":"human","content":"Hi","id":"1"},{"type":"ai","data":{"type":"ai","content":"Yes"}},{"type":"tool","data":{"type":"tool","content":"No","name":"f","tool_call_id":"c","status":"error"}},{"type":"AIMessageChunk","content":"So"}]}"#,
        "human: Hi | ai: Yes | tool f c:  gave [No] (status error!!) | AIMessageChunk: So",
    ),
    (r#"{"inputs":{"messages":[{"role":"user","content":"Hi"}],"k":1},"tags":["a"]}"#, "user: Hi"),
    (
        r#"{"outputs":[{"graph":null,"update":{"messages":[{"type":"ai","content":"Yes"}]}}]}"#,
        "ai: Yes",
    ),
];

#[test]
fn langchain_messages_and_generations() {
    all(LANGCHAIN);
}

const PYDANTIC: &[(&str, &str)] = &[(
    r#"[{"kind":"request","instructions":null,"parts":[{"part_kind":"system-prompt","content":"Be brief."},{"part_kind":"user-prompt","content":["Hi",{"kind":"image-url","url":"https://a.test/x.png"}],"timestamp":"2026-01-01"}]},{"kind":"response","model_name":"m","finish_reason":"length","parts":[{"part_kind":"thinking","content":"Hm"},{"part_kind":"text","content":"Yes"},{"part_kind":"tool-call","tool_name":"f","args":{"a":1},"tool_call_id":"c"}]},{"kind":"request","parts":[{"part_kind":"tool-return","tool_name":"f","tool_call_id":"c","content":"12"},{"part_kind":"retry-prompt","content":"Again","tool_name":"f"}]}]"#,
    r#"system: Be brief. | user: Hi + at https://a.test/x.png | assistant: <Hm> + Yes + f({"a":1})#c (finish reason length!) | tool: f#c gave [12] + Again"#,
)];

#[test]
fn pydantic_ai_requests_and_responses() {
    all(PYDANTIC);
}

const BEDROCK: &[(&str, &str)] = &[
    (
        r#"{"modelId":"m","system":[{"text":"Be brief."}],"messages":[{"role":"user","content":[{"text":"Hi"}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"c","name":"f","input":{"a":1}}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"c","status":"error","content":[{"text":"No"},{"json":{"b":2}}]}}]}]}"#,
        r#"system: Be brief. | user: Hi | assistant: f({"a":1})#c | user: c gave [No, json {"json":{"b":2}}] (status error!!)"#,
    ),
    (
        r#"{"output":{"message":{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"Hm","signature":"s"}}},{"text":"Yes"}]}},"stopReason":"max_tokens","usage":{"inputTokens":1}}"#,
        "assistant: <Hm> + Yes (stop reason max_tokens!)",
    ),
    (
        r#"[{"toolResult":{"toolUseId":"c","status":"success","content":[{"text":"Yes"}]}}]"#,
        "content: c gave [Yes]",
    ),
];

#[test]
fn bedrock_converse() {
    all(BEDROCK);
}

const AI_SDK: &[(&str, &str)] = &[(
    r#"[{"role":"assistant","content":[{"type":"tool-call","toolCallId":"c","toolName":"f","input":{"a":1}}]},{"role":"tool","content":[{"type":"tool-result","toolCallId":"c","toolName":"f","output":{"type":"json","value":{"b":2}}},{"type":"tool-result","toolCallId":"d","toolName":"f","output":{"type":"error-text","value":"No"}}]}]"#,
    r#"assistant: f({"a":1})#c | tool: f#c gave [json {"b":2}] + f#d gave [No] (type error-text!!)"#,
)];

#[test]
fn ai_sdk_results_that_say_what_they_are() {
    all(AI_SDK);
}

const STREAMS: &[(&str, &str)] = &[
    (
        r#"[{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]},{"id":"c","choices":[{"index":0,"delta":{"reasoning_content":"Hm"}}]},{"id":"c","choices":[{"index":0,"delta":{"content":"On its "}}]},{"id":"c","choices":[{"index":0,"delta":{"content":"way."}}]},{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":""}}]}}]},{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}},{"index":1,"id":"u","function":{"name":"g","arguments":"{}"}}]}}]},{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}}]},{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"length"}]},{"id":"c","choices":[],"usage":{"total_tokens":7}}]"#,
        r#"assistant: <Hm> + On its way. + f({"a":1})#t + g({})#u (finish reason length!)"#,
    ),
    (
        r#"[{"choices":[{"index":0,"delta":{"content":"A"}},{"index":1,"delta":{"content":"B"}}]},{"choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"delta":{"content":"a"}}]}]"#,
        "assistant: Aa | assistant: Bb",
    ),
    (
        r#"[{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"model":"claude","stop_reason":null,"usage":{"input_tokens":3}}},{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}},{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}},{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sig"}},{"type":"content_block_stop","index":0},{"type":"ping"},{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}},{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"On its "}},{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"way."}},{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}},{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\""}},{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":":1}"}},{"type":"message_delta","delta":{"stop_reason":"max_tokens","stop_sequence":null},"usage":{"output_tokens":9}},{"type":"message_stop"}]"#,
        r#"assistant: <Hm> + On its way. + f({"a":1})#t (stop reason max_tokens!)"#,
    ),
    // One that broke off.
    (
        r#"[{"type":"message_start","message":{"role":"assistant","content":[]}},{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"On"}},{"type":"error","error":{"type":"overloaded_error"}}]"#,
        r#"assistant: On + json {"type":"error","error":{"type":"overloaded_error"}}"#,
    ),
];

#[test]
fn streams_are_joined() {
    all(STREAMS);
}

const UNKNOWN: &[(&str, &str)] = &[
    (r#"[{"role":"user","content":"Hi"},{"id":1}]"#, r#"user: Hi | item: json {"id":1}"#),
    (
        r#"{"messages":[{"id":1},{"role":"user","content":"Hi"},"and"]}"#,
        r#"item: json {"id":1} | user: Hi | item: json "and""#,
    ),
    (
        r#"[{"role":"user","content":["a",1,null,{"type":"chart"}]}]"#,
        r#"user: a + json 1 + json null + json {"type":"chart"}"#,
    ),
];

#[test]
fn an_unknown_item_is_shown_among_the_others() {
    all(UNKNOWN);
}

#[test]
fn data_is_no_conversation() {
    for raw in [
        r#"{"role":"admin","user":7}"#,
        r#"[{"type":"tool","price":3},{"type":"chat"}]"#,
        r#"{"message":"Not found","code":404}"#,
        r#"{"content":"text","score":1}"#,
        r"[[1,2],[3,4]]",
        r#"[{"text":"a chunk","score":0.5}]"#,
        r#"{"documents":[{"page_content":"x","type":"Document"}]}"#,
        r#"{"kind":"request","parts":[]}"#,
        "[]",
        "{}",
    ] {
        assert_eq!(told(raw), "no chat", "{raw}");
    }
}
