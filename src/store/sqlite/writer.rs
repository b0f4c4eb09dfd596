//! The thread that writes.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};

use rusqlite::Connection;

use super::connection::APPLICATION_ID;
use super::session::{Counters, Session};
use super::watch::Watch;
use crate::domain::{Error, Result, StoreFailure, Timestamp};
use crate::store::WriteJob;

/// As many writes wait at most; further ones are refused as busy.
const QUEUE: usize = 1024;

/// As many writes share one commit at most.
const BATCH: usize = 256;

type Job = Box<dyn WriteJob>;

/// The writing thread and its queue. Dropping it finishes what is queued and closes the database.
pub(super) struct Writer {
    /// None only while being dropped.
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
}

impl Writer {
    /// Over `connection`; `watch` is told of what is written.
    pub(super) fn start(
        connection: Connection,
        counters: Arc<Counters>,
        watch: Arc<Watch>,
    ) -> io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let counted = Arc::clone(&counters);
        let thread = Builder::new().name("store-writer".to_owned()).spawn(move || {
            write_all(&connection, &jobs, &counted, &watch);
            // SQLite tidies up when the last connection is closed, unless that one only reads.
            drop(watch);
        })?;
        Ok(Self { queue: Some(queue), thread: Some(thread), counters })
    }

    pub(super) fn submit(&self, job: Job) -> Result<()> {
        let stopped = || StoreFailure::new("the writer has stopped").into();
        // Before the thread can take it, so that the count never falls below nothing.
        self.counters.waiting.raise();
        let refused = match self.queue.as_ref().map(|queue| queue.try_send(job)) {
            Some(Ok(())) => return Ok(()),
            Some(Err(TrySendError::Full(_))) => {
                self.counters.refused.increment();
                Error::Busy
            }
            Some(Err(TrySendError::Disconnected(_))) | None => stopped(),
        };
        self.counters.waiting.lower();
        Err(refused)
    }

    /// Whether what is submitted will be done.
    pub(super) fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.take();
        if let Some(thread) = self.thread.take() {
            // The thread catches the panics of jobs, so there is nothing to learn from its end.
            let _ = thread.join();
        }
    }
}

/// Takes what is queued, commits it together, and starts again, until the queue is closed.
fn write_all(connection: &Connection, jobs: &Receiver<Job>, counters: &Counters, watch: &Watch) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(BATCH - 1));
        batch.iter().for_each(|_| counters.waiting.lower());
        let outcome = run_batch(connection, &mut batch, counters);
        if outcome.is_err() && !connection.is_autocommit() {
            // Nothing of a failed batch may stay; if even this fails, the next BEGIN says so.
            let _ = connection.execute_batch("ROLLBACK");
        }
        // Before anybody is answered, so that whoever wrote something reads it.
        watch.wrote();
        for (index, job) in batch.into_iter().enumerate() {
            let own = match &outcome {
                Ok(panicked) if panicked.contains(&index) => Err(failed("a write panicked")),
                Ok(_) => Ok(()),
                Err(error) => Err(again(error)),
            };
            job.finish(own);
        }
    }
}

/// Runs each job in its own savepoint inside one transaction and commits once. Returns which jobs
/// panicked. An error is one of the whole batch.
fn run_batch(connection: &Connection, batch: &mut [Job], counters: &Counters) -> Result<Vec<usize>> {
    let mut panicked = Vec::new();
    run(connection, "BEGIN IMMEDIATE")?;
    let now = Timestamp::now();
    for (index, job) in batch.iter_mut().enumerate() {
        run(connection, "SAVEPOINT job")?;
        let mut session = Session::new(connection, now, counters);
        let keep = catch_unwind(AssertUnwindSafe(|| job.run(&mut session)));
        if connection.is_autocommit() {
            // SQLite gave up the whole transaction (disk full, I/O error), the earlier jobs with it.
            return Err(failed("the transaction was rolled back"));
        }
        if !matches!(keep, Ok(true)) {
            run(connection, "ROLLBACK TO job")?;
        }
        run(connection, "RELEASE job")?;
        if keep.is_err() {
            panicked.push(index);
        }
    }
    if let Err(error) = run(connection, "COMMIT") {
        write_over(connection);
        return Err(error);
    }
    counters.commits.observe(batch.len() as u64);
    Ok(panicked)
}

/// After a commit that failed. All of it may be in the log, with nothing but the sync missing, and would be
/// found there after a crash, though everybody was told that it was not done. The next transaction takes its
/// place in the log: this one, which changes nothing. It need not be synced for that.
fn write_over(connection: &Connection) {
    if !connection.is_autocommit() {
        // If it fails, so does what follows, which is logged.
        let _ = connection.execute_batch("ROLLBACK");
    }
    if let Err(error) = connection.pragma_update(None, "application_id", APPLICATION_ID) {
        tracing::debug!(%error, "what was written over a failed commit was not synced either");
    }
}

fn run(connection: &Connection, statement: &str) -> Result<()> {
    connection.prepare_cached(statement)?.execute([])?;
    Ok(())
}

fn failed(reason: &str) -> Error {
    StoreFailure::new(reason).into()
}

/// The same failure for each job of a batch.
fn again(error: &Error) -> Error {
    match error {
        Error::Busy => Error::Busy,
        Error::StorageFull => Error::StorageFull,
        Error::Store(failure) => StoreFailure::new(failure).into(),
        other => StoreFailure::new(other).into(),
    }
}
