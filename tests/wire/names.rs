//! Names that try to be something else: a route, a header, a line of the log, a file.

use crate::harness::{ROOT, Server, propfind, set};

const GROUPS: &str = "/ocs/v2.php/cloud/groups";

/// Names of groups as they stand in a path, each a single name and not what it looks like.
const ODD: [&str; 14] = [
    "users",
    "groups",
    "details",
    "subadmins",
    "apps",
    "%252e%252e",
    "a%2F..%2Fb",
    "a%2Fb",
    "..%2F..%2Fetc%2Fpasswd",
    "%E2%80%AEnimda",
    "%3Cb%3E%26%22'",
    "a%3Bb%3Dc%23d",
    "%25s%25n%2500",
    "status.php",
];

/// What no group can be called, as it stands in a query.
const IMPOSSIBLE: [&str; 13] = [
    "..",
    ".",
    "%2e%2e",
    "a%00b",
    "a%0Ab",
    "a%0D%0Ab",
    "a%1Bb",
    "a%C2%85b",
    "a%EF%BF%BFb",
    "customgroup_x",
    "x%2Fsubadmins",
    "x%2Fusers",
    "x%2Fusers%2Fdetails",
];

#[test]
fn groups_named_like_routes_are_groups() {
    for profile in ["owncloud", "documented", "nextcloud"] {
        let server = Server::with(&[("COMPAT", profile)]);
        let ask = |method: &str, path: &str| server.send("admin", method, path, "").status;
        let listed = || server.send("admin", "GET", GROUPS, "").body.matches("<element>").count();
        let before = listed();
        for (index, name) in ODD.into_iter().enumerate() {
            assert_eq!(ask("POST", &format!("{GROUPS}?groupid={name}")), 200, "{profile} {name}");
            assert_eq!(listed(), before + index + 1, "{profile} {name}");
            let add = format!("/ocs/v2.php/cloud/users/frank/groups?groupid={name}");
            assert_eq!(ask("POST", &add), 200, "{profile} {name}");
            assert_eq!(server.send("dave", "GET", &format!("{GROUPS}/{name}"), "").status, 401, "{name}");
            let members = server.send("admin", "GET", &format!("{GROUPS}/{name}"), "");
            // In this profile there is a listing of that name.
            if (profile, name) != ("nextcloud", "details") {
                assert!(
                    members.body.contains("<users>\n   <element>frank</element>\n  </users>"),
                    "{members:?}"
                );
            }
        }
        for (index, name) in ODD.into_iter().enumerate() {
            assert_eq!(ask("DELETE", &format!("{GROUPS}/{name}")), 200, "{profile} {name}");
            assert_eq!(listed(), before + ODD.len() - index - 1, "{profile} {name}");
        }
        for name in IMPOSSIBLE {
            assert_eq!(ask("POST", &format!("{GROUPS}?groupid={name}")), 400, "{profile} {name}");
        }
        assert_eq!(listed(), before);
    }
}

#[test]
fn custom_groups_named_like_routes_are_custom_groups() {
    let server = Server::start();
    let names = propfind(&["oc:display-name"]);
    let odd = ODD.into_iter().filter(|name| !name.contains("%2F"));
    for name in odd.chain(["customgroup_x", "admin", "export", "%3Fexport", "&%E2%80%A8x"]) {
        let group = format!("{ROOT}/groups/{name}");
        assert_eq!(server.send("alice", "MKCOL", &group, "").status, 201, "{name}");
        let state = server.state();
        assert_eq!(state.len(), 1, "{name}");
        let href = state.keys().next().expect("one");
        assert!(href.is_ascii() && !href.contains([' ', '<', '"', '&', '\'', ';', '#', '?']), "{href}");
        assert_eq!(server.send("alice", "PUT", &format!("{href}bob"), "").status, 201, "{href}");
        let over_ocs = format!("{GROUPS}/customgroup_{name}");
        assert!(server.send("admin", "GET", &over_ocs, "").body.contains("<element>bob</element>"), "{name}");
        assert_eq!(server.send("dave", "PROPFIND", href, &names).status, 403, "{name}");
        assert_eq!(server.send("alice", "DELETE", href, "").status, 204, "{name}");
    }
    for (name, status) in [
        ("..", 405),
        ("%2e%2e", 405),
        ("%00x", 400),
        ("a%0Ab", 422),
        ("a%0D%0Ab", 422),
        ("a%C2%85b", 422),
        ("a%EF%BF%BEb", 422),
        ("a%EF%BF%BFb", 422),
        ("a%2Fb", 409),
        ("..%2F..%2Fgroups", 404),
    ] {
        assert_eq!(
            server.send("alice", "MKCOL", &format!("{ROOT}/groups/{name}"), "").status,
            status,
            "{name}"
        );
    }
    assert!(server.state().is_empty());
}

