//! The tree: what can be looked at, and how.

use crate::harness::{ROOT, Server, propfind, set};

fn server() -> Server {
    let server = Server::start();
    for (user, method, path) in [
        ("alice", "MKCOL", "groups/team"),
        ("alice", "PUT", "groups/team/bob"),
        ("alice", "PUT", "groups/team/Mixed.Case"),
        ("carol", "MKCOL", "groups/777"),
    ] {
        assert_eq!(server.send(user, method, &format!("{ROOT}/{path}"), "").status, 201, "{path}");
    }
    server
}

#[test]
fn file_managers_can_walk_down_from_the_top() {
    let server = server();
    for (path, below) in [
        ("/", "/remote.php/"),
        ("/remote.php/", "/remote.php/dav/"),
        ("/remote.php/dav/", "/remote.php/dav/customgroups/"),
        ("/remote.php/dav/customgroups/", "/remote.php/dav/customgroups/users/"),
        ("/remote.php/dav/customgroups/users/", "/remote.php/dav/customgroups/users/alice/"),
        ("/remote.php/dav/customgroups/users/alice/", "/remote.php/dav/customgroups/users/alice/team/"),
        (
            "/remote.php/dav/customgroups/users/alice/team",
            "/remote.php/dav/customgroups/users/alice/team/bob",
        ),
        ("/remote.php/dav/files/", "/remote.php/dav/files/alice/"),
    ] {
        let listed = server.send_with("alice", "PROPFIND", path, &[("Depth", "1")], b"");
        let hrefs: Vec<_> = listed.responses().into_iter().map(|response| response.href).collect();
        assert!(hrefs.contains(&below.to_owned()), "{path}: {hrefs:?}");
        assert_eq!(server.send("alice", "OPTIONS", path, "").status, 200, "{path}");
    }
    for empty in ["/remote.php/dav/files/alice/", "/remote.php/webdav/"] {
        let listed = server.send_with("alice", "PROPFIND", empty, &[("Depth", "1")], b"");
        assert_eq!(listed.responses().len(), 1, "{empty}");
    }
    assert_eq!(server.send("alice", "PROPFIND", "/remote.php/nosuch/", "").exception(), "NotFound");
}

#[test]
fn depth_decides_how_far_one_looks() {
    let server = server();
    let path = format!("{ROOT}/groups/team");
    for (depth, count) in [("0", 1), ("1", 4), ("2", 4), ("odd", 4)] {
        let listed = server.send_with("alice", "PROPFIND", &path, &[("Depth", depth)], b"");
        assert_eq!(listed.responses().len(), count, "{depth}");
    }
    assert_eq!(server.send("alice", "PROPFIND", &path, "").responses().len(), 4, "no Depth is 1");
    let infinite = server.send_with("alice", "PROPFIND", &path, &[("Depth", "infinity")], b"");
    assert_eq!((infinite.status, infinite.exception().as_str()), (412, "PreconditionFailed"));
}

#[test]
fn properties_of_groups_and_members() {
    let server = server();
    let all = [
        "oc:display-name",
        "oc:group-id",
        "oc:role",
        "oc:user-id",
        "oc:user-display-name",
        "oc:user-type-info",
    ];
    let listed = server.send("alice", "PROPFIND", &format!("{ROOT}/groups/"), &propfind(&all)).responses();
    let [_, group] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!(group.props["display-name"], "team");
    assert_eq!(group.props["group-id"], "1");
    assert_eq!(group.props["role"], "admin", "in a listing taken for a user");
    assert_eq!(group.statuses["user-id"], 404);
    let members =
        server.send("alice", "PROPFIND", &format!("{ROOT}/groups/team"), &propfind(&all)).responses();
    assert_eq!(members[0].statuses["role"], 404, "on the group itself");
    let ids: Vec<_> = members[1..].iter().map(|member| member.props["user-id"].as_str()).collect();
    assert_eq!(ids, ["Mixed.Case", "alice", "bob"], "bytewise");
    assert_eq!(members[3].props["user-display-name"], "bob <bob>");
    assert_eq!(members[3].props["user-type-info"], "user");
    assert_eq!(members[3].props["role"], "member");
    let of_administrator =
        server.send("admin", "PROPFIND", &format!("{ROOT}/groups/"), &propfind(&all)).responses();
    assert_eq!(of_administrator[1].statuses["role"], 404, "in a listing of all groups");
}

