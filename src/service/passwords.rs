//! Hashing and verifying passwords, off the threads that serve connections.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use super::password_hash::{OWN, Stored, kind};
use crate::domain::{Password, PasswordHash, Result, StoreFailure};
use crate::request_id::RequestId;

/// A hash of no password that anybody knows, with the parameters of all others. It is fixed, as computing
/// one at each start would take longer than all the rest of the start, some 25 ms.
const DECOY: &str =
    "$argon2id$v=19$m=12288,t=3,p=1$ZGF2Z3JvdXBzIGRlY295$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What every hash was made with up to the fourth version of the schema.
const FORMER: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// The memory of a hash in KiB, and how often it is gone through.
const COST: (u32, u32) = (12 * 1024, 3);

/// Argon2id with parameters that OWASP recommends (12 MiB, 3 passes; of those that it holds to be equally
/// strong, the ones that leave most memory), at most one computation per core at a time: more would take
/// no less time together, and 12 MiB each.
/// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
pub struct Passwords {
    slots: Arc<Semaphore>,
    /// What the password of one who has no hash of ours is verified against, so that the answer takes as
    /// long.
    decoy: PasswordHash,
    /// How many hashes were computed for callers.
    computations: AtomicU64,
}

impl Passwords {
    /// With one slot per core.
    ///
    /// # Errors
    /// `Store` when the decoy cannot be read.
    pub fn new() -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Stored::parse(DECOY).ok_or_else(|| StoreFailure::new("the decoy cannot be read"))?;
        let decoy = PasswordHash::new(DECOY.to_owned());
        Ok(Self { slots: Arc::new(Semaphore::new(cores)), decoy, computations: AtomicU64::new(0) })
    }

    /// The hash of a new password.
    ///
    /// # Errors
    /// `Store` when the system gives no random numbers or no memory.
    pub async fn hash(&self, password: &Password) -> Result<PasswordHash> {
        let password = password.clone();
        self.compute(move || hash(&password)).await?
    }

    /// Whether `offered` is the password behind `hash`. If it is not, or there is no hash, it is verified
    /// against others, too, until that was done once for each kind: ours, and those of `foreign`, which
    /// are all that are stored besides. So a refusal takes the same work, whatever its reason is.
    ///
    /// # Errors
    /// `Store` when the computation cannot be run. A stored hash that cannot be read is logged, and
    /// matches nothing.
    pub async fn verify(
        &self,
        offered: &Password,
        hash: Option<&PasswordHash>,
        foreign: Vec<PasswordHash>,
    ) -> Result<bool> {
        let (offered, hash, mut decoys) = (offered.clone(), hash.cloned(), foreign);
        decoys.push(self.decoy.clone());
        self.compute(move || verify_evenly(&offered, hash.as_ref(), &decoys)).await
    }

    /// Whether a password behind `hash` should be hashed anew once it is known: whatever was taken over
    /// from another server, and what was made with other parameters before. What is of our form else keeps
    /// the parameters that somebody chose for it.
    pub fn is_outdated(hash: &PasswordHash) -> bool {
        !hash.as_str().starts_with(OWN) || hash.as_str().starts_with(FORMER)
    }

    /// How many hashes were computed since the start. For tests that logins share them, and for those who
    /// watch the server.
    pub fn computations(&self) -> u64 {
        self.computations.load(Ordering::Relaxed)
    }

    async fn compute<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        self.computations.fetch_add(1, Ordering::Relaxed);
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(StoreFailure::new)?;
        let job = RequestId::carried_into_job(job);
        let done = tokio::task::spawn_blocking(move || {
            let result = job();
            drop(slot);
            result
        });
        Ok(done.await.map_err(StoreFailure::new)?)
    }
}

fn hash(password: &Password) -> Result<PasswordHash> {
    let (memory, passes) = COST;
    let params = Params::new(memory, passes, 1, None).map_err(StoreFailure::new)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password(password.expose().as_bytes()).map_err(StoreFailure::new)?;
    Ok(PasswordHash::new(hash.to_string()))
}

/// `decoys` has a hash of each kind, and that it is somebody's password is of no account.
fn verify_evenly(offered: &Password, hash: Option<&PasswordHash>, decoys: &[PasswordHash]) -> bool {
    if hash.is_some_and(|hash| verify(offered, hash)) {
        return true;
    }
    let done = hash.map(|hash| kind(hash.as_str()));
    for decoy in decoys.iter().filter(|decoy| Some(kind(decoy.as_str())) != done) {
        black_box(verify(offered, decoy));
    }
    false
}

fn verify(offered: &Password, hash: &PasswordHash) -> bool {
    match Stored::parse(hash.as_str()) {
        Some(stored) => stored.matches(offered.expose()),
        None => {
            tracing::error!("a stored password hash cannot be read");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_over_is_hashed_anew() {
        let own = hash(&Password::offered("pw".to_owned())).expect("hashed");
        assert!(!Passwords::is_outdated(&own));
        assert!(Passwords::is_outdated(&PasswordHash::new(format!("3|{}", own.as_str()))));
        assert!(!Passwords::is_outdated(&PasswordHash::new(own.as_str().replace("t=3", "t=4"))));
        assert!(Passwords::is_outdated(&PasswordHash::new(
            own.as_str().replace("m=12288,t=3", "m=19456,t=2")
        )));
        assert!(Passwords::is_outdated(&PasswordHash::locked()));
    }

    #[test]
    fn the_decoy_costs_what_every_hash_costs() {
        let other = hash(&Password::offered("x".to_owned())).expect("hashed");
        let parameters = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(parameters(DECOY), parameters(other.as_str()));
        let length = |hash: &str| hash.rsplit('$').next().map(str::len);
        assert_eq!(length(DECOY), length(other.as_str()));
        // The store leaves out just these where it looks for hashes of others.
        let ours = format!("password NOT GLOB '{}*'", kind(DECOY));
        assert!(include_str!("../../schema.sql").contains(&ours), "{ours}");
    }

    #[tokio::test]
    async fn only_the_right_password_matches() {
        let passwords = Passwords::new().expect("random numbers");
        let right = Password::new("pässwörd").expect("not blank");
        let hash = passwords.hash(&right).await.expect("hashed");
        assert!(hash.as_str().starts_with("$argon2id$"));
        // That it is the password of somebody else lets nobody in.
        let foreign = PasswordHash::new(format!("3|{}", hash.as_str()));
        let verify = |offered, hash| passwords.verify(offered, hash, vec![foreign.clone()]);
        assert!(verify(&right, Some(&hash)).await.expect("verified"));
        let wrong = Password::offered("password".to_owned());
        assert!(!verify(&wrong, Some(&hash)).await.expect("verified"));
        assert!(!verify(&right, None).await.expect("verified"));
        for broken in ["plain", "!", ""].map(|text| PasswordHash::new(text.to_owned())) {
            assert!(!passwords.verify(&right, Some(&broken), Vec::new()).await.expect("verified"));
        }
    }
}
