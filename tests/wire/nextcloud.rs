//! The profile `nextcloud`: like ownCloud over WebDAV, and chosen by configuration.

use crate::harness::{ROOT, Server};

#[test]
fn webdav_answers_as_in_ownclouds_profile() {
    let server = Server::with(&[("COMPAT", "nextcloud")]);
    let group = format!("{ROOT}/groups/team");
    assert_eq!(server.send("alice", "MKCOL", &group, "").status, 201);
    assert_eq!(server.send("alice", "PUT", &format!("{group}/bob"), "").status, 201);
    assert_eq!(server.send("bob", "DELETE", &group, "").status, 403);
    assert_eq!(server.send("alice", "PROPFIND", &format!("{ROOT}/groups/none"), "").status, 404);
    let rename = "<d:propertyupdate xmlns:d=\"DAV:\" xmlns:oc=\"http://owncloud.org/ns\"><d:set><d:prop>\
                  <oc:display-name>The Team</oc:display-name></d:prop></d:set></d:propertyupdate>";
    assert_eq!(server.send("alice", "PROPPATCH", &group, rename).status, 207);
}

#[test]
fn statuses_go_with_the_version() {
    let server = Server::with(&[("COMPAT", "nextcloud")]);
    for (path, status, statuscode) in [
        ("/ocs/v1.php/cloud/users/nosuch", 200, 404),
        ("/ocs/v2.php/cloud/users/nosuch", 404, 404),
        ("/ocs/v1.php/cloud/groups/nosuch/users/details", 200, 404),
        ("/ocs/v2.php/cloud/groups/nosuch", 404, 404),
        ("/ocs/v2.php/cloud/groups/staff/users/details", 200, 200),
        ("/ocs/v1.php/cloud/users/details", 200, 100),
    ] {
        let reply = server.send("admin", "GET", path, "");
        assert_eq!(reply.status, status, "{path}");
        assert!(
            reply.body.contains(&format!("<statuscode>{statuscode}</statuscode>")),
            "{path} {}",
            reply.body
        );
    }
    assert_eq!(server.send("frank", "GET", "/ocs/v2.php/cloud/users/details", "").status, 401);
    assert_eq!(server.send("", "GET", "/ocs/v2.php/cloud/user/fields", "").status, 401);
}

/// Of an administrator a subadmin learns the id, as a member of its group, and nothing that details say. It
/// takes no place on a page and does not count.
#[test]
fn details_count_whom_they_show() {
    let server = Server::with(&[("COMPAT", "nextcloud")]);
    let users = "/ocs/v2.php/cloud/users";
    let put = format!("{users}/admin/groups?groupid=staff");
    assert_eq!(server.send("admin", "POST", &put, "").status, 200);
    for (who, path, shown, total) in [
        ("erin", "users?limit=1", "<element>admin</element>", 3),
        ("erin", "users/details?limit=1", "<id>erin</id>", 2),
        ("erin", "users/details?limit=1&offset=1", "<id>frank</id>", 2),
        ("erin", "users/details?limit=1&search=admin", "<users/>", 0),
        ("admin", "users/details?limit=1&search=admin", "<id>admin</id>", 1),
    ] {
        let reply = server.send(who, "GET", &format!("/ocs/v2.php/cloud/{path}"), "");
        assert!(reply.body.contains(shown), "{who} {path}: {}", reply.body);
        assert!(reply.body.contains(&format!("<totalitems>{total}</totalitems>")), "{who} {path}: {reply:?}");
    }
}
