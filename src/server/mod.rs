//! Connections: accepting them, within limits, and letting them end well.

mod access_log;
mod app;
mod health;
mod lock;
pub mod metrics;
mod peers;
mod proxies;
mod request_id;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;

pub use app::{App, StartError};
use peers::{Peers, Place};
use proxies::Link;

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
                server.welcome(stream, peer, slot, open.watcher());
            }
        }
    }
    drop(listener);
    server.app.health().stop();
    server.drain(open).await;
}

/// What all connections share.
struct Server {
    app: Arc<App>,
    /// One permit per connection that may be open.
    slots: Arc<Semaphore>,
    /// Counts the connections of each address.
    peers: Peers,
    http: http1::Builder,
}

impl Server {
    fn new(app: Arc<App>) -> Self {
        let limits = app.limits();
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(limits.header_timeout).max_header_size(MAX_HEAD);
        // Whoever says that nothing more will come, as `nc` does, still wants the answer.
        http.half_close(true);
        let slots = Arc::new(Semaphore::new(limits.connections));
        Self { slots, peers: Peers::new(limits.connections_per_address), http, app }
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

    /// Serves a connection, unless its peer has too many, who is hung up on.
    fn welcome(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        slot: Option<OwnedSemaphorePermit>,
        watcher: Watcher,
    ) {
        let link = match prepare(&stream) {
            Ok(local) => self.app.proxies().link(peer, local),
            // It has gone again.
            Err(error) => return tracing::debug!(%peer, %error, "a connection ended early"),
        };
        match self.admit(peer, &link) {
            Some(place) => self.spawn(stream, link, (slot, place), watcher),
            None => tracing::warn!(%peer, "too many connections from this address"),
        }
    }

    /// A place for one more connection, if its peer may have one. Proxies have as many as they like: it is
    /// not them who ask.
    fn admit(&self, peer: SocketAddr, link: &Link) -> Option<Option<Place>> {
        if link.trusted { Some(None) } else { self.peers.admit(peer.ip()).map(Some) }
    }

    /// Serves one connection on a task of its own, which keeps `permits` until its end.
    fn spawn(
        &self,
        stream: TcpStream,
        link: Link,
        permits: (Option<OwnedSemaphorePermit>, Option<Place>),
        watcher: Watcher,
    ) {
        let (app, counted) = (Arc::clone(&self.app), self.app.metrics().connection());
        let answer = service_fn(move |request| {
            let app = Arc::clone(&app);
            async move { Ok::<_, Infallible>(access_log::respond(&app, &link, request).await) }
        });
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.app.limits().send_timeout));
        let stream = TokioIo::new(Box::pin(stream));
        let connection = watcher.watch(self.http.serve_connection(stream, answer));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(peer = %link.peer, %error, "a connection ended early");
            }
            drop((permits, counted));
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

/// Sets a connection up, and says to which of our addresses it goes.
fn prepare(stream: &TcpStream) -> io::Result<IpAddr> {
    stream.set_nodelay(true)?;
    Ok(stream.local_addr()?.ip())
}

#[cfg(test)]
mod tests;
