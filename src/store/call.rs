//! Calling a store: closures in, results out, over the object-safe [`Store`].

use std::sync::Arc;

use tokio::sync::{Semaphore, oneshot};

use super::{Reader, Store, Tx};
use crate::domain::{Error, Result, StoreFailure};

/// A job in the queue of writes.
pub trait WriteJob: Send {
    /// Makes the changes, and says whether they are to be kept. Called at most once.
    fn run(&mut self, tx: &mut dyn Tx) -> bool;

    /// Tells the caller: `Ok` once what the job did is durable or was rolled back as it asked, an error
    /// if the store failed. Called once.
    fn finish(self: Box<Self>, outcome: Result<()>);
}

struct Call<F, T> {
    job: Option<F>,
    /// Whether what the job changes is to be kept if it succeeds.
    keep: bool,
    result: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<F, T> WriteJob for Call<F, T>
where
    F: FnOnce(&mut dyn Tx) -> Result<T> + Send,
    T: Send,
{
    fn run(&mut self, tx: &mut dyn Tx) -> bool {
        self.result = self.job.take().map(|job| job(tx));
        self.keep && matches!(self.result, Some(Ok(_)))
    }

    fn finish(self: Box<Self>, outcome: Result<()>) {
        let result = match (outcome, self.result) {
            (Err(failure), _) => Err(failure),
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreFailure::new("a write was not run").into()),
        };
        // A caller that has gone away no longer wants to know; what it asked for is done.
        let _ = self.reply.send(result);
    }
}

impl dyn Store {
    /// Runs a short reading job on this thread.
    ///
    /// # Errors
    /// Whatever the job returns, and `Store` when the store cannot be read.
    pub fn read<T>(&self, job: impl FnOnce(&dyn Reader) -> Result<T>) -> Result<T> {
        let mut job = Some(job);
        let mut result = None;
        self.run_read(&mut |reader| {
            result = job.take().map(|job| job(reader));
            Ok(())
        })?;
        result.unwrap_or_else(|| Err(StoreFailure::new("a read was not run").into()))
    }

    /// Runs a writing job and waits until it is durable.
    ///
    /// # Errors
    /// Whatever the job returns, `Busy` when too many writes wait, `StorageFull` and `Store` when the
    /// store fails. In each case nothing was changed.
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.enqueue(job, true)?.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Runs a writing job to see what would come of it, and undoes everything it did.
    ///
    /// # Errors
    /// As for [`Self::write`].
    pub async fn rehearse<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.enqueue(job, false)?.await.unwrap_or_else(|_| Err(gone()))
    }

    /// The same as [`Self::write`] for a thread that may wait, such as the command line's.
    ///
    /// # Errors
    /// As for [`Self::write`].
    pub fn write_blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.enqueue(job, true)?.blocking_recv().unwrap_or_else(|_| Err(gone()))
    }

    fn enqueue<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
        keep: bool,
    ) -> Result<oneshot::Receiver<Result<T>>> {
        let (reply, answer) = oneshot::channel();
        self.submit(Box::new(Call { job: Some(job), keep, result: None, reply }))?;
        Ok(answer)
    }
}

fn gone() -> Error {
    StoreFailure::new("the writer has stopped").into()
}

/// Runs reading jobs that may be long, off the threads that serve connections and a few at a time.
#[derive(Clone)]
pub struct LongReads {
    store: Arc<dyn Store>,
    slots: Arc<Semaphore>,
}

impl LongReads {
    /// Over `store`, with at most `threads` jobs at once.
    pub fn new(store: Arc<dyn Store>, threads: usize) -> Self {
        Self { store, slots: Arc::new(Semaphore::new(threads)) }
    }

    /// Runs one job.
    ///
    /// # Errors
    /// Whatever the job returns, and `Store` when the store cannot be read.
    pub async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&dyn Reader) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let _slot = self.slots.acquire().await.map_err(StoreFailure::new)?;
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || store.read(job)).await.map_err(StoreFailure::new)?
    }
}
