//! Copies of a store: made beside a server that writes, restored, and refused.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::thread::sleep;
use std::time::Duration;

use rusqlite::Connection;

use crate::harness::{GROUPS, Mount, Server, assert_sound, davgroups, fill};
use crate::load;
use crate::model::State;

fn run(data_dir: &Path, command: &str, arguments: &[&Path]) -> Output {
    davgroups(data_dir).arg(command).args(arguments).output().expect("run")
}

fn assert_done(output: &Output) {
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
}

#[track_caller]
fn assert_refused(output: &Output, reason: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("davgroups: ") && said.contains(reason), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

/// The names in a directory.
fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .expect("read")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// While clients write, and until the server is killed, backups are made: each holds, of each client, at
/// least what was there before it began.
#[test]
fn backups_beside_a_busy_server_are_whole() {
    let scratch = tempfile::tempdir().expect("temporary directory");
    let data_dir = scratch.path().join("data");
    let mut writers = load::writers(8, 3);
    let clients: Vec<_> = writers.iter().map(|writer| writer.name.clone()).collect();
    fill(&data_dir, &clients);
    let copies: Vec<_> = (0..4).map(|number| scratch.path().join(format!("copy{number}.db"))).collect();
    load::run(Server::start(&data_dir), &mut writers, |server| {
        for copy in &copies {
            sleep(Duration::from_millis(50));
            assert_done(&run(&data_dir, "backup", &[copy]));
        }
        server.kill();
    });
    for (number, copy) in copies.iter().enumerate() {
        let restored = scratch.path().join(format!("restored{number}"));
        assert_done(&run(&restored, "restore", &[copy]));
        assert_eq!(names(&restored), ["davgroups.db"]);
        assert_sound(&restored);
        let server = Server::start(&restored);
        assert_eq!(server.client("client00").status("MKCOL", &format!("{GROUPS}/afterwards"), ""), 201);
    }

    let last = scratch.path().join("last.db");
    assert_done(&run(&data_dir, "backup", &[&last]));
    let restored = scratch.path().join("restored");
    assert_done(&run(&restored, "restore", &[&last]));
    for client in &clients {
        assert_eq!(State::stored(&restored, client), State::stored(&data_dir, client));
    }
    let stray: Vec<_> = names(scratch.path()).into_iter().filter(|name| name.contains("partial")).collect();
    assert!(stray.is_empty(), "{stray:?}");
}

#[test]
fn a_backup_takes_no_name_that_is_taken() {
    let scratch = tempfile::tempdir().expect("temporary directory");
    let (data_dir, copy) = (scratch.path().join("data"), scratch.path().join("copy.db"));
    assert_refused(&run(&data_dir, "backup", &[&copy]), "there is no database");
    assert!(!data_dir.exists() && !copy.exists());
    fill(&data_dir, &["client00"]);
    fs::write(&copy, "mine").expect("written");
    assert_refused(&run(&data_dir, "backup", &[&copy]), "exists; use --force");
    assert_eq!(fs::read(&copy).expect("read"), b"mine");
    assert_done(&run(&data_dir, "backup", &[&copy, Path::new("--force")]));
    assert_done(&run(&data_dir, "verify", &[&copy]));
    assert_refused(&run(&data_dir, "backup", &[Path::new("/none/copy.db")]), "cannot use /none");

    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(&copy).expect("there").permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

/// Makes a store large, with `rows` of some hundred bytes.
fn swell(data_dir: &Path, rows: u32) {
    let database = Connection::open(data_dir.join("davgroups.db")).expect("opened");
    let big = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
         INSERT INTO settings SELECT 'key' || i, hex(randomblob(40)) FROM n"
    );
    database.execute_batch(&big).expect("filled");
}

/// Starts a command and kills it, each time later, until it was too late once or twice.
fn kill_in_the_middle(data_dir: &Path, command: &str, argument: &Path, done: &Path) {
    for milliseconds in [1, 10, 30, 60, 120, 240] {
        let mut process = davgroups(data_dir).arg(command).arg(argument).spawn().expect("started");
        sleep(Duration::from_millis(milliseconds));
        process.kill().expect("killed");
        process.wait().expect("ended");
        if done.exists() {
            assert_done(&run(data_dir, "verify", &[done]));
            fs::remove_file(done).expect("removed");
        }
    }
}

/// A backup that is killed in the middle leaves nothing under the final name.
#[test]
fn a_backup_that_is_killed_has_no_name() {
    let scratch = tempfile::tempdir().expect("temporary directory");
    let (data_dir, copy) = (scratch.path().join("data"), scratch.path().join("copy.db"));
    fill(&data_dir, &["client00"]);
    swell(&data_dir, 200_000);
    kill_in_the_middle(&data_dir, "backup", &copy, &copy);
    assert_done(&run(&data_dir, "backup", &[&copy]));
}

/// Nor does a restore, and what it leaves keeps nobody from restoring again.
#[test]
fn a_restore_that_is_killed_can_be_done_again() {
    let scratch = tempfile::tempdir().expect("temporary directory");
    let (data_dir, copy) = (scratch.path().join("data"), scratch.path().join("copy.db"));
    fill(&data_dir, &["client00"]);
    swell(&data_dir, 200_000);
    assert_done(&run(&data_dir, "backup", &[&copy]));
    let restored = scratch.path().join("restored");
    fs::create_dir(&restored).expect("made");
    kill_in_the_middle(&restored, "restore", &copy, &restored.join("davgroups.db"));
    // Whatever the moments were: as one that was killed leaves them.
    for left in [".davgroups-a1b2c3.partial", ".davgroups-a1b2c3.partial-wal"] {
        fs::write(restored.join(left), "half").expect("written");
    }
    assert_done(&run(&restored, "restore", &[&copy]));
    assert_done(&run(&restored, "verify", &[]));
    let server = Server::start(&restored);
    assert_eq!(server.client("client00").status("MKCOL", &format!("{GROUPS}/afterwards"), ""), 201);
}

/// Where there is no room for the whole, there is nothing.
#[test]
fn a_full_disk_holds_no_half_of_a_copy() {
    let Some(mount) = Mount::in_memory("1m") else {
        println!("skipped: this process may not mount a small file system");
        return;
    };
    let scratch = tempfile::tempdir().expect("temporary directory");
    let (data_dir, copy) = (scratch.path().join("data"), scratch.path().join("copy.db"));
    fill(&data_dir, &["client00"]);
    swell(&data_dir, 20_000);
    let full = mount.directory.path();
    assert_refused(&run(&data_dir, "backup", &[&full.join("copy.db")]), "full");
    assert_done(&run(&data_dir, "backup", &[&copy]));
    assert_refused(&run(&full.join("data"), "restore", &[&copy]), "No space left");
    assert!(names(full).is_empty(), "{:?}", names(full));
}

#[test]
fn only_what_is_whole_is_restored_and_only_where_nothing_is() {
    let scratch = tempfile::tempdir().expect("temporary directory");
    let (data_dir, copy) = (scratch.path().join("data"), scratch.path().join("copy.db"));
    fill(&data_dir, &["client00"]);
    assert_done(&run(&data_dir, "backup", &[&copy]));
    assert_refused(&run(&data_dir, "restore", &[&copy]), "is not empty");

    let target = scratch.path().join("target");
    let whole = fs::read(&copy).expect("read");
    let bad = scratch.path().join("bad.db");
    let mut flipped = whole.clone();
    flipped[4096 + 8..4096 + 500].fill(0xff);
    for (content, reason) in [
        (&b""[..], "is not a database of davgroups"),
        (
            b"text that is no database at all, however long it may be, ".repeat(20).as_slice(),
            "is not a database",
        ),
        (&whole[..whole.len() / 2], "bad.db"),
        (&flipped, "bad.db"),
    ] {
        fs::write(&bad, content).expect("written");
        assert_refused(&run(&target, "restore", &[&bad]), reason);
        assert!(!target.exists(), "nothing was made");
    }
    assert_refused(&run(&target, "restore", &[&scratch.path().join("none.db")]), "cannot use");
    fs::create_dir(&target).expect("made");
    assert_done(&run(&target, "restore", &[&copy]));
    assert_sound(&target);
}

#[test]
fn verify_says_what_is_wrong_and_what_to_do() {
    let scratch = tempfile::tempdir().expect("temporary directory");
    let data_dir = scratch.path().join("data");
    assert_refused(&run(&data_dir, "verify", &[]), "there is no database");
    for (damage, says, remedy) in [
        ("SELECT 1", "", ""),
        (
            "DELETE FROM custom_group_members WHERE user_id = 'client00'",
            "\"team\" has members and no admin",
            "customgroup set-role",
        ),
        ("DELETE FROM custom_group_members", "\"team\" has no members", "customgroup delete"),
        (
            "UPDATE custom_group_members SET joined_at = 5",
            "joined at the same moment",
            "customgroup remove and add",
        ),
        ("UPDATE users SET enabled = 0", "nobody who may log in is in the group \"admin\"", "--group admin"),
        (
            "PRAGMA foreign_keys = 0; DELETE FROM groups",
            "refers to a row of groups that is not there",
            "restore a backup",
        ),
        (
            "UPDATE custom_groups SET display_name = 'Other'",
            "\"Other\" is not found in other capitals",
            "then its own again",
        ),
        (
            "UPDATE custom_group_members SET user_guest = 1",
            "listings show an old name or kind of the user \"client00\"",
            "then its own again",
        ),
        ("UPDATE totals SET users = 7", "where there are \"2\"", "restore a backup"),
        (
            "INSERT INTO custom_groups SELECT 9, 'two', 'TEAM', display_name_folded FROM custom_groups;
             INSERT INTO custom_group_members SELECT 9, id, 'admin', display_name, guest, 1, number FROM users WHERE id = 'client00'",
            "more than one custom group has the display name",
            "rename one of them",
        ),
    ] {
        let data_dir = scratch.path().join(format!("data{}", names(scratch.path()).len()));
        fill(&data_dir, &["client00", "client01"]);
        let database = Connection::open(data_dir.join("davgroups.db")).expect("opened");
        let team = "INSERT INTO custom_groups VALUES (1, 'team', 'team', 'team');
                    INSERT INTO custom_group_members SELECT 1, id, 'admin', display_name, guest, 1, number FROM users WHERE id = 'client00';
                    INSERT INTO custom_group_members
                    SELECT 1, id, 'member', display_name, guest, 2, number FROM users WHERE id = 'client01'";
        database.execute_batch(team).expect("made");
        database.execute_batch(damage).expect(damage);
        let output = run(&data_dir, "verify", &[]);
        let printed = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(i32::from(!says.is_empty())), "{damage}: {printed}");
        assert!(printed.contains(says) && printed.contains(remedy), "{damage}: {printed}");
        assert_eq!(printed.is_empty(), says.is_empty(), "{damage}: {printed}");
    }
}

/// The crash test looks for itself; what an operator would run must find nothing either.
pub fn assert_verified(data_dir: &Path) {
    let output = davgroups(data_dir).arg("verify").output().expect("run");
    assert_done(&output);
}
