//! The invariants, once the faults have stopped and all is settled: what is read is what
//! was said, project by project, through the service's own read API.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use edgespan::api;
use edgespan::batch::BatchRef;
use edgespan::error::Error;
use edgespan::formats::FORMATS;
use edgespan::index::RowBounds;
use edgespan::memory_budget::MemoryBudget;
use edgespan::payload::Source;
use edgespan::pipeline::consume::{Delivery, consume};
use edgespan::pipeline::queue::Message;
use edgespan::time;
use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::book::{Book, Project};
use crate::evaluations;
use crate::oracle::{Known, Score, Trace};
use crate::sqlite::Pooled;
use crate::state::{dump, find_miscounted, find_wrong};
use crate::verification::Verification;
use crate::workload::SaidSpan;
use crate::world::World;

/// Raw batches that neither the ledger nor the dead letters know. One that the ledger has
/// by a later object is not known yet.
pub fn unseen(world: &World) -> Vec<String> {
    let of_key = |key: &str| {
        let batch = BatchRef::parse(key).unwrap();
        ((batch.project, batch.id), batch.received)
    };
    let written = "select json_array(project, id, received_ms) from batch";
    let written = world.db.texts(written).into_iter().map(|row| {
        let (project, id, received): (String, String, i64) = serde_json::from_str(&row).unwrap();
        ((project, id), received)
    });
    let dead = world.db.texts("select object from dead_letter");
    let known: BTreeMap<_, _> = written.chain(dead.iter().map(|object| of_key(object))).collect();
    let objects = world.store.objects.borrow();
    let is_known = |key: &&String| {
        let (batch, received) = of_key(key);
        known.get(&batch).is_some_and(|known| *known <= received)
    };
    objects.keys().filter(|key| !is_known(key)).cloned().collect()
}

/// Notes where one state is not another.
pub fn compare(world: &World, what: &str, is: &[String], should: &[String]) {
    if let Some(at) = (0..is.len().max(should.len())).find(|at| is.get(*at) != should.get(*at)) {
        world.violate(format!("{what}: {:?} instead of {:?}", is.get(at), should.get(at)));
    }
}

/// Holds the world to everything that clients were told.
pub fn check(world: &World, book: &Book) {
    let lost = book.lost(world);
    if lost > 0 {
        world.violate(format!("{lost} acknowledged batches are not in R2"));
    }
    for wrong in find_wrong(&world.db).into_iter().chain(find_miscounted(&world.db)) {
        world.violate(wrong);
    }
    if !world.db.texts("select id from span limit 1").is_empty() {
        world.log.sometimes("a span has a row of its own");
    }
    let (expected, batches, events) = book.expected(world);
    let counts = format!("[Integer({batches}), Integer({events})]");
    for sql in [
        "select count(*), coalesce(sum(events), 0) from batch",
        "select coalesce(sum(batches), 0), coalesce(sum(events), 0) from stat",
    ] {
        let counted = world.db.dump(sql).concat();
        if counted != counts {
            world.violate(format!("{sql}: {counted}, not {counts}"));
        }
    }
    let dead = world.db.texts("select object from dead_letter order by object");
    if !dead.iter().eq(world.unreadable.borrow().iter()) {
        world.violate(format!("dead letters {dead:?}, not {:?}", world.unreadable.borrow()));
    }
    for project in &book.projects {
        let known = expected.get(&project.id).cloned().unwrap_or_default();
        if let Err(why) = check_project(world, project, &known) {
            world.violate(format!("project {}: {why}", project.name));
        }
    }
}

/// Compares the index with the raw batches as the operator would, with any number of
/// batches in a step.
pub fn verify(world: &World) {
    let keys = usize::try_from(world.chance.number(1..=40)).unwrap();
    let (now, since) = (world.now(), "1970-01-01");
    let (store, db, formats) = (&world.store, &*world.db, FORMATS);
    let verification = Verification { store, keys, db, formats, now, since };
    for line in verification.report().lines {
        world.violate(format!("verification: {line}"));
    }
}

