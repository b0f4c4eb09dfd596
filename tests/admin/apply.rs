//! `davgroups apply`.

use std::fs;

use crate::harness::{Scratch, stdout};

const DECLARED: &str = "
users:
- {id: alice, display_name: Alice Liddell, email: a@example.org, quota: 5 GB, password_file: alice.secret}
- {id: bob, enabled: false, password_env: BOBS}
groups:
- {id: staff, display_name: The staff, members: [alice, bob], subadmins: [alice]}
custom_groups:
- uri: team
  display_name: The team
  members:
  - {user: bob}
  - {user: alice, role: admin}
";

/// What has to be done for all of that.
const CHANGES: &str = "user.create\talice\tAlice Liddell
user.create\tbob\tbob
user.disable\tbob\t
group.create\tstaff\t
group.rename\tstaff\tThe staff
group.add\tstaff\talice
group.add\tstaff\tbob
subadmin.add\tstaff\talice
customgroup.create\tteam\tThe team
customgroup.add\tteam\talice (admin)
customgroup.add\tteam\tbob (member)
";

fn declared(scratch: &Scratch, text: &str) -> String {
    let path = scratch.path("declared.yaml");
    fs::write(&path, text).expect("written");
    path.to_str().expect("text").to_owned()
}

/// Carol, whom nobody declares, and the secret of Alice.
fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.add_users(&["carol"]);
    fs::write(scratch.path("alice.secret"), "pw-alice\n").expect("written");
    scratch
}

