//! The store on SQLite: one writer thread that commits in groups, and read-only connections.
//!
//! - WAL with `synchronous=FULL`: readers never wait for the writer, and an answered write is on disk.
//! - Reads run on the caller's thread over a pool of read-only connections, since handing a look-up of
//!   some microseconds to another thread costs more than the look-up.
//! - Statements are cached per connection and never recompiled (see [`connection::configure`]).

mod apps;
mod backup;
mod connection;
mod custom_groups;
mod error;
mod groups;
mod search;
mod session;
mod users;
mod verify;
mod watch;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::{Generation, ReadJob, Store, WriteJob};
use crate::domain::{Result, Timestamp};

pub use backup::{BackupError, back_up, restore};
pub use connection::OpenError;
use session::{Counters, Session};
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
        self.counters.run.load(Ordering::Relaxed)
    }

    /// How many statements SQLite compiled again, though they were kept to be used again. For tests that
    /// there are none.
    pub fn statements_recompiled(&self) -> u64 {
        self.counters.recompiled.load(Ordering::Relaxed)
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