/// Reads everything into another database, in any order and any company, and compares.
pub fn rebuild(world: &World) {
    let db = Pooled::default();
    let spans = usize::try_from(world.chance.number(0..=12)).unwrap();
    db.1.set(RowBounds { spans, ..RowBounds::default() });
    let mut keys: Vec<String> = world.store.objects.borrow().keys().cloned().collect();
    world.chance.shuffle(&mut keys);
    let batch = |key: &String| Delivery {
        message: Message::of(&BatchRef::parse(key).unwrap()),
        attempt: 1,
    };
    let now = || world.now();
    for some in keys.chunks(usize::try_from(world.chance.number(1..=10)).unwrap()) {
        let deliveries: Vec<_> = some.iter().map(batch).collect();
        let consumed = consume(&deliveries, &now, FORMATS, &world.store, &*db).now_or_never();
        world.note(format_args!("rebuilt: {}", consumed.map_or(0, |outcomes| outcomes.len())));
    }
    for wrong in find_miscounted(&db) {
        world.violate(format!("written anew in another order: {wrong}"));
    }
    compare(world, "written anew in another order", &dump(&db), &dump(&world.db));
}

type Problem = String;

fn check_project(world: &World, of: &Project, known: &Known) -> Result<(), Problem> {
    let project = &*of.id;
    let judged = check_scores(world, project, known)?;
    evaluations::check(world, of, known, &judged)?;
    let mut listed: BTreeMap<String, Value> = BTreeMap::new();
    for trace in read(world, project, None)?["traces"].as_array().into_iter().flatten() {
        let id = trace["id"].as_str().unwrap_or_default();
        if listed.insert(id.into(), trace.clone()).is_some() {
            return Err(format!("trace {id} is listed twice"));
        }
    }
    if !listed.keys().eq(known.0.keys()) {
        let (is, should) = (listed.keys(), known.0.keys());
        return Err(format!(
            "traces {:?}, not {:?}",
            is.collect::<Vec<_>>(),
            should.collect::<Vec<_>>()
        ));
    }
    for (id, trace) in &known.0 {
        let whole = read(world, project, Some(id))?;
        for shown in [&listed[id], &whole] {
            check_trace(shown, trace).map_err(|why| format!("trace {id}: {why}"))?;
        }
        let of_it = |(_, score): &(&String, &Score)| {
            !score.deleted && score.said.iter().any(|(trace, _)| trace == id)
        };
        // Where either of two counts, it may be another trace's.
        let may = known.1.iter().filter(of_it).count();
        let judged = usize::from(judged.contains_key(id));
        let sure = known.1.iter().filter(of_it).filter(|(_, score)| score.said.len() == 1).count();
        for shown in [&listed[id]["scoreCount"], &json!(whole["scores"].as_array().map(Vec::len))] {
            let count = shown.as_u64().and_then(|count| usize::try_from(count).ok());
            if !count.is_some_and(|count| (sure + judged..=may + judged).contains(&count)) {
                return Err(format!("trace {id} has {shown} scores, not {sure} to {may}"));
            }
        }
        let spans = whole["spans"].as_array().ok_or("no spans")?;
        let ids: BTreeSet<_> = spans.iter().filter_map(|span| span["id"].as_str()).collect();
        if ids.len() != spans.len() || !ids.iter().eq(trace.spans.keys()) {
            return Err(format!("trace {id} has spans {ids:?}, not {:?}", trace.spans.keys()));
        }
        for span in spans {
            let said = &trace.spans[span["id"].as_str().unwrap_or_default()];
            check_span(span, said, trace).map_err(|why| format!("trace {id}, span {why}"))?;
        }
    }
    Ok(())
}

/// Compares the list of scores, page by page: what evaluators say, by trace, is left over.
fn check_scores(
    world: &World,
    project: &str,
    known: &Known,
) -> Result<BTreeMap<String, f64>, Problem> {
    let mut judged = BTreeMap::new();
    let mut left: BTreeMap<_, _> = known.1.iter().filter(|(_, score)| !score.deleted).collect();
    let mut query = "limit=7".to_owned();
    loop {
        let answer = api::list_scores(project, &query, &*world.db).now_or_never();
        let text = answer.ok_or("the answer waits for something")?.map_err(|e| format!("{e:?}"))?;
        let page: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        for shown in page["scores"].as_array().into_iter().flatten() {
            if shown["source"] == "evaluator" {
                let trace = shown["traceId"].as_str().unwrap_or_default().to_owned();
                let value = money(&shown["value"]).unwrap_or(-1.0);
                if judged.insert(trace, value).is_some() {
                    return Err(format!("{shown} says it twice"));
                }
                continue;
            }
            let id = shown["id"].as_str().unwrap_or_default().to_owned();
            let score = left.remove(&id).ok_or_else(|| format!("score {id} is not to be there"))?;
            let is_it = |(trace, value): &(String, i64)| {
                shown["traceId"] == json!(trace)
                    && money(&shown["value"])
                        .is_some_and(|is| format!("{:.0}", is * 10.0) == value.to_string())
            };
            if !score.said.iter().any(is_it) {
                return Err(format!("score {shown} is not one of {:?}", score.said));
            }
        }
        match page["nextCursor"].as_str() {
            Some(next) => query = format!("limit=7&cursor={next}"),
            None if left.is_empty() => return Ok(judged),
            None => {
                return Err(format!("scores {:?} are missing", left.keys().collect::<Vec<_>>()));
            }
        }
    }
}

