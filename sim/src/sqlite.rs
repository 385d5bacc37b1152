//! D1's engine: `SQLite` with the real migrations, behind the service's port.

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::path::Path;

use edgespan::error::Fault;
use edgespan::index::{Database, Param, QueryResults, RowBounds, Statement};
use rusqlite::limits::Limit;
use rusqlite::types::{ToSqlOutput, Value};
use rusqlite::{Connection, ToSql, params_from_iter};

/// Statements that are kept compiled: more than the service has.
const STATEMENTS: usize = 200;

/// A database with the tables as deployed, and how much its rows are to hold.
#[derive(Debug)]
pub struct Sqlite(pub RefCell<Connection>, pub Cell<RowBounds>);

impl Default for Sqlite {
    fn default() -> Self {
        Self::new()
    }
}

impl Sqlite {
    /// An empty database with all migrations.
    ///
    /// # Panics
    /// Where the migrations are not there, or wrong.
    #[must_use]
    pub fn new() -> Self {
        let db = Connection::open_in_memory().unwrap();
        // As in D1; SQLite alone would take 1,000.
        db.set_limit(Limit::SQLITE_LIMIT_EXPR_DEPTH, 100).unwrap();
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        let db = Self(RefCell::new(db), Cell::default());
        db.migrate("", "9999");
        db
    }

    /// Makes the migrations from one to before another, by the beginnings of
    /// their names.
    ///
    /// # Panics
    /// As [`Sqlite::new`].
    pub fn migrate(&self, from: &str, to: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|ending| ending == "sql"));
        files.sort();
        for file in files {
            let name = file.file_name().unwrap().to_str().unwrap();
            if (from..to).contains(&name) {
                let sql = std::fs::read_to_string(&file).unwrap();
                self.execute(&sql);
            }
        }
    }

    /// Runs statements that are a test's own.
    ///
    /// # Panics
    /// For one that is none, or breaks a rule of the tables.
    pub fn execute(&self, sql: &str) {
        self.0.borrow().execute_batch(sql).unwrap();
    }

    /// How many rows were written so far.
    pub fn changes(&self) -> u64 {
        self.0.borrow().total_changes()
    }

    /// Makes it what it was when all migrations were made.
    fn empty(&self) {
        let tables = self.texts("select name from sqlite_schema where type = 'table'");
        let clear = tables.iter().map(|table| match table.as_str() {
            // Its one row is made by the migration.
            "sweep" => "update sweep set position = '', ran_ms = null;".to_owned(),
            _ => format!("delete from \"{table}\";"),
        });
        let clear = clear.collect::<String>();
        let clear = format!("begin; pragma defer_foreign_keys = on; {clear} commit;");
        self.execute(&clear);
    }

    /// The one column of a query, which is text.
    ///
    /// # Panics
    /// For a query that is none, or has something else.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        let db = self.0.borrow();
        let mut query = db.prepare_cached(sql).unwrap();
        let rows = query.query_map([], |row| row.get(0));
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// Every row of a query as text, for comparing states.
    ///
    /// # Panics
    /// For a query that is none.
    pub fn dump(&self, sql: &str) -> Vec<String> {
        let db = self.0.borrow();
        let mut query = db.prepare_cached(sql).unwrap();
        let columns = query.column_count();
        let rows = query.query_map([], |row| {
            (0..columns).map(|c| row.get::<_, Value>(c)).collect::<Result<Vec<_>, _>>()
        });
        rows.unwrap().map(|row| format!("{:?}", row.unwrap())).collect()
    }

    /// Runs statements in one transaction, at once.
    ///
    /// # Errors
    /// What `SQLite` says.
    pub fn run_now(&self, statements: &[Statement]) -> Result<QueryResults, Fault> {
        let fault = |e: rusqlite::Error| Fault::Unavailable { what: "sqlite", why: e.to_string() };
        let mut db = self.0.borrow_mut();
        let transaction = db.transaction().map_err(fault)?;
        let mut ran = QueryResults::default();
        for statement in statements {
            let mut query = transaction.prepare_cached(&statement.sql).map_err(fault)?;
            let params = params_from_iter(statement.params.iter().map(Bound));
            let rows =
                query.query_map(params, |row| row.get::<_, String>("json")).map_err(fault)?;
            ran.rows.push(rows.collect::<Result<_, _>>().map_err(fault)?);
        }
        transaction.commit().map_err(fault)?;
        Ok(ran)
    }
}

thread_local! {
    /// Emptied databases, whose statements are compiled already: compiling them would
    /// take most of a run's time.
    static POOL: RefCell<Vec<Sqlite>> = const { RefCell::new(Vec::new()) };
}

/// A database that is emptied and kept for the next run when it is no longer used.
#[derive(Debug)]
pub struct Pooled(Option<Sqlite>);

impl Default for Pooled {
    fn default() -> Self {
        Self(Some(POOL.with(|pool| pool.borrow_mut().pop()).unwrap_or_default()))
    }
}

impl Deref for Pooled {
    type Target = Sqlite;

    fn deref(&self) -> &Sqlite {
        self.0.as_ref().unwrap()
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let Some(db) = self.0.take() else { return };
        db.empty();
        db.1.take();
        POOL.with(|pool| pool.borrow_mut().push(db));
    }
}

struct Bound<'a>(&'a Param);

impl ToSql for Bound<'_> {
    #[allow(clippy::cast_precision_loss)]
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Param::Text(text) => ToSqlOutput::from(text.as_str()),
            // As D1 binds it: a JavaScript number.
            Param::Int(n) => ToSqlOutput::from(*n as f64),
        })
    }
}

impl Database for Sqlite {
    async fn run(&self, statements: Vec<Statement>) -> Result<QueryResults, Fault> {
        self.run_now(&statements)
    }

    fn row_bounds(&self) -> RowBounds {
        self.1.get()
    }
}
