//! A listing that is long, and readers that are slow: the program, watched from outside.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, reason = "a case that cannot be set up has failed")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use davgroups::domain::{
    DisplayName, GroupId, GroupUri, NewUser, Password, PasswordHash, Quota, Role, UserId, UserName,
};
use davgroups::service::Passwords;
use davgroups::store::SharedStore;
use davgroups::store::sqlite::SqliteStore;

use tokio::runtime::Runtime;

const MEMBERS: usize = 200_000;

/// More memory than this must not be taken, in bytes.
const FLAT: u64 = 16 << 20;

/// A store with the administrator `admin`, password `adminpw`, and the group `huge`.
fn seed(data_dir: &Path) {
    let store: SharedStore = Arc::new(SqliteStore::open(data_dir).expect("store"));
    let hash = hash("adminpw");
    let seeded = store.write_blocking(move |tx| {
        let admin = user("admin", hash);
        tx.insert_user(&admin)?;
        tx.add_to_group(&GroupId::admin(), &admin.id)?;
        let huge = GroupUri::new("huge")?;
        let huge = tx.insert_custom_group(&huge, &DisplayName::of_uri(&huge))?.number;
        (0..MEMBERS).try_for_each(|number| {
            let member = user(&format!("user{number:06}"), PasswordHash::locked());
            tx.insert_user(&member)?;
            tx.add_member(huge, &member.id, Role::Member)
        })
    });
    seeded.expect("seeded");
}

fn hash(password: &str) -> PasswordHash {
    let passwords = Passwords::new().expect("a decoy");
    let password = Password::offered(password.to_owned());
    Runtime::new().expect("a runtime").block_on(passwords.hash(&password)).expect("hashed")
}

fn user(id: &str, password: PasswordHash) -> NewUser {
    let id = UserId::new(id).expect("id");
    NewUser {
        password,
        display_name: UserName::new("", &id).expect("name"),
        email: None,
        quota: Quota::Default,
        id,
    }
}

/// The running program. It ends when dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(data_dir: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_davgroups"))
            .arg("serve")
            .env("DAVGROUPS_DATA_DIR", data_dir)
            .env("DAVGROUPS_LISTEN", "127.0.0.1:0")
            .env("DAVGROUPS_LOG_LEVEL", "error")
            .env("DAVGROUPS_SEND_TIMEOUT_SECONDS", "3")
            .env("DAVGROUPS_IDLE_TIMEOUT_SECONDS", "1")
            .env("DAVGROUPS_HEADER_TIMEOUT_SECONDS", "1")
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("a line");
        let address =
            line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
        Self { address: address.to_owned(), child }
    }

    /// Sends a PROPFIND for what is below `path`.
    fn list(&self, path: &str) -> TcpStream {
        let credentials = BASE64_STANDARD.encode("admin:adminpw");
        let mut stream = TcpStream::connect(&self.address).expect("connected");
        let request = format!(
            "PROPFIND /remote.php/dav/customgroups/{path} HTTP/1.1\r\nHost: x\r\nDepth: 1\r\n\
             Authorization: Basic {credentials}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("sent");
        stream
    }

    /// The most memory in use since [`Self::forget_peak`], in bytes.
    fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("running");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    fn forget_peak(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").expect("forgotten");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn members_in(text: &[u8]) -> usize {
    let needle = b"<d:href>/remote.php/dav/customgroups/groups/huge/user";
    text.windows(needle.len()).filter(|window| window == needle).count()
}

#[test]
fn long_listings_take_little_memory_and_readers_that_stop_are_cut_off() {
    let directory = tempfile::tempdir().expect("temporary directory");
    seed(directory.path());
    let server = Server::start(directory.path());
    server.list("groups/").read_to_end(&mut Vec::new()).expect("read");

    server.forget_peak();
    let before = server.peak();
    let mut slow = server.list("groups/huge/");
    let mut listing = vec![0; 1 << 20];
    slow.read_exact(&mut listing).expect("read");
    // For longer than a connection may be idle.
    sleep(Duration::from_millis(2_500));
    let mut stopped = server.list("groups/huge/");
    slow.read_to_end(&mut listing).expect("read");
    let more = server.peak() - before;
    assert!(listing.ends_with(b"</d:multistatus>\n\r\n0\r\n\r\n"), "the listing is not complete");
    assert_eq!(members_in(&listing), MEMBERS);
    assert!(more < FLAT, "{more} bytes more for a listing of {} bytes", listing.len());

    sleep(Duration::from_secs(5));
    let mut part = Vec::new();
    // It may end with a reset.
    let _ = stopped.read_to_end(&mut part);
    assert!(part.len() < listing.len() / 2, "{} of {} bytes were sent", part.len(), listing.len());
}
