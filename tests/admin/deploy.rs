//! The files in `deploy/`, with the programs they are for.
//!
//! Where nginx or systemd-analyze is missing these tests say so and end; `tests/run` installs both, and
//! in a CI they have to be there.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::harness::{Scratch, request};

const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy");

/// A program that administrators have, who are not all root.
fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
    command
}

fn is_missing(name: &str, version: &str) -> bool {
    let missing = program(name).arg(version).output().is_err();
    assert!(!missing || std::env::var_os("CI").is_none(), "{name} is missing");
    if missing {
        eprintln!("{name} is missing; nothing is tested");
    }
    missing
}

/// An nginx with one of our files, in front of a server; killed when dropped.
struct Nginx {
    child: Child,
    address: String,
}

impl Nginx {
    fn start(directory: &Path, file: &str, backend: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("an address").to_string();
        let ours = fs::read_to_string(format!("{DEPLOY}/nginx/{file}")).expect(file);
        assert!(ours.contains("http://127.0.0.1:8080;"));
        let ours = ours.replace("127.0.0.1:8080", backend);
        fs::write(directory.join("ours.conf"), ours).expect("written");
        let place = directory.display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {place}/{kind};"))
            .join("\n");
        let main = format!(
            "daemon off; master_process off; pid {place}/nginx.pid; error_log {place}/error.log; events {{}}
             http {{ access_log off; {temporary} server {{ listen {address}; include {place}/ours.conf; }} }}"
        );
        fs::write(directory.join("nginx.conf"), main).expect("written");
        drop(free);
        let nginx = || {
            let mut nginx = program("nginx");
            nginx.arg("-e").arg(directory.join("error.log")).arg("-p").arg(directory);
            nginx.arg("-c").arg(directory.join("nginx.conf"));
            nginx
        };
        let checked = nginx().arg("-t").output().expect("ran");
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
        let child = nginx().stderr(Stdio::null()).spawn().expect("started");
        let nginx = Self { child, address };
        for _ in 0..500 {
            if TcpStream::connect(&nginx.address).is_ok() {
                return nginx;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("nginx does not answer: {:?}", fs::read_to_string(directory.join("error.log")));
    }

    fn request(&self, method: &str, path: &str) -> (u16, String) {
        request(&self.address, method, path, "admin", "adminpw")
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It may have ended already; there is nothing else to be done here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a client does through a proxy, below `base`.
fn work_through(nginx: &Nginx, base: &str) {
    let groups = format!("{base}/remote.php/dav/customgroups/groups");
    assert_eq!(request(&nginx.address, "PROPFIND", &groups, "admin", "wrong").0, 401);
    assert_eq!(nginx.request("MKCOL", &format!("{groups}/%C3%A9quipe")).0, 201);
    let (status, body) = nginx.request("PROPFIND", &format!("{groups}//%C3%A9quipe"));
    assert_eq!(status, 207);
    assert!(body.to_lowercase().contains(&format!("<d:href>{groups}/%c3%a9quipe/</d:href>")), "{body}");
    assert_eq!(nginx.request("DELETE", &format!("{groups}/%C3%A9quipe")).0, 204);
    let ocs = format!("{base}/ocs/v2.php/cloud/groups");
    assert_eq!(nginx.request("POST", &format!("{ocs}?groupid=Mgmt%2FSydney")).0, 200);
    assert_eq!(nginx.request("GET", &format!("{ocs}/Mgmt%2FSydney")).0, 200);
    assert_eq!(nginx.request("OPTIONS", &format!("{base}/")).0, 200);
}

#[test]
fn nginx_in_front_changes_nothing() {
    if is_missing("nginx", "-v") {
        return;
    }
    let scratch = Scratch::new();
    let server = scratch.serve();
    let nginx = Nginx::start(scratch.directory.path(), "davgroups.conf", &server.address);
    work_through(&nginx, "");
}

#[test]
fn nginx_in_front_below_a_path() {
    if is_missing("nginx", "-v") {
        return;
    }
    let scratch = Scratch::new();
    let server = scratch.serve_with(&["--base-path", "/owncloud"]);
    let nginx = Nginx::start(scratch.directory.path(), "owncloud.conf", &server.address);
    work_through(&nginx, "/owncloud");
    assert_eq!(nginx.request("GET", "/elsewhere").0, 404);
}

#[test]
fn systemd_understands_the_unit_and_finds_it_hardened() {
    if is_missing("systemd-analyze", "--version") {
        return;
    }
    let scratch = Scratch::new();
    let unit = scratch.path("davgroups.service");
    let text = fs::read_to_string(format!("{DEPLOY}/davgroups.service")).expect("read");
    let installed = "/usr/local/bin/davgroups serve";
    assert!(text.contains(installed));
    fs::write(&unit, text.replace(installed, &format!("{} serve", env!("CARGO_BIN_EXE_davgroups"))))
        .expect("written");
    for arguments in [&["verify"][..], &["security", "--offline=true", "--threshold=15"]] {
        let output = program("systemd-analyze").args(arguments).arg(&unit).output().expect("ran");
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
    }
}

#[test]
fn systemd_is_told_when_the_server_is_ready() {
    let scratch = Scratch::new();
    let path = scratch.path("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
    let mut command = scratch.command(&["serve", "--listen", "127.0.0.1:0"]);
    let mut child = command.env("NOTIFY_SOCKET", &path).stdout(Stdio::null()).spawn().expect("started");
    let received = || {
        let mut message = [0; 256];
        let length = socket.recv(&mut message).expect("a message");
        String::from_utf8_lossy(&message[..length]).trim().to_owned()
    };
    assert_eq!(received(), "READY=1");
    let mut kill = Command::new("sh");
    assert!(kill.args(["-c", &format!("kill {}", child.id())]).status().expect("a shell").success());
    assert_eq!(received(), "STOPPING=1");
    assert!(child.wait().expect("ended").success());
}
