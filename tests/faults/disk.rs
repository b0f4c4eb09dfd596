//! Disks that are full, limited or read-only.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Client, GROUPS, Mount, Server, assert_sound, configure, davgroups, fill};
use crate::model::State;

/// Makes groups until one is refused; returns how many there are and the status of the refusal.
fn make_until_refused(client: &mut Client) -> (usize, u16) {
    for made in 0..20_000 {
        let status = client.status("MKCOL", &group(made), "");
        if status != 201 {
            return (made, status);
        }
    }
    panic!("the disk was never full");
}

fn group(number: usize) -> String {
    format!("{GROUPS}/client00-{number}-{}", "x".repeat(40))
}

/// Everything that was acknowledged is there, and nothing that was refused.
fn assert_groups(data_dir: &Path, count: usize) {
    assert_sound(data_dir);
    assert_eq!(State::stored(data_dir, "client00").uris().count(), count);
}

#[test]
fn a_full_disk_refuses_writes_and_nothing_else() {
    let Some(mount) = Mount::in_memory("4m") else {
        println!("skipped: this process may not mount a small file system");
        return;
    };
    let data_dir = mount.directory.path().join("data");
    fill(&data_dir, &["client00"]);
    let filler = mount.directory.path().join("filler");
    fs::write(&filler, vec![0; 1 << 20]).expect("written");
    let server = Server::start(&data_dir);
    let mut client = server.client("client00");

    let (made, status) = make_until_refused(&mut client);
    assert_eq!(status, 507);
    assert_groups(&data_dir, made);
    assert_eq!(client.status("PROPFIND", &group(0), ""), 207, "reading goes on");
    assert_eq!(client.status("MKCOL", &group(made), ""), 507);

    fs::remove_file(&filler).expect("removed");
    assert_eq!(client.status("MKCOL", &group(made), ""), 201, "writing goes on when there is space");
    server.kill();
    let server = Server::start(&data_dir);
    assert_groups(&data_dir, made + 1);
    assert_eq!(server.client("client00").status("PROPFIND", &group(made), ""), 207);
    println!("disk full: {made} writes acknowledged, 0 lost");
}

/// As with a failing disk, a write in the middle of a file is refused by the system (EFBIG).
#[test]
fn writes_that_the_system_refuses_are_refused() {
    let directory = tempfile::tempdir().expect("temporary directory");
    fill(directory.path(), &["client00"]);
    let mut limited = Command::new("bash");
    let limit = "trap '' XFSZ; ulimit -f 1024; exec \"$0\"";
    limited.args(["-c", limit, env!("CARGO_BIN_EXE_davgroups")]);
    configure(&mut limited, directory.path());
    let server = Server::spawn(&mut limited);
    let mut client = server.client("client00");

    let (made, status) = make_until_refused(&mut client);
    assert!(matches!(status, 503 | 507), "{status}");
    assert_groups(directory.path(), made);
    assert_eq!(client.status("PROPFIND", &group(0), ""), 207, "reading goes on");
    server.kill();

    let server = Server::start(directory.path());
    assert_groups(directory.path(), made);
    assert_eq!(server.client("client00").status("MKCOL", &group(made), ""), 201);
    println!("writes refused by the system: {made} acknowledged, 0 lost");
}

/// A program's fsync that fails while the file `FAIL_SYNC` is there.
const FAILING_SYNC: &str = r#"
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failing(void) {
    const char *file = getenv("FAIL_SYNC");
    return file && access(file, F_OK) == 0;
}

int fsync(int fd) {
    if (failing()) { errno = EIO; return -1; }
    return syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
    if (failing()) { errno = EIO; return -1; }
    return syscall(SYS_fdatasync, fd);
}
"#;

/// A data directory, and a server on it whose syncs fail while the file that is returned is there.
#[cfg(target_os = "linux")]
fn server_that_fails_to_sync(directory: &Path) -> (PathBuf, Server, PathBuf) {
    let data_dir = directory.join("data");
    fill(&data_dir, &["client00"]);
    let (source, shim) = (directory.join("shim.c"), directory.join("shim.so"));
    fs::write(&source, FAILING_SYNC).expect("written");
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&shim).arg(&source).status();
    assert!(compiled.expect("a C compiler").success());
    let switch = directory.join("fail");
    let server = Server::spawn(davgroups(&data_dir).env("LD_PRELOAD", &shim).env("FAIL_SYNC", &switch));
    (data_dir, server, switch)
}

/// What could not be made durable is not acknowledged.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_cannot_sync_refuses_writes() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let (data_dir, server, switch) = server_that_fails_to_sync(directory.path());
    let mut client = server.client("client00");
    assert_eq!(client.status("MKCOL", &group(0), ""), 201);

    fs::write(&switch, "").expect("written");
    for number in 1..4 {
        let reply = client.send("MKCOL", &group(number), "").expect("answered");
        assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")), "{reply:?}");
        assert!(!reply.body.contains("I/O"), "the reason is for the log: {reply:?}");
    }
    assert_groups(&data_dir, 1);
    assert_eq!(client.status("PROPFIND", &group(0), ""), 207, "reading goes on");

    fs::remove_file(&switch).expect("removed");
    assert_eq!(client.status("MKCOL", &group(9), ""), 201, "writing goes on when the disk is well");
    server.kill();
    Server::start(&data_dir);
    assert_groups(&data_dir, 2);
}

/// Nor is it there after a crash: it had been written, and nothing but the sync was missing.
#[cfg(target_os = "linux")]
#[test]
fn what_could_not_be_synced_does_not_come_back() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let (data_dir, server, switch) = server_that_fails_to_sync(directory.path());
    let mut client = server.client("client00");
    assert_eq!(client.status("MKCOL", &group(0), ""), 201);
    fs::write(&switch, "").expect("written");
    assert_eq!(client.status("MKCOL", &group(1), ""), 503);
    server.kill();
    Server::start(&data_dir);
    assert_groups(&data_dir, 1);
}

#[test]
fn a_read_only_file_system_is_refused_at_the_start() {
    let Some(mount) = Mount::in_memory("4m") else {
        println!("skipped: this process may not mount a small file system");
        return;
    };
    let data_dir = mount.directory.path().join("data");
    fill(&data_dir, &["client00"]);
    mount.make_read_only();
    for data_dir in [data_dir, mount.directory.path().join("new")] {
        let output = davgroups(&data_dir).output().expect("run");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.starts_with("davgroups: ") && said.contains(&*data_dir.to_string_lossy()), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}
