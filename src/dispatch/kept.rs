//! Answers that were given before, for clients that ask again and again.

use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName};
use http::{Response as HttpResponse, StatusCode};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::count::Lookups;
use crate::domain::Principal;
use crate::edge::{Answered, Body, Endpoint, Lasting};
use crate::store::Generation;

/// As many bytes of answers are kept at most.
const CAPACITY: u64 = 8 << 20;

/// What an answer takes in memory beside its body and the request, about.
const OVERHEAD: usize = 1_024;

/// As many answers the cache is told to expect: so few that it stays in one piece. It would give each of
/// several an equal part of the room, into which the longest answers would not fit.
const ANSWERS: usize = 32;

/// Longer requests, in bytes, are rare, and would take room from answers.
const LONGEST: usize = 4_096;

/// No answer is kept for longer: how much room a disk has, which users are told, is not in the store.
const TIME_TO_LIVE: Duration = Duration::from_secs(10);

/// Methods that only ask.
const ASKING: [&str; 3] = ["GET", "PROPFIND", "REPORT"];

/// Differs from one request to the next and changes no answer that is kept.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers, each good for as long as nothing is written.
///
/// Sending one takes a sixth of the time that a listing of a thousand members takes, and a third of that
/// of a single user. Whatever is written by anybody makes all of them worthless: keeping account of what
/// depends on what would be another place for rules.
pub(super) struct Kept {
    answers: Cache<Key, Answer, Weight>,
    lookups: Lookups,
}

/// Everything an answer depends on beside the configuration and what is stored: who asks, and the whole
/// request but for the credentials. It is kept as it is, since comparing it with another costs a tenth of
/// what a digest costs that nobody can forge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(Vec<u8>);

#[derive(Clone)]
struct Answer {
    generation: Generation,
    until: Instant,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    endpoint: Option<Endpoint>,
}

/// By the bytes that an answer takes.
#[derive(Clone)]
struct Weight;

impl Weighter<Key, Answer> for Weight {
    fn weight(&self, key: &Key, answer: &Answer) -> u64 {
        (key.0.capacity() + answer.body.len() + OVERHEAD) as u64
    }
}

impl Key {
    /// Of a request with `body` by `who`; none if it may change something or is longer than most.
    pub(super) fn of<B>(who: &Principal, request: &http::Request<B>, body: &[u8]) -> Option<Self> {
        if !ASKING.contains(&request.method().as_str()) || body.len() > LONGEST {
            return None;
        }
        let mut parts = Parts(Vec::with_capacity(LONGEST / 8 + body.len()));
        who.hash(&mut parts);
        request.method().hash(&mut parts);
        request.uri().path().hash(&mut parts);
        request.uri().query().hash(&mut parts);
        let headers = request.headers().iter();
        for (name, value) in headers.filter(|(name, _)| **name != AUTHORIZATION && **name != REQUEST_ID) {
            name.as_str().hash(&mut parts);
            value.hash(&mut parts);
        }
        body.hash(&mut parts);
        (parts.0.len() <= LONGEST).then_some(Self(parts.0))
    }
}

/// Collects what is hashed, of which each part says where it ends: two different requests are never the same.
struct Parts(Vec<u8>);

impl Hasher for Parts {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Only the bytes themselves are of use.
    fn finish(&self) -> u64 {
        0
    }
}

impl Kept {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self { answers: Cache::with_weighter(ANSWERS, CAPACITY, Weight), lookups: Lookups::default() }
    }

    /// The answer as it was given in that generation.
    pub(super) fn get(&self, key: &Key, generation: Generation) -> Option<Answered> {
        let lasts = |kept: &Answer| kept.generation == generation && Instant::now() < kept.until;
        let kept = self.answers.get(key).filter(lasts);
        let count = if kept.is_some() { &self.lookups.hits } else { &self.lookups.misses };
        count.increment();
        let Answer { status, headers, body, endpoint, .. } = kept?;
        let mut response = HttpResponse::new(Body::Whole(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Some(Answered { response, user: None, endpoint })
    }

    /// How often that helped.
    pub(super) fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    /// Keeps an answer if it is one that lasts. `generation` was asked for before the answer was made.
    pub(super) fn keep(&self, key: Key, generation: Generation, answered: &Answered) {
        let response = &answered.response;
        let (Some(Lasting), Body::Whole(body)) = (response.extensions().get(), response.body()) else {
            return;
        };
        let answer = Answer {
            generation,
            until: Instant::now() + TIME_TO_LIVE,
            status: response.status(),
            headers: response.headers().clone(),
            body: body.clone(),
            endpoint: answered.endpoint,
        };
        self.answers.insert(key, answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Origin, UserId};
    use crate::edge::Request;

    fn who(user: &str, administrator: bool) -> Principal {
        Principal {
            user: UserId::stored(user),
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

    fn key_of(who: &Principal, request: &Request) -> Option<Key> {
        Key::of(who, request, request.body())
    }

    fn lasting(body: &'static str) -> Answered {
        let mut response = HttpResponse::new(Body::from(body));
        *response.status_mut() = StatusCode::MULTI_STATUS;
        response.extensions_mut().insert(Lasting);
        response.extensions_mut().insert(Endpoint("a/{b}"));
        response.into()
    }

    #[test]
    fn answers_are_good_for_one_viewer_one_request_and_one_generation() {
        let kept = Kept::new();
        let alice = who("alice", false);
        let asked = request("PROPFIND", "/a?b", &[("depth", "1")], "<body/>");
        let key = key_of(&alice, &asked).expect("it only asks");
        kept.keep(key.clone(), Generation(1), &lasting("listing"));
        let answer = kept.get(&key, Generation(1)).expect("kept");
        assert_eq!(answer.endpoint, Some(Endpoint("a/{b}")));
        assert_eq!(answer.response.status(), StatusCode::MULTI_STATUS);
        assert_eq!(answer.response.body().whole(), "listing");
        assert!(kept.get(&key, Generation(2)).is_none());

        let noted = [("depth", "1"), ("authorization", "Basic x"), ("x-request-id", "7")];
        assert_eq!(key_of(&alice, &request("PROPFIND", "/a?b", &noted, "<body/>")).as_ref(), Some(&key));
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
            let other = key_of(&who, &request).expect("it only asks");
            assert_ne!(other, key, "{who:?} {request:?}");
        }
    }

    #[test]
    fn what_changes_something_or_does_not_last_is_not_kept() {
        let alice = who("alice", false);
        for method in ["PUT", "POST", "DELETE", "MKCOL", "PROPPATCH", "OPTIONS"] {
            assert_eq!(key_of(&alice, &request(method, "/", &[], "")), None, "{method}");
        }
        let key = key_of(&alice, &request("GET", "/", &[], "")).expect("it only asks");
        let kept = Kept::new();
        kept.keep(key.clone(), Generation(1), &HttpResponse::new(Body::from("fleeting")).into());
        assert!(kept.get(&key, Generation(1)).is_none());
    }
}
