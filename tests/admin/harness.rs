//! Running the program in a directory of its own, and a server beside it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// A data directory that is not there yet, in a directory for other files.
pub struct Scratch {
    pub directory: tempfile::TempDir,
}

impl Scratch {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("temporary directory") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn data_dir(&self) -> PathBuf {
        self.path("data")
    }

    /// The program, with nothing of this process's environment that could configure it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_davgroups"));
        command.env_clear().args(arguments).arg("--data-dir").arg(self.data_dir()).stdin(Stdio::null());
        command
    }

    /// What the program prints; it has to succeed.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> String {
        stdout(&self.command(arguments).output().expect("ran"))
    }

    /// The same with something on its standard input.
    #[track_caller]
    pub fn run_with(&self, arguments: &[&str], input: &str) -> String {
        stdout(&self.output_with(arguments, input))
    }

    pub fn output_with(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("started");
        // A command that refuses its arguments does not read.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        child.wait_with_output().expect("ended")
    }

    /// Asserts that the program fails with `code` and one line that contains `reason`.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str], code: i32, reason: &str) {
        let output = self.command(arguments).output().expect("ran");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(reason), "{arguments:?}: {said}");
        assert!(said.starts_with("davgroups: ") && said.matches('\n').count() == 1, "{said}");
        assert!(output.stdout.is_empty());
    }

    /// Makes users whose passwords are `pw-` and their ids.
    pub fn add_users(&self, ids: &[&str]) {
        for id in ids {
            self.run_with(&["user", "add", id], &format!("pw-{id}\n"));
        }
    }

    /// A server over the directory.
    pub fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    pub fn serve_with(&self, arguments: &[&str]) -> Server {
        let mut command = self.command(&["serve"]);
        if !arguments.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.args(arguments).env("DAVGROUPS_ADMIN_PASSWORD", "adminpw");
        let log = File::create(self.path("server.log")).expect("a log");
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("started");
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        stdout.read_line(&mut line).expect("the first line");
        let (_, place) = line.trim_end().split_once(" at ").expect("a place");
        let address = match place.strip_prefix("http://") {
            Some(url) => url.split('/').next().expect("an address"),
            None => place,
        };
        Server { address: address.to_owned(), child }
    }
}

/// A server on a free port; killed when dropped.
pub struct Server {
    pub address: String,
    child: Child,
}

impl Server {
    /// Status and body of a request.
    pub fn request(&self, method: &str, path: &str, login: &str, password: &str) -> (u16, String) {
        request(&self.address, method, path, login, password)
    }

    /// The status of a request that any user may make.
    pub fn login(&self, login: &str, password: &str) -> u16 {
        self.request("GET", "/ocs/v2.php/cloud/user", login, password).0
    }
}

/// Status and body of a request.
pub fn request(address: &str, method: &str, path: &str, login: &str, password: &str) -> (u16, String) {
    let credentials = BASE64_STANDARD.encode(format!("{login}:{password}"));
    let mut stream = TcpStream::connect(address).expect("connected");
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {credentials}\r\nConnection: close\r\n\r\n"
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let status = answer.split(' ').nth(1).expect("a status").parse().expect("a number");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    (status, body.to_owned())
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; there is nothing else to be done here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
pub fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}
