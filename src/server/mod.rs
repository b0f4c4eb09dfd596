//! Connections: accepting them, within limits, and letting them end well.

mod access_log;
mod activity;
mod app;
mod connection;
mod health;
mod listener;
mod lock;
pub mod metrics;
mod peers;
mod proxies;
mod request_id;
mod tls;
#[cfg(unix)]
mod unix_socket;
mod watched;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

pub use app::{App, StartError};
use connection::{Connections, Stop};
use listener::Accepted;
pub use listener::Listener;
use peers::Peers;
pub use tls::{Tls, TlsError};
#[cfg(unix)]
pub use unix_socket::{SocketError, UnixSocket};

/// How long to wait before accepting again when the system refuses, as it does when file descriptors
/// have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `app` on `listener` until `shutdown` is over; then finishes the requests that are being
/// answered, as long as the configuration allows.
pub async fn run(listener: impl Into<Listener>, app: Arc<App>, shutdown: impl Future<Output = ()>) {
    let listener = listener.into();
    let server = Server::new(app);
    let (stop, _) = watch::channel(());
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            (connection, slot) = server.accept(&listener) => {
                server.welcome(connection, slot, listener.tls(), stop.subscribe());
            }
        }
    }
    drop(listener);
    server.app.health().stop();
    server.drain(stop).await;
}

/// What all connections share.
struct Server {
    app: Arc<App>,
    /// One permit per connection that may be open.
    slots: Arc<Semaphore>,
    /// Counts the connections of each address.
    peers: Peers,
    connections: Arc<Connections>,
}

impl Server {
    fn new(app: Arc<App>) -> Self {
        let limits = app.limits();
        let slots = Arc::new(Semaphore::new(limits.connections));
        let peers = Peers::new(limits.connections_per_address);
        Self { slots, peers, connections: Arc::new(Connections::new(Arc::clone(&app))), app }
    }

    /// The next connection, as soon as one more may be open.
    async fn accept(&self, listener: &Listener) -> (Accepted, Option<OwnedSemaphorePermit>) {
        // The semaphore is never closed; without a permit a connection would only not be counted.
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok();
        loop {
            match listener.accept().await {
                Ok(connection) => return (connection, slot),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Serves a connection on a task of its own, unless its peer has too many, who is hung up on.
    fn welcome(&self, accepted: Accepted, slot: Option<OwnedSemaphorePermit>, tls: Option<&Tls>, stop: Stop) {
        let link = match &accepted {
            Accepted::Tcp { peer, local, .. } => self.app.proxies().link(*peer, *local),
            #[cfg(unix)]
            Accepted::Unix(_) => self.app.proxies().unix_link(),
        };
        let place = link.counted().map(|address| self.peers.admit(address));
        if let Some(None) = place {
            return tracing::warn!(peer = %link.peer, "too many connections from this address");
        }
        let (connections, tls) = (Arc::clone(&self.connections), tls.cloned());
        let counted = self.app.metrics().connection();
        tokio::spawn(async move {
            match accepted {
                Accepted::Tcp { stream, .. } => connections.serve(stream, link, tls.as_ref(), stop).await,
                #[cfg(unix)]
                Accepted::Unix(stream) => connections.serve(stream, link, None, stop).await,
            }
            drop((slot, place, counted));
        });
    }

    /// Lets the requests finish that are being answered.
    async fn drain(&self, stop: watch::Sender<()>) {
        tracing::info!(connections = stop.receiver_count(), "stopping");
        // Whether or not there is anybody to tell.
        let _ = stop.send(());
        if tokio::time::timeout(self.app.limits().shutdown_timeout, stop.closed()).await.is_err() {
            tracing::warn!("some requests did not finish in time and were cut off");
        }
    }
}

#[cfg(test)]
mod tests;
