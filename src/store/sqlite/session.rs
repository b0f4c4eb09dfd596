//! One transaction on one connection, through which all queries go.

use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};

use crate::domain::{Page, Result, Timestamp};
use crate::store::{Reader, Tx};

/// A transaction that was begun by whoever made this.
pub(super) struct Session<'c> {
    connection: &'c Connection,
    pub(super) now: Timestamp,
    /// Counts the statements, for the whole store.
    statements: &'c AtomicU64,
}

impl<'c> Session<'c> {
    pub(super) fn new(connection: &'c Connection, now: Timestamp, statements: &'c AtomicU64) -> Self {
        Self { connection, now, statements }
    }

    fn statement(&self, sql: &str) -> Result<CachedStatement<'c>> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        Ok(self.connection.prepare_cached(sql)?)
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
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    (page.limit.map_or(-1, signed), signed(page.offset))
}
