//! Answers that were given before, for clients that ask again and again.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use bytes::Bytes;
use http::Response as HttpResponse;
use http::header::{AUTHORIZATION, HeaderName};
use moka::sync::Cache;

use crate::count::Lookups;
use crate::domain::Principal;
use crate::edge::{Body, Lasting, Request, Response};
use crate::store::Generation;

/// As many bytes of answers are kept at most.
const CAPACITY: u64 = 8 << 20;

/// What an answer takes in memory beside its body, about.
const OVERHEAD: usize = 1_024;

/// No answer is kept for longer: how much room a disk has, which users are told, is not in the store.
const TIME_TO_LIVE: Duration = Duration::from_secs(10);

/// From this size on there is no waiting until the cache makes room of its own accord: for a moment it
/// would hold some 30 MB more.
const LARGE: usize = 64 * 1024;

/// Methods that only ask.
const ASKING: [&str; 3] = ["GET", "PROPFIND", "REPORT"];

/// Differs from one request to the next and changes no answer that is kept.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers, each good for as long as nothing is written.
///
/// Sending one takes a tenth of the time that a listing of a thousand members takes, and a third of that
/// of a single user. Whatever is written by anybody makes all of them worthless: keeping account of what
/// depends on what would be another place for rules.
pub(super) struct Kept {
    answers: Cache<Key, Answer>,
    lookups: Lookups,
}

/// Stands for everything an answer depends on beside the configuration and what is stored: who asks, and
/// the whole request but for the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; blake3::OUT_LEN]);

#[derive(Clone)]
struct Answer {
    generation: Generation,
    response: HttpResponse<Bytes>,
}

impl Key {
    /// Of a request by `who`; none if it may change something.
    pub(super) fn of(who: &Principal, request: &Request) -> Option<Self> {
        if !ASKING.contains(&request.method().as_str()) {
            return None;
        }
        let mut digest = Digest::default();
        who.hash(&mut digest);
        request.method().hash(&mut digest);
        request.uri().path().hash(&mut digest);
        request.uri().query().hash(&mut digest);
        let headers = request.headers().iter();
        for (name, value) in headers.filter(|(name, _)| **name != AUTHORIZATION && **name != REQUEST_ID) {
            name.as_str().hash(&mut digest);
            value.hash(&mut digest);
        }
        request.body().hash(&mut digest);
        Some(Self(digest.0.finalize().into()))
    }
}

/// Takes in what is hashed. Unlike the short hashes of tables, two different requests never have the same.
#[derive(Default)]
struct Digest(blake3::Hasher);

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Only the digest itself is of use.
    fn finish(&self) -> u64 {
        0
    }
}

impl Kept {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        let weigh = |_: &Key, answer: &Answer| {
            u32::try_from(answer.response.body().len() + OVERHEAD).unwrap_or(u32::MAX)
        };
        let answers = Cache::builder().max_capacity(CAPACITY).time_to_live(TIME_TO_LIVE).weigher(weigh);
        Self { answers: answers.build(), lookups: Lookups::default() }
    }

    /// The answer as it was given in that generation.
    pub(super) fn get(&self, key: &Key, generation: Generation) -> Option<Response> {
        let kept = self.answers.get(key).filter(|kept| kept.generation == generation);
        let count = if kept.is_some() { &self.lookups.hits } else { &self.lookups.misses };
        count.increment();
        Some(kept?.response.map(Body::Whole))
    }

    /// How often that helped.
    pub(super) fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    /// Keeps an answer if it is one that lasts. `generation` was asked for before the answer was made.
    pub(super) fn keep(&self, key: Key, generation: Generation, response: &Response) {
        let (Some(Lasting), Body::Whole(body)) = (response.extensions().get(), response.body()) else {
            return;
        };
        let mut kept = HttpResponse::new(body.clone());
        *kept.status_mut() = response.status();
        *kept.headers_mut() = response.headers().clone();
        *kept.extensions_mut() = response.extensions().clone();
        self.answers.insert(key, Answer { generation, response: kept });
        if body.len() >= LARGE {
            self.answers.run_pending_tasks();
        }
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::domain::{Origin, UserId};

    fn who(user: &str, administrator: bool) -> Principal {
        Principal {
            user: UserId::stored(user.to_owned()),
            administrator,
            subadmin: false,
            token: None,
            origin: Origin::Machine,
        }
    }

    fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &'static str) -> Request {
        let mut request = http::Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Bytes::from_static(body.as_bytes())).expect("request")
    }

    fn lasting(body: &'static str) -> Response {
        let mut response = HttpResponse::new(Body::from(body));
        *response.status_mut() = StatusCode::MULTI_STATUS;
        response.extensions_mut().insert(Lasting);
        response
    }

    #[test]
    fn answers_are_good_for_one_viewer_one_request_and_one_generation() {
        let kept = Kept::new();
        let alice = who("alice", false);
        let asked = request("PROPFIND", "/a?b", &[("depth", "1")], "<body/>");
        let key = Key::of(&alice, &asked).expect("it only asks");
        kept.keep(key, Generation(1), &lasting("listing"));
        let answer = kept.get(&key, Generation(1)).expect("kept");
        assert_eq!(
            (answer.status(), &answer.body().whole()[..]),
            (StatusCode::MULTI_STATUS, &b"listing"[..])
        );
        assert!(kept.get(&key, Generation(2)).is_none());

        let noted = [("depth", "1"), ("authorization", "Basic x"), ("x-request-id", "7")];
        assert_eq!(Key::of(&alice, &request("PROPFIND", "/a?b", &noted, "<body/>")), Some(key));
        for (who, request) in [
            (who("alice", true), asked.clone()),
            (who("bob", false), asked.clone()),
            (alice.clone(), request("GET", "/a?b", &[("depth", "1")], "<body/>")),
            (alice.clone(), request("PROPFIND", "/a", &[("depth", "1")], "<body/>")),
            (alice.clone(), request("PROPFIND", "/ab", &[("depth", "1")], "<body/>")),
            (alice.clone(), request("PROPFIND", "/a?b", &[("depth", "0")], "<body/>")),
            (alice.clone(), request("PROPFIND", "/a?b", &[("depth", "1"), ("brief", "t")], "<body/>")),
            (alice.clone(), request("PROPFIND", "/a?b", &[("depth", "1")], "<body />")),
        ] {
            let other = Key::of(&who, &request).expect("it only asks");
            assert_ne!(other, key, "{who:?} {request:?}");
        }
    }

    #[test]
    fn what_changes_something_or_does_not_last_is_not_kept() {
        let alice = who("alice", false);
        for method in ["PUT", "POST", "DELETE", "MKCOL", "PROPPATCH", "OPTIONS"] {
            assert_eq!(Key::of(&alice, &request(method, "/", &[], "")), None, "{method}");
        }
        let key = Key::of(&alice, &request("GET", "/", &[], "")).expect("it only asks");
        let kept = Kept::new();
        kept.keep(key, Generation(1), &HttpResponse::new(Body::from("fleeting")));
        assert!(kept.get(&key, Generation(1)).is_none());
    }
}
