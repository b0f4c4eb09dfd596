//! What every command shares that works on the store, whether or not a server runs over it, too.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Builder;

use super::Failure;
use crate::config::Config;
use crate::service::{Passwords, Service};
use crate::store::sqlite::{FILE_NAME, SqliteStore};

/// Runs a command to its end on this thread.
pub(super) fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = Builder::new_current_thread().build().map_err(Failure::failed)?;
    runtime.block_on(command)
}

/// The service over the store, which is made if there is none; that is said, since most often it is elsewhere.
pub(super) fn open(config: &Config) -> Result<Service, Failure> {
    let path = config.data_dir.join(FILE_NAME);
    let there = exists(&path)?;
    let service = over(config)?;
    if !there {
        eprintln!("made the database {}", path.display());
    }
    Ok(service)
}

/// The same, but a store is not made where there is none.
pub(super) fn open_existing(config: &Config) -> Result<Service, Failure> {
    let path = config.data_dir.join(FILE_NAME);
    if exists(&path)? { over(config) } else { Err(missing(&path)) }
}

/// Runs a rehearsal over the store or, where there is none yet, over one that is thrown away.
pub(super) fn rehearse<T>(
    config: &Config,
    rehearsal: impl FnOnce(&Service) -> Result<T, Failure>,
) -> Result<T, Failure> {
    if exists(&config.data_dir.join(FILE_NAME))? {
        return rehearsal(&over(config)?);
    }
    let directory = tempfile::tempdir().map_err(Failure::failed)?;
    rehearsal(&over(&Config { data_dir: directory.path().to_owned(), ..config.clone() })?)
}

/// There is no store, most likely because it is elsewhere.
pub(super) fn missing(path: &Path) -> Failure {
    let path = path.display();
    Failure::Failed(format!("there is no database {path}; name the directory it is in with --data-dir"))
}

fn over(config: &Config) -> Result<Service, Failure> {
    let store = SqliteStore::open(&config.data_dir).map_err(Failure::failed)?;
    Ok(Service::new(Arc::new(store), Arc::new(Passwords::new()?), config.rules))
}

fn exists(path: &Path) -> Result<bool, Failure> {
    path.try_exists().map_err(|error| Failure::Failed(format!("cannot look for {}: {error}", path.display())))
}
