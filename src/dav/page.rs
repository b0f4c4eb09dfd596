//! The listing of a collection as browsers see it.

use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_FRAME_OPTIONS};

use crate::edge::Response;

/// Nothing is loaded, run, sent or shown inside another page. The style is in the page itself.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// What browsers show is on no disk afterwards, and not there for whoever presses "Back" next.
pub const NOT_KEPT: HeaderValue = HeaderValue::from_static("no-store");

/// Whatever gets into a page, it can only be looked at.
pub fn confine(mut page: Response) -> Response {
    let headers = page.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    // For browsers that do not know `frame-ancestors`.
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(CACHE_CONTROL, NOT_KEPT);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    page
}
