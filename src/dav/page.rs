//! The listing of a collection as browsers see it.

use http::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_FRAME_OPTIONS};

use crate::edge::Response;

/// Nothing is loaded, run, sent or shown inside another page. The style is in the page itself.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Whatever gets into a page, it can only be looked at.
pub fn confine(mut page: Response) -> Response {
    let headers = page.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    // For browsers that do not know `frame-ancestors`.
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    page
}
