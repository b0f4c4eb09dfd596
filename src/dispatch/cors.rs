//! Which web pages may use the server from a browser. <https://fetch.spec.whatwg.org/#http-cors-protocol>

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, AUTHORIZATION,
    HeaderMap, HeaderValue, ORIGIN, VARY,
};
use http::request::Parts;
use http::{Method, Response};

use crate::config::Origin;

/// Everything that is served is behind a password, so a page may ask for any of it once it is allowed.
const METHODS: HeaderValue =
    HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE, OPTIONS, PROPFIND, PROPPATCH, MKCOL, REPORT");

/// What a page may read of an answer beside what any page may.
const EXPOSED: HeaderValue =
    HeaderValue::from_static("Allow, Content-Disposition, DAV, ETag, Location, WWW-Authenticate");

/// As long a browser may remember what it may ask, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Whether a browser asks what a page may ask; that it does without credentials.
pub(super) fn is_preflight(head: &Parts) -> bool {
    head.method == Method::OPTIONS
        && head.headers.contains_key(ORIGIN)
        && !head.headers.contains_key(AUTHORIZATION)
}

/// The pages that are allowed.
pub(super) struct Cors {
    origins: Vec<Origin>,
}

/// What an answer has to say to a browser.
pub(super) enum Grant {
    /// Nothing, as no page is allowed.
    Nothing,
    /// That other pages may get another answer.
    Depends,
    /// That the page may read it.
    Page {
        origin: HeaderValue,
        /// For OPTIONS: the headers that the page wants to send.
        headers: Option<HeaderValue>,
    },
}

impl Cors {
    pub(super) fn new(origins: Vec<Origin>) -> Self {
        Self { origins }
    }

    /// What the answer to a request with `headers` has to say.
    pub(super) fn grant(&self, headers: &HeaderMap) -> Grant {
        if self.origins.is_empty() {
            return Grant::Nothing;
        }
        let allowed = |origin: &&HeaderValue| self.origins.iter().any(|known| *origin == known.as_str());
        match headers.get(ORIGIN).filter(allowed) {
            Some(origin) => Grant::Page {
                origin: origin.clone(),
                headers: headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned(),
            },
            None => Grant::Depends,
        }
    }
}

impl Grant {
    /// Says it.
    pub(super) fn write<B>(self, method: &Method, response: &mut Response<B>) {
        let answer = response.headers_mut();
        if !matches!(self, Grant::Nothing) {
            answer.append(VARY, HeaderValue::from(ORIGIN));
        }
        let Grant::Page { origin, headers } = self else { return };
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        if *method == Method::OPTIONS {
            answer.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            answer.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
            if let Some(headers) = headers {
                answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(allowed: &[&str], method: &Method, origin: &str) -> HeaderMap {
        let origins = allowed.iter().map(|origin| Origin::try_from((*origin).to_owned()).expect("origin"));
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, origin.parse().expect("header"));
        headers.insert(ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_static("authorization,depth"));
        let mut response = Response::new(());
        Cors::new(origins.collect()).grant(&headers).write(method, &mut response);
        response.into_parts().0.headers
    }

    #[test]
    fn an_allowed_page_is_named() {
        let headers =
            said(&["https://a.example", "https://b.example"], &Method::OPTIONS, "https://b.example");
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "https://b.example");
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_HEADERS], "authorization,depth");
        assert!(headers[ACCESS_CONTROL_ALLOW_METHODS].to_str().expect("text").contains("PROPFIND"));
        assert_eq!(headers[VARY], "origin");
        let headers = said(&["https://a.example"], &Method::GET, "https://a.example");
        assert!(!headers.contains_key(ACCESS_CONTROL_ALLOW_METHODS));
    }

    #[test]
    fn any_other_page_gets_nothing() {
        for other in ["https://a.example.evil", "http://a.example", "null", "*"] {
            let headers = said(&["https://a.example"], &Method::OPTIONS, other);
            assert_eq!(headers.keys().collect::<Vec<_>>(), [VARY], "{other}");
        }
        assert!(said(&[], &Method::OPTIONS, "https://a.example").is_empty());
    }
}
