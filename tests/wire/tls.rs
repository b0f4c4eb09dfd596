//! TLS, and HTTP/2 inside.

use std::fs;
use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use davgroups::edge::Body;
use futures_util::future::join_all;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::harness::{ROOT, Server};

const WHO_AM_I: &str = "/ocs/v2.php/cloud/user";
const SOON: Duration = Duration::from_secs(20);

/// A server with a certificate of its own for 127.0.0.1.
struct Encrypted {
    server: Server,
    files: Files,
}

/// A certificate and its key.
struct Files {
    directory: TempDir,
}

impl Files {
    fn new() -> Self {
        let files = Self { directory: tempfile::tempdir().expect("temporary directory") };
        files.renew();
        files
    }

    /// Makes others in their place.
    fn renew(&self) {
        let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("made");
        fs::write(self.certificate(), made.cert.pem()).expect("written");
        fs::write(self.key(), made.signing_key.serialize_pem()).expect("written");
    }

    fn certificate(&self) -> PathBuf {
        self.directory.path().join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.directory.path().join("key.pem")
    }

    /// A client that trusts the certificate as it is now.
    fn client(&self, protocols: &[&[u8]]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.certificate()).expect("read")).expect("a certificate");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().expect("versions");
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(config)
    }
}

fn name() -> ServerName<'static> {
    ServerName::try_from("127.0.0.1").expect("a name")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

impl Encrypted {
    fn start(keys: &[(&str, &str)]) -> Self {
        let files = Files::new();
        let (certificate, key) = (files.certificate(), files.key());
        let mut all = vec![("TLS_CERTIFICATE", text(&certificate)), ("TLS_KEY", text(&key))];
        all.extend(keys);
        Self { server: Server::with(&all), files }
    }

    /// What curl prints and says, that trusts the certificate.
    fn curl(&self, arguments: &[&str], path: &str) -> Output {
        let mut command = Command::new("curl");
        command.args(["-s", "-S", "--max-time", "30", "--cacert"]).arg(self.files.certificate());
        command.args(["-u", "alice:pw-alice"]).args(arguments);
        command.arg(format!("https://{}{path}", self.server.address)).output().expect("curl")
    }

    /// A connection of HTTP/1.1.
    fn connect(&self) -> StreamOwned<ClientConnection, TcpStream> {
        let connection = ClientConnection::new(self.files.client(&[b"http/1.1"]), name()).expect("a client");
        let stream = TcpStream::connect(&self.server.address).expect("connected");
        stream.set_read_timeout(Some(SOON)).expect("timeout");
        StreamOwned::new(connection, stream)
    }

