//! Holding back those who try passwords.
//!
//! What counts is who asks from where: the failures of one account from one address, and those of one
//! address with any account. Failures from elsewhere never keep the owner of an account out. From the
//! third failure on an answer takes longer, and beyond the limit there is none but when to come again,
//! whatever the password: else those who are held back could go on trying. An account that does not
//! exist is counted as those that do.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::ops::compute::Op;
use moka::sync::Cache;
use tokio::time::Instant;

use crate::edge::network;

/// As many failures of either kind are remembered at most; each takes some hundred bytes.
const CAPACITY: u64 = 20_000;

/// Failures are forgotten when there was none for so long.
const MEMORY: Duration = Duration::from_secs(60 * 60);

/// As many failures cost nothing: people mistype.
const FREE: u32 = 2;

/// The first delay; it doubles with each further failure.
const FIRST_DELAY: Duration = Duration::from_millis(100);

/// No delay is longer.
const LONGEST_DELAY: Duration = Duration::from_secs(2);

/// The longest time for which nobody is answered; it begins with a second, and doubles.
const LONGEST_BLOCK: Duration = Duration::from_secs(15 * 60);

/// How many failures are allowed; 0 is any number.
#[derive(Clone, Copy, Debug)]
pub struct GuessLimits {
    /// Of one account from one address.
    pub per_account: u32,
    /// Of one address.
    pub per_address: u32,
}

impl Default for GuessLimits {
    fn default() -> Self {
        Self { per_account: 10, per_address: 100 }
    }
}

/// Remembers failures. Clones share what they remember.
#[derive(Clone)]
pub(super) struct Guesses {
    failures: Cache<Key, Failures>,
    /// Counts what could block anybody.
    attempts: Arc<AtomicU64>,
    limits: GuessLimits,
    /// Makes keys that nobody can choose.
    secret: [u8; blake3::KEY_LEN],
}

/// Who fails, in a form whose length nobody decides but us.
type Key = [u8; blake3::OUT_LEN];

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    blocked_until: Option<Instant>,
}

/// Whoever tries to log in.
pub(super) struct Suspect {
    /// The account from this address, and the address, each with its limit.
    keys: [(Key, u32); 2],
    /// How many attempts there had been, by anybody, when this one was last found not to be blocked.
    cleared_at: AtomicU64,
}

/// Of a suspect who was not looked at yet.
const NEVER: u64 = u64::MAX;

/// Somebody has failed too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blocked {
    /// How long nobody will be answered.
    pub(super) remaining: Duration,
}

impl Guesses {
    pub(super) fn new(limits: GuessLimits, secret: [u8; blake3::KEY_LEN]) -> Self {
        let failures = Cache::builder().max_capacity(CAPACITY).time_to_live(MEMORY).build();
        Self { failures, attempts: Arc::default(), limits, secret }
    }

    /// The one who tries to log in as `account`, an id where there is such an account.
    pub(super) fn suspect(&self, account: &str, peer: IpAddr) -> Suspect {
        let address = network(peer).octets();
        let key = |parts: [&[u8]; 2]| {
            let mut hasher = blake3::Hasher::new_keyed(&self.secret);
            parts.iter().for_each(|part| {
                hasher.update(part);
            });
            hasher.finalize().into()
        };
        let pair = (key([&address, account.as_bytes()]), self.limits.per_account);
        let keys = [pair, (key([&address, &[]]), self.limits.per_address)];
        Suspect { keys, cleared_at: AtomicU64::new(NEVER) }
    }

    /// Whether `suspect` may try at all. Costs next to nothing as long as nobody has tried since.
    ///
    /// # Errors
    /// [`Blocked`].
    pub(super) fn check(&self, suspect: &Suspect) -> Result<(), Blocked> {
        let attempts = self.attempts.load(Ordering::Acquire);
        if suspect.cleared_at.load(Ordering::Relaxed) != attempts {
            self.look_up(suspect)?;
            suspect.cleared_at.store(attempts, Ordering::Relaxed);
        }
        Ok(())
    }

    fn look_up(&self, suspect: &Suspect) -> Result<(), Blocked> {
        let now = Instant::now();
        let ends = suspect.keys.iter().filter_map(|(key, _)| self.failures.get(key)?.blocked_until);
        match ends.max().and_then(|end| end.checked_duration_since(now)) {
            Some(remaining) if !remaining.is_zero() => Err(Blocked { remaining }),
            _ => Ok(()),
        }
    }

    /// Notes a failure before it is known to be one, so that many at the same time are counted, too.
    /// Returns how long the answer is to take.
    ///
    /// # Errors
    /// [`Blocked`] when others were quicker and are too many.
    pub(super) fn begin(&self, suspect: &Suspect) -> Result<Duration, Blocked> {
        self.check(suspect)?;
        let counts = suspect.keys.map(|(key, limit)| self.add(key, limit));
        self.attempts.fetch_add(1, Ordering::Release);
        Ok(delay(counts[0]))
    }

    /// It was the right password: the account's failures from there are forgotten.
    pub(super) fn succeeded(&self, suspect: &Suspect) {
        self.failures.invalidate(&suspect.keys[0].0);
        self.take_back(&suspect.keys[1].0);
    }

    /// Nobody knows whether it was the right password.
    pub(super) fn undecided(&self, suspect: &Suspect) {
        suspect.keys.iter().for_each(|(key, _)| self.take_back(key));
    }