#[test]
fn minimal_answers_leave_out_what_is_missing() {
    let server = server();
    let path = format!("{ROOT}/groups/team");
    let body = propfind(&["oc:group-id", "d:getetag"]);
    for header in [("Prefer", "return=minimal"), ("Prefer", "return-minimal"), ("Brief", "t")] {
        let reply = server.send_with("alice", "PROPFIND", &path, &[header], body.as_bytes());
        assert!(reply.responses()[0].statuses.values().all(|status| *status == 200), "{header:?}");
        assert_eq!(reply.header("vary"), "Brief, Prefer");
        let set = set("oc:display-name", "Team");
        let changed = server.send_with("alice", "PROPPATCH", &path, &[header], set.as_bytes());
        assert_eq!((changed.status, changed.body.as_str()), (204, ""), "{header:?}");
    }
}

#[test]
fn propname_names_what_there_is() {
    let server = server();
    let body = r#"<propfind xmlns="DAV:"><propname/></propfind>"#;
    let member = server.send("alice", "PROPFIND", &format!("{ROOT}/groups/team/bob"), body).responses();
    for name in ["resourcetype", "role", "user-id", "user-display-name", "user-type-info"] {
        assert_eq!(member[0].statuses.get(name), Some(&200), "{name}");
    }
}

#[test]
fn numbers_below_users_are_users_first() {
    let server = server();
    let members = server.send("alice", "PROPFIND", &format!("{ROOT}/users/1/"), "");
    assert_eq!(members.hrefs(), ["~/users/1/", "~/users/1/Mixed.Case", "~/users/1/alice", "~/users/1/bob"]);
    for (user, path, status) in [
        ("dave", "users/1/", 403),
        ("dave", "users/99/", 403),
        ("admin", "users/99/", 404),
        ("admin", "users/nosuch/", 404),
        ("alice", "users/bob/", 403),
        ("alice", "users/nosuch/", 403),
        ("alice", "users/1/bob/deeper", 404),
        ("carol", "groups/777", 207),
        ("alice", "users/alice/777", 403),
    ] {
        assert_eq!(
            server.send(user, "PROPFIND", &format!("{ROOT}/{path}"), "").status,
            status,
            "{user} {path}"
        );
    }
}

#[test]
fn looking_with_a_browser_or_curl() {
    let server = server();
    let html = [("Accept", "text/html,*/*;q=0.8")];
    let index = server.send_with("alice", "GET", &format!("{ROOT}/groups/team"), &html, b"");
    assert_eq!(index.status, 200);
    assert!(index.header("content-type").starts_with("text/html"), "{index:?}");
    assert!(index.body.contains("/remote.php/dav/customgroups/groups/team/bob"), "{}", index.body);
    assert_eq!(server.send_with("dave", "GET", &format!("{ROOT}/groups/team"), &html, b"").status, 403);
    for (path, status) in
        [("groups", 200), ("groups/team/", 200), ("users/alice", 200), ("nosuch", 404), ("users/bob", 403)]
    {
        let got = server.send("alice", "GET", &format!("{ROOT}/{path}"), "");
        assert_eq!(got.status, status, "{path}");
        let head = server.send("alice", "HEAD", &format!("{ROOT}/{path}"), "");
        assert_eq!((head.status, head.body.as_str()), (status, ""), "{path}");
        assert_eq!(head.header("content-length"), got.header("content-length"), "{path}");
    }
    let member = server.send("alice", "GET", &format!("{ROOT}/groups/team/bob"), "");
    assert_eq!((member.status, member.body.as_str()), (200, "member\n"));
    assert!(member.header("content-type").starts_with("text/plain"));
}