fn read(world: &World, project: &str, trace: Option<&str>) -> Result<Value, Problem> {
    let budget = Rc::new(MemoryBudget::for_reads());
    let source =
        Source { store: &world.store, formats: FORMATS, budget: &budget, now: world.now() };
    let answer: Option<Result<String, Error>> = match trace {
        Some(id) => api::get(project, id, "", &*world.db, source).now_or_never(),
        None => api::list(project, "limit=100", &*world.db, source).now_or_never(),
    };
    let text = answer.ok_or("the answer waits for something")?.map_err(|e| format!("{e:?}"))?;
    serde_json::from_str(&text).map_err(|e| e.to_string())
}

fn expect(what: &str, is: &Value, should: &Value) -> Result<(), Problem> {
    if is == should { Ok(()) } else { Err(format!("{what} is {is}, not {should}")) }
}

fn money(value: &Value) -> Option<f64> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.parse().ok()
}

fn check_money(is: &Value, nano: i64) -> Result<(), Problem> {
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    let should = nano as f64 / 1e9;
    match money(is) {
        Some(is) if (is - should).abs() < 5e-10 => Ok(()),
        _ => Err(format!("cost is {is}, not {should}")),
    }
}

fn check_trace(shown: &Value, trace: &Trace) -> Result<(), Problem> {
    expect("totalTokens", &shown["totalTokens"], &trace.tokens().into())?;
    expect("spanCount", &shown["spanCount"], &trace.spans.len().into())?;
    check_money(&shown["totalCost"], trace.cost_nano())?;
    if let Some((_, name)) = &trace.name {
        expect("name", &shown["name"], &json!(name))?;
    }
    expect("startTime", &shown["startTime"], &json!(trace.start.map(time::with_millis)))?;
    expect("endTime", &shown["endTime"], &json!(trace.end.map(time::with_millis)))?;
    let rootless = trace.spans.values().all(|span| span.parent.is_some());
    let failed = if rootless { trace.errors() > 0 } else { trace.root_failed() };
    let ended = if failed { "ERROR" } else { "OK" };
    // How long ago it was heard of says which of the two that are apart by time it is.
    let may: &[&str] = match (trace.open() > 0 || trace.spans.is_empty(), rootless) {
        (true, _) => &["RUNNING", "UNFINISHED"],
        (false, true) => &["RUNNING", ended],
        (false, false) => &[ended],
    };
    let status = shown["status"].as_str().unwrap_or_default();
    if may.contains(&status) { Ok(()) } else { Err(format!("status is {status}, not {may:?}")) }
}

fn check_span(shown: &Value, said: &SaidSpan, trace: &Trace) -> Result<(), Problem> {
    let id = &said.id;
    let problem = |why| format!("{id}: {why}");
    expect("name", &shown["name"], &json!(said.name)).map_err(problem)?;
    expect("input", &shown["input"], &json!(said.name)).map_err(problem)?;
    expect("totalTokens", &shown["totalTokens"], &json!(said.tokens)).map_err(problem)?;
    match said.cost_nano {
        Some(cost) => check_money(&shown["cost"], cost).map_err(problem)?,
        None => expect("cost", &shown["cost"], &Value::Null).map_err(problem)?,
    }
    let status = if said.failed == Some(true) { "ERROR" } else { "OK" };
    expect("status", &shown["status"], &status.into()).map_err(problem)?;
    let start = json!(time::with_millis(said.start));
    expect("startTime", &shown["startTime"], &start).map_err(problem)?;
    let end = json!(said.end.map(time::with_millis));
    expect("endTime", &shown["endTime"], &end).map_err(problem)?;
    match &said.parent {
        Some(parent) if trace.spans.contains_key(parent) => {
            expect("parent", &shown["parentSpanId"], &json!(parent)).map_err(problem)
        }
        Some(_) => Ok(()),
        None => expect("parent", &shown["parentSpanId"], &Value::Null).map_err(problem),
    }
}
