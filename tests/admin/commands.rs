//! Users, groups, custom groups and apps, in our own words.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Scratch, stdout};

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// Alice and Bob, and a group of Bob.
fn populated() -> Scratch {
    let scratch = Scratch::new();
    scratch.add_users(&["alice", "bob"]);
    scratch.run(&["group", "add", "staff"]);
    scratch.run(&["group", "add-member", "staff", "bob"]);
    scratch
}

#[test]
fn users_are_shown_changed_and_deleted() {
    let scratch = populated();
    scratch.run(&[
        "user",
        "set",
        "ALICE",
        "--email",
        "a@example.org",
        "--quota",
        "5 GB",
        "--display-name",
        "A, \"B\"",
    ]);
    let shown = json_of(&scratch.run(&["user", "show", "Alice", "--output", "json"]));
    for (field, expected) in [
        ("id", json!("alice")),
        ("display_name", json!("A, \"B\"")),
        ("email", json!("a@example.org")),
        ("quota", json!("5 GB")),
        ("enabled", json!(true)),
        ("last_login", Value::Null),
        ("groups", json!([])),
    ] {
        assert_eq!(shown[field], expected, "{field}");
    }
    let csv = scratch.run(&["user", "list", "--output", "csv"]);
    let expected =
        "id,display_name,email,state\nalice,\"A, \"\"B\"\"\",a@example.org,enabled\nbob,bob,,enabled\n";
    assert_eq!(csv, expected);
    scratch.run(&["user", "set", "alice", "--display-name", "=1+1"]);
    let csv = scratch.run(&["user", "list", "--output", "csv"]);
    assert!(csv.contains("\nalice,'=1+1,a@example.org,enabled\n"), "{csv}");
    scratch.run(&["user", "set", "alice", "--email", "", "--display-name", ""]);
    scratch.run(&["user", "disable", "bob"]);
    assert_eq!(scratch.run(&["user", "list"]), "alice\talice\t\tenabled\nbob\tbob\t\tdisabled\n");
    scratch.run(&["user", "enable", "bob"]);
    assert!(scratch.run(&["user", "show", "bob"]).contains("groups: staff\n"));
    scratch.run(&["user", "delete", "bob"]);
    assert_eq!(scratch.run(&["user", "list"]), "alice\talice\t\tenabled\n");
    assert_eq!(
        scratch.run(&["group", "show", "staff"]),
        "id: staff\ndisplay_name: staff\nmembers: \nsubadmins: \n"
    );
}

#[test]
fn a_change_of_several_fields_is_made_whole_or_not_at_all() {
    let scratch = populated();
    let before = scratch.run(&["user", "show", "alice"]);
    scratch.refused(
        &["user", "set", "alice", "--display-name", "New", "--quota", "lots"],
        1,
        "Invalid quota",
    );
    scratch.refused(
        &["user", "set", "alice", "--quota", "1 GB", "--email", "x"],
        1,
        "e-mail address is not valid",
    );
    assert_eq!(scratch.run(&["user", "show", "alice"]), before);
    assert_eq!(scratch.command(&["user", "set", "alice"]).output().expect("ran").status.code(), Some(2));
    for arguments in [
        &["show", "none"][..],
        &["set", "none", "--quota", "none"],
        &["enable", "none"],
        &["disable", "none"],
        &["delete", "none"],
    ] {
        let arguments: Vec<_> = [&["user"], arguments].concat();
        scratch.refused(&arguments, 1, "User \"none\" not found");
    }
}

#[test]
fn what_is_changed_counts_at_once_in_a_running_server() {
    let scratch = populated();
    let server = scratch.serve();
    assert_eq!(server.login("alice", "pw-alice"), 200);
    scratch.run(&["user", "disable", "alice"]);
    assert_eq!(server.login("alice", "pw-alice"), 401);
    scratch.run(&["user", "enable", "alice"]);
    assert_eq!(server.login("alice", "pw-alice"), 200);
    let users = |login| server.request("GET", "/ocs/v1.php/cloud/users", login, "pw-alice").0;
    assert_eq!(users("alice"), 401);
    scratch.run(&["group", "add-member", "admin", "alice"]);
    assert_eq!(users("alice"), 200);
    scratch.run(&["group", "remove-member", "admin", "alice"]);
    scratch.run(&["subadmin", "add", "alice", "staff"]);
    assert_eq!(users("alice"), 200);
    scratch.run(&["user", "delete", "alice"]);
    assert_eq!(server.login("alice", "pw-alice"), 401);
}

