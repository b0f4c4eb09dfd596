//! The whole server without its connections.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::health::{Health, Probe};
use super::lock::{DataLock, LockError};
use super::metrics::Metrics;
use super::proxies::Proxies;
use super::request_id::RequestIds;
use crate::config::{Config, seconds};
use crate::dispatch::Dispatch;
use crate::domain::{self, StoreFailure};
use crate::service::{Passwords, Service};
use crate::store::SharedStore;
use crate::store::sqlite::{OpenError, SqliteStore};

/// A data directory that is being served. There is one at a time for each directory.
pub struct App {
    dispatch: Dispatch,
    service: Service,
    store: Arc<SqliteStore>,
    limits: Limits,
    proxies: Proxies,
    request_ids: RequestIds,
    metrics: Metrics,
    health: Health,
    /// Held for as long as the directory is served.
    _lock: DataLock,
}

/// What connections are held to.
pub(super) struct Limits {
    pub(super) connections: usize,
    /// 0 is any number.
    pub(super) connections_per_address: u32,
    pub(super) header_timeout: Duration,
    pub(super) send_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) shutdown_timeout: Duration,
}

/// Why a server cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The data directory is taken, or cannot be locked.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Something inside failed.
    #[error("cannot start: {0}")]
    Inside(#[from] domain::Error),
}

impl App {
    /// Opens the data directory that `config` names, making it if there is none.
    ///
    /// # Errors
    /// [`StartError`], with nothing changed: the directory cannot be used, is served by another
    /// process, or holds what is no database of this version.
    pub fn open(config: &Config) -> Result<Self, StartError> {
        // The lock comes first, so that a newer program does not change the schema under an older one
        // that is running. Where no server ever ran there is nothing to lock, and no file is left
        // behind if the store cannot be opened.
        let lock = DataLock::existing(&config.data_dir)?;
        let store = Arc::new(SqliteStore::open(&config.data_dir)?);
        let lock = lock.map_or_else(|| DataLock::new(&config.data_dir), Ok)?;

        let service =
            Service::new(Arc::clone(&store) as SharedStore, Arc::new(Passwords::new()?), config.rules);
        let limits = Limits {
            connections: usize::try_from(config.max_connections.get()).unwrap_or(usize::MAX),
            connections_per_address: config.max_connections_per_address,
            header_timeout: seconds(config.header_timeout_seconds),
            idle_timeout: seconds(config.header_timeout_seconds),
            send_timeout: seconds(config.send_timeout_seconds),
            shutdown_timeout: seconds(config.shutdown_timeout_seconds),
        };
        let probes = [Probe::Live, Probe::Ready].map(Probe::endpoint);
        Ok(Self {
            dispatch: Dispatch::new(service.clone(), config)?,
            service,
            limits,
            proxies: Proxies::new(config.trusted_proxies.clone()),
            request_ids: RequestIds::new().map_err(|error| domain::Error::from(StoreFailure::new(error)))?,
            metrics: Metrics::new(Dispatch::endpoints().chain(probes)),
            health: Health::new(Arc::clone(&store), config.base_path.clone()),
            store,
            _lock: lock,
        })
    }

    /// The use cases, for programs that work beside the server inside the same process.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// What answers requests, for programs that bring their own connections.
    pub fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }

    pub(super) fn store(&self) -> &SqliteStore {
        &self.store
    }

    pub(super) fn proxies(&self) -> &Proxies {
        &self.proxies
    }

    pub(super) fn request_ids(&self) -> &RequestIds {
        &self.request_ids
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(super) fn health(&self) -> &Health {
        &self.health
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }
}