#[test]
fn options_name_what_a_resource_takes() {
    let server = server();
    for (path, takes, lacks) in [
        ("groups/team", "PROPPATCH", "MKCOL"),
        ("groups/nosuch", "MKCOL", "DELETE"),
        ("groups/team/nobody", "PUT", "DELETE"),
        ("groups/team/bob", "DELETE", "REPORT"),
        ("users", "PROPFIND", "DELETE"),
    ] {
        let reply = server.send("alice", "OPTIONS", &format!("{ROOT}/{path}"), "");
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.header("dav"), "1, 3, extended-mkcol", "{path}");
        let allow: Vec<_> = reply.header("allow").split(", ").collect();
        assert!(allow.contains(&takes) && !allow.contains(&lacks), "{path}: {allow:?}");
    }
    let preflight = [("Origin", "https://app.example"), ("Access-Control-Request-Method", "PROPFIND")];
    assert_eq!(server.send_with("", "OPTIONS", ROOT, &preflight, b"").status, 200);
    assert_eq!(server.send("", "OPTIONS", ROOT, "").status, 401);
}

#[test]
fn what_is_never_done() {
    let server = server();
    let before = server.state();
    let group = format!("{ROOT}/groups/team");
    let to = format!("http://{}{ROOT}/groups/copy", server.address);
    for method in ["COPY", "MOVE", "LOCK", "UNLOCK"] {
        for headers in
            [&[][..], &[("Destination", to.as_str())], &[("Destination", "http://elsewhere.example/")]]
        {
            let reply = server.send_with("alice", method, &group, headers, b"");
            assert_eq!((reply.status, reply.exception().as_str()), (405, "MethodNotAllowed"), "{method}");
            assert!(reply.header("allow").contains("PROPFIND"), "{method}");
        }
        let missing = server.send_with("alice", method, &format!("{group}x"), &[("Destination", &to)], b"");
        assert_eq!(missing.status, if method.ends_with("OCK") { 405 } else { 404 }, "{method}");
    }
    for (method, path, status) in [
        ("PATCH", "groups/team", 501),
        ("FOO", "groups", 501),
        ("propfind", "groups", 400),
        ("POST", "groups", 501),
        ("TRACE", "groups/team", 405),
        ("DELETE", "groups", 405),
        ("DELETE", "users/alice", 405),
        ("DELETE", "", 403),
        ("PUT", "groups/team", 409),
        ("PUT", "groups/nosuch", 405),
        ("PUT", "groups/nosuch/bob", 404),
        ("PUT", "groups/team/bob", 409),
        ("PUT", "groups/team/nosuch", 412),
        ("PUT", "groups/team/CAROL", 412),
        ("MKCOL", "groups/team", 405),
        ("MKCOL", "groups/nosuch/x", 409),
        ("MKCOL", "groups/team/bob/x", 409),
        ("MKCOL", "newtop", 403),
        ("MKCOL", "groups/x", 422),
        ("MKCOL", "groups/%20lead", 422),
        ("MKCOL", "groups/a1", 422),
    ] {
        let reply = server.send("alice", method, &format!("{ROOT}/{path}"), "");
        assert_eq!(reply.status, status, "{method} {path}: {reply:?}");
        assert!(!reply.exception().is_empty(), "{method} {path}: {reply:?}");
    }
    assert_eq!(server.state(), before);
}

