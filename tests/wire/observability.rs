//! What those see who watch the server: ids of requests, the log, probes, and metrics.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::harness::{ROOT, Reply, Server, propfind};

/// A server whose log and metrics are looked at.
struct Watched {
    server: Server,
}

impl Watched {
    fn start(keys: &[(&str, &str)]) -> Self {
        Self { server: Server::with(keys) }
    }

    /// The lines of the log as soon as one of them has all of these texts.
    fn log_with(&self, texts: &[&str]) -> Vec<String> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let lines: Vec<String> = self.server.log().lines().map(str::to_owned).collect();
            if lines.iter().any(|line| texts.iter().all(|text| line.contains(text))) {
                return lines;
            }
            assert!(Instant::now() < deadline, "no line with {texts:?} in {lines:#?}");
            sleep(Duration::from_millis(10));
        }
    }

    /// The one line of a log in JSON that has this value.
    fn entry(&self, key: &str, value: &str) -> Value {
        let pair = format!("\"{key}\":{}", serde_json::to_string(value).expect("JSON"));
        let lines = self.log_with(&[&pair]);
        let mut found = lines.iter().filter(|line| line.contains(&pair));
        let line = found.next().expect("line");
        assert_eq!(found.next(), None, "more than one line");
        serde_json::from_str(line).expect(line)
    }

    /// What Prometheus reads.
    fn metrics(&self) -> BTreeMap<String, f64> {
        let reply = get(&self.metrics_address(), "/metrics");
        assert_eq!(reply.status, 200);
        assert_eq!(
            reply.headers["content-type"],
            "application/openmetrics-text; version=1.0.0; charset=utf-8"
        );
        samples(&reply.body)
    }

    /// Waits for a metric to have a value.
    fn wait_for(&self, metric: &str, value: f64) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while (self.metrics()[metric] - value).abs() > f64::EPSILON {
            assert!(Instant::now() < deadline, "{metric} is not {value} in time");
            sleep(Duration::from_millis(10));
        }
    }

    fn metrics_address(&self) -> String {
        let lines = self.log_with(&["\"message\":\"metrics\""]);
        let line = lines.iter().find(|line| line.contains("\"message\":\"metrics\"")).expect("line");
        let entry: Value = serde_json::from_str(line).expect("JSON");
        entry["address"].as_str().expect("address").to_owned()
    }
}

/// Asks for a path without credentials.
fn get(address: &str, path: &str) -> Reply {
    ask(address, "GET", path)
}

fn ask(address: &str, method: &str, path: &str) -> Reply {
    let mut stream = TcpStream::connect(address).expect("connected");
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("read");
    Reply::parse(&answer)
}

/// The samples of an exposition, after making sure that it is one: each metric is described once and
/// before its samples, and nothing is left.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let mut samples = BTreeMap::new();
    let mut described: Vec<String> = Vec::new();
    assert!(text.ends_with("# EOF\n"), "{text}");
    for line in text.lines() {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["#", "EOF"] | ["#", "HELP" | "UNIT", ..] => {}
            ["#", "TYPE", name, "counter" | "gauge" | "histogram" | "info"] => {
                assert!(!described.contains(&(*name).to_owned()), "{name} is described twice");
                described.push((*name).to_owned());
            }
            _ => {
                let (name, value) = line.rsplit_once(' ').expect(line);
                assert!(name.starts_with(described.last().expect("a description")), "{line}");
                let twice = samples.insert(name.to_owned(), value.parse().expect(line));
                assert_eq!(twice, None, "{name} is there twice");
            }
        }
    }
    samples
}

#[test]
fn a_request_keeps_the_id_it_came_with() {
    let watched = Watched::start(&[("LOG_FORMAT", "json")]);
    let headers = [("X-Request-ID", "edge-1/7a:b.c")];
    let reply = watched.server.send_with("alice", "GET", &format!("{ROOT}/?x=secret"), &headers, b"");
    assert_eq!(reply.headers["x-request-id"], "edge-1/7a:b.c");
    let entry = watched.entry("request_id", "edge-1/7a:b.c");
    assert_eq!(entry["path"], format!("{ROOT}/"));
    assert!(!entry.to_string().contains("secret"));
}

