//! How the database of a deployment is: what waits to be written, what cannot be, up to where
//! its schema has come. Of all projects: for the operator.

use ingest_core::sql_file;

use super::Statement;

sql_file!(health_sql, "sql/health.sql", &[]);
sql_file!(last_sweep_sql, "sql/last_sweep.sql", &[]);
sql_file!(migrations_sql, "sql/migrations.sql", &[]);

/// The last of `migrations/`: what this code may count on.
pub const NEWEST_MIGRATION: &str = "0017_errors.sql";

/// Most rows of a kind that are counted.
pub const MOST_COUNTED: i64 = 1_000;

/// What waits and what cannot be written, as one JSON object.
#[must_use]
pub fn select() -> Statement {
    Statement::new(health_sql(), vec![MOST_COUNTED.into()])
}

/// When the sweep last ran, as one JSON object, if it ever did.
#[must_use]
pub fn select_last_sweep() -> Statement {
    Statement::new(last_sweep_sql(), Vec::new())
}

/// The migrations that were applied, as one JSON object; fails where the platform has applied
/// none.
#[must_use]
pub fn select_migrations() -> Statement {
    Statement::new(migrations_sql(), Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_migration_is_the_last_file() {
        let files = std::fs::read_dir("migrations").unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let last = names.filter(|name| name.strip_suffix(".sql").is_some()).max();
        assert_eq!(last.as_deref(), Some(NEWEST_MIGRATION));
    }
}
