//! Apps that are switched off are not there, and come back.

use crate::harness::{ROOT, Server};

const APPS: &str = "/ocs/v1.php/cloud/apps";

#[test]
fn the_tree_goes_and_comes_with_its_app() {
    let server = Server::start();
    let group = format!("{ROOT}/groups/team");
    assert_eq!(server.send("alice", "MKCOL", &group, "").status, 201);
    for (app, around) in [("customgroups", 207), ("dav", 404)] {
        let switch = |method| server.send("admin", method, &format!("{APPS}/{app}"), "");
        assert!(switch("DELETE").body.contains("<statuscode>100</statuscode>"), "{app}");
        for (method, path) in [("PROPFIND", &group), ("DELETE", &group), ("OPTIONS", &group), ("GET", &group)]
        {
            let gone = server.send("alice", method, path, "");
            assert_eq!((gone.status, gone.exception().as_str()), (404, "NotFound"), "{app}: {method}");
        }
        assert_eq!(server.send("alice", "PROPFIND", "/remote.php/dav/", "").status, around, "{app}");
        assert!(switch("POST").body.contains("<statuscode>100</statuscode>"), "{app}");
        assert_eq!(server.send("alice", "PROPFIND", &group, "").status, 207, "{app}");
    }
}

#[test]
fn only_administrators_switch_and_only_what_there_is() {
    let server = Server::start();
    for user in ["alice", "erin"] {
        let refused = server.send(user, "DELETE", &format!("{APPS}/customgroups"), "");
        assert_eq!(refused.status, 401, "{user}");
        assert!(refused.body.contains("<statuscode>997</statuscode>"), "{}", refused.body);
    }
    let unknown = server.send("admin", "POST", &format!("{APPS}/nosuch"), "");
    assert!(unknown.body.contains("<statuscode>998</statuscode>"), "{}", unknown.body);
    assert_eq!(server.send("alice", "PROPFIND", &format!("{ROOT}/groups/"), "").status, 207);
}