#[test]
fn groups_and_subadmins_are_managed() {
    let scratch = populated();
    scratch.run(&["group", "add", "Größe/1", "--display-name", "Great"]);
    assert!(scratch.run(&["group", "show", "Größe/1"]).contains("\ndisplay_name: Great\n"));
    assert_eq!(scratch.run(&["group", "list"]), "Größe/1\tGreat\nadmin\tadmin\nstaff\tstaff\n");
    scratch.run(&["group", "rename", "Größe/1", "Greater"]);
    assert!(scratch.run(&["group", "show", "Größe/1"]).contains("\ndisplay_name: Greater\n"));
    scratch.run(&["group", "rename", "Größe/1", ""]);
    assert!(scratch.run(&["group", "show", "Größe/1"]).contains("\ndisplay_name: Größe/1\n"));
    scratch.run(&["group", "add-member", "staff", "alice", "BOB"]);
    scratch.run(&["subadmin", "add", "alice", "staff"]);
    assert_eq!(
        scratch.run(&["group", "show", "staff"]),
        "id: staff\ndisplay_name: staff\nmembers: alice,bob\nsubadmins: alice\n"
    );
    let list = json_of(&scratch.run(&["subadmin", "list", "--output", "json"]));
    assert_eq!(list, json!([{"group": "staff", "user": "alice"}]));
    assert_eq!(scratch.run(&["subadmin", "list", "--group", "admin"]), "");

    for (arguments, reason) in [
        (&["group", "add", "staff"][..], "group exists"),
        (&["group", "add", " x"], "Invalid group name"),
        (&["group", "show", "none"], "group none does not exist"),
        (&["group", "rename", "none", "None"], "group none does not exist"),
        (&["group", "rename", "staff", "a\nb"], "Invalid group name"),
        (&["group", "delete", "none"], "group none does not exist"),
        (&["group", "delete", "admin"], "The group admin cannot be changed in this way"),
        (&["group", "add-member", "staff", "alice", "none"], "User \"none\" not found"),
        (&["group", "remove-member", "staff", "alice", "none"], "User \"none\" not found"),
        (&["group", "add-member", "none", "alice"], "group none does not exist"),
        (&["subadmin", "add", "alice", "admin"], "The group admin cannot be changed in this way"),
        (&["subadmin", "add", "none", "staff"], "User \"none\" not found"),
        (&["subadmin", "remove", "bob", "staff"], "not a subadmin"),
        (&["subadmin", "list", "--group", "none"], "group none does not exist"),
    ] {
        scratch.refused(arguments, 1, reason);
    }
    assert_eq!(
        scratch.run(&["group", "show", "staff"]),
        "id: staff\ndisplay_name: staff\nmembers: alice,bob\nsubadmins: alice\n"
    );
    scratch.run(&["subadmin", "remove", "alice", "staff"]);
    scratch.run(&["group", "remove-member", "staff", "alice", "bob"]);
    assert_eq!(
        scratch.run(&["group", "show", "staff"]),
        "id: staff\ndisplay_name: staff\nmembers: \nsubadmins: \n"
    );
    scratch.run(&["group", "delete", "staff"]);
    assert!(!scratch.run(&["group", "list"]).contains("staff"));
}

#[test]
fn custom_groups_keep_their_rules() {
    let scratch = populated();
    scratch.run(&["customgroup", "create", "team", "--admin", "ALICE", "--display-name", "The Team"]);
    scratch.run(&["customgroup", "create", "other", "--admin", "bob"]);
    scratch.run(&["customgroup", "add", "team", "bob"]);
    let shown = "number: 1\nuri: team\ndisplay_name: The Team\nadmins: alice\nmembers: bob\n";
    assert_eq!(scratch.run(&["customgroup", "show", "team"]), shown);
    for (arguments, reason) in [
        (&["create", "team", "--admin", "bob"][..], "already exists"),
        (
            &["create", "third", "--admin", "bob", "--display-name", "the team"],
            "display name \"the team\" already exists",
        ),
        (&["create", "x", "--admin", "bob"], "The group name is not valid"),
        (&["create", "third", "--admin", "none"], "User \"none\" not found"),
        (&["rename", "team", "OTHER"], "display name \"OTHER\" already exists"),
        (&["rename", "none", "Other Name"], "Group with uri \"none\" not found"),
        (&["add", "team", "bob"], "the user is a member of the group already"),
        (&["add", "team", "none"], "The user \"none\" does not exist"),
        (&["remove", "team", "alice"], "Cannot remove the last admin: a custom group keeps one"),
        (&["set-role", "team", "alice", "member"], "Cannot remove the last admin"),
        (&["set-role", "team", "none", "admin"], "is not member of group"),
        (&["remove", "team", "none"], "is not member of group"),
        (&["show", "none"], "Group with uri \"none\" not found"),
        (&["delete", "none"], "Group with uri \"none\" not found"),
    ] {
        let arguments: Vec<_> = [&["customgroup"], arguments].concat();
        scratch.refused(&arguments, 1, reason);
    }
    assert_eq!(scratch.run(&["customgroup", "show", "team"]), shown);
    scratch.run(&["customgroup", "set-role", "team", "bob", "admin"]);
    scratch.run(&["customgroup", "remove", "team", "alice"]);
    scratch.run(&["customgroup", "add", "team", "alice", "--role", "admin"]);
    scratch.run(&["customgroup", "rename", "team", "Renamed"]);
    assert_eq!(scratch.run(&["customgroup", "list"]), "1\tteam\tRenamed\n2\tother\tother\n");
    let shown = json_of(&scratch.run(&["customgroup", "show", "team", "--output", "json"]));
    assert_eq!(shown["admins"], json!(["alice", "bob"]));
    scratch.run(&["customgroup", "delete", "team"]);
    assert_eq!(
        scratch.run(&["customgroup", "list", "--output", "csv"]),
        "number,uri,display_name\n2,other,other\n"
    );
}

