//! Connections over the loopback, in this process.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::connection::MAX_HEAD;
use super::*;
use crate::config::Config;
use crate::domain::{GroupId, Password, UserId};

const GROUPS: &str = "/remote.php/dav/customgroups/groups/";

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
    _directory: tempfile::TempDir,
}

/// A server with the administrator `admin`, password `adminpw`.
async fn start(change: impl FnOnce(&mut Config)) -> Running {
    let directory = tempfile::tempdir().expect("temporary directory");
    let mut config = Config { data_dir: directory.path().to_owned(), ..Config::default() };
    change(&mut config);
    let app = Arc::new(App::open(&config).expect("app"));
    let (admin, password) = (UserId::new("admin").expect("id"), Password::new("adminpw").expect("password"));
    let admins = vec![GroupId::admin()];
    app.service().install_user(admin, &password, None, None, admins).await.expect("user");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("port");
    let address = listener.local_addr().expect("address");
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(run(listener, app, async move {
        let _ = stopped.await;
    }));
    Running { address, stop, server, _directory: directory }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("connected")
    }

    /// Sends bytes on a connection of their own and returns what comes back until it is closed.
    async fn send(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.expect("sent");
        rest(&mut stream).await
    }

    async fn stop(self) {
        self.stop.send(()).expect("running");
        timeout(Duration::from_secs(5), self.server).await.expect("stopped").expect("no panic");
    }
}

/// A request as `admin`; without `more` headers the connection is closed after it.
fn request(line: &str, more: &str, body: &str) -> String {
    let credentials = BASE64_STANDARD.encode("admin:adminpw");
    let more = if more.is_empty() { "Connection: close\r\n" } else { more };
    format!("{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {credentials}\r\n{more}\r\n{body}")
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    read.expect("closed in time").expect("read");
    String::from_utf8(answer).expect("UTF-8")
}

fn status(answer: &str) -> &str {
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).unwrap_or(answer)
}

#[tokio::test]
async fn targets_of_every_form_are_answered() {
    let server = start(|_| ()).await;
    for (line, expected) in [
        (format!("PROPFIND {GROUPS}"), "207"),
        (format!("PROPFIND http://elsewhere.example{GROUPS}"), "207"),
        (format!("PROPFIND /{GROUPS}"), "207"),
        ("OPTIONS *".to_owned(), "200"),
        (format!("TRACE {GROUPS}"), "405"),
        ("CONNECT elsewhere.example:443".to_owned(), "405"),
        (format!("BREW {GROUPS}"), "501"),
        (format!("GET {GROUPS}%00%ff%zz"), "400"),
    ] {
        assert_eq!(status(&server.send(&request(&line, "", "")).await), expected, "{line}");
    }
    assert_eq!(status(&server.send("no HTTP at all\r\n\r\n").await), "400");
    server.stop().await;
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let server = start(|_| ()).await;
    let first = request(&format!("MKCOL {GROUPS}team"), "Content-Length: 0\r\n", "");
    let second = request(&format!("GET {GROUPS}team"), "", "");
    let answers = server.send(&(first + &second)).await;
    assert_eq!(status(&answers), "201");
    assert!(answers.contains("HTTP/1.1 200"), "{answers}");
    server.stop().await;
}

#[tokio::test]
async fn whoever_has_said_everything_is_answered() {
    let server = start(|_| ()).await;
    let mut stream = server.connect().await;
    let request = request(&format!("PROPFIND {GROUPS}"), "", "");
    stream.write_all(request.as_bytes()).await.expect("sent");
    stream.shutdown().await.expect("said so");
    assert_eq!(status(&rest(&mut stream).await), "207");
    server.stop().await;
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let server = start(|_| ()).await;
    let long = format!("X-Long: {}\r\n", "x".repeat(MAX_HEAD));
    assert_eq!(status(&server.send(&request(&format!("GET {GROUPS}"), &long, "")).await), "431");
    server.stop().await;
}

