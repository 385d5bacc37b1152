//! SQL that stands in files of its own, made ready to be run: comments taken off, and
//! names of a row's fields put into numbers. Rows are bound as arrays of JSON, where a
//! field is a position; files name it instead, as if rows were objects.

/// Defines a row that is serialized as an array, or read from one, and that knows the
/// names of its fields in order.
#[macro_export]
macro_rules! named_row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident $(<$life:lifetime>)? {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty,)*
    }) => {
        $(#[$meta])*
        $vis struct $name $(<$life>)? {
            $($(#[$field_meta])* $field_vis $field: $type,)*
        }

        impl $(<$life>)? $name $(<$life>)? {
            /// The names of the fields, in order.
            pub const FIELDS: &'static [&'static str] = &[$(stringify!($field)),*];
        }
    };
}

/// Makes a function that gives the text of a file of SQL, with the names of these rows
/// expanded, once.
#[macro_export]
macro_rules! sql_file {
    ($name:ident, $file:literal, $rows:expr) => {
        fn $name() -> &'static str {
            static SQL: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
                $crate::index_writer::template::expand(include_str!($file), $rows)
            });
            &SQL
        }
    };
}

/// A row of a statement: its alias, and the names of its fields.
pub type Row = (&'static str, &'static [&'static str]);

/// The text of a file: without comments, and with `ALIAS.value->>'FIELD'` and
/// `ALIAS.value, '$.FIELD'` by position. A name that is not known stays as it is, and
/// the tests find it.
#[must_use]
pub fn expand(sql: &str, rows: &[Row]) -> String {
    let lines = sql.lines().filter(|line| !line.trim_start().starts_with("--"));
    let mut sql = lines.collect::<Vec<_>>().join("\n");
    for (alias, fields) in rows {
        for (at, field) in fields.iter().enumerate() {
            let field = field.trim_start_matches("r#");
            sql = sql
                .replace(&format!("{alias}.value->>'{field}'"), &format!("{alias}.value->>{at}"))
                .replace(
                    &format!("{alias}.value, '$.{field}'"),
                    &format!("{alias}.value, '$[{at}]'"),
                );
        }
    }
    sql
}

/// The text of a file with other SQL in the place of each `$NAME`, in one pass: a name
/// that is not known, or that stands in what is put in, stays as it is. Never a value:
/// those are bound.
#[must_use]
pub fn fill(sql: &str, holes: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(2 * sql.len());
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once('$') {
        let end = after.find(|c: char| !c.is_ascii_uppercase() && c != '_');
        let (name, next) = after.split_at(end.unwrap_or(after.len()));
        filled.push_str(before);
        if let Some((_, text)) = holes.iter().find(|(hole, _)| *hole == name) {
            filled.push_str(text);
        } else {
            filled.push('$');
            filled.push_str(name);
        }
        rest = next;
    }
    filled.push_str(rest);
    filled
}

/// The fields of a row that a file names nowhere.
#[must_use]
pub fn unused(sql: &str, (alias, fields): Row) -> Vec<&'static str> {
    let named = |field: &str| {
        let field = field.trim_start_matches("r#");
        sql.contains(&format!("{alias}.value->>'{field}'"))
            || sql.contains(&format!("{alias}.value, '$.{field}'"))
    };
    fields.iter().filter(|field| !named(field)).copied().collect()
}

/// Whether a text has no name in it that was not expanded, and no hole.
#[must_use]
pub fn is_expanded(sql: &str) -> bool {
    let begins_hole = |text: &str| text.starts_with(|c: char| c.is_ascii_uppercase());
    !sql.contains("->>'") && !sql.contains("'$.") && !sql.split('$').skip(1).any(begins_hole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_positions_and_comments_go() {
        let row: Row = ("r", &["id", "r#type"]);
        let sql = "-- one\nselect r.value->>'type', r.value->>'id'\n  -- two\nfrom json_each(r.value, '$.type')";
        let expanded = "select r.value->>1, r.value->>0\nfrom json_each(r.value, '$[1]')";
        assert_eq!(expand(sql, &[row]), expanded);
        assert!(is_expanded(expanded) && !is_expanded(sql));
        assert!(!is_expanded(&expand("select r.value->>'typo'", &[row])));
        let holes = [("A", "1"), ("A_B", "$A"), ("B", " + 2")];
        assert_eq!(fill("select $A, $A$B", &holes), "select 1, 1 + 2");
        assert_eq!(fill("$A_B, '$[0]', $C, $", &holes), "$A, '$[0]', $C, $");
        assert!(!is_expanded("select $A"));
        assert_eq!(unused("select r.value->>'id'", row), ["r#type"]);
    }
}
