//! One line in the log per request, and one count.

use std::fmt;
use std::time::Instant;

use super::proxies::Link;
use super::{App, request_id};
use crate::domain::UserId;
use crate::edge::{Answered, Response};
use http::Request;
use hyper::body::{Body, Incoming};

/// Answers a request. Whatever is logged meanwhile bears its id, and so does the answer.
pub(super) async fn respond(app: &App, link: &Link, request: &mut Request<Incoming>) -> Response {
    let id = app.request_ids().of(request.headers());
    let mut response = id.clone().during(answer(app, link, request)).await;
    response.headers_mut().insert(request_id::HEADER, id.into_header());
    response
}

/// Queries and headers are left out of the line: both can hold passwords. So are probes, which come all
/// the time and say nothing.
async fn answer(app: &App, link: &Link, request: &mut Request<Incoming>) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    if let Some(probe) = app.health().probe(request.uri().path()) {
        let response = app.health().answer(probe, &method).await;
        app.metrics().count(&method, Some(probe.endpoint()), response.status(), started.elapsed());
        return response;
    }
    let target = request.uri().clone();
    let (client, peer) = app.proxies().sender(link, request.headers_mut());
    let Answered { response, user, endpoint } = app.dispatch().answer(client, request).await;
    let elapsed = started.elapsed();
    app.metrics().count(&method, endpoint, response.status(), elapsed);
    tracing::info!(
        %method,
        path = %Escaped(target.path()),
        status = response.status().as_u16(),
        user = %Escaped(user.as_ref().map_or("-", UserId::as_str)),
        microseconds = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
        // Not known of what is made while it is sent.
        bytes = response.body().size_hint().exact(),
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
