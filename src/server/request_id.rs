//! A name for each request, by which its lines in the log are found.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::request_id::RequestId;

/// The header that proxies send and clients read.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// As long a name may be that comes from outside.
const LONGEST: usize = 128;

/// What may be in such a name: enough for every form in use, and nothing that a log could be fooled with.
const PUNCTUATION: &[u8] = b"-_.:/+=@~";

/// Gives names to requests that come without one.
pub(super) struct RequestIds {
    /// Tells the names of this process from those of others.
    process: String,
    given: AtomicU64,
}

impl RequestIds {
    /// # Errors
    /// When the system gives no random numbers.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        Ok(Self { process: format!("{:016x}", getrandom::u64()?), given: AtomicU64::new(0) })
    }

    /// The name that a proxy gave to a request, if it can be one, or else a new one.
    pub(super) fn of(&self, headers: &HeaderMap) -> RequestId {
        let given = headers.get(HEADER).filter(|given| is_sane(given.as_bytes()));
        given.map_or_else(|| self.next(), |given| RequestId::new(given.clone()))
    }

    fn next(&self) -> RequestId {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        // Not by `format!`, which takes ten times as long.
        let id = [self.process.as_str(), "-", itoa::Buffer::new().format(number)].concat();
        RequestId::new(HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from(number)))
    }
}

fn is_sane(name: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || PUNCTUATION.contains(byte);
    (1..=LONGEST).contains(&name.len()) && name.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_for(ids: &RequestIds, given: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_bytes(given).expect("header"));
        ids.of(&headers).to_string()
    }

    #[test]
    fn names_that_are_sane_are_kept() {
        let ids = RequestIds::new().expect("random numbers");
        let longest = "x".repeat(LONGEST);
        for name in [
            "7",
            "Root=1-67891233-abcdef012345678912345678",
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            &longest,
        ] {
            assert_eq!(id_for(&ids, name.as_bytes()), name);
        }
    }

    #[test]
    fn other_requests_get_names_of_their_own() {
        let ids = RequestIds::new().expect("random numbers");
        let too_long = "x".repeat(LONGEST + 1);
        let names = [&b""[..], b"a b", b"a\tb", b"\xff", b"a\"b", b"id=1;x", too_long.as_bytes()];
        let mut seen = vec![ids.of(&HeaderMap::new()).to_string()];
        for name in names {
            let id = id_for(&ids, name);
            assert_ne!(id.as_bytes(), name);
            assert!(is_sane(id.as_bytes()), "{id}");
            assert!(!seen.contains(&id), "{id} was given twice");
            seen.push(id);
        }
    }
}
