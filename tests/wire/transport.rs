//! Proxies in front and what their word is worth, passwords on the way, and what browsers are told.

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

#[test]
fn pages_can_only_be_looked_at() {
    let server = Server::start();
    for path in ["/remote.php/dav/customgroups/groups/", "/remote.php/dav/", "/"] {
        let page = server.send_with("alice", "GET", path, &[("Accept", "text/html")], b"");
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"), "{path}");
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!page.body.contains("<script") && !page.body.contains("src="), "{}", page.body);
        assert_eq!((page.header("x-frame-options"), page.header("referrer-policy")), ("DENY", "no-referrer"));
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
    }
    for (user, path) in [("alice", "/"), ("", "/"), ("alice", WHO_AM_I), ("", "/status.php")] {
        let answer = server.send(user, "GET", path, "");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("content-security-policy"), "", "{path} is no page");
    }
}

/// A browser sends along the password of somebody who has looked at the pages above.
#[test]
fn a_form_of_another_page_changes_nothing() {
    let server = Server::with(&[("CORS_ALLOWED_ORIGINS", "https://app.example")]);
    let form = b"userid=mallory&password=x&groups[]=admin";
    let batch = br#"[{"method":"POST","path":"users/dave/groups","data":{"groupid":"admin"}}]"#;
    let post = |path: &str, headers: &[(&str, &str)], body: &[u8]| {
        let headers = [headers, &[("Content-Type", "text/plain")]].concat();
        server.send_with("admin", "POST", path, &headers, body)
    };
    let users = "/ocs/v1.php/cloud/users?userid=mallory&password=x&groups[]=admin";
    for page in [
        &[("Origin", "https://evil.example")][..],
        &[("Origin", "null"), ("Sec-Fetch-Site", "cross-site")],
        &[("Origin", "https://other.example"), ("Sec-Fetch-Site", "same-site")],
    ] {
        let before = server.rows();
        for (path, body) in [(users, &form[..]), ("/ocs/v2.php/cloud/batch", batch)] {
            let reply = post(path, page, body);
            assert_eq!(reply.status, 403, "{page:?} {reply:?}");
            assert!(reply.body.contains("<statuscode>403</statuscode>"), "{reply:?}");
        }
        let reply = post("/remote.php/dav/customgroups/groups/team", page, b"mallory,admin");
        assert_eq!(reply.status, 403, "{reply:?}");
        assert!(reply.body.contains("<s:message>Forms of other web pages are not accepted"), "{reply:?}");
        assert_eq!(server.rows(), before, "{page:?}");
        assert_eq!(server.send_with("admin", "GET", WHO_AM_I, page, b"").status, 200, "{page:?}");
    }
    let own = format!("http://{}", server.address);
    for (number, program) in [
        &[][..],
        &[("Origin", own.as_str())],
        &[("Origin", "https://app.example"), ("Sec-Fetch-Site", "cross-site")],
        &[("Origin", "app://files"), ("OCS-APIRequest", "true")],
    ]
    .into_iter()
    .enumerate()
    {
        let reply = post(&format!("/ocs/v2.php/cloud/groups?groupid=club{number}"), program, b"");
        assert_eq!(reply.status, 200, "{program:?} {reply:?}");
    }
}

#[test]
fn limits_are_as_configured() {
    let keys = [("MAX_HEADER_BYTES", "2000"), ("MAX_XML_DEPTH", "2"), ("MAX_XML_ATTRIBUTES", "1")];
    let server = Server::with(&keys);
    let long = "x".repeat(2000);
    assert_eq!(server.send_with("alice", "GET", WHO_AM_I, &[("X-Long", &long)], b"").status, 431);
    for (body, status) in [
        (r#"<d:propfind xmlns:d="DAV:"><d:allprop/></d:propfind>"#, 207),
        (r#"<d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/></d:prop></d:propfind>"#, 400),
        (r#"<d:propfind xmlns:d="DAV:" xmlns:x="x:"><d:allprop/></d:propfind>"#, 400),
    ] {
        let reply = server.send("alice", "PROPFIND", "/remote.php/dav/customgroups/groups/", body);
        assert_eq!(reply.status, status, "{body}: {}", reply.body);
    }
}
