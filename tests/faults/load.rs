//! Many clients that write at random until their server is gone.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::Server;
use crate::model::{Change, Random, State};

/// One client: what it knows, and what it asked for last if nobody answered.
pub struct Writer {
    pub name: String,
    pub state: State,
    pub unanswered: Option<Change>,
    random: Random,
    /// How many requests were answered, and how many of those said that something was done.
    pub answered: u64,
    pub acknowledged: u64,
    /// How long the slowest answer took.
    pub longest: Duration,
}

/// `count` clients that know nothing yet.
pub fn writers(count: u64, seed: u64) -> Vec<Writer> {
    let writer = |number| Writer {
        name: format!("client{number:02}"),
        state: State::default(),
        unanswered: None,
        random: Random(seed.wrapping_add(number)),
        answered: 0,
        acknowledged: 0,
        longest: Duration::ZERO,
    };
    (0..count).map(writer).collect()
}

/// Lets all write until the server, which `end` ends, answers no more.
pub fn run(server: Server, writers: &mut [Writer], end: impl FnOnce(Server)) {
    let address = server.address.clone();
    thread::scope(|scope| {
        for writer in writers {
            let client = crate::harness::Client::connect(&address, &writer.name);
            scope.spawn(move || writer.write(client));
        }
        end(server);
    });
}

impl Writer {
    /// Asks for one thing after the other. Every answer must be what the rules say.
    fn write(&mut self, mut client: crate::harness::Client) {
        loop {
            let change = Change::random(&self.name, &mut self.random);
            let (method, path, body) = change.request();
            let started = Instant::now();
            let Ok(reply) = client.send(method, &path, &body) else {
                self.unanswered = Some(change);
                return;
            };
            self.longest = self.longest.max(started.elapsed());
            self.answered += 1;
            let next = self.state.after(&self.name, &change);
            let succeeded = Change::succeeded(reply.status, &reply.body);
            assert_eq!(succeeded, next.is_some(), "{change:?} on {:?}: {reply:?}", self.state);
            if let Some(next) = next {
                self.acknowledged += 1;
                self.state = next;
            }
        }
    }

    /// Looks into the database: everything that was acknowledged is there, and what was not answered is
    /// there as a whole or not at all. Returns whether it is there; what changes nothing is not.
    pub fn check(&mut self, data_dir: &Path) -> bool {
        let stored = State::stored(data_dir, &self.name);
        let done = self.unanswered.take().and_then(|change| {
            self.state.after(&self.name, &change).filter(|after| *after == stored && *after != self.state)
        });
        let known = done.as_ref().unwrap_or(&self.state);
        assert_eq!(*known, stored, "{}", self.name);
        let is_there = done.is_some();
        self.state = stored;
        is_there
    }
}

/// What a test prints at its end.
pub fn summary(writers: &[Writer]) -> String {
    let answered: u64 = writers.iter().map(|writer| writer.answered).sum();
    let acknowledged: u64 = writers.iter().map(|writer| writer.acknowledged).sum();
    let longest = writers.iter().map(|writer| writer.longest).max().unwrap_or_default();
    format!("{answered} answers, {acknowledged} writes acknowledged, 0 lost, longest answer {longest:?}")
}

/// A number from the environment.
pub fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a whole number"))
}
