//! The statements that blocks of words are written, read and made others with.

use edgespan::index::{Statement, words};
use ingest_core::fold::words::hash;
use ingest_core::index_writer::word_blocks;
use ingest_core::pack::words::Doc;
use serde_json::json;

use super::PROJECT;
use super::statements::filled;

/// What is written and asked of blocks of words.
pub fn of_words() -> Vec<Statement> {
    let world = filled();
    let keys: Vec<i64> = world
        .db
        .texts("select cast(key as text) from word_block")
        .iter()
        .map(|key| key.parse().unwrap())
        .collect();
    let [guard, delete] = words::replace(PROJECT, &keys);
    let doc = Doc { second: 5, whole: true, id: "t".into() };
    let rows = word_blocks::blocks(vec![(doc, [hash("mine")].into())]);
    vec![
        word_blocks::insert(PROJECT, json!(rows).to_string()),
        words::select_scan(PROJECT, &[hash("mine"), hash("none")], (0, 5), None),
        words::select_blocks(PROJECT, &keys),
        words::select_small(PROJECT, &[0]),
        guard,
        delete,
    ]
}
