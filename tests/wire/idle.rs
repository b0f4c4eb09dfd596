//! Connections on which nothing that is whole comes.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::harness::Server;

/// As long the server waits.
const LIMIT: Duration = Duration::from_secs(1);

/// Sends `start`, and then `drip` again and again; how long until the server hangs up, and what it said.
fn until_cut_off(server: &Server, start: &str, drip: &str) -> (Duration, String) {
    let mut stream = TcpStream::connect(&server.address).expect("connected");
    stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
    let (opened, mut said) = (Instant::now(), Vec::new());
    let mut sent = stream.write_all(start.as_bytes());
    let mut buffer = [0; 1024];
    while sent.is_ok() {
        assert!(opened.elapsed() < 10 * LIMIT, "{start:?} is still waited for");
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => said.extend_from_slice(&buffer[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
        sent = stream.write_all(drip.as_bytes());
    }
    (opened.elapsed(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn connections_are_cut_off_when_no_whole_head_comes_in_time() {
    let keys = [("HEADER_TIMEOUT_SECONDS", "1"), ("IDLE_TIMEOUT_SECONDS", "1")];
    for keys in [&keys[..1], &keys[1..]] {
        let server = Server::with(keys);
        let asked = "GET /status.php HTTP/1.1\r\nHost: x\r\n\r\n";
        let half = format!("{asked}GET /status.php HTTP/1.1\r\nX-Slow: ");
        for (start, drip, status) in [
            ("", "", ""),
            ("GET /status.php HTTP/1.1\r\nX-Slow: ", "x", ""),
            (asked, "", "HTTP/1.1 200 OK"),
            (&half, "x", "HTTP/1.1 200 OK"),
        ] {
            let (waited, said) = until_cut_off(&server, start, drip);
            assert!(waited >= LIMIT * 9 / 10, "{start:?} was cut off after {waited:?}");
            assert_eq!(said.lines().next().unwrap_or_default(), status, "{start:?}");
        }
    }
}

#[test]
fn connections_in_use_are_kept() {
    let server = Server::with(&[("HEADER_TIMEOUT_SECONDS", "1"), ("IDLE_TIMEOUT_SECONDS", "1")]);
    let mut stream = TcpStream::connect(&server.address).expect("connected");
    stream.set_read_timeout(Some(10 * LIMIT)).expect("a timeout");
    for _ in 0..5 {
        stream.write_all(b"HEAD /status.php HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("still open");
            answer.push(byte[0]);
        }
        std::thread::sleep(LIMIT / 2);
    }
}
