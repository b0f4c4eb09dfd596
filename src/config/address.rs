//! Addresses as they are configured.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Somebody whose word about where requests come from is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TrustedProxy {
    /// `127.0.0.1` or `10.1.0.0/16`: connections from there.
    Network(IpNet),
    /// `unix`: connections to a Unix socket.
    Unix,
}

impl TryFrom<String> for TrustedProxy {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == "unix" {
            return Ok(TrustedProxy::Unix);
        }
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network
            .map(TrustedProxy::Network)
            .map_err(|_| "must be an address, a network such as 10.1.0.0/16, or unix")
    }
}

impl From<TrustedProxy> for String {
    fn from(proxy: TrustedProxy) -> Self {
        proxy.to_string()
    }
}

impl fmt::Display for TrustedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // As it was written.
            TrustedProxy::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                network.addr().fmt(f)
            }
            TrustedProxy::Network(network) => network.fmt(f),
            TrustedProxy::Unix => f.write_str("unix"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_addresses_networks_or_whoever_uses_the_socket() {
        for text in ["127.0.0.1", "::1", "10.1.0.0/16", "fd00::/8", "unix"] {
            assert_eq!(TrustedProxy::try_from(text.to_owned()).expect(text).to_string(), text);
        }
        for text in ["", "localhost", "10.1.0.0/33", "127.0.0.1:8080", "*"] {
            assert!(TrustedProxy::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
