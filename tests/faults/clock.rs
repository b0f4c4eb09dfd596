//! A clock that jumps.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;

use crate::harness::{GROUPS, Server, assert_sound, davgroups, fill};
use crate::model::{State, set};

/// libfaketime, where its package is installed.
fn library() -> Option<PathBuf> {
    let below = fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok);
    let mut paths = below.map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"));
    paths.find(|path| path.exists())
}

/// One of the first user, with an end.
fn token(data_dir: &Path) -> String {
    let mut create = davgroups(data_dir);
    create.args(["token", "create", "--user", "client00", "--scope", "read", "--expires", "90d"]);
    let made = create.args(["--output", "json"]).output().expect("run");
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).expect("JSON");
    made["token"].as_str().expect("a token").to_owned()
}

/// Whether a token lets somebody in.
fn lets_in(server: &Server, token: &str) -> bool {
    let basic = STANDARD.encode(format!("client00:{token}"));
    let request = format!(
        "GET /ocs/v2.php/cloud/user HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic {basic}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(&server.address).expect("connected");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    answer.starts_with("HTTP/1.1 200 ")
}

/// Members keep their order, the group passes to whoever joined first, and logins go on. A token ends by the
/// clock as it is.
#[test]
fn a_clock_that_jumps_changes_no_order() {
    let Some(library) = library() else {
        println!("skipped: libfaketime is not installed");
        return;
    };
    let directory = tempfile::tempdir().expect("temporary directory");
    let data_dir = directory.path().join("data");
    let members = ["client00", "client00-zoe", "client00-bob", "client00-ann"];
    fill(&data_dir, &members);
    let clock = directory.path().join("clock");
    fs::write(&clock, "+0").expect("written");
    let server = Server::spawn(
        davgroups(&data_dir)
            .env("LD_PRELOAD", &library)
            .env("FAKETIME_TIMESTAMP_FILE", &clock)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    );
    let mut client = server.client("client00");
    let team = format!("{GROUPS}/client00-team");
    assert_eq!(client.status("MKCOL", &team, ""), 201);
    assert_eq!(client.status("PUT", &format!("{team}/client00-zoe"), ""), 201);
    let token = token(&data_dir);
    assert!(lets_in(&server, &token));
    fs::write(&clock, "+4000d").expect("put forward");
    assert_eq!(client.status("PUT", &format!("{team}/client00-bob"), ""), 201);
    assert!(!lets_in(&server, &token));
    fs::write(&clock, "-2000d").expect("put back");
    assert_eq!(client.status("PUT", &format!("{team}/client00-ann"), ""), 201);
    assert!(lets_in(&server, &token));

    let created: String = crate::harness::database(&data_dir)
        .query_row(
            "SELECT group_concat(user_id) FROM (SELECT user_id FROM custom_group_members ORDER BY joined_at)",
            [],
            |row| row.get(0),
        )
        .expect("read");
    assert_eq!(created, members.join(","));
    assert_eq!(server.client("client00-ann").status("DELETE", "/ocs/v2.php/cloud/users/client00", ""), 200);
    let mut zoe = server.client("client00-zoe");
    assert_eq!(zoe.status("PROPPATCH", &team, &set("display-name", "Ours")), 207, "the first to join");
    assert_eq!(State::stored(&data_dir, "client00").uris().collect::<Vec<_>>(), ["client00-team"]);
    let admins: String = crate::harness::database(&data_dir)
        .query_row("SELECT group_concat(user_id) FROM custom_group_members WHERE role = 'admin'", [], |row| {
            row.get(0)
        })
        .expect("read");
    assert_eq!(admins, "client00-zoe");
    assert_sound(&data_dir);
}
