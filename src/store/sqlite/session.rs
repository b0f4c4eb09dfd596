//! One transaction on one connection, through which all queries go.

use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};

use crate::domain::{Page, Pattern, Result, Timestamp};
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

/// The LIKE pattern (with `ESCAPE '\'`) for an infix; no character of `pattern` is a wildcard in it.
///
/// No name holds a control character, so a pattern with one is none, which as NULL matches nothing.
/// SQLite would stop reading it at a NUL, and a line break stands between the names of a user.
pub(super) fn like(pattern: &Pattern) -> Option<String> {
    if pattern.folded().chars().any(char::is_control) {
        return None;
    }
    let mut like = String::with_capacity(pattern.folded().len() + 2);
    like.push('%');
    for c in pattern.folded().chars() {
        if matches!(c, '%' | '_' | '\\') {
            like.push('\\');
        }
        like.push(c);
    }
    like.push('%');
    Some(like)
}

/// LIMIT and OFFSET for a page; -1 is no limit.
pub(super) fn limit_offset(page: Page) -> (i64, i64) {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    (page.limit.map_or(-1, signed), signed(page.offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_in_no_name() {
        for text in ["\0", "a\0b", "\n", "\u{85}"] {
            assert_eq!(like(&Pattern::new(text).expect("short")), None, "{text:?}");
        }
    }

    #[test]
    fn wildcards_are_escaped() {
        let pattern = Pattern::new("50%_\\X").expect("short");
        assert_eq!(like(&pattern).as_deref(), Some("%50\\%\\_\\\\x%"));
        assert_eq!(like(&Pattern::default()).as_deref(), Some("%%"));
    }
}
