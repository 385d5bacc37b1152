//! The list in order of what traces took, cost and used: page by page each once, the greatest
//! first.

use crate::common::{PLAIN_COLUMNS, PLAIN_VALUES, PROJECT, World};
use ingest_core::index_writer::stored_row::KEY_EPOCH_S;
use serde_json::Value;

/// Traces whose costs and tokens are few different numbers, and that take as many seconds.
fn filled(traces: i64) -> World {
    let world = World::new();
    let sql = format!(
        "insert into tenant values (1, '{PROJECT}');
         insert into trace (key, id, start_us, end_us, tokens, cost_nano, name, spans, errors, {PLAIN_COLUMNS})
         with recursive n (value) as (select 1 union all select value + 1 from n where value < {traces})
         select (1 << 48) | (value << 16), printf('t%03d', value), ({KEY_EPOCH_S} + value) * 1000000,
           ({KEY_EPOCH_S} + value + value * 7 % 13) * 1000000, value * 5 % 11, value * 3 % 7 * 1000000000, 'n', 1, 0, {PLAIN_VALUES} from n"
    );
    world.db.0.borrow().execute_batch(&sql).unwrap();
    world
}

fn follow(world: &World, sort: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.list(PROJECT, &format!("limit=7&sort={sort}{cursor}"));
        all.extend(page["traces"].as_array().unwrap().iter().cloned());
        match &page["nextCursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => return all,
        }
    }
}

#[test]
fn each_order_has_each_trace_once_and_the_greatest_first() {
    let world = filled(60);
    let mut firsts = Vec::new();
    for (sort, field) in
        [("cost", "totalCost"), ("tokens", "totalTokens"), ("duration", ""), ("time", "")]
    {
        let all = follow(&world, sort);
        let ids: std::collections::BTreeSet<_> =
            all.iter().map(|trace| trace["id"].to_string()).collect();
        assert_eq!((all.len(), ids.len()), (60, 60), "{sort}");
        if !field.is_empty() {
            assert!(all.is_sorted_by(|a, b| a[field].as_f64() >= b[field].as_f64()), "{sort}");
        }
        firsts.push(all[0]["id"].as_str().unwrap().to_owned());
    }
    // Of those that are alike the newest: 58 * 3 % 7 = 6, 57 * 5 % 11 = 10, 50 * 7 % 13 = 12.
    assert_eq!(firsts, ["t058", "t057", "t050", "t060"]);
}
