//! More writes than can be made.

use std::fs;

use rusqlite::Connection;

use crate::harness::{GROUPS, Reply, Server, assert_sound, davgroups, fill};
use crate::model::State;

/// As many writes wait at most, and as many are with the writing thread at most.
const WAITING: usize = 1024 + 256;

/// How many files this process may have open.
fn open_files() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    line.and_then(|line| line.split_whitespace().nth(3)).and_then(|soft| soft.parse().ok()).unwrap_or(0)
}

fn assert_busy(reply: &Reply) {
    assert_eq!(reply.status, 503, "{reply:?}");
    assert_eq!(reply.header("retry-after"), Some("1"), "{reply:?}");
}

/// Another program holds the database, so that what is asked for waits, and then is refused.
#[test]
fn a_full_queue_says_when_to_come_again() {
    let clients = WAITING + 20;
    if open_files() < clients + 100 {
        println!("skipped: this process may not open {clients} connections; try ulimit -n 4096");
        return;
    }
    let directory = tempfile::tempdir().expect("temporary directory");
    fill(directory.path(), &["client00"]);
    let server = Server::spawn(
        davgroups(directory.path())
            .env("DAVGROUPS_MAX_CONNECTIONS", "2000")
            .env("DAVGROUPS_MAX_CONNECTIONS_PER_ADDRESS", "0")
            .env("DAVGROUPS_LOG_LEVEL", "error"),
    );
    assert_eq!(server.client("client00").status("PROPFIND", GROUPS, ""), 207, "logged in");

    let database = Connection::open(directory.path().join("davgroups.db")).expect("opened");
    database.execute_batch("BEGIN IMMEDIATE").expect("held");
    let mut waiting: Vec<_> = (0..clients).map(|_| server.client("client00")).collect();
    for (number, client) in waiting.iter_mut().enumerate() {
        client.ask("MKCOL", &format!("{GROUPS}/client00-{number}"), "").expect("sent");
    }
    let mut last = server.client("client00");
    let refused = last.send("MKCOL", &format!("{GROUPS}/client00-late"), "").expect("answered");
    database.execute_batch("ROLLBACK").expect("let go");
    assert_busy(&refused);

    let replies: Vec<_> = waiting.iter_mut().map(|client| client.answer().expect("answered")).collect();
    let (made, busy): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    busy.iter().for_each(|reply| assert_busy(reply));
    assert!(busy.len() >= clients - WAITING, "{} refused", busy.len());
    assert_eq!(State::stored(directory.path(), "client00").uris().count(), made.len());
    assert_sound(directory.path());
    assert_eq!(last.status("MKCOL", &format!("{GROUPS}/client00-late"), ""), 201, "it goes on afterwards");
    println!("full queue: {} made, {} told to come again", made.len(), busy.len() + 1);
}

/// The same without many connections: the wait for the other program has an end.
#[test]
fn a_database_that_is_held_for_long_is_busy() {
    let directory = tempfile::tempdir().expect("temporary directory");
    fill(directory.path(), &["client00"]);
    let server = Server::start(directory.path());
    let mut client = server.client("client00");
    assert_eq!(client.status("MKCOL", &format!("{GROUPS}/client00-before"), ""), 201);
    let database = Connection::open(directory.path().join("davgroups.db")).expect("opened");
    database.execute_batch("BEGIN IMMEDIATE").expect("held");
    assert_busy(&client.send("MKCOL", &format!("{GROUPS}/client00-late"), "").expect("answered"));
    assert_eq!(client.status("PROPFIND", GROUPS, ""), 207, "reading goes on");
    database.execute_batch("ROLLBACK").expect("let go");
    assert_eq!(client.status("MKCOL", &format!("{GROUPS}/client00-late"), ""), 201);
}
