//! Traces are found by the words of their texts: whatever order their events come in, however
//! they are split and repeated, before the cron makes few blocks of many and after.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::{PROJECT, RECEIVED, World, body};
use edgespan::pipeline::consume::Outcome;
use edgespan::pipeline::rollup::roll_up;
use edgespan::pipeline::verify::forget::{ForgetRequest, forget};
use pollster::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};

const LATER: i64 = RECEIVED + 10 * 60_000;
const WORDS: [&str; 6] = ["apple", "berry", "cherry", "日本", "7", "don't"];

/// The traces that a query finds, page by page.
fn find(world: &World, project: &str, query: &str) -> Vec<String> {
    let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.list(project, &format!("q={query}&limit=2{cursor}"));
        let traces = page["traces"].as_array().unwrap();
        ids.extend(traces.iter().map(|trace| trace["id"].as_str().unwrap().to_owned()));
        match &page["nextCursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => return ids,
        }
    }
}

fn blocks(world: &World) -> usize {
    world.db.texts("select cast(key as text) from word_block").len()
}

fn event(trace: &str, span: &str, second: usize, more: &Value) -> String {
    let mut body = json!({ "traceId": trace, "id": span, "name": "n", "type": "AGENT" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "type": "span-create", "body": body, "timestamp": at(second) }).to_string()
}

