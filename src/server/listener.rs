//! Where connections come from.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpStream};

use super::tls::Tls;

/// Where connections are accepted, and how they are protected.
pub struct Listener {
    socket: TcpListener,
    tls: Option<Tls>,
}

/// A connection that was accepted.
pub(super) struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    /// To which of our addresses.
    pub(super) local: IpAddr,
}

impl From<TcpListener> for Listener {
    /// Without TLS.
    fn from(socket: TcpListener) -> Self {
        Self { socket, tls: None }
    }
}

impl Listener {
    /// For connections that are encrypted.
    pub fn with_tls(socket: TcpListener, tls: Tls) -> Self {
        Self { socket, tls: Some(tls) }
    }

    pub(super) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        let (stream, peer) = self.socket.accept().await?;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, %error, "TCP_NODELAY could not be set");
        }
        // One that is not known is none that is trusted.
        let local = stream.local_addr().map_or(Ipv4Addr::UNSPECIFIED.into(), |local| local.ip());
        Ok(Accepted { stream, peer, local })
    }
}
