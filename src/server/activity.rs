//! Whether anything goes on on a connection.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// What goes on on one connection.
pub(super) struct Activity {
    opened: Instant,
    /// Requests that are not answered yet.
    running: AtomicUsize,
    /// Whether something is to be sent that the client does not take.
    waiting: AtomicBool,
    /// When something last happened, in milliseconds after it was opened.
    last: AtomicU64,
}

/// A request that is being answered, until dropped.
pub(super) struct Running<'a>(&'a Activity);

impl Activity {
    pub(super) fn new() -> Self {
        Self {
            opened: Instant::now(),
            running: AtomicUsize::new(0),
            waiting: AtomicBool::new(false),
            last: AtomicU64::new(0),
        }
    }

    /// A request has come.
    pub(super) fn begin(&self) -> Running<'_> {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(self)
    }

    /// Something has happened.
    pub(super) fn note(&self) {
        let elapsed = self.opened.elapsed().as_millis();
        self.last.store(u64::try_from(elapsed).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Whether the client has taken something, or something waits for it. Who waits is the business of the
    /// limit for that.
    pub(super) fn note_waiting(&self, waiting: bool) {
        if self.waiting.load(Ordering::Relaxed) != waiting {
            self.waiting.store(waiting, Ordering::Relaxed);
            self.note();
        }
    }

    /// Is over when nothing has happened for so long, with no request being answered and no answer waiting to
    /// be taken. The bytes of a request that is not whole are nothing.
    pub(super) async fn rest(&self, limit: Duration) {
        loop {
            let now = Instant::now();
            let busy = self.running.load(Ordering::Relaxed) > 0 || self.waiting.load(Ordering::Relaxed);
            let last = self.opened + Duration::from_millis(self.last.load(Ordering::Relaxed));
            let since = if busy { now } else { last };
            if since + limit <= now {
                return;
            }
            sleep_until(since + limit).await;
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.note();
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{advance, timeout};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn rest_comes_when_nothing_has_happened_for_so_long() {
        let activity = Activity::new();
        let running = activity.begin();
        assert!(timeout(LIMIT * 5, activity.rest(LIMIT)).await.is_err(), "a request is being answered");
        drop(running);
        assert!(timeout(LIMIT - Duration::from_secs(1), activity.rest(LIMIT)).await.is_err());
        activity.note();
        advance(LIMIT / 2).await;
        assert!(timeout(LIMIT / 4, activity.rest(LIMIT)).await.is_err());
        assert!(timeout(LIMIT / 2, activity.rest(LIMIT)).await.is_ok());
    }
}
