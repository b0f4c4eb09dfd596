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
fn systemd_understands_the_units_and_finds_them_hardened() {
    if is_missing("systemd-analyze", "--version") {
        return;
    }
    let scratch = Scratch::new();
    for unit in ["davgroups.service", "davgroups-backup.service", "davgroups-backup.timer"] {
        let text = fs::read_to_string(format!("{DEPLOY}/{unit}")).expect("read");
        let installed = "/usr/local/bin/davgroups ";
        assert!(text.contains(installed) || unit.ends_with(".timer"));
        let here = text.replace(installed, &format!("{} ", env!("CARGO_BIN_EXE_davgroups")));
        fs::write(scratch.path(unit), here).expect("written");
    }
    let analyze = |arguments: &[&str], unit: &str| {
        let mut command = program("systemd-analyze");
        let output = command.args(arguments).arg(scratch.path(unit)).output().expect("ran");
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{arguments:?} {unit}: {}", String::from_utf8_lossy(&said));
    };
    for unit in ["davgroups.service", "davgroups-backup.service"] {
        analyze(&["verify"], unit);
        analyze(&["security", "--offline=true", "--threshold=15"], unit);
    }
    analyze(&["verify"], "davgroups-backup.timer");
}

/// What the unit runs, but for its places.
#[test]
fn the_nightly_copy_is_made() {
    let scratch = Scratch::new();
    scratch.add_users(&["alice"]);
    let unit = fs::read_to_string(format!("{DEPLOY}/davgroups-backup.service")).expect("read");
    let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/bin/sh -c '")).expect("a command");
    let line = line.strip_suffix('\'').expect("a quote").replace("%%", "%");
    let place = scratch.directory.path().to_str().expect("text");
    let line = line
        .replace("/usr/local/bin/davgroups", env!("CARGO_BIN_EXE_davgroups"))
        .replace("/var/lib/davgroups-backups", place)
        .replace("/var/lib/davgroups", scratch.data_dir().to_str().expect("text"));
    for _ in 0..2 {
        assert!(Command::new("/bin/sh").args(["-c", &line]).status().expect("a shell").success(), "{line}");
    }
    let names = scratch.directory.path().read_dir().expect("read");
    let names = names.map(|entry| entry.expect("an entry").file_name().into_string().expect("text"));
    let copies: Vec<_> = names.filter(|name| name.starts_with("davgroups-")).collect();
    assert!(matches!(&copies[..], [one] if one.ends_with(".db")), "{copies:?}");
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
