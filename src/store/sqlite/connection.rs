//! Opening connections: pragmas, and bringing the schema up to date.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use rusqlite::Error::SqliteFailure;
use rusqlite::config::DbConfig;
use rusqlite::ffi::{self, Error as FfiError};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use thiserror::Error;

use super::FILE_NAME;

const SCHEMA: &str = include_str!("../../../schema.sql");

/// What leads from one version of the schema to the next. Append only; `schema.sql` always holds the
/// sum. The version of a database is one more than the number of steps it has behind it.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/2_user_numbers.sql"),
    include_str!("migrations/3_audit_and_tokens.sql"),
    include_str!("migrations/4_foreign_passwords.sql"),
    include_str!("migrations/5_faster_listings.sql"),
];

/// Marks a database as one of davgroups (`PRAGMA application_id`): "davg" in ASCII.
pub(super) const APPLICATION_ID: i32 = 0x6461_7667;

/// How long a write waits for another process, such as the command line's, to finish its own.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a store could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The data directory cannot be made or used.
    #[error("cannot use the data directory {path}: {source}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something else lies where the database belongs.
    #[error("{0} is not a database of davgroups")]
    NotOurs(PathBuf),
    /// The database was written by a newer davgroups.
    #[error(
        "{path} has schema version {found}, and this davgroups knows versions up to {known}; use a newer davgroups"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version it has.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// The database was written by an older davgroups, and nobody has brought it up to date yet.
    #[error(
        "{path} is whole, but has schema version {found}; what it says can be checked once davgroups serve or restore has brought it to version {known}"
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// The version it has.
        found: u32,
        /// The version of this program.
        known: u32,
    },
    /// SQLite cannot work with the file.
    #[error("cannot open {path}: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The thread that writes cannot be started.
    #[error("cannot start the writing thread: {0}")]
    Thread(io::Error),
}

/// Makes the data directory if need be, readable by its owner alone, and returns where the database is.
pub(super) fn prepare_directory(data_dir: &Path) -> Result<PathBuf, OpenError> {
    let directory = |source| OpenError::Directory { path: data_dir.to_owned(), source };
    if !data_dir.is_dir() {
        make_directory(data_dir).map_err(directory)?;
    }
    let path = data_dir.join(FILE_NAME);
    if path.is_dir() {
        return Err(OpenError::NotOurs(path));
    }
    // SQLite would make the file readable by everybody; its other files take after this one.
    if !path.exists() {
        fs::OpenOptions::new().append(true).create(true).open(&path).map_err(directory)?;
        restrict(&path).map_err(directory)?;
    }
    Ok(path)
}

/// Makes a directory, and what is above it, that its owner alone can use.
pub(super) fn make_directory(data_dir: &Path) -> io::Result<()> {
    fs::create_dir_all(data_dir)?;
    restrict(data_dir)
}

/// Takes the rights of everybody but the owner away.
#[cfg(unix)]
fn restrict(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = if path.is_dir() { 0o700 } else { 0o600 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn restrict(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Opens the connection that writes, after making or upgrading the schema.
pub(super) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |source| refused(path, source);
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    configure(&connection).map_err(failed)?;
    let version = check_version(&connection, path, failed)?;
    switch_to_wal(&connection).map_err(failed)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    if version != current_version() {
        // A table that is made anew is dropped first, which must not reach for what refers to it.
        connection.pragma_update(None, "foreign_keys", false).map_err(failed)?;
        migrate(&mut connection).map_err(failed)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
    }
    Ok(connection)
}

/// Why SQLite refused to open the file at `path`.
pub(super) fn refused(path: &Path, source: rusqlite::Error) -> OpenError {
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotOurs(path.to_owned()),
        _ => OpenError::Sqlite { path: path.to_owned(), source },
    }
}

/// The version of a database that is not empty. `path` is for messages.
pub(super) fn version_of(connection: &Connection, path: &Path) -> Result<u32, OpenError> {
    match check_version(connection, path, |source| refused(path, source))? {
        0 => Err(OpenError::NotOurs(path.to_owned())),
        version => Ok(version),
    }
}

/// Opens a connection that can only read.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    Ok(connection)
}

/// What every connection needs. QPSG keeps plans independent of bound values: with the statistics that
/// the bundled SQLite can keep, prepared joins would otherwise be compiled anew at each execution.
fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

