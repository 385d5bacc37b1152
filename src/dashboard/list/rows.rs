//! Traces as rows of a table: the list's and a session's.

use maud::{Markup, html};
use xxhash_rust::xxh3::xxh3_64;

use super::filter::ListQuery;
use crate::dashboard::ui::format;
use crate::dashboard::ui::format::{count, encode, mean, short_number as short, time};
use crate::dashboard::ui::span_duration::SpanDuration;
use crate::dashboard::ui::status::show_trace_status;
use crate::dashboard::ui::url::session_url;
use crate::index::traces::{ListRow, ScoresInList};
use crate::model::{Millis, TraceStatus};

/// Tags of a trace that are shown.
const TAGS: usize = 4;

/// The table. Its roles are written out: on narrow screens its rows are laid
/// out as cards, and browsers forget what such a table was.
#[must_use]
pub fn list_table(asked: &ListQuery, rows: &[ListRow], now: Millis) -> Markup {
    // Most projects have no scores, and no column of them.
    let scored = rows.iter().any(|row| !row.scores().is_empty());
    html! {
        table.traces role="table" aria-label="Traces" {
            thead role="rowgroup" {
                tr role="row" {
                    th.c-name role="columnheader" scope="col" { "Name" }
                    th.c-io role="columnheader" scope="col" { "Input and output" }
                    th.c-status role="columnheader" scope="col" { "Status" }
                    th.c-start role="columnheader" scope="col" { "Start (" (format::zone()) ")" }
                    th.c-duration.num role="columnheader" scope="col" { "Duration" }
                    th.c-spans.num role="columnheader" scope="col" { "Spans" }
                    th.c-tokens.num role="columnheader" scope="col" { "Tokens" }
                    th.c-cost.num role="columnheader" scope="col" { "Cost" }
                    @if scored { th.c-score.num role="columnheader" scope="col" { "Score" } }
                }
            }
            tbody role="rowgroup" {
                @for row in rows { (self::row(asked, row, scored, now)) }
            }
        }
    }
}

fn row(asked: &ListQuery, row: &ListRow, scored: bool, now: Millis) -> Markup {
    let href = format!("/traces/{}", encode(&row.id));
    let name = if row.name.is_empty() { "(no name)" } else { &row.name };
    let tags: Vec<String> =
        row.tags.as_deref().and_then(|tags| serde_json::from_str(tags).ok()).unwrap_or_default();
    let status = row.status(now);
    let error = status == TraceStatus::Error;
    html! {
        // Ids may have any characters in them; these have none that matter.
        tr.failed[error] id=(format!("t-{:016x}", xxh3_64(row.id.as_bytes()))) data-trace-id=(row.id) role="row" {
            td.c-name role="cell" {
                a.name href=(href) title=(name) { (name) }
                div.tags {
                    @for tag in tags.iter().take(TAGS) {
                        a.tag href=(asked.with_tag(tag)) title=(tag) { (tag) }
                    }
                    @if tags.len() > TAGS {
                        span.muted title=(tags.join(", ")) { "+" (tags.len() - TAGS) }
                    }
                    @if let Some(session) = &row.session {
                        a.session href=(session_url(session, row.start_us)) title=(format!("Session {session}")) {
                            span.sr { "Session " } (session)
                        }
                    }
                }
            }
            td.c-io role="cell" {
                (line("in", row.input_preview.as_deref()))
                (line("out", row.output_preview.as_deref()))
            }
            td.c-status role="cell" { (show_trace_status(status, row.failures)) }
            td.c-start role="cell" { (format::ago(row.start_us)) (time(row.start_us)) }
            td.c-duration.num role="cell" { (took(row, status)) }
            td.c-spans.num role="cell" { (count(row.spans)) span.unit { @if row.spans == 1 { " span" } @else { " spans" } } }
            td.c-tokens.num.muted[row.tokens == 0] role="cell" { (format::tokens(row.tokens)) span.unit { " tokens" } }
            td.c-cost.num.muted[row.cost_nano == 0] role="cell" { (format::cost(row.cost_nano)) }
            @if scored { td.c-score.num role="cell" { (score(&row.scores())) } }
        }
    }
}

/// What a trace's scores are on average, and on hover by evaluator.
fn score(scores: &[ScoresInList]) -> Markup {
    let each = scores.iter().map(|ScoresInList { name, count, mean }| {
        let mean = mean.map_or_else(String::new, |mean| format!(" {}", short(mean)));
        let count = if *count > 1 { format!(" ({count})") } else { String::new() };
        format!("{name}{mean}{count}")
    });
    let all = each.collect::<Vec<_>>().join("\n");
    html! {
        @match mean(scores.iter().filter_map(|score| score.mean)) {
            Some(mean) => span title=(all) { (short(mean)) span.unit { " score" } },
            None if scores.is_empty() => {},
            None => span.muted title=(all) { "–" },
        }
    }
}

/// How long a trace took: as far as that is known, and no longer than it took.
fn took(row: &ListRow, status: TraceStatus) -> Markup {
    let unknown = |why: &str| html! { span.muted title=(why) { "–" } };
    match (status, row.end_us) {
        (TraceStatus::Running, _) => format::since(row.start_us),
        (TraceStatus::Unfinished, _) => unknown("It never ended"),
        (_, None) => unknown("Nothing in it says an end"),
        (_, end) => SpanDuration::of(Some(row.start_us), end, None).shown(),
    }
}

