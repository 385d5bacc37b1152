//! What D1 holds, unpacked, for comparing one database with another and with itself.

use std::collections::{BTreeMap, BTreeSet};

use edgespan::index::rollups::{UsageRow, read_usage};
use ingest_core::fold::metadata::Metadata;
use ingest_core::fold::model_use::{ModelUse, model_uses};
use ingest_core::fold::span::{Folded, Span};
use ingest_core::fold::spans::{Spans, Totals};
use ingest_core::fold::words::{each_word, hash};
use ingest_core::index_writer::counted::add_uses;
use ingest_core::index_writer::stored_row::{NO_COLUMNS, Stored, StoredRow, TraceRow};
use ingest_core::index_writer::word_blocks::{HOUR_S, second_of_key};
use ingest_core::pack::usage::{By, Cells, Key, read_cells};
use ingest_core::pack::words::Block;
use ingest_core::pack::{hex, spans};

use crate::sqlite::Sqlite;

/// A trace as it is stored.
struct Held {
    project: String,
    id: String,
    key: String,
    stored: Stored,
    /// The columns, as JSON, in the order in which they are written.
    columns: String,
    /// Spans that have rows of their own.
    others: Spans,
}

fn column(field: &str) -> String {
    if ["head", "pack"].contains(&field) { format!("hex(t.{field})") } else { format!("t.{field}") }
}

fn list(fields: &[&str]) -> String {
    fields.iter().map(|field| column(field)).collect::<Vec<_>>().join(", ")
}

/// The columns that are written.
fn columns() -> Vec<&'static str> {
    TraceRow::FIELDS.iter().copied().filter(|field| !NO_COLUMNS.contains(field)).collect()
}

fn held(db: &Sqlite) -> Vec<Held> {
    let mut others: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    let rows = "select json_array(cast(trace as text), hex(pack)) from span";
    for row in db.texts(rows) {
        let (key, pack): (String, String) = serde_json::from_str(&row).unwrap();
        let read = spans::read_list(&hex::read(&pack).unwrap()).unwrap();
        others.entry(key).or_default().extend(read);
    }
    let sql = format!(
        "select json_array(n.project, cast(t.key as text), json_array({}), json_array({}))
         from trace as t join tenant as n on n.number = t.project order by n.project, t.id",
        list(StoredRow::FIELDS),
        list(&columns())
    );
    let read = |row: String| {
        let (project, key, row, columns): (_, String, StoredRow, Vec<serde_json::Value>) =
            serde_json::from_str(&row).unwrap();
        let id = row.id.to_string();
        let stored = row.unpack().unwrap().unwrap();
        let others = others.remove(&key).unwrap_or_default().into_iter().collect();
        let columns = serde_json::to_string(&columns).unwrap();
        Held { project, id, key, stored, columns, others }
    };
    let all: Vec<_> = db.texts(&sql).into_iter().map(read).collect();
    assert!(others.is_empty(), "spans of no trace: {:?}", others.keys());
    all
}

/// Everything that D1 holds of scores, and of traces but where the bytes lie and in which of two ways a
/// span is kept (on which it depends, too, whether failures are told from what passes them on),
/// which depend on the batches by their nature: a line for each.
///
/// # Panics
/// Where something cannot be unpacked.
#[must_use]
pub fn dump(db: &Sqlite) -> Vec<String> {
    let line = |Held { project, stored, columns, others, .. }: Held| {
        let mut head = stored.trace.head;
        // Only how it is made up: its places are the batches'.
        let metadata = match std::mem::take(&mut head.metadata) {
            Metadata::None => String::new(),
            Metadata::OfEvents(parts, _) => {
                format!("{:?}", parts.iter().map(|(order, _)| order).collect::<Vec<_>>())
            }
            Metadata::OfSpan(by, _, _) => format!("{by:?}"),
        };
        let mut all: BTreeSet<String> = BTreeSet::new();
        for span in stored.trace.spans.list().iter().chain(others.list()) {
            let parts = span.parts().iter().map(|part| (part.order, &part.fields));
            all.insert(format!("{} {:?}", span.id, parts.collect::<Vec<_>>()));
        }
        let columns: Vec<serde_json::Value> = serde_json::from_str(&columns).unwrap();
        let shown = columns.iter().zip(self::columns());
        let shown =
            shown.filter(|(_, name)| !["beyond", "failures", "head", "pack"].contains(name));
        let shown: Vec<_> = shown.map(|(value, _)| value.to_string()).collect();
        format!("{project} {} {head:?} {metadata} {all:?}", shown.join(" "))
    };
    let scores = db.dump(
        "select n.project, c.* from score as c join tenant as n on n.number = c.project
         order by n.project, c.id",
    );
    // But for the project's number, which depends on who came first.
    let scores = scores.into_iter().map(|row| {
        let columns: Vec<_> = row.split(", ").collect();
        [&columns[..1], &columns[2..]].concat().join(", ")
    });
    held(db).into_iter().map(line).chain(scores).collect()
}