#[test]
fn the_operator_is_not_held_to_what_limits_administrators() {
    let scratch = populated();
    let run = |arguments: &[&str]| {
        let mut command = scratch.command(arguments);
        command
            .env("DAVGROUPS_DISALLOW_ADMIN_ACCESS_ALL", "true")
            .env("DAVGROUPS_ONLY_SHARE_WITH_GROUP_MEMBERS", "true");
        stdout(&command.env("DAVGROUPS_ONLY_SUBADMIN_CAN_CREATE", "true").output().expect("ran"))
    };
    run(&["customgroup", "create", "team", "--admin", "alice"]);
    run(&["customgroup", "add", "team", "bob"]);
    assert_eq!(run(&["customgroup", "list"]), "1\tteam\tteam\n");
    assert!(run(&["customgroup", "show", "team"]).contains("members: bob\n"));
    run(&["customgroup", "delete", "team"]);
}

#[test]
fn what_is_wrong_is_listed_for_programs_too() {
    let scratch = populated();
    scratch.run(&["customgroup", "create", "team", "--admin", "alice"]);
    scratch.run(&["user", "add", "root", "--group", "admin", "--password-file", "/etc/hostname"]);
    assert_eq!(scratch.run(&["verify", "--output", "json"]), "[]\n");
    let store = rusqlite::Connection::open(scratch.data_dir().join("davgroups.db")).expect("open");
    store.execute("DELETE FROM custom_group_members", ()).expect("written");
    let output = scratch.command(&["verify", "--output", "csv"]).output().expect("ran");
    let expected = "severity,what,remedy\n\
                    rule,\"the custom group \"\"team\"\" has no members\",delete it: davgroups customgroup delete URI\n";
    assert_eq!((String::from_utf8_lossy(&output.stdout).as_ref(), output.status.code()), (expected, Some(1)));
}

#[test]
fn orphans_are_found_and_get_an_admin() {
    let scratch = populated();
    scratch.run(&["customgroup", "create", "team", "--admin", "alice"]);
    scratch.run(&["customgroup", "create", "lost", "--admin", "bob"]);
    assert_eq!(scratch.run(&["customgroup", "orphans"]), "");
    let connection = rusqlite::Connection::open(scratch.data_dir().join("davgroups.db")).expect("open");
    let lost = "UPDATE custom_group_members SET role = 'member' WHERE user_id = 'bob'";
    connection.execute(lost, []).expect("changed");
    assert_eq!(scratch.run(&["customgroup", "orphans"]), "2\tlost\tlost\n");
    scratch.run(&["customgroup", "set-role", "lost", "bob", "admin"]);
    assert_eq!(scratch.run(&["customgroup", "orphans"]), "");
}

#[test]
fn nobody_logs_in_as_the_operator() {
    let scratch = populated();
    let server = scratch.serve();
    assert_eq!(server.login("", ""), 401);
    assert_eq!(server.login("", "adminpw"), 401);
}

