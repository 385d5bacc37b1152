//! What a database from before a migration holds is there after it, and can be
//! added to.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use common::{Sqlite, World, body};
use edgespan::consumer::Outcome;
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