/// All spans by their ids, as they are kept.
///
/// # Panics
/// As [`dump`].
#[must_use]
pub fn all_spans(db: &Sqlite) -> BTreeMap<String, Folded> {
    let spans = |held: Held| held.stored.trace.spans.into_iter().chain(held.others);
    held(db).into_iter().flat_map(spans).map(|span| (span.id.to_string(), span.fold())).collect()
}

/// See [`find_miscounted`].
const MISCOUNTED: &str = "
    with used as (
      select project, sum(traces) as traces, sum(spans) as spans from stat group by project),
    held as (
      select n.project, count(*) as traces, sum(t.spans) as spans
      from trace as t join tenant as n on n.number = t.project
      where t.root_child <> 3 group by n.project)
    select format('%s has %s and %s of its traces and spans counted, not %s and %s', project,
      used.traces, used.spans, held.traces, held.spans)
    from used full join held using (project)
    where (coalesce(used.traces, 0), coalesce(used.spans, 0))
      <> (coalesce(held.traces, 0), coalesce(held.spans, 0))";

/// What projects are counted to have used that is not what the index holds of them, in all
/// and by hour.
///
/// # Panics
/// Where something cannot be unpacked.
#[must_use]
pub fn find_miscounted(db: &Sqlite) -> Vec<String> {
    let mut wrong = db.texts(MISCOUNTED);
    wrong.extend(find_wrong_days(db));
    let (counted, mut held) = (counted(db), BTreeMap::<String, Cells>::new());
    for Held { project, stored, others, .. } in self::held(db) {
        let cells = held.entry(project).or_default();
        if let Some(counted) = stored.counted {
            counted.add_to(cells, 1);
            add_uses(model_uses(&stored.trace.spans), cells, 1);
        }
        add_uses(others.list().iter().filter_map(ModelUse::of), cells, 1);
    }
    let projects: BTreeSet<_> = counted.keys().chain(held.keys()).collect();
    for project in projects {
        let lines = |of: &BTreeMap<String, Cells>| {
            of.get(project).map(|cells| format!("{:?}", cells.in_order())).unwrap_or_default()
        };
        let (counted, held) = (lines(&counted), lines(&held));
        if counted != held && !(counted.len() < 3 && held.len() < 3) {
            wrong.push(format!("{project} has by hour {counted}, not {held}"));
        }
    }
    wrong
}

/// What was counted by hour, project by project: in deliveries, and in what those came to.
fn counted(db: &Sqlite) -> BTreeMap<String, Cells> {
    let mut all: BTreeMap<String, Cells> = BTreeMap::new();
    let rows = "select json_array(n.project, hex(d.usage)) from delivery as d
        join tenant as n on n.number = d.key >> 48";
    for row in db.texts(rows) {
        let (project, usage): (String, String) = serde_json::from_str(&row).unwrap();
        let cells = all.entry(project).or_default();
        read_cells(&hex::read(&usage).unwrap(), cells).unwrap();
    }
    for (project, row) in usage(db).into_iter().filter(|(_, row)| row.time.0 == 1) {
        add_row(all.entry(project).or_default(), &row);
    }
    all
}

fn usage(db: &Sqlite) -> Vec<(String, UsageRow)> {
    let rows = "select json_array(n.project, json_array(json_array(hours, hour), version,
            json_array(hex(models), hex(names), hex(users), hex(tags), hex(errors))))
        from usage as u join tenant as n on n.number = u.project";
    let read = |row: String| {
        let (project, row): (_, serde_json::Value) = serde_json::from_str(&row).unwrap();
        (project, read_usage(&[row.to_string()]).unwrap().remove(0))
    };
    db.texts(rows).into_iter().map(read).collect()
}

