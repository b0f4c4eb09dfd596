//! The program as an operator meets it: starting, stopping, refusing, and managing users.

#![allow(clippy::expect_used)] // the lint knows only functions that are tests themselves

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The program, with nothing of this process's environment that could configure it.
fn davgroups(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_davgroups"));
    command.env_clear().arg("--data-dir").arg(data_dir);
    command
}

/// A temporary directory, and in it the path of a data directory that is not there yet.
fn scratch() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("temporary directory");
    let data_dir = directory.path().join("data");
    (directory, data_dir)
}

/// A server on a free port; killed when dropped.
struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    address: String,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        command.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("started");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("the first line");
        let (_, url) = line.trim_end().split_once("http://").expect("a URL");
        let (address, path) = url.split_once('/').expect("a path");
        assert_eq!(path, "remote.php/dav/customgroups/");
        Self { address: address.to_owned(), child, stdout }
    }

    /// The status of a PROPFIND of the groups.
    fn status(&self, login: &str, password: &str) -> String {
        let credentials = BASE64_STANDARD.encode(format!("{login}:{password}"));
        let mut stream = TcpStream::connect(&self.address).expect("connected");
        write!(
            stream,
            "PROPFIND /remote.php/dav/customgroups/groups/ HTTP/1.1\r\nHost: x\r\n\
             Authorization: Basic {credentials}\r\nConnection: close\r\n\r\n"
        )
        .expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer.split(' ').nth(1).expect("a status").to_owned()
    }

    /// Asks it to stop, and returns what else it printed and its exit code.
    #[cfg(unix)]
    fn stop(mut self, signal: &str) -> (String, Option<i32>) {
        let mut kill = Command::new("sh");
        kill.args(["-c", &format!("kill -{signal} {}", self.child.id())]);
        assert!(kill.status().expect("a shell").success());
        let mut printed = String::new();
        self.stdout.read_to_string(&mut printed).expect("UTF-8");
        (printed, self.child.wait().expect("ended").code())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; there is nothing else to be done here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn with_input(command: &mut Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("started");
    // A command that refuses its arguments does not read.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    child.wait_with_output().expect("ended")
}

fn run(command: &mut Command) -> Output {
    with_input(command, "")
}

/// Asserts that the command failed with `code` and one line that contains `reason`.
#[track_caller]
fn assert_refused(output: &Output, code: i32, reason: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(reason), "{said}");
    assert!(said.starts_with("davgroups: ") && said.matches('\n').count() == 1, "{said}");
    assert!(output.stdout.is_empty());
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

#[cfg(unix)]
#[test]
fn the_first_start_prints_a_password_and_the_second_does_not() {
    let (_scratch, data_dir) = scratch();
    let server = Server::start(&mut davgroups(&data_dir));
    let address = server.address.clone();
    let mut lines = [String::new(), String::new()];
    let mut server = server;
    for line in &mut lines {
        server.stdout.read_line(line).expect("a line");
    }
    let password = lines[0].trim_end().rsplit(' ').next().expect("a password").to_owned();
    assert_eq!(password.len(), 20);
    let groups = format!("http://{address}/remote.php/dav/customgroups/groups/");
    assert_eq!(lines[1].trim_end(), format!("Try: curl -u admin:{password} -X PROPFIND {groups}"));
    assert_eq!(server.status("admin", &password), "207");
    assert_eq!(server.status("admin", "wrong"), "401");
    assert_eq!(server.stop("TERM"), (String::new(), Some(0)));

    let again = Server::start(&mut davgroups(&data_dir));
    assert_eq!(again.status("admin", &password), "207");
    assert_eq!(again.stop("INT"), (String::new(), Some(0)));
}

#[test]
fn users_made_before_the_first_start_do_not_keep_the_administrator_away() {
    let (_scratch, data_dir) = scratch();
    let add = with_input(davgroups(&data_dir).args(["user", "add", "alice"]), "pw-alice\n");
    assert!(add.status.success(), "{add:?}");
    let server = Server::start(davgroups(&data_dir).env("DAVGROUPS_ADMIN_PASSWORD", "s3cret"));
    assert_eq!(server.status("admin", "s3cret"), "207");
    assert_eq!(server.status("alice", "pw-alice"), "207");
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_database() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = tempfile::tempdir().expect("temporary directory");
    let server = Server::start(&mut davgroups(scratch.path()));
    for name in ["davgroups.db", "davgroups.db-wal"] {
        let mode = fs::metadata(scratch.path().join(name)).expect(name).permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}: {mode:o}");
    }
    drop(server);
}

