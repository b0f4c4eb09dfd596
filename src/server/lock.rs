//! One server per data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The name of the lock file in the data directory. It is empty, and stays when the server ends: what
/// counts is whether somebody has locked it.
const FILE_NAME: &str = "davgroups.lock";

/// The right to serve a data directory, for as long as it is kept. The system takes it back when the
/// process ends, however it ends.
pub(super) struct DataLock {
    _file: File,
}

/// Why a data directory cannot be served.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another server has it.
    #[error("the data directory {0} is already being served by another davgroups")]
    Taken(PathBuf),
    /// The lock file cannot be made or locked.
    #[error("cannot lock {path}: {source}")]
    Failed {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl DataLock {
    /// Takes the lock of `data_dir`, making its file if need be.
    pub(super) fn new(data_dir: &Path) -> Result<Self, LockError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        Self::take(data_dir, &options)
    }

    /// The same, but none if no server ever ran there, or nothing is there that could be served.
    pub(super) fn existing(data_dir: &Path) -> Result<Option<Self>, LockError> {
        let is_missing = |error: &io::Error| {
            matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        };
        match Self::take(data_dir, OpenOptions::new().write(true)) {
            Err(LockError::Failed { source, .. }) if is_missing(&source) => Ok(None),
            taken => taken.map(Some),
        }
    }

    fn take(data_dir: &Path, options: &OpenOptions) -> Result<Self, LockError> {
        let path = data_dir.join(FILE_NAME);
        let file = match options.open(&path) {
            Ok(file) => file,
            Err(source) => return Err(LockError::Failed { path, source }),
        };
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Taken(data_dir.to_owned())),
            Err(TryLockError::Error(source)) => Err(LockError::Failed { path, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_locked_once_at_a_time() {
        let directory = tempfile::tempdir().expect("temporary directory");
        assert!(DataLock::existing(directory.path()).expect("none yet").is_none());
        let lock = DataLock::new(directory.path()).expect("free");
        assert!(matches!(DataLock::new(directory.path()), Err(LockError::Taken(_))));
        assert!(matches!(DataLock::existing(directory.path()), Err(LockError::Taken(_))));
        drop(lock);
        assert!(DataLock::existing(directory.path()).expect("free again").is_some());
    }
}
