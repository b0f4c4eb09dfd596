//! Being told to stop, and a second server.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::harness::{Server, assert_sound, configure, database, davgroups, fill};
use crate::load;

/// A client whose request finds the connection closed does not know what became of it. What proves that
/// every request which was accepted was also answered: none that was not answered has been done.
#[test]
fn every_request_that_is_done_is_answered_before_the_end() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let mut writers = load::writers(16, 1);
    let names: Vec<_> = writers.iter().map(|writer| writer.name.clone()).collect();
    fill(directory.path(), &names);
    for _ in 0..3 {
        load::run(Server::start(directory.path()), &mut writers, |server| {
            sleep(Duration::from_millis(300));
            server.terminate();
            assert_eq!(server.wait(), Some(0));
        });
        assert_sound(directory.path());
        for writer in &mut writers {
            let asked = format!("{:?}", writer.unanswered);
            assert!(!writer.check(directory.path()), "{asked} was done and not answered");
        }
    }
    println!("3 rounds of SIGTERM: {}", load::summary(&writers));
}

#[test]
fn a_second_server_is_refused_and_disturbs_nobody() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let mut writers = load::writers(4, 2);
    let names: Vec<_> = writers.iter().map(|writer| writer.name.clone()).collect();
    fill(directory.path(), &names);
    load::run(Server::start(directory.path()), &mut writers, |server| {
        wait_until_all_write(directory.path(), names.len());
        for _ in 0..3 {
            let second = davgroups(directory.path()).output().expect("run");
            let said = String::from_utf8_lossy(&second.stderr);
            assert_eq!(second.status.code(), Some(1), "{said}");
            assert!(said.contains("is already being served by another davgroups"), "{said}");
        }
        server.kill();
    });
    assert_sound(directory.path());
    for writer in &mut writers {
        writer.check(directory.path());
        assert!(writer.answered > 0, "{} was kept from writing", writer.name);
    }
}

/// Passwords that were in memory are on no disk afterwards, whatever the shell allows.
#[cfg(target_os = "linux")]
#[test]
fn a_crash_leaves_no_image_of_the_memory() {
    use std::os::unix::process::ExitStatusExt;
    let crash = |program: &str| {
        let directory = tempfile::tempdir().expect("temporary directory");
        let mut shell = Command::new("bash");
        shell.args(["-c", &format!("ulimit -c unlimited && cd \"$0\" && {program}")]);
        shell.arg(directory.path()).arg(env!("CARGO_BIN_EXE_davgroups"));
        configure(&mut shell, directory.path());
        let mut process = shell.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("it runs");
        let kill = format!("kill -ABRT {}", process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
        let ended = process.wait().expect("ended");
        assert_eq!(ended.signal(), Some(6), "{line}");
        ended.core_dumped()
    };
    if !crash("echo running && exec sleep 60") {
        println!("skipped: this system writes no images of any process");
        return;
    }
    assert!(!crash("exec \"$1\""));
}

/// Waits until so many users have made several changes, all but the last of which were answered.
fn wait_until_all_write(data_dir: &Path, users: usize) {
    let database = database(data_dir);
    let busy = "SELECT count(*) FROM
                    (SELECT actor FROM audit WHERE actor IS NOT NULL GROUP BY actor HAVING count(*) > 8)";
    let count = || database.query_row(busy, [], |row| row.get::<_, u32>(0)).expect("counted");
    while (count() as usize) < users {
        sleep(Duration::from_millis(5));
    }
}
