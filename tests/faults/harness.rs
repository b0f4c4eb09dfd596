//! The program on a directory of its own, and clients that keep their connections.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use davgroups::domain::{GroupId, NewUser, PasswordHash, Quota, UserId, UserName};
use davgroups::store::Store;
use davgroups::store::sqlite::{FILE_NAME, SqliteStore};
use rusqlite::{Connection, OpenFlags};

/// The groups of the tree.
pub const GROUPS: &str = "/remote.php/dav/customgroups/groups";

/// The program, with nothing of this process's environment that could configure it.
pub fn davgroups(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_davgroups"));
    configure(&mut command, data_dir);
    command
}

/// Gives `command`, whatever starts the program, its directory and a bare environment.
pub fn configure(command: &mut Command, data_dir: &Path) {
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("DAVGROUPS_DATA_DIR", data_dir).env("DAVGROUPS_LISTEN", "127.0.0.1:0");
    command.env("DAVGROUPS_LOG_LEVEL", "warn");
}

/// A running server; killed when dropped.
pub struct Server {
    process: Child,
    pub address: String,
}

impl Server {
    pub fn start(data_dir: &Path) -> Self {
        Self::spawn(&mut davgroups(data_dir))
    }

    pub fn spawn(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("started");
        let mut line = String::new();
        let mut stdout = BufReader::new(process.stdout.take().expect("piped"));
        stdout.read_line(&mut line).expect("the first line");
        let (_, url) = line.split_once("http://").expect("a URL");
        let address = url.split('/').next().expect("an address").to_owned();
        Self { process, address }
    }

    pub fn client(&self, user: &str) -> Client {
        Client::connect(&self.address, user)
    }

    /// Ends it at once, as a crash of the machine's power supply would, but for the system's cache.
    pub fn kill(mut self) {
        self.process.kill().expect("killed");
        self.process.wait().expect("ended");
    }

    pub fn terminate(&self) {
        let kill = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", self.process.id())).status();
        assert!(kill.expect("a shell").success());
    }

    /// The exit code, once it has ended by itself.
    pub fn wait(mut self) -> Option<i32> {
        self.process.wait().expect("ended").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; there is nothing else to be done here.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Somebody with one connection, which is kept. The password of `user` is `pw-<user>`.
pub struct Client {
    stream: BufReader<TcpStream>,
    authorization: String,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Client {
    pub fn connect(address: &str, user: &str) -> Self {
        let stream = TcpStream::connect(address).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        let authorization = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:pw-{user}")));
        Self { stream: BufReader::new(stream), authorization }
    }

    /// Sends a request and reads its answer. An error means that nobody knows what became of it.
    pub fn send(&mut self, method: &str, path: &str, body: &str) -> io::Result<Reply> {
        self.ask(method, path, body)?;
        self.answer()
    }

    /// Sends a request without waiting.
    pub fn ask(&mut self, method: &str, path: &str, body: &str) -> io::Result<()> {
        let form = if path.starts_with("/ocs") {
            "Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\n"
        } else {
            ""
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n{form}Content-Length: {}\r\n\r\n{body}",
            self.authorization,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())
    }

    /// Sends just these bytes.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// The value of the header that says who this is.
    pub fn authorization(&self) -> &str {
        &self.authorization
    }

    /// Reads the answer to the oldest request that has none.
    pub fn answer(&mut self) -> io::Result<Reply> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        let length = header(&head, "content-length").map_or(0, |length| length.parse().expect("a number"));
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Reply { status, head, body: String::from_utf8(body).expect("UTF-8") })
    }

    /// The status of a request that must be answered.
    pub fn status(&mut self, method: &str, path: &str, body: &str) -> u16 {
        self.send(method, path, body).expect("answered").status
    }
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
}

/// Makes a store in which `users` are administrators. The passwords are hashed as cheaply as argon2
/// allows, since a verifier takes the parameters from the hash.
pub fn fill<S: AsRef<str>>(data_dir: &Path, users: &[S]) {
    let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).expect("params"));
    let store = SqliteStore::open(data_dir).expect("a new store");
    let store: &dyn Store = &store;
    let new_user = |user: &S| NewUser {
        id: UserId::new(user.as_ref()).expect("valid"),
        password: PasswordHash::new(
            cheap.hash_password(format!("pw-{}", user.as_ref()).as_bytes()).expect("hashed").to_string(),
        ),
        display_name: UserName::stored(user.as_ref().to_owned()),
        email: None,
        quota: Quota::Default,
    };
    let users: Vec<_> = users.iter().map(new_user).collect();
    let filled = store.write_blocking(move |tx| {
        users.iter().try_for_each(|user| {
            tx.insert_user(user)?;
            tx.add_to_group(&GroupId::admin(), &user.id).map(drop)
        })
    });
    filled.expect("filled");
}

/// The database beside the server, only to be read.
pub fn database(data_dir: &Path) -> Connection {
    Connection::open_with_flags(data_dir.join(FILE_NAME), OpenFlags::SQLITE_OPEN_READ_ONLY).expect("opened")
}

/// Asserts what must hold in every database, whatever happened to it.
pub fn assert_sound(data_dir: &Path) {
    let database = database(data_dir);
    let integrity: String =
        database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("checked");
    assert_eq!(integrity, "ok");
    for (what, sql) in [
        ("rows that refer to nothing", "SELECT count(*) FROM pragma_foreign_key_check"),
        (
            "custom groups without an admin",
            "SELECT count(*) FROM custom_groups WHERE number NOT IN
             (SELECT group_number FROM custom_group_members WHERE role = 'admin')",
        ),
        (
            "members who are no users",
            "SELECT count(*) FROM custom_group_members WHERE user_id NOT IN (SELECT id FROM users)",
        ),
        (
            "display names that are taken twice",
            "SELECT count(*) - count(DISTINCT display_name_folded) FROM custom_groups",
        ),
    ] {
        let found: i64 = database.query_row(sql, [], |row| row.get(0)).expect(what);
        assert_eq!(found, 0, "{what}");
    }
}

/// A mount that is taken away when dropped.
pub struct Mount {
    pub directory: tempfile::TempDir,
}

impl Mount {
    /// A file system in memory, if this process may mount one.
    pub fn in_memory(size: &str) -> Option<Self> {
        let directory = tempfile::tempdir().expect("temporary directory");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(directory.path());
        let mounted = mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        mounted.then_some(Self { directory })
    }

    /// Lets nobody write any more.
    pub fn make_read_only(&self) {
        let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(self.directory.path()).status();
        assert!(remounted.expect("mount").success(), "remounted");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // If somebody is still in there, it goes with the machine.
        let _ = Command::new("umount").arg("-l").arg(self.directory.path()).status();
    }
}
