//! How many requests are answered at once.

use std::sync::atomic::{AtomicUsize, Ordering};

/// So many requests may be answered at once.
pub(super) struct Turns {
    limit: usize,
    taken: AtomicUsize,
}

/// One request that is being answered, until dropped.
pub(super) struct Turn<'a>(&'a Turns);

impl Turns {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, taken: AtomicUsize::new(0) }
    }

    /// A turn for one more request, if there may be one.
    pub(super) fn take(&self) -> Option<Turn<'_>> {
        let turn = Turn(self);
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        (before < self.limit).then_some(turn)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_so_many_turns() {
        let turns = Turns::new(2);
        let taken = [turns.take(), turns.take()];
        assert!(taken.iter().all(Option::is_some));
        assert!(turns.take().is_none());
        assert!(turns.take().is_none(), "asking takes none");
        drop(taken);
        assert!(turns.take().is_some());
    }
}