#[test]
fn a_request_without_a_sane_id_gets_one() {
    let server = Server::start();
    let long = "x".repeat(129);
    let mut seen = Vec::new();
    for given in ["", "a b", "a\tb", "\"a\"", "a;b", "ü", &long] {
        for (user, path) in [("alice", ROOT), ("", "/status.php"), ("", "/healthz/live")] {
            let reply = server.send_with(user, "GET", path, &[("X-Request-ID", given)], b"");
            let id = &reply.headers["x-request-id"];
            assert_ne!(id, given);
            assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'), "{id}");
            assert!(!seen.contains(id), "{id} was given twice");
            seen.push(id.clone());
        }
    }
}

#[test]
fn a_line_says_who_did_what_from_where() {
    let watched = Watched::start(&[("LOG_FORMAT", "json")]);
    let path = format!("{ROOT}/groups/");
    let headers = [("X-Request-ID", "listing")];
    let reply =
        watched.server.send_with("alice", "PROPFIND", &path, &headers, propfind(&["oc:role"]).as_bytes());
    let entry = watched.entry("request_id", "listing");
    assert!(entry.as_object().expect("object").values().all(|value| !value.is_object() && !value.is_array()));
    assert_eq!(
        (&entry["level"], &entry["message"], &entry["method"], &entry["status"], &entry["user"]),
        (&"INFO".into(), &"request".into(), &"PROPFIND".into(), &207.into(), &"alice".into())
    );
    assert_eq!(entry["path"], path);
    assert_eq!(entry["bytes"], reply.body.len());
    assert!(entry["microseconds"].as_u64().is_some_and(|time| time > 0));
    assert!(entry["peer"].as_str().is_some_and(|peer| peer.starts_with("127.0.0.1:")), "{entry}");
    assert!(entry["timestamp"].is_string());
}

#[test]
fn every_line_of_a_request_bears_its_id() {
    // An app whose description cannot be read is warned about, on a thread of its own.
    let apps = tempfile::tempdir().expect("temporary directory");
    std::fs::create_dir_all(apps.path().join("broken/appinfo/info.xml")).expect("a directory");
    let apps = apps.path().to_str().expect("UTF-8");
    for (format, id, last) in [
        ("json", "\"request_id\":\"apps\"", "\"message\":\"request\""),
        ("text", " request_id=apps ", " request method=GET "),
    ] {
        let watched = Watched::start(&[("LOG_FORMAT", format), ("APPS_DIR", apps)]);
        let headers = [("X-Request-ID", "apps")];
        watched.server.send_with("admin", "GET", "/ocs/v1.php/cloud/apps", &headers, b"");
        let lines = watched.log_with(&[id, last]);
        let warnings: Vec<_> = lines.iter().filter(|line| line.contains("an app is left out")).collect();
        assert!(!warnings.is_empty() && warnings.iter().all(|line| line.contains(id)), "{warnings:?}");
    }
}

#[test]
fn nothing_from_outside_adds_a_line_to_the_log() {
    for format in ["text", "json"] {
        let watched = Watched::start(&[("LOG_FORMAT", format)]);
        let forged = "\r\n2026-01-01T00:00:00Z  INFO request forged=yes\u{1b}[2J";
        let credentials = STANDARD.encode(format!("{forged}:sesame"));
        let encoded = forged.replace(' ', "%20").replace("\r\n", "%0d%0a").replace('\u{1b}', "%1b");
        for target in [format!("{ROOT}/groups/{encoded}"), "/\u{9b}31m\u{2028}forged=yes".to_owned()] {
            let request = format!(
                "GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {credentials}\r\n\
                 X-Request-ID: a forged=yes\r\nConnection: close\r\n\r\n"
            );
            let _ = watched.server.send_bytes(request.as_bytes());
        }
        watched.server.send_with("alice", "GET", &format!("{ROOT}/last"), &[], b"");
        let lines = watched.log_with(&["/last"]);
        // Starting, and one for each request that could be read.
        assert!((3..=4).contains(&lines.len()), "{lines:#?}");
        for line in &lines {
            assert!(!line.contains(['\u{1b}', '\u{9b}', '\u{2028}', '\r']), "{line:?}");
            assert!(!line.contains("request forged=yes") && !line.contains("sesame"), "{line}");
        }
    }
}

