//! The use cases: one function each, and one transaction each.
//!
//! A function checks in the order that clients rely on, asks [`crate::domain::permission`] for every
//! decision about rights, and reads and writes inside one transaction, so that a rule still holds when
//! the change is made. Both protocols call these functions; neither finds a rule anywhere else.

mod account;
mod act;
mod app;
mod app_info;
mod applying;
mod batch;
mod custom_group;
mod declaration;
mod details;
mod group;
mod home;
mod import;
mod inventory;
mod locate;
mod membership;
mod operator;
mod paged;
mod password_hash;
mod passwords;
mod searches;
mod subadmin;
mod token;
mod user;

use std::sync::Arc;

use crate::domain::{Result, Rules};
use crate::store::{LongReads, Reader, SharedStore, Tx};

pub use app::{AppFilter, Apps};
pub use app_info::{AppInfo, Dependency};
pub use batch::{GroupPlace, Step, Undone};
pub use custom_group::{Children, Last, Listing, Scope};
pub use declaration::{
    Applied, Declaration, DeclaredCustomGroup, DeclaredGroup, DeclaredPassword, DeclaredUser, Impossible,
};
pub use details::{GroupDetails, UserDetails};
pub use home::{Homes, Usage};
pub use import::{Finding, Moved, Tally};
pub use inventory::{CustomGroupRecord, Inventory, UserRecord};
pub use membership::{ImportOutcome, ImportRow};
pub use operator::UserChanges;
pub use paged::Paged;
pub use passwords::Passwords;
pub use user::UserRequest;

/// Everything the protocols can ask for. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    store: SharedStore,
    long_reads: LongReads,
    passwords: Arc<Passwords>,
    rules: Rules,
    switches: app::Switches,
    searches: searches::Searches,
}

impl Service {
    /// Over `store`, under `rules`.
    pub fn new(store: SharedStore, passwords: Arc<Passwords>, rules: Rules) -> Self {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            long_reads: LongReads::new(Arc::clone(&store), threads),
            store,
            passwords,
            rules,
            switches: app::Switches::default(),
            searches: searches::Searches::default(),
        }
    }

    /// The rules in force.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Where passwords are hashed and verified.
    pub fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// A short read, here and now.
    fn read<T>(&self, job: impl FnOnce(&dyn Reader) -> Result<T>) -> Result<T> {
        self.store.read(job)
    }

    /// A read whose length depends on what is stored, on a thread of its own.
    async fn read_long<T: Send + 'static>(
        &self,
        job: impl FnOnce(&dyn Reader) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.long_reads.read(job).await
    }

    /// A write; durable when it returns.
    async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.store.write(job).await
    }
}
