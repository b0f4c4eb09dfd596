//! A database for the tables of a server that is not on SQLite, from which they are then read as from
//! SQLite. It is private and temporary: SQLite keeps it in memory while it is small, then in a file that
//! has no name.

use std::collections::BTreeMap;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::source::quoted;

/// The ends of the names of the tables that are wanted; others need not be copied.
const WANTED: [&str; 8] = [
    "users",
    "accounts",
    "preferences",
    "groups",
    "group_user",
    "group_admin",
    "custom_group",
    "custom_group_member",
];

/// A value as the other server wrote it out: the bytes of its text, or nothing.
pub(super) type Value = Option<Vec<u8>>;

/// The tables copied so far, with how a row gets into each.
pub(super) struct Staging {
    connection: Connection,
    columns: BTreeMap<String, Vec<String>>,
}

/// Whether a table of this name can be one that is read later.
pub(super) fn is_wanted(table: &str) -> bool {
    WANTED.iter().any(|end| table.ends_with(end))
}

impl Staging {
    pub(super) fn new() -> rusqlite::Result<Self> {
        let connection = Connection::open("")?;
        connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")?;
        Ok(Self { connection, columns: BTreeMap::new() })
    }

    /// The columns of a table, if it was added.
    pub(super) fn columns(&self, table: &str) -> Option<&[String]> {
        self.columns.get(table).map(Vec::as_slice)
    }

    /// Adds a table, whose columns take any value.
    pub(super) fn add_table(&mut self, table: &str, columns: Vec<String>) -> rusqlite::Result<()> {
        let names: Vec<_> = columns.iter().map(|column| quoted(column)).collect();
        let sql = format!("CREATE TABLE {} ({})", quoted(table), names.join(", "));
        self.connection.execute_batch(&sql)?;
        self.columns.insert(table.to_owned(), columns);
        Ok(())
    }

    /// Adds rows to a table one by one, of which the values of some columns are given.
    pub(super) fn rows_into(&self, table: &str, columns: &[String]) -> rusqlite::Result<Rows<'_>> {
        let names: Vec<_> = columns.iter().map(|column| quoted(column)).collect();
        let holes = vec!["?"; columns.len()].join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES ({holes})", quoted(table), names.join(", "));
        Ok(Rows(self.connection.prepare(&sql)?))
    }

    /// The database with everything in it.
    pub(super) fn finish(self) -> rusqlite::Result<Connection> {
        self.connection.execute_batch("COMMIT")?;
        Ok(self.connection)
    }
}

/// A way for rows into a table.
pub(super) struct Rows<'s>(rusqlite::Statement<'s>);

impl Rows<'_> {
    pub(super) fn add(&mut self, values: &[Value]) -> rusqlite::Result<()> {
        self.0.execute(params_from_iter(values.iter().map(Cell)))?;
        Ok(())
    }
}

/// Whether the bytes are text is looked at when they are read.
struct Cell<'v>(&'v Value);

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = self.0.as_deref().map_or(ValueRef::Null, ValueRef::Text);
        Ok(ToSqlOutput::Borrowed(value))
    }
}
