//! Lanes that are driven turn by turn, and what comes out of it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::try_join_all;

use crate::Result;
use crate::client::{Answer, Connection};
use crate::process::Server;

/// The n-th request of a lane, as bytes on the wire.
pub type Requests = Rc<dyn Fn(u64) -> Bytes>;

/// One kind of request to one server.
pub struct Lane<'s> {
    pub name: String,
    pub server: &'s Server,
    pub requests: Requests,
    /// What every answer must have.
    pub status: u16,
    /// How many requests were sent so far, over all slices.
    sent: Cell<u64>,
}

/// What one lane did in one slice.
#[derive(Clone, Debug)]
pub struct Slice {
    /// Requests a second.
    pub rate: f64,
    /// Processor time of the server per request, in microseconds.
    pub cpu: f64,
    /// Sorted, in microseconds.
    latencies: Vec<u32>,
}

/// All slices of a lane.
#[derive(Clone, Debug)]
pub struct Slices {
    pub name: String,
    /// Length of a body in bytes.
    pub length: usize,
    pub slices: Vec<Slice>,
}

impl<'s> Lane<'s> {
    pub fn new(name: &str, server: &'s Server, status: u16, requests: Requests) -> Self {
        Self { name: name.to_owned(), server, requests, status, sent: Cell::new(0) }
    }

    /// The same request again and again.
    pub fn repeat(name: &str, server: &'s Server, status: u16, request: Bytes) -> Self {
        Self::new(name, server, status, Rc::new(move |_| request.clone()))
    }

    /// Sends one request outside all slices.
    pub async fn probe(&self) -> Result<Answer> {
        let mut connection = Connection::open(self.server.address).await?;
        self.next(&mut connection).await
    }

    async fn next(&self, connection: &mut Connection) -> Result<Answer> {
        let number = self.sent.replace(self.sent.get() + 1);
        let answer = connection.exchange(&(self.requests)(number)).await;
        let answer = answer.map_err(|error| format!("{}: {error}", self.name))?;
        if answer.status == self.status {
            return Ok(answer);
        }
        Err(format!("{}: status {} where {} belongs", self.name, answer.status, self.status).into())
    }

    async fn slice(&self, connections: usize, length: Duration) -> Result<Slice> {
        let open = (0..connections).map(|_| Connection::open(self.server.address));
        let open = try_join_all(open).await?;
        let (cpu, start) = (self.server.cpu_microseconds(), Instant::now());
        let each =
            try_join_all(open.into_iter().map(|connection| self.drive(connection, start + length))).await?;
        let elapsed = start.elapsed().as_secs_f64();
        let cpu = self.server.cpu_microseconds().saturating_sub(cpu);
        let mut latencies = each.concat();
        latencies.sort_unstable();
        let requests = latencies.len() as f64;
        Ok(Slice { rate: requests / elapsed, cpu: cpu as f64 / requests, latencies })
    }

    async fn drive(&self, mut connection: Connection, end: Instant) -> Result<Vec<u32>> {
        let mut latencies = Vec::new();
        loop {
            let start = Instant::now();
            self.next(&mut connection).await?;
            latencies.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
            if Instant::now() >= end {
                return Ok(latencies);
            }
        }
    }
}

/// Drives the lanes in turn, `rounds` times, after one turn that is not counted.
pub async fn in_turn(
    lanes: &[Lane<'_>],
    connections: usize,
    rounds: usize,
    length: Duration,
) -> Result<Vec<Slices>> {
    let mut all = Vec::new();
    for lane in lanes {
        let length = lane.probe().await?.length;
        all.push(Slices { name: lane.name.clone(), length, slices: Vec::new() });
    }
    for round in 0..=rounds {
        for (lane, slices) in lanes.iter().zip(&mut all) {
            let slice = lane.slice(connections, length).await?;
            if round > 0 {
                slices.slices.push(slice);
            }
        }
    }
    Ok(all)
}

impl Slices {
    /// Slices of the same lane from several turns, as one.
    pub fn merged(turns: Vec<Slices>) -> Vec<Slices> {
        let merged = turns.into_iter().reduce(|mut all, turn| {
            all.slices.extend(turn.slices);
            all
        });
        merged.into_iter().collect()
    }

    /// The median of the requests a second.
    pub fn rate(&self) -> f64 {
        median(self.slices.iter().map(|slice| slice.rate))
    }

    /// The median of the processor time per request, in microseconds.
    pub fn cpu(&self) -> f64 {
        median(self.slices.iter().map(|slice| slice.cpu))
    }

    /// A latency in microseconds that `share` of all requests stayed under.
    pub fn latency(&self, share: f64) -> u32 {
        let mut all: Vec<u32> =
            self.slices.iter().flat_map(|slice| slice.latencies.iter().copied()).collect();
        all.sort_unstable();
        let last = all.len().saturating_sub(1);
        all.get((last as f64 * share) as usize).copied().unwrap_or_default()
    }

    /// How many times as fast as `other`, slice by slice.
    pub fn ratio(&self, other: &Slices) -> f64 {
        median(self.slices.iter().zip(&other.slices).map(|(own, other)| own.rate / other.rate))
    }
}

/// The middle of some figures.
pub fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
