//! A foreign database: opening it, finding its tables, and reading columns that may hold anything.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row};
use thiserror::Error;

/// What in a path means something else in the URI of a file.
const URI_PATH: AsciiSet = CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#');

/// Where a file says that it is in WAL mode, to those who write and to those who read.
const WAL_MODE: Range<usize> = 18..20;

/// What every ownCloud has, by the end of its name.
const LANDMARKS: [&str; 3] = ["users", "groups", "group_user"];

/// Why a database cannot be read at all.
#[derive(Debug, Error)]
pub enum SourceError {
    /// The file is not there or cannot be opened.
    #[error("cannot read {0}: {1}")]
    Unreadable(String, String),
    /// The file is something else.
    #[error("{0} is no SQLite database, and no dump in SQL")]
    NoDatabase(String),
    /// Databases of this kind are not connected to.
    #[error(
        "davgroups connects to PostgreSQL alone; of MySQL or MariaDB it reads a dump: mysqldump owncloud >owncloud.sql"
    )]
    OtherServer,
    /// The file can be read only together with its log, for which something has to be written.
    #[error("{0} has changes in {0}-wal; copy both to where files can be written, and read the copy")]
    Unwritable(String),
    /// A connection to a database could be listened to.
    #[error(
        "the connection to {0} would not be encrypted: use a tunnel (ssh -L 5433:localhost:5432 {0}), or add sslmode=disable to the URL"
    )]
    Unencrypted(String),
    /// A dump cannot be understood.
    #[error("{name}, line {line}: {reason}")]
    Dump {
        /// The file.
        name: String,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong there.
        reason: String,
    },
    /// The tables are something else's.
    #[error("{0} has no tables of an ownCloud or a Nextcloud")]
    Foreign(String),
    /// Several prefixes would do.
    #[error("{name} has tables of several servers; name one of their prefixes with --prefix: {prefixes}")]
    Ambiguous {
        /// The file or database.
        name: String,
        /// The prefixes.
        prefixes: String,
    },
    /// A table is not as any version known here makes it.
    #[error("the table {table} has no column {column}; this is no schema that davgroups knows")]
    Schema {
        /// The table.
        table: String,
        /// The column that is missing.
        column: String,
    },
}

/// A database that is read.
pub(super) struct Source {
    /// The file or database, as errors call it.
    name: String,
    connection: Connection,
    prefix: String,
    /// The file and when it was changed last, if nobody is kept from changing it.
    unlocked: Option<(PathBuf, SystemTime)>,
}

/// A row as it came: nothing is sure about its values.
pub(super) struct Cells<'r>(&'r Row<'r>);

/// A value that is not of the kind that belongs there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Broken {
    /// Bytes that are no text.
    #[error("a column holds bytes that are no text")]
    NoText,
    /// Something where a number belongs.
    #[error("a column holds no whole number where one belongs")]
    NoNumber,
    /// Nothing where something belongs.
    #[error("a column that names something is empty")]
    Missing,
}

impl Source {
    /// A SQLite file. It is not changed, and where that can be helped nothing is written beside it: locks of
    /// a file in WAL mode are files of their own, so one that nobody seems to use is read without.
    pub(super) fn open(path: &Path, prefix: Option<&str>) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        let unreadable = |error: io::Error| SourceError::Unreadable(name.clone(), error.to_string());
        let state = changed(path).map_err(unreadable)?;
        if !is_quiet(path).map_err(unreadable)? {
            return Self::open_locked(path, prefix);
        }
        let connection = snapshot(path, Some("immutable=1")).map_err(|error| failure(&name, &error))?;
        let unlocked = Some((path.to_owned(), state));
        Ok(Self { unlocked, ..Self::over(connection, name, prefix)? })
    }

    /// The same, while others go on writing.
    pub(super) fn open_locked(path: &Path, prefix: Option<&str>) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        let connection = snapshot(path, None).map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::CannotOpen) if has_log(path).is_ok_and(|log| log) => {
                SourceError::Unwritable(name.clone())
            }
            _ => failure(&name, &error),
        })?;
        Self::over(connection, name, prefix)
    }

    /// Whether everything that was read was there at one moment.
    pub(super) fn is_unchanged(&self) -> bool {
        self.unlocked.as_ref().is_none_or(|(path, state)| {
            is_quiet(path).is_ok_and(|quiet| quiet) && changed(path).is_ok_and(|now| now == *state)
        })
    }

    /// A database that is open already, and is called `name`.
    pub(super) fn over(
        connection: Connection,
        name: String,
        prefix: Option<&str>,
    ) -> Result<Self, SourceError> {
        let tables = tables(&connection).map_err(|error| failure(&name, &error))?;
        let mut prefixes = prefixes(&tables);
        if let Some(wanted) = prefix {
            prefixes.retain(|found| *found == wanted);
        }
        let prefix = match prefixes.as_slice() {
            [] => return Err(SourceError::Foreign(name)),
            [one] => (*one).to_owned(),
            several => return Err(SourceError::Ambiguous { name, prefixes: several.join(", ") }),
        };
        Ok(Self { name, connection, prefix, unlocked: None })
    }

    /// Which columns a table has; none if there is no such table.
    pub(super) fn columns(&self, table: &str) -> Result<BTreeSet<String>, SourceError> {
        let read = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
            statement.query_map([self.table(table)], |row| row.get(0))?.collect()
        };
        read().map_err(|error| failure(&self.name, &error))
    }

    /// Makes something of each row of a table, in the order in which the rows were added. The table has
    /// to have the columns `required`; of `optional`, those it has not are empty.
    pub(super) fn rows<T>(
        &self,
        table: &str,
        required: &[&str],
        optional: &[&str],
        mut read: impl FnMut(&Cells<'_>) -> T,
    ) -> Result<Vec<T>, SourceError> {
        let there = self.columns(table)?;
        if let Some(missing) = required.iter().find(|column| !there.contains(**column)) {
            return Err(SourceError::Schema { table: self.table(table), column: (*missing).to_owned() });
        }
        let mut columns: Vec<String> = required.iter().map(|column| quoted(column)).collect();
        columns.extend(optional.iter().map(|column| match there.contains(*column) {
            true => quoted(column),
            false => "NULL".to_owned(),
        }));
        let sql = format!("SELECT {} FROM {} ORDER BY rowid", columns.join(", "), quoted(&self.table(table)));
        let mut all = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare(&sql)?;
            statement.query_map([], |row| Ok(read(&Cells(row))))?.collect()
        };
        all().map_err(|error| failure(&self.name, &error))
    }

    fn table(&self, table: &str) -> String {
        format!("{}{table}", self.prefix)
    }
}

