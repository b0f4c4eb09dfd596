//! Moving in from an ownCloud or a Nextcloud.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::{Connection, params};

use crate::harness::{Scratch, stdout};

/// The tables that are read, with the columns that an ownCloud 10 or 11 has; `oc_` stands for any prefix.
pub const OWNCLOUD: &str = "
    CREATE TABLE oc_users (uid VARCHAR(64) PRIMARY KEY NOT NULL, displayname VARCHAR(64), password VARCHAR(255) NOT NULL DEFAULT '');
    CREATE TABLE oc_accounts (id INTEGER PRIMARY KEY AUTOINCREMENT, email VARCHAR(255), user_id VARCHAR(255) NOT NULL,
        lower_user_id VARCHAR(255) NOT NULL, display_name VARCHAR(255), quota VARCHAR(32), last_login INTEGER NOT NULL DEFAULT 0,
        backend VARCHAR(64) NOT NULL, home VARCHAR(1024) NOT NULL, state SMALLINT NOT NULL DEFAULT 0, creation_time INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE oc_groups (gid VARCHAR(64) PRIMARY KEY NOT NULL);
    CREATE TABLE oc_group_user (gid VARCHAR(64) NOT NULL, uid VARCHAR(64) NOT NULL, PRIMARY KEY (gid, uid));
    CREATE TABLE oc_group_admin (gid VARCHAR(64) NOT NULL, uid VARCHAR(64) NOT NULL, PRIMARY KEY (gid, uid));
    CREATE TABLE oc_preferences (userid VARCHAR(64), appid VARCHAR(32), configkey VARCHAR(64), configvalue CLOB,
        PRIMARY KEY (userid, appid, configkey));
    CREATE TABLE oc_custom_group (group_id INTEGER PRIMARY KEY AUTOINCREMENT, uri VARCHAR(255) NOT NULL, display_name VARCHAR(64) NOT NULL);
    CREATE TABLE oc_custom_group_member (group_id BIGINT NOT NULL, user_id VARCHAR(64) NOT NULL, role INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (group_id, user_id));";

/// What is different in a Nextcloud: accounts hold something else, and there are no custom groups.
const NEXTCLOUD: &str = "
    CREATE TABLE oc_users (uid VARCHAR(64) PRIMARY KEY NOT NULL, displayname VARCHAR(64), password VARCHAR(255) NOT NULL DEFAULT '', uid_lower VARCHAR(64));
    CREATE TABLE oc_accounts (uid VARCHAR(64) PRIMARY KEY NOT NULL, data CLOB NOT NULL);
    CREATE TABLE oc_groups (gid VARCHAR(64) PRIMARY KEY NOT NULL, displayname VARCHAR(255));
    CREATE TABLE oc_group_user (gid VARCHAR(64) NOT NULL, uid VARCHAR(64) NOT NULL, PRIMARY KEY (gid, uid));
    CREATE TABLE oc_group_admin (gid VARCHAR(64) NOT NULL, uid VARCHAR(64) NOT NULL, PRIMARY KEY (gid, uid));
    CREATE TABLE oc_preferences (userid VARCHAR(64), appid VARCHAR(32), configkey VARCHAR(64), configvalue CLOB,
        PRIMARY KEY (userid, appid, configkey));";

/// Hashes of `pw-` and the id, in each form that those servers have made.
pub const NORA: &str = "1|$2y$04$m7ez4zQdaOXUWZfgE7l0JOf17H.lTBOMtb.hniEFY7/0Df0jSQA3G";
/// Of the password and the salt `s4lt`.
const OTTO: &str = "$2y$04$vcsoUTtbiqt0qAZKdnPCKOeQfKCZdBx6rEKTQ11WoPJ6NjhbcCnDC";
const PETRA: &str = "2|$argon2i$v=19$m=256,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$vruBvbm+nV8SclTb3i0QWw";
const QUINN: &str = "3|$argon2id$v=19$m=256,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$/RfPVhJId8ZMV8R4FKW0Vw";
const ROSA: &str = "52fe4ff9bcf95f69cc7ba29fc2868ba475f214c2";

/// Another server's database about to be made.
pub struct Other {
    path: PathBuf,
    connection: Connection,
}

impl Other {
    fn new(scratch: &Scratch, schema: &str) -> Self {
        Self::at(scratch.path("other.db"), schema)
    }

    pub fn at(path: PathBuf, schema: &str) -> Self {
        let connection = Connection::open(&path).expect("made");
        connection.execute_batch(schema).expect("a schema");
        Self { path, connection }
    }

    pub fn sql(&self, sql: &str) -> &Self {
        self.connection.execute_batch(sql).expect(sql);
        self
    }

    /// A user as ownCloud keeps one: in both tables.
    pub fn user(&self, id: &str, name: &str, password: &str) -> &Self {
        self.connection
            .execute("INSERT INTO oc_users VALUES (?1, ?2, ?3)", params![id, name, password])
            .expect(id);
        self.account(id, name, "OC\\User\\Database")
    }

    fn account(&self, id: &str, name: &str, backend: &str) -> &Self {
        self.connection
            .execute(
                "INSERT INTO oc_accounts (user_id, lower_user_id, display_name, backend, home, state, creation_time)
                 VALUES (?1, lower(?1), ?2, ?3, '/home/' || ?1, 1, 1600000000)",
                params![id, name, backend],
            )
            .expect(id);
        self
    }

    fn path(&self) -> &str {
        self.path.to_str().expect("UTF-8")
    }

    /// All rows as statements that any database understands.
    pub fn inserts(&self) -> String {
        let all = |sql: &str| -> Vec<String> {
            let mut statement = self.connection.prepare(sql).expect(sql);
            let rows = statement.query_map([], |row| row.get(0)).expect(sql);
            rows.collect::<rusqlite::Result<_>>().expect(sql)
        };
        let mut inserts = String::new();
        for table in
            all("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'oc@_%' ESCAPE '@'")
        {
            let columns = all(&format!("SELECT name FROM pragma_table_info('{table}')"));
            let values: Vec<_> = columns.iter().map(|column| format!("quote({column})")).collect();
            for row in all(&format!("SELECT {} FROM {table} ORDER BY rowid", values.join(" || ', ' || "))) {
                writeln!(inserts, "INSERT INTO {table} VALUES ({row});").expect("written");
            }
        }
        inserts
    }
}

/// Some of everything that can be taken over.
pub fn owncloud(scratch: &Scratch) -> Other {
    let other = Other::new(scratch, OWNCLOUD);
    other
        .user("admin", "", NORA)
        .user("nora", "Nora Ñandú", NORA)
        .user("otto", "Otto", OTTO)
        .user("petra", "Petra", PETRA)
        .user("Quinn", "Quinn", QUINN)
        .user("rosa", "Rosa", ROSA)
        .sql(
            "UPDATE oc_accounts SET email = 'nora@example.org', quota = '5 GB', last_login = 1700000000 WHERE user_id = 'nora';
             UPDATE oc_accounts SET state = 2 WHERE user_id = 'petra';
             INSERT INTO oc_preferences VALUES ('Quinn', 'owncloud', 'isGuest', '1'), ('rosa', 'other', 'key', x'ff');
             INSERT INTO oc_groups VALUES ('admin'), ('staff'), ('Größe/1');
             INSERT INTO oc_group_user VALUES ('admin', 'admin'), ('staff', 'nora'), ('staff', 'otto'), ('Größe/1', 'rosa');
             INSERT INTO oc_group_admin VALUES ('staff', 'nora');
             INSERT INTO oc_custom_group VALUES (7, 'équipe', 'L''équipe'), (30, 'late', 'Late'), (31, 'alone', 'Alone');
             INSERT INTO oc_custom_group_member VALUES (7, 'rosa', 0), (7, 'nora', 1), (7, 'admin', 0), (30, 'Quinn', 1), (31, 'otto', 0);",
        );
    other
}

pub const ALL_TAKEN: &str = "users: 6 taken over, 0 here already
groups: 2 taken over, 1 here already
members of groups: 4 taken over, 0 here already
subadmins: 1 taken over, 0 here already
custom groups: 3 taken over, 0 here already
members of custom groups: 5 taken over, 0 here already
";

pub const NOTHING_TAKEN: &str = "users: 0 taken over, 6 here already
groups: 0 taken over, 3 here already
members of groups: 0 taken over, 4 here already
subadmins: 0 taken over, 1 here already
custom groups: 0 taken over, 3 here already
members of custom groups: 0 taken over, 5 here already
";

pub const NO_ADMIN: &str =
    "note: custom group alone (number 31): has no admin; davgroups customgroup set-role can make one\n";

pub fn salt_file(scratch: &Scratch) -> String {
    let path = scratch.path("salt");
    fs::write(&path, "s4lt\n").expect("written");
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn a_dry_run_makes_nothing_and_says_everything() {
    let scratch = Scratch::new();
    let (other, salt) = (owncloud(&scratch), salt_file(&scratch));
    let arguments = ["import", "owncloud", other.path(), "--salt-file", &salt, "--dry-run"];
    let expected = format!(
        "{NO_ADMIN}{ALL_TAKEN}0 rows left out, 1 noted\nnothing was changed, for this was a dry run\n"
    );
    assert_eq!(scratch.run(&arguments), expected);
    assert!(!scratch.data_dir().exists());

    scratch.add_users(&["someone"]);
    assert_eq!(scratch.run(&arguments), expected);
    assert_eq!(scratch.run(&["user", "list"]), "someone\tsomeone\t\tenabled\n");
    let csv = scratch.run(&[&arguments[..], &["--output", "csv"]].concat());
    let note =
        "note,custom group alone (number 31),has no admin; davgroups customgroup set-role can make one\n";
    assert!(csv.starts_with(&format!("verdict,subject,detail\n{note}taken over,users,6\n")), "{csv}");
}

#[test]
fn everything_is_taken_over_once() {
    let scratch = Scratch::new();
    let (other, salt) = (owncloud(&scratch), salt_file(&scratch));
    let arguments = ["import", "owncloud", other.path(), "--salt-file", &salt];
    let strict = [&arguments[..], &["--strict"]].concat();
    assert_eq!(scratch.run(&strict), format!("{NO_ADMIN}{ALL_TAKEN}0 rows left out, 1 noted\n"));
    let first = contents(&scratch);
    assert_eq!(scratch.run(&arguments), format!("{NO_ADMIN}{NOTHING_TAKEN}0 rows left out, 1 noted\n"));
    assert_eq!(contents(&scratch), first);

    let rows = |sql: &str| rows(&scratch, sql);
    assert_eq!(
        rows(
            "SELECT id, display_name, email, quota, enabled, guest, created, last_login FROM users ORDER BY id"
        ),
        [
            "Quinn|Quinn|-|default|1|1|1600000000000|-",
            "admin|admin|-|default|1|0|1600000000000|-",
            "nora|Nora Ñandú|nora@example.org|5368709120|1|0|1600000000000|1700000000000",
            "otto|Otto|-|default|1|0|1600000000000|-",
            "petra|Petra|-|default|0|0|1600000000000|-",
            "rosa|Rosa|-|default|1|0|1600000000000|-",
        ]
    );
    let places = rows("SELECT group_id, user_id FROM group_members");
    assert_eq!(places, ["admin|admin", "staff|nora", "staff|otto", "Größe/1|rosa"]);
    assert_eq!(rows("SELECT group_id, user_id FROM subadmins"), ["staff|nora"]);
    let groups = rows("SELECT number, uri, display_name FROM custom_groups ORDER BY number");
    assert_eq!(groups, ["7|équipe|L'équipe", "30|late|Late", "31|alone|Alone"]);
    let members =
        rows("SELECT group_number, user_id, role FROM custom_group_members ORDER BY group_number, joined_at");
    assert_eq!(
        members,
        ["7|rosa|member", "7|nora|admin", "7|admin|member", "30|Quinn|admin", "31|otto|member"]
    );
}

#[test]
fn everybody_logs_in_with_the_old_password_and_gets_a_new_hash() {
    let scratch = Scratch::new();
    let (other, salt) = (owncloud(&scratch), salt_file(&scratch));
    let server = scratch.serve();
    let said = scratch.run(&["import", "owncloud", other.path(), "--salt-file", &salt]);
    assert!(said.contains("users: 5 taken over, 1 here already"), "{said}");
    let logins = ["nora", "otto", "quinn", "rosa"];
    for id in logins {
        let old = format!("pw-{id}");
        assert_eq!(server.login(id, "wrong"), 401, "{id}");
        assert_eq!(server.login(id, &old), 200, "{id}");
    }
    assert_eq!(server.login("nora@example.org", "pw-nora"), 200);
    assert_eq!(server.login("admin", "adminpw"), 200, "who was here stays");
    assert_eq!(server.login("petra", "pw-petra"), 401, "still disabled");
    let foreign = "SELECT id FROM users WHERE password NOT LIKE '$argon2id$%'";
    for _ in 0..1000 {
        if rows(&scratch, foreign) == ["petra"] {
            for id in logins {
                assert_eq!(server.login(id, &format!("pw-{id}")), 200, "{id}");
            }
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("not hashed anew: {:?}", rows(&scratch, foreign));
}

#[test]
fn a_nextcloud_with_any_prefix_is_read() {
    let scratch = Scratch::new();
    let other = Other::new(&scratch, &NEXTCLOUD.replace("oc_", "nc5_"));
    other.sql(&format!(
        "INSERT INTO nc5_users VALUES ('nora', NULL, '{NORA}', 'nora'), ('rosa', 'Rosa', '{ROSA}', 'rosa');
         INSERT INTO nc5_accounts VALUES ('nora', '{{}}');
         INSERT INTO nc5_groups VALUES ('staff', 'The Staff');
         INSERT INTO nc5_group_user VALUES ('staff', 'nora');
         INSERT INTO nc5_preferences VALUES ('nora', 'settings', 'email', 'nora@example.org'),
            ('nora', 'files', 'quota', 'none'), ('nora', 'login', 'lastLogin', '1700000000'), ('rosa', 'core', 'enabled', 'false');"
    ));
    let said = scratch.run(&["import", "owncloud", other.path()]);
    assert!(said.contains("users: 2 taken over") && said.contains("0 rows left out, 0 noted"), "{said}");
    let users =
        rows(&scratch, "SELECT id, display_name, email, quota, enabled, last_login FROM users ORDER BY id");
    assert_eq!(rows(&scratch, "SELECT id, display_name FROM groups"), ["admin|admin", "staff|The Staff"]);
    assert_eq!(users, ["nora|nora|nora@example.org|none|1|1700000000000", "rosa|Rosa|-|default|0|-"]);
}

/// What mariadb-dump 10.11 made of a database with triggers, views, a generated column and a table of files.
const DUMP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/admin/owncloud.sql");

#[test]
fn a_dump_of_mysql_is_taken_over_as_sqlite_is() {
    let scratch = Scratch::new();
    let salt = salt_file(&scratch);
    let arguments = ["import", "owncloud", DUMP, "--salt-file", &salt];
    let notes = format!(
        "note: user rosa: The display name is not valid: it must not contain control characters; the id stands in its place\n{NO_ADMIN}"
    );
    assert_eq!(scratch.run(&arguments), format!("{notes}{ALL_TAKEN}0 rows left out, 2 noted\n"));
    let first = contents(&scratch);
    assert_eq!(scratch.run(&arguments), format!("{notes}{NOTHING_TAKEN}0 rows left out, 2 noted\n"));
    assert_eq!(contents(&scratch), first);

    let rows = |sql: &str| rows(&scratch, sql);
    assert_eq!(
        rows(
            "SELECT id, display_name, email, quota, enabled, guest, created, last_login FROM users ORDER BY id"
        ),
        [
            "Quinn|Quinn|-|default|1|1|1600000000000|-",
            "admin|admin|-|default|1|0|1600000000000|-",
            "nora|Nora \"Ñ' \\ 🎉); -- ; /* `x` */|nora@example.org|5368709120|1|0|1600000000000|1700000000000",
            "otto|Otto|-|default|1|0|1600000000000|-",
            "petra|Petra|-|default|0|0|1600000000000|-",
            "rosa|rosa|-|default|1|0|1600000000000|-",
        ]
    );
    assert_eq!(
        rows("SELECT group_number, user_id, role FROM custom_group_members"),
        ["7|admin|member", "7|nora|admin", "7|rosa|member", "30|Quinn|admin", "31|otto|member"]
    );
    let places = rows("SELECT group_id, user_id FROM group_members");
    assert_eq!(places, ["admin|admin", "staff|nora", "staff|otto", "Größe/1|rosa"]);
    let server = scratch.serve();
    for user in ["nora", "otto", "quinn", "rosa"] {
        assert_eq!(server.login(user, &format!("pw-{user}")), 200, "{user}");
    }
}

#[test]
fn a_dump_may_come_through_a_pipe() {
    let scratch = Scratch::new();
    let arguments = ["import", "owncloud", DUMP, "--dry-run"];
    let wanted = scratch.run(&arguments);
    for name in ["-", "/dev/stdin"] {
        let dump = fs::File::open(DUMP).expect("opened");
        let mut cat = std::process::Command::new("cat");
        let mut cat = cat.stdin(dump).stdout(std::process::Stdio::piped()).spawn().expect("cat");
        let mut command = scratch.command(&["import", "owncloud", name, "--dry-run"]);
        let output = command.stdin(cat.stdout.take().expect("piped")).output().expect("ran");
        assert_eq!(stdout(&output), wanted, "{name}");
        assert!(cat.wait().expect("ended").success());
    }
}

/// In WAL mode, as it often is, SQLite makes files beside it even to read.
#[test]
fn a_database_is_read_where_nothing_can_be_written() {
    let scratch = Scratch::new();
    let path = owncloud(&scratch).path().to_owned();
    let wanted = scratch.run(&["import", "owncloud", &path, "--dry-run"]);
    let store = Connection::open(&path).expect("open");
    store.execute_batch("PRAGMA journal_mode = WAL").expect("in WAL mode");
    drop(store);
    let files = || fs::read_dir(scratch.directory.path()).expect("read").count();
    let before = files();
    assert_eq!(scratch.run(&["import", "owncloud", &path, "--dry-run"]), wanted);
    assert_eq!(files(), before, "nothing was written beside it");
    // Directories in their places keep even root from making the files.
    fs::create_dir(format!("{path}-shm")).expect("made");
    assert_eq!(scratch.run(&["import", "owncloud", &path, "--dry-run"]), wanted);
}

#[test]
fn terminals_see_how_far_it_has_come_and_logs_do_not() {
    let scratch = Scratch::new();
    let arguments = ["import", "owncloud", DUMP, "--dry-run"];
    let output = scratch.command(&arguments).output().expect("ran");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");

    let mut command = std::process::Command::new("script");
    let inner = format!("{} import owncloud {DUMP} --dry-run", env!("CARGO_BIN_EXE_davgroups"));
    command.args(["-q", "-e", "-c", &inner, "/dev/null"]).current_dir(scratch.directory.path());
    let output = command.env("TERM", "xterm").stdin(std::process::Stdio::null()).output().expect("script");
    let seen = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{seen}");
    assert!(seen.contains("reading  [") && seen.contains("taking over  ["), "{seen:?}");
    assert!(seen.contains("users: 6 taken over"), "{seen:?}");
}

#[test]
fn dumps_that_are_broken_are_refused_whole() {
    let scratch = Scratch::new();
    // Only the table of files, which is not read, holds bytes that are no text.
    let text = String::from_utf8_lossy(&fs::read(DUMP).expect("read")).into_owned();
    let import = |text: &str, reason: &str| {
        // Without its name it is known by its beginning.
        for name in ["dump.SQL", "dump"] {
            let file = scratch.path(name);
            fs::write(&file, text).expect("written");
            scratch.refused(&["import", "owncloud", file.to_str().expect("UTF-8")], 1, reason);
            assert!(!scratch.data_dir().exists());
        }
    };
    let users = text.find("INSERT INTO `oc_users` VALUES").expect("users");
    import(&text[..users + 200], "the dump ends in the middle of a statement");
    import(
        &text.replace("('admin','admin'),", "('admin'),"),
        ": a row of oc_group_user has 1 values for 2 columns",
    );
    import(
        "--\n-- PostgreSQL database dump\n--\nCOPY public.oc_users (uid) FROM stdin;\nalice\n\\.\n",
        "line 4: dumps of PostgreSQL are not read; give the URL of the database",
    );
    import(&text.replace("oc_group_user", "oc_other"), "has no tables of an ownCloud or a Nextcloud");
    import(&text.replace("`role`", "`rule`"), "the table oc_custom_group_member has no column role");
    let latin: Vec<u8> = text.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
    let file = scratch.path("latin.sql");
    fs::write(&file, latin).expect("written");
    let said = scratch.run(&["import", "owncloud", file.to_str().expect("UTF-8"), "--dry-run"]);
    assert!(said.contains("left out: row 3 of users: a column holds bytes that are no text\n"), "{said}");
}

#[test]
fn rows_that_cannot_be_taken_are_named() {
    let scratch = Scratch::new();
    let other = Other::new(&scratch, OWNCLOUD);
    other
        .user("nora", "Nora", NORA)
        .user("rosa", "Line\nbreak", "4|unknown")
        .user("otto", "Otto", OTTO)
        .user("petra", "", "")
        .user("ab", "Short", NORA)
        .user("Nora", "Other Nora", NORA)
        .user("gone", "Gone", NORA)
        .account("ldap", "From LDAP", "OCA\\User_LDAP\\User_Proxy")
        .account("left", "Left over", "OC\\User\\Database")
        .sql(
            "UPDATE oc_accounts SET state = 3 WHERE user_id = 'gone';
             UPDATE oc_accounts SET email = 'Same@example.org' WHERE user_id = 'nora';
             UPDATE oc_accounts SET email = 'same@example.org', quota = 'lots' WHERE user_id = 'rosa';
             UPDATE oc_accounts SET email = 'nonsense' WHERE user_id = 'petra';
             INSERT INTO oc_users VALUES (x'ff', 'bytes', '');
             INSERT INTO oc_groups VALUES ('staff'), ('customgroup_x');
             INSERT INTO oc_group_user VALUES ('staff', 'nora'), ('staff', 'nobody'), ('none', 'nora'), ('customgroup_x', 'nora');
             INSERT INTO oc_group_admin VALUES ('staff', 'ab');
             INSERT INTO oc_custom_group VALUES (1, 'good', 'Same Name'), (2, 'x', 'Too Short'), (3, 'good', 'Again'), (4, 'fine', 'same name'), (0, 'zero', 'Zero'), (9223372036854775807, 'last', 'Last');
             INSERT INTO oc_custom_group_member VALUES (1, 'nora', 1), (1, 'NORA', 0), (1, 'ab', 0), (2, 'nora', 1), (1, 'rosa', 7), (4, 'ldap', 1);",
        );
    let strict = scratch.command(&["import", "owncloud", other.path(), "--strict"]).output().expect("ran");
    assert_eq!(strict.status.code(), Some(1));
    let refused = "davgroups: nothing was changed; rows that would be left out: 18\n";
    assert_eq!(String::from_utf8_lossy(&strict.stderr), refused);
    let strict = String::from_utf8(strict.stdout).expect("UTF-8");
    assert!(strict.ends_with("18 rows left out, 9 noted\nnothing was changed, for rows would be left out\n"));
    assert!(!scratch.data_dir().exists());
    let said = scratch.run(&["import", "owncloud", other.path()]);
    assert!(strict.starts_with(&said), "the same was named");
    let expected = [
        "left out: row 8 of users: a column holds bytes that are no text",
        "note: user rosa: the password is hashed in a way that is not known, or that takes seconds; without one nobody logs in: davgroups user passwd",
        "note: user rosa: The display name is not valid: it must not contain control characters; the id stands in its place",
        "note: user rosa: \"lots\" is no quota; the default stands in its place",
        "note: user otto: the password is salted with the passwordsalt of config.php; give that with --salt-file; without one nobody logs in: davgroups user passwd",
        "note: user petra: has no password here; without one nobody logs in: davgroups user passwd",
        "note: user petra: \"nonsense\" is no e-mail address, and is not taken",
        "left out: user ab: The username is not valid: it is too short; use 3 to 64 characters of a-z, A-Z, 0-9, space and +_.@-'",
        "left out: user Nora: the id differs from nora in nothing but case",
        "left out: user gone: the account is being deleted there",
        "note: user ldap: has no password here; without one nobody logs in: davgroups user passwd",
        "left out: user left: the account is a remainder of a user who was deleted",
        "note: e-mail address same@example.org: belongs to nora, rosa; nobody can log in with it",
        "left out: group customgroup_x: Invalid group name: it is reserved",
        "left out: the place of nobody in group staff: that user is not taken",
        "left out: the place of nora in group none: that group is not taken",
        "left out: the place of nora in group customgroup_x: that group is not taken",
        "left out: the subadmin ab in group staff: that user is not taken",
        "left out: custom group zero: its number is not positive",
        "left out: custom group x: The group name is not valid: it is too short; use 2 to 64 characters without a leading space",
        "left out: custom group good: another group has this uri",
        "left out: custom group last: its number is too large; the largest is 9007199254740991",
        "left out: the membership of NORA in custom group 1: that user is in that group already, in other capitals",
        "left out: the membership of ab in custom group 1: that user is not taken",
        "left out: the membership of nora in custom group 2: that group is not taken",
        "left out: the membership of rosa in custom group 1: its role is neither 0 (member) nor 1 (admin)",
        "note: custom group fine (number 4): shares the display name \"same name\"",
    ];
    let found: Vec<_> = said.lines().take_while(|line| !line.starts_with("users: ")).collect();
    assert_eq!(found, expected);
    assert!(said.contains("users: 5 taken over") && said.ends_with("18 rows left out, 9 noted\n"), "{said}");
    assert_eq!(rows(&scratch, "SELECT user_id FROM custom_group_members ORDER BY 1"), ["ldap", "nora"]);
    scratch.run(&["customgroup", "create", "next", "--admin", "nora"]);
}

#[test]
fn what_is_here_already_stays() {
    let scratch = Scratch::new();
    let other = owncloud(&scratch);
    scratch.run_with(&["user", "add", "NORA", "--display-name", "Another"], "mine\n");
    let connection = Connection::open(scratch.data_dir().join("davgroups.db")).expect("open");
    let here = "INSERT INTO custom_groups VALUES (5, 'late', 'Mine', 'mine'), (31, 'own', 'Own', 'own');";
    connection.execute_batch(here).expect("written");
    drop(connection);
    let said = scratch.run(&["import", "owncloud", other.path()]);
    for line in [
        "note: user nora: is here already with other details, which stay, and so does the password",
        "left out: custom group late (number 30): its uri belongs to the group with number 5",
        "left out: custom group alone (number 31): its number belongs to own",
        "users: 5 taken over, 1 here already",
        "custom groups: 1 taken over, 0 here already",
    ] {
        assert!(said.lines().any(|found| found == line), "{line}\n{said}");
    }
    let nora = rows(&scratch, "SELECT id, display_name FROM users WHERE id_folded = 'nora'");
    assert_eq!(nora, ["NORA|Another"]);
    assert_eq!(rows(&scratch, "SELECT role FROM custom_group_members WHERE user_id = 'NORA'"), ["admin"]);
}

#[test]
fn other_files_are_refused_whole() {
    let scratch = Scratch::new();
    let file = scratch.path("file");
    let import = |reason: &str| {
        scratch.refused(&["import", "owncloud", file.to_str().expect("UTF-8")], 1, reason);
        assert!(!scratch.data_dir().exists());
    };
    import("cannot read ");
    fs::write(&file, "no database ".repeat(1000)).expect("written");
    import("is no SQLite database, and no dump in SQL");
    fs::write(&file, b"\x1f\x8b\x08 and more").expect("written");
    import("line 1: this is compressed; unpack it: zcat FILE | davgroups import owncloud -");
    for (content, reason) in [
        ("SQLite format 3\0 and more", "standard input, line 1: this is a SQLite database; name its file"),
        ("<?xml version=\"1.0\"?>", "line 1: this is XML; make the dump without --xml"),
        ("PGDMP\u{1}", "line 1: dumps of PostgreSQL are not read"),
    ] {
        let output = scratch.output_with(&["import", "owncloud", "-"], content);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains(reason), "{said}");
    }
    fs::remove_file(&file).expect("removed");
    fs::create_dir(&file).expect("made");
    import("is a directory");
    fs::remove_dir(&file).expect("removed");
    scratch.refused(
        &["import", "owncloud", "mysql://root@localhost/owncloud"],
        1,
        "it reads a dump: mysqldump",
    );
    fs::write(&file, "").expect("written");
    import("has no tables of an ownCloud or a Nextcloud");
    for (change, reason) in [
        ("DROP TABLE oc_group_user", "has no tables of an ownCloud or a Nextcloud"),
        ("ALTER TABLE oc_users RENAME password TO secret", "the table oc_users has no column password"),
        ("ALTER TABLE oc_accounts DROP state", "the table oc_accounts has no column state"),
        (
            "ALTER TABLE oc_custom_group_member DROP role",
            "the table oc_custom_group_member has no column role",
        ),
    ] {
        fs::remove_file(&file).expect("removed");
        let connection = Connection::open(&file).expect("made");
        connection.execute_batch(OWNCLOUD).expect("a schema");
        connection.execute_batch(change).expect(change);
        import(reason);
    }
    let connection = Connection::open(&file).expect("open");
    connection.execute_batch(&OWNCLOUD.replace("oc_", "a_")).expect("a schema");
    connection.execute_batch(&OWNCLOUD.replace("oc_", "b_")).expect("a schema");
    import("name one of their prefixes with --prefix: a_, b_, oc_");
    let path = file.to_str().expect("UTF-8");
    assert!(scratch.run(&["import", "owncloud", path, "--prefix", "a_"]).contains("0 rows left out"));
}

/// The rows of a query over the store, values separated by bars.
pub fn rows(scratch: &Scratch, sql: &str) -> Vec<String> {
    let connection = Connection::open(scratch.data_dir().join("davgroups.db")).expect("open");
    let mut statement = connection.prepare(sql).expect(sql);
    let columns = statement.column_count();
    let text = |value: rusqlite::types::Value| match value {
        rusqlite::types::Value::Null => "-".to_owned(),
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        other => format!("{other:?}"),
    };
    let found = statement.query_map([], |row| {
        let values: rusqlite::Result<Vec<_>> = (0..columns).map(|column| row.get(column).map(text)).collect();
        values.map(|values| values.join("|"))
    });
    found.expect(sql).collect::<rusqlite::Result<_>>().expect(sql)
}

/// Everything in the store.
pub fn contents(scratch: &Scratch) -> Vec<Vec<String>> {
    let tables = ["users", "groups", "group_members", "subadmins", "custom_groups", "custom_group_members"];
    tables.iter().map(|table| rows(scratch, &format!("SELECT * FROM {table}"))).collect()
}
