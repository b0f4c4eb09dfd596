//! Whether anything was written, by this process or by another one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::domain::Result;
use crate::store::Generation;

/// For so long after a look at what others wrote there is no other. Our own writes count at once; another
/// process, such as the command line's, takes longer to end, so nobody was told of a write by then.
const BLINK: Duration = Duration::from_millis(1);

/// Counts states of what is stored.
///
/// Asking SQLite takes 2 µs, and one thread at a time: a fifth of a request whose answer was kept. So our
/// own writer says when it has written, and SQLite is asked once in a [`BLINK`].
pub(super) struct Watch {
    state: AtomicU64,
    others: Mutex<Others>,
    /// When there was a look at the others, in microseconds since `opened`.
    looked: AtomicU64,
    opened: Instant,
}

/// What others wrote, for SQLite whoever has another connection.
struct Others {
    /// Writes nothing.
    connection: Connection,
    /// What SQLite called the state last.
    version: i64,
}

impl Others {
    /// Since this was asked last.
    fn have_written(&mut self) -> rusqlite::Result<bool> {
        let mut statement = self.connection.prepare_cached("PRAGMA data_version")?;
        let version = statement.query_row([], |row| row.get(0))?;
        Ok(std::mem::replace(&mut self.version, version) != version)
    }
}

impl Watch {
    /// Over a connection that nobody else uses.
    pub(super) fn new(connection: Connection) -> rusqlite::Result<Self> {
        let opened = Instant::now();
        let mut others = Others { connection, version: 0 };
        others.have_written()?;
        let (state, looked) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self { state, others: Mutex::new(others), looked, opened })
    }

    /// To be called after each write and before anybody hears that it is done.
    pub(super) fn wrote(&self) {
        self.state.fetch_add(1, Ordering::Release);
    }

    /// As [`crate::store::Store::generation`] says.
    pub(super) fn generation(&self) -> Result<Generation> {
        if !self.is_fresh(Ordering::Acquire) {
            self.look()?;
        }
        Ok(Generation(self.state.load(Ordering::Acquire)))
    }

    fn is_fresh(&self, ordering: Ordering) -> bool {
        self.now().saturating_sub(self.looked.load(ordering)) < micros(BLINK)
    }

    fn look(&self) -> Result<()> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever had the lock before may have looked.
        if self.is_fresh(Ordering::Relaxed) {
            return Ok(());
        }
        let now = self.now();
        if others.have_written()? {
            self.wrote();
        }
        self.looked.store(now, Ordering::Release);
        Ok(())
    }

    fn now(&self) -> u64 {
        micros(self.opened.elapsed())
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use super::*;

    #[test]
    fn whoever_writes_makes_another_generation() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("test.db");
        let other = Connection::open(&path).expect("open");
        other.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (x)").expect("table");
        let watch = Watch::new(Connection::open(&path).expect("open")).expect("watched");
        let generation = || watch.generation().expect("generation");

        let first = generation();
        sleep(2 * BLINK);
        assert_eq!(generation(), first, "nothing was written");
        watch.wrote();
        let second = generation();
        assert_ne!(second, first, "our own write counts at once");
        other.execute_batch("INSERT INTO t VALUES (1)").expect("written");
        sleep(2 * BLINK);
        assert_ne!(generation(), second, "another's write counts after a blink");
    }
}
