//! The charts above the list say what the list below them says: for every filter, the
//! whole of it or as far as the list has searched.

use std::fmt::Write;

use crate::common::pages::{html, text};
use crate::common::{PROJECT, RECEIVED, World};
use ingest_core::index_writer::stored_row::key_second;

const SECOND: i64 = 1_000_000;
const NOW: i64 = RECEIVED * 1_000;
const MAX_ROWS_SCANNED: i64 = edgespan::index::traces::MAX_ROWS_SCANNED;

/// Numbers that are anything, and the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, n: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 >> 2).unwrap() % n
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(i64::try_from(of.len()).unwrap())).unwrap()]
    }
}

/// Traces of all kinds over a week, some of the same moment, some of a clock that is
/// ahead; of every third a span has a model.
fn of_all_kinds(count: i64, random: &mut Random) -> World {
    let world = World::new();
    let mut sql = format!("begin; insert into tenant values (1, '{PROJECT}');");
    for n in 1..=count {
        let start = match random.below(10) {
            0 => NOW - 2 * 86_400 * SECOND,
            1 => NOW + random.below(7_200 * SECOND),
            2 | 3 => NOW - random.below(3_600 * SECOND),
            _ => NOW - random.below(7 * 86_400 * SECOND),
        };
        let end = start + random.below(90 * SECOND) - SECOND;
        let (open, failed, root) = (random.below(3) / 2, random.below(4) / 3, random.below(2));
        let end = if random.below(5) == 0 { "null".into() } else { end.to_string() };
        let active = start + random.below(3_600 * SECOND);
        let models = if n % 3 == 0 { "'gpt-4o'" } else { "null" };
        writeln!(
            sql,
            "insert into trace (key, project, id, version, start_us, end_us, spans, errors, tokens, cost_nano,
               created_ms, metadata, name, session, tags, models, open, root_child, active_us, ended, head, pack)
             values ({}, 1, 'id {n}', 1, {start}, {end}, 1, {failed}, {}, {}, 0, '{}', '{}', '{}',
               '[\"{}\"]', {models}, {open}, {root}, {active}, 0, x'', x'');",
            1 << 48 | key_second(start) << 16 | n,
            random.below(1_000),
            random.below(SECOND),
            random.one(&[r#"{"tenant":"acme","n":1}"#, r#"{"tenant":"b","vip":true,"n":1.5}"#, ""]),
            random.one(&["invoice", "Invoices", "agent", "research"]),
            random.one(&["s1", "s2", "s3"]),
            random.one(&["a", "b", "c"]),
        )
        .unwrap();
        if n % 2 == 0 {
            writeln!(
                sql,
                "insert into score (project, id, deleted, rank, at_us, hash, trace, subject, name, value, boolean)
                 values (1, 'score {n}', 0, 2, {n}, 1, 'id {n}', 'id {n}', '{}', '0.{}', 0);",
                random.one(&["helpful", "grounded"]),
                random.below(10)
            )
            .unwrap();
        }
    }
    world.db.execute(&(sql + "commit;"));
    world
}

fn all_of<'a>(page: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    page.split(before).skip(1).map(|rest| rest.split_once(after).unwrap().0).collect()
}

/// What the list comes to when it is followed to its end, or to where it first says
/// that it has not looked further: how many traces, how many of them with errors.
struct Listed {
    traces: i64,
    errors: i64,
    searched: Option<String>,
}

fn list(world: &World, query: &str, to_the_end: bool) -> Listed {
    let mut listed = Listed { traces: 0, errors: 0, searched: None };
    let mut url = format!("/traces?{query}");
    loop {
        let page = html(world, &url);
        listed.traces += i64::try_from(all_of(&page, " data-trace-id=\"", "\"").len()).unwrap();
        listed.errors += i64::try_from(all_of(&page, "status error\"", ">").len()).unwrap();
        if !to_the_end && page.contains("Searched back to ") {
            let time = all_of(&page, "Searched back to <time datetime=\"", "\"")[0];
            listed.searched = Some(time.into());
            return listed;
        }
        match all_of(&page, "rel=\"next\" href=\"", "\"").first() {
            Some(next) => url = next.replace("&amp;", "&"),
            None => return listed,
        }
    }
}

/// What the charts say: in all, and their bars one by one with what these lead to.
struct Charted {
    page: String,
    traces: i64,
    errors: i64,
    bars: Vec<(String, i64, i64)>,
}

