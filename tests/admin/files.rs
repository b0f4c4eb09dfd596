//! Writing everything to files that people read, and taking it over from them.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use crate::harness::Scratch;
use crate::import::{NORA, contents, rows};

/// Names that look like something else to YAML, to CSV or to a spreadsheet.
const STRANGE: [&str; 24] = [
    "=1+1",
    "'=1+1",
    "''quoted",
    "@at",
    "+49 30",
    "-",
    "- item",
    "true",
    "no",
    "null",
    "~",
    "007",
    "1e5",
    "0x1F",
    "a: b",
    "# none",
    "a,b;c",
    "\"quoted\"",
    " outer ",
    "*ref &anchor",
    "{}",
    "Ünï 🎉",
    "1_000",
    "2026-11-23",
];

/// A store with something of everything.
fn furnished() -> Scratch {
    let scratch = Scratch::new();
    scratch.add_users(&["123", "true", "+plus", "'-quoted", "nora"]);
    scratch.run(&["group", "add", "staff", "--display-name", "The Staff"]);
    scratch.run(&["group", "add", "=SUM(A1)"]);
    scratch.run(&["group", "add", "a,b\"c"]);
    scratch.run(&["group", "add-member", "staff", "true", "123"]);
    scratch.run(&["group", "add-member", "=SUM(A1)", "+plus"]);
    scratch.run(&["group", "add-member", "admin", "nora"]);
    scratch.run(&["subadmin", "add", "nora", "staff"]);
    scratch.run(&["user", "set", "true", "--quota", "5 GB", "--email", "true@example.org"]);
    scratch.run(&["user", "set", "123", "--quota", "1234567", "--display-name", "0123"]);
    scratch.run(&["user", "set", "nora", "--quota", "none"]);
    scratch.run(&["user", "disable", "+plus"]);
    let store = Connection::open(scratch.data_dir().join("davgroups.db")).expect("open");
    for (index, name) in STRANGE.iter().enumerate() {
        let number = i64::try_from(10 + index * 3).expect("small");
        store
            .execute(
                "INSERT INTO users (id, id_folded, display_name, password, quota, enabled, guest, created, name_folded)
                 VALUES (?1, ?1, ?2, '!', 'default', 1, 1, 0, ?1)",
                (format!("user{index}"), name),
            )
            .expect("a user");
        store
            .execute(
                "INSERT INTO custom_groups VALUES (?1, 'g' || ?1, ?2 || '.', ?2 || '.')",
                (number, name.trim_start()),
            )
            .expect("a group");
        for (joined, user) in [(9, "nora"), (5, "true"), (7, "123")] {
            let sql = "INSERT INTO custom_group_members
                       SELECT ?1, id, iif(id = '123', 'admin', 'member'), display_name, guest, ?2, number FROM users WHERE id = ?3";
            store.execute(sql, (number, joined, user)).expect("a member");
        }
    }
    store
        .execute_batch("UPDATE groups SET display_name = 'Those in Charge' WHERE id = 'admin'")
        .expect("renamed");
    scratch
}

fn export(scratch: &Scratch, name: &str, arguments: &[&str]) -> String {
    let path = scratch.path(name).to_str().expect("UTF-8").to_owned();
    let mut all = vec!["export", &path];
    all.extend(arguments);
    assert_eq!(scratch.run(&all), "");
    path
}

fn files(path: &Path) -> Vec<(String, String)> {
    let text = |path: &Path| fs::read_to_string(path).expect("read");
    if path.is_file() {
        return vec![(String::new(), text(path))];
    }
    let entries = fs::read_dir(path).expect("a directory").map(|entry| entry.expect("an entry"));
    let mut files: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().expect("UTF-8"), text(&entry.path()))).collect();
    files.sort();
    files
}

