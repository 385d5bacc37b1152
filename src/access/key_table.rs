//! The table of keys: the statements that find a key and note its use, and what a row of
//! it means. What may be remembered of it is [`super::api_keys`]'s to say.

use base16ct::lower;
use ingest_core::index_writer::template::fill;
use ingest_core::sql_file;
use serde_tuple::Deserialize_tuple;

use super::api_keys::{KeyHash, Principal, Which, hex};
use super::scope::Scopes;
use crate::error::Fault;
use crate::index::{Statement, decode};
use crate::model::{Handling, Millis};

sql_file!(find_key, "sql/find_key.sql", &[]);
sql_file!(note_key_use, "sql/note_key_use.sql", &[]);

/// A key's use is noted when the last note is older than this: 10 minutes.
const USE_NOTED_EVERY_MS: Millis = 600_000;

#[derive(Deserialize_tuple)]
struct KeyRow {
    id: String,
    hash: String,
    project: String,
    project_name: String,
    handling: String,
    rate_limit: u32,
    scopes: String,
    blocked_until: Option<Millis>,
}

/// Who a key acts for, by the row that [`find`] gives; `None` for an unknown or a revoked
/// one, which has none.
///
/// # Errors
/// [`Fault::Internal`] for a row that is not what was asked for.
pub fn read_principal(row: Option<&str>) -> Result<Option<Principal>, Fault> {
    let Some(row) = row else { return Ok(None) };
    let KeyRow { id, hash, project, project_name, handling, rate_limit, scopes, blocked_until } =
        decode(row)?;
    let key_hash = unhex(&hash).ok_or_else(|| Fault::Internal("a key's hash".into()))?;
    let handling = if handling == "lenient" { Handling::Lenient } else { Handling::Strict };
    let scopes = Scopes::parse(&scopes).ok_or_else(|| Fault::Internal("a key's scopes".into()))?;
    let key_id = id;
    Ok(Some(Principal {
        key_id,
        key_hash,
        project,
        project_name,
        handling,
        rate_limit,
        scopes,
        blocked_until,
    }))
}

/// The statement that finds a key: one row, or none.
#[must_use]
pub fn find(which: Which<'_>) -> Statement {
    let (column, value) = match which {
        Which::Hash(hash) => ("hash", hex(hash)),
        Which::Id(id) => ("id", id.into()),
    };
    Statement::new(fill(find_key(), &[("COLUMN", column)]), vec![value.into()])
}

/// The statement that notes the use of a key. It is only a note: where it cannot be made,
/// the next use makes it.
#[must_use]
pub fn note_use(principal: &Principal, now: Millis) -> Statement {
    let Principal { key_id, project, .. } = principal;
    let noted_before = now - USE_NOTED_EVERY_MS;
    let params = vec![now.into(), (&**key_id).into(), (&**project).into(), noted_before.into()];
    Statement::new(note_key_use(), params)
}

fn unhex(text: &str) -> Option<KeyHash> {
    let mut hash = KeyHash::default();
    let length = lower::decode(text, &mut hash).ok()?.len();
    (length == hash.len()).then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_principal_or_a_fault() {
        let hash = "0a".repeat(32);
        let row = format!(r#"["k","{hash}","p","shop","lenient",100,"read",null]"#);
        let principal = read_principal(Some(&row)).unwrap().unwrap();
        assert_eq!((principal.key_hash, principal.handling), ([10; 32], Handling::Lenient));
        assert_eq!(read_principal(None).unwrap(), None);
        for row in [
            "[]",
            "{}",
            &row.replace(&hash, "zz"),
            &row.replace("100", "-1"),
            &row.replace("read", "x"),
        ] {
            assert!(read_principal(Some(row)).is_err(), "{row}");
        }
    }

    #[test]
    fn a_key_is_found_by_its_hash_or_its_id() {
        for (which, column) in
            [(Which::Hash(&[0; 32]), "k.hash = ?1"), (Which::Id("k"), "k.id = ?1")]
        {
            let find = find(which);
            assert!(find.sql.contains(column) && !find.sql.contains('$'), "{}", find.sql);
        }
    }
}