fn chart(world: &World, query: &str) -> Charted {
    let page = html(world, &format!("/chart?{query}"));
    let numbers = |said: &str| {
        let (traces, errors) = said.split_once(", ").unwrap();
        let number = |text: &str| {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            digits.parse::<i64>().unwrap()
        };
        (number(traces), number(errors))
    };
    let panel = all_of(&page, "<svg", "</svg>")[0];
    let label = all_of(panel, "aria-label=\"Traces per ", "\"")[0];
    let (traces, errors) = numbers(label.split_once(": ").unwrap().1);
    let bars = all_of(panel, "<rect class=\"hit\"", "</rect>").into_iter().map(|bar| {
        let mut link = format!("from={}", all_of(bar, "data-from=\"", "\"")[0]);
        if let Some(to) = all_of(bar, "data-to=\"", "\"").first() {
            write!(link, "&to={to}").unwrap();
        }
        let said = all_of(bar, "\n", "</title>")[0];
        let (traces, errors) = numbers(said);
        (link, traces, errors)
    });
    Charted { traces, errors, bars: bars.collect(), page: page.clone() }
}

fn without_range(query: &str) -> String {
    let kept = |pair: &&str| !["range=", "from=", "to="].iter().any(|name| pair.starts_with(name));
    query.split('&').filter(kept).collect::<Vec<_>>().join("&")
}

#[test]
fn charts_add_up_to_what_the_list_pages_through() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let world = of_all_kinds(600, &mut random);
    let (mut found, mut led) = (0, 0);
    for round in 0..60 {
        let mut query = String::from(random.one(&[
            "range=all",
            "range=7d",
            "range=36h",
            "range=24h",
            "range=1h",
            "from=2026-11-20T06:19:30.123Z&to=2026-11-22T06:19:30.123Z",
            "from=2026-11-20T06:19:30.123001Z",
            "to=2026-11-21",
        ]));
        for (one_in, pairs) in [
            (2, ["status=ok", "status=error", "status=running", "status=unfinished"].as_slice()),
            (2, &["name=invoice", "name=AGENT", "name=nothing"]),
            (4, &["tag=a", "tag=b", "tag=none", "tag=-a"]),
            (4, &["session=s1", "session=s2"]),
            (4, &["model=GPT", "model=claude"]),
            (4, &["min_duration=30s", "min_duration=1h"]),
            (4, &["min_cost=0.0005", "max_cost=0.0005"]),
            (6, &["max_duration=30s", "min_tokens=500", "max_tokens=400"]),
            (
                6,
                &[
                    "metadata=tenant%3Dacme",
                    "metadata=vip%3Dtrue",
                    "metadata=n%3D1",
                    "metadata=n%3D2",
                ],
            ),
            (4, &["score=helpful%3C0.5", "score=grounded", "score=%3E%3D0.3", "score=none%3D1"]),
        ] {
            if random.below(one_in) == 0 {
                query = format!("{query}&{}", random.one(pairs));
            }
        }
        let (listed, charted) = (list(&world, &query, true), chart(&world, &query));
        let what = format!("round {round}: {query}");
        assert_eq!((charted.traces, charted.errors), (listed.traces, listed.errors), "{what}");
        let sum = |of: fn(&(String, i64, i64)) -> i64| charted.bars.iter().map(of).sum::<i64>();
        assert_eq!((sum(|bar| bar.1), sum(|bar| bar.2)), (listed.traces, listed.errors), "{what}");
        assert!(!charted.page.contains("class=\"note\""), "{what}");
        found += listed.traces;
        // A bar leads to the traces that it stands for.
        let bars: Vec<_> = charted.bars.iter().filter(|bar| bar.1 > 0).collect();
        for (link, traces, errors) in bars.first().into_iter().chain(bars.last()) {
            let query = format!("{}&{link}", without_range(&query));
            let there = list(&world, &query, true);
            assert_eq!((there.traces, there.errors), (*traces, *errors), "{what}: {query}");
            led += 1;
        }
    }
    assert!(found > 1_000 && led > 30, "there is something to compare: {found}, {led}");
}

