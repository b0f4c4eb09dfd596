//! Checking credentials, and remembering those that were right.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use moka::future::Cache;

use super::credentials::Credentials;
use crate::domain::{Account, Error, Principal, Result, StoreFailure};
use crate::edge::Refusal;
use crate::service::Service;

/// How long a verified credential is remembered.
const TIME_TO_LIVE: Duration = Duration::from_secs(5 * 60);

/// As many verified credentials are remembered at most.
const CAPACITY: u64 = 10_000;

/// Says who asks. Cheap to clone; clones share what they remember.
#[derive(Clone)]
pub struct Authenticator {
    service: Service,
    /// Credentials that were verified, each under its [`Fingerprint`].
    verified: Cache<Fingerprint, ()>,
    /// Makes the fingerprints of this process worthless anywhere else.
    key: [u8; blake3::KEY_LEN],
}

/// A credential together with what it was verified against. Whatever changes there gives another
/// fingerprint, so nothing that is remembered can outlive a password or the right to log in.
type Fingerprint = [u8; blake3::OUT_LEN];

/// Why a verification ended without success.
enum Failure {
    /// The credential is wrong, or its user may not log in.
    Refused,
    /// It could not be verified.
    Broken(Error),
}

impl Authenticator {
    /// Over `service`, which knows the accounts.
    ///
    /// # Errors
    /// `Store` when the system gives no random numbers.
    pub fn new(service: Service) -> Result<Self> {
        let mut key = [0; blake3::KEY_LEN];
        getrandom::fill(&mut key).map_err(StoreFailure::new)?;
        let verified = Cache::builder().max_capacity(CAPACITY).time_to_live(TIME_TO_LIVE).build();
        Ok(Self { service, verified, key })
    }

    /// The principal behind the credentials in `headers`. The account is read anew each time, so that
    /// changes of its password, state and rights count at once, whoever made them.
    ///
    /// # Errors
    /// [`Refusal::NoCredentials`] without a readable Basic header, [`Refusal::WrongCredentials`], and
    /// [`Refusal::Failed`] when the store or the password hashing fails.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, Refusal> {
        let header = headers.get(AUTHORIZATION).ok_or(Refusal::NoCredentials)?.as_bytes();
        let credentials = Credentials::parse(header).ok_or(Refusal::NoCredentials)?;
        let account = self.service.account(&credentials.login).map_err(Refusal::Failed)?;
        self.verify(header, &credentials, account.as_ref()).await?;
        let account = account.ok_or(Refusal::WrongCredentials)?;
        self.note_login(&account);
        let subadmin = account.subadmin && self.service.rules().allow_subadmins;
        Ok(Principal { user: account.id, administrator: account.administrator, subadmin })
    }

    /// Verifies the password, or remembers that it did. The same for accounts that do not exist or are
    /// disabled, but that it never succeeds. Requests that bring the same credential at the same time
    /// share one computation.
    async fn verify(
        &self,
        header: &[u8],
        credentials: &Credentials,
        account: Option<&Account>,
    ) -> Result<(), Refusal> {
        let check = async {
            let hash = account.map(|account| &account.password);
            match self.service.passwords().verify(&credentials.password, hash).await {
                Ok(true) if account.is_some_and(|account| account.enabled) => Ok(()),
                Ok(_) => Err(Failure::Refused),
                Err(error) => Err(Failure::Broken(error)),
            }
        };
        let fingerprint = self.fingerprint(header, account);
        self.verified.try_get_with(fingerprint, check).await.map_err(|failure| refusal(&failure))
    }

    fn fingerprint(&self, header: &[u8], account: Option<&Account>) -> Fingerprint {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        let mut add = |part: &[u8]| {
            hasher.update(&part.len().to_le_bytes());
            hasher.update(part);
        };
        add(header);
        if let Some(account) = account {
            add(account.id.as_str().as_bytes());
            add(account.password.as_str().as_bytes());
            add(&[u8::from(account.enabled)]);
        }
        hasher.finalize().into()
    }

    /// Has the time of the login written down, without making the request wait.
    fn note_login(&self, account: &Account) {
        if !Service::is_login_due(account) {
            return;
        }
        let (service, account) = (self.service.clone(), account.clone());
        tokio::spawn(async move {
            if let Err(error) = service.note_login(&account).await {
                tracing::debug!(user = %account.id, %error, "the time of a login was not kept");
            }
        });
    }
}

/// The refusal for a failure that several requests may share.
fn refusal(failure: &Arc<Failure>) -> Refusal {
    match &**failure {
        Failure::Refused => Refusal::WrongCredentials,
        Failure::Broken(Error::Store(reason)) => Refusal::Failed(StoreFailure::new(reason).into()),
        Failure::Broken(error) => Refusal::Failed(StoreFailure::new(error).into()),
    }
}
