//! The store on SQLite: one writer thread that commits in groups, and read-only connections.
//!
//! - WAL with `synchronous=FULL`: readers never wait for the writer, and an answered write is on disk.
//! - Reads run on the caller's thread over a pool of read-only connections, since handing a look-up of
//!   some microseconds to another thread costs more than the look-up.
//! - Statements are cached per connection and never recompiled (see [`connection::configure`]).

mod apps;
mod audit;
mod backup;
mod bulk;
mod connection;
mod custom_groups;
mod declared;
mod error;
mod groups;
mod search;
mod session;
mod tokens;
mod users;
mod verify;
mod watch;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, io};

use rusqlite::Connection;

use super::{Generation, GroupReader, ReadJob, Store, WriteJob};
use crate::domain::{GroupId, Result, StoreFailure, Timestamp};

pub use backup::{BackupError, back_up, restore};
pub use connection::OpenError;
pub use session::Counters;
use session::Session;
pub use verify::{Problem, Severity, verify};
use watch::Watch;
use writer::Writer;

/// The name of the database in the data directory.
pub const FILE_NAME: &str = "davgroups.db";

/// As many idle connections are kept for reading; more are opened when more are needed at once.
const IDLE_READERS: usize = 8;

/// The store in one SQLite file.
pub struct SqliteStore {
    path: PathBuf,
    /// Idle read-only connections, the most recently used last.
    readers: Mutex<Vec<Connection>>,
    watch: Arc<Watch>,
    /// Of readers and the writer together.
    counters: Arc<Counters>,
    /// Behind all that read, since it has to be the last to be closed.
    writer: Writer,
}

impl SqliteStore {
    /// Opens the database in `data_dir`, making the directory and the database if there is none, and
    /// bringing an older one up to date.
    ///
    /// # Errors
    /// [`OpenError`], with nothing changed: the directory cannot be made or written, the file is not a
    /// database of davgroups, or it was written by a newer version.
    pub fn open(data_dir: &Path) -> Result<Self, OpenError> {
        let path = connection::prepare_directory(data_dir)?;
        let writing = connection::open_writer(&path)?;
        let sqlite = |source| OpenError::Sqlite { path: path.clone(), source };
        let watch = connection::open_reader(&path).and_then(Watch::new).map_err(sqlite)?;
        let watch = Arc::new(watch);
        let counters = Arc::new(Counters::default());
        let writer = Writer::start(writing, Arc::clone(&counters), Arc::clone(&watch));
        Ok(Self {
            path,
            readers: Mutex::default(),
            watch,
            counters,
            writer: writer.map_err(OpenError::Thread)?,
        })
    }

    /// How many statements were run since the store was opened. For tests that a listing costs a fixed
    /// number, and for those who watch the server.
    pub fn statements_run(&self) -> u64 {
        self.counters.run.get()
    }

    /// How many statements SQLite compiled again, though they were kept to be used again. For tests that
    /// there are none.
    pub fn statements_recompiled(&self) -> u64 {
        self.counters.recompiled.get()
    }

    /// What is counted.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// As many bytes as the database has, and its write-ahead log.
    ///
    /// # Errors
    /// When the database is not there.
    pub fn sizes(&self) -> io::Result<(u64, u64)> {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        // The log is there only while somebody has the database open.
        Ok((fs::metadata(&self.path)?.len(), fs::metadata(log).map_or(0, |log| log.len())))
    }

    /// Whether the database can be opened and read, and is written to when asked to be.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result<()> {
        if !self.writer.is_running() {
            return Err(StoreFailure::new("the writer has stopped").into());
        }
        // One that is open already could go on with a file that nobody else finds any more.
        let reader = connection::open_reader(&self.path)?;
        Session::new(&reader, Timestamp::now(), &self.counters).group_exists(&GroupId::admin())?;
        Ok(())
    }

    fn take_reader(&self) -> Result<Connection> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(idle.map_or_else(|| connection::open_reader(&self.path), Ok)?)
    }

    fn put_back(&self, reader: Connection) {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < IDLE_READERS {
            readers.push(reader);
        }
    }
}

impl Store for SqliteStore {
    fn run_read(&self, job: ReadJob<'_>) -> Result<()> {
        let reader = self.take_reader()?;
        reader.prepare_cached("BEGIN")?.execute([])?;
        let result = job(&Session::new(&reader, Timestamp::now(), &self.counters));
        reader.prepare_cached("COMMIT")?.execute([])?;
        self.put_back(reader);
        result
    }

    fn generation(&self) -> Result<Generation> {
        self.watch.generation()
    }

    fn submit(&self, job: Box<dyn WriteJob>) -> Result<()> {
        self.writer.submit(job)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::Tx;

    /// Takes the writer with it, as only a bug could.
    struct Fatal;

    impl WriteJob for Fatal {
        fn run(&mut self, _tx: &mut dyn Tx) -> bool {
            false
        }

        fn finish(self: Box<Self>, _outcome: Result<()>) {
            panic!("on purpose")
        }
    }

    #[test]
    fn a_store_whose_writer_has_ended_is_found_out() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let store = SqliteStore::open(directory.path()).expect("store");
        store.check().expect("all is well");
        store.submit(Box::new(Fatal)).expect("queued");
        for _ in 0..1000 {
            if store.check().is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("nobody noticed");
    }
}