#[test]
fn what_was_exported_and_imported_exports_the_same() {
    let from = furnished();
    for (name, format) in [("all.json", "json"), ("all.yml", "yaml"), ("tables", "csv")] {
        let path = export(&from, name, &["--format", format, "--with-passwords"]);
        let to = Scratch::new();
        let said = to.run(&["import", &path]);
        assert!(said.contains("users: 29 taken over, 0 here already"), "{said}");
        assert!(said.contains("members of custom groups: 72 taken over, 0 here already"), "{said}");
        assert!(said.ends_with("0 rows left out, 1 noted\n"), "{said}");
        let again = export(&to, name, &["--format", format, "--with-passwords"]);
        assert_eq!(files(again.as_ref()), files(path.as_ref()));

        let before = contents(&to);
        let said = to.run(&["import", &path]);
        assert!(said.contains("users: 0 taken over, 29 here already"), "{said}");
        assert!(said.contains("members of custom groups: 0 taken over, 72 here already"), "{said}");
        assert_eq!(contents(&to), before);
        assert_eq!(to.serve().login("nora", "pw-nora"), 200);
    }
}

#[test]
fn passwords_are_written_only_if_they_are_wanted() {
    let from = furnished();
    for (name, format) in [("all.json", "json"), ("all.yaml", "yaml"), ("tables", "csv")] {
        let path = export(&from, name, &["--format", format]);
        assert!(
            files(path.as_ref())
                .iter()
                .all(|(_, text)| !text.contains("argon2") && !text.contains("password"))
        );
        let to = Scratch::new();
        let said = to.run(&["import", &path]);
        let note = "note: passwords: 29 users come without one; who is not here yet cannot log in before davgroups user passwd\n";
        assert!(said.starts_with(note), "{said}");
        assert_eq!(rows(&to, "SELECT DISTINCT password FROM users"), ["!"]);
    }
}

#[test]
fn cells_calculate_nothing() {
    let scratch = furnished();
    let path = export(&scratch, "tables", &["--format", "csv"]);
    for (name, text) in files(path.as_ref()) {
        for record in csv::Reader::from_reader(text.as_bytes()).records() {
            for cell in &record.expect("a record") {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{name}: {cell}");
            }
        }
    }
}

#[test]
fn standard_output_and_input_do() {
    let scratch = Scratch::new();
    scratch.add_users(&["nora"]);
    let users = "id,display_name,email,quota,enabled,guest\nnora,nora,,default,true,false\n";
    assert_eq!(scratch.run(&["export", "-", "--format", "csv", "--only", "users"]), users);
    let json = scratch.run(&["export", "-", "--format", "json"]);
    let other = Scratch::new();
    let said = other.run_with(&["import", "-", "--format", "json", "--dry-run"], &json);
    assert!(said.contains("users: 1 taken over") && said.ends_with("for this was a dry run\n"), "{said}");
    assert!(!other.data_dir().exists());
}