fn at(second: usize) -> String {
    format!("2026-03-14T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

/// A trace: the words of its root's input, output and error, and those of a child's. Without a
/// root it is shown by its first child.
#[derive(Debug, Clone)]
struct Said {
    rooted: bool,
    second: usize,
    texts: [Vec<usize>; 4],
}

fn text(words: &[usize]) -> String {
    words.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(" ")
}

impl Said {
    fn events(&self, trace: usize) -> Vec<String> {
        let (id, start) = (format!("t{trace}"), at(self.second));
        let [input, output, error, child] = self.texts.each_ref().map(|words| text(words));
        let child =
            json!({ "input": child, "parentSpanId": "root", "startTime": at(self.second + 1) });
        let mut all = vec![event(&id, "child", self.second + 1, &child)];
        if self.rooted {
            let input = json!({ "startTime": start, "input": { "messages": [{ "role": "user", "content": input }] } });
            let output =
                json!({ "output": output, "errorMessage": error, "endTime": at(self.second + 5) });
            all.push(event(&id, "root", self.second, &input));
            all.push(event(&id, "root", self.second + 5, &output));
        }
        all
    }

    fn texts(&self) -> &[Vec<usize>] {
        if self.rooted { &self.texts[..3] } else { &self.texts[3..] }
    }
}

fn said() -> impl Strategy<Value = Said> {
    let words = || prop::collection::vec(0..WORDS.len(), 0..4);
    // Around the end of an hour.
    (prop::bool::weighted(0.8), 3_590..3_610_usize, [words(), words(), words(), words()])
        .prop_map(|(rooted, second, texts)| Said { rooted, second, texts })
}

/// What is looked for: words, each by itself or in a run.
fn wanted() -> impl Strategy<Value = (Vec<usize>, bool)> {
    (prop::collection::vec(0..WORDS.len(), 1..3), prop::bool::ANY)
}

fn expected(all: &[Said], (words, run): &(Vec<usize>, bool)) -> BTreeSet<String> {
    let has = |said: &&(usize, &Said)| {
        let texts = said.1.texts();
        if *run {
            texts.iter().any(|text| text.windows(words.len()).any(|some| some == &**words))
        } else {
            words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
        }
    };
    let all: Vec<_> = all.iter().enumerate().collect();
    all.iter().filter(has).map(|(at, _)| format!("t{at}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn every_order_split_and_repetition_finds_the_same(
        all in prop::collection::vec(said(), 1..12),
        queries in prop::collection::vec(wanted(), 6),
        order in prop::collection::vec((any::<u32>(), 0..9_usize, prop::option::of(0..9_usize)), 36),
        merged in 0..9_usize,
    ) {
        let events = all.iter().enumerate().flat_map(|(at, said)| said.events(at));
        let mut batches: BTreeMap<usize, Vec<(u32, String)>> = BTreeMap::new();
        for (event, (rank, first, second)) in events.zip(order) {
            for batch in [Some(first), second].into_iter().flatten() {
                batches.entry(batch).or_default().push((rank, event.clone()));
            }
        }
        let world = World::new();
        let other = event("t0", "root", 3_600, &json!({ "input": "apple berry", "startTime": at(3_600) }));
        world.deliver("other", &body(&[other]));
        for (at, mut batch) in batches {
            batch.sort();
            let batch = body(&batch.into_iter().map(|(_, event)| event).collect::<Vec<_>>());
            prop_assert!(matches!(world.deliver(PROJECT, &batch), Outcome::Ack(_)));
            // The same again adds no words.
            let before = blocks(&world);
            world.deliver(PROJECT, &batch);
            prop_assert_eq!(blocks(&world), before);
            if at == merged {
                block_on(roll_up(LATER, &world.db)).unwrap();
            }
        }
        for _ in 0..2 {
            for query in &queries {
                let words = text(&query.0);
                let found = find(&world, PROJECT, &if query.1 { format!("\"{words}\"") } else { words });
                let set: BTreeSet<String> = found.iter().cloned().collect();
                prop_assert_eq!(set.len(), found.len(), "{:?}", found);
                prop_assert_eq!(set, expected(&all, query), "{:?}", query);
            }
            while block_on(roll_up(LATER, &world.db)).unwrap().blocks > 0 {}
        }
    }
}

fn filled(traces: usize) -> World {
    let world = World::new();
    for n in 0..traces {
        let input = format!("common word{n} {}", if n % 7 == 0 { "seventh" } else { "other" });
        let root = json!({ "input": input, "startTime": at(n) });
        world.deliver(PROJECT, &body(&[event(&format!("t{n}"), "root", n, &root)]));
    }
    world
}

#[test]
fn the_cron_makes_few_blocks_of_many_and_finds_the_same() {
    let world = filled(60);
    assert_eq!(blocks(&world), 60);
    let newest: Vec<String> = (0..60).rev().map(|n| format!("t{n}")).collect();
    for _ in 0..2 {
        assert_eq!(find(&world, PROJECT, "COMMON"), newest);
        assert_eq!(find(&world, PROJECT, "common seventh").len(), 9);
        assert_eq!(find(&world, PROJECT, "word7"), ["t7"]);
        assert_eq!(find(&world, PROJECT, "word7 word8"), [""; 0]);
        assert_eq!(find(&world, PROJECT, "nothing"), [""; 0]);
        assert_eq!(find(&world, "other", "common"), [""; 0]);
        block_on(roll_up(LATER, &world.db)).unwrap();
        assert_eq!(blocks(&world), 1);
    }
}

#[test]
fn what_is_forgotten_or_said_anew_is_not_found_by_what_it_said() {
    let world = filled(3);
    let since = "1970-01-01T00:00:00Z".into();
    let request = ForgetRequest {
        since,
        project: PROJECT.into(),
        traces: vec!["t1".into()],
        ..Default::default()
    };
    block_on(forget(&request, LATER, &world.db)).unwrap();
    assert_eq!(find(&world, PROJECT, "common"), ["t2", "t0"]);
    let anew = json!({ "input": "changed", "startTime": at(2) });
    world.deliver(PROJECT, &body(&[event("t2", "root", 9, &anew)]));
    assert_eq!(find(&world, PROJECT, "changed"), ["t2"]);
    assert_eq!(find(&world, PROJECT, "common"), ["t0"]);
}

/// Blocks of a second that are more than are looked at at once, and words that many have but
/// few have together.
#[test]
fn it_looks_on_where_there_is_much() {
    let world = filled(40);
    // As if each block were large.
    let copies = "insert into word_block select key + 1 + value, first, traces, parted, words
        from word_block, (with recursive n (value) as (select 0 union all select value + 1 from n
          where value < 30) select value from n)";
    world.db.0.borrow().execute_batch(copies).unwrap();
    assert_eq!(find(&world, PROJECT, "common").len(), 40);
    assert_eq!(find(&world, PROJECT, "word0"), ["t0"]);
    let page = world.list(PROJECT, "q=word0");
    assert!(page["nextCursor"].is_null() || page["traces"].as_array().unwrap().is_empty());
}
