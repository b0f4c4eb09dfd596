//! `davgroups token`, with and without a server.

use serde_json::Value;

use crate::harness::{Scratch, Server};

fn create(scratch: &Scratch, arguments: &[&str]) -> Value {
    let arguments = [&["token", "create"], arguments, &["--output", "json"]].concat();
    serde_json::from_str(&scratch.run(&arguments)).expect("JSON")
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn list(scratch: &Scratch, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["token", "list"], arguments, &["--output", "json"]].concat();
    serde_json::from_str(&scratch.run(&arguments)).expect("JSON")
}

fn login(server: &Server, token: &Value) -> u16 {
    server.login("alice", &text(token))
}

#[test]
fn tokens_are_made_listed_and_revoked_beside_a_server() {
    let scratch = Scratch::new();
    scratch.add_users(&["alice", "bob"]);
    let server = scratch.serve();
    let named = create(&scratch, &["--user", "ALICE", "--scope", "read", "--name", "night, sync"]);
    let other = create(&scratch, &["--user", "alice", "--scope", "admin", "--expires", "never"]);
    let bobs = create(&scratch, &["--user", "bob", "--scope", "groups", "--expires", "2999-12-31"]);
    assert_eq!((login(&server, &named["token"]), login(&server, &other["token"])), (200, 200));
    assert_eq!(login(&server, &bobs["token"]), 401);

    let all = list(&scratch, &[]);
    let column = |name: &str| all.iter().map(|token| token[name].to_string()).collect::<Vec<_>>().join(" ");
    assert_eq!(column("number"), "1 2 3");
    assert_eq!(column("user"), r#""alice" "alice" "bob""#);
    assert_eq!(column("scope"), r#""read" "admin" "groups""#);
    assert_eq!(column("name"), r#""night, sync" "" """#);
    assert_eq!(
        (text(&all[1]["expires"]), text(&all[2]["expires"])),
        ("never".to_owned(), "2999-12-31T00:00:00.000Z".to_owned())
    );
    assert!(all[2]["last_used"].is_null());
    let ends = humantime::parse_rfc3339(&text(&all[0]["expires"])).expect("a time");
    let days = ends.duration_since(std::time::SystemTime::now()).expect("in the future").as_secs() / 3600;
    assert!((90 * 24 - 1..=90 * 24).contains(&days), "{days} hours");
    assert_eq!(list(&scratch, &["--user", "bob"]).len(), 1);

    assert_eq!(scratch.run(&["token", "revoke", "1"]), "");
    assert_eq!((login(&server, &named["token"]), login(&server, &other["token"])), (401, 200));
    assert_eq!(scratch.run(&["token", "revoke", "--user", "alice", "--all"]), "1\n");
    assert_eq!(login(&server, &other["token"]), 401);
    assert_eq!(list(&scratch, &[]).len(), 1);
    assert_eq!(scratch.run(&["token", "revoke", "--user", "alice", "--all"]), "0\n");

    let log = scratch.run(&["audit", "--action", "token."]);
    let log: Vec<_> = log.lines().filter_map(|line| line.split_once("(operator)\tmachine\t")).collect();
    let expected = [
        "token.create\talice\t1 (read)\tdone",
        "token.create\talice\t2 (admin)\tdone",
        "token.create\tbob\t3 (groups)\tdone",
        "token.revoke\talice\t1 (read)\tdone",
        "token.revoke\talice\t2 (admin)\tdone",
    ];
    assert_eq!(log.iter().map(|(_, record)| *record).collect::<Vec<_>>(), expected);
}

#[test]
fn a_token_is_printed_once_and_kept_as_a_hash() {
    let scratch = Scratch::new();
    scratch.add_users(&["alice"]);
    let printed = scratch.run(&["token", "create", "--user", "alice", "--scope", "users"]);
    let token = printed.lines().next().and_then(|line| line.strip_prefix("token: ")).expect("a token");
    assert!(token.starts_with("dgt_") && token.len() == 47, "{token}");
    for output in ["plain", "json", "csv"] {
        assert!(!scratch.run(&["token", "list", "--output", output]).contains(&token[4..]));
        assert!(!scratch.run(&["audit", "--output", output]).contains(&token[4..]));
    }
    let stored = std::fs::read_dir(scratch.data_dir()).expect("a directory");
    for file in stored.map(|file| file.expect("a file").path()) {
        let bytes = std::fs::read(&file).expect("read");
        assert!(!bytes.windows(20).any(|window| window == &token.as_bytes()[4..24]), "{}", file.display());
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let scratch = Scratch::new();
    scratch.add_users(&["alice"]);
    let create = |arguments: &[&'static str]| [&["token", "create"], arguments].concat();
    scratch.refused(&create(&["--user", "nobody", "--scope", "read"]), 1, "\"nobody\" not found");
    let long = "x".repeat(65);
    let named = ["token", "create", "--user", "alice", "--scope", "read", "--name", &long];
    scratch.refused(&named, 1, "it is too long");
    scratch.refused(&["token", "revoke", "7"], 1, "no token with the number 7");
    scratch.refused(&["token", "revoke", "--user", "nobody", "--all"], 1, "\"nobody\" not found");
    scratch.refused(&["token", "list", "--user", "nobody"], 1, "\"nobody\" not found");
    for (arguments, reason) in [
        (create(&["--user", "alice"]), "--scope"),
        (create(&["--user", "alice", "--scope", "everything"]), "read, groups, users, admin"),
        (create(&["--user", "alice", "--scope", "read", "--expires", "2001-01-01"]), "is not in the future"),
        (create(&["--user", "alice", "--scope", "read", "--expires", "soon"]), "90d"),
        (vec!["token", "revoke"], "NUMBER"),
        (vec!["token", "revoke", "--user", "alice"], "--all"),
        (vec!["token", "revoke", "1", "--user", "alice", "--all"], "cannot be used with"),
    ] {
        let output = scratch.command(&arguments).output().expect("ran");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(reason), "{arguments:?}: {said}");
    }
    assert_eq!(scratch.run(&["token", "list"]), "");
}

#[test]
fn new_passwords_have_the_length_that_is_asked_for() {
    let scratch = Scratch::new();
    scratch.add_users(&["alice"]);
    let policy = scratch.path("policy.toml");
    std::fs::write(&policy, "password_min_length = 12").expect("written");
    let config = policy.to_str().expect("UTF-8");
    let short = "The password is too short; use at least 12 characters";
    for arguments in
        [&["user", "add", "bob", "--config", config][..], &["user", "passwd", "alice", "--config", config]]
    {
        let output = scratch.output_with(arguments, "eleven-char\n");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(short), "{output:?}");
    }
    std::fs::write(scratch.path("bob"), "eleven-char\n").expect("written");
    std::fs::write(scratch.path("users.yaml"), "users: [{id: bob, password_file: bob}]").expect("written");
    let declared = scratch.path("users.yaml");
    let declared = declared.to_str().expect("UTF-8");
    let output = scratch.command(&["apply", declared, "--config", config]).output().expect("ran");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains(&format!("user bob: {short}")), "{said}");
    scratch.run(&["apply", declared]);
    scratch.run_with(&["user", "passwd", "alice", "--config", config], "twelve-chars\n");
    assert_eq!(scratch.serve().login("alice", "twelve-chars"), 200);
    scratch.run_with(&["user", "passwd", "alice"], "x\n");
    let server = scratch.serve_with(&["--config", config]);
    assert_eq!(server.login("alice", "x"), 200, "those that are kept stay as they are");
    std::fs::write(&policy, "password_min_length = 256").expect("written");
    let output = scratch.command(&["user", "list", "--config", config]).output().expect("ran");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