#[test]
fn exports_replace_nothing_unasked() {
    let scratch = Scratch::new();
    let path = scratch.path("all.json");
    let name = path.to_str().expect("UTF-8");
    scratch.refused(&["export", name], 1, "there is no database");
    scratch.add_users(&["nora"]);
    fs::write(&path, "mine").expect("written");
    scratch.refused(&["export", name], 1, "all.json exists; use --force to replace it");
    assert_eq!(fs::read_to_string(&path).expect("read"), "mine");
    scratch.run(&["export", name, "--force"]);
    assert!(fs::read_to_string(&path).expect("read").contains("nora"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }
    let tables = scratch.path("tables");
    fs::create_dir(&tables).expect("made");
    fs::write(tables.join("groups.csv"), "mine").expect("written");
    scratch.refused(&["export", tables.to_str().expect("UTF-8")], 1, "groups.csv exists");
    assert!(!tables.join("users.csv").exists());
}

/// Writes a file and imports it.
fn import(scratch: &Scratch, name: &str, text: &str) -> String {
    let path = scratch.path(name);
    fs::write(&path, text).expect("written");
    scratch.run(&["import", path.to_str().expect("UTF-8")])
}

fn findings(said: &str) -> Vec<&str> {
    said.lines().take_while(|line| !line.starts_with("users: ")).collect()
}

#[test]
fn what_is_left_out_of_a_document_has_a_default() {
    let scratch = Scratch::new();
    let said = import(
        &scratch,
        "short.yaml",
        "davgroups_export: 1\n\
         users: [{id: nora}, {id: otto, quota: 5 GB, enabled: no-where, email: null},\n\
         {id: rosa, enabled: false, quota: 5368709120}, {id: quinn, quota: [1]}]\n\
         groups:\n  - id: staff\n    members: [nora, ROSA]\n\
         custom_groups:\n  - uri: team\n    members: [{user: nora, role: admin}, {user: rosa}]\n  - uri: first\n    number: 1\n",
    );
    assert_eq!(
        findings(&said),
        [
            "left out: entry 2 of users: \"no-where\" is neither true nor false",
            "left out: entry 4 of users: no quota, which is none, default or a size",
            "note: passwords: 2 users come without one; who is not here yet cannot log in before davgroups user passwd",
            "note: custom group first (number 1): has no admin; davgroups customgroup set-role can make one",
        ]
    );
    let users =
        rows(&scratch, "SELECT id, display_name, email, quota, enabled, guest FROM users ORDER BY id");
    assert_eq!(users, ["nora|nora|-|default|1|0", "rosa|rosa|-|5368709120|0|0"]);
    assert_eq!(rows(&scratch, "SELECT group_id, user_id FROM group_members"), ["staff|nora", "staff|rosa"]);
    let groups = rows(&scratch, "SELECT number, uri, display_name FROM custom_groups ORDER BY number");
    assert_eq!(groups, ["1|first|first", "2|team|team"]);
    let members = rows(&scratch, "SELECT group_number, user_id, role FROM custom_group_members");
    assert_eq!(members, ["2|nora|admin", "2|rosa|member"]);
}

#[test]
fn rows_that_cannot_be_taken_are_named() {
    let scratch = Scratch::new();
    scratch.add_users(&["anna"]);
    let said = import(
        &scratch,
        "broken.json",
        &r#"{"davgroups_export": 1,
            "users": [{"id": "nora", "email": "Same@example.org", "password": "NORA"}, {"id": "ab"}, {"name": "x"}, 7,
                {"id": "NORA"}, {"id": "nora"}, {"id": "otto", "email": "nonsense"}, {"id": "otto", "quota": "lots"},
                {"id": "petra", "password": "4|unknown"}, {"id": "rosa", "colour": "red"}, {"id": "rosa", "enabled": 1},
                {"id": "rosa", "email": "same@example.org", "display_name": "a\nb"},
                {"id": "rosa", "email": "same@example.org", "password": "!"}],
            "groups": [{"id": "staff", "members": ["nora", "anna", "nobody", "ä"], "subadmins": ["rosa", "nobody"]},
                {"id": "customgroup_x", "members": ["nora"]}, {"id": "staff"}, {"id": "other", "members": "nora"},
                {"id": "admin", "subadmins": ["nora"]}],
            "custom_groups": [{"uri": "team", "number": 4, "members": [{"user": "nora", "role": "boss"},
                    {"user": "rosa", "role": "admin"}, {"user": "ROSA"}, {"user": "nobody"}]},
                {"uri": "x"}, {"uri": "team"}, {"uri": "twin", "number": 4}, {"uri": "none", "number": 0},
                {"uri": "huge", "number": 99999999999999999999}, {"uri": "last", "number": 9223372036854775807}, {"uri": "spaced", "display_name": "  "}]}"#
            .replace("NORA\"}, {\"id\": \"ab", &format!("{NORA}\"}}, {{\"id\": \"ab")),
    );
    let expected = [
        "left out: user ab (entry 2 of users): The username is not valid: it is too short; use 3 to 64 characters of a-z, A-Z, 0-9, space and +_.@-'",
        "left out: entry 3 of users: unknown field `name`, expected one of `id`, `display_name`, `email`, `quota`, `enabled`, `guest`, `password`",
        "left out: entry 4 of users: invalid type: integer `7`, expected struct User",
        "left out: user NORA (entry 5 of users): the id differs from nora in nothing but case",
        "left out: user nora (entry 6 of users): an earlier row has this id",
    ];
    let found = findings(&said);
    assert_eq!(found[..5], expected, "{said}");
    for line in [
        "left out: user otto (entry 8 of users): ",
        "left out: user petra (entry 9 of users): the password is not hashed in a way that is known, or in one that takes seconds",
        "left out: entry 11 of users: neither true nor false",
        "left out: user rosa (entry 12 of users): The display name is not valid: it must not contain control characters",
        "note: e-mail address same@example.org: belongs to nora, rosa; nobody can log in with it",
        "left out: group customgroup_x (entry 2 of groups): Invalid group name: it is reserved",
        "left out: the member ä of group staff (member 4 of entry 1 of groups): The username is not valid",
        "left out: the member nora of group customgroup_x (member 1 of entry 2 of groups): Invalid group name",
        "left out: group staff (entry 3 of groups): an earlier row has this id",
        "left out: entry 4 of groups: invalid type: string \"nora\", expected a sequence",
        "left out: the subadmin nora of group admin (subadmin 1 of entry 5 of groups): the group admin has no subadmins",
        "left out: the place of nobody in group staff: there is no such user",
        "left out: the subadmin nobody in group staff: there is no such user",
        "left out: custom group x (entry 2 of custom_groups): The group name is not valid: it is too short",
        "left out: custom group team (entry 3 of custom_groups): an earlier row has this uri",
        "left out: custom group twin (entry 4 of custom_groups): an earlier row has this number",
        "left out: custom group none (entry 5 of custom_groups): its number is not positive",
        "left out: entry 6 of custom_groups: no whole number where one belongs",
        "left out: custom group last (entry 7 of custom_groups): its number is too large; the largest is 9007199254740991",
        "left out: custom group spaced (entry 8 of custom_groups): The group name is not valid: it must not be empty",
        "left out: the membership of nora in custom group team (member 1 of entry 1 of custom_groups): the role is neither member nor admin",
        "left out: the membership of ROSA in custom group team (member 3 of entry 1 of custom_groups): an earlier row has this user in this group",
        "left out: the membership of nobody in custom group team: there is no such user",
    ] {
        assert!(found.iter().any(|found| found.starts_with(line)), "{line}\n{said}");
    }
    assert!(said.ends_with("29 rows left out, 2 noted\n"), "{said}");
    assert_eq!(rows(&scratch, "SELECT id FROM users ORDER BY id"), ["anna", "nora", "rosa"]);
    assert_eq!(rows(&scratch, "SELECT user_id FROM group_members"), ["anna", "nora"]);
    assert_eq!(rows(&scratch, "SELECT uri FROM custom_groups"), ["team"]);
}

