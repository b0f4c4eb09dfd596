//! The files in `deploy/` for systemd, and what those for proxies in [`crate::proxies`] share with them.
//!
//! Where a program is missing these tests say so and end; `tests/run` installs them all, and in a CI
//! they have to be there.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::harness::Scratch;

pub const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy");

/// A program that administrators have, who are not all root.
pub fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
    command
}

pub fn is_missing(name: &str, version: &str) -> bool {
    let missing = program(name).arg(version).output().is_err();
    assert!(!missing || std::env::var_os("CI").is_none(), "{name} is missing");
    if missing {
        eprintln!("{name} is missing; nothing is tested");
    }
    missing
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
