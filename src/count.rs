//! Numbers that any thread counts up and whoever watches the server reads: atomics, without locks, so
//! that counting costs nothing that could be measured.

use std::sync::atomic::{AtomicU64, Ordering};

/// How often something happened.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Once more.
    pub fn increment(&self) {
        self.add(1);
    }

    /// So many times more.
    pub fn add(&self, times: u64) {
        self.0.fetch_add(times, Ordering::Relaxed);
    }

    /// How often until now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How much there is of something at the moment.
#[derive(Debug, Default)]
pub struct Level(AtomicU64);

impl Level {
    /// One more.
    pub fn raise(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less, of those that were added.
    pub fn lower(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How often a cache had what was asked for.
#[derive(Debug, Default)]
pub struct Lookups {
    /// It was there.
    pub hits: Counter,
    /// It had to be made.
    pub misses: Counter,
}

/// How often something had which size.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    /// Each bucket counts what is at most this and more than the one before, in growing order.
    bounds: &'static [u64; N],
    buckets: [Counter; N],
    /// What is more than all of them.
    beyond: Counter,
    sum: Counter,
}

impl<const N: usize> Histogram<N> {
    /// Nothing yet.
    pub fn new(bounds: &'static [u64; N]) -> Self {
        let buckets = std::array::from_fn(|_| Counter::default());
        Self { bounds, buckets, beyond: Counter::default(), sum: Counter::default() }
    }

    /// Counts one of this size.
    pub fn observe(&self, size: u64) {
        let at = self.bounds.partition_point(|bound| *bound < size);
        self.buckets.get(at).unwrap_or(&self.beyond).increment();
        self.sum.add(size);
    }

    /// The upper bound and the number of each bucket; the last has no bound.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<u64>, u64)> {
        let bounded = self.bounds.iter().zip(&self.buckets).map(|(bound, count)| (Some(*bound), count.get()));
        bounded.chain([(None, self.beyond.get())])
    }

    /// All sizes added up.
    pub fn sum(&self) -> u64 {
        self.sum.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_fall_into_buckets() {
        let histogram = Histogram::new(&[1, 10]);
        for size in [0, 1, 2, 10, 11, 5000] {
            histogram.observe(size);
        }
        let buckets: Vec<_> = histogram.buckets().collect();
        assert_eq!(buckets, [(Some(1), 2), (Some(10), 2), (None, 2)]);
        assert_eq!(histogram.sum(), 5024);
    }
}
