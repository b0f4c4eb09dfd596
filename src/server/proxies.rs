//! What the proxies that are trusted say of the requests they pass on.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::TrustedProxy;
use crate::edge::{Client, Line};

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The proxies that are trusted.
pub(super) struct Proxies {
    trusted: Vec<TrustedProxy>,
}

/// What a connection says of the requests that come on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) peer: Peer,
    pub(super) line: Line,
    /// Whether the peer is a proxy whose word is taken.
    pub(super) trusted: bool,
}

/// Where a connection or a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// The other end of the connection.
    Socket(SocketAddr),
    /// A program on this machine.
    Unix,
    /// The address that a proxy names.
    Forwarded(IpAddr),
}

impl Link {
    /// The address whose connections are counted. Proxies have as many as they like, since it is not them
    /// who ask; a Unix socket comes from nowhere.
    pub(super) fn counted(&self) -> Option<IpAddr> {
        match self.peer {
            Peer::Socket(address) if !self.trusted => Some(address.ip()),
            _ => None,
        }
    }
}

impl Peer {
    fn address(self) -> IpAddr {
        match self {
            Peer::Socket(address) => address.ip(),
            Peer::Unix => Client::LOCAL.address,
            Peer::Forwarded(address) => address,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Socket(address) => address.fmt(f),
            Peer::Unix => f.write_str("unix"),
            Peer::Forwarded(address) => address.fmt(f),
        }
    }
}

impl Proxies {
    pub(super) fn new(trusted: Vec<TrustedProxy>) -> Self {
        Self { trusted }
    }

    /// What is known of a connection from `peer` to `local`.
    pub(super) fn link(&self, peer: SocketAddr, local: IpAddr) -> Link {
        let line = if local.to_canonical().is_loopback() { Line::Local } else { Line::Open };
        Link { peer: Peer::Socket(peer), line, trusted: self.trusts(peer.ip()) }
    }

    /// What is known of a connection to a Unix socket.
    pub(super) fn unix_link(&self) -> Link {
        Link { peer: Peer::Unix, line: Line::Local, trusted: self.trusted.contains(&TrustedProxy::Unix) }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|proxy| match proxy {
            TrustedProxy::Network(network) => network.contains(&address),
            TrustedProxy::Unix => false,
        })
    }

    /// Who sent a request with `headers` that came over `link`, and how that is shown. What a trusted
    /// proxy said is taken out of the headers, and the host that it names takes the place of its own.
    pub(super) fn sender(&self, link: &Link, headers: &mut HeaderMap) -> (Client, Peer) {
        if !link.trusted {
            return (Client { address: link.peer.address(), line: link.line }, link.peer);
        }
        let peer = self.origin(headers).map_or(link.peer, Peer::Forwarded);
        let line = match last(headers, &PROTO) {
            Some(proto) if proto.eq_ignore_ascii_case("https") => Line::Encrypted,
            _ => link.line,
        };
        if let Some(host) = last(headers, &FORWARDED_HOST).and_then(|host| HeaderValue::from_str(host).ok()) {
            headers.insert(HOST, host);
        }
        for name in [FOR, PROTO, FORWARDED_HOST] {
            headers.remove(name);
        }
        (Client { address: peer.address(), line }, peer)
    }

    /// The address that the nearest proxies have seen: each adds the one it was reached from, so the first
    /// from the right that is no proxy of ours. What is no address ends the search, since anything further
    /// left could have been made up by anybody.
    fn origin(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let mut origin = None;
        let lines = headers.get_all(FOR).iter().rev();
        for hop in lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')) {
            let Some(address) = address(hop) else { break };
            origin = Some(address);
            if !self.trusts(address) {
                break;
            }
        }
        origin
    }
}

/// An address; some proxies write brackets around it or a port behind it.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip())).ok()?;
    Some(address.to_canonical())
}

