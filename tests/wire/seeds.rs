//! Every request of the manual of custom groups, to the letter: with a raw client, and with curl piped
//! into xmllint, under both profiles.

use std::process::Command;

use crate::harness::{ROOT, Server, set};

const LIST_GROUPS: &str = include_str!("../../examples/list-custom-groups.xml");
const RENAME: &str = include_str!("../../examples/rename-custom-group.xml");
const LIST_MEMBERS: &str = include_str!("../../examples/list-custom-group-members.xml");

const PROFILES: [&str; 2] = ["owncloud", "documented"];

/// A server with the groups `testgroup` (number 1, of alice, with bob) and `testgroup2` (of admin).
fn server(profile: &str) -> Server {
    let server = Server::with(&[("COMPAT", profile)]);
    for (user, method, path) in [
        ("alice", "MKCOL", "groups/testgroup"),
        ("alice", "PUT", "groups/testgroup/bob"),
        ("admin", "MKCOL", "groups/testgroup2"),
    ] {
        assert_eq!(server.send(user, method, &format!("{ROOT}/{path}"), "").status, 201, "{path}");
    }
    server
}

/// Whether curl and xmllint are there; a bare machine may lack them.
fn has_clients() -> bool {
    let runs = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let there = runs("curl") && runs("xmllint");
    if !there {
        eprintln!("skipped: curl or xmllint is not installed (tests/run installs both)");
    }
    there
}

