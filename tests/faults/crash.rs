//! SIGKILL at any moment.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::backup::assert_verified;
use crate::harness::{GROUPS, Server, assert_sound, fill};
use crate::load::{self, Writer};
use crate::model::Random;

/// How often the server is killed unless the environment says otherwise.
const ROUNDS: u64 = 4;

const CLIENTS: u64 = 32;

/// The server is killed at a random moment within so many milliseconds.
const LIFE: u64 = 600;

#[test]
fn what_was_acknowledged_survives_being_killed() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let seed = load::number("FAULT_SEED").unwrap_or(u64::from(now.subsec_nanos()));
    let rounds = load::number("FAULT_ROUNDS").unwrap_or(ROUNDS);
    println!("FAULT_SEED={seed} FAULT_ROUNDS={rounds}");

    let directory = tempfile::tempdir().expect("temporary directory");
    let mut writers = load::writers(CLIENTS, seed);
    let names: Vec<_> = writers.iter().map(|writer| writer.name.clone()).collect();
    fill(directory.path(), &names);
    let mut random = Random(!seed);
    let mut done_unanswered = 0;
    let mut server = Server::start(directory.path());
    for round in 0..rounds {
        let life = Duration::from_millis(random.below(LIFE));
        load::run(server, &mut writers, |server| {
            sleep(life);
            server.kill();
        });
        server = Server::start(directory.path());
        println!("round {round}: killed after {life:?}");
        assert_sound(directory.path());
        assert_verified(directory.path());
        done_unanswered +=
            writers.iter_mut().map(|writer| u64::from(writer.check(directory.path()))).sum::<u64>();
        assert_served(&server, &writers);
    }
    assert_eq!(server.client("client00").status("MKCOL", &format!("{GROUPS}/afterwards"), ""), 201);
    println!("{rounds} rounds: {}; {done_unanswered} done unanswered", load::summary(&writers));
}

/// The new server shows just the groups that the clients know.
fn assert_served(server: &Server, writers: &[Writer]) {
    let reply = server.client("client00").send("PROPFIND", GROUPS, "").expect("answered");
    let document = roxmltree::Document::parse(&reply.body).expect("XML");
    let hrefs = document.descendants().filter(|node| node.has_tag_name(("DAV:", "href")));
    let hrefs = hrefs.map(|href| href.text().unwrap_or_default().trim_end_matches('/').to_owned());
    let served: BTreeSet<_> = hrefs.filter(|href| href != GROUPS).collect();
    let uris = writers.iter().flat_map(|writer| writer.state.uris());
    assert_eq!(served, uris.map(|uri| format!("{GROUPS}/{uri}")).collect());
}
