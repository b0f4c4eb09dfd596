//! How a pattern is looked for.

use rusqlite::types::{ToSqlOutput, Value};
use rusqlite::{Result as SqlResult, ToSql};

use super::session::Session;
use crate::domain::{Pattern, Result};

/// A pattern that more rows than this may match is looked for by reading rows in order until a page is
/// full; with fewer candidates the index says which rows to read. With a million users, a pattern that
/// one of them matches takes 1 ms rather than 270.
const FEW: i64 = 1000;

/// As many runs of three characters are looked up at most; more would find hardly less.
const MAX_GRAMS: usize = 16;

/// The way to the rows that match a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// There are none.
    Nothing,
    /// All.
    Everything,
    /// Those that are like this, among all rows.
    Scan(Like),
    /// Those that are like this, among the rows that the index gives for an FTS5 query.
    Index(Like, String),
}

/// A pattern for LIKE with `ESCAPE '\'`: an infix of which no character is a wildcard.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Like(String);

impl ToSql for Like {
    fn to_sql(&self) -> SqlResult<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl Like {
    /// No name holds a control character, so a pattern with one matches nothing. SQLite would stop
    /// reading it at a NUL, and a line break stands between the names of a user.
    pub(super) fn new(pattern: &Pattern) -> Option<Self> {
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
        Some(Self(like))
    }

    /// The same, with NULL, which matches nothing, for none.
    pub(super) fn or_null(pattern: &Pattern) -> Value {
        Self::new(pattern).map_or(Value::Null, |like| Value::Text(like.0))
    }
}

impl Session<'_> {
    /// The way to the rows that match `pattern`. `candidates` counts those that the index gives for the
    /// FTS5 query `?1`, up to the number `?2`.
    pub(super) fn search(&self, pattern: &Pattern, candidates: &str) -> Result<Search> {
        if pattern.is_empty() {
            return Ok(Search::Everything);
        }
        let Some(like) = Like::new(pattern) else {
            return Ok(Search::Nothing);
        };
        let Some(grams) = grams(pattern) else {
            return Ok(Search::Scan(like));
        };
        let found = self.count(candidates, rusqlite::params![grams, FEW])?;
        Ok(if found < FEW.unsigned_abs() { Search::Index(like, grams) } else { Search::Scan(like) })
    }
}

/// The FTS5 query for what holds the runs of three characters of `pattern`; none if that is shorter.
/// The index keeps no positions (it would be several times as large), so a match has to be looked at.
fn grams(pattern: &Pattern) -> Option<String> {
    let folded = pattern.folded();
    let starts: Vec<usize> = folded.char_indices().map(|(at, _)| at).chain([folded.len()]).collect();
    let mut grams: Vec<&str> = starts.windows(4).map(|at| &folded[at[0]..at[3]]).collect();
    grams.sort_unstable();
    grams.dedup();
    grams.truncate(MAX_GRAMS);
    let quoted: Vec<String> = grams.iter().map(|gram| format!("\"{}\"", gram.replace('"', "\"\""))).collect();
    if quoted.is_empty() { None } else { Some(quoted.join(" AND ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text).expect("short")
    }

    #[test]
    fn control_characters_are_in_no_name() {
        for text in ["\0", "a\0b", "\n", "\u{85}"] {
            assert_eq!(Like::new(&pattern(text)), None, "{text:?}");
        }
    }

    #[test]
    fn wildcards_are_escaped() {
        assert_eq!(Like::new(&pattern("50%_\\X")), Some(Like("%50\\%\\_\\\\x%".to_owned())));
        assert_eq!(Like::new(&Pattern::default()), Some(Like("%%".to_owned())));
    }

    #[test]
    fn the_index_is_asked_for_runs_of_three_characters() {
        assert_eq!(grams(&pattern("ab")), None);
        assert_eq!(grams(&pattern("äbc")).as_deref(), Some("\"äbc\""));
        assert_eq!(grams(&pattern("aaaa\"")).as_deref(), Some("\"aa\"\"\" AND \"aaa\""));
    }
}
