//! Keeping everything: the traits a store implements, in domain types.
//!
//! A [`Store`] runs jobs. A reading job sees one snapshot through [`Reader`]; a writing job changes
//! things through [`Tx`] in one transaction, and has been made durable when its result comes back. A
//! writing job that returns an error has changed nothing. What a caller wrote, it reads.

mod call;
mod reading;
pub mod sqlite;
mod writing;

use std::sync::Arc;

use crate::domain::Result;

pub use call::{LongReads, WriteJob};
pub use reading::*;
pub use writing::*;

/// Stands for one state of everything that is stored; another state has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation(pub u64);

/// A job that reads.
pub type ReadJob<'a> = &'a mut dyn FnMut(&dyn Reader) -> Result<()>;

/// Somewhere to keep everything. See the module for what is promised.
pub trait Store: Send + Sync + 'static {
    /// Runs `job` on one snapshot, here and now; it should be short.
    ///
    /// # Errors
    /// Whatever the job returns, and `Store` when the store cannot be read.
    fn run_read(&self, job: ReadJob<'_>) -> Result<()>;

    /// The generation of what would be read now, whoever wrote it. What is read afterwards is of this one
    /// or of a later one.
    ///
    /// # Errors
    /// `Store` when the store cannot be read.
    fn generation(&self) -> Result<Generation>;

    /// Puts `job` into the queue of writes.
    ///
    /// # Errors
    /// `Busy` when the queue is full.
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<()>;
}

/// A store that is shared.
pub type SharedStore = Arc<dyn Store>;
