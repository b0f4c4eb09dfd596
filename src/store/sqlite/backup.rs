//! Copies of a whole store, and stores made from copies.
//!
//! Either way a file is written under a name of its own, checked, made durable, and only then given the
//! name that it is to have: what bears that name is complete.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use tempfile::{NamedTempFile, TempPath};
use thiserror::Error;

use super::verify::{Problem, broken, damage};
use super::{FILE_NAME, OpenError, connection};
use crate::domain::Rules;

/// What stands before and after the random part of the name of a copy that is not finished.
const PARTIAL: (&str, &str) = (".davgroups-", ".partial");

/// Why there is no copy, or no store from one.
#[derive(Debug, Error)]
pub enum BackupError {
    /// There is no store to copy.
    #[error("there is no database {0}")]
    Missing(PathBuf),
    /// Something has the name that the copy was to have.
    #[error("{0} exists; use --force to replace it")]
    Exists(PathBuf),
    /// The data directory is not for a new store.
    #[error("the data directory {0} is not empty; restore into an empty or a new one")]
    NotEmpty(PathBuf),
    /// A file or directory cannot be read or written.
    #[error("cannot use {path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is to be copied is no store, or none that this version knows.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The copy cannot be made or read.
    #[error("cannot copy {path}: {source}")]
    Copy {
        /// What was to be copied.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The copy is damaged, as its original must be.
    #[error("{path} is damaged: {what}")]
    Damaged {
        /// What was to be copied.
        path: PathBuf,
        /// The first thing that is wrong.
        what: String,
    },
}

/// Writes a copy of the store in `data_dir` to `target`: the state at one moment, while others go on
/// reading and writing. `replace` allows that `target` is there already.
///
/// # Errors
/// [`BackupError`]; then `target` is as it was.
pub fn back_up(data_dir: &Path, target: &Path, replace: bool) -> Result<(), BackupError> {
    let source = data_dir.join(FILE_NAME);
    if !source.is_file() {
        return Err(BackupError::Missing(source));
    }
    // Said early here; decided at the end, in one step with the naming.
    if !replace && fs::symlink_metadata(target).is_ok() {
        return Err(BackupError::Exists(target.to_owned()));
    }
    let copy = temporary_beside(target)?;
    let failed = |source_error| BackupError::Copy { path: source.clone(), source: source_error };
    let original = connection::open_reader(&source).map_err(failed)?;
    connection::version_of(&original, &source)?;
    // One statement is one snapshot. Unlike the file itself, the copy needs no other files beside it.
    original.execute("VACUUM INTO ?1", [name_in_sql(&copy)?]).map_err(failed)?;
    open_whole(&copy, &source)?;
    keep(copy, target, replace)
}

/// Makes a store in `data_dir` from the copy `source`. Returns what is wrong with what was stored, though
/// the copy itself is whole.
///
/// # Errors
/// [`BackupError`]; then no store was made.
pub fn restore(source: &Path, data_dir: &Path) -> Result<Vec<Problem>, BackupError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| BackupError::Io { path, source }
    };
    let mut original = File::open(source).map_err(io(source))?;
    let is_new = prepare_empty(data_dir)?;
    let restored = (|| {
        let target = data_dir.join(FILE_NAME);
        let copy = temporary_beside(&target)?;
        let mut file = fs::OpenOptions::new().write(true).open(&copy).map_err(io(&copy))?;
        io::copy(&mut original, &mut file).map_err(io(source))?;
        drop(file);
        let problems = upgrade_and_check(&copy, source)?;
        keep(copy, &target, false)?;
        Ok(problems)
    })();
    if restored.is_err() && is_new {
        // It was made just now and is empty; if it cannot be removed, the next attempt may use it.
        let _ = fs::remove_dir(data_dir);
    }
    restored
}

/// Makes the directory unless it is there and empty, but for what a restore left that was killed. Returns
/// whether it was made.
fn prepare_empty(data_dir: &Path) -> Result<bool, BackupError> {
    let io = |source| BackupError::Io { path: data_dir.to_owned(), source };
    let is_left =
        |entry: &io::Result<fs::DirEntry>| entry.as_ref().is_ok_and(|found| is_partial(&found.file_name()));
    match fs::read_dir(data_dir).map(|entries| entries.filter(|entry| !is_left(entry)).count()) {
        Ok(0) => Ok(false),
        Ok(_) => Err(BackupError::NotEmpty(data_dir.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            connection::make_directory(data_dir).map_err(io)?;
            Ok(true)
        }
        Err(error) => Err(io(error)),
    }
}

/// Whether this is the name of a copy that is not finished, or of a file that SQLite keeps beside it.
fn is_partial(name: &OsStr) -> bool {
    let (start, end) = PARTIAL;
    name.to_str().is_some_and(|name| name.starts_with(start) && name.contains(end))
}

/// Brings a copy from an older version up to date, as opening it would, so that it can be checked, and
/// leaves it as one file.
fn upgrade_and_check(copy: &Path, source: &Path) -> Result<Vec<Problem>, BackupError> {
    let failed = |error| BackupError::Copy { path: source.to_owned(), source: error };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let plain = Connection::open_with_flags(copy, flags).map_err(failed)?;
    connection::version_of(&plain, source)?;
    drop(plain);
    let upgraded = connection::open_writer(copy)?;
    upgraded.pragma_update(None, "journal_mode", "DELETE").map_err(failed)?;
    drop(upgraded);
    broken(&open_whole(copy, source)?, &Rules::default()).map_err(failed)
}

/// Opens a copy of `source` that is not damaged.
fn open_whole(copy: &Path, source: &Path) -> Result<Connection, BackupError> {
    let failed = |error| BackupError::Copy { path: source.to_owned(), source: error };
    let connection = connection::open_reader(copy).map_err(failed)?;
    match damage(&connection).map_err(failed)?.into_iter().next() {
        Some(damage) => Err(BackupError::Damaged { path: source.to_owned(), what: damage.what }),
        None => Ok(connection),
    }
}

/// A path as SQLite takes it.
fn name_in_sql(path: &Path) -> Result<&str, BackupError> {
    let not_text = || io::Error::new(io::ErrorKind::InvalidFilename, "the name is not valid UTF-8");
    path.to_str().ok_or_else(|| BackupError::Io { path: path.to_owned(), source: not_text() })
}

/// An empty file that only its owner can read, in the directory of `target`; gone when dropped.
fn temporary_beside(target: &Path) -> Result<TempPath, BackupError> {
    let directory = directory_of(target);
    let (start, end) = PARTIAL;
    let file = tempfile::Builder::new().prefix(start).suffix(end).tempfile_in(directory);
    let io = |source| BackupError::Io { path: directory.to_owned(), source };
    file.map(NamedTempFile::into_temp_path).map_err(io)
}

/// Makes a finished file durable and gives it its name.
fn keep(copy: TempPath, target: &Path, replace: bool) -> Result<(), BackupError> {
    let io = |source| BackupError::Io { path: target.to_owned(), source };
    File::open(&copy).and_then(|file| file.sync_all()).map_err(io)?;
    let named = if replace { copy.persist(target) } else { copy.persist_noclobber(target) };
    named.map_err(|refused| match refused.error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(target.to_owned()),
        _ => io(refused.error),
    })?;
    sync_directory(directory_of(target)).map_err(io)
}

/// Makes the names in a directory durable.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
