//! What is counted of requests and connections. The parts below count what is theirs; all of it together
//! is shown to Prometheus ([`exposition`]) on a listener of its own ([`listener`]).

mod exposition;
mod listener;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use http::{Method, StatusCode};

use crate::count::{Counter, Histogram, Level};
use crate::edge::Endpoint;

pub use listener::serve;

/// The methods that are counted by name. Clients could make up any number of others.
const METHODS: [&str; 17] = [
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LOCK",
    "MKCOL",
    "MOVE",
    "OPTIONS",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PUT",
    "REPORT",
    "TRACE",
    "UNLOCK",
];

/// The statuses that are counted by number: all that are answered.
const STATUSES: [u16; 22] = [
    200, 201, 204, 207, 304, 400, 401, 403, 404, 405, 409, 412, 413, 415, 417, 422, 429, 500, 501, 503, 504,
    507,
];

/// What stands for everything that is not in a list.
const OTHER: &str = "other";

/// The upper bounds of the times that are told apart, in microseconds.
const TIMES: [u64; 13] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// Everything that is counted here.
pub(super) struct Metrics {
    started: SystemTime,
    /// The endpoints there are, sorted, in the order in which a row counts them.
    endpoints: Vec<&'static str>,
    /// A row for each method and one for the others, of a cell for each endpoint and one for requests
    /// that were refused before they got to any. Made when first used, which few are.
    operations: Vec<Vec<OnceLock<Box<Operation>>>>,
    connections: Arc<Level>,
}

/// The requests with one method to one endpoint.
struct Operation {
    statuses: [Counter; STATUSES.len()],
    other_status: Counter,
    /// In microseconds.
    time: Histogram<{ TIMES.len() }>,
}

/// A connection that is open, until dropped.
pub(super) struct OpenConnection(Arc<Level>);

impl Metrics {
    /// Of requests to these endpoints.
    pub(super) fn new(endpoints: impl Iterator<Item = Endpoint>) -> Self {
        let mut endpoints: Vec<_> = endpoints.map(|Endpoint(name)| name).collect();
        endpoints.sort_unstable();
        let row = || (0..=endpoints.len()).map(|_| OnceLock::new()).collect();
        Self {
            started: SystemTime::now(),
            operations: (0..=METHODS.len()).map(|_| row()).collect(),
            endpoints,
            connections: Arc::default(),
        }
    }

    /// Counts a request that was answered in so much time.
    pub(super) fn count(
        &self,
        method: &Method,
        endpoint: Option<Endpoint>,
        status: StatusCode,
        elapsed: Duration,
    ) {
        let row = METHODS.binary_search(&method.as_str()).unwrap_or(METHODS.len());
        let cell = endpoint.and_then(|Endpoint(name)| self.endpoints.binary_search(&name).ok());
        let cell = cell.unwrap_or(self.endpoints.len());
        if let Some(cell) = self.operations.get(row).and_then(|row| row.get(cell)) {
            cell.get_or_init(Box::default).count(status, elapsed);
        }
    }

    /// Counts a connection for as long as what is returned is kept.
    pub(super) fn connection(&self) -> OpenConnection {
        self.connections.raise();
        OpenConnection(Arc::clone(&self.connections))
    }

    /// All operations that were asked for, with method and endpoint.
    fn operations(&self) -> impl Iterator<Item = (&'static str, &'static str, &Operation)> {
        let methods = METHODS.into_iter().chain([OTHER]);
        methods.zip(&self.operations).flat_map(move |(method, row)| {
            let names = self.endpoints.iter().copied().chain(["none"]);
            names.zip(row).filter_map(move |(name, cell)| Some((method, name, &**cell.get()?)))
        })
    }
}

impl Default for Operation {
    fn default() -> Self {
        Self { statuses: Default::default(), other_status: Counter::default(), time: Histogram::new(&TIMES) }
    }
}

impl Operation {
    fn count(&self, status: StatusCode, elapsed: Duration) {
        match STATUSES.binary_search(&status.as_u16()) {
            Ok(at) => self.statuses[at].increment(),
            Err(_) => self.other_status.increment(),
        }
        self.time.observe(u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX));
    }

    /// How often each status was answered that was.
    fn statuses(&self) -> impl Iterator<Item = (String, u64)> {
        let named = STATUSES.iter().zip(&self.statuses).map(|(status, count)| (status.to_string(), count));
        let all = named.chain([(OTHER.to_owned(), &self.other_status)]);
        all.map(|(status, count)| (status, count.get())).filter(|(_, count)| *count > 0)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.lower();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_can_be_searched() {
        assert!(METHODS.is_sorted() && STATUSES.is_sorted() && TIMES.is_sorted());
    }

    #[test]
    fn requests_are_counted_by_what_is_known_of_them() {
        let metrics = Metrics::new([Endpoint("a"), Endpoint("b")].into_iter());
        let count = |method: &str, endpoint, status| {
            let method = Method::from_bytes(method.as_bytes()).expect("method");
            metrics.count(&method, endpoint, status, Duration::from_micros(300));
        };
        count("GET", Some(Endpoint("b")), StatusCode::OK);
        count("GET", Some(Endpoint("b")), StatusCode::OK);
        count("GET", Some(Endpoint("b")), StatusCode::IM_A_TEAPOT);
        count("BREW", Some(Endpoint("made up")), StatusCode::NOT_IMPLEMENTED);
        count("PROPFIND", None, StatusCode::UNAUTHORIZED);
        let counted: Vec<_> = metrics
            .operations()
            .flat_map(|(method, endpoint, operation)| {
                operation
                    .statuses()
                    .map(move |(status, count)| format!("{method} {endpoint} {status} {count}"))
            })
            .collect();
        assert_eq!(counted, ["GET b 200 2", "GET b other 1", "PROPFIND none 401 1", "other none 501 1"]);
        let times: u64 = metrics.operations().map(|(_, _, operation)| operation.time.sum()).sum();
        assert_eq!(times, 5 * 300);
    }

    #[test]
    fn connections_are_counted_while_they_are_open() {
        let metrics = Metrics::new(std::iter::empty());
        let open = [metrics.connection(), metrics.connection()];
        assert_eq!(metrics.connections.get(), 2);
        drop(open);
        assert_eq!(metrics.connections.get(), 0);
    }
}
