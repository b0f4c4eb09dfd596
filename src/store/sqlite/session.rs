//! One transaction on one connection, through which all queries go.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row, StatementStatus};

use crate::count::{Counter, Histogram, Level};
use crate::domain::{Page, Result, Timestamp};
use crate::store::{Reader, Tx};

/// What is counted over the whole store.
#[derive(Debug)]
pub struct Counters {
    /// Statements that were run.
    pub run: Counter,
    /// Statements that SQLite compiled again, found when they are used the next time.
    pub recompiled: Counter,
    /// Writes that wait to be done.
    pub waiting: Level,
    /// Writes that were refused because too many waited.
    pub refused: Counter,
    /// How many writes shared each commit.
    pub commits: Histogram<{ COMMIT_SIZES.len() }>,
}

/// The upper bounds of the sizes of commits that are told apart.
const COMMIT_SIZES: [u64; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

impl Default for Counters {
    fn default() -> Self {
        Self {
            run: Counter::default(),
            recompiled: Counter::default(),
            waiting: Level::default(),
            refused: Counter::default(),
            commits: Histogram::new(&COMMIT_SIZES),
        }
    }
}

/// A transaction that was begun by whoever made this.
pub(super) struct Session<'c> {
    connection: &'c Connection,
    pub(super) now: Timestamp,
    counters: &'c Counters,
}

impl<'c> Session<'c> {
    pub(super) fn new(connection: &'c Connection, now: Timestamp, counters: &'c Counters) -> Self {
        Self { connection, now, counters }
    }

    fn statement(&self, sql: &str) -> Result<CachedStatement<'c>> {
        let statement = self.connection.prepare_cached(sql)?;
        self.counters.run.increment();
        let recompiled = statement.reset_status(StatementStatus::RePrepare);
        if recompiled > 0 {
            self.counters.recompiled.add(u64::from(recompiled.unsigned_abs()));
        }
        Ok(statement)
    }

    /// All rows of a query.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.statement(sql)?;
        let rows = statement.query_map(params, row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The first row of a query, if there is one.
    pub(super) fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.statement(sql)?.query_row(params, row).optional()?)
    }

    /// The one number that a query counts.
    pub(super) fn count(&self, sql: &str, params: impl Params) -> Result<u64> {
        Ok(self.statement(sql)?.query_row(params, |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    /// Whether a query has any row.
    pub(super) fn exists(&self, sql: &str, params: impl Params) -> Result<bool> {
        Ok(self.statement(sql)?.exists(params)?)
    }

    /// Changes something, and says how many rows were changed.
    pub(super) fn change(&self, sql: &str, params: impl Params) -> Result<usize> {
        Ok(self.statement(sql)?.execute(params)?)
    }
}

impl Reader for Session<'_> {}

impl Tx for Session<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }
}

/// LIMIT and OFFSET for a page; -1 is no limit.
pub(super) fn limit_offset(page: Page) -> (i64, i64) {
    (page.limit.map_or(-1, row_limit), row_limit(page.offset))
}

/// A number of rows as SQLite takes it.
pub(super) fn row_limit(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