#[test]
fn tables_of_spreadsheets_are_read() {
    let scratch = Scratch::new();
    let said = import(
        &scratch,
        "users.csv",
        "\u{feff}id;email;enabled\r\nnora;nora@example.org;TRUE\r\n\r\notto;;FALSE\r\nrosa\r\npetra;;perhaps\r\n",
    );
    let note = "note: passwords: 2 users come without one; who is not here yet cannot log in before davgroups user passwd";
    let expected = [
        "left out: users.csv line 5: it has 1 cells, and the header has 3",
        "left out: users.csv line 6: \"perhaps\" is neither true nor false",
        note,
    ];
    assert_eq!(findings(&said), expected);
    assert_eq!(rows(&scratch, "SELECT id, enabled FROM users ORDER BY id"), ["nora|1", "otto|0"]);

    // What the others belong to may be here already.
    import(&scratch, "custom_groups.csv", "uri,number\nteam,\n'+plus,7\n");
    let said = import(
        &scratch,
        "custom_group_members.csv",
        "custom_group,user,role\nteam,nora,admin\n'+plus,Otto,\nnone,nora,member\n",
    );
    assert_eq!(
        findings(&said),
        ["left out: the membership of nora in custom group none: there is no such group"]
    );
    let members = rows(&scratch, "SELECT group_number, user_id, role FROM custom_group_members");
    assert_eq!(members, ["7|otto|member", "8|nora|admin"]);
    let said = import(&scratch, "group_members.csv", "group,user,role\nadmin,nora,\nadmin,nora,boss\n");
    let expected = [
        "left out: the boss nora of group admin (group_members.csv line 3): the role is neither member nor subadmin",
    ];
    assert_eq!(findings(&said), expected);
}

