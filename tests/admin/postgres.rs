//! Moving in from a server on PostgreSQL: with Debian's own, in a directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::deploy::is_missing;
use crate::harness::{Scratch, stdout};
use crate::import::{ALL_TAKEN, NO_ADMIN, NOTHING_TAKEN, OWNCLOUD, contents, owncloud, rows, salt_file};

/// A cluster that is stopped when dropped.
struct Cluster {
    directory: tempfile::TempDir,
    programs: PathBuf,
}

/// Where Debian keeps the programs of the newest version it has.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let programs = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    programs.filter(|programs| programs.join("initdb").exists()).max()
}

impl Cluster {
    /// None where there is no PostgreSQL to be run.
    fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(is_missing("initdb", "--version"), "PostgreSQL is elsewhere");
            return None;
        };
        let cluster = Self { directory: tempfile::tempdir_in("/tmp").expect("a directory"), programs };
        cluster.own();
        let data = cluster.data();
        cluster.run("initdb", &["-D", &data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"]);
        let options = format!("-k {} -c listen_addresses= -c fsync=off", cluster.directory.path().display());
        cluster.run("pg_ctl", &["-D", &data, "-o", &options, "-l", &cluster.path("log"), "-w", "start"]);
        Some(cluster)
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    fn data(&self) -> String {
        self.path("data")
    }

    /// PostgreSQL does not run as root; then it runs as the user whom Debian made for it.
    fn own(&self) {
        if is_root() {
            let owned = Command::new("chown").arg("postgres").arg(self.directory.path()).status();
            assert!(owned.expect("chown").success());
        }
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.env_clear().env("PATH", "/usr/bin:/bin").current_dir("/");
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = self.command(program);
        // What the server inherits stays open for as long as it runs.
        let log = fs::File::create(self.path(&format!("{program}.out"))).expect("a file");
        let status = command.args(arguments).stdin(std::process::Stdio::null());
        let status = status.stdout(log.try_clone().expect("a file")).stderr(log).status().expect(program);
        let said = fs::read_to_string(self.path(&format!("{program}.out"))).expect("read");
        assert!(status.success(), "{program}: {said}");
        said
    }

    fn sql(&self, database: &str, sql: &str) {
        let socket = self.directory.path().to_str().expect("UTF-8");
        self.run(
            "psql",
            &["-h", socket, "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql],
        );
    }

    fn url(&self, database: &str) -> String {
        let socket = self.directory.path().to_str().expect("UTF-8").replace('/', "%2F");
        format!("postgres://postgres@{socket}/{database}")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if Path::new(&self.data()).join("postmaster.pid").exists() {
            // The directory goes in any case.
            let _ = self.command("pg_ctl").args(["-D", &self.data(), "-m", "immediate", "stop"]).output();
        }
    }
}

fn is_root() -> bool {
    stdout(&Command::new("id").arg("-u").output().expect("id")).trim() == "0"
}

#[test]
fn a_database_on_postgresql_is_taken_over_as_sqlite_is() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    cluster.sql("postgres", "CREATE DATABASE cloud");
    let schema = OWNCLOUD
        .replace("INTEGER PRIMARY KEY AUTOINCREMENT", "BIGSERIAL PRIMARY KEY")
        .replace("CLOB", "TEXT");
    cluster.sql("cloud", &schema);
    let scratch = Scratch::new();
    // PostgreSQL keeps no bytes in a text.
    let other = owncloud(&scratch);
    other.sql("DELETE FROM oc_preferences WHERE typeof(configvalue) = 'blob'");
    cluster.sql("cloud", &other.inserts());
    // What is not to be read.
    cluster.sql(
        "cloud",
        "CREATE SCHEMA other; CREATE TABLE other.oc_users (uid TEXT); CREATE VIEW v_users AS SELECT 1;",
    );

    let (url, salt) = (cluster.url("cloud"), salt_file(&scratch));
    let arguments = ["import", "owncloud", &url, "--salt-file", &salt];
    assert_eq!(scratch.run(&arguments), format!("{NO_ADMIN}{ALL_TAKEN}0 rows left out, 1 noted\n"));
    let first = contents(&scratch);
    assert_eq!(scratch.run(&arguments), format!("{NO_ADMIN}{NOTHING_TAKEN}0 rows left out, 1 noted\n"));
    assert_eq!(contents(&scratch), first);
    let members =
        "SELECT group_number, user_id, role FROM custom_group_members ORDER BY group_number, joined_at";
    assert_eq!(
        rows(&scratch, members),
        ["7|rosa|member", "7|nora|admin", "7|admin|member", "30|Quinn|admin", "31|otto|member"]
    );
    assert_eq!(scratch.serve().login("nora", "pw-nora"), 200);

    let none = Scratch::new();
    none.refused(
        &["import", "owncloud", &cluster.url("postgres")],
        1,
        "the database postgres has no tables of an ownCloud or a Nextcloud",
    );
    let missing = "cannot read the database missing: ";
    none.refused(&["import", "owncloud", &cluster.url("missing")], 1, missing);
    cluster.sql("cloud", "ALTER TABLE oc_users DROP password");
    none.refused(&["import", "owncloud", &url], 1, "the table oc_users has no column password");
    assert!(!none.data_dir().exists());
}

#[test]
fn urls_that_lead_nowhere_are_refused() {
    let scratch = Scratch::new();
    for (url, reason) in [
        ("postgres://u:s3cret@[", "cannot read the URL: "),
        ("postgres://u:s3cret@127.0.0.1:1/cloud", "cannot read the database cloud: "),
        (
            "postgresql://u:s3cret@db.example.org/cloud",
            "the connection to db.example.org would not be encrypted: ",
        ),
    ] {
        scratch.refused(&["import", "owncloud", url], 1, reason);
        let said = scratch.command(&["import", "owncloud", url]).output().expect("ran").stderr;
        assert!(!String::from_utf8_lossy(&said).contains("s3cret"), "{url}");
    }
    assert!(!scratch.data_dir().exists());
}
