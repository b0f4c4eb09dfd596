//! The ways in that this field knows by name. Each is tried on a real server under every profile, must be
//! refused without a row changed, and stands beside the same request by somebody who may.

use crate::harness::{ROOT, Reply, Server, propfind, set};

const USERS: &str = "/ocs/v1.php/cloud/users";
const GROUPS: &str = "/ocs/v1.php/cloud/groups";
const SEARCH: &str = r#"<oc:search-query xmlns:oc="http://owncloud.org/ns" xmlns:d="DAV:"><d:prop><oc:display-name/><oc:user-id/></d:prop></oc:search-query>"#;

/// What a request is answered: the HTTP status of WebDAV or of the one property of a PROPPATCH, and the
/// statuscode of OCS.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    Is(u16),
    /// 403, for which the manuals print 401.
    Denied,
}

use Answer::{Denied, Is};

/// Who asks, for what, and what the answer is.
type Case<'a> = (&'a str, &'a str, &'a str, &'a str, Answer);

/// A server in one of the profiles: `team` of alice, shown as `Sekret`, with bob and erin; erin is subadmin
/// of `staff`, in which are frank and the administrator.
struct Stage {
    server: Server,
    documented: bool,
}

impl Stage {
    fn each(run: impl Fn(&Self)) {
        for profile in ["owncloud", "documented", "nextcloud"] {
            let server = Server::with(&[("COMPAT", profile)]);
            let stage = Self { server, documented: profile == "documented" };
            let group = format!("{ROOT}/groups/team");
            stage.allow(("alice", "MKCOL", &group, "", Is(201)));
            stage.answers(("alice", "PROPPATCH", &group, &set("oc:display-name", "Sekret"), Is(200)));
            stage.allow(("alice", "PUT", &format!("{group}/bob"), "", Is(201)));
            stage.allow(("alice", "PUT", &format!("{group}/erin"), "", Is(201)));
            stage.allow(("admin", "POST", &format!("{USERS}/admin/groups?groupid=staff"), "", Is(100)));
            run(&stage);
        }
    }

    fn answers(&self, (who, method, path, body, expected): Case<'_>) -> Reply {
        let reply = self.server.send(who, method, path, body);
        let expected = match expected {
            Is(code) => code,
            Denied if self.documented => 401,
            Denied => 403,
        };
        // A PROPPATCH that succeeds is 204 in one of the profiles.
        let code = if (code(&reply), self.documented) == (204, true) && method == "PROPPATCH" {
            200
        } else {
            code(&reply)
        };
        assert_eq!(code, expected, "{who}: {method} {path} {body}: {reply:?}");
        reply
    }

    /// The answer, and nothing changed by it.
    fn refuse(&self, case: Case<'_>) -> Reply {
        let before = self.server.rows();
        let reply = self.answers(case);
        assert_eq!(self.server.rows(), before, "{case:?}");
        reply
    }

    /// The answer, and something changed by it.
    fn allow(&self, case: Case<'_>) -> Reply {
        let before = self.server.rows();
        let reply = self.answers(case);
        assert_ne!(self.server.rows(), before, "{case:?}");
        reply
    }
}

fn code(reply: &Reply) -> u16 {
    if let Some((_, rest)) = reply.body.split_once("<statuscode>") {
        return rest.split('<').next().expect("a statuscode").parse().expect("a number");
    }
    if reply.status == 207 && !reply.body.contains("<d:error") {
        let responses = reply.responses();
        if let [response] = &responses[..] {
            return response.statuses.values().copied().max().unwrap_or(207);
        }
    }
    reply.status
}