fn line(label: &str, json: Option<&str>) -> Markup {
    html! {
        div.io.none[json.is_none()] {
            span.label { (label) }
            @match json.map(payload_preview) {
                Some(text) => span.text { (text) },
                None => span.text.muted { "–" },
            }
        }
    }
}

/// The beginning of some JSON as a line of text: what a string says, anything
/// else as it is, but for letters that were written as numbers.
#[must_use]
pub fn payload_preview(json: &str) -> String {
    let json = json.trim();
    let text = if json.starts_with('"') { string(json) } else { None };
    let text = text.unwrap_or_else(|| unescaped(json));
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if !word.is_empty() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    line
}

/// A JSON string, or as much of it as there is: the index cuts previews, also
/// in the middle of an escape.
fn string(json: &str) -> Option<String> {
    if let Ok(whole) = serde_json::from_str(json) {
        return Some(whole);
    }
    // The longest escape is a pair of surrogates, twelve characters.
    (0..=12).find_map(|less| {
        let kept = json.get(..json.len().checked_sub(less)?)?;
        serde_json::from_str::<String>(&format!("{kept}\"")).ok().map(|text| text + "…")
    })
}

/// JSON with its `\u0627` as the letters that they are: Python's `json.dumps`
/// writes all but ASCII so. Quotes, backslashes and control characters stay
/// escaped, and an escape that is cut off at the end goes.
fn unescaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        text.push_str(before);
        let Some((letter, length)) = letter(escape) else { return text + "…" };
        match letter {
            Some(letter) => text.push(letter),
            None => text.push_str(escape.get(..length).unwrap_or(escape)),
        }
        rest = escape.get(length..).unwrap_or_default();
    }
    text + rest
}

/// What an escape stands for, if it is better shown so, and its length; `None`
/// for one that is cut off.
fn letter(escape: &str) -> Option<(Option<char>, usize)> {
    let unit = |text: &str| u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    // A complete escape of this kind has six characters.
    let short = |text: &str| "\\u".starts_with(text) || (text.starts_with("\\u") && text.len() < 6);
    if short(escape) {
        return None;
    }
    let Some(first) = unit(escape) else {
        return Some((None, 1 + escape.chars().nth(1).map_or(0, char::len_utf8)));
    };
    let pair = (0xD800..0xDC00).contains(&first);
    let second = escape.get(6..).filter(|_| pair).unwrap_or_default();
    if pair && short(second) {
        return None;
    }
    let units = [first].into_iter().chain(unit(second));
    let letter = char::decode_utf16(units).next().and_then(Result::ok);
    let plain = letter.filter(|c| !c.is_control() && !matches!(c, '"' | '\\'));
    Some((plain, if letter.is_some() && pair { 12 } else { 6 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previews_what_was_said() {
        for (json, text) in [
            (r#""On its way.""#, "On its way."),
            (r#""two\nlines\tand \"quotes\"""#, "two lines and \"quotes\""),
            (r#""cut in the midd"#, "cut in the midd…"),
            (r#""cut in an escape\"#, "cut in an escape…"),
            (r#""cut in an escape\u00"#, "cut in an escape…"),
            (r#""cut in a pair\ud83d\ude"#, "cut in a pair…"),
            (r#"{"question":  "Where?"#, r#"{"question": "Where?"#),
            (r#"{"answer": "\u0627\u0644\u0639"}"#, "{\"answer\": \"\u{627}\u{644}\u{639}\"}"),
            (
                r#"["\u00e9 \ud83d\ude00", "\n\\u00e9\"\u0022\u005c\u000a"]"#,
                "[\"é 😀\", \"\\n\\\\u00e9\\\"\\u0022\\u005c\\u000a\"]",
            ),
            (
                r#"["\ud83d", "\ud83dx", "\ude00", "\uzzzz", "\u12"]"#,
                r#"["\ud83d", "\ud83dx", "\ude00", "\uzzzz", "\u12"]"#,
            ),
            (r#"{"a": "\u0627\"#, "{\"a\": \"\u{627}…"),
            (r#"{"a": "\u0627\u"#, "{\"a\": \"\u{627}…"),
            (r#"{"a": "\u0627\u064"#, "{\"a\": \"\u{627}…"),
            (r#"{"a": "\u0627\ud83d"#, "{\"a\": \"\u{627}…"),
            (r#"{"a": "\u0627\ud83d\ude0"#, "{\"a\": \"\u{627}…"),
            (r#"{"a": "\u0627\n"#, "{\"a\": \"\u{627}\\n"),
            ("12", "12"),
            ("null", "null"),
            (r#""""#, ""),
        ] {
            assert_eq!(payload_preview(json), text, "{json}");
        }
    }

    #[test]
    fn escapes_what_clients_sent() {
        let evil = r#"<script>alert(1)</script>"'><img src=x onerror=alert(1)>"#;
        let json = serde_json::to_string(evil).unwrap();
        let row: ListRow = serde_json::from_value(serde_json::json!([
            "1",
            evil,
            evil,
            0,
            5,
            1,
            1,
            1,
            1,
            evil,
            serde_json::to_string(&[evil]).unwrap(),
            json,
            json,
            0,
            0,
            1,
            0,
            0,
            0,
            serde_json::json!([[evil, 2, 0.5], [evil, 1, null]]).to_string(),
            1,
            0
        ]))
        .unwrap();
        let html = list_table(&ListQuery::default(), &[row], 0).into_string();
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        // Nor does anything end an attribute.
        assert!(!html.contains("\"'>") && !html.contains("&quot;'><"), "{html}");
    }
}
