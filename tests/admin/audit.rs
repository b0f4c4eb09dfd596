//! `davgroups audit` beside a server, and beside the other commands.

use serde_json::Value;

use crate::harness::Scratch;

const USERS: &str = "/ocs/v1.php/cloud/users";
const GROUPS: &str = "/ocs/v1.php/cloud/groups";
const TREE: &str = "/remote.php/dav/customgroups";

/// What `davgroups audit` prints: actor, origin, action, subject, detail and outcome of each record.
fn records(scratch: &Scratch, arguments: &[&str]) -> Vec<String> {
    let arguments = [&["audit"], arguments, &["--output", "json"]].concat();
    let printed: Vec<Value> = serde_json::from_str(&scratch.run(&arguments)).expect("JSON");
    let columns = ["actor", "origin", "action", "subject", "detail", "outcome"];
    let text = |record: &Value, name: &str| record[name].as_str().expect(name).to_owned();
    printed.iter().map(|record| columns.map(|name| text(record, name)).join("|")).collect()
}

#[test]
fn whatever_changes_something_is_written_down() {
    let scratch = Scratch::new();
    let server = scratch.serve();
    assert_eq!(records(&scratch, &[]).len(), 2, "the first administrator, and its group");
    let mut seen = 2;
    let mut made = |who: &str, method: &str, path: &str, expected: &[&str]| {
        let password = if who == "admin" { "adminpw".to_owned() } else { format!("pw-{who}") };
        let (status, body) = server.request(method, path, who, &password);
        let new = records(&scratch, &[]).split_off(seen);
        seen += new.len();
        let expected: Vec<_> =
            expected.iter().map(|record| format!("{who}|127.0.0.1|{record}|done")).collect();
        assert_eq!(new, expected, "{method} {path}: {status} {body}");
    };
    let mut ocs = |method: &str, path: &str, expected: &[&str]| made("admin", method, path, expected);
    ocs("POST", &format!("{GROUPS}?groupid=staff"), &["group.create|staff|"]);
    ocs(
        "POST",
        &format!("{USERS}?userid=alice&password=pw-alice&groups[]=staff&subadmin[]=staff"),
        &["user.create|alice|alice", "group.add|staff|alice", "subadmin.add|staff|alice"],
    );
    ocs("POST", &format!("{USERS}?userid=bob&password=pw-bob"), &["user.create|bob|bob"]);
    ocs("PUT", &format!("{USERS}/bob?key=email&value=b@example.org"), &["user.email|bob|b@example.org"]);
    ocs("PUT", &format!("{USERS}/bob?key=quota&value=5+GB"), &["user.quota|bob|5 GB"]);
    ocs("PUT", &format!("{USERS}/bob?key=display&value=B"), &["user.display_name|bob|B"]);
    ocs("PUT", &format!("{USERS}/bob?key=password&value=pw-bob"), &["user.password|bob|"]);
    ocs("PUT", &format!("{USERS}/bob/disable"), &["user.disable|bob|"]);
    ocs("PUT", &format!("{USERS}/bob/enable"), &["user.enable|bob|"]);
    ocs("POST", &format!("{USERS}/bob/groups?groupid=staff"), &["group.add|staff|bob"]);
    ocs("POST", &format!("{USERS}/bob/groups?groupid=staff"), &[]);
    ocs("DELETE", &format!("{USERS}/bob/groups?groupid=staff"), &["group.remove|staff|bob"]);
    ocs("DELETE", &format!("{USERS}/alice/subadmins?groupid=staff"), &["subadmin.remove|staff|alice"]);
    ocs("DELETE", &format!("{GROUPS}/staff"), &["group.delete|staff|"]);
    ocs("DELETE", "/ocs/v1.php/cloud/apps/customgroups", &["app.disable|customgroups|"]);
    ocs("POST", "/ocs/v1.php/cloud/apps/customgroups", &["app.enable|customgroups|"]);
    // What changes nothing leaves nothing.
    ocs("GET", USERS, &[]);
    ocs("POST", &format!("{GROUPS}?groupid=admin"), &[]);
    ocs("DELETE", &format!("{USERS}/nobody"), &[]);
    made(
        "alice",
        "MKCOL",
        &format!("{TREE}/groups/team"),
        &["customgroup.create|team|team", "customgroup.add|team|alice (admin)"],
    );
    made("alice", "PUT", &format!("{TREE}/groups/team/bob"), &["customgroup.add|team|bob (member)"]);
    made("alice", "DELETE", &format!("{TREE}/groups/team/bob"), &["customgroup.remove|team|bob"]);
    made("alice", "PUT", &format!("{TREE}/groups/team/bob"), &["customgroup.add|team|bob (member)"]);
    // The heir of the group is no wish of anybody's, and is written down all the same.
    made(
        "admin",
        "DELETE",
        &format!("{USERS}/alice"),
        &["customgroup.remove|team|alice", "customgroup.role|team|bob (admin)", "user.delete|alice|"],
    );
    made("bob", "DELETE", &format!("{TREE}/groups/team"), &["customgroup.delete|team|"]);
}