    /// A connection of HTTP/2, and what ends with it.
    async fn http2(&self) -> (SendRequest<Body>, JoinHandle<hyper::Result<()>>) {
        let stream = tokio::net::TcpStream::connect(&self.server.address).await.expect("connected");
        let connector = TlsConnector::from(self.files.client(&[b"h2", b"http/1.1"]));
        let stream = connector.connect(name(), stream).await.expect("a handshake");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let made = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let (sender, connection) = made.expect("HTTP/2");
        (sender, tokio::spawn(connection))
    }

    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        let credentials = STANDARD.encode("alice:pw-alice");
        let request = Request::builder().method(method).uri(format!("https://{}{path}", self.server.address));
        request.header("authorization", format!("Basic {credentials}"))
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

/// Asks on a connection that stays open, and returns the status.
fn ask(stream: &mut (impl Read + Write)) -> u16 {
    stream.write_all(b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\nok\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("answered");
        answer.extend(byte);
    }
    String::from_utf8_lossy(&answer[9..12]).parse().expect("a status")
}

#[test]
fn both_versions_of_http_are_spoken_over_tls() {
    let encrypted = Encrypted::start(&[("LOG_FORMAT", "json")]);
    for (flag, version) in [("--http2", "2"), ("--http1.1", "1.1")] {
        let said = ["-w", "\n%{http_version} %{http_code}", "-X", "PROPFIND", flag];
        let output = encrypted.curl(&said, &format!("{ROOT}/"));
        let answer = String::from_utf8_lossy(&output.stdout);
        assert!(answer.ends_with(&format!("\n{version} 207")), "{flag}: {output:?}");
        assert!(answer.contains(&format!("<d:href>{ROOT}/groups/</d:href>")), "{answer}");
        let output = encrypted.curl(&[flag, "-i"], "/ocs/v1.php/config");
        let answer = String::from_utf8_lossy(&output.stdout);
        assert!(answer.contains("<ssl>true</ssl>"), "{answer}");
        assert!(answer.contains(&format!("<host>{}</host>", encrypted.server.address)), "{answer}");
        assert!(!answer.to_lowercase().contains("strict-transport-security"), "{answer}");
        assert!(answer.contains("x-request-id: "), "{answer}");
        assert_eq!(
            encrypted.curl(&["-o", "/dev/null", flag, "-f", "-u", "alice:wrong"], "/").status.code(),
            Some(22)
        );
    }
    encrypted.server.wait_for_line(&[
        "\"path\":\"/remote.php/dav/customgroups/\"",
        "\"user\":\"alice\"",
        "\"peer\":\"127.",
    ]);
}

#[test]
fn browsers_are_told_to_stay_with_tls_if_the_operator_wants_it() {
    let keys = [("HSTS_SECONDS", "31536000"), ("TRUSTED_PROXIES", "127.0.0.1")];
    let encrypted = Encrypted::start(&keys);
    let answer = encrypted.curl(&["-i"], "/status.php").stdout;
    let answer = String::from_utf8_lossy(&answer).to_lowercase();
    assert!(answer.contains("\nstrict-transport-security: max-age=31536000\r\n"), "{answer}");

    let plain = Server::with(&keys);
    let header = |headers: &[(&str, &str)]| {
        let reply = plain.send_with("", "GET", "/status.php", headers, b"");
        reply.header("strict-transport-security").to_owned()
    };
    assert_eq!(header(&[]), "", "RFC 6797 section 7.2");
    assert_eq!(header(&[("X-Forwarded-Proto", "https")]), "max-age=31536000");
}

#[test]
fn a_renewed_certificate_is_taken_on_sighup_and_nobody_is_cut_off() {
    let encrypted = Encrypted::start(&[]);
    let mut open = encrypted.connect();
    assert_eq!(ask(&mut open), 200);

    encrypted.files.renew();
    assert_eq!(encrypted.curl(&[], "/status.php").status.code(), Some(60), "it is not taken yet");
    encrypted.server.signal("HUP");
    encrypted.server.wait_for_line(&["INFO", "the certificate was reloaded"]);
    assert_eq!(encrypted.curl(&[], "/status.php").status.code(), Some(0));
    assert_eq!(ask(&mut open), 200, "the old connection goes on");

    let certificate = fs::read(encrypted.files.certificate()).expect("read");
    fs::write(encrypted.files.certificate(), "nonsense").expect("written");
    encrypted.server.signal("HUP");
    encrypted.server.wait_for_line(&["ERROR", "the old one stays in use", "certificate.pem"]);
    fs::write(encrypted.files.certificate(), certificate).expect("written");
    assert_eq!(encrypted.curl(&[], "/status.php").status.code(), Some(0), "as before");
    assert_eq!(ask(&mut open), 200);
}

#[test]
fn sighup_ends_no_server_without_a_certificate() {
    let server = Server::start();
    server.signal("HUP");
    server.wait_for_line(&["there is no certificate to reload"]);
    assert_eq!(server.send("alice", "GET", WHO_AM_I, "").status, 200);
}

#[test]
fn whoever_does_not_speak_tls_is_not_answered() {
    let encrypted = Encrypted::start(&[("HEADER_TIMEOUT_SECONDS", "1")]);
    let reply = encrypted.server.send("alice", "GET", "/status.php", "");
    assert_eq!(reply.status, 0, "{reply:?}");
    // Nor is somebody waited for who says nothing.
    let mut silent = TcpStream::connect(&encrypted.server.address).expect("connected");
    silent.set_read_timeout(Some(SOON)).expect("timeout");
    let mut nothing = Vec::new();
    silent.read_to_end(&mut nothing).expect("closed in time");
    assert!(nothing.is_empty());
    assert_eq!(encrypted.curl(&[], "/status.php").status.code(), Some(0));
}

#[test]
fn health_is_asked_over_tls() {
    let encrypted = Encrypted::start(&[]);
    let mut health = Command::new(env!("CARGO_BIN_EXE_davgroups"));
    health.args(["health", "--listen", &encrypted.server.address]);
    let without = health.output().expect("ran");
    assert_eq!(without.status.code(), Some(1), "{without:?}");
    health.env("DAVGROUPS_TLS_CERTIFICATE", encrypted.files.certificate());
    let with = health.env("DAVGROUPS_TLS_KEY", encrypted.files.key()).output().expect("ran");
    assert_eq!(String::from_utf8_lossy(&with.stdout), "healthy\n", "{with:?}");
}

#[test]
fn files_that_are_no_certificate_and_key_are_refused_at_the_start() {
    let files = Files::new();
    let data = tempfile::tempdir().expect("temporary directory");
    let mut serve = Command::new(env!("CARGO_BIN_EXE_davgroups"));
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data.path().join("data"));
    serve.env("DAVGROUPS_TLS_CERTIFICATE", files.certificate()).env("DAVGROUPS_TLS_KEY", files.certificate());
    let output = serve.output().expect("ran");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with(&format!("davgroups: cannot use {}: ", text(&files.certificate()))), "{said}");
    assert!(!data.path().join("data").exists(), "nothing is made");
}

