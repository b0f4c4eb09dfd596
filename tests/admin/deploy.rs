//! The files in `deploy/` for systemd, and what those for proxies in [`crate::proxies`] share with them.
//!
//! Where a program is missing these tests say so and end; `tests/run` installs them all, and in a CI
//! they have to be there.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
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

/// What the image is built from is all that its build sees; nothing here can build it.
#[test]
fn the_image_is_built_from_what_it_copies() {
    let root = &fs::canonicalize(DEPLOY).expect("there").join("..").canonicalize().expect("the repository");
    let recipe = fs::read_to_string(format!("{DEPLOY}/Containerfile")).expect("read");
    let context = tempfile::tempdir().expect("a directory");
    for line in recipe.lines().filter(|line| line.starts_with("COPY ") && !line.contains("--from=")) {
        let words: Vec<_> = line.split_whitespace().skip(1).collect();
        let (target, sources) = words.split_last().expect("a target");
        // A directory is copied as what is in it.
        let target = context.path().join(target);
        for source in sources.iter().map(|source| root.join(source)) {
            let from = if source.is_dir() { source.join(".") } else { source };
            fs::create_dir_all(&target).expect("made");
            assert!(
                program("cp").arg("-r").arg(&from).arg(&target).status().expect("cp").success(),
                "{from:?}"
            );
        }
    }
    // Cargo looks for all that the manifest names before it looks for what it is to build.
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--offline", "--locked", "--bin", "nothing"]).current_dir(context.path());
    let said = String::from_utf8(cargo.output().expect("cargo").stderr).expect("text");
    assert!(said.contains("no bin target named `nothing`"), "{said}");
    for path in included(&root.join("src")) {
        let within = path.strip_prefix(root).expect("of the repository");
        assert!(context.path().join(within).is_file(), "{within:?} is not copied");
    }
}

/// The files that the sources of the program below `directory` include, tests left aside.
fn included(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("read").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            found.extend(included(&entry));
            continue;
        }
        let Ok(text) = fs::read_to_string(&entry) else { continue };
        let program = text.split("#[cfg(test)]").next().unwrap_or_default();
        for macros in ["include_str!(\"", "include_bytes!(\""] {
            let names = program.split(macros).skip(1).filter_map(|rest| rest.split('"').next());
            found.extend(names.map(|name| directory.join(name).canonicalize().expect(name)));
        }
    }
    found
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
