//! Scripts written for ownCloud's occ, with another name in front.

use serde_json::{Value, json};

use crate::harness::{Scratch, stdout};

fn populated() -> Scratch {
    let scratch = Scratch::new();
    scratch.add_users(&["admin"]);
    scratch
}

fn with_password(scratch: &Scratch, arguments: &[&str], password: &str) -> String {
    stdout(&scratch.command(arguments).env("OC_PASS", password).output().expect("ran"))
}

fn json_of(scratch: &Scratch, arguments: &[&str]) -> Value {
    serde_json::from_str(&scratch.run(arguments)).expect("JSON")
}

#[test]
fn users_are_added_listed_changed_and_deleted() {
    let scratch = populated();
    let add = [
        "occ",
        "user:add",
        "--password-from-env",
        "--display-name=Alice Liddell",
        "--group=staff",
        "-g",
        "new",
        "--email=a@example.org",
        "alice",
        "-n",
    ];
    let said = "The user \"alice\" was created successfully\nDisplay name set to \"Alice Liddell\"\n\
                Email address set to \"a@example.org\"\nUser \"alice\" added to group \"staff\"\nUser \"alice\" added to group \"new\"\n";
    assert_eq!(with_password(&scratch, &add, "pw-alice"), said);
    assert_eq!(scratch.run(&["occ", "user:list"]), "  - admin: admin\n  - alice: Alice Liddell\n");
    assert_eq!(
        json_of(&scratch, &["occ", "user:list", "--output=json"]),
        json!({"admin": "admin", "alice": "Alice Liddell"})
    );
    assert_eq!(
        scratch.run(&["occ", "user:list", "lidd", "--output=json_pretty"]),
        "{\n  \"alice\": \"Alice Liddell\"\n}\n"
    );
    let details =
        json_of(&scratch, &["occ", "user:list", "-a", "email", "-a", "enabled", "alice", "--output=json"]);
    assert_eq!(details, json!({"alice": {"email": "a@example.org", "enabled": true}}));
    assert_eq!(
        scratch.run(&["occ", "user:list", "-a", "uid", "-a", "email", "alice"]),
        "  - alice:\n    - uid: alice\n    - email: a@example.org\n"
    );

    let all = ["occ", "user:list", "--show-all-attributes", "alice", "--output=json"];
    let output = scratch.command(&all).env("DAVGROUPS_HOME_TEMPLATE", "/srv/{user}").output().expect("ran");
    let all: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let alice = json!({"uid": "alice", "displayName": "Alice Liddell", "email": "a@example.org", "quota": "default",
        "enabled": true, "lastLogin": 0, "home": "/srv/alice", "backend": "Database", "cloudId": null,
        "searchTerms": null});
    assert_eq!(all["alice"], alice);

    let server = scratch.serve();
    assert_eq!(server.login("alice", "pw-alice"), 200);
    let reset = ["occ", "user:resetpassword", "--password-from-env", "alice"];
    assert_eq!(with_password(&scratch, &reset, "pw-new"), "Successfully reset password for alice.\n");
    assert_eq!(server.login("alice", "pw-alice"), 401);
    assert_eq!(server.login("alice", "pw-new"), 200);
    assert_eq!(scratch.run(&["occ", "user:disable", "alice"]), "The specified user is disabled\n");
    assert_eq!(server.login("alice", "pw-new"), 401);
    assert_eq!(scratch.run(&["occ", "user:enable", "alice"]), "The specified user is enabled\n");
    assert_eq!(
        scratch.run(&["occ", "user:modify", "alice", "displayname", "New Name"]),
        "The displayname of alice updated to New Name\n"
    );
    scratch.run(&["occ", "user:modify", "alice", "email", "new@example.org"]);
    assert_eq!(
        scratch.run(&["user", "list"]),
        "admin\tadmin\t\tenabled\nalice\tNew Name\tnew@example.org\tenabled\n"
    );
    assert_eq!(scratch.run(&["occ", "user:delete", "-f", "alice"]), "The specified user was deleted\n");
    assert_eq!(server.login("alice", "pw-new"), 401);
}