#[test]
fn a_log_of_errors_alone_is_silent_when_there_are_none() {
    let watched = Watched::start(&[("LOG_LEVEL", "error")]);
    assert_eq!(watched.server.send("alice", "GET", &format!("{ROOT}/none"), "").status, 404);
    assert_eq!(watched.server.log(), "");
}

#[test]
fn probes_need_no_credentials_and_tell_nothing_more() {
    let server = Server::with(&[("BASE_PATH", "/owncloud")]);
    for path in ["/healthz/live", "/healthz/ready", "/owncloud/healthz/live", "/owncloud/healthz/ready"] {
        let reply = server.send("", "GET", path, "");
        assert_eq!((reply.status, reply.body.as_str()), (200, "ok\n"), "{path}");
        assert_eq!(reply.headers["cache-control"], "no-store");
        let reply = server.send("", "HEAD", path, "");
        assert_eq!((reply.status, reply.body.as_str()), (200, ""), "{path}");
        assert_eq!(server.send("", "POST", path, "").status, 405);
    }
    // What is beside them belongs to the tree, as before.
    for (path, status) in [("/healthz", 401), ("/healthz/", 401), ("/owncloud/healthz/other", 401)] {
        assert_eq!(server.send("", "GET", path, "").status, status, "{path}");
    }
    assert_eq!(server.send("alice", "GET", "/healthz", "").status, 404);
    let group = format!("/owncloud{ROOT}/groups/healthz");
    assert_eq!(server.send("alice", "MKCOL", &group, "").status, 201);
    assert_eq!(server.send("alice", "GET", &group, "").status, 200);
}

