//! Every request of the manual of the provisioning API, with curl, as it is printed there.

use std::process::Command;

use crate::harness::Server;

/// Runs curl on a request as the manual prints it (`METHOD URL ARGUMENTS`), with the server's address
/// and credentials in place of the manual's, and returns what is answered.
fn printed(server: &Server, request: &str) -> String {
    let (method, rest) = request.split_once(' ').expect("a method and a URL");
    let rest = rest.replace("admin:secret@example.com", &format!("admin:pw-admin@{}", server.address));
    let line = format!("curl --silent -X {method} {rest}");
    let output = Command::new("sh").args(["-c", &line]).output().expect("sh");
    String::from_utf8(output.stdout).expect("text")
}

fn has_curl() -> bool {
    let there = Command::new("curl").arg("--version").output().is_ok();
    if !there {
        eprintln!("skipped: curl is not installed (tests/run installs it)");
    }
    there
}

/// Requests in an order in which each finds what it needs, and what their answers contain.
const REQUESTS: &[(&str, &str)] = &[
    (
        r#"POST http://admin:secret@example.com/ocs/v1.php/cloud/users -d userid="Frank" -d password="frankspassword""#,
        "<enabled>true</enabled>",
    ),
    (
        "GET http://admin:secret@example.com/ocs/v1.php/cloud/users?search=Frank",
        "<users>\n   <element>Frank</element>\n  </users>",
    ),
    ("GET http://admin:secret@example.com/ocs/v1.php/cloud/users/Frank", "<displayname>Frank</displayname>"),
    (
        r#"PUT http://admin:secret@example.com/ocs/v1.php/cloud/users/Frank -d key="email" -d value="franksnewemail@example.org""#,
        "<data/>",
    ),
    (r#"POST http://admin:secret@example.com/ocs/v1.php/cloud/groups -d groupid="newgroup""#, "<data/>"),
    (
        r#"POST http://admin:secret@example.com/ocs/v1.php/cloud/users/Frank/groups -d groupid="newgroup""#,
        "<data/>",
    ),
    (
        "GET http://admin:secret@example.com/ocs/v1.php/cloud/users/Frank/groups",
        "<groups>\n   <element>newgroup</element>\n  </groups>",
    ),
    (
        r#"POST http://admin:secret@example.com/ocs/v1.php/cloud/users/Frank/subadmins -d groupid="newgroup""#,
        "<data/>",
    ),
    (
        "GET http://admin:secret@example.com/ocs/v1.php/cloud/users/Frank/subadmins",
        "<data>\n  <element>newgroup</element>\n </data>",
    ),
    (
        "GET http://admin:secret@example.com/ocs/v1.php/cloud/groups/newgroup/subadmins",
        "<data>\n  <element>Frank</element>\n </data>",
    ),
    (
        r#"DELETE http://admin:secret@example.com/ocs/v1.php/cloud/users/Frank/subadmins -d groupid="newgroup""#,
        "<data/>",
    ),
    ("GET http://admin:secret@example.com/ocs/v1.php/cloud/groups?search=adm", "<element>admin</element>"),
    ("GET http://admin:secret@example.com/ocs/v1.php/cloud/groups/admin", "<element>admin</element>"),
    (
        r#"DELETE http://admin:secret@example.com/ocs/v1.php/cloud/users/Frank/groups -d groupid="newgroup""#,
        "<data/>",
    ),
    ("DELETE http://admin:secret@example.com/ocs/v1.php/cloud/groups/newgroup", "<data/>"),
    (
        "GET http://admin:secret@example.com/ocs/v1.php/cloud/apps?filter=enabled",
        "<element>files</element>\n   <element>provisioning_api</element>",
    ),
    (
        "GET http://admin:secret@example.com/ocs/v1.php/cloud/apps/files",
        "<filesync>appinfo/filesync.php</filesync>",
    ),
    ("POST http://admin:secret@example.com/ocs/v1.php/cloud/apps/files_texteditor", "<data/>"),
    ("DELETE http://admin:secret@example.com/ocs/v1.php/cloud/apps/files_texteditor", "<data/>"),
    ("DELETE http://admin:secret@example.com/ocs/v1.php/cloud/users/Frank", "<data/>"),
];

fn run_all(profile: &str) {
    let apps = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/apps");
    let server = Server::with(&[("COMPAT", profile), ("APPS_DIR", apps)]);
    // The user of the same name that every test server has.
    server.send("admin", "DELETE", "/ocs/v1.php/cloud/users/frank", "");
    for (request, contained) in REQUESTS {
        let answer = printed(&server, request);
        assert!(answer.contains("<statuscode>100</statuscode>"), "{profile} {request}\n{answer}");
        assert!(answer.contains(contained), "{profile} {request}\n{answer}");
    }
}

#[test]
fn the_manual_under_both_profiles() {
    if !has_curl() {
        return;
    }
    for profile in ["owncloud", "documented"] {
        run_all(profile);
    }
}

/// The manual posts to read a group, and shows a quota as a number.
#[test]
fn what_only_the_manual_does() {
    if !has_curl() {
        return;
    }
    let server = Server::with(&[("COMPAT", "documented")]);
    let post = "POST http://admin:secret@example.com/ocs/v1.php/cloud/groups/admin";
    let answer = printed(&server, post);
    assert!(answer.contains("<users>\n   <element>admin</element>\n  </users>"), "{answer}");
    let answer = printed(&server, "GET http://admin:secret@example.com/ocs/v1.php/cloud/users/alice");
    assert!(answer.contains("<quota>0</quota>"), "{answer}");
    let slipped =
        r#"PUT http://admin:secret@example.com/ocs/v1.php/cloud/users/alice -d key="email", value="x@y.z""#;
    assert!(printed(&server, slipped).contains("<statuscode>102</statuscode>"));
}