/// What XML cannot carry would make the listing of every member unreadable.
#[test]
fn no_name_breaks_anothers_listing() {
    let server = Server::start();
    let group = format!("{ROOT}/groups/team");
    assert_eq!(server.send("alice", "MKCOL", &group, "").status, 201);
    assert_eq!(server.send("alice", "PUT", &format!("{group}/bob"), "").status, 201);
    let before = server.rows();
    for name in ["a\u{ffff}b", "a&#xFFFE;b", "a&#13;&#10;Set-Cookie: x", "a&#x85;b", "a&#0;b", "a&#27;[31m"] {
        let reply = server.send("alice", "PROPPATCH", &group, &set("oc:display-name", name));
        assert!(reply.status == 422 || reply.status == 400, "{name:?} {reply:?}");
        assert_eq!(server.rows(), before, "{name:?}");
    }
    for name in ["]]&gt;&lt;/d:prop&gt;", "&amp;lt;", "\u{202e}nimda", "\u{2028}x", "%0d%0a", "'\"\u{feff}"] {
        let reply = server.send("alice", "PROPPATCH", &group, &set("oc:display-name", name));
        assert_eq!(reply.status, 207, "{name:?} {reply:?}");
        let shown = server.send("bob", "PROPFIND", &group, &propfind(&["oc:display-name"])).responses();
        let plain = name.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&");
        assert_eq!(shown[0].props["display-name"], plain);
    }
    for (field, value) in [("display", "a%0D%0Ab"), ("display", "a%EF%BF%BF"), ("email", "a%0D%0A@b.c")] {
        let edit = format!("/ocs/v2.php/cloud/users/bob?key={field}&value={value}");
        assert_eq!(server.send("bob", "PUT", &edit, "").status, 400, "{value}");
    }
}

#[test]
fn names_neither_end_headers_nor_lines_of_the_log() {
    let server = Server::with(&[("LOG_FORMAT", "json"), ("LOG_LEVEL", "debug")]);
    for name in ["te%22am%3B%20x%3D%C3%A9", "%E2%80%AE%5C%22", "%250d%250aSet-Cookie%3A%20a"] {
        let group = format!("{ROOT}/groups/{name}");
        assert_eq!(server.send("alice", "MKCOL", &group, "").status, 201, "{name}");
        let export = server.send("alice", "GET", &format!("{group}?export"), "");
        let file = export.header("content-disposition");
        let file = file.strip_prefix("attachment; filename=\"").and_then(|rest| rest.strip_suffix(".csv\""));
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_ ".contains(c);
        assert!(file.expect(name).chars().all(plain), "{file:?}");
        assert_eq!((export.header("set-cookie"), export.header("cache-control")), ("", "no-store"));
    }
    for path in ["/a%0d%0aforged", "/%1b[31mforged", "/forged%E2%80%A8"] {
        server.send("alice\r\n forged", "GET", path, "");
        server.send("alice", "GET", path, "");
        server.send_with("alice", "GET", path, &[("User-Agent", "\u{1b}[31mforged")], b"");
        server.send_with("alice", "GET", path, &[("X-Request-ID", "\"},{\"forged\":\"")], b"");
    }
    let raw = "GET /a\u{9b}31m\u{2028}forged HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    server.send_bytes(raw.as_bytes());
    let log = server.log();
    assert!(log.contains("forged"), "requests are logged");
    for line in log.lines() {
        let line: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).expect(line);
        assert!(line.contains_key("level") && !line.contains_key("forged"), "{line:?}");
    }
    assert!(!log.contains(['\u{1b}', '\u{9b}', '\u{2028}', '\r']), "{log}");
    assert!(!log.contains("pw-alice"), "{log}");
}

#[test]
fn no_id_reaches_a_file_of_another() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |path: &str| directory.path().join(path);
    for (place, app) in [("apps/good", "good"), ("secret", "secret")] {
        std::fs::create_dir_all(at(place).join("appinfo")).expect("made");
        std::fs::write(at(place).join("appinfo/info.xml"), format!("<info><id>{app}</id></info>"))
            .expect("written");
    }
    std::fs::create_dir_all(at("homes/frank")).expect("made");
    std::fs::write(at("homes/frank/file"), [0; 100]).expect("written");
    std::fs::write(at("secret/file"), [0; 5000]).expect("written");
    let server = Server::with(&[
        ("APPS_DIR", at("apps").to_str().expect("text")),
        ("HOME_TEMPLATE", at("homes/{user}").to_str().expect("text")),
    ]);
    let ask =
        |method: &str, path: &str| server.send("admin", method, &format!("/ocs/v2.php/cloud/{path}"), "");
    assert!(ask("GET", "users/frank").body.contains("<used>100</used>"));
    assert!(ask("GET", "apps/good").body.contains("<id>good</id>"));
    for name in
        ["..%2Fsecret", "..%2F..%2Fsecret", "%2Fsecret", "secret", "good%2F..%2F..%2Fsecret", "good%00"]
    {
        for method in ["GET", "POST", "DELETE"] {
            let reply = ask(method, &format!("apps/{name}"));
            assert_eq!(reply.status, 404, "{method} {name}: {reply:?}");
        }
        assert_eq!(ask("GET", &format!("users/{name}")).status, 404, "{name}");
        let made = ask("POST", &format!("users?userid={name}&password=new-bie-1"));
        assert_eq!(made.status, if name == "secret" { 200 } else { 400 }, "{name}: {made:?}");
        let files = server.send("admin", "PROPFIND", &format!("/remote.php/dav/files/{name}/"), "");
        assert!(!files.body.contains("info.xml") && !files.body.contains("appinfo"), "{files:?}");
    }
    // A user has what is below its own name, and here there is no such directory.
    assert!(ask("GET", "users/secret").body.contains("<used>0</used>"));
    let dots = ask("POST", "users?userid=...&password=new-bie-1");
    assert_eq!(dots.status, 200, "three dots are a name like any other: {dots:?}");
    assert!(ask("GET", "users/...").body.contains("<used>0</used>"));
}
