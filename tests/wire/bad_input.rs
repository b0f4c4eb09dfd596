//! Bad input: a 4xx that says what is wrong, and a store that stays as it was.

use crate::harness::{ROOT, Server, set};

const DECLARED: &str = r#"xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns""#;

#[test]
fn bodies_that_are_no_requests() {
    let server = Server::start();
    let group = format!("{ROOT}/groups/team");
    assert_eq!(server.send("alice", "MKCOL", &group, "").status, 201);
    let before = server.state();
    let tower = "<d:a>".repeat(10_000);
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("not XML", b"hello".to_vec()),
        ("cut off", format!("<d:propertyupdate {DECLARED}><d:set>").into_bytes()),
        ("unbound prefix", b"<d:propertyupdate><d:set/></d:propertyupdate>".to_vec()),
        ("wrong root", b"<foo/>".to_vec()),
        ("doctype", format!("<!DOCTYPE x><d:propertyupdate {DECLARED}/>").into_bytes()),
        ("billion laughs", b"<!DOCTYPE x [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]><x>&b;</x>".to_vec()),
        ("control character", set("oc:display-name", "a\u{1}b").into_bytes()),
        ("control reference", set("oc:display-name", "a&#1;b").into_bytes()),
        ("invalid UTF-8", [b"<a>".as_slice(), b"\xff\xfe\xfd</a>"].concat()),
        ("tower", format!("<d:propertyupdate {DECLARED}>{tower}").into_bytes()),
        ("elements in a value", set("oc:display-name", "a<d:b/>").into_bytes()),
    ];
    for (what, body) in &bodies {
        for method in ["PROPPATCH", "PROPFIND", "REPORT"] {
            let reply = server.send_with("alice", method, &group, &[], body);
            let fine = method == "PROPFIND" && reply.status == 207;
            assert!(fine || (400..500).contains(&reply.status), "{method}, {what}: {reply:?}");
            assert!(fine || !reply.exception().is_empty(), "{method}, {what}: {reply:?}");
        }
        let xml = [("Content-Type", "application/xml")];
        let reply = server.send_with("alice", "MKCOL", &format!("{group}-new"), &xml, body);
        assert!((400..500).contains(&reply.status), "MKCOL, {what}: {reply:?}");
    }
    assert_eq!(server.state(), before);
}

#[test]
fn errors_say_what_is_wrong() {
    let server = Server::start();
    let group = format!("{ROOT}/groups/team");
    assert_eq!(server.send("alice", "MKCOL", &group, "").status, 201);
    for (method, body, words) in [
        ("PROPPATCH", "<a>\n<b>", "line 2"),
        ("PROPPATCH", "<foo/>", "{DAV:}propertyupdate"),
        ("PROPFIND", "<!DOCTYPE x><x/>", "document type"),
        ("PROPPATCH", "", "{DAV:}propertyupdate"),
        ("REPORT", "<x/>", "search-query"),
    ] {
        let reply = server.send("alice", method, &group, body);
        assert!(reply.body.contains(words), "{method} {body}: {}", reply.body);
    }
    let too_long = set("oc:display-name", &"x".repeat(65));
    let reply = server.send("alice", "PROPPATCH", &group, &too_long);
    assert_eq!((reply.status, reply.exception().as_str()), (422, "ValidationException"));
}

#[test]
fn paths_that_name_nothing() {
    let server = Server::start();
    let before = server.state();
    for path in ["groups/%zz", "groups/%", "groups/a%E9b", "groups/a%00b"] {
        for method in ["PROPFIND", "MKCOL", "PUT", "DELETE", "GET", "PROPPATCH"] {
            let reply = server.send("alice", method, &format!("{ROOT}/{path}"), "");
            assert_eq!((reply.status, reply.exception().as_str()), (400, "BadRequest"), "{method} {path}");
        }
    }
    for path in ["groups/a%0Ab", "groups/%7Fab", "groups/a%09b"] {
        assert_eq!(server.send("alice", "MKCOL", &format!("{ROOT}/{path}"), "").status, 422, "{path}");
    }
    for path in ["groups/%2E%2E", "groups/..", "groups/%2e"] {
        assert_eq!(server.send("alice", "MKCOL", &format!("{ROOT}/{path}"), "").status, 405, "{path}");
    }
    assert_eq!(
        server.send("alice", "PROPFIND", &format!("{ROOT}/groups/{}", "x".repeat(5000)), "").status,
        404
    );
    assert_eq!(server.state(), before);
}

/// As deep as the head of a request can be long. The program used to run out of stack.
#[test]
fn paths_that_are_too_deep() {
    let server = Server::start();
    for below in ["", "groups/", "users/alice/", "groups/team/bob/"] {
        let path = format!("{ROOT}/{below}{}", "a/".repeat(32_000));
        for method in ["PROPFIND", "MKCOL", "PUT", "DELETE", "GET"] {
            assert_eq!(server.send("alice", method, &path, "").status, 404, "{method} {below}");
        }
    }
    assert_eq!(server.send("alice", "PROPFIND", ROOT, "").status, 207, "it goes on");
}

#[test]
fn bodies_that_are_too_large() {
    let server = Server::with(&[("MAX_BODY_BYTES", "65536")]);
    let group = format!("{ROOT}/groups/team");
    assert_eq!(server.send("alice", "MKCOL", &group, "").status, 201);
    let huge = vec![b' '; 70_000];
    for method in ["PROPFIND", "PROPPATCH", "PUT", "MKCOL", "POST", "REPORT"] {
        let reply = server.send_with("alice", method, &group, &[], &huge);
        assert_eq!(reply.status, 413, "{method}: {reply:?}");
    }
    assert_eq!(server.send("alice", "PROPFIND", &group, "").status, 207);
}

#[test]
fn credentials_that_are_none() {
    let server = Server::start();
    let path = format!("{ROOT}/groups/");
    for credentials in
        ["Basic", "Basic !!!", "Basic YWxpY2U=", "Bearer abc", "Digest x", "Basic YWxpY2U6d3Jvbmc="]
    {
        let reply = server.send_with("", "PROPFIND", &path, &[("Authorization", credentials)], b"");
        assert_eq!((reply.status, reply.exception().as_str()), (401, "NotAuthenticated"), "{credentials}");
        assert_eq!(reply.header("www-authenticate"), "Basic realm=\"davgroups\", charset=\"UTF-8\"");
    }
    let basic = [("Authorization", "bAsIc QUxJQ0U6cHctYWxpY2U=")];
    assert_eq!(server.send_with("", "PROPFIND", &path, &basic, b"").status, 207, "ALICE:pw-alice");
}

#[test]
fn requests_that_are_none() {
    let server = Server::with(&[("HEADER_TIMEOUT_SECONDS", "1"), ("BODY_TIMEOUT_SECONDS", "1")]);
    for bytes in [
        &b"\r\n\r\n\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PROPFIND / HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
        b"PROPFIND / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
    ] {
        let reply = server.send_bytes(bytes);
        assert!(reply.status < 500, "{:?}: {reply:?}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(server.send("alice", "PROPFIND", &format!("{ROOT}/groups/"), "").status, 207, "still there");
}
