//! What the transport and the two protocols share: requests with their bodies read, refusals that come
//! before any protocol, and the profile in which statuses are answered.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::mpsc::Receiver;

use crate::domain::{self, UserId};

/// A request whose body has been read.
pub type Request = http::Request<Bytes>;

/// An answer.
pub type Response = http::Response<Body>;

/// Who sent a request, as far as the connection and the proxies that are trusted say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Where from.
    pub address: IpAddr,
    /// On which way.
    pub line: Line,
}

/// Who can read what a client sends, on its way here. Among the extensions of a request when it is
/// [`Line::Encrypted`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Whoever is on the way.
    Open,
    /// Nobody, as it does not leave the machine.
    Local,
    /// Nobody, as far as it is encrypted: to us, or to a proxy that is trusted.
    Encrypted,
}

impl Client {
    /// Somebody on this machine.
    pub const LOCAL: Self = Self { address: IpAddr::V4(Ipv4Addr::LOCALHOST), line: Line::Local };
}

/// What a request went to, as the template of its path, such as `dav/groups/{uri}`; among the extensions
/// of an answer that a protocol gives. There are few, so that requests can be counted by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint(pub &'static str);

/// An answer, and what is noted of the request beside it.
#[derive(Debug)]
pub struct Answered {
    /// The answer.
    pub response: Response,
    /// Who asked, if that is known.
    pub user: Option<UserId>,
    /// What was asked for, if the request got that far.
    pub endpoint: Option<Endpoint>,
}

impl From<Response> for Answered {
    fn from(response: Response) -> Self {
        Self { user: None, endpoint: response.extensions().get().copied(), response }
    }
}

/// The body of an answer.
#[derive(Debug)]
pub enum Body {
    /// Whole in memory. Its length goes before it.
    Whole(Bytes),
    /// Made while it is sent, piece by piece, as it would take too much memory. A piece that could not
    /// be made breaks the connection off, so that nobody takes a part for the whole.
    Pieces(Receiver<Result<Bytes, BrokenOff>>),
}

/// Among the extensions of an answer: the same request of the same principal is answered with it until
/// something is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lasting;

/// The reason, which the client cannot be told, is in the log.
#[derive(Clone, Copy, Debug, Error)]
#[error("an answer could not be made to its end")]
pub struct BrokenOff;

impl Body {
    /// What is in memory; nothing of a body that is made while it is sent.
    pub fn whole(&self) -> Bytes {
        match self {
            Body::Whole(bytes) => bytes.clone(),
            Body::Pieces(_) => Bytes::new(),
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Body::Whole(Bytes::new())
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(whole: T) -> Self {
        Body::Whole(whole.into())
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match self.get_mut() {
            Body::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Body::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Body::Pieces(pieces) => {
                pieces.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Body::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Body::Pieces(_) => SizeHint::default(),
        }
    }
}

/// Whose statuses are answered where the documents and ownCloud differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compat {
    /// Those of a running ownCloud, which clients know.
    #[default]
    Owncloud,
    /// Those that the manuals print.
    Documented,
    /// Those of ownCloud, with what clients of Nextcloud look for beside them.
    Nextcloud,
}

/// Why a request is refused before a protocol has looked at it.
#[derive(Debug, Error)]
pub enum Refusal {
    /// Credentials would be, or were, sent where anybody on the way can read them.
    #[error("Passwords are not accepted over plain HTTP; use HTTPS")]
    Unencrypted,
    /// A web page of somebody else may have had a browser send it.
    #[error("Forms of other web pages are not accepted; the operator can allow a page")]
    Forged,
    /// There are no credentials of a kind we take.
    #[error("No 'Authorization: Basic' header found; send a user name and a password")]
    NoCredentials,
    /// Unknown user, wrong password or disabled user: which, nobody is told.
    #[error("Username or password was incorrect")]
    WrongCredentials,
    /// Whoever asks has tried too many passwords.
    #[error("Too many failed logins; try again in {seconds} seconds")]
    TooManyGuesses {
        /// When to try again, in seconds.
        seconds: u64,
    },
    /// As many requests are being answered as may be.
    #[error("The server is busy; try again later")]
    Overloaded,
    /// The body is longer than is allowed.
    #[error("The request body is too large; at most {limit} bytes are accepted")]
    BodyTooLarge {
        /// What is allowed, in bytes.
        limit: usize,
    },
    /// The body broke off or is not what its framing says.
    #[error("The request body could not be read to its end")]
    BodyUnreadable,
    /// The credentials could not be checked.
    #[error("{0}")]
    Failed(domain::Error),
}

/// What one customer of a network has, for limits of each: one address of IPv4, or 64 bits of IPv6.
pub fn network(address: IpAddr) -> Ipv6Addr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)),
    }
}

/// What stands before every path: empty, or `/segment` one or more times, without a slash at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BasePath(String);

/// A base path that is none.
#[derive(Debug, Error)]
#[error("base path {0:?} is not of the form /owncloud: letters, digits, - . _ ~ between single slashes")]
pub struct BasePathInvalid(String);

impl BasePath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BasePath {
    type Error = BasePathInvalid;

    fn try_from(path: String) -> Result<Self, Self::Error> {
        let trimmed = path.trim_end_matches('/');
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        let segment = |part: &str| !part.is_empty() && part.chars().all(plain) && part != "." && part != "..";
        let valid = match trimmed.strip_prefix('/') {
            Some(rest) => rest.split('/').all(segment),
            None => trimmed.is_empty(),
        };
        if valid { Ok(Self(trimmed.to_owned())) } else { Err(BasePathInvalid(path)) }
    }
}

impl From<BasePath> for String {
    fn from(path: BasePath) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_paths_are_plain() {
        for (text, kept) in [("", ""), ("/", ""), ("/owncloud", "/owncloud"), ("/a/b/", "/a/b")] {
            assert_eq!(BasePath::try_from(text.to_owned()).expect(text).as_str(), kept);
        }
        for text in ["owncloud", "/a//b", "/a b", "/..", "/a?b"] {
            assert!(BasePath::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