impl Cells<'_> {
    /// Text; none where there is nothing.
    pub(super) fn text(&self, column: usize) -> Result<Option<String>, Broken> {
        match self.0.get_ref(column).map_err(|_| Broken::Missing)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(number) => Ok(Some(number.to_string())),
            ValueRef::Real(number) => Ok(Some(number.to_string())),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Some(text.to_owned())),
                Err(_) => Err(Broken::NoText),
            },
        }
    }

    /// Text that has to be there.
    pub(super) fn name(&self, column: usize) -> Result<String, Broken> {
        self.text(column)?.filter(|text| !text.is_empty()).ok_or(Broken::Missing)
    }

    /// A whole number; none where there is nothing.
    pub(super) fn number(&self, column: usize) -> Result<Option<i64>, Broken> {
        let parsed = |text: String| text.parse().map_err(|_| Broken::NoNumber);
        self.text(column)?.filter(|text| !text.is_empty()).map(parsed).transpose()
    }
}

/// One moment of a file that another server may still be writing to.
fn snapshot(path: &Path, parameter: Option<&str>) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match parameter {
        None => Connection::open_with_flags(path, flags)?,
        Some(parameter) => {
            let path = percent_encode(path.as_os_str().as_encoded_bytes(), &URI_PATH);
            let uri = format!("file:{path}?{parameter}");
            Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?
        }
    };
    // It begins with the first thing that is read.
    connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
    Ok(connection)
}

/// Whether a file is in WAL mode, and everything is in the file itself.
fn is_quiet(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(WAL_MODE.end as u64).read_to_end(&mut head)?;
    Ok(head.get(WAL_MODE) == Some(&[2, 2]) && !has_log(path)?)
}

/// Whether anything is in the log beside a file.
fn has_log(path: &Path) -> io::Result<bool> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    match Path::new(&log).metadata() {
        Ok(log) => Ok(log.len() > 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// When a file was changed last.
fn changed(path: &Path) -> io::Result<SystemTime> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    File::open(path)?.metadata()?.modified()
}

fn failure(name: &str, error: &rusqlite::Error) -> SourceError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => SourceError::NoDatabase(name.to_owned()),
        _ => SourceError::Unreadable(name.to_owned(), error.to_string()),
    }
}

fn tables(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut statement = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// What precedes the names of all landmarks.
fn prefixes(tables: &BTreeSet<String>) -> Vec<&str> {
    let candidates = tables.iter().filter_map(|name| name.strip_suffix(LANDMARKS[2]));
    let complete = |prefix: &&str| LANDMARKS.iter().all(|end| tables.contains(&format!("{prefix}{end}")));
    candidates.filter(complete).collect()
}

/// A name as SQL has it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_writes_meanwhile_is_noticed() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a ?#%.db");
        let other = Connection::open(&path).expect("made");
        let schema = "PRAGMA journal_mode = WAL; CREATE TABLE users (uid); CREATE TABLE groups (gid);
                      CREATE TABLE group_user (gid, uid);";
        other.execute_batch(schema).expect("a schema");
        assert!(Source::open(&path, None).expect("with locks").unlocked.is_none());
        drop(other);
        // As it is while somebody has the file open and wrote nothing.
        let log = directory.path().join("a ?#%.db-wal");
        std::fs::write(&log, "").expect("written");
        assert!(Source::open(&path, None).expect("without locks").unlocked.is_some());
        std::fs::remove_file(&log).expect("removed");
        let source = Source::open(&path, None).expect("without locks");
        assert!(source.unlocked.is_some() && source.is_unchanged());
        assert_eq!(directory.path().read_dir().expect("read").count(), 1, "nothing was written beside it");
        let other = Connection::open(&path).expect("open");
        other.execute_batch("INSERT INTO users VALUES ('nora')").expect("written");
        assert!(!source.is_unchanged());
        let locked = Source::open_locked(&path, None).expect("with locks");
        let users = locked.rows("users", &["uid"], &[], |row| row.name(0)).expect("read");
        assert_eq!((users, locked.is_unchanged()), (vec![Ok("nora".to_owned())], true));
    }
}
