//! Starting the server on a store with some users, and talking to it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use davgroups::domain::{GroupId, NewUser, PasswordHash, Quota, UserId, UserName};
use davgroups::store::Store;
use davgroups::store::sqlite::SqliteStore;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

/// Users of every test; the password of each is `pw-<id>`. `admin` is the administrator, `erin` is
/// subadmin of `staff`, where `frank` is a member too.
pub const USERS: [&str; 8] = ["admin", "alice", "bob", "carol", "dave", "erin", "frank", "Mixed.Case"];

/// The root of the tree.
pub const ROOT: &str = "/remote.php/dav/customgroups";

/// The log, in the data directory.
const LOG: &str = "stderr.log";

/// A running server with a store of its own. Dropping it ends the process.
pub struct Server {
    process: Child,
    /// `127.0.0.1:port`, or `unix:/path`
    pub address: String,
    data: TempDir,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Server {
    /// Under `owncloud`, with everything at its default.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// With configuration keys given by the environment, as `("COMPAT", "documented")`.
    pub fn with(keys: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("temporary directory");
        fill(&SqliteStore::open(data.path()).expect("new store"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_davgroups"));
        command.args(["serve", "--data-dir"]).arg(data.path()).env("DAVGROUPS_LISTEN", "127.0.0.1:0");
        command.envs(keys.iter().map(|(key, value)| (format!("DAVGROUPS_{key}"), value)));
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(data.path().join(LOG)).expect("a log"))
            .spawn()
            .expect("started");
        let address = listening_address(&mut process);
        Self { process, address, data }
    }

    /// Sends a request as `user` (`""`: without credentials).
    pub fn send(&self, user: &str, method: &str, path: &str, body: &str) -> Reply {
        self.send_with(user, method, path, &[], body.as_bytes())
    }

    /// The same with further headers.
    pub fn send_with(
        &self,
        user: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        if !user.is_empty() {
            let credentials = STANDARD.encode(format!("{user}:pw-{user}"));
            request += &format!("Authorization: Basic {credentials}\r\n");
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += &format!("Content-Length: {}\r\n\r\n", body.len());
        self.send_bytes(&[request.as_bytes(), body].concat())
    }

    /// Sends just these bytes.
    pub fn send_bytes(&self, bytes: &[u8]) -> Reply {
        if let Some(socket) = self.address.strip_prefix("unix:") {
            let stream = UnixStream::connect(socket).expect("connected");
            stream.set_read_timeout(Some(Duration::from_secs(30))).expect("timeout");
            return converse(stream, bytes);
        }
        let stream = TcpStream::connect(&self.address).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("timeout");
        converse(stream, bytes)
    }

    /// Waits for the process to end, which has to be asked to.
    pub fn wait(&mut self) -> ExitStatus {
        self.process.wait().expect("ended")
    }

    /// Sends a signal to the process.
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("sh");
        let sent = kill.args(["-c", &format!("kill -{name} {}", self.process.id())]).status();
        assert!(sent.expect("a shell").success());
    }

    /// Waits for a line of the log with all of these texts.
    pub fn wait_for_line(&self, texts: &[&str]) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.log().lines().any(|line| texts.iter().all(|text| line.contains(text))) {
            assert!(Instant::now() < deadline, "no line with {texts:?} in {}", self.log());
            sleep(Duration::from_millis(10));
        }
    }

    /// Runs a command of the operator beside the server, and says what it printed.
    pub fn operate(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_davgroups"));
        command.args(arguments).arg("--data-dir").arg(self.data.path());
        let output = command.stdin(Stdio::null()).output().expect("ran");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Changes the database beside the server.
    pub fn alter(&self, sql: &str) {
        let database = Connection::open(self.data.path().join("davgroups.db")).expect("a database");
        database.execute_batch(sql).expect("altered");
    }

    /// What was logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.data.path().join(LOG)).expect("a log")
    }

    /// Every row of every table but the records of what was asked (the audit) and of who logged in when.
    pub fn rows(&self) -> Vec<String> {
        let path = self.data.path().join("davgroups.db");
        let database =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a database");
        let tables = "SELECT m.name, group_concat(quote(c.name), ',') FROM sqlite_schema m, pragma_table_info(m.name) c
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '%\\_search%' ESCAPE '\\'
               AND m.name NOT LIKE 'audit%' AND c.name NOT LIKE 'last_%' GROUP BY 1 ORDER BY 1";
        let mut found = database.prepare(tables).expect("prepared");
        let tables = found.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("tables");
        let tables: Vec<(String, String)> = tables.collect::<Result<_, _>>().expect("read");
        assert!(tables.len() >= 5, "{tables:?}");
        tables
            .iter()
            .flat_map(|(table, columns)| rows_of(&database, table, &columns.replace('\'', "\"")))
            .collect()
    }

    /// The custom groups as the administrator sees them: uri and display name, then `user role` lines.
    pub fn state(&self) -> BTreeMap<String, Vec<String>> {
        let body = propfind(&["oc:display-name"]);
        let listing = self.send("admin", "PROPFIND", &format!("{ROOT}/groups/"), &body).responses();
        listing
            .into_iter()
            .filter(|response| response.href != format!("{ROOT}/groups/"))
            .map(|group| {
                let body = propfind(&["oc:user-id", "oc:role"]);
                let members = self.send("admin", "PROPFIND", &group.href, &body).responses();
                let mut lines: Vec<String> = members[1..]
                    .iter()
                    .map(|member| format!("{} {}", member.props["user-id"], member.props["role"]))
                    .collect();
                lines.insert(0, group.props["display-name"].clone());
                (group.href.clone(), lines)
            })
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn converse(mut stream: impl Read + Write, bytes: &[u8]) -> Reply {
    // A server that refuses early may close before everything is sent.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Reply::parse(&String::from_utf8_lossy(&answer))
}

fn rows_of(database: &Connection, table: &str, columns: &str) -> Vec<String> {
    let select = format!("SELECT {columns} FROM {table} ORDER BY {columns}");
    let mut found = database.prepare(&select).expect("prepared");
    let width = found.column_count();
    let rows = found.query_map([], |row| {
        let cells: Vec<Value> = (0..width).map(|cell| row.get(cell)).collect::<Result<_, _>>()?;
        Ok(format!("{table} {cells:?}"))
    });
    rows.expect("rows").collect::<Result<_, _>>().expect("read")
}

fn listening_address(process: &mut Child) -> String {
    let stdout = BufReader::new(process.stdout.take().expect("stdout"));
    let mut lines = stdout.lines();
    let address = loop {
        let line = lines.next().expect("the server ended before it listened").expect("text");
        if let Some((_, socket)) = line.split_once(" at unix:") {
            break format!("unix:{socket}");
        }
        if let Some((_, rest)) = line.split_once("://") {
            break rest.split(['/', ' ']).next().expect("address").to_owned();
        }
    };
    // What else it says is read and dropped, so that it never waits for us.
    std::thread::spawn(move || lines.for_each(drop));
    address
}

/// Users and groups, straight into the store. The passwords are hashed as cheaply as argon2 allows, since
/// a verifier takes the parameters from the hash.
fn fill(store: &SqliteStore) {
    let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).expect("params"));
    let store: &dyn Store = store;
    let users = USERS.map(|id| {
        let hash = cheap.hash_password(format!("pw-{id}").as_bytes()).expect("hashed");
        NewUser {
            id: UserId::new(id).expect("valid"),
            password: PasswordHash::new(hash.to_string()),
            display_name: UserName::stored(format!("{id} <{id}>")),
            email: None,
            quota: Quota::Default,
        }
    });
    store
        .write_blocking(move |tx| {
            let [staff, admin] = [GroupId::new("staff")?, GroupId::admin()];
            tx.insert_group(&staff)?;
            for user in &users {
                tx.insert_user(user)?;
            }
            tx.add_to_group(&admin, &users[0].id)?;
            tx.add_to_group(&staff, &users[5].id)?;
            tx.add_to_group(&staff, &users[6].id)?;
            tx.add_subadmin(&staff, &users[5].id)
        })
        .expect("filled");
}

/// The body of a PROPFIND for properties written with the prefixes `d` and `oc`.
pub fn propfind(props: &[&str]) -> String {
    let props: String = props.iter().map(|prop| format!("<{prop}/>")).collect();
    format!(
        r#"<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop>{props}</d:prop></d:propfind>"#
    )
}

/// The body of a PROPPATCH that sets one property.
pub fn set(prop: &str, value: &str) -> String {
    format!(
        r#"<d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:set><d:prop><{prop}>{value}</{prop}></d:prop></d:set></d:propertyupdate>"#
    )
}

/// One response of a multistatus: the values of properties that are there, and the statuses of all.
#[derive(Debug)]
pub struct Response {
    pub href: String,
    pub props: BTreeMap<String, String>,
    pub statuses: BTreeMap<String, u16>,
}

impl Reply {
    pub fn parse(answer: &str) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        Self { status: status.unwrap_or(0), headers, body: body.to_owned() }
    }