    fn add(&self, key: Key, limit: u32) -> u32 {
        let entry = self.failures.entry(key).and_upsert_with(|found| {
            let count = found.map_or(0, |entry| entry.into_value().count).saturating_add(1);
            // From when this attempt is answered.
            let blocked_until = block(count, limit).map(|block| Instant::now() + delay(count) + block);
            Failures { count, blocked_until }
        });
        entry.into_value().count
    }

    fn take_back(&self, key: &Key) {
        self.failures.entry(*key).and_compute_with(|found| match found.map(moka::Entry::into_value) {
            Some(failures) if failures.count > 1 => {
                Op::Put(Failures { count: failures.count - 1, blocked_until: None })
            }
            Some(_) => Op::Remove,
            None => Op::Nop,
        });
    }
}

/// How long nobody is answered after `count` failures.
fn block(count: u32, limit: u32) -> Option<Duration> {
    let beyond = count.checked_sub(limit).filter(|_| limit > 0)?;
    Some(Duration::from_secs(1).saturating_mul(1 << beyond.min(16)).min(LONGEST_BLOCK))
}

/// How much longer an answer takes with `count` failures, this one included.
fn delay(count: u32) -> Duration {
    match count.checked_sub(FREE + 1) {
        Some(beyond) => FIRST_DELAY.saturating_mul(1 << beyond.min(16)).min(LONGEST_DELAY),
        None => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: GuessLimits = GuessLimits { per_account: 5, per_address: 12 };

    fn guesses(limits: GuessLimits) -> Guesses {
        Guesses::new(limits, [7; blake3::KEY_LEN])
    }

    fn peer(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// Tries until blocked; returns the delays.
    fn exhaust(guesses: &Guesses, suspect: &Suspect) -> (Vec<u128>, Duration) {
        let mut delays = Vec::new();
        loop {
            match guesses.begin(suspect) {
                Ok(delay) => delays.push(delay.as_millis()),
                Err(blocked) => return (delays, blocked.remaining),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn answers_take_longer_and_then_there_is_none() {
        let guesses = guesses(LIMITS);
        let suspect = guesses.suspect("alice", peer("192.0.2.1"));
        let (delays, mut blocked) = exhaust(&guesses, &suspect);
        assert_eq!((delays, blocked), (vec![0, 0, 100, 200, 400], Duration::from_millis(400 + 1000)));
        for (delay, seconds) in [(800, 2), (1600, 4), (2000, 8)] {
            tokio::time::advance(blocked).await;
            let (delays, remaining) = exhaust(&guesses, &suspect);
            assert_eq!(delays, [delay]);
            assert_eq!(u128::from(seconds * 1000_u64) + delay, remaining.as_millis());
            blocked = remaining;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn other_addresses_and_other_accounts_are_not_held_back() {
        let guesses = guesses(LIMITS);
        exhaust(&guesses, &guesses.suspect("alice", peer("192.0.2.1")));
        assert_eq!(guesses.begin(&guesses.suspect("alice", peer("192.0.2.2"))), Ok(Duration::ZERO));
        assert_eq!(guesses.begin(&guesses.suspect("bob", peer("192.0.2.1"))), Ok(Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_tries_many_accounts_is_held_back() {
        let guesses = guesses(LIMITS);
        let try_as = |account: u32| guesses.begin(&guesses.suspect(&account.to_string(), peer("192.0.2.1")));
        assert_eq!((0..20).filter(|account| try_as(*account).is_ok()).count(), 12);
        assert!(guesses.check(&guesses.suspect("another", peer("::ffff:192.0.2.1"))).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn one_network_of_ipv6_is_one_address() {
        let guesses = guesses(LIMITS);
        exhaust(&guesses, &guesses.suspect("alice", peer("2001:db8::1")));
        assert!(guesses.check(&guesses.suspect("alice", peer("2001:db8::2"))).is_err());
        assert!(guesses.check(&guesses.suspect("alice", peer("2001:db8:0:1::1"))).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn the_right_password_starts_anew_for_the_account_alone() {
        let guesses = guesses(LIMITS);
        let suspect = guesses.suspect("alice", peer("192.0.2.1"));
        for _ in 0..3 {
            for _ in 0..3 {
                guesses.begin(&suspect).expect("allowed");
            }
            guesses.begin(&suspect).expect("allowed");
            guesses.succeeded(&suspect);
        }
        // Nine failures of the address are left.
        assert_eq!(exhaust(&guesses, &guesses.suspect("bob", peer("192.0.2.1"))).0.len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn what_could_not_be_decided_does_not_count() {
        let guesses = guesses(LIMITS);
        let suspect = guesses.suspect("alice", peer("192.0.2.1"));
        for _ in 0..50 {
            assert_eq!(guesses.begin(&suspect), Ok(Duration::ZERO));
            guesses.undecided(&suspect);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_limits_nobody_is_blocked() {
        let guesses = guesses(GuessLimits { per_account: 0, per_address: 0 });
        let suspect = guesses.suspect("alice", peer("192.0.2.1"));
        assert!((0..500).all(|_| guesses.begin(&suspect).is_ok_and(|delay| delay <= LONGEST_DELAY)));
    }

    #[test]
    fn memory_is_bounded_and_blocks_end() {
        let guesses = guesses(LIMITS);
        for account in 0..50_000 {
            let _ = guesses.begin(&guesses.suspect(&format!("{account:x>200}"), peer("192.0.2.1")));
            let v4 = IpAddr::from(u32::to_be_bytes(account));
            let _ = guesses.begin(&guesses.suspect("x", v4));
        }
        guesses.failures.run_pending_tasks();
        assert!(guesses.failures.entry_count() <= CAPACITY);
        assert_eq!(block(u32::MAX, 1), Some(LONGEST_BLOCK));
    }
}