#[test]
fn requests_are_counted_by_what_they_are() {
    let watched = Watched::start(&[("LOG_FORMAT", "json"), ("METRICS_LISTEN", "127.0.0.1:0")]);
    let server = &watched.server;
    // The time of a login is written down beside the request.
    assert_eq!(server.send("alice", "GET", "/ocs/v1.php/cloud/user", "").status, 200);
    watched.wait_for("davgroups_commit_size_sum", 1.0);
    let groups = format!("{ROOT}/groups/");
    for group in ["one", "two"] {
        assert_eq!(server.send("alice", "MKCOL", &format!("{groups}{group}"), "").status, 201);
    }
    assert_eq!(server.send("alice", "MKCOL", &format!("{groups}one"), "").status, 405);
    let list = || {
        let body = propfind(&["oc:display-name"]);
        server.send_with("alice", "PROPFIND", &groups, &[("Depth", "1")], body.as_bytes()).status
    };
    assert_eq!((list(), list(), list()), (207, 207, 207));
    assert_eq!(server.send("alice", "GET", "/ocs/v1.php/cloud/users/alice", "").status, 200);
    assert_eq!(server.send("alice", "GET", "/ocs/v2.php/cloud/users/nobody", "").status, 404);
    assert_eq!(server.send("", "GET", "/ocs/v1.php/cloud/users", "").status, 401);
    assert_eq!(server.send("stranger", "GET", ROOT, "").status, 401);
    assert_eq!(server.send("alice", "BREW", ROOT, "").status, 501);
    assert_eq!(get(&server.address, "/healthz/live").status, 200);

    let metrics = watched.metrics();
    let count = |name: &str, labels: &str| metrics.get(&format!("davgroups_{name}{{{labels}}}")).copied();
    for (labels, expected) in [
        (r#"method="MKCOL",endpoint="customgroups/groups/{uri}",status="201""#, Some(2.0)),
        (r#"method="MKCOL",endpoint="customgroups/groups/{uri}",status="405""#, Some(1.0)),
        (r#"method="PROPFIND",endpoint="customgroups/groups",status="207""#, Some(3.0)),
        (r#"method="GET",endpoint="cloud/users/{userid}",status="200""#, Some(1.0)),
        (r#"method="GET",endpoint="cloud/users/{userid}",status="404""#, Some(1.0)),
        (r#"method="GET",endpoint="cloud/users",status="401""#, Some(1.0)),
        (r#"method="GET",endpoint="none",status="401""#, Some(1.0)),
        (r#"method="other",endpoint="customgroups",status="501""#, Some(1.0)),
        (r#"method="GET",endpoint="healthz/live",status="200""#, Some(1.0)),
    ] {
        assert_eq!(count("requests_total", labels), expected, "{labels}: {metrics:#?}");
    }
    let all: f64 =
        metrics.iter().filter(|(name, _)| name.starts_with("davgroups_requests_total")).map(|(_, n)| n).sum();
    assert!((all - 13.0).abs() < f64::EPSILON, "each is counted once: {metrics:#?}");
    let made = r#"method="MKCOL",endpoint="customgroups/groups/{uri}""#;
    assert_eq!(count("request_duration_seconds_count", made), Some(3.0));
    assert!(count("request_duration_seconds_sum", made).is_some_and(|seconds| seconds > 0.0));
    let last = format!("davgroups_request_duration_seconds_bucket{{le=\"+Inf\",{made}}}");
    assert_eq!(metrics.get(&last), Some(&3.0));

    assert_eq!(count("auth_failures_total", r#"reason="no_credentials""#), Some(1.0));
    assert_eq!(count("auth_failures_total", r#"reason="wrong_credentials""#), Some(1.0));
    // Alice's first request and the stranger's; whoever brings no credentials is not looked for.
    assert_eq!(count("credential_cache_lookups_total", r#"result="miss""#), Some(2.0));
    assert_eq!(count("credential_cache_lookups_total", r#"result="hit""#), Some(9.0));
    assert_eq!(count("answer_cache_lookups_total", r#"result="hit""#), Some(2.0));
    assert_eq!(count("answer_cache_lookups_total", r#"result="miss""#), Some(4.0));
    assert_eq!(metrics["davgroups_write_queue_depth"], 0.0);
    // The login, two groups, and one that was refused.
    assert_eq!(metrics["davgroups_commit_size_sum"], 4.0);
    assert!(metrics["davgroups_database_size_bytes"] >= 4096.0);
    assert!(metrics["davgroups_wal_size_bytes"] > 0.0);
    assert!(metrics["davgroups_store_statements_total"] > 0.0);
    assert!(metrics["process_start_time_seconds"] > 1.7e9);
    let version = format!("davgroups_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(metrics[&version], 1.0);
}

#[test]
fn connections_are_counted_while_they_are_open() {
    let watched = Watched::start(&[("LOG_FORMAT", "json"), ("METRICS_LISTEN", "127.0.0.1:0")]);
    let connections = "davgroups_open_connections";
    watched.wait_for(connections, 0.0);
    let open = [(); 3].map(|()| TcpStream::connect(&watched.server.address).expect("connected"));
    watched.wait_for(connections, 3.0);
    drop(open);
    watched.wait_for(connections, 0.0);
}

#[test]
fn metrics_are_apart_from_everything_else() {
    let watched = Watched::start(&[("LOG_FORMAT", "json"), ("METRICS_LISTEN", "127.0.0.1:0")]);
    let address = watched.metrics_address();
    for path in ["/", "/status.php", "/remote.php/dav/", "/metricsx"] {
        assert_eq!(get(&address, path).status, 404, "{path}");
    }
    assert_eq!(ask(&address, "POST", "/metrics").status, 405);
    assert_eq!(watched.server.send("", "GET", "/metrics", "").status, 401);
    assert_eq!(watched.server.send("admin", "GET", "/metrics", "").status, 404);
}
