//! How the deployment is, as the operator is told: facts of all its parts, also where some of
//! them are away or a fault was planted.

use crate::common::platform::{Native, Sent};
use crate::common::{PROJECT, RECEIVED};
use serde_json::{Value, json};

fn ask(native: &Native) -> Value {
    let sent = Sent::new("GET", "/api/v1/admin/health").header("authorization", "Bearer secret");
    let served = native.serve(sent);
    assert_eq!(served.reply.status, 200, "{}", served.reply.text());
    serde_json::from_str::<Value>(served.reply.text()).unwrap()["data"].take()
}

#[test]
fn says_what_is_bound_and_that_nothing_waits() {
    let told = ask(&Native::new());
    assert_eq!(told["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(told["now"], "2026-11-22T06:19:30.123Z");
    assert_eq!(told["bindings"]["DB"], true);
    assert_eq!(told["bindings"]["METRICS"], false);
    assert_eq!(told["queue"], json!({ "messages": 0, "oldestAt": null }));
    let rows = json!({ "sweptAt": null, "unwritten": 0, "oldestUnwrittenAt": null,
        "deadLetters": 0, "newestDeadLetterAt": null });
    assert_eq!(told["rows"], rows);
}

#[test]
fn counts_what_waits_and_what_cannot_be_written_of_all_projects() {
    let native = Native::new();
    native.execute(&format!(
        "update sweep set ran_ms = {RECEIVED} - 60000;
             insert into overdue values ('{PROJECT}', 'b', 'o', {RECEIVED} - 240000, 1, 0),
               ('other', 'b', 'o', {RECEIVED} - 300000, 1, 0);
             insert into dead_letter values ('other', 'b', 'o', 'why', 1, {RECEIVED})"
    ));
    assert_eq!(
        ask(&native)["rows"],
        json!({
            "sweptAt": "2026-11-22T06:18:30.123Z", "unwritten": 2,
            "oldestUnwrittenAt": "2026-11-22T06:14:30.123Z",
            "deadLetters": 1, "newestDeadLetterAt": "2026-11-22T06:19:30.123Z",
        })
    );
}

#[test]
fn says_up_to_which_migration_the_schema_has_come_or_that_nobody_knows() {
    let native = Native::new();
    assert_eq!(ask(&native)["migrations"], Value::Null);
    native.execute(
        "create table d1_migrations (id integer primary key, name text, applied_at text);
         insert into d1_migrations (name) values ('0001_a.sql'), ('0002_b.sql')",
    );
    assert_eq!(ask(&native)["migrations"], json!({ "count": 2, "newest": "0002_b.sql" }));
}

#[test]
fn answers_where_the_database_does_not() {
    let native = Native::new();
    native.execute("drop table overdue");
    let told = ask(&native);
    assert_eq!(told["rows"], Value::Null);
    assert_eq!(told["databaseBytes"], Value::Null);
    assert_eq!(told["bindings"]["QUEUE"], true);
}

#[test]
fn tells_the_operator_and_nobody_else() {
    let native = Native::new();
    for key in ["", "Bearer wrong", "Bearer ts_of_p1"] {
        let sent = Sent::new("GET", "/api/v1/admin/health").header("authorization", key);
        assert_eq!(native.serve(sent).reply.status, 401, "{key}");
    }
}