/// Runs a command line of the manual as it is printed there, in the directory of the examples, and
/// returns what comes out of the pipe. The placeholders of the manual have been filled in.
fn printed(server: &Server, user: &str, method: &str, data: &str, path: &str) -> String {
    let line = format!(
        "curl --silent \\\n-X {method} \\\n--data \"{data}\" \\\n-u {user}:pw-{user} \\\n\
         'http://{}{path}' \\\n| xmllint --format -",
        server.address
    );
    let output = Command::new("sh")
        .args(["-c", &line])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples"))
        .output()
        .expect("sh");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn list_groups() {
    for profile in PROFILES {
        let server = server(profile);
        let reply = server.send("alice", "PROPFIND", &format!("{ROOT}/groups/"), LIST_GROUPS);
        assert_eq!(reply.hrefs(), ["~/groups/", "~/groups/testgroup/"], "{profile}");
        let responses = reply.responses();
        assert_eq!(responses[0].props["resourcetype"], "collection customgroups-groups");
        assert_eq!(responses[1].props["resourcetype"], "collection customgroups-group");
        for missing in
            ["getlastmodified", "getcontentlength", "quota-used-bytes", "getetag", "getcontenttype"]
        {
            assert_eq!(responses[1].statuses[missing], 404, "{profile}: {missing}");
        }
        assert_eq!(
            server.send("dave", "PROPFIND", &format!("{ROOT}/groups/"), LIST_GROUPS).hrefs(),
            ["~/groups/"]
        );
        assert_eq!(server.send("", "PROPFIND", &format!("{ROOT}/groups/"), LIST_GROUPS).status, 401);
    }
}

#[test]
fn rename_a_group() {
    for (profile, denied, missing) in [("owncloud", 403, 404), ("documented", 401, 207)] {
        let server = server(profile);
        let path = format!("{ROOT}/groups/testgroup");
        let refused = server.send("bob", "PROPPATCH", &path, RENAME);
        if profile == "owncloud" {
            assert_eq!(refused.responses()[0].statuses["display-name"], denied);
        } else {
            assert_eq!((refused.status, refused.exception().as_str()), (denied, "NotAuthenticated"));
            assert!(refused.header("www-authenticate").starts_with("Basic"));
        }
        let nowhere = server.send("alice", "PROPPATCH", &format!("{ROOT}/groups/nosuch"), RENAME);
        assert_eq!((nowhere.status, nowhere.exception().as_str()), (missing, "NotFound"), "{profile}");
        assert!(nowhere.body.contains("Group with uri &quot;nosuch&quot; not found"), "{}", nowhere.body);
        let done = server.send("alice", "PROPPATCH", &path, RENAME);
        assert_eq!((done.status, done.body.as_str()), (204, ""), "{profile}");
        assert_eq!(server.state()[&format!("{path}/")][0], "test_group");
    }
}

#[test]
fn create_and_delete_a_group() {
    for (profile, denied) in [("owncloud", 403), ("documented", 401)] {
        let server = server(profile);
        let path = format!("{ROOT}/groups/another");
        let made = server.send("dave", "MKCOL", &path, "");
        assert_eq!((made.status, made.body.as_str()), (201, ""));
        assert_eq!(server.state()[&format!("{path}/")], ["another", "dave admin"]);
        assert_eq!(server.send("bob", "DELETE", &path, "").status, denied, "{profile}");
        let gone = server.send("dave", "DELETE", &path, "");
        assert_eq!((gone.status, gone.body.as_str()), (204, ""));
        assert_eq!(server.send("dave", "DELETE", &path, "").exception(), "NotFound");
    }
}

#[test]
fn members_by_the_number_of_the_group() {
    for (profile, denied) in [("owncloud", 403), ("documented", 401)] {
        let server = server(profile);
        let group = format!("/{ROOT}/users/1");
        let dave = format!("{group}/dave");
        assert_eq!(server.send("bob", "PUT", &dave, "").status, denied, "{profile}: add");
        assert_eq!(server.send("alice", "PUT", &dave, "").status, 201);
        let wrong = server.send("alice", "MKCOL", &format!("{group}/carol"), "");
        assert_eq!((wrong.status, wrong.exception().as_str()), (405, "MethodNotAllowed"));
        assert!(wrong.body.contains("Cannot create collections"), "{}", wrong.body);

        let listed = server.send("bob", "PROPFIND", &format!("{group}/"), LIST_MEMBERS);
        assert_eq!(listed.hrefs(), ["~/users/1/", "~/users/1/alice", "~/users/1/bob", "~/users/1/dave"]);
        assert_eq!(listed.responses()[0].statuses["role"], 404);
        assert_eq!(listed.responses()[1].props["role"], "admin");
        assert_eq!(server.send("carol", "PROPFIND", &format!("{group}/"), LIST_MEMBERS).status, 403);

        let no_body = server.send("alice", "PROPPATCH", &dave, "");
        assert_eq!((no_body.status, no_body.exception().as_str()), (400, "BadRequest"));
        let promoted = server.send("alice", "PROPPATCH", &dave, &set("oc:role", "admin"));
        assert_eq!(promoted.status, if profile == "owncloud" { 207 } else { 204 });

        assert_eq!(server.send("bob", "DELETE", &dave, "").status, denied, "{profile}: remove");
        assert_eq!(server.send("alice", "DELETE", &dave, "").status, 204);
        assert_eq!(server.send("bob", "DELETE", &format!("{group}/bob"), "").status, 204, "leaving");
        assert_eq!(server.send("alice", "DELETE", &format!("{group}/alice"), "").status, 403, "last admin");
        let state = server.state();
        assert_eq!(state[&format!("{ROOT}/groups/testgroup/")], ["testgroup", "alice admin"]);
    }
}

#[test]
fn memberships_of_a_user() {
    for (profile, denied) in [("owncloud", 403), ("documented", 401)] {
        let server = server(profile);
        let listed = server.send("bob", "PROPFIND", &format!("/{ROOT}/users/bob/"), "");
        assert_eq!(listed.hrefs(), ["~/users/bob/", "~/users/bob/testgroup/"]);
        let responses = listed.responses();
        assert_eq!(responses[0].props["resourcetype"], "collection customgroups-groups");
        assert_eq!(responses[1].props["resourcetype"], "collection customgroups-group");
        assert_eq!(responses[1].statuses.contains_key("getetag"), profile == "documented");
        let one = server.send("bob", "PROPFIND", &format!("/{ROOT}/users/bob/testgroup"), "");
        assert_eq!(
            one.hrefs(),
            ["~/users/bob/testgroup/", "~/users/bob/testgroup/alice", "~/users/bob/testgroup/bob"]
        );
        assert_eq!(server.send("bob", "PROPFIND", &format!("/{ROOT}/users/alice/"), "").status, denied);
        assert_eq!(server.send("admin", "PROPFIND", &format!("/{ROOT}/users/bob/"), "").status, 207);
    }
}

#[test]
fn everything_with_curl_as_printed() {
    if !has_clients() {
        return;
    }
    for profile in PROFILES {
        let server = server(profile);
        let root = "/remote.php/dav/customgroups";
        let run = |user: &str, method: &str, data: &str, path: &str| {
            printed(&server, user, method, data, &format!("{root}/{path}"))
        };
        let groups = run("alice", "PROPFIND", "@list-custom-groups.xml", "groups/");
        assert!(
            groups.contains("<d:href>/remote.php/dav/customgroups/groups/testgroup/</d:href>"),
            "{groups}"
        );
        assert_eq!(run("alice", "PROPPATCH", "@rename-custom-group.xml", "groups/testgroup"), "");
        let refused = run("bob", "PROPPATCH", "@rename-custom-group.xml", "groups/testgroup");
        assert!(
            refused.contains(if profile == "owncloud" { "403 Forbidden" } else { "NotAuthenticated" }),
            "{refused}"
        );
        let missing = run("alice", "PROPPATCH", "@rename-custom-group.xml", "groups/nosuch");
        assert!(missing.contains("<s:message>Group with uri \"nosuch\" not found</s:message>"), "{missing}");
        assert_eq!(run("dave", "MKCOL", "@", "groups/newone"), "");
        assert_eq!(run("dave", "DELETE", "@", "groups/newone"), "");

        let run = |user: &str, method: &str, data: &str, path: &str| {
            printed(&server, user, method, data, &format!("/{root}/{path}"))
        };
        let users = run("alice", "PROPFIND", "@list-custom-group-members.xml", "users/");
        assert!(users.contains("<d:href>/remote.php/dav/customgroups/users/alice/</d:href>"), "{users}");
        let members = run("admin", "PROPFIND", "@list-custom-group-members.xml", "groups/testgroup2/");
        assert!(members.contains("<oc:role>admin</oc:role>"), "{members}");
        assert!(members.contains("HTTP/1.1 404 Not Found"), "{members}");
        assert_eq!(run("alice", "PUT", "@", "users/1/dave"), "");
        let not_put = run("alice", "MKCOL", "@", "users/1/carol");
        assert!(not_put.contains("<s:message>Cannot create collections</s:message>"), "{not_put}");
        assert_eq!(run("alice", "DELETE", "@", "users/1/dave"), "");
        let no_body = run("alice", "PROPPATCH", "@", "users/1/bob");
        assert!(no_body.contains(r"Sabre\DAV\Exception\BadRequest"), "{no_body}");
        let memberships = run("bob", "PROPFIND", "@", "users/bob/testgroup");
        assert!(memberships.contains("<oc:customgroups-group/>"), "{memberships}");

        let state = server.state();
        assert_eq!(state.len(), 2, "{state:?}");
        let group = &state[&format!("{root}/groups/testgroup/")];
        assert_eq!(group, &["test_group", "alice admin", "bob member"], "{profile}");
    }
}
