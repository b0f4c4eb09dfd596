//! Addresses as they are configured.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Where connections are accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Listen {
    /// `127.0.0.1:8080`
    Tcp(SocketAddr),
    /// `unix:/run/davgroups/davgroups.sock`: a file of that name.
    Unix(PathBuf),
}

impl FromStr for Listen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(path) = text.strip_prefix("unix:").map(PathBuf::from) else {
            return text
                .parse()
                .map(Listen::Tcp)
                .map_err(|_| "must look like 127.0.0.1:8080 or unix:/run/x.sock");
        };
        path.is_absolute().then_some(Listen::Unix(path)).ok_or("needs an absolute path behind unix:")
    }
}

impl TryFrom<String> for Listen {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> Self {
        listen.to_string()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Tcp(address) => address.fmt(f),
            Listen::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Who may use a Unix socket: the mode of its file, in octal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ListenMode(u32);

impl ListenMode {
    /// The mode as the system takes it.
    pub fn bits(self) -> u32 {
        self.0
    }
}

impl Default for ListenMode {
    /// The owner and the group.
    fn default() -> Self {
        Self(0o660)
    }
}

impl TryFrom<String> for ListenMode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = (3..=4).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
        let mode = u32::from_str_radix(&text, 8).ok().filter(|mode| digits && *mode <= 0o777);
        mode.map(Self).ok_or("must be octal digits such as \"0660\"")
    }
}

impl From<ListenMode> for String {
    fn from(mode: ListenMode) -> Self {
        format!("{:04o}", mode.0)
    }
}

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
    fn servers_listen_on_addresses_and_sockets() {
        for text in ["127.0.0.1:8080", "[::1]:0", "unix:/run/davgroups/davgroups.sock"] {
            assert_eq!(text.parse::<Listen>().expect(text).to_string(), text);
        }
        for text in ["", "8080", "localhost:8080", "unix:", "unix:davgroups.sock", "/run/x.sock"] {
            assert!(text.parse::<Listen>().is_err(), "{text}");
        }
    }

    #[test]
    fn modes_are_octal() {
        for (text, mode) in [("0660", 0o660), ("600", 0o600), ("0777", 0o777)] {
            assert_eq!(ListenMode::try_from(text.to_owned()).expect(text).bits(), mode);
        }
        for text in ["", "660 ", "+660", "0o660", "0888", "1777", "00660", "6"] {
            assert!(ListenMode::try_from(text.to_owned()).is_err(), "{text}");
        }
        assert_eq!(String::from(ListenMode::default()), "0660");
    }

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
