//! Changes to a body that keep most of it JSON: values are found, exchanged,
//! doubled and wrapped; bytes are changed now and then. All of it out of a seed.

/// A generator of numbers that is the same everywhere (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    pub fn of<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.below(list.len())]
    }
}

/// Values and keys that mean something somewhere.
const WORDS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1e5",
    "1.5",
    "-1",
    "1e999",
    "1000000",
    "1000000000000",
    "1000000000001",
    "100E-2",
    "0.00000000000000000001e21",
    "[]",
    "{}",
    "[null]",
    "\"\"",
    "\"a\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"..\"",
    "\"\\ud83d\\ude00\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"OK\"",
    "\"ERROR\"",
    "\"LLM\"",
    "\"HUMAN_HANDOFF\"",
    "\"trace-create\"",
    "\"span-create\"",
    "\"sp\\u0061n-create\"",
    "\"2026-03-14T10:00:00.123456789Z\"",
    "\"2026-03-14\"",
    "\"9999-12-31T23:59:59Z\"",
    "\"-000001-01-01T00:00Z\"",
    "\"0000-01-01T00:00+23:59\"",
    "\"id\"",
    "\"type\"",
    "\"timestamp\"",
    "\"body\"",
    "\"batch\"",
    "\"name\"",
    "\"traceId\"",
    "\"trace_id\"",
    "\"parentSpanId\"",
    "\"parent_span_id\"",
    "\"startTime\"",
    "\"end_time\"",
    "\"input\"",
    "\"output\"",
    "\"model\"",
    "\"modelParameters\"",
    "\"usage\"",
    "\"promptTokens\"",
    "\"total_tokens\"",
    "\"cachedTokens\"",
    "\"cost\"",
    "\"status\"",
    "\"errorMessage\"",
    "\"metadata\"",
    "\"tags\"",
    "\"evaluators\"",
    "\"sessionId\"",
    "\"deployment_id\"",
    "\"b\\u0061tch\"",
    "\"\\u0069d\"",
    "\"\\ud800\"",
    "\"__proto__\"",
];

const TELLING: &[u8] = b"{}[]\",:\\ \n0-.eEtfnu/\x00\x1f\x7f\x80\xc3\xff";

/// A body that is somewhat unlike `body`; parts may come from `other`.
pub fn mutated(body: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = body.to_vec();
    for _ in 0..=random.below(4) {
        change(&mut bytes, other, random);
        bytes.truncate(MOST);
    }
    bytes
}

/// Longer bodies are found by no more than chance, and take longer.
const MOST: usize = 4_096;

fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let values = values(bytes);
    if values.is_empty() || random.below(5) == 0 {
        return change_bytes(bytes, random);
    }
    let (start, end) = *random.of(&values);
    let value = bytes[start..end].to_vec();
    let new = match random.below(9) {
        0 | 1 => random.of(WORDS).as_bytes().to_vec(),
        2 => {
            let (from, to) = *random.of(&values);
            bytes[from..to].to_vec()
        }
        3 => match &*self::values(other) {
            [] => Vec::new(),
            theirs => {
                let (from, to) = *random.of(theirs);
                other[from..to].to_vec()
            }
        },
        4 => wrapped(&value, random),
        5 => [&value, &b","[..], &value].concat(),
        6 => [&value, &b":"[..], random.of(WORDS).as_bytes(), b","].concat(),
        7 => [random.of(&[" ", "\n\t", "\r", "      "]).as_bytes(), &value].concat(),
        _ => escaped(&value, random),
    };
    bytes.splice(start..end, new);
}

fn change_bytes(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let end = bytes.len().min(at + random.below(40));
    match random.below(7) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, *random.of(TELLING)),
        2 => drop(bytes.drain(at..end)),
        3 => bytes.extend_from_within(at..end),
        4 => drop(bytes.splice(at..end, random.of(WORDS).bytes())),
        _ if at < bytes.len() => {
            let byte = if random.below(2) == 0 {
                *random.of(TELLING)
            } else {
                bytes[at] ^ 1 << random.below(8)
            };
            bytes[at] = byte;
        }
        _ => {}
    }
}

/// The value within arrays or objects, sometimes just as many as are let in.
fn wrapped(value: &[u8], random: &mut Random) -> Vec<u8> {
    let levels = if random.below(8) == 0 { 504 + random.below(12) } else { 1 + random.below(3) };
    let (open, close) =
        *random.of(&[("[", "]"), ("{\"a\":", "}"), ("[0,", "]"), ("{\"id\":1,\"body\":", "}")]);
    [open.repeat(levels).as_bytes(), value, close.repeat(levels).as_bytes()].concat()
}

/// A letter of a string written as an escape; other values as they are.
fn escaped(value: &[u8], random: &mut Random) -> Vec<u8> {
    let mut value = value.to_vec();
    if value.len() > 2 && value[0] == b'"' {
        let at = 1 + random.below(value.len() - 2);
        let escape = format!("\\u{:04x}", value[at]);
        value.splice(at..=at, escape.bytes());
    }
    value
}

/// Where values and keys are, as far as it can be told.
fn values(bytes: &[u8]) -> Vec<(usize, usize)> {
    let (mut values, mut open, mut at) = (Vec::new(), Vec::new(), 0);
    while at < bytes.len() {
        let start = at;
        at += 1;
        match bytes[start] {
            b'[' | b'{' => open.push(start),
            b']' | b'}' => values.extend(open.pop().map(|start| (start, at))),
            b'"' => {
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at = bytes.len().min(at + 1);
                values.push((start, at));
            }
            b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' => {}
            _ => {
                while at < bytes.len() && !b"[]{},: \"\n\r\t".contains(&bytes[at]) {
                    at += 1;
                }
                values.push((start, at));
            }
        }
    }
    values
}