#[test]
fn one_connection_of_http2_has_many_requests_at_once() {
    let encrypted = Encrypted::start(&[]);
    run(async {
        let (mut sender, _connection) = encrypted.http2().await;
        let requests: Vec<_> = (0..300)
            .map(|number| {
                let body = r#"{"key":"display","value":"Alice"}"#;
                let (method, path, body) = match number % 3 {
                    0 => ("MKCOL", format!("{ROOT}/groups/team{number}"), ""),
                    1 => ("PROPFIND", format!("{ROOT}/groups/"), ""),
                    _ => ("PUT", "/ocs/v2.php/cloud/users/alice".to_owned(), body),
                };
                let request = encrypted.request(method, &path).header("content-type", "application/json");
                let request = if body.is_empty() { encrypted.request(method, &path) } else { request };
                sender.send_request(request.body(Body::from(body)).expect("a request"))
            })
            .collect();
        let answers = timeout(SOON * 3, join_all(requests)).await.expect("in time");
        for (number, answer) in answers.into_iter().enumerate() {
            let answer = answer.expect("answered");
            assert_eq!(answer.status(), [201, 207, 200][number % 3], "{number}");
            answer.into_body().collect().await.expect("whole");
        }
    });
    assert_eq!(encrypted.server.rows().iter().filter(|row| row.contains("team")).count(), 100);
}

#[test]
fn limits_hold_for_http2() {
    let keys = [("MAX_BODY_BYTES", "1000"), ("BODY_TIMEOUT_SECONDS", "1")];
    let encrypted = Encrypted::start(&keys);
    run(async {
        let (mut sender, _connection) = encrypted.http2().await;
        let long = encrypted.request("GET", WHO_AM_I).header("x-long", "x".repeat(100_000));
        let answer = sender.send_request(long.body(Body::default()).expect("a request")).await;
        assert_eq!(answer.expect("answered").status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        let large = encrypted.request("MKCOL", &format!("{ROOT}/groups/team"));
        let answer = sender.send_request(large.body(Body::from("x".repeat(2000))).expect("a request")).await;
        assert_eq!(answer.expect("answered").status(), StatusCode::PAYLOAD_TOO_LARGE);
        let fine = encrypted.request("GET", WHO_AM_I).body(Body::default()).expect("a request");
        assert_eq!(sender.send_request(fine).await.expect("answered").status(), StatusCode::OK);
    });
}

#[test]
fn idle_connections_of_http2_are_closed() {
    let encrypted = Encrypted::start(&[("HEADER_TIMEOUT_SECONDS", "1")]);
    run(async {
        let (mut sender, connection) = encrypted.http2().await;
        let request = encrypted.request("GET", WHO_AM_I).body(Body::default()).expect("a request");
        assert_eq!(sender.send_request(request).await.expect("answered").status(), StatusCode::OK);
        timeout(SOON, connection).await.expect("in time").expect("no panic").expect("in good order");
    });
}

#[test]
fn stopping_answers_what_was_begun_on_http2() {
    let encrypted = Encrypted::start(&[]);
    run(async {
        let (mut sender, connection) = encrypted.http2().await;
        let (pieces, body) = tokio::sync::mpsc::channel(1);
        let begun = encrypted.request("PROPFIND", &format!("{ROOT}/groups/")).body(Body::Pieces(body));
        let begun = tokio::spawn(sender.send_request(begun.expect("a request")));
        let begin = r#"<d:propfind xmlns:d="DAV:"><d:prop>"#;
        pieces.send(Ok(Bytes::from(begin))).await.expect("taken");
        let request = encrypted.request("GET", WHO_AM_I).body(Body::default()).expect("a request");
        assert_eq!(sender.send_request(request).await.expect("answered").status(), StatusCode::OK);
        encrypted.server.signal("TERM");
        encrypted.server.wait_for_line(&["stopping"]);
        pieces.send(Ok(Bytes::from("<d:resourcetype/></d:prop></d:propfind>"))).await.expect("taken");
        drop(pieces);
        let answer = timeout(SOON, begun).await.expect("in time").expect("no panic");
        assert_eq!(answer.expect("answered").status(), StatusCode::MULTI_STATUS);
        timeout(SOON, connection).await.expect("in time").expect("no panic").expect("in good order");
    });
}

#[test]
fn a_silent_connection_does_not_hold_up_the_end() {
    let encrypted = Encrypted::start(&[]);
    let mut silent = TcpStream::connect(&encrypted.server.address).expect("connected");
    silent.set_read_timeout(Some(Duration::from_secs(5))).expect("timeout");
    assert_eq!(encrypted.curl(&[], "/status.php").status.code(), Some(0), "the other was accepted before");
    encrypted.server.signal("TERM");
    let mut nothing = Vec::new();
    silent.read_to_end(&mut nothing).expect("closed at once");
}