#[cfg(unix)]
#[test]
fn what_is_left_behind_is_one_whole_database() {
    let (_scratch, data_dir) = scratch();
    let mut command = davgroups(&data_dir);
    let server = Server::start(command.env("DAVGROUPS_METRICS_LISTEN", "127.0.0.1:0"));
    let (_, code) = server.stop("TERM");
    assert_eq!(code, Some(0));
    let add = with_input(davgroups(&data_dir).args(["user", "add", "alice"]), "pw-alice\n");
    assert!(add.status.success(), "{add:?}");
    let mut left: Vec<_> = fs::read_dir(&data_dir)
        .expect("the data directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    left.sort();
    assert_eq!(left, ["davgroups.db", "davgroups.lock"]);
}

#[cfg(unix)]
#[test]
fn a_given_password_is_taken_and_not_printed() {
    let (scratch, data_dir) = scratch();
    let server = Server::start(davgroups(&data_dir).env("DAVGROUPS_ADMIN_PASSWORD", "s3cret"));
    assert_eq!(server.status("admin", "s3cret"), "207");
    let (printed, code) = server.stop("TERM");
    assert!(printed.contains("curl -u admin -X PROPFIND") && !printed.contains("s3cret"), "{printed}");
    assert_eq!(code, Some(0));

    let file = scratch.path().join("password.txt");
    fs::write(&file, "from file\n").expect("written");
    let other = scratch.path().join("other");
    let server = Server::start(davgroups(&other).env("DAVGROUPS_ADMIN_PASSWORD_FILE", &file));
    assert_eq!(server.status("admin", "from file"), "207");
}

#[test]
fn a_port_in_use_is_refused_before_anything_is_made() {
    let (_scratch, data_dir) = scratch();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = run(davgroups(&data_dir).args(["--listen", &address]));
    assert_refused(&output, 1, &format!("cannot listen on {address}: Address already in use"));
    assert!(!data_dir.exists());
}

#[test]
fn a_directory_is_served_once_at_a_time() {
    let (_scratch, data_dir) = scratch();
    let server = Server::start(&mut davgroups(&data_dir));
    let output = run(davgroups(&data_dir).args(["--listen", "127.0.0.1:0"]));
    assert_refused(&output, 1, "is already being served by another davgroups");
    drop(server);
    Server::start(&mut davgroups(&data_dir));
}

#[test]
fn what_is_no_store_is_left_alone() {
    let (scratch, data_dir) = scratch();
    let serve = |data_dir: &Path| run(davgroups(data_dir).args(["--listen", "127.0.0.1:0"]));

    let file = scratch.path().join("file");
    fs::write(&file, "text").expect("written");
    assert_refused(&serve(&file), 1, "cannot use the data directory");
    assert_refused(&serve(&file.join("below")), 1, "cannot use the data directory");
    assert_eq!(fs::read_to_string(&file).expect("read"), "text");

    fs::create_dir(&data_dir).expect("made");
    let database = data_dir.join("davgroups.db");
    fs::write(&database, "x".repeat(4096)).expect("written");
    assert_refused(&serve(&data_dir), 1, "is not a database of davgroups");
    assert_eq!(fs::read_to_string(&database).expect("read"), "x".repeat(4096));
    assert_eq!(fs::read_dir(&data_dir).expect("read").count(), 1, "nothing was added");
}

#[test]
fn a_newer_database_is_left_alone() {
    let (_scratch, data_dir) = scratch();
    with_input(davgroups(&data_dir).args(["user", "add", "alice"]), "pw\n");
    let database = data_dir.join("davgroups.db");
    let connection = rusqlite::Connection::open(&database).expect("open");
    connection.pragma_update(None, "user_version", 999).expect("changed");
    drop(connection);
    let before = fs::read(&database).expect("read");
    let output = run(davgroups(&data_dir).args(["--listen", "127.0.0.1:0"]));
    assert_refused(&output, 1, "has schema version 999");
    assert_eq!(fs::read(&database).expect("read"), before);
}

#[test]
fn a_wrong_configuration_is_a_usage_error() {
    let (scratch, data_dir) = scratch();
    let output = run(davgroups(&data_dir).env("DAVGROUPS_LISTEM", "x"));
    assert_refused(&output, 2, "DAVGROUPS_LISTEM is not a key of the configuration");
    let output = run(davgroups(&data_dir).args(["--compat", "owncluod"]));
    assert_refused(&output, 2, "--compat: ");
    let file = scratch.path().join("davgroups.toml");
    let output = run(davgroups(&data_dir).arg("--config").arg(&file));
    assert_refused(&output, 2, "cannot read ");
    fs::write(&file, "alow_subadmins = true").expect("written");
    let output = run(davgroups(&data_dir).arg("--config").arg(&file));
    assert_refused(&output, 2, "\"alow_subadmins\" in ");
    assert!(!data_dir.exists());
}

#[test]
fn wrong_arguments_are_usage_errors_and_help_is_none() {
    let (_scratch, data_dir) = scratch();
    for arguments in
        [&["--no-such-flag"][..], &["user"], &["user", "add"], &["--listen", "x", "user", "list"]]
    {
        assert_eq!(run(davgroups(&data_dir).args(arguments)).status.code(), Some(2), "{arguments:?}");
    }
    let help = stdout(&run(davgroups(&data_dir).arg("--help")));
    assert!(help.contains("Exit codes:") && help.contains("Examples:"), "{help}");
    assert!(stdout(&run(davgroups(&data_dir).arg("--version"))).starts_with("davgroups "));
}

#[test]
fn users_are_managed_beside_a_running_server() {
    let (scratch, data_dir) = scratch();
    let server = Server::start(davgroups(&data_dir).env("DAVGROUPS_ADMIN_PASSWORD", "s3cret"));
    let add = ["user", "add", "Alice", "--display-name", "Alice Liddell", "--email", "alice@example.org"];
    stdout(&with_input(davgroups(&data_dir).args(add), "first\n"));
    assert_eq!(server.status("alice", "first"), "207");

    let file = scratch.path().join("password.txt");
    fs::write(&file, "second\r\n").expect("written");
    stdout(&run(davgroups(&data_dir).args(["user", "passwd", "alice", "--password-file"]).arg(&file)));
    assert_eq!(server.status("alice", "first"), "401", "the old password counts no longer");
    assert_eq!(server.status("alice", "second"), "207");

    let mut bob = davgroups(&data_dir);
    bob.args(["user", "add", "bob", "--group", "admin", "--password-from-env"]).env("OC_PASS", "third");
    stdout(&run(&mut bob));
    let mut carol = davgroups(&data_dir);
    carol.args(["user", "add", "carol", "--password-from-env=MY_PASS"]).env("MY_PASS", "fourth");
    stdout(&run(&mut carol));
    assert_eq!(server.status("bob", "third"), "207");
    assert_eq!(server.status("carol", "fourth"), "207");
    let list = stdout(&run(davgroups(&data_dir).args(["user", "list"])));
    let expected = "Alice\tAlice Liddell\talice@example.org\tenabled\nadmin\tadmin\t\tenabled\n\
                    bob\tbob\t\tenabled\ncarol\tcarol\t\tenabled\n";
    assert_eq!(list, expected);
}

#[test]
fn refused_changes_of_users_change_nothing() {
    let (_scratch, data_dir) = scratch();
    let list = ["user", "list"];
    assert_refused(&run(davgroups(&data_dir).args(list)), 1, "there is no database");
    assert_refused(
        &with_input(davgroups(&data_dir).args(["user", "passwd", "bob"]), "x"),
        1,
        "there is no database",
    );
    assert!(!data_dir.exists());

    stdout(&with_input(davgroups(&data_dir).args(["user", "add", "alice"]), "pw"));
    for (arguments, input, reason) in [
        (&["user", "add", "ALICE"][..], "pw", "User already exists"),
        (&["user", "add", "bob", "--group", "none"], "pw", "group none does not exist"),
        (&["user", "add", "b/b"], "pw", "The username is not valid"),
        (&["user", "add", "bob", "--email", "x"], "pw", "The e-mail address is not valid"),
        (&["user", "add", "bob"], "", "the password from standard input is empty"),
        (&["user", "add", "bob", "--password-from-env"], "", "cannot read the password from OC_PASS"),
        (&["user", "add", "bob", "--password-file", "/none"], "", "cannot read the password file /none"),
        (&["user", "passwd", "bob"], "pw", "User \"bob\" not found"),
    ] {
        assert_refused(&with_input(davgroups(&data_dir).args(arguments), input), 1, reason);
    }
    assert_eq!(stdout(&run(davgroups(&data_dir).args(list))), "alice\talice\t\tenabled\n");
}