/// The last of the values of a header: what the nearest proxy said.
fn last<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let line = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    line.rsplit(',').next().map(str::trim).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(trusted: &[&str]) -> Proxies {
        let trusted = trusted.iter().map(|text| TrustedProxy::try_from((*text).to_owned()).expect("a proxy"));
        Proxies::new(trusted.collect())
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).expect("a value"));
        }
        headers
    }

    /// Who sent a request with those headers, from 127.0.0.1 to 127.0.0.1.
    fn sender(trusted: &[&str], headers: &mut HeaderMap) -> (String, Line) {
        let proxies = proxies(trusted);
        let link = proxies.link(([127, 0, 0, 1], 4711).into(), [127, 0, 0, 1].into());
        let (client, peer) = proxies.sender(&link, headers);
        assert_eq!(client.address, peer.address());
        (peer.to_string(), client.line)
    }

    #[test]
    fn the_nearest_address_that_is_no_proxy_is_the_clients() {
        for (lines, expected) in [
            (&["192.0.2.1"][..], "192.0.2.1"),
            (&["198.51.100.9, 192.0.2.1"], "192.0.2.1"),
            (&["198.51.100.9", "192.0.2.1"], "192.0.2.1"),
            (&["192.0.2.1, 10.0.0.5"], "192.0.2.1"),
            (&["192.0.2.1, 10.0.0.5", "127.0.0.1"], "192.0.2.1"),
            (&["10.0.0.5"], "10.0.0.5"),
            (&["::ffff:192.0.2.1"], "192.0.2.1"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["[2001:db8::1]:443"], "2001:db8::1"),
            (&["192.0.2.1:4711"], "192.0.2.1"),
            (&[" 192.0.2.1\t"], "192.0.2.1"),
        ] {
            let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            let (peer, _) = sender(&["127.0.0.1", "10.0.0.0/8"], &mut headers(&lines));
            assert_eq!(peer, expected, "{lines:?}");
        }
    }

    #[test]
    fn what_is_no_address_names_nobody() {
        for garbage in ["", "unknown", "192.0.2.1, unknown", "192.0.2.1,", "1.2.3", "localhost"] {
            let (peer, _) = sender(&["127.0.0.1"], &mut headers(&[("x-forwarded-for", garbage)]));
            assert_eq!(peer, "127.0.0.1:4711", "{garbage}");
        }
        let (peer, _) =
            sender(&["127.0.0.0/8", "10.0.0.0/8"], &mut headers(&[("x-forwarded-for", "x, 10.0.0.5")]));
        assert_eq!(peer, "10.0.0.5", "as far as it can be followed");
    }

    #[test]
    fn strangers_are_not_believed() {
        let said = [
            ("host", "here.example"),
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "there.example"),
        ];
        let mut kept = headers(&said);
        assert_eq!(sender(&["10.0.0.0/8"], &mut kept), ("127.0.0.1:4711".to_owned(), Line::Local));
        assert_eq!(kept, headers(&said));
        let mut taken = headers(&said);
        assert_eq!(sender(&["127.0.0.1"], &mut taken), ("192.0.2.1".to_owned(), Line::Encrypted));
        assert_eq!(taken, headers(&[("host", "there.example")]));
    }

    #[test]
    fn whoever_uses_the_socket_is_believed_if_the_operator_says_so() {
        for (trusted, peer, address) in
            [(&["unix"][..], "192.0.2.1", "192.0.2.1"), (&["127.0.0.1"], "unix", "127.0.0.1")]
        {
            let proxies = proxies(trusted);
            let link = proxies.unix_link();
            let (client, shown) = proxies.sender(&link, &mut headers(&[("x-forwarded-for", "192.0.2.1")]));
            assert_eq!((shown.to_string().as_str(), client.address.to_string().as_str()), (peer, address));
            assert_eq!((client.line, link.counted()), (Line::Local, None));
        }
    }

    #[test]
    fn what_the_nearest_proxy_says_of_the_line_counts() {
        for (proto, line) in [
            ("HTTPS", Line::Encrypted),
            ("http, https", Line::Encrypted),
            ("https, http", Line::Local),
            ("", Line::Local),
        ] {
            assert_eq!(
                sender(&["127.0.0.1"], &mut headers(&[("x-forwarded-proto", proto)])).1,
                line,
                "{proto}"
            );
        }
    }

    #[test]
    fn lines_are_local_or_open() {
        let proxies = proxies(&["192.0.2.1"]);
        let peer = "[::ffff:192.0.2.1]:4711".parse().expect("an address");
        for (local, line) in [
            ("127.8.8.8", Line::Local),
            ("::1", Line::Local),
            ("::ffff:127.0.0.1", Line::Local),
            ("192.0.2.9", Line::Open),
        ] {
            let link = proxies.link(peer, local.parse().expect("an address"));
            assert_eq!(link, Link { peer: Peer::Socket(peer), line, trusted: true }, "{local}");
        }
    }
}
