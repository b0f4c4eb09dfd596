//! `davgroups health`: whether a server answers.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use clap::Args;

use super::{Failure, any_certificate, output, serve};
use crate::config::Config;

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// As many bytes of an answer are looked at.
const ENOUGH: u64 = 64 * 1024;

#[derive(Args)]
pub(super) struct Options {
    /// Ask the server at this address [default: that of the configuration]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

pub(super) fn run(options: &Options, config: &Config) -> Result<(), Failure> {
    let address = serve::reachable(options.listen.unwrap_or(config.listen));
    let path = format!("{}/healthz/ready", config.base_path.as_str());
    let answer = ask(address, config.tls_certificate.is_some(), &path)
        .map_err(|error| Failure::Failed(format!("no answer from {address}: {error}")))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match (head.lines().next().unwrap_or_default(), body) {
        ("HTTP/1.1 200 OK", "ok\n") => output::print("healthy\n"),
        ("HTTP/1.1 503 Service Unavailable", reason) if reason.starts_with("not ready: ") => {
            Err(Failure::Failed(format!("{address} is {}", reason.trim_end())))
        }
        (status, _) => {
            Err(Failure::Failed(format!("{address} does not answer as davgroups does: {status:?}")))
        }
    }
}

fn ask(address: SocketAddr, encrypted: bool, path: &str) -> io::Result<String> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    if encrypted {
        converse(any_certificate::encrypt(stream, address.ip()).map_err(io::Error::other)?, &request)
    } else {
        converse(stream, &request)
    }
}

fn converse(mut stream: impl Read + Write, request: &str) -> io::Result<String> {
    // In one piece: who answers before it has read all of several would break the rest off.
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(ENOUGH).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
