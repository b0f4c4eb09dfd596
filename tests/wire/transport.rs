//! Proxies in front, and what their word is worth.

use std::io::{Read, Write};
use std::net::{IpAddr, TcpStream, UdpSocket};
use std::time::Duration;

use crate::harness::{Reply, Server};

const WHO_AM_I: &str = "/ocs/v2.php/cloud/user";

/// A request with `password` in the name of alice, through a proxy that says where it comes from.
fn log_in_from(server: &Server, address: &str, password: &str) -> Reply {
    let credentials = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("alice:{password}"));
    let headers = [("X-Forwarded-For", address), ("Authorization", &format!("Basic {credentials}"))];
    server.send_with("", "GET", WHO_AM_I, &headers, b"")
}

#[test]
fn what_a_trusted_proxy_says_of_a_request_is_believed() {
    let said = [
        ("X-Forwarded-For", "198.51.100.1, 203.0.113.9"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "groups.example"),
        ("X-Request-ID", "believed"),
    ];
    let server = Server::with(&[("TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1"), ("LOG_FORMAT", "json")]);
    let config = server.send_with("", "GET", "/ocs/v1.php/config", &said, b"");
    assert!(config.body.contains("<host>groups.example</host>"), "{}", config.body);
    assert!(config.body.contains("<ssl>true</ssl>"), "{}", config.body);
    server.wait_for_line(&["\"request_id\":\"believed\"", "\"peer\":\"203.0.113.9\""]);

    let server = Server::with(&[("TRUSTED_PROXIES", "10.0.0.0/8"), ("LOG_FORMAT", "json")]);
    let config = server.send_with("", "GET", "/ocs/v1.php/config", &said, b"");
    assert!(config.body.contains(&format!("<host>{}</host>", server.address)), "{}", config.body);
    assert!(config.body.contains("<ssl>false</ssl>"), "{}", config.body);
    server.wait_for_line(&["\"request_id\":\"believed\"", "\"peer\":\"127.0.0.1:"]);
}

#[test]
fn whoever_guesses_behind_a_proxy_keeps_nobody_else_out() {
    let server = Server::with(&[("TRUSTED_PROXIES", "127.0.0.1"), ("LOGIN_FAILURES_PER_ADDRESS", "2")]);
    for _ in 0..2 {
        assert_eq!(log_in_from(&server, "203.0.113.9", "wrong").status, 401);
    }
    assert_eq!(log_in_from(&server, "203.0.113.9", "pw-alice").status, 429);
    assert_eq!(log_in_from(&server, "203.0.113.10", "pw-alice").status, 200);
    // Nobody gets another address by making one up: the proxy adds the true one behind it.
    assert_eq!(log_in_from(&server, "203.0.113.10, 203.0.113.9", "pw-alice").status, 429);
}

#[test]
fn addresses_that_strangers_make_up_do_not_help_them_to_guess() {
    let server = Server::with(&[("LOGIN_FAILURES_PER_ADDRESS", "2")]);
    for address in ["203.0.113.1", "203.0.113.2"] {
        assert_eq!(log_in_from(&server, address, "wrong").status, 401);
    }
    assert_eq!(log_in_from(&server, "203.0.113.3", "pw-alice").status, 429);
}

#[test]
fn proxies_may_have_any_number_of_connections() {
    let keys = [("TRUSTED_PROXIES", "127.0.0.1"), ("MAX_CONNECTIONS_PER_ADDRESS", "1")];
    let server = Server::with(&keys);
    let open = [(); 3].map(|()| {
        let mut stream = TcpStream::connect(&server.address).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("timeout");
        stream.write_all(b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
        let mut start = [0; 12];
        stream.read_exact(&mut start).expect("answered");
        assert_eq!(&start, b"HTTP/1.1 200");
        stream
    });
    drop(open);
}

/// An address of this machine that others can reach, if there is any. Nothing is sent to find it.
fn address_for_others() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// The server as other machines reach it.
fn reach_as_others(server: &mut Server) -> bool {
    let Some(address) = address_for_others() else {
        eprintln!("this machine has no address for others; nothing is tested");
        return false;
    };
    let port = server.address.rsplit(':').next().expect("a port");
    server.address = format!("{address}:{port}");
    true
}

#[test]
fn passwords_over_plain_http_are_refused_to_other_machines() {
    let mut server = Server::with(&[("LISTEN", "0.0.0.0:0")]);
    server.wait_for_line(&["WARN", "without TLS: requests of other machines are refused"]);
    assert_eq!(server.send("alice", "GET", WHO_AM_I, "").status, 200, "on the loopback");
    if !reach_as_others(&mut server) {
        return;
    }
    for user in ["alice", ""] {
        let reply = server.send(user, "GET", WHO_AM_I, "");
        assert_eq!((reply.status, reply.header("www-authenticate")), (403, ""));
        assert!(reply.body.contains("Passwords are not accepted over plain HTTP"), "{}", reply.body);
        let reply = server.send(user, "PROPFIND", "/", "");
        assert_eq!((reply.status, reply.exception().as_str()), (403, "Forbidden"));
    }
    let said = [("X-Forwarded-Proto", "https")];
    assert_eq!(server.send_with("alice", "GET", WHO_AM_I, &said, b"").status, 403, "from a stranger");
    assert_eq!(server.send("", "GET", "/status.php", "").status, 200, "needs no password");
    assert_eq!(server.send("", "GET", "/healthz/ready", "").status, 200);
}

#[test]
fn passwords_are_taken_from_proxies_that_had_them_over_tls() {
    let Some(address) = address_for_others() else { return };
    let keys = [("LISTEN", "0.0.0.0:0"), ("TRUSTED_PROXIES", &address.to_string())];
    let mut server = Server::with(&keys);
    assert!(reach_as_others(&mut server));
    for (proto, status) in [("https", 200), ("http", 403)] {
        let said = [("X-Forwarded-Proto", proto)];
        assert_eq!(server.send_with("alice", "GET", WHO_AM_I, &said, b"").status, status, "{proto}");
    }
}

#[test]
fn operators_may_take_passwords_over_plain_http() {
    let mut server = Server::with(&[("LISTEN", "0.0.0.0:0"), ("ALLOW_INSECURE_HTTP", "true")]);
    server.wait_for_line(&["WARN", "without TLS: anybody on the way can read the passwords"]);
    if reach_as_others(&mut server) {
        assert_eq!(server.send("alice", "GET", WHO_AM_I, "").status, 200);
    }
}
