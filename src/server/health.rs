//! Whether the server is alive and ready, for those who start, watch and replace it.
//!
//! Nobody needs credentials to ask, and nobody learns more than is needed to decide where to send
//! requests; the rest is in the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};

use crate::domain::{Result, StoreFailure};
use crate::edge::{BasePath, Endpoint, Response};
use crate::store::sqlite::SqliteStore;

/// What the probes look at.
pub(super) struct Health {
    base_path: BasePath,
    store: Arc<SqliteStore>,
    stopping: AtomicBool,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Probe {
    /// `/healthz/live`: whether requests are answered at all.
    Live,
    /// `/healthz/ready`: whether they are answered as they should be.
    Ready,
}

impl Probe {
    /// As requests by this are counted.
    pub(super) const fn endpoint(self) -> Endpoint {
        match self {
            Probe::Live => Endpoint("healthz/live"),
            Probe::Ready => Endpoint("healthz/ready"),
        }
    }
}

impl Health {
    pub(super) fn new(store: Arc<SqliteStore>, base_path: BasePath) -> Self {
        Self { base_path, store, stopping: AtomicBool::new(false) }
    }

    /// The probe that a path is, with or without the base path.
    pub(super) fn probe(&self, path: &str) -> Option<Probe> {
        match path.strip_prefix(self.base_path.as_str()).unwrap_or(path) {
            "/healthz/live" => Some(Probe::Live),
            "/healthz/ready" => Some(Probe::Ready),
            _ => None,
        }
    }

    /// From now on the server is not ready any more.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Answers a probe.
    pub(super) async fn answer(&self, probe: Probe, method: &Method) -> Response {
        if !matches!(*method, Method::GET | Method::HEAD) {
            let mut response = text(method, StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        let obstacle = match probe {
            Probe::Live => None,
            Probe::Ready => self.obstacle().await,
        };
        match obstacle {
            None => text(method, StatusCode::OK, "ok\n"),
            Some(reason) => text(method, StatusCode::SERVICE_UNAVAILABLE, reason),
        }
    }

    /// Why the server is not ready.
    async fn obstacle(&self) -> Option<&'static str> {
        if self.stopping.load(Ordering::Relaxed) {
            return Some("not ready: the server is stopping\n");
        }
        let error = self.check_store().await.err()?;
        tracing::error!(%error, "the store is not ready");
        Some("not ready: the store does not work\n")
    }

    async fn check_store(&self) -> Result<()> {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || store.check()).await.map_err(StoreFailure::new)?
    }
}

/// An answer that is not kept by anybody.
fn text(method: &Method, status: StatusCode, body: &'static str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_LENGTH, body.len().into());
    if *method != Method::HEAD {
        *response.body_mut() = body.into();
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(base_path: &str) -> (Health, tempfile::TempDir) {
        let directory = tempfile::tempdir().expect("temporary directory");
        let store = Arc::new(SqliteStore::open(directory.path()).expect("store"));
        let base_path = BasePath::try_from(base_path.to_owned()).expect("base path");
        (Health::new(store, base_path), directory)
    }

    async fn ask(health: &Health, probe: Probe) -> (u16, String) {
        let response = health.answer(probe, &Method::GET).await;
        let body = response.body().whole();
        (response.status().as_u16(), String::from_utf8(body.to_vec()).expect("UTF-8"))
    }

    #[test]
    fn probes_are_found_with_and_without_the_base_path() {
        let (health, _directory) = health("/owncloud");
        for (path, probe) in [
            ("/healthz/live", Some(Probe::Live)),
            ("/owncloud/healthz/ready", Some(Probe::Ready)),
            ("/healthz", None),
            ("/healthz/live/x", None),
            ("/owncloudy/healthz/live", None),
        ] {
            assert_eq!(health.probe(path), probe, "{path}");
        }
    }

    #[tokio::test]
    async fn a_server_that_stops_is_alive_and_not_ready() {
        let (health, _directory) = health("");
        assert_eq!(ask(&health, Probe::Ready).await, (200, "ok\n".to_owned()));
        health.stop();
        assert_eq!(ask(&health, Probe::Live).await, (200, "ok\n".to_owned()));
        let (status, reason) = ask(&health, Probe::Ready).await;
        assert_eq!((status, reason.as_str()), (503, "not ready: the server is stopping\n"));
    }

    #[tokio::test]
    async fn a_store_that_cannot_be_read_is_not_ready() {
        let (health, directory) = health("");
        std::fs::remove_file(directory.path().join(crate::store::sqlite::FILE_NAME)).expect("removed");
        let (status, reason) = ask(&health, Probe::Ready).await;
        assert_eq!((status, reason.as_str()), (503, "not ready: the store does not work\n"));
        assert_eq!(ask(&health, Probe::Live).await.0, 200);
    }

    #[tokio::test]
    async fn probes_are_read_and_nothing_else() {
        let (health, _directory) = health("");
        let response = health.answer(Probe::Live, &Method::POST).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[ALLOW], "GET, HEAD");
        let response = health.answer(Probe::Live, &Method::HEAD).await;
        assert_eq!((response.status(), response.body().whole().len()), (StatusCode::OK, 0));
        assert_eq!(response.headers()[CONTENT_LENGTH], "3");
    }
}