#[test]
fn a_stranger_neither_lists_nor_reads_anothers_group() {
    Stage::each(|stage| {
        let names = propfind(&["oc:display-name", "oc:user-id"]);
        // Depth is 1 by default. The last is who may.
        for (method, path, body, answer, other) in [
            ("PROPFIND", "groups/team", names.as_str(), Is(403), "bob"),
            ("PROPFIND", "groups/team/bob", &names, Is(403), "bob"),
            ("PROPFIND", "groups/%74eam/./bob/", &names, Is(403), "bob"),
            ("PROPFIND", "users/alice", &names, Denied, "alice"),
            ("PROPFIND", "users/alice/team", &names, Denied, "alice"),
            ("PROPFIND", "users/alice/team/bob", &names, Denied, "alice"),
            ("PROPFIND", "users/1", &names, Is(403), "bob"),
            ("PROPFIND", "users/1/bob", &names, Is(403), "bob"),
            ("REPORT", "groups/team", SEARCH, Is(403), "bob"),
            ("REPORT", "users/alice", SEARCH, Denied, "alice"),
            ("REPORT", "users/1", SEARCH, Is(403), "bob"),
            ("GET", "groups/team?export", "", Is(403), "bob"),
            ("GET", "users/1?export", "", Is(403), "bob"),
        ] {
            let path = format!("{ROOT}/{path}");
            let reply = stage.refuse(("dave", method, &path, body, answer));
            assert!(!reply.body.contains("Sekret") && !reply.body.contains("user-id"), "{path}: {reply:?}");
            let shown = stage.server.send(other, method, &path, body).body;
            assert!(shown.contains("Sekret") || shown.contains("bob"), "{other}: {path}: {shown}");
        }
        let own = format!("{ROOT}/users/dave/team");
        stage.refuse(("dave", "PROPFIND", &own, &names, Is(403)));
        for (method, body) in [("PROPFIND", names.as_str()), ("REPORT", SEARCH)] {
            let listed = |who| stage.server.send(who, method, &format!("{ROOT}/groups/"), body).body;
            assert!(listed("bob").contains("Sekret") && !listed("dave").contains("team"), "{method}");
        }
    });
}

#[test]
fn a_stranger_reads_nothing_over_ocs_either() {
    Stage::each(|stage| {
        for (path, other) in [
            ("groups/customgroup_team", "alice"),
            ("groups/customgroup_team/subadmins", "admin"),
            ("users/alice", "alice"),
            ("users/alice/groups", "alice"),
            ("users/frank/subadmins", "erin"),
            ("groups/staff", "erin"),
            ("users?search=fra", "erin"),
            ("groups?search=sta", "erin"),
        ] {
            let path = format!("/ocs/v1.php/cloud/{path}");
            let reply = stage.refuse(("dave", "GET", &path, "", Is(997)));
            assert!(!reply.body.contains("element"), "{reply:?}");
            stage.answers((other, "GET", &path, "", Is(100)));
        }
        // A member who manages no users sees a custom group over WebDAV alone.
        stage.refuse(("bob", "GET", &format!("{GROUPS}/customgroup_team"), "", Is(997)));
    });
    let nextcloud = Server::with(&[("COMPAT", "nextcloud")]);
    assert_eq!(nextcloud.send("alice", "MKCOL", &format!("{ROOT}/groups/team"), "").status, 201);
    for path in ["users/details", "groups/details", "groups/staff/users", "groups/staff/users/details"] {
        let path = format!("/ocs/v1.php/cloud/{path}");
        assert_eq!(code(&nextcloud.send("dave", "GET", &path, "")), 997, "{path}");
        assert_eq!(code(&nextcloud.send("erin", "GET", &path, "")), 100, "{path}");
    }
    let hidden = "/ocs/v1.php/cloud/groups/customgroup_team/users/details";
    assert_eq!(code(&nextcloud.send("erin", "GET", hidden, "")), 997);
    assert_eq!(code(&nextcloud.send("admin", "GET", hidden, "")), 100);
}

