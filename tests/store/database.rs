//! The databases that the contract is run on.

use std::sync::Arc;

use davgroups::store::SharedStore;
use davgroups::store::sqlite::SqliteStore;
use tempfile::TempDir;

/// An empty database, gone when dropped.
pub trait Database: Sync {
    /// Opens a store over it; opening it again gives another store over the same data.
    fn open(&self) -> SharedStore {
        self.open_counted().0
    }

    /// Opens a store, and something that says how many statements it has run.
    fn open_counted(&self) -> (SharedStore, Box<dyn Fn() -> u64>);
}

/// SQLite in a temporary directory.
pub struct Sqlite(TempDir);

impl Sqlite {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }
}

impl Database for Sqlite {
    fn open_counted(&self) -> (SharedStore, Box<dyn Fn() -> u64>) {
        let store = Arc::new(SqliteStore::open(self.0.path()).expect("a store"));
        let counted = Arc::clone(&store);
        (store, Box::new(move || counted.statements_run()))
    }
}
