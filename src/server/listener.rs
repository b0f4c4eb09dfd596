//! Where connections come from.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::net::{TcpListener, TcpStream};

use super::tls::Tls;
#[cfg(unix)]
use super::unix_socket::UnixSocket;

/// Where connections are accepted, and how they are protected.
pub struct Listener {
    socket: Socket,
    tls: Option<Tls>,
}

enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixSocket),
}

/// A connection that was accepted.
pub(super) enum Accepted {
    Tcp {
        stream: TcpStream,
        peer: SocketAddr,
        /// To which of our addresses.
        local: IpAddr,
    },
    #[cfg(unix)]
    Unix(UnixStream),
}

impl From<TcpListener> for Listener {
    /// Without TLS.
    fn from(socket: TcpListener) -> Self {
        Self { socket: Socket::Tcp(socket), tls: None }
    }
}

#[cfg(unix)]
impl From<UnixSocket> for Listener {
    fn from(socket: UnixSocket) -> Self {
        Self { socket: Socket::Unix(socket), tls: None }
    }
}

impl Listener {
    /// For connections that are encrypted.
    pub fn with_tls(socket: TcpListener, tls: Tls) -> Self {
        Self { socket: Socket::Tcp(socket), tls: Some(tls) }
    }

    pub(super) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        match &self.socket {
            Socket::Tcp(socket) => {
                let (stream, peer) = socket.accept().await?;
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%peer, %error, "TCP_NODELAY could not be set");
                }
                // One that is not known is none of this machine alone.
                let local = stream.local_addr().map_or(Ipv4Addr::UNSPECIFIED.into(), |local| local.ip());
                Ok(Accepted::Tcp { stream, peer, local })
            }
            #[cfg(unix)]
            Socket::Unix(socket) => Ok(Accepted::Unix(socket.listener().accept().await?.0)),
        }
    }
}