#[test]
fn a_member_makes_nobody_admin_least_of_all_itself() {
    Stage::each(|stage| {
        let admin = set("oc:role", "admin");
        let rename = set("oc:display-name", "Mine");
        let team = |below: &str| format!("{ROOT}/groups/team{below}");
        for (method, path, body, answer) in [
            ("PROPPATCH", team("/bob"), admin.as_str(), Denied),
            ("PROPPATCH", team("/erin"), &admin, Denied),
            ("PROPPATCH", format!("{ROOT}/users/bob/team/bob"), &admin, Denied),
            ("PROPPATCH", format!("{ROOT}/users/1/bob"), &admin, Denied),
            ("PROPPATCH", team("/alice"), &set("oc:role", "member"), Denied),
            ("PROPPATCH", team(""), &rename, Denied),
            ("PROPPATCH", format!("{ROOT}/users/1"), &rename, Denied),
            ("DELETE", team(""), "", Denied),
            ("DELETE", team("/alice"), "", Denied),
            ("DELETE", team("/erin"), "", Denied),
            ("DELETE", format!("{ROOT}/users/1/erin"), "", Denied),
            ("PUT", team("/dave"), "", Denied),
            ("PUT", team("/bob"), "", Is(409)),
            ("MKCOL", team(""), "", Is(405)),
            ("POST", team(""), "bob,admin\ndave,admin\n", Is(201)),
            ("POST", format!("{USERS}/bob/subadmins?groupid=customgroup_team"), "", Is(997)),
            ("POST", format!("{USERS}/dave/groups?groupid=customgroup_team"), "", Is(997)),
            ("DELETE", format!("{USERS}/alice/groups?groupid=customgroup_team"), "", Is(997)),
            ("DELETE", format!("{GROUPS}/customgroup_team"), "", Is(997)),
        ] {
            stage.refuse(("bob", method, &path, body, answer));
        }
        // A subadmin of other groups is a plain member here.
        for (method, path, answer) in [
            ("POST", format!("{USERS}/dave/groups?groupid=customgroup_team"), Is(104)),
            ("DELETE", format!("{USERS}/bob/groups?groupid=customgroup_team"), Is(104)),
            ("DELETE", format!("{GROUPS}/customgroup_team"), Is(997)),
            ("POST", format!("{USERS}?userid=newbie&password=new-bie-1&groups[]=customgroup_team"), Is(105)),
        ] {
            stage.refuse(("erin", method, &path, "", answer));
        }
        stage.allow(("alice", "PUT", &team("/dave"), "", Is(201)));
        stage.allow(("alice", "PROPPATCH", &team("/bob"), &admin, Is(200)));
        stage.allow(("bob", "PROPPATCH", &team(""), &rename, Is(200)));
        stage.allow(("bob", "DELETE", &team("/dave"), "", Is(204)));
        stage.allow(("bob", "DELETE", &team(""), "", Is(204)));
    });
}

#[test]
fn a_subadmin_stays_among_its_members() {
    Stage::each(|stage| {
        stage.allow(("admin", "POST", &format!("{GROUPS}?groupid=other"), "", Is(100)));
        let password = "key=password&value=Guessed-it-1";
        for (method, path, answer) in [
            // An administrator, who is in a group of its own all the same.
            ("GET", "users/admin".to_owned(), Is(997)),
            ("GET", "users/admin/groups".to_owned(), Is(997)),
            ("PUT", format!("users/admin?{password}"), Is(997)),
            ("PUT", format!("users/ADMIN?{password}"), Is(997)),
            ("PUT", "users/admin?key=email&value=erin@example.org".to_owned(), Is(997)),
            ("PUT", "users/admin/disable".to_owned(), Is(997)),
            ("DELETE", "users/admin".to_owned(), Is(997)),
            // A user of other groups.
            ("GET", "users/alice".to_owned(), Is(997)),
            ("PUT", format!("users/alice?{password}"), Is(997)),
            ("PUT", "users/alice/disable".to_owned(), Is(997)),
            ("DELETE", "users/alice".to_owned(), Is(997)),
            ("POST", "users/alice/groups?groupid=staff".to_owned(), Is(104)),
            // More rights for itself and its own.
            ("POST", "users/erin/groups?groupid=admin".to_owned(), Is(104)),
            ("POST", "users/frank/groups?groupid=admin".to_owned(), Is(104)),
            ("POST", "users/erin/groups?groupid=other".to_owned(), Is(104)),
            ("POST", "users/erin/subadmins?groupid=other".to_owned(), Is(997)),
            ("POST", "users/erin/subadmins?groupid=admin".to_owned(), Is(997)),
            ("POST", "users/frank/subadmins?groupid=staff".to_owned(), Is(997)),
            ("PUT", "users/erin?key=quota&value=none".to_owned(), Is(997)),
            ("DELETE", "users/erin/groups?groupid=staff".to_owned(), Is(105)),
            ("DELETE", "users/admin/groups?groupid=admin".to_owned(), Is(104)),
            ("POST", "groups?groupid=mine".to_owned(), Is(997)),
            ("DELETE", "groups/other".to_owned(), Is(997)),
            ("GET", "groups/other".to_owned(), Is(997)),
            ("GET", "groups/staff/subadmins".to_owned(), Is(997)),
            // New users beyond its group.
            ("POST", "users?userid=newbie&password=new-bie-1".to_owned(), Is(106)),
            ("POST", "users?userid=newbie&password=new-bie-1&groups[]=admin".to_owned(), Is(105)),
            (
                "POST",
                "users?userid=newbie&password=new-bie-1&groups[]=staff&groups[]=admin".to_owned(),
                Is(105),
            ),
            (
                "POST",
                "users?userid=newbie&password=new-bie-1&groups[]=staff&subadmin[]=staff".to_owned(),
                Is(997),
            ),
            ("DELETE", "apps/customgroups".to_owned(), Is(997)),
        ] {
            stage.refuse(("erin", method, &format!("/ocs/v1.php/cloud/{path}"), "", answer));
        }
        let new = format!("{USERS}?userid=newbie&password=new-bie-1&groups[]=staff");
        stage.allow(("erin", "POST", &new, "", Is(100)));
        stage.allow(("erin", "PUT", &format!("{USERS}/frank?{password}"), "", Is(100)));
        stage.allow(("erin", "DELETE", &format!("{USERS}/newbie"), "", Is(100)));
        // Whoever becomes an administrator is out of reach from then on.
        stage.allow(("admin", "POST", &format!("{USERS}/frank/groups?groupid=admin"), "", Is(100)));
        stage.refuse(("erin", "PUT", &format!("{USERS}/frank?{password}"), "", Is(997)));
        // And whoever is no subadmin any more reaches nobody.
        stage.allow(("admin", "DELETE", &format!("{USERS}/frank/groups?groupid=admin"), "", Is(100)));
        stage.allow(("admin", "DELETE", &format!("{USERS}/erin/subadmins?groupid=staff"), "", Is(100)));
        stage.refuse(("erin", "PUT", &format!("{USERS}/frank?{password}"), "", Is(997)));
    });
}

