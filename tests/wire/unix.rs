//! Listening on a Unix socket.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::{ROOT, Server};

/// A place for a socket, and what stands for it in the configuration.
fn place() -> (TempDir, String) {
    let directory = tempfile::tempdir().expect("temporary directory");
    let listen = format!("unix:{}", directory.path().join("davgroups.sock").display());
    (directory, listen)
}

fn health(listen: &str) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_davgroups"));
    let output = command.args(["health", "--listen", listen]).output().expect("ran");
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn a_unix_socket_is_served_and_goes_with_the_server() {
    let (directory, listen) = place();
    let mut server = Server::with(&[("LISTEN", &listen)]);
    assert_eq!(server.address, listen);
    assert_eq!(server.send("alice", "MKCOL", &format!("{ROOT}/groups/team"), "").status, 201);
    assert_eq!(server.send("alice", "GET", "/ocs/v2.php/cloud/user", "").status, 200);
    server.wait_for_line(&["/groups/team", "peer=unix"]);
    let mode = fs::metadata(&listen["unix:".len()..]).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    assert_eq!(health(&listen), (Some(0), "healthy\n".to_owned()));

    server.signal("TERM");
    assert!(server.wait().success());
    assert_eq!(fs::read_dir(directory.path()).expect("read").count(), 0);
    let (code, said) = health(&listen);
    assert_eq!(code, Some(1));
    assert!(said.starts_with(&format!("davgroups: no answer from {listen}: ")), "{said}");
}

#[test]
fn a_socket_in_use_is_left_alone_and_that_of_a_dead_server_is_replaced() {
    let (_directory, listen) = place();
    let keys = [("LISTEN", listen.as_str()), ("LISTEN_MODE", "0600")];
    let mut server = Server::with(&keys);
    let data = tempfile::tempdir().expect("temporary directory");
    let mut second = Command::new(env!("CARGO_BIN_EXE_davgroups"));
    let second = second.args(["serve", "--listen", &listen, "--data-dir"]).arg(data.path().join("data"));
    let output = second.output().expect("ran");
    let said = String::from_utf8_lossy(&output.stderr);
    let path = &listen["unix:".len()..];
    assert_eq!(said, format!("davgroups: cannot listen on {path}: another server does\n"));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(server.send("alice", "GET", "/ocs/v2.php/cloud/user", "").status, 200);

    server.signal("KILL");
    server.wait();
    assert!(fs::metadata(path).is_ok(), "nobody was left to remove it");
    let server = Server::with(&keys);
    assert_eq!(server.send("alice", "GET", "/ocs/v2.php/cloud/user", "").status, 200);
    assert_eq!(fs::metadata(path).expect("there").permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_proxy_on_the_socket_is_believed_if_the_operator_says_so() {
    for (trusted, ssl, peer) in [("unix", "true", "peer=192.0.2.1"), ("127.0.0.1", "false", "peer=unix")] {
        let (_directory, listen) = place();
        let server = Server::with(&[("LISTEN", &listen), ("TRUSTED_PROXIES", trusted)]);
        let said = [("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https")];
        let config = server.send_with("alice", "GET", "/ocs/v1.php/config", &said, b"");
        assert!(config.body.contains(&format!("<ssl>{ssl}</ssl>")), "{}", config.body);
        server.wait_for_line(&["/ocs/v1.php/config", peer]);
    }
}