#[test]
fn what_is_here_already_stays() {
    let scratch = Scratch::new();
    scratch.run_with(&["user", "add", "nora", "--display-name", "Mine"], "mine\n");
    scratch.run(&["customgroup", "create", "team", "--admin", "nora"]);
    let said = import(
        &scratch,
        "other.yaml",
        &format!(
            "davgroups_export: 1\nusers: [{{id: NORA, display_name: Other, password: '{NORA}'}}]\n\
             custom_groups: [{{uri: team, number: 1, members: [{{user: nora, role: member}}]}}, {{uri: team2, number: 1}}]\n"
        ),
    );
    assert_eq!(
        findings(&said),
        [
            "left out: custom group team2 (entry 2 of custom_groups): an earlier row has this number",
            "note: user NORA: is here already with other details, which stay, and so does the password",
        ]
    );
    assert_eq!(rows(&scratch, "SELECT id, display_name FROM users"), ["nora|Mine"]);
    assert_eq!(rows(&scratch, "SELECT role FROM custom_group_members"), ["admin"]);
}

#[test]
fn other_files_are_refused_whole() {
    let scratch = Scratch::new();
    for (name, text, reason) in [
        ("a.json", "", "a.json is no JSON: EOF while parsing a value at line 1 column 0"),
        ("a.json", "[]", "a.json is no JSON: "),
        ("a.json", "{\"davgroups_export\": 1, \"users\": [}", "at line 1 column 35"),
        ("a.json", "{\"davgroups_export\": 1, \"people\": []}", "unknown field `people`"),
        ("a.json", "{\"users\": []}", "is no export of davgroups: it has no field davgroups_export"),
        (
            "a.json",
            "{\"davgroups_export\": 2, \"people\": {}}",
            "is an export in version 2; this davgroups knows version 1",
        ),
        ("a.yaml", "davgroups_export: 1\nusers: [\n", "a.yaml is no YAML: "),
        ("a.yaml", "davgroups_export: 1\nusers: {}\n", "a.yaml is no YAML: "),
        ("a.yaml", "davgroups_export: 7\n", "is an export in version 7"),
        ("a.yml", "just text", "a.yml is no YAML: "),
        ("a.yml", "\u{0}\u{1}", "a.yml is no YAML: "),
        ("users.csv", "id,colour\n", "has a column \"colour\" that is not known or comes twice"),
        ("users.csv", "id,id\n", "has a column \"id\" that is not known or comes twice"),
        ("users.csv", "email\n", "users.csv has no column \"id\""),
        ("groups.csv", "", "groups.csv has no column \"id\""),
        ("directory", "", "is csv, json or yaml"),
        ("people.csv", "id\n", "say with --only which"),
    ] {
        let path = scratch.path(name);
        fs::write(&path, text).expect("written");
        let code = if reason.contains("--only") || reason.starts_with("is csv") { 2 } else { 1 };
        scratch.refused(&["import", path.to_str().expect("UTF-8")], code, reason);
        fs::remove_file(&path).expect("removed");
    }
    let directory = scratch.path("none");
    fs::create_dir(&directory).expect("made");
    scratch.refused(
        &["import", directory.to_str().expect("UTF-8")],
        1,
        "none has none of the files users.csv",
    );
    scratch.refused(&["import", "missing.json"], 1, "cannot read missing.json: ");
    scratch.refused(&["import", "x.json", "--only", "users"], 2, "--only is for CSV");
    assert!(!scratch.data_dir().exists());
}
