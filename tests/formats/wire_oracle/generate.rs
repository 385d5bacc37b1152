//! Batches as text, out of a list of choices that `proptest` can shrink: each
//! choice takes one byte, and 0 is always the simplest.

/// The choices still to make.
pub struct Choices<'a> {
    bytes: std::slice::Iter<'a, u8>,
}

impl<'a> Choices<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: bytes.iter() }
    }

    /// A number below `n`, 0 when there is nothing left to choose.
    fn below(&mut self, n: usize) -> usize {
        self.bytes.next().map_or(0, |byte| usize::from(*byte) % n)
    }

    fn of<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[self.below(list.len())]
    }

    /// True one time in `n`.
    fn rarely(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    fn space(&mut self) -> &'static str {
        if self.rarely(6) { self.of(&[" ", "\n", "\t\t", "\r\n  ", "         "]) } else { "" }
    }
}

const STRINGS: &[&str] = &[
    r#""a""#,
    r#""""#,
    r#""7d4f4ed8-6f0a-4d9c-8a52-0d1d0a1b2c3d""#,
    r#""Grüße, 你好 👋, and more text than one word has""#,
    r#""a \"quoted\" word\n""#,
    r#""\ud83d\ude00\uD83D\u0041""#,
    r#""\\\/\b\f\r\t""#,
];

const ANYTHING: &[&str] = &[
    "1",
    "null",
    "true",
    "-0.5E+3",
    r#""x""#,
    "[]",
    "{}",
    r#"[1,[2,{"a":[]}],"]"]"#,
    r#"{"name":"not the name","b":{"c":[{},{}]},"":null}"#,
    r"[ 1 , 2 ]",
    "false",
];

const OBJECTS: &[&str] = &["{}", r#"{"a":1}"#, r#"{ "a" : { "b" : "}" } }"#];

const TIMES: &[&str] = &[
    r#""2026-03-14T10:00:00Z""#,
    r#""2026-03-14T10:00:00.123456+00:00""#,
    r#""2026-03-14 10:00:00.1-07:00""#,
    r#""2026-03-14""#,
    r#""2026-03-1\u0034""#,
    r#""yesterday""#,
];

const NUMBERS: &[&str] = &[
    "0",
    "150",
    "150.0",
    "1.5e2",
    "-1",
    "0.5",
    "1000000",
    "1000000.5",
    "1000000000000",
    "1000000000001",
    "1e300",
    "1e999",
    "-0",
    "100E-2",
];

/// The fields of a body: their spellings, and values that mostly fit.
const BODY: &[(&[&str], &[&str])] = &[
    (&["input", "output"], ANYTHING),
    (&["startTime", "start_time", "endTime", "end_time"], TIMES),
    (&["metadata", "modelParameters", "model_parameters"], OBJECTS),
    (&["id", "parentSpanId", "parent_span_id", "parentTraceId", "parent_trace_id"], STRINGS),
    (
        &["model", "errorMessage", "error_message", "sessionId", "session_id", "deploymentId"],
        STRINGS,
    ),
    (&["status"], &[r#""OK""#, r#""ERROR""#, r#""ok""#]),
    (&["cost"], NUMBERS),
    (&["tags", "evaluators"], &["[]", r#"["a","b\n"]"#, r#"[ null , "x" ]"#, r#"["a",1]"#]),
    (&["unknown", "Id", "trace-id", "nam", "names"], ANYTHING),
];

const USAGE: &[&str] = &[
    "promptTokens",
    "prompt_tokens",
    "completionTokens",
    "completion_tokens",
    "totalTokens",
    "total_tokens",
    "cachedTokens",
    "cached_tokens",
    "reasoningTokens",
];

/// A whole body.
pub fn body(choices: &mut Choices<'_>) -> String {
    let events: Vec<_> = (0..=choices.below(3)).map(|_| event(choices)).collect();
    let space = choices.space();
    let mut fields = vec![("batch", format!("[{space}{}{space}]", events.join(",")))];
    if choices.rarely(4) {
        fields
            .push((choices.of(&["x", "batch", "sdk"]), choices.of(&["null", "{}", "[[]]"]).into()));
    }
    object(choices, fields)
}

fn event(choices: &mut Choices<'_>) -> String {
    if choices.rarely(20) {
        return choices.of(ANYTHING).into();
    }
    let types = [r#""span-create""#, r#""trace-create""#, r#""trace\u002dcreate""#, r#""other""#];
    let mut fields = vec![("type", choices.of(&types).into()), ("body", event_body(choices))];
    if choices.rarely(2) {
        fields.push(("id", choices.of(STRINGS).into()));
        fields.push(("timestamp", choices.of(TIMES).into()));
    }
    if choices.rarely(8) {
        fields.push((
            "body",
            if choices.rarely(2) { event_body(choices) } else { choices.of(ANYTHING).into() },
        ));
    }
    object(choices, fields)
}

fn event_body(choices: &mut Choices<'_>) -> String {
    let mut fields = vec![
        (choices.of(&["traceId", "trace_id"]), choices.of(STRINGS).into()),
        ("id", choices.of(STRINGS).into()),
        ("name", choices.of(STRINGS).into()),
        (
            "type",
            choices
                .of(&[
                    r#""LLM""#,
                    r#""AGENT""#,
                    r#""HUMAN_HANDOFF""#,
                    r#""\u0056OICE""#,
                    r#""llm""#,
                ])
                .into(),
        ),
    ];
    if choices.rarely(2) {
        let usage = (0..choices.below(6))
            .map(|_| (choices.of(USAGE), choices.of(NUMBERS).into()))
            .collect();
        fields.push(("usage", object(choices, usage)));
        if choices.rarely(4) {
            fields.push(("usage", choices.of(&["{}", r#"{"totalTokens":7}"#, "3"]).into()));
        }
    }
    for _ in 0..choices.below(10) {
        let (names, values) = BODY[choices.below(BODY.len())];
        let values = if choices.rarely(30) { ANYTHING } else { values };
        fields.push((choices.of(names), choices.of(values).into()));
    }
    object(choices, fields)
}

/// The fields in any order, with space between, some of them null, missing or
/// twice, their names now and then escaped.
fn object(choices: &mut Choices<'_>, fields: Vec<(&str, String)>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (name, value) in fields {
        let mut name = name.to_owned();
        if choices.rarely(30) {
            let first = name.remove(0);
            name.insert_str(0, &format!("\\u{:04x}", u32::from(first)));
        }
        let (a, b, c) = (choices.space(), choices.space(), choices.space());
        let part = format!("{a}\"{name}\"{b}:{c}{value}{a}");
        let at = parts.len() - if choices.rarely(2) { choices.below(parts.len() + 1) } else { 0 };
        match choices.below(24) {
            21 => parts.insert(at, format!("\"{name}\":null")),
            22 => {}
            23 => parts.extend([part, format!("\"{name}\":{}null", choices.space())]),
            _ => parts.insert(at, part),
        }
    }
    format!("{{{}}}", parts.join(","))
}
