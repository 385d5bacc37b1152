//! What a database from before a migration holds is there after it, and can be
//! added to.

use crate::common::{Sqlite, World, body};
use edgespan::index::Database;
use edgespan::index::traces;
use edgespan::index::traces::Filter;
use edgespan::model::TraceStatus;
use edgespan::pipeline::consume::Outcome;
use rusqlite::Connection;
use serde_json::json;

/// Two projects that use the same trace id, as 0002 kept them.
const BEFORE_KEYS: &str = "
insert into trace (project, id, start_us, end_us, spans, tokens, created_ms, event_hash)
values
  ('p1', 't', 1000000, 5000000, 3, 7, 1, -1),
  ('p2', 't', 2000000, null, 1, 0, 1, null);
insert into span (project, trace, id, name, type, status, start_us, end_us, total_tokens,
  rev_us, rev_hash, batch, offset, length)
values
  ('p1', 't', 'both', 'n', 0, 0, 1000000, 5000000, 7, 1000000, -1, 1, 0, 2),
  ('p1', 't', 'only end', 'n', 0, 0, null, 5000000, null, 1000000, 1 << 20, 1, 0, 2),
  ('p1', 't', 'only start', 'n', 0, 0, 1000000, null, null, 1000000, 0, 1, 0, 2),
  ('p2', 't', 'both', 'other', 0, 0, 2000000, 2000001, null, 2000000, 0, 1, 0, 2)";

#[test]
fn spans_come_under_the_keys_of_their_traces() {
    let db = Sqlite(Connection::open_in_memory().unwrap().into());
    db.migrate("", "0004");
    db.0.borrow().execute_batch(BEFORE_KEYS).unwrap();
    db.migrate("0004", "9999");
    let spans =
        "select t.project || ' ' || s.id || ' ' || coalesce(took_us, '-') || ' ' || rev_hash
      from span as s join trace as t on t.key = s.trace order by t.project, s.id";
    assert_eq!(
        db.dump(spans),
        [
            r#"[Text("p1 both 4000000 -1")]"#,
            r#"[Text("p1 only end 5000000 16")]"#,
            r#"[Text("p1 only start - 0")]"#,
            r#"[Text("p2 both 1 0")]"#,
        ]
    );

    let world = World { db, ..World::new() };
    let span = |id: &str, tokens: u64| {
        let usage = json!({ "totalTokens": tokens });
        json!({ "type": "span-create", "timestamp": "2026-03-14T10:00:00Z", "body": {
            "id": id, "traceId": "t", "name": "n", "type": "LLM", "usage": usage } })
        .to_string()
    };
    let outcome = world.deliver("p1", &body(&[span("both", 10), span("new", 5)]));
    assert!(matches!(outcome, Outcome::Ack(_)), "{outcome:?}");
    let totals = "select project, spans, tokens from trace order by project";
    assert_eq!(
        world.db.dump(totals),
        [r#"[Text("p1"), Integer(4), Integer(15)]"#, r#"[Text("p2"), Integer(1), Integer(0)]"#]
    );
    assert_eq!(world.db.dump("select count(*) from span"), ["[Integer(5)]"]);
}

/// Traces as 0004 kept them: one that ended, one with an open span, one of which
/// nothing but a beginning is known, and one that said its own end.
const BEFORE_STATUS: &str = "
insert into trace (project, id, start_us, end_us, spans, errors, created_ms, event_us, root_child, key)
values
  ('p1', 'ended', 1000000, 5000000, 1, 1, 1, null, 0, 1),
  ('p1', 'open', 1000000, 4000000, 2, 0, 1, null, 0, 2),
  ('p1', 'begun', 1000000, null, 0, 0, 1, 1000000, 2, 3),
  ('p1', 'said', 1000000, 2000000, 0, 0, 1, 1000000, 2, 4);
insert into span (trace, id, name, type, status, start_us, took_us, rev_us, rev_hash, batch, offset, length)
values
  (1, 'a', 'n', 0, 1, 1000000, 4000000, 1000000, 0, 1, 0, 2),
  (2, 'a', 'n', 0, 0, 4000000, null, 1000000, 0, 1, 0, 2),
  (2, 'b', 'n', 0, 0, null, null, 1000000, 0, 1, 0, 2)";

#[test]
fn traces_from_before_statuses_have_one() {
    use TraceStatus::{Error, Ok, Running, Unfinished};
    let db = Sqlite(Connection::open_in_memory().unwrap().into());
    db.migrate("", "0005");
    db.0.borrow().execute_batch(BEFORE_STATUS).unwrap();
    db.migrate("0005", "9999");
    let world = World { db, ..World::new() };
    let statuses = |now| {
        let all = traces::select_traces("p1", &Filter::default(), None, 9);
        let ran = pollster::block_on(world.db.run(all)).unwrap();
        let (mut rows, _) = traces::read_traces(&ran, 9).unwrap();
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        rows.iter().map(|row| row.status(now)).collect::<Vec<_>>()
    };
    assert_eq!(statuses(5_000), [Running, Error, Running, Ok]);
    assert_eq!(statuses(3_604_000), [Unfinished, Error, Running, Ok]);
    assert_eq!(statuses(3_605_000), [Unfinished, Error, Unfinished, Ok]);

    // What was open then ends now, and is not open any more.
    let span = json!({ "type": "span-create", "timestamp": "2026-03-14T10:00:00Z", "body": {
        "id": "a", "traceId": "open", "name": "n", "type": "LLM",
        "startTime": "1970-01-01T00:00:04Z", "endTime": "1970-01-01T00:00:06Z" } });
    world.deliver("p1", &body(&[span.to_string()]));
    assert_eq!(world.db.dump("select open from trace where id = 'open'"), ["[Integer(0)]"]);
}