#[test]
fn nobody_becomes_administrator_alone() {
    Stage::each(|stage| {
        let add = format!("{USERS}/dave/groups");
        for group in ["admin", "ADMIN", "%20admin", "admin%00", "admin%2F", "customgroup_admin"] {
            stage.refuse(("dave", "POST", &format!("{add}?groupid={group}"), "", Is(997)));
        }
        let form = "application/x-www-form-urlencoded";
        let multipart = "--x\r\nContent-Disposition: form-data; name=\"groupid\"\r\n\r\nadmin\r\n--x--\r\n";
        let before = stage.server.rows();
        for (kind, body, header) in [
            (form, "groupid=admin", ("X-HTTP-Method-Override", "POST")),
            (form, "groupid=admin", ("X-Forwarded-User", "admin")),
            (form, "groupid=admin", ("X-Remote-User", "admin")),
            ("application/json", r#"{"groupid":"admin"}"#, ("OCS-APIRequest", "true")),
            ("multipart/form-data; boundary=x", multipart, ("X-Original-URL", "/status.php")),
        ] {
            for method in ["POST", "PUT", "DELETE", "PATCH"] {
                let headers = [("Content-Type", kind), header];
                let reply = stage.server.send_with("dave", method, &add, &headers, body.as_bytes());
                assert!(
                    reply.status == 401 || reply.status == 405 || reply.status == 501,
                    "{method} {body}: {reply:?}"
                );
            }
        }
        assert_eq!(stage.server.rows(), before);
        stage.refuse(("dave", "POST", &format!("{USERS}/dave/subadmins?groupid=admin"), "", Is(997)));
        stage.refuse((
            "dave",
            "PUT",
            &format!("{USERS}/dave?key=groups&value=admin"),
            "",
            Is(if stage.documented { 102 } else { 997 }),
        ));
        // Groups that look alike give no rights.
        for group in ["ADMIN", "Admin", "%D0%B0dmin", "admin%E2%80%8B", "%EF%BD%81dmin"] {
            stage.allow(("admin", "POST", &format!("{GROUPS}?groupid={group}"), "", Is(100)));
            stage.allow(("admin", "POST", &format!("{add}?groupid={group}"), "", Is(100)));
            stage.refuse(("dave", "GET", USERS, "", Is(997)));
            stage.refuse(("dave", "PUT", &format!("{USERS}/bob/disable"), "", Is(997)));
        }
        stage.allow(("admin", "POST", &format!("{add}?groupid=admin"), "", Is(100)));
        stage.allow(("dave", "PUT", &format!("{USERS}/bob/disable"), "", Is(100)));
    });
}

#[test]
fn an_id_in_another_case_is_the_same_user() {
    Stage::each(|stage| {
        for (who, method, path, answer) in [
            ("admin", "DELETE", "users/ADMIN", Is(101)),
            ("admin", "PUT", "users/Admin/disable", Is(101)),
            ("admin", "DELETE", "users/aDMIN/groups?groupid=admin", Is(105)),
            ("admin", "POST", "users?userid=ALICE&password=new-bie-1", Is(102)),
            ("admin", "POST", "users?userid=mixed.case&password=new-bie-1", Is(102)),
            ("erin", "DELETE", "users/ERIN", Is(101)),
            ("erin", "DELETE", "users/ERIN/groups?groupid=staff", Is(105)),
            ("erin", "PUT", "users/ERIN?key=quota&value=none", Is(997)),
            ("erin", "PUT", "users/Admin?key=email&value=a@b.c", Is(997)),
            ("alice", "PUT", "users/BOB?key=email&value=a@b.c", Is(997)),
        ] {
            stage.refuse((who, method, &format!("/ocs/v1.php/cloud/{path}"), "", answer));
        }
        let member = set("oc:role", "member");
        // The tree knows members in the spelling of their ids alone.
        for (method, path, body, answer) in [
            ("PUT", "groups/team/DAVE", "", Is(412)),
            ("PUT", "groups/team/BOB", "", Is(412)),
            ("DELETE", "groups/team/ALICE", "", Is(404)),
            ("PROPPATCH", "groups/team/ALICE", &member, Is(404)),
            ("PROPFIND", "users/ALICE", "", Denied),
            ("POST", "groups/team", "ALICE,member\nDAVE,admin\n", Is(201)),
        ] {
            stage.refuse(("alice", method, &format!("{ROOT}/{path}"), body, answer));
        }
        stage.allow(("alice", "PUT", &format!("{USERS}/ALICE?key=email&value=a@b.c"), "", Is(100)));
    });
}

#[test]
fn an_address_of_another_lets_nobody_in() {
    Stage::each(|stage| {
        let server = &stage.server;
        let login = |login: &str, password: &str| {
            use base64::Engine;
            let basic = base64::prelude::BASE64_STANDARD.encode(format!("{login}:{password}"));
            let headers = [("Authorization", format!("Basic {basic}"))];
            let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
            let reply = server.send_with("", "GET", "/ocs/v1.php/cloud/user", &headers, b"");
            let id = reply.body.split_once("<id>").and_then(|(_, rest)| rest.split('<').next());
            (reply.status, id.unwrap_or_default().to_owned())
        };
        let refused = (401, String::new());
        stage.allow(("bob", "PUT", &format!("{USERS}/bob?key=email&value=bob@example.org"), "", Is(100)));
        assert_eq!(login("BOB@example.ORG", "pw-bob"), (200, "bob".to_owned()));
        assert_eq!(login("bob@example.org", "pw-dave"), refused);
        // One address of two is nobody's.
        stage.allow(("dave", "PUT", &format!("{USERS}/dave?key=email&value=Bob@Example.org"), "", Is(100)));
        assert_eq!(login("bob@example.org", "pw-bob"), refused);
        assert_eq!(login("bob@example.org", "pw-dave"), refused);
        assert_eq!(login("bob", "pw-bob"), (200, "bob".to_owned()));
        // An id goes before an address.
        let new = format!("{USERS}?userid=carol@example.org&password=new-bie-1");
        stage.allow(("admin", "POST", &new, "", Is(100)));
        stage.allow(("dave", "PUT", &format!("{USERS}/dave?key=email&value=carol@example.org"), "", Is(100)));
        assert_eq!(login("carol@example.org", "pw-dave"), refused);
        assert_eq!(login("carol@example.org", "new-bie-1"), (200, "carol@example.org".to_owned()));
    });
}