/// Waits until the terminal no longer shows what is typed into it.
fn wait_until_hidden(terminal: &str) {
    loop {
        let output = Command::new("stty").args(["-a", "-F", terminal]).output().expect("stty");
        if stdout(&output).split_whitespace().any(|setting| setting == "-echo") {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// What ends the command's prompts.
const PROMPTED: &str = ": ";

/// Gives Alice a password on a terminal, and says what that showed and how it ended.
fn type_password(scratch: &Scratch, lines: [&str; 2]) -> (String, Option<i32>) {
    let program = env!("CARGO_BIN_EXE_davgroups");
    let inner = format!("tty; exec {program} user passwd alice --data-dir {}", scratch.data_dir().display());
    let mut command = Command::new("script");
    command.args(["-q", "-e", "-c", &inner, "/dev/null"]).current_dir(scratch.directory.path());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script");
    let (mut keys, mut screen) = (child.stdin.take().expect("keys"), child.stdout.take().expect("screen"));
    let mut seen = String::new();
    for line in lines {
        let before = seen.len();
        while !seen[before..].ends_with(PROMPTED) {
            let mut byte = [0];
            screen.read_exact(&mut byte).expect("a prompt");
            seen.push(char::from(byte[0]));
        }
        wait_until_hidden(seen.lines().next().expect("the terminal's name"));
        keys.write_all(line.as_bytes()).expect("typed");
    }
    screen.read_to_string(&mut seen).expect("the rest");
    (seen, child.wait().expect("ended").code())
}

#[test]
fn passwords_are_not_shown_as_they_are_typed() {
    let scratch = populated();
    let (seen, code) = type_password(&scratch, ["correct horse\r", "correct house\r"]);
    assert!(code == Some(1) && seen.contains("the two passwords differ"), "{seen}");
    let (seen, code) = type_password(&scratch, ["correct horse\r", "correct horse\r"]);
    assert!(code == Some(0) && !seen.contains("horse"), "{seen}");
    assert_eq!(scratch.serve().login("alice", "correct horse"), 200);
}

#[test]
fn apps_are_switched() {
    let scratch = populated();
    assert_eq!(
        scratch.run(&["app", "list"]),
        "customgroups\tenabled\ndav\tenabled\nprovisioning_api\tenabled\n"
    );
    scratch.run(&["app", "disable", "provisioning_api"]);
    let list = json_of(&scratch.run(&["app", "list", "--output", "json"]));
    assert_eq!(list[2], json!({"id": "provisioning_api", "state": "disabled"}));
    let server = scratch.serve();
    let own_groups = || server.request("GET", "/ocs/v2.php/cloud/users/alice/groups", "alice", "pw-alice").0;
    assert_eq!(own_groups(), 404);
    scratch.run(&["app", "enable", "provisioning_api"]);
    let info = scratch.run(&["app", "info", "provisioning_api"]);
    assert!(info.contains("id: provisioning_api\n") && info.contains("enabled: true\n"), "{info}");
    for command in ["info", "enable", "disable"] {
        scratch.refused(&["app", command, "none"], 1, "not found");
    }
}

#[test]
fn health_says_whether_the_server_answers() {
    let scratch = populated();
    let server = scratch.serve_with(&["--base-path", "/owncloud"]);
    let address = server.address.clone();
    let ask = ["health", "--listen", &address];
    assert_eq!(scratch.run(&ask), "healthy\n");
    let output = scratch.command(&ask).env("DAVGROUPS_BASE_PATH", "/owncloud").output().expect("ran");
    assert_eq!(stdout(&output), "healthy\n");
    drop(server);
    scratch.refused(&ask, 1, "no answer from");

    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = other.local_addr().expect("an address").to_string();
    let answering = thread::spawn(move || {
        let (mut stream, _) = other.accept().expect("a client");
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).expect("a request");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").expect("answered");
    });
    scratch.refused(&["health", "--listen", &address], 1, "does not answer as davgroups does");
    answering.join().expect("answered");
}

#[test]
fn without_a_store_nothing_is_made() {
    let scratch = Scratch::new();
    for arguments in [
        &["user", "delete", "alice"][..],
        &["group", "list"],
        &["subadmin", "list"],
        &["customgroup", "orphans"],
        &["app", "list"],
        &["occ", "user:list"],
    ] {
        scratch.refused(arguments, 1, "davgroups.db; name the directory it is in with --data-dir");
    }
    scratch.refused(&["verify"], 1, "davgroups.db; name the directory it is in with --data-dir");
    assert!(!scratch.data_dir().exists());
}

/// Most often the store is elsewhere, and a mistyped directory is noticed late.
#[test]
fn whoever_makes_a_store_is_told() {
    let scratch = Scratch::new();
    let said =
        |id: &str| String::from_utf8(scratch.output_with(&["user", "add", id], "pw\n").stderr).expect("text");
    let made = format!("made the database {}\n", scratch.data_dir().join("davgroups.db").display());
    assert_eq!((said("alice"), said("bob")), (made, String::new()));
}