#[test]
fn so_is_what_somebody_tried_without_the_right() {
    let scratch = Scratch::new();
    scratch.add_users(&["alice", "bob"]);
    let server = scratch.serve();
    let ask = |method: &str, path: &str| server.request(method, path, "bob", "pw-bob").0;
    server.request("MKCOL", &format!("{TREE}/groups/team"), "alice", "pw-alice");
    ask("PUT", &format!("{TREE}/groups/team/bob"));
    ask("DELETE", &format!("{TREE}/groups/team"));
    ask("POST", &format!("{USERS}/bob/groups?groupid=admin"));
    ask("POST", &format!("{USERS}?userid=eve&password=secret"));
    ask("PUT", &format!("{USERS}/alice?key=password&value=secret"));
    ask("DELETE", "/ocs/v1.php/cloud/apps/customgroups");
    // Looking around, and what is wrong in itself, is not.
    ask("GET", USERS);
    ask("DELETE", &format!("{TREE}/groups/nowhere"));
    ask("DELETE", &format!("{TREE}/groups"));
    let denied: Vec<_> = records(&scratch, &["--actor", "bob"])
        .iter()
        .map(|record| record.splitn(6, '|').take(5).collect::<Vec<_>>().join("|"))
        .collect();
    let expected = [
        "customgroup.add|groups/team/bob|",
        "customgroup.delete|groups/team|",
        "group.add|admin|bob",
        "user.create|eve|",
        "user.password|alice|",
        "app.disable|customgroups|",
    ];
    assert_eq!(denied, expected.map(|record| format!("bob|127.0.0.1|{record}")));
    let all = records(&scratch, &["--actor", "bob"]);
    assert!(
        all.iter().all(|record| !record.ends_with("|done")) && !all.concat().contains("secret"),
        "{all:?}"
    );
}

#[test]
fn the_operators_changes_are_the_operators() {
    let scratch = Scratch::new();
    scratch.add_users(&["alice"]);
    scratch.run(&["user", "set", "alice", "--email", "a@example.org"]);
    let records = records(&scratch, &["--since", "1h", "--action", "user."]);
    assert_eq!(
        records,
        [
            "(operator)|machine|user.create|alice|alice|done",
            "(operator)|machine|user.email|alice|a@example.org|done"
        ]
    );
    assert_eq!(scratch.run(&["audit", "--until", "2001-01-01"]), "");
    for (limit, said) in [("1", "older records are left out; --limit 10 would show more\n"), ("2", "")] {
        let output = scratch.command(&["audit", "--limit", limit, "--output", "csv"]).output().expect("ran");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert_eq!(printed.lines().count(), limit.parse::<usize>().expect("a number") + 1);
        assert!(printed.trim_end().ends_with("user.email,alice,a@example.org,done"), "{printed}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), said);
    }
    assert_eq!(scratch.run(&["audit", "--forget-before", "2001-01-01"]), "0\n");
    assert_eq!(scratch.run(&["audit", "--forget-before", "0s"]), "2\n");
    assert_eq!(scratch.run(&["audit"]).lines().count(), 1, "that something was forgotten");
    let output = scratch.command(&["audit", "--since", "last week"]).output().expect("ran");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("use a length such as 90d or 12h"), "{said}");
}