/// Two traces each two seconds, at the same moment: every so many of the newest pass
/// a filter by name, all are models'.
fn in_a_row(count: i64, every: i64, newest: i64) -> World {
    let world = World::new();
    let sql = format!(
        "create temp table n as with recursive n (value) as (
           select 1 union all select value + 1 from n where value < {count}) select value from n;
         insert into tenant values (1, '{PROJECT}');
         insert into trace (key, project, id, version, start_us, end_us, spans, errors, open, tokens,
           cost_nano, created_ms, name, models, active_us, root_child, ended, head, pack)
         select (1 << 48) | (({} - value / 2 * 2) << 16) | (value % 2), 1, 'id ' || value, 1,
           {NOW} - value / 2 * 2000000, {NOW} - value / 2 * 2000000 + 1000000, 3, 0, 0, 0, 0, 0,
           case when value % {every} = 0 and value <= {newest} then 'invoice' else 'other' end,
           case when value % 7 = 0 then 'claude' else 'gpt' end, {NOW}, 2, 1, x'', x''
         from n",
        key_second(NOW)
    );
    world.db.execute(&sql);
    world
}

fn counted_back_to(charted: &Charted) -> Option<&str> {
    all_of(&charted.page, "Counted back to <time datetime=\"", "\"").first().copied()
}

#[test]
fn charts_go_as_far_back_as_the_list_has_searched_and_say_so() {
    let count = MAX_ROWS_SCANNED + 1_000;
    let world = in_a_row(count, 125, count);
    let query = "range=7d&name=invoice";
    // Of the two at the end one was not looked at, which the filter lets through.
    let (listed, charted) = (list(&world, query, false), chart(&world, query));
    assert_eq!(
        (listed.traces, charted.traces),
        (MAX_ROWS_SCANNED / 125 - 1, MAX_ROWS_SCANNED / 125 - 1)
    );
    assert!(listed.searched.is_some());
    assert_eq!(counted_back_to(&charted), listed.searched.as_deref());
    assert!(text(&charted.page).contains("Counted back to 2026-11-22 04:56:10 only."));
    assert_eq!(charted.bars.iter().map(|bar| bar.1).sum::<i64>(), MAX_ROWS_SCANNED / 125 - 1);
    // To where it was not looked no bar leads.
    assert_eq!(charted.bars[0].0.split_once('&').unwrap().0, "from=2026-11-22T04:56:10.123Z");
    // Nothing found is the same.
    let none = chart(&world, "range=7d&name=none");
    assert_eq!((none.traces, counted_back_to(&none)), (0, listed.searched.as_deref()));
    assert!(
        text(&html(&world, "/traces?range=7d&name=none"))
            .contains("No match in the newest 5,000 traces")
    );
    assert!(text(&none.page).contains("– p50 · – p95"), "{}", none.page);
}

#[test]
fn charts_look_at_models_as_at_all_else() {
    let world = in_a_row(6_000, 1, 0);
    let until = Some("2026-11-22T04:56:10.123Z");
    for (query, traces, back) in
        [("range=7d&model=claude", 6_000 / 7, None), ("range=7d&model=none", 0, until)]
    {
        let charted = chart(&world, query);
        assert_eq!((charted.traces, counted_back_to(&charted)), (traces, back), "{query}");
    }
    let searched = list(&world, "range=7d&model=none", false).searched;
    assert_eq!(searched.as_deref(), Some("2026-11-22T04:56:10.123Z"));
    let all = chart(&world, "from=2026-11-22T05:00:00Z&model=claude");
    assert_eq!((all.traces, counted_back_to(&all)), (4_770 / 7, None));
    assert_eq!(list(&world, "from=2026-11-22T05:00:00Z&model=claude", true).traces, all.traces);
}

#[test]
fn what_is_too_rare_to_estimate_is_counted_among_the_newest() {
    // 100 in the newest 1,000 of 30,000: the list has a page full.
    let world = in_a_row(30_000, 10, 1_000);
    let charted = chart(&world, "range=7d&name=invoice");
    assert_eq!(charted.traces, 100);
    assert!(counted_back_to(&charted).is_some() && !charted.page.contains('≈'));
    assert_eq!(list(&world, "range=7d&name=invoice", false).traces, 100);
    // What there is enough of is estimated, and says so.
    let many = chart(&world, "range=7d&name=other");
    assert!(many.page.contains("≈ Estimated from a sample") && counted_back_to(&many).is_none());
    assert!((27_000..33_000).contains(&many.traces), "{}", many.traces);
}
