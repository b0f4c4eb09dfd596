//! An HTTP client that costs little, as it shares its processors with the server.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::Result;

/// One connection that is kept.
pub struct Connection {
    stream: BufReader<TcpStream>,
    line: Vec<u8>,
}

/// What matters of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Length of the body in bytes.
    pub length: usize,
}

/// How the end of a body is known.
enum Framing {
    Length(usize),
    Chunked,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::with_capacity(64 << 10, stream), line: Vec::new() })
    }

    /// Sends a whole request and reads the whole answer.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer> {
        self.send(request).await?;
        self.read().await
    }

    /// Sends a request without waiting for the answer.
    pub async fn send(&mut self, request: &[u8]) -> Result<()> {
        Ok(self.stream.get_mut().write_all(request).await?)
    }

    /// Reads the next answer to its end.
    pub async fn read(&mut self) -> Result<Answer> {
        let status = self.status().await?;
        let framing = self.framing().await?;
        let length = match framing {
            Framing::Length(length) => {
                self.skip(length).await?;
                length
            }
            Framing::Chunked => self.skip_chunks().await?,
        };
        Ok(Answer { status, length })
    }

    /// Reads at most `length` bytes of whatever comes, and says how many.
    pub async fn sip(&mut self, length: usize) -> Result<usize> {
        let mut sip = vec![0; length];
        Ok(self.stream.read(&mut sip).await?)
    }

    async fn status(&mut self) -> Result<u16> {
        self.next_line().await?;
        let status = self.line.get(9..12).ok_or("no status line")?;
        Ok(std::str::from_utf8(status)?.parse()?)
    }

    /// Reads the headers.
    async fn framing(&mut self) -> Result<Framing> {
        let mut framing = Framing::Length(0);
        loop {
            self.next_line().await?;
            let line = self.line.trim_ascii_end();
            let Some(colon) = line.iter().position(|&byte| byte == b':') else {
                return Ok(framing);
            };
            let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
            if name.eq_ignore_ascii_case(b"content-length") {
                framing = Framing::Length(std::str::from_utf8(value)?.parse()?);
            } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
                framing = Framing::Chunked;
            }
        }
    }

    async fn skip_chunks(&mut self) -> Result<usize> {
        let mut total = 0;
        loop {
            self.next_line().await?;
            let length = usize::from_str_radix(std::str::from_utf8(self.line.trim_ascii())?, 16)?;
            self.skip(length + 2).await?;
            if length == 0 {
                return Ok(total);
            }
            total += length;
        }
    }

    async fn next_line(&mut self) -> Result<()> {
        self.line.clear();
        match self.stream.read_until(b'\n', &mut self.line).await? {
            0 => Err("the connection was closed".into()),
            _ => Ok(()),
        }
    }

    async fn skip(&mut self, mut length: usize) -> Result<()> {
        while length > 0 {
            let there = self.stream.fill_buf().await?.len().min(length);
            if there == 0 {
                return Err("the connection was closed inside an answer".into());
            }
            self.stream.consume(there);
            length -= there;
        }
        Ok(())
    }
}