#[test]
fn groups_are_managed() {
    let scratch = populated();
    scratch.add_users(&["alice", "bob"]);
    assert_eq!(scratch.run(&["occ", "group:add", "staff"]), "Created group \"staff\"\n");
    let said = "User \"alice\" added to group \"staff\"\nUser \"bob\" added to group \"staff\"\n";
    assert_eq!(scratch.run(&["occ", "group:add-member", "-m", "alice", "--member=bob", "staff"]), said);
    let again =
        "User \"bob\" is already a member of group \"staff\"\nUser \"admin\" added to group \"staff\"\n";
    assert_eq!(scratch.run(&["occ", "group:add-member", "-m", "bob", "-m", "admin", "staff"]), again);
    let gone = "Member \"admin\" removed from group \"staff\"\n";
    assert_eq!(scratch.run(&["occ", "group:remove-member", "--member=admin", "staff"]), gone);
    let gone = "Member \"admin\" could not be found in group \"staff\"\n";
    assert_eq!(scratch.run(&["occ", "group:remove-member", "--member=admin", "staff"]), gone);
    assert_eq!(scratch.run(&["occ", "group:list-members", "staff"]), "  - alice: alice\n  - bob: bob\n");
    assert_eq!(
        json_of(&scratch, &["occ", "group:list-members", "--output=json", "staff"]),
        json!({"alice": "alice", "bob": "bob"})
    );
    assert_eq!(
        scratch.run(&["occ", "group:remove-member", "-m", "bob", "staff"]),
        "Member \"bob\" removed from group \"staff\"\n"
    );
    assert_eq!(scratch.run(&["occ", "group:list"]), "  - admin\n  - staff\n");
    assert_eq!(json_of(&scratch, &["occ", "group:list", "sta", "--output=json"]), json!(["staff"]));
    assert_eq!(scratch.run(&["occ", "group:delete", "staff"]), "The specified group was deleted\n");
    assert_eq!(scratch.run(&["occ", "group:list"]), "  - admin\n");
}

#[test]
fn apps_are_switched() {
    let scratch = populated();
    assert_eq!(scratch.run(&["occ", "app:disable", "dav"]), "dav disabled\n");
    let version = env!("CARGO_PKG_VERSION");
    let list = format!(
        "Enabled:\n  - customgroups: {version}\n  - provisioning_api: {version}\nDisabled:\n  - dav: {version}\n"
    );
    assert_eq!(scratch.run(&["occ", "app:list"]), list);
    assert_eq!(json_of(&scratch, &["occ", "app:list", "--output=json"])["disabled"], json!({"dav": version}));
    let shown = |arguments: &[&str]| scratch.run(&[&["occ", "app:list"], arguments].concat());
    assert_eq!(shown(&["--disabled", "-m"]), "Disabled:\n  - dav\n");
    assert_eq!(shown(&["CUSTOM", "--enabled"]), format!("Enabled:\n  - customgroups: {version}\n"));
    assert_eq!(shown(&["--shipped=false", "--output=json"]), "{\"enabled\":{},\"disabled\":{}}\n");
    assert_eq!(scratch.run(&["occ", "app:disable", "-q", "customgroups"]), "");
    scratch.refused(&["occ", "app:enable", "dav", "nowhere"], 1, "the app was not found");
    assert_eq!(
        shown(&["--disabled", "-m"]),
        "Disabled:\n  - customgroups\n  - dav\n",
        "neither was switched"
    );
    assert_eq!(
        scratch.run(&["occ", "app:enable", "dav", "customgroups", "-vv", "--ansi"]),
        "dav enabled\ncustomgroups enabled\n"
    );
    assert_eq!(json_of(&scratch, &["occ", "app:list", "--output=json"])["disabled"], json!({}));
}

#[test]
fn what_cannot_be_done_is_refused_and_changes_nothing() {
    let scratch = populated();
    for (arguments, code, reason) in [
        (&["user:add", "--password-from-env", "bob"][..], 1, "cannot read the password from OC_PASS"),
        (&["user:add", "bob"], 1, "the password from standard input is empty"),
        (&["user:delete", "none"], 1, "User \"none\" not found"),
        (&["user:enable", "none"], 1, "User \"none\" not found"),
        (&["user:modify", "none", "email", "a@b"], 1, "User \"none\" not found"),
        (&["user:modify", "admin", "email", "x"], 1, "e-mail address is not valid"),
        (&["group:add", "admin"], 1, "group exists"),
        (&["group:delete", "admin"], 1, "The group admin cannot be changed"),
        (&["group:add-member", "-m", "none", "admin"], 1, "User \"none\" not found"),
        (&["group:list-members", "none"], 1, "group none does not exist"),
        (&["app:enable", "none"], 1, "not found"),
    ] {
        let arguments: Vec<_> = [&["occ"], arguments].concat();
        scratch.refused(&arguments, code, reason);
    }
    let taken = ["occ", "user:add", "--password-from-env", "--group=made", "ADMIN"];
    let output = scratch.command(&taken).env("OC_PASS", "pw").output().expect("ran");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(scratch.run(&["occ", "group:list"]), "  - admin\n", "the group was not made");
    for wrong in [&["user:none"][..], &["user:modify", "admin", "quota", "1"], &["group:add-member", "staff"]]
    {
        let arguments: Vec<_> = [&["occ"], wrong].concat();
        assert_eq!(scratch.command(&arguments).output().expect("ran").status.code(), Some(2), "{wrong:?}");
    }
}
