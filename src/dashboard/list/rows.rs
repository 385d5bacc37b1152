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
use crate::search::excerpt;
use ingest_core::fold::words::Wanted;

/// Tags of a trace that are shown.
const TAGS: usize = 4;

/// The table. Its roles are written out: on narrow screens its rows are laid
/// out as cards, and browsers forget what such a table was.
#[must_use]
pub fn list_table(asked: &ListQuery, rows: &[ListRow], now: Millis) -> Markup {
    // Most projects have no scores, and no column of them.
    let scored = rows.iter().any(|row| !row.scores().is_empty());
    let wanted = asked.words();
    html! {
        table.traces role="table" aria-label="Traces" {
            thead role="rowgroup" {
                tr role="row" {
                    th.c-name role="columnheader" scope="col" { "Name" }
                    th.c-io role="columnheader" scope="col" { "Input and output" }
                    th.c-status role="columnheader" scope="col" { "Status" }
                    th.c-start role="columnheader" scope="col" { "Start (" (format::zone()) ")" }
                    (sorted(asked, "duration", "Duration"))
                    th.c-spans.num role="columnheader" scope="col" { "Spans" }
                    (sorted(asked, "tokens", "Tokens"))
                    (sorted(asked, "cost", "Cost"))
                    @if scored { th.c-score.num role="columnheader" scope="col" { "Score" } }
                }
            }
            tbody role="rowgroup" {
                @for row in rows { (self::row(asked, row, scored, wanted.as_ref(), now)) }
            }
        }
    }
}

/// The head of a column by which the list can be in order. Words are found by time.
fn sorted(asked: &ListQuery, name: &str, label: &str) -> Markup {
    let is = asked.sort == name;
    html! {
        th.num.(format!("c-{name}")) role="columnheader" scope="col" aria-sort=[is.then_some("descending")] {
            @if !asked.asks_for_words() {
                a href=(asked.in_order(name)) title=(if is { "By time" } else { "The greatest first" }) {
                    (label) @if is { span aria-hidden="true" { " ↓" } }
                }
            } @else { (label) }
        }
    }
}

fn row(
    asked: &ListQuery,
    row: &ListRow,
    scored: bool,
    wanted: Option<&Wanted>,
    now: Millis,
) -> Markup {
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
                (line("in", row.input_preview.as_deref(), wanted))
                @match row.error_preview.as_deref().filter(|_| error) {
                    Some(why) => div.io.why { span.label { "error" } span.text { (marked(why, wanted)) } },
                    None => (line("out", row.output_preview.as_deref(), wanted)),
                }
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

fn line(label: &str, words: Option<&str>, wanted: Option<&Wanted>) -> Markup {
    html! {
        div.io.none[words.is_none()] {
            span.label { (label) }
            @match words {
                Some(text) => span.text { (marked(text, wanted)) },
                None => span.text.muted { "–" },
            }
        }
    }
}

/// A text with the words marked that were looked for, from shortly before the first of them.
fn marked(text: &str, wanted: Option<&Wanted>) -> Markup {
    let Some(wanted) = wanted else { return html! { (text) } };
    let part = excerpt::around(wanted, text);
    let text = part.as_deref().unwrap_or(text);
    let mut at = 0;
    html! {
        @for place in excerpt::places(wanted, text) {
            (text.get(at..place.start).unwrap_or_default())
            mark { (text.get(place.clone()).unwrap_or_default()) }
            @let () = at = place.end;
        }
        (text.get(at..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            evil,
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
