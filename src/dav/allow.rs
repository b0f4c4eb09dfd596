//! Which methods a resource takes, and what OPTIONS says.

use http::header::{ALLOW, HeaderName, HeaderValue};

use super::path::Target;
use crate::domain::{Error, Node, Place};
use crate::edge::Response;

/// What some resource or other takes.
pub const ALL: &str = "OPTIONS, GET, HEAD, PROPFIND, PROPPATCH, MKCOL, PUT, POST, DELETE, REPORT";

const FIXED: &str = "OPTIONS, GET, HEAD, PROPFIND";
const GROUPS: &str = "OPTIONS, GET, HEAD, PROPFIND, REPORT";
const GROUP: &str = "OPTIONS, GET, HEAD, PROPFIND, PROPPATCH, REPORT, POST, DELETE";
const MEMBERSHIP: &str = "OPTIONS, GET, HEAD, PROPFIND, PROPPATCH, DELETE";
const NEW_GROUP: &str = "OPTIONS, MKCOL";
const NEW_MEMBERSHIP: &str = "OPTIONS, PUT";
const NOTHING: &str = "OPTIONS";

/// RFC 4918 section 18. Class 1 on purpose: macOS and Windows then mount read-only instead of leaving
/// files of their own, which would be members here. Class 3 is RFC 4918 itself.
pub const CLASSES: HeaderValue = HeaderValue::from_static("1, 3, extended-mkcol");

/// The header that announces them.
pub const DAV: HeaderName = HeaderName::from_static("dav");

/// What the resource at `target` takes, given what was found there.
pub fn methods(target: &Target, found: Result<Node, Error>) -> &'static str {
    let Target::Tree(place) = target else {
        return if matches!(target, Target::Around(_)) { FIXED } else { NOTHING };
    };
    match (found, place) {
        (Ok(Node::Root | Node::Users), _) => FIXED,
        (Ok(Node::Groups | Node::UserGroups(_)), _) => GROUPS,
        (Ok(Node::Group(_)), _) => GROUP,
        (Ok(Node::Membership(..)), _) => MEMBERSHIP,
        (Err(Error::NotAMember { .. }), _) => NEW_MEMBERSHIP,
        (Err(Error::CustomGroupUnknown(_)), Place::Group(_) | Place::UsersSecond(..)) => NEW_GROUP,
        (Err(_), _) => NOTHING,
    }
}

/// Adds what OPTIONS says of a resource that takes `methods`.
pub fn describe(response: &mut Response, methods: &'static str) {
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(methods));
    headers.insert(DAV, CLASSES);
    headers.insert(HeaderName::from_static("ms-author-via"), HeaderValue::from_static("DAV"));
}