fn add_row(cells: &mut Cells, row: &UsageRow) {
    for (by, column) in By::ALL.into_iter().zip(&row.columns) {
        assert!(!column.full, "more values than tests have");
        for (value, sums) in &column.cells {
            cells.add(Key { by, hour: row.time.1, value: value.clone() }, sums, 1);
        }
    }
}

/// Days that are not what their hours come to.
fn find_wrong_days(db: &Sqlite) -> Vec<String> {
    let mut days: [BTreeMap<String, Cells>; 2] = Default::default();
    for (project, mut row) in usage(db) {
        let of = usize::from(row.time.0 == 1);
        row.time.1 = row.time.1.div_euclid(24);
        add_row(days[of].entry(project).or_default(), &row);
    }
    let lines = |of: &BTreeMap<String, Cells>| {
        of.iter().map(|(p, cells)| format!("{p} {:?}", cells.in_order())).collect::<Vec<_>>()
    };
    let [days, hours] = days.each_ref().map(lines);
    if days == hours { Vec::new() } else { vec![format!("days {days:?}, of hours {hours:?}")] }
}

/// Traces that are not found by the words that lists show of them: blocks have a trace's in the
/// hour that its key names, whoever wrote them and however often.
fn find_unsearchable(db: &Sqlite, held: &[Held]) -> Vec<String> {
    let mut words: BTreeMap<(i64, i64, String), BTreeSet<u32>> = BTreeMap::new();
    for row in db.texts("select json_array(cast(key as text), traces, hex(words)) from word_block")
    {
        let (key, count, bytes): (String, usize, String) = serde_json::from_str(&row).unwrap();
        let key: i64 = key.parse().unwrap();
        let block = Block::read(&hex::read(&bytes).unwrap(), None).unwrap();
        assert_eq!(block.docs.len(), count);
        for (doc, own) in block.docs.iter().zip(block.by_doc()) {
            let place = (key >> 48, doc.second / HOUR_S, doc.id.to_string());
            words.entry(place).or_default().extend(own);
        }
    }
    let is_found = |Held { key, id, stored, .. }: &&Held| {
        let key: i64 = key.parse().unwrap();
        let place = (key >> 48, second_of_key(key) / HOUR_S, id.clone());
        let root = stored.trace.head.root.as_ref();
        let shown = root.into_iter().flat_map(|root| [&root.input, &root.output, &root.error]);
        let mut found = true;
        for (_, text) in shown.flatten().filter(|(_, text)| !text.starts_with(['{', '['])) {
            each_word(text, |word| {
                found &= words.get(&place).is_some_and(|words| words.contains(&hash(word)));
            });
        }
        found
    };
    let lost = held.iter().filter(|held| !is_found(held));
    lost.map(|Held { id, project, .. }| format!("trace {id} of {project} is not found")).collect()
}

/// What is wrong with what D1 holds, whatever was sent: rows that are not what their own
/// fold comes to, spans that are kept twice.
///
/// # Panics
/// Where something cannot be unpacked.
#[must_use]
pub fn find_wrong(db: &Sqlite) -> Vec<String> {
    let mut wrong = db.texts("select 'a row in guard' from guard");
    let all = held(db);
    wrong.extend(find_unsearchable(db, &all));
    for Held { project, key, stored, columns, others, .. } in all {
        let Stored { trace, beyond, .. } = stored;
        let twice = trace.spans.list().iter().find(|span| others.get(&span.id).is_some());
        if let Some(span) = twice {
            wrong.push(format!("span {} of trace {key} of {project} is kept twice", span.id));
        }
        if beyond.is_none() != others.is_empty() {
            wrong.push(format!("trace {key} of {project} has {} rows of spans", others.len()));
        }
        // Those count plainly, whatever they are below.
        let plain = others.list().iter().fold(Totals::default(), |mut totals, span| {
            totals.add(&span.fold());
            totals
        });
        let beyond: Option<Totals> = beyond.map(|_| plain);
        let pack = spans::write(&trace.spans);
        let row = TraceRow::of("".into(), None, &trace.head, &trace.spans, Some(&pack), beyond);
        let row = serde_json::to_value(&row).unwrap();
        let row = &row.as_array().unwrap()[NO_COLUMNS.len()..];
        let should = serde_json::to_string(row).unwrap();
        if columns != should {
            wrong.push(format!("trace {key} of {project} is {columns}, not {should}"));
        }
    }
    wrong
}