#[tokio::test]
async fn whoever_sends_a_body_that_is_too_long_reads_why() {
    let server = start(|_| ()).await;
    let body = "x".repeat(4 << 20);
    let length = format!("Connection: close\r\nContent-Length: {}\r\n", body.len());
    let answer = server.send(&request(&format!("MKCOL {GROUPS}team"), &length, &body)).await;
    assert_eq!(status(&answer), "413");
    assert!(answer.contains("at most 1048576 bytes"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_connection_without_a_request_is_closed() {
    let server = start(|config| config.header_timeout_seconds = NonZeroU32::MIN).await;
    let mut silent = server.connect().await;
    silent.write_all(b"GET / HTTP/1.1\r\n").await.expect("sent");
    rest(&mut silent).await;
    server.stop().await;
}

#[tokio::test]
async fn a_connection_that_is_idle_is_closed() {
    let server = start(|config| config.header_timeout_seconds = NonZeroU32::MIN).await;
    let mut idle = server.connect().await;
    let request = request(&format!("GET {GROUPS}"), "Accept: */*\r\n", "");
    idle.write_all(request.as_bytes()).await.expect("sent");
    assert_eq!(status(&rest(&mut idle).await), "200", "answered, and closed then");
    server.stop().await;
}

#[tokio::test]
async fn an_address_with_too_many_connections_is_hung_up_on() {
    let server = start(|config| config.max_connections_per_address = 2).await;
    let mut open = [server.connect().await, server.connect().await];
    for stream in &mut open {
        stream.write_all(b"GET /").await.expect("sent");
    }
    let mut third = server.connect().await;
    let mut nothing = Vec::new();
    // It is closed or reset, as what was sent is not read.
    let _ = timeout(Duration::from_secs(5), third.read_to_end(&mut nothing)).await.expect("hung up");
    assert!(nothing.is_empty());
    drop(open);
    for _ in 0..500 {
        let mut again = server.connect().await;
        // The server may not have seen yet that the others have gone.
        if again.write_all(request(&format!("GET {GROUPS}"), "", "").as_bytes()).await.is_ok() {
            let mut answer = String::new();
            if again.read_to_string(&mut answer).await.is_ok() && status(&answer) == "200" {
                return server.stop().await;
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the places were not given back");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let server = start(|config| config.max_connections = NonZeroU32::MIN).await;
    let mut first = server.connect().await;
    first.write_all(b"GET /").await.expect("sent");
    let mut second = server.connect().await;
    second.write_all(request(&format!("GET {GROUPS}"), "", "").as_bytes()).await.expect("sent");
    let early = timeout(Duration::from_millis(200), second.readable()).await;
    assert!(early.is_err(), "answered beside the first");
    drop(first);
    assert_eq!(status(&rest(&mut second).await), "200");
    server.stop().await;
}

#[tokio::test]
async fn stopping_lets_requests_finish() {
    let server = start(|_| ()).await;
    let mut slow = server.connect().await;
    let body = "<d:propfind xmlns:d=\"DAV:\"><d:allprop/></d:propfind>";
    let more = format!("Expect: 100-continue\r\nContent-Length: {}\r\n", body.len());
    let begun = request(&format!("PROPFIND {GROUPS}"), &more, "");
    slow.write_all(begun.as_bytes()).await.expect("sent");
    let mut go_on = [0; 25];
    slow.read_exact(&mut go_on).await.expect("100 Continue");
    let address = server.address;
    server.stop.send(()).expect("running");
    while TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!server.server.is_finished(), "nobody waits for the request");
    slow.write_all(body.as_bytes()).await.expect("sent");
    assert_eq!(status(&rest(&mut slow).await), "207");
    timeout(Duration::from_secs(5), server.server).await.expect("stopped").expect("no panic");
}

#[tokio::test]
async fn requests_that_do_not_finish_are_cut_off() {
    let server = start(|config| config.shutdown_timeout_seconds = NonZeroU32::MIN).await;
    let mut stuck = server.connect().await;
    let begun = request(&format!("MKCOL {GROUPS}team"), "Content-Length: 1\r\n", "");
    stuck.write_all(begun.as_bytes()).await.expect("sent");
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.stop().await;
}
