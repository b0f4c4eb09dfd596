//! `davgroups health`: whether a server answers.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use clap::Args;

use super::{Failure, any_certificate, output, serve};
use crate::config::{Config, Listen};

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// As many bytes of an answer are looked at.
const ENOUGH: u64 = 64 * 1024;

#[derive(Args)]
pub(super) struct Options {
    /// Ask the server at this address [default: that of the configuration]
    #[arg(long, value_name = "ADDRESS:PORT|unix:PATH")]
    listen: Option<Listen>,
}

pub(super) fn run(options: &Options, config: &Config) -> Result<(), Failure> {
    let listen = options.listen.as_ref().unwrap_or(&config.listen);
    let path = format!("{}/healthz/ready", config.base_path.as_str());
    let answer = ask(listen, config.tls_certificate.is_some(), &path)
        .map_err(|error| Failure::Failed(format!("no answer from {listen}: {error}")))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match (head.lines().next().unwrap_or_default(), body) {
        ("HTTP/1.1 200 OK", "ok\n") => output::print("healthy\n"),
        ("HTTP/1.1 503 Service Unavailable", reason) if reason.starts_with("not ready: ") => {
            Err(Failure::Failed(format!("{listen} is {}", reason.trim_end())))
        }
        (status, _) => {
            Err(Failure::Failed(format!("{listen} does not answer as davgroups does: {status:?}")))
        }
    }
}

fn ask(listen: &Listen, encrypted: bool, path: &str) -> io::Result<String> {
    let address = match listen {
        Listen::Tcp(address) => serve::reachable(*address),
        Listen::Unix(socket) => return ask_socket(socket, path),
    };
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let host = address.to_string();
    if encrypted {
        let stream = any_certificate::encrypt(stream, address.ip()).map_err(io::Error::other)?;
        return converse(stream, &host, path);
    }
    converse(stream, &host, path)
}

#[cfg(unix)]
fn ask_socket(socket: &Path, path: &str) -> io::Result<String> {
    let stream = std::os::unix::net::UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    converse(stream, "localhost", path)
}

#[cfg(not(unix))]
fn ask_socket(_: &Path, _: &str) -> io::Result<String> {
    Err(io::ErrorKind::Unsupported.into())
}

fn converse(mut stream: impl Read + Write, host: &str, path: &str) -> io::Result<String> {
    // In one piece: who answers before it has read all of several would break the rest off.
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(ENOUGH).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