    /// A header, or `""`.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The short name of the exception in a `d:error`, or `""`. The error must be well-formed.
    pub fn exception(&self) -> String {
        let exception = roxmltree::Document::parse(&self.body)
            .ok()
            .and_then(|document| {
                let name = ("http://sabredav.org/ns", "exception");
                document
                    .descendants()
                    .find(|node| node.has_tag_name(name))
                    .map(|node| node.text().unwrap_or("").to_owned())
            })
            .unwrap_or_default();
        exception.rsplit('\\').next().unwrap_or_default().to_owned()
    }

    /// The responses of a multistatus.
    pub fn responses(&self) -> Vec<Response> {
        assert_eq!(self.status, 207, "{self:?}");
        let document = roxmltree::Document::parse(&self.body).expect(&self.body);
        let dav = |local| move |node: &roxmltree::Node<'_, '_>| node.has_tag_name(("DAV:", local));
        document
            .root_element()
            .children()
            .filter(dav("response"))
            .map(|response| {
                let href =
                    response.children().find(dav("href")).and_then(|href| href.text()).unwrap_or_default();
                let mut read =
                    Response { href: href.to_owned(), props: BTreeMap::new(), statuses: BTreeMap::new() };
                for propstat in response.children().filter(dav("propstat")) {
                    let status = propstat
                        .children()
                        .find(dav("status"))
                        .and_then(|status| status.text())
                        .expect("status");
                    let status: u16 = status.split(' ').nth(1).expect("code").parse().expect("number");
                    for prop in propstat.children().find(dav("prop")).expect("prop").children() {
                        let name = prop.tag_name().name().to_owned();
                        if status == 200 {
                            let children: Vec<_> =
                                prop.children().filter(roxmltree::Node::is_element).collect();
                            let names = children
                                .iter()
                                .map(|child| child.tag_name().name())
                                .collect::<Vec<_>>()
                                .join(" ");
                            let value = if children.is_empty() {
                                prop.text().unwrap_or("").to_owned()
                            } else {
                                names
                            };
                            read.props.insert(name.clone(), value);
                        }
                        read.statuses.insert(name, status);
                    }
                }
                read
            })
            .collect()
    }

    /// The hrefs of a multistatus below the root of the tree.
    pub fn hrefs(&self) -> Vec<String> {
        self.responses().into_iter().map(|response| response.href.replace(ROOT, "~")).collect()
    }
}
