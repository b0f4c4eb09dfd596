//! Who may do what: every cell of the table, and that what was refused has changed nothing.

use crate::harness::{ROOT, Reply, Server, propfind, set};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Actor {
    GroupAdmin,
    Member,
    Stranger,
    Administrator,
    /// An administrator without the right to see all groups, who is no member.
    ConfinedStranger,
    /// The same as a plain member.
    ConfinedMember,
}

use Actor::{Administrator, ConfinedMember, ConfinedStranger, GroupAdmin, Member, Stranger};

const ACTORS: [Actor; 6] = [GroupAdmin, Member, Stranger, Administrator, ConfinedStranger, ConfinedMember];

impl Actor {
    fn user(self) -> &'static str {
        match self {
            GroupAdmin => "alice",
            Member => "bob",
            Stranger => "dave",
            Administrator | ConfinedStranger | ConfinedMember => "admin",
        }
    }
}

const GROUP: &str = "/remote.php/dav/customgroups/groups/team";

/// The group `team` of alice with bob and carol, and admin where it is asked for.
fn reset(server: &Server, actor: Actor) {
    server.send("alice", "DELETE", GROUP, "");
    assert_eq!(server.send("alice", "MKCOL", GROUP, "").status, 201);
    let extra = if actor == ConfinedMember { Some("admin") } else { None };
    for user in ["bob", "carol"].into_iter().chain(extra) {
        assert_eq!(server.send("alice", "PUT", &format!("{GROUP}/{user}"), "").status, 201);
    }
}

/// What the group looks like to its admin; deleted, it looks like an error.
fn picture(server: &Server) -> String {
    server.send("alice", "PROPFIND", GROUP, &propfind(&["oc:display-name", "oc:role"])).body
}

/// The status that counts: that of the one property in a multistatus of PROPPATCH.
fn verdict(method: &str, reply: &Reply) -> u16 {
    if method == "PROPPATCH" && reply.status == 207 {
        return *reply.responses()[0].statuses.values().next().expect("a property");
    }
    reply.status
}

struct Operation {
    name: &'static str,
    method: &'static str,
    /// Below the group, with `{me}` for the actor.
    path: &'static str,
    body: String,
    /// For each of [`ACTORS`].
    expected: [u16; 6],
}

fn operations() -> Vec<Operation> {
    let operation = |name, method, path, body: &str, expected| Operation {
        name,
        method,
        path,
        body: body.to_owned(),
        expected,
    };
    let search = r#"<oc:search-query xmlns:oc="http://owncloud.org/ns"/>"#;
    let role = |role| set("oc:role", role);
    vec![
        operation("look", "PROPFIND", "/", &propfind(&["oc:group-id"]), [207, 207, 403, 207, 403, 207]),
        operation("look at a member", "PROPFIND", "/carol", "", [207, 207, 403, 207, 403, 207]),
        operation("export", "GET", "?export", "", [200, 200, 403, 200, 403, 200]),
        operation("search", "REPORT", "/", search, [207, 207, 403, 207, 403, 207]),
        operation(
            "rename",
            "PROPPATCH",
            "",
            &set("oc:display-name", "Other"),
            [200, 403, 403, 200, 403, 403],
        ),
        operation("delete", "DELETE", "", "", [204, 403, 403, 204, 403, 403]),
        operation("add", "PUT", "/frank", "", [201, 403, 403, 201, 403, 403]),
        operation("promote", "PROPPATCH", "/carol", &role("admin"), [200, 403, 403, 200, 403, 403]),
        operation("promote oneself", "PROPPATCH", "/{me}", &role("admin"), [200, 403, 403, 404, 403, 403]),
        operation("remove another", "DELETE", "/carol", "", [204, 403, 403, 204, 403, 403]),
        operation("leave", "DELETE", "/{me}", "", [403, 204, 403, 404, 403, 204]),
        operation("remove the last admin", "DELETE", "/alice", "", [403, 403, 403, 403, 403, 403]),
        operation(
            "demote the last admin",
            "PROPPATCH",
            "/alice",
            &role("member"),
            [403, 403, 403, 403, 403, 403],
        ),
        operation("make a group below", "MKCOL", "/sub", "", [405, 405, 403, 405, 403, 405]),
        operation(
            "see another's groups",
            "PROPFIND",
            "/../../users/carol/",
            "",
            [403, 403, 403, 207, 207, 207],
        ),
    ]
}

#[test]
fn the_permission_table() {
    let free = Server::start();
    let confined = Server::with(&[("DISALLOW_ADMIN_ACCESS_ALL", "true")]);
    for operation in operations() {
        for (actor, expected) in ACTORS.into_iter().zip(operation.expected) {
            let server = if matches!(actor, ConfinedStranger | ConfinedMember) { &confined } else { &free };
            let cell = format!("{} as {actor:?}", operation.name);
            reset(server, actor);
            let before = picture(server);
            let path = format!("{GROUP}{}", operation.path.replace("{me}", actor.user()));
            let reply = server.send(actor.user(), operation.method, &path, &operation.body);
            let verdict = verdict(operation.method, &reply);
            // One's own promotion to what one is already succeeds; a stranger is no member: plain 403.
            assert_eq!(verdict, expected, "{cell}: {reply:?}");
            if verdict >= 400 {
                assert_eq!(picture(server), before, "{cell} changed something");
            }
        }
    }
}