#[test]
fn conditions_are_kept() {
    let server = server();
    let group = format!("{ROOT}/groups/team");
    for (method, path, header, status) in [
        ("PUT", format!("{group}/bob"), ("If-None-Match", "*"), 412),
        ("PUT", format!("{group}/dave"), ("If-Match", "*"), 412),
        ("PUT", format!("{group}/dave"), ("If-None-Match", "*"), 201),
        ("MKCOL", format!("{ROOT}/groups/new"), ("If-None-Match", "*"), 201),
        ("DELETE", group.clone(), ("If-None-Match", "*"), 412),
        ("PROPFIND", group.clone(), ("If", "(<opaquelocktoken:x>)"), 412),
        // Cut off, in requests that dav-server answers and in those that it does not.
        ("PROPFIND", group.clone(), ("If", "(<urn:x> [\"e\")"), 412),
        ("MKCOL", format!("{ROOT}/groups/newer"), ("If", "(<urn:x> [\"e\")"), 412),
        ("MKCOL", format!("{ROOT}/groups/newer"), ("If-Match", "\""), 412),
        ("MKCOL", format!("{ROOT}/groups/newer"), ("If", "(Not <urn:x> <urn:y>)"), 412),
        ("MKCOL", format!("{ROOT}/groups/newer"), ("If", "(Not <DAV:no-lock>)"), 201),
        ("MKCOL", format!("{ROOT}/groups/newest"), ("If-None-Match", "\""), 201),
        ("DELETE", group.clone(), ("If-Match", "*"), 204),
    ] {
        assert_eq!(
            server.send_with("alice", method, &path, &[header], b"").status,
            status,
            "{method} {header:?}"
        );
    }
}

#[test]
fn everything_can_lie_below_a_base_path() {
    let server = Server::with(&[("BASE_PATH", "/owncloud")]);
    let root = format!("/owncloud{ROOT}");
    assert_eq!(server.send("alice", "MKCOL", &format!("{root}/groups/team"), "").status, 201);
    let listed = server.send("alice", "PROPFIND", &format!("/{root}/groups/"), "");
    assert_eq!(listed.hrefs(), ["/owncloud~/groups/", "/owncloud~/groups/team/"]);
    let above = server.send_with("alice", "PROPFIND", "/owncloud/remote.php/dav/", &[("Depth", "1")], b"");
    assert!(above.body.contains("/owncloud/remote.php/dav/customgroups/"), "{}", above.body);
    assert_eq!(server.send("alice", "PUT", &format!("{root}/groups/team/bob"), "").status, 201);
    assert_eq!(server.send("alice", "DELETE", &format!("{root}/groups/team"), "").status, 204);
    // A proxy in front may have taken the base path off.
    let stripped = server.send("bob", "PROPFIND", &format!("{ROOT}/users/bob/"), "");
    assert_eq!(stripped.hrefs(), ["/owncloud~/users/bob/"]);
}

#[test]
fn search_and_its_pages() {
    let server = server();
    let query = |pattern: &str, rest: &str| {
        format!(
            r#"<oc:search-query xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><oc:role/></d:prop><oc:search><oc:pattern>{pattern}</oc:pattern>{rest}</oc:search></oc:search-query>"#
        )
    };
    let search = |path: &str, pattern: &str, rest: &str| {
        server.send("alice", "REPORT", &format!("{ROOT}/{path}"), &query(pattern, rest)).hrefs()
    };
    assert_eq!(search("groups", "EA", ""), ["~/groups/team"]);
    assert_eq!(search("users/alice", "e%", ""), [""; 0]);
    assert_eq!(search("groups/team", "BOB &lt;", ""), ["~/groups/team/bob"]);
    assert_eq!(
        search("groups/team", "", "<oc:limit>1</oc:limit><oc:offset>1</oc:offset>"),
        ["~/groups/team/alice"]
    );
    assert_eq!(search("groups/team", "", "<oc:limit>-1</oc:limit>").len(), 3);
    let other =
        server.send("alice", "REPORT", &format!("{ROOT}/groups"), r#"<d:expand-property xmlns:d="DAV:"/>"#);
    assert_eq!((other.status, other.exception().as_str()), (415, "ReportNotSupported"));
}