/// What is printed, and the exit code.
fn apply(scratch: &Scratch, text: &str, arguments: &[&str]) -> (String, i32) {
    let file = declared(scratch, text);
    let mut command = scratch.command(&[&["apply", &file], arguments].concat());
    let output = command.env("BOBS", "pw-bob").output().expect("ran");
    (String::from_utf8(output.stdout).expect("text"), output.status.code().expect("a code"))
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn what_is_declared_comes_to_be_once() {
    let scratch = scratch();
    let before = scratch.run(&["export", "-", "--format", "yaml"]);
    for arguments in [&["--dry-run"][..], &["--check"]] {
        let (printed, code) = apply(&scratch, DECLARED, arguments);
        assert_eq!(sorted(&printed), sorted(CHANGES));
        assert_eq!(code, if arguments == ["--check"] { 2 } else { 0 });
        assert_eq!(scratch.run(&["export", "-", "--format", "yaml"]), before);
    }
    let (printed, code) = apply(&scratch, DECLARED, &[]);
    assert_eq!((sorted(&printed), code), (sorted(CHANGES), 0));
    for arguments in [&[][..], &["--check"], &["--prune", "--check"]] {
        assert_eq!(apply(&scratch, DECLARED, arguments), (String::new(), 0), "{arguments:?}");
    }
    let audit = scratch.run(&["audit", "--output", "csv"]);
    assert_eq!(audit.matches(",done\n").count(), 1 + CHANGES.lines().count(), "{audit}");

    let server = scratch.serve();
    assert_eq!((server.login("alice", "pw-alice"), server.login("bob", "pw-bob")), (200, 401));
    scratch.run(&["user", "enable", "bob"]);
    assert_eq!(server.login("bob", "pw-bob"), 200);
    let (printed, code) = apply(&scratch, DECLARED, &["--output", "json", "--check"]);
    assert!(printed.contains("\"user.disable\"") && code == 2, "{printed}");
}

#[test]
fn a_rehearsal_needs_no_store_and_makes_none() {
    let scratch = Scratch::new();
    fs::write(scratch.path("alice.secret"), "pw-alice\n").expect("written");
    for (argument, code) in [("--dry-run", 0), ("--check", 2)] {
        let (printed, found) = apply(&scratch, DECLARED, &[argument]);
        assert_eq!((sorted(&printed), found), (sorted(CHANGES), code));
        assert!(!scratch.data_dir().exists(), "{argument}");
    }
}

#[test]
fn guests_and_those_without_a_password_are_named() {
    let scratch = scratch();
    let said = |text: &str| {
        let output = scratch.command(&["apply", &declared(&scratch, text)]).output().expect("ran");
        (stdout(&output), String::from_utf8(output.stderr).expect("text"))
    };
    let guest = "users: [{id: gina, guest: true}, {id: carol, guest: false}]";
    let created = "user.create\tgina\tgina\nuser.guest\tgina\ttrue\n".to_owned();
    let warned =
        "user gina: without a password nobody logs in: davgroups user passwd\n2 changes made\n".to_owned();
    assert_eq!(said(guest), (created, warned));
    assert_eq!(said(guest), (String::new(), "nothing to do\n".to_owned()));
    let one = ("user.guest\tgina\tfalse\n".to_owned(), "1 change made\n".to_owned());
    assert_eq!(said("users: [{id: gina, guest: false}]"), one);
    assert!(scratch.run(&["user", "show", "gina"]).contains("guest: false\n"));
}

#[test]
fn only_what_is_said_is_changed() {
    let scratch = scratch();
    apply(&scratch, DECLARED, &[]);
    scratch.run(&["customgroup", "add", "team", "carol"]);
    scratch.run(&["group", "add-member", "staff", "carol"]);
    let (printed, _) = apply(
        &scratch,
        "users: [{id: ALICE, quota: none}, {id: carol, email: c@example.org}]\n\
         groups: [{id: staff}, {id: empty, members: []}]\n\
         custom_groups: [{uri: team, members: [{user: carol, role: admin}]}]\n",
        &[],
    );
    let expected = "user.quota\talice\tnone\nuser.email\tcarol\tc@example.org\ngroup.create\tempty\t\n\
                    customgroup.role\tteam\tcarol (admin)\n";
    assert_eq!(printed, expected);
}

#[test]
fn pruning_takes_away_what_apply_made_and_nothing_else() {
    let scratch = scratch();
    apply(&scratch, DECLARED, &[]);
    scratch.run(&["customgroup", "create", "other", "--admin", "carol"]);
    scratch.run(&["customgroup", "add", "team", "carol"]);
    scratch.run(&["customgroup", "add", "other", "bob"]);
    scratch.run(&["group", "add", "byhand"]);
    scratch.run(&["group", "add-member", "staff", "carol"]);
    let (printed, code) = apply(&scratch, DECLARED, &["--prune"]);
    assert_eq!(
        (printed.as_str(), code),
        ("group.remove\tstaff\tcarol\ncustomgroup.remove\tteam\tcarol\n", 0)
    );
    let (printed, _) = apply(&scratch, "users: [{id: alice}]\n", &["--prune"]);
    let expected = "customgroup.delete\tteam\t\ngroup.delete\tstaff\t\ncustomgroup.remove\tother\tbob\n\
                    user.delete\tbob\t\n";
    assert_eq!(printed, expected);
    // What was made by hand under a name that was declared once is not what was declared.
    scratch.add_users(&["bob"]);
    assert_eq!(apply(&scratch, "users: [{id: alice}]\n", &["--prune"]), (String::new(), 0));
    assert_eq!(apply(&scratch, "{}", &["--prune"]).0, "user.delete\talice\t\n");
    assert!(scratch.run(&["user", "list"]).starts_with("bob\t"));
}

#[test]
fn what_cannot_be_is_named_and_nothing_is_changed() {
    let scratch = scratch();
    scratch.run(&["customgroup", "create", "taken", "--admin", "carol"]);
    let before = scratch.run(&["export", "-", "--format", "yaml"]);
    let file = declared(
        &scratch,
        "users: [{id: dave, password_file: nowhere}, {id: erin}]\n\
         groups: [{id: staff, members: [nobody]}, {id: admin, subadmins: [carol]}]\n\
         custom_groups:\n- {uri: alone}\n- {uri: team, display_name: TAKEN, members: [{user: carol, role: admin}]}\n\
         - {uri: taken, number: 7}\n- {uri: taken2, members: [{user: carol}]}\n",
    );
    let output = scratch.command(&["apply", &file]).output().expect("ran");
    let said = String::from_utf8(output.stderr).expect("text");
    for expected in [
        "user dave: There is no password for the new user: cannot read ",
        "group staff: User \"nobody\" not found",
        "group admin: The group admin cannot be changed in this way",
        "custom group alone: A custom group needs an admin",
        "custom group team: Group with display name \"TAKEN\" already exists",
        "custom group taken: a custom group with this uri or number already exists",
        "custom group taken2: A custom group needs an admin",
        "davgroups: nothing was changed, for 7 of what is declared cannot be\n",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert_eq!(output.status.code(), Some(1));
    scratch.refused(&["apply", "/nowhere.yaml"], 1, "cannot read /nowhere.yaml");
    scratch.refused(&["apply", &declared(&scratch, "users: {")], 1, "declares nothing");
    scratch.refused(&["apply", &declared(&scratch, "user: []")], 1, "user");
    scratch.refused(&["apply", "--prune", &declared(&scratch, "")], 1, "declares nothing: it is empty");
    scratch.refused(&["apply", &declared(&scratch, "davgroups_export: 2")], 1, "an export in version 2");
    assert_eq!(scratch.run(&["export", "-", "--format", "yaml"]), before);
}

#[test]
fn an_export_is_a_declaration() {
    let scratch = scratch();
    apply(&scratch, DECLARED, &[]);
    let exported = scratch.path("all.yaml");
    let exported = exported.to_str().expect("text");
    scratch.run(&["export", exported, "--with-passwords"]);
    assert_eq!(scratch.run(&["apply", exported, "--check", "--prune"]), "");
    let other = Scratch::new();
    let output = other.command(&["apply", exported]).output().expect("ran");
    assert!(stdout(&output).lines().count() > 10);
    assert_eq!(
        other.run(&["export", "-", "--format", "yaml", "--with-passwords"]),
        fs::read_to_string(exported).expect("read")
    );
}