#[test]
fn importing_says_for_each_user_what_was_denied() {
    let server = Server::start();
    for (actor, status, answer) in [
        (GroupAdmin, 201, r#"{"frank":"success","bob":"already-member"}"#),
        (Member, 201, r#"{"frank":"No permission to add members to group \"2\"","bob":"already-member"}"#),
        (Stranger, 403, ""),
        (Administrator, 201, r#"{"frank":"success","bob":"already-member"}"#),
    ] {
        reset(&server, actor);
        let reply = server.send(actor.user(), "POST", GROUP, "frank,admin\nbob,admin\n");
        assert_eq!(reply.status, status, "{actor:?}");
        if status == 201 {
            assert_eq!(reply.body, answer, "{actor:?}");
        }
        let added = picture(&server).contains("frank");
        assert_eq!(added, matches!(actor, GroupAdmin | Administrator), "{actor:?}");
    }
}

#[test]
fn everybody_sees_the_groups_that_are_theirs() {
    let server = Server::start();
    reset(&server, GroupAdmin);
    assert_eq!(server.send("dave", "MKCOL", &format!("{ROOT}/groups/a%20other"), "").status, 201);
    let groups = format!("{ROOT}/groups/");
    let listed = |user: &str| server.send(user, "PROPFIND", &groups, "").hrefs()[1..].to_vec();
    assert_eq!(listed("bob"), ["~/groups/team/"]);
    assert_eq!(listed("dave"), ["~/groups/a%20other/"]);
    assert_eq!(listed("frank"), [""; 0]);
    assert_eq!(listed("admin"), ["~/groups/a%20other/", "~/groups/team/"], "by display name");

    let confined = Server::with(&[("DISALLOW_ADMIN_ACCESS_ALL", "true")]);
    reset(&confined, ConfinedMember);
    assert_eq!(confined.send("dave", "MKCOL", &format!("{ROOT}/groups/other"), "").status, 201);
    assert_eq!(confined.send("admin", "PROPFIND", &groups, "").hrefs(), ["~/groups/", "~/groups/team/"]);
}

#[test]
fn only_subadmins_may_create() {
    let server = Server::with(&[("ONLY_SUBADMIN_CAN_CREATE", "true")]);
    for (user, status) in [("alice", 403), ("frank", 403), ("erin", 201), ("admin", 201)] {
        let made = server.send(user, "MKCOL", &format!("{ROOT}/groups/of-{user}"), "");
        assert_eq!(made.status, status, "{user}");
    }
    assert_eq!(server.state().len(), 2);
    assert_eq!(
        server.send("alice", "MKCOL", &format!("{ROOT}/groups/of-erin"), "").status,
        405,
        "it exists first"
    );
}

#[test]
fn duplicate_names_are_a_matter_of_configuration() {
    for (allowed, status, renamed) in [("false", 409, 409), ("true", 201, 200)] {
        let server = Server::with(&[("ALLOW_DUPLICATE_NAMES", allowed)]);
        let groups = format!("{ROOT}/groups");
        assert_eq!(server.send("alice", "MKCOL", &format!("{groups}/%C3%89quipe"), "").status, 201);
        assert_eq!(
            server.send("bob", "MKCOL", &format!("{groups}/%C3%A9QUIPE"), "").status,
            status,
            "{allowed}"
        );
        assert_eq!(server.send("bob", "MKCOL", &format!("{groups}/other"), "").status, 201);
        let reply =
            server.send("bob", "PROPPATCH", &format!("{groups}/other"), &set("oc:display-name", "équipe"));
        assert_eq!(verdict("PROPPATCH", &reply), renamed, "{allowed}");
        let own = server.send(
            "alice",
            "PROPPATCH",
            &format!("{groups}/%C3%89quipe"),
            &set("oc:display-name", "ÉQUIPE"),
        );
        assert_eq!(verdict("PROPPATCH", &own), 200, "one's own name in other capitals");
    }
}

#[test]
fn sharing_can_be_limited_to_group_members() {
    let server = Server::with(&[("ONLY_SHARE_WITH_GROUP_MEMBERS", "true")]);
    let group = format!("{ROOT}/groups/team");
    assert_eq!(server.send("erin", "MKCOL", &group, "").status, 201);
    assert_eq!(server.send("erin", "PUT", &format!("{group}/frank"), "").status, 201, "both are in staff");
    let refused = server.send("erin", "PUT", &format!("{group}/bob"), "");
    assert_eq!((refused.status, refused.exception().as_str()), (403, "Forbidden"));
    assert_eq!(server.state()[&format!("{group}/")], ["team", "erin admin", "frank member"]);
}
