//! What `fuzz/` runs, by name. The same runs over the inputs kept in `fuzz/corpus/` as a test.

#![allow(clippy::expect_used, clippy::panic, reason = "a panic is what fuzzing looks for")]

use std::sync::OnceLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Builder;
use http::{HeaderValue, Method, StatusCode};
use http_body_util::Full;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::domain::{GroupId, Password, UserId};
use crate::edge::{Client, Response};
use crate::{App, Config, auth, dav, ocs};

/// Takes any bytes, and panics when something does not hold that should.
pub type Target = fn(&[u8]);

/// Everything there is to run.
pub const TARGETS: [(&str, Target); 8] = [
    ("path", dav::fuzzing::path),
    ("xml", dav::fuzzing::xml),
    ("csv", dav::fuzzing::csv),
    ("route", ocs::fuzzing::route),
    ("params", ocs::fuzzing::params),
    ("app_info", ocs::fuzzing::app_info),
    ("headers", headers),
    ("requests", requests),
];

const METHODS: [&str; 13] = [
    "PROPFIND",
    "GET",
    "MKCOL",
    "PUT",
    "DELETE",
    "PROPPATCH",
    "REPORT",
    "POST",
    "OPTIONS",
    "HEAD",
    "COPY",
    "LOCK",
    "BREW",
];

const CONTENT_TYPES: [&str; 5] = [
    "application/xml",
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data; boundary=x",
    "text/csv",
];

/// What is read of a request beside the credentials.
const HEADERS: [&str; 14] = [
    "depth",
    "prefer",
    "brief",
    "accept",
    "if",
    "if-match",
    "if-none-match",
    "content-type",
    "destination",
    "overwrite",
    "origin",
    "sec-fetch-site",
    "access-control-request-headers",
    "host",
];

const RESOURCES: [&str; 5] = [
    "/remote.php/dav/customgroups/groups/",
    "/remote.php/dav/customgroups/groups/team",
    "/remote.php/dav/customgroups/groups/team/alice",
    "/ocs/v2.php/cloud/users",
    "/ocs/v1.php/config",
];

const USERS: [&str; 4] = ["admin", "alice", "bob", "carol"];

/// Between two requests.
const SEPARATOR: &[u8] = b"\n--\n";

/// A server without connections, whose state goes on from input to input.
struct Stage {
    runtime: Runtime,
    app: App,
    _directory: TempDir,
}

impl Stage {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let config = Config { data_dir: directory.path().to_owned(), ..Config::default() };
        let app = App::open(&config).expect("opened");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        for user in USERS {
            let groups = if user == "admin" { vec![GroupId::admin()] } else { Vec::new() };
            let (id, password) =
                (UserId::new(user).expect("an id"), Password::new("pw").expect("a password"));
            runtime.block_on(app.service().install_user(id, &password, None, None, groups)).expect("made");
        }
        Self { runtime, app, _directory: directory }
    }

    fn send(&self, user: &str, method: Method, target: &[u8], kind: &str, body: &[u8]) -> Option<Response> {
        self.ask(user, http::Request::builder().method(method).uri(target).header(CONTENT_TYPE, kind), body)
    }

    fn ask(&self, user: &str, request: Builder, body: &[u8]) -> Option<Response> {
        let credentials = BASE64_STANDARD.encode(format!("{user}:pw"));
        let request = request.header(AUTHORIZATION, format!("Basic {credentials}"));
        // What is no target of HTTP does not come as far as this.
        let request = request.body(Full::new(Bytes::copy_from_slice(body))).ok()?;
        Some(self.runtime.block_on(self.app.dispatch().respond(Client::LOCAL, request)))
    }
}

/// A request with any headers. The first byte says what it is for, the second by which method; then comes a
/// line for each header, whose first byte says which it is. Credentials are read and not tried: each would
/// take a hash.
pub fn headers(input: &[u8]) {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    let stage = STAGE.get_or_init(Stage::new);
    let &[resource, method, ref lines @ ..] = input else { return };
    let method = METHODS[usize::from(method) % METHODS.len()];
    let mut request =
        http::Request::builder().method(method).uri(RESOURCES[usize::from(resource) % RESOURCES.len()]);
    for line in lines.split(|&byte| byte == b'\n') {
        let Some((&name, value)) = line.split_first() else { continue };
        auth::fuzzing::credentials(value);
        if let Ok(value) = HeaderValue::from_bytes(value) {
            request = request.header(HEADERS[usize::from(name) % HEADERS.len()], value);
        }
    }
    if let Some(response) = stage.ask("alice", request, b"") {
        check(&response);
    }
}

/// A few requests by users of the server. Of each, the first byte says whose it is and the method, the second
/// the kind of body; then come the target, a line feed, and the body.
pub fn requests(input: &[u8]) {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    let stage = STAGE.get_or_init(Stage::new);
    let mut rest = input;
    for _ in 0..8 {
        let end = rest.windows(SEPARATOR.len()).position(|window| window == SEPARATOR);
        let one = &rest[..end.unwrap_or(rest.len())];
        let &[who, kind, ref request @ ..] = one else { return };
        let line = request.iter().position(|&byte| byte == b'\n').unwrap_or(request.len());
        let (target, body) = (&request[..line], request.get(line + 1..).unwrap_or_default());
        let user = USERS[usize::from(who) % USERS.len()];
        let method = METHODS[usize::from(who) / USERS.len() % METHODS.len()];
        let made = Method::from_bytes(method.as_bytes()).expect("a method");
        let kind = CONTENT_TYPES[usize::from(kind) % CONTENT_TYPES.len()];
        if let Some(response) = stage.send(user, made, target, kind, body) {
            check(&response);
            if method == "MKCOL" && response.status() == StatusCode::CREATED {
                // So that listings stay short, now and then.
                let kept = target.len() % 8 == 0;
                let _ = (!kept).then(|| stage.send("admin", Method::DELETE, target, kind, b""));
            }
        }
        let Some(end) = end else { return };
        rest = &rest[end + SEPARATOR.len()..];
    }
}

/// No failure of the server, and a body that is what it says.
fn check(response: &Response) {
    let status = response.status();
    assert!(!status.is_server_error() || status == StatusCode::NOT_IMPLEMENTED, "{response:?}");
    let kind = response.headers().get(CONTENT_TYPE).map_or("", |kind| kind.to_str().expect("text"));
    let body = response.body().whole();
    let text = || std::str::from_utf8(&body).expect("UTF-8");
    if body.is_empty() {
    } else if kind.contains("xml") {
        roxmltree::Document::parse(text()).unwrap_or_else(|error| panic!("{error}: {}", text()));
    } else if kind.contains("json") {
        serde_json::from_str::<serde_json::Value>(text())
            .unwrap_or_else(|error| panic!("{error}: {}", text()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fuzzing_kept_holds() {
        let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        for (name, target) in TARGETS {
            let inputs = corpus.join(name).read_dir().expect(name);
            let mut count = 0;
            for input in inputs {
                let path = input.expect("an entry").path();
                let read = std::fs::read(&path).expect("read");
                let held = std::panic::catch_unwind(|| target(&read));
                assert!(held.is_ok(), "{} does not hold", path.display());
                count += 1;
            }
            assert!(count > 0, "nothing is kept of {name}");
        }
    }
}
