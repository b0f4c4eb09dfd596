//! Connections: accepting them, within limits, and letting them end well.

mod access_log;
mod app;
mod lock;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use app::{App, StartError};

/// As long the head of a request may be, in bytes; a longer one is answered 431.
const MAX_HEAD: usize = 64 * 1024;

/// How long to wait before accepting again when the system refuses, as it does when file descriptors
/// have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `app` on `listener` until `shutdown` is over; then finishes the requests that are being
/// answered, as long as the configuration allows.
pub async fn run(listener: TcpListener, app: Arc<App>, shutdown: impl Future<Output = ()>) {
    let server = Server::new(app);
    let open = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            (stream, peer, slot) = server.accept(&listener) => {
                server.spawn(stream, peer, slot, open.watcher());
            }
        }
    }
    drop(listener);
    server.drain(open).await;
}

/// What all connections share.
struct Server {
    app: Arc<App>,
    /// One permit per connection that may be open.
    slots: Arc<Semaphore>,
    http: http1::Builder,
}

impl Server {
    fn new(app: Arc<App>) -> Self {
        let limits = app.limits();
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(limits.header_timeout).max_header_size(MAX_HEAD);
        Self { slots: Arc::new(Semaphore::new(limits.connections)), http, app }
    }

    /// The next connection, as soon as one more may be open.
    async fn accept(&self, listener: &TcpListener) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
        // The semaphore is never closed; without a permit a connection would only not be counted.
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok();
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => return (stream, peer, slot),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Serves one connection on a task of its own.
    fn spawn(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        slot: Option<OwnedSemaphorePermit>,
        watcher: Watcher,
    ) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, %error, "TCP_NODELAY could not be set");
        }
        let app = Arc::clone(&self.app);
        let answer = service_fn(move |request| {
            let app = Arc::clone(&app);
            async move { Ok::<_, Infallible>(access_log::respond(&app, peer, request).await) }
        });
        let connection = watcher.watch(self.http.serve_connection(TokioIo::new(stream), answer));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%peer, %error, "a connection ended early");
            }
            drop(slot);
        });
    }

    /// Lets the requests finish that are being answered.
    async fn drain(&self, open: GracefulShutdown) {
        tracing::info!(connections = open.count(), "stopping");
        if tokio::time::timeout(self.app.limits().shutdown_timeout, open.shutdown()).await.is_err() {
            tracing::warn!("some requests did not finish in time and were cut off");
        }
    }
}
