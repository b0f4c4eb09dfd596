//! One line in the log per request.

use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

use hyper::body::{Body, Incoming};

use super::App;
use crate::domain::UserId;
use crate::edge::Response;

/// Answers a request and writes its line. Queries and headers are left out: both can hold passwords.
pub(super) async fn respond(app: &App, peer: SocketAddr, request: http::Request<Incoming>) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let response = app.dispatch().respond(peer.ip(), request).await;
    tracing::info!(
        %method,
        path = %Escaped(&path),
        status = response.status().as_u16(),
        user = %Escaped(response.extensions().get().map_or("-", UserId::as_str)),
        microseconds = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        bytes = response.body().size_hint().lower(),
        %peer,
        "request"
    );
    response
}

/// Text from outside, in which nothing can end the line or command a terminal.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_debug().try_for_each(|c| fmt::Write::write_char(f, c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        let escaped = Escaped("/a\r\nINFO forged\u{1b}[31m\u{2028}\u{9b}ü").to_string();
        assert_eq!(escaped, "/a\\r\\nINFO forged\\u{1b}[31m\\u{2028}\\u{9b}ü");
    }
}