/// The file stays in this mode, so only a new one is changed. SQLite gives up at once, without the busy
/// timeout, when another process is at the same, hence the loop.
fn switch_to_wal(connection: &Connection) -> rusqlite::Result<()> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        let switched = connection.pragma_update(None, "journal_mode", "WAL");
        let busy =
            switched.as_ref().is_err_and(|error| error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy));
        if !busy || Instant::now() >= deadline {
            return switched;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

pub(super) fn current_version() -> u32 {
    1 + u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// The version of the database, 0 for an empty one. Only reads, so that a refusal touches nothing, and
/// reads one snapshot, since another process may be making the schema.
fn check_version(
    connection: &Connection,
    path: &Path,
    failed: impl Fn(rusqlite::Error) -> OpenError,
) -> Result<u32, OpenError> {
    let snapshot = connection.unchecked_transaction().map_err(&failed)?;
    let number = |pragma| snapshot.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let version = number("user_version").map_err(&failed)?;
    let application = number("application_id").map_err(&failed)?;
    let tables: u32 =
        snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(&failed)?;
    drop(snapshot);
    match u32::try_from(version) {
        Ok(0) if tables == 0 => Ok(0),
        Ok(found) if found > 0 && application == APPLICATION_ID => {
            let known = current_version();
            let newer = OpenError::Newer { path: path.to_owned(), found, known };
            if found > known { Err(newer) } else { Ok(found) }
        }
        _ => Err(OpenError::NotOurs(path.to_owned())),
    }
}

/// Makes the schema, or takes the steps that are missing, in one exclusive transaction. The version is
/// read again inside, since another process may have been quicker.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Exclusive)?;
    let version: u32 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match version.checked_sub(1) {
        None => tx.execute_batch(SCHEMA)?,
        Some(taken) => {
            for step in MIGRATIONS.iter().skip(taken as usize) {
                tx.execute_batch(step)?;
            }
        }
    }
    check_references(&tx)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", current_version())?;
    tx.commit()
}

/// Nothing looked after them while the schema was changed.
fn check_references(connection: &Connection) -> rusqlite::Result<()> {
    let dangling = connection.prepare("PRAGMA foreign_key_check")?.exists([])?;
    if dangling { Err(SqliteFailure(FfiError::new(ffi::SQLITE_CONSTRAINT_FOREIGNKEY), None)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_store_has_the_current_version() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join(FILE_NAME);
        drop(open_writer(&path).expect("new"));
        let again = open_writer(&path).expect("again");
        let version: u32 = again.pragma_query_value(None, "user_version", |row| row.get(0)).expect("version");
        assert_eq!(version, current_version());
    }

    /// A copy of `tests/store/released/{version}.db`, as an earlier davgroups left it.
    fn released(version: u32, directory: &Path) -> PathBuf {
        let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/store/released/{version}.db"));
        let path = directory.join(FILE_NAME);
        fs::copy(stored, &path).expect("a stored database of each version");
        path
    }

    /// What the schema consists of, without comments and with the same spaces everywhere.
    fn schema(connection: &Connection) -> Vec<String> {
        let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
        let mut statement = connection.prepare(sql).expect("schema");
        let texts = statement.query_map([], |row| row.get::<_, String>(0)).expect("schema");
        let plain = |text: rusqlite::Result<String>| {
            let text = text.expect("text").replace('"', "");
            let lines = text.lines().map(|line| line.split("--").next().unwrap_or_default());
            lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
        };
        texts.map(plain).collect()
    }

    #[test]
    fn every_released_schema_is_brought_up_to_date() {
        let fresh = tempfile::tempdir().expect("temporary directory");
        let fresh = open_writer(&fresh.path().join(FILE_NAME)).expect("new");
        for version in 1..current_version() {
            let directory = tempfile::tempdir().expect("temporary directory");
            let upgraded = open_writer(&released(version, directory.path())).expect("upgraded");
            assert_eq!(schema(&upgraded), schema(&fresh), "from version {version}");
            let check: String = upgraded
                .pragma_query_value(None, "integrity_check", |row| row.get(0))
                .expect("integrity is checked");
            assert_eq!(check, "ok", "from version {version}");
        }
    }

    #[test]
    fn an_upgrade_that_fails_changes_nothing() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = released(1, directory.path());
        let database = Connection::open(&path).expect("open");
        let stray = "PRAGMA foreign_keys = OFF; INSERT INTO subadmins VALUES ('staff', 'nobody')";
        database.execute_batch(stray).expect("a row that refers to nobody");
        drop(database);
        assert!(matches!(open_writer(&path), Err(OpenError::Sqlite { .. })));
        let database = Connection::open(&path).expect("open");
        assert_eq!(version_of(&database, &path).expect("version"), 1);
    }

    #[test]
    fn foreign_files_and_newer_versions_are_left_alone() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let text = directory.path().join("text.db");
        fs::write(&text, "x".repeat(4096)).expect("written");
        assert!(matches!(open_writer(&text), Err(OpenError::NotOurs(_))));
        assert_eq!(fs::read(&text).expect("read"), "x".repeat(4096).as_bytes());

        let foreign = directory.path().join("foreign.db");
        let connection = Connection::open(&foreign).expect("open");
        connection.execute_batch("CREATE TABLE t (x)").expect("table");
        drop(connection);
        assert!(matches!(open_writer(&foreign), Err(OpenError::NotOurs(_))));

        let newer = directory.path().join("newer.db");
        let connection = open_writer(&newer).expect("new");
        connection.pragma_update(None, "user_version", 999).expect("version");
        drop(connection);
        let before = fs::read(&newer).expect("read");
        assert!(matches!(open_writer(&newer), Err(OpenError::Newer { found: 999, .. })));
        assert_eq!(fs::read(&newer).expect("read"), before);
    }
}
