//! Which web pages may use the server from a browser. <https://fetch.spec.whatwg.org/#http-cors-protocol>

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, AUTHORIZATION,
    HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::{Method, Request, Response};

use crate::config::Origin;

/// Everything that is served is behind a password, so a page may ask for any of it once it is allowed.
const METHODS: HeaderValue =
    HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE, OPTIONS, PROPFIND, PROPPATCH, MKCOL, REPORT");

/// What a page may read of an answer beside what any page may.
const EXPOSED: HeaderValue =
    HeaderValue::from_static("Allow, Content-Disposition, DAV, ETag, Location, WWW-Authenticate");

/// As long a browser may remember what it may ask, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Says what the page of a browser has to do with the server. <https://www.w3.org/TR/fetch-metadata/>
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What clients of the provisioning API send, and forms cannot.
const OCS_API_REQUEST: HeaderName = HeaderName::from_static("ocs-apirequest");

/// Whether a browser asks what a page may ask; that it does without credentials.
pub(super) fn is_preflight<B>(request: &Request<B>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && !request.headers().contains_key(AUTHORIZATION)
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

    /// Whether this may be a form that a page of somebody else has a browser send. A browser adds the
    /// password that its user once gave it, and asks nobody. Whatever else changes something comes after a
    /// preflight, which tells other pages nothing.
    pub(super) fn is_forged<B>(&self, request: &Request<B>) -> bool {
        let headers = request.headers();
        if request.method() != Method::POST || headers.contains_key(OCS_API_REQUEST) {
            return false;
        }
        let origin = headers.get(ORIGIN);
        if origin.is_some_and(|origin| self.allows(origin)) {
            return false;
        }
        match (headers.get(SEC_FETCH_SITE), origin) {
            (Some(site), _) => site != "same-origin" && site != "none",
            // An older browser. Others, which are no browsers, have no origin.
            (None, Some(origin)) => !is_of_host(origin, headers),
            (None, None) => false,
        }
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        self.origins.iter().any(|known| origin == known.as_str())
    }

    /// What the answer to a request with `headers` has to say.
    pub(super) fn grant(&self, headers: &HeaderMap) -> Grant {
        if self.origins.is_empty() {
            return Grant::Nothing;
        }
        match headers.get(ORIGIN).filter(|origin| self.allows(origin)) {
            Some(origin) => Grant::Page {
                origin: origin.clone(),
                headers: headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned(),
            },
            None => Grant::Depends,
        }
    }
}

/// Whether a page comes from the host that it asks.
fn is_of_host(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_ascii_lowercase);
    let page = text(origin);
    let page = page.as_deref().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    page.is_some() && page == headers.get(HOST).and_then(text).as_deref()
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
    fn forms_of_other_pages_are_told_from_everything_else() {
        let cors = Cors::new(vec![Origin::try_from("https://a.example".to_owned()).expect("origin")]);
        let forged = |method: &str, headers: &[(&str, &str)]| {
            let request = http::Request::builder().method(method).header(HOST, "groups.example:8443");
            let request =
                headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            cors.is_forged(&request.body(()).expect("request"))
        };
        for headers in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("origin", "https://groups.example")],
            &[("origin", "https://groups.example:8443.evil.example")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site"), ("origin", "https://groups.example:8443")],
        ] {
            assert!(forged("POST", headers), "{headers:?}");
            assert!(!forged("GET", headers) && !forged("PROPPATCH", headers), "{headers:?}");
            assert!(!forged("POST", &[headers, &[("ocs-apirequest", "true")]].concat()), "{headers:?}");
        }
        for headers in [
            &[][..],
            &[("origin", "https://Groups.example:8443")],
            &[("origin", "https://a.example"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://outside.example")],
            &[("sec-fetch-site", "none")],
            // Programs that are no browsers.
            &[("sec-fetch-mode", "cors")],
        ] {
            assert!(!forged("POST", headers), "{headers:?}");
        }
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
