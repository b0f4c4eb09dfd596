//! Clients that take their time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Client, GROUPS, Server, fill};

/// How many of them there are.
const SLOW: usize = 200;

/// How long a normal client waits: the median and the longest of many answers.
fn waits(client: &mut Client) -> (Duration, Duration) {
    let mut times: Vec<_> = (0..200)
        .map(|_| {
            let started = Instant::now();
            assert_eq!(client.status("PROPFIND", GROUPS, ""), 207);
            started.elapsed()
        })
        .collect();
    times.sort();
    (times[times.len() / 2], times[times.len() - 1])
}

/// Half of the slow ones never finish a head, half of them a body; each sends a byte now and then.
#[test]
fn slow_connections_do_not_slow_a_normal_client() {
    let directory = tempfile::tempdir().expect("temporary directory");
    fill(directory.path(), &["client00"]);
    let server = Server::start(directory.path());
    let mut client = server.client("client00");
    assert_eq!(client.status("PROPFIND", GROUPS, ""), 207);
    let (before, _) = waits(&mut client);

    let mut slow: Vec<_> = (0..SLOW).map(|_| server.client("client00")).collect();
    for (number, slow) in slow.iter_mut().enumerate() {
        let head =
            format!("PROPFIND {GROUPS} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n", slow.authorization());
        let more = if number % 2 == 0 { "X-Slow: " } else { "Content-Length: 9999\r\n\r\n" };
        slow.write((head + more).as_bytes()).expect("sent");
    }
    let over = AtomicBool::new(false);
    let (during, longest) = thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                for slow in &mut slow {
                    slow.write(b"x").expect("still open");
                }
                thread::sleep(Duration::from_millis(50));
            }
        });
        let waits = waits(&mut client);
        // A new connection is served as well.
        assert_eq!(server.client("client00").status("PROPFIND", GROUPS, ""), 207);
        over.store(true, Ordering::Relaxed);
        waits
    });
    println!(
        "{SLOW} slow connections: median {before:?} before, {during:?} during; longest answer {longest:?}"
    );
    assert!(during < before * 10 + Duration::from_millis(20), "{before:?} before, {during:?} during");
    assert!(longest < Duration::from_secs(2), "{longest:?}");
}
