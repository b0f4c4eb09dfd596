//! Checking credentials, and remembering those that were right.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderMap;
use http::header::AUTHORIZATION;
use moka::future::Cache;

use super::credentials::Credentials;
use super::guesses::{Blocked, GuessLimits, Guesses, Suspect};
use crate::count::{Counter, Lookups};
use crate::domain::fold::fold;
use crate::domain::{
    Account, Error, Origin, Password, Principal, Result, StoreFailure, Timestamp, Token, TokenGrant,
    TokenSecret,
};
use crate::edge::Refusal;
use crate::service::{Passwords, Service};
use crate::store::Generation;

/// How long a verified credential is remembered.
const TIME_TO_LIVE: Duration = Duration::from_secs(5 * 60);

/// As many verified credentials are remembered at most.
const CAPACITY: usize = 10_000;

/// How long it is remembered who a credential belongs to while nothing is written. Short enough for the
/// time of a login to be noted again when that is due.
const KNOWN: Duration = Duration::from_secs(60);

/// Says who asks.
pub struct Authenticator {
    service: Service,
    /// Credentials that were verified, each under its [`Fingerprint`].
    verified: Cache<Fingerprint, ()>,
    /// Who sent which header, each under a digest of it: what a request costs that is not the
    /// first of its client. Reading the account takes ten times as long.
    known: quick_cache::sync::Cache<Fingerprint, Arc<Known>>,
    /// Makes the fingerprints of this process worthless anywhere else.
    key: [u8; blake3::KEY_LEN],
    /// Who failed to log in, and how often.
    guesses: Guesses,
    logins: Logins,
}

/// How often who asked was found out, and how often not.
#[derive(Debug, Default)]
pub struct Logins {
    /// Credentials that were known already, and those that had to be verified.
    pub credentials: Lookups,
    /// Requests without credentials of a kind we take.
    pub without_credentials: Counter,
    /// Requests with the wrong ones.
    pub wrong: Counter,
    /// Requests that were not looked at, as there were too many failures before.
    pub blocked: Counter,
    /// Requests whose credentials could not be checked.
    pub broken: Counter,
}

impl Logins {
    fn refused(&self, refusal: &Refusal) {
        match refusal {
            Refusal::NoCredentials => self.without_credentials.increment(),
            Refusal::WrongCredentials => self.wrong.increment(),
            Refusal::TooManyGuesses { .. } => self.blocked.increment(),
            Refusal::Failed(_) => self.broken.increment(),
            // No reasons of ours.
            Refusal::Unencrypted
            | Refusal::Forged
            | Refusal::Overloaded
            | Refusal::BodyTooLarge { .. }
            | Refusal::BodyUnreadable => {}
        }
    }
}

/// A credential together with what it was verified against. Whatever changes there gives another
/// fingerprint, so nothing that is remembered can outlive a password or the right to log in.
type Fingerprint = [u8; blake3::OUT_LEN];

/// Whom a header was found to belong to.
struct Known {
    /// It is true for as long as nothing is written.
    generation: Generation,
    /// When it is found out anew all the same.
    until: Instant,
    /// Where it came from.
    peer: IpAddr,
    login: Login,
}

impl Known {
    fn still_holds(&self, generation: Generation, peer: IpAddr) -> bool {
        let unchanged = self.generation == generation && self.peer == peer;
        unchanged && Instant::now() < self.until && !self.login.is_over()
    }
}

/// Somebody who was let in.
struct Login {
    suspect: Suspect,
    principal: Principal,
    /// From when it is over, whatever is written; none is never.
    expires: Option<Timestamp>,
}

impl Login {
    fn is_over(&self) -> bool {
        self.expires.is_some_and(|end| end <= Timestamp::now())
    }
}

/// Why a verification ended without success.
enum Failure {
    /// The credential is wrong, or its user may not log in.
    Refused,
    /// There were too many before it.
    Blocked(Blocked),
    /// It could not be verified.
    Broken(Error),
}

impl Authenticator {
    /// Over `service`, which knows the accounts.
    ///
    /// # Errors
    /// `Store` when the system gives no random numbers.
    pub fn new(service: Service, limits: GuessLimits) -> Result<Self> {
        let mut key = [0; blake3::KEY_LEN];
        getrandom::fill(&mut key).map_err(StoreFailure::new)?;
        let verified = Cache::builder().max_capacity(CAPACITY as u64).time_to_live(TIME_TO_LIVE).build();
        let known = quick_cache::sync::Cache::new(CAPACITY);
        Ok(Self {
            service,
            verified,
            known,
            key,
            guesses: Guesses::new(limits, key),
            logins: Logins::default(),
        })
    }

    /// The principal behind the credentials in `headers`, which came from `peer`. Changes of the account's
    /// password, tokens, state and rights count at once, whoever made them.
    ///
    /// # Errors
    /// [`Refusal::NoCredentials`] without a readable Basic header or a token, [`Refusal::TooManyGuesses`],
    /// [`Refusal::WrongCredentials`], and [`Refusal::Failed`] when the store or the password hashing fails.
    pub async fn authenticate(&self, headers: &HeaderMap, peer: IpAddr) -> Result<Principal, Refusal> {
        self.identify(headers, peer).await.inspect_err(|refusal| self.logins.refused(refusal))
    }

    /// How often that went how.
    pub fn logins(&self) -> &Logins {
        &self.logins
    }

    async fn identify(&self, headers: &HeaderMap, peer: IpAddr) -> Result<Principal, Refusal> {
        let header = headers.get(AUTHORIZATION).ok_or(Refusal::NoCredentials)?.as_bytes();
        let generation = self.service.generation().map_err(Refusal::Failed)?;
        let sender = blake3::keyed_hash(&self.key, header).into();
        if let Some(known) = self.known.get(&sender).filter(|known| known.still_holds(generation, peer)) {
            self.guesses.check(&known.login.suspect).map_err(too_many)?;
            self.logins.credentials.hits.increment();
            return Ok(known.login.principal.clone());
        }
        let login = Box::pin(self.log_in(header, peer)).await?;
        let principal = login.principal.clone();
        let until = Instant::now() + KNOWN;
        self.known.insert(sender, Arc::new(Known { generation, until, peer, login }));
        Ok(principal)
    }

    async fn log_in(&self, header: &[u8], peer: IpAddr) -> Result<Login, Refusal> {
        match Credentials::parse(header).ok_or(Refusal::NoCredentials)? {
            Credentials::Password { login, password } => {
                self.log_in_with_password(header, &login, &password, peer).await
            }
            Credentials::Token { login, secret } => {
                self.log_in_with_token(login.as_deref(), &secret, peer).await
            }
        }
    }

    /// Reads the account and verifies the password, unless it was before.
    async fn log_in_with_password(
        &self,
        header: &[u8],
        login: &str,
        password: &Password,
        peer: IpAddr,
    ) -> Result<Login, Refusal> {
        let (account, suspect) = self.summon(login, peer)?;
        // Those who are blocked must not learn whether a password is one that is remembered.
        self.guesses.check(&suspect).map_err(too_many)?;
        self.verify(header, password, account.as_ref(), &suspect).await?;
        let account = account.ok_or(Refusal::WrongCredentials)?;
        self.note_login(&account);
        let principal = self.principal(account, None, peer);
        Ok(Login { suspect, principal, expires: None })
    }

    /// Reads the token and whose it is. That takes no time in which others could come, and no delay hides
    /// whether there is such a token: nobody finds one by trying.
    async fn log_in_with_token(
        &self,
        login: Option<&str>,
        secret: &TokenSecret,
        peer: IpAddr,
    ) -> Result<Login, Refusal> {
        let (named, suspect) = match login {
            Some(login) => self.summon(login, peer)?,
            // Without a name, what is counted is the token: a wrong one holds nobody else back.
            None => (None, self.guesses.suspect(&secret.hash().to_string(), peer)),
        };
        self.guesses.check(&suspect).map_err(too_many)?;
        self.logins.credentials.misses.increment();
        let found = self.service.token_account(secret).map_err(Refusal::Failed)?;
        let is_named = |account: &Account| named.as_ref().is_some_and(|named| named.id == account.id);
        let right = found.filter(|(token, account)| {
            account.enabled && token.is_valid(Timestamp::now()) && (login.is_none() || is_named(account))
        });
        let Some((token, account)) = right else {
            tokio::time::sleep(self.guesses.begin(&suspect).map_err(too_many)?).await;
            return Err(Refusal::WrongCredentials);
        };
        self.note_token_use(&token);
        let grant = TokenGrant { number: token.number, scope: token.scope };
        let principal = self.principal(account, Some(grant), peer);
        Ok(Login { suspect, principal, expires: token.expires })
    }

    /// The account behind a login name, and the one who tries it. An account is one, whichever of its names
    /// it is called by.
    fn summon(&self, login: &str, peer: IpAddr) -> Result<(Option<Account>, Suspect), Refusal> {
        let account = self.service.account(login).map_err(Refusal::Failed)?;
        let name = account.as_ref().map_or_else(|| fold(login), |known| known.id.folded());
        let suspect = self.guesses.suspect(&name, peer);
        Ok((account, suspect))
    }

    fn principal(&self, account: Account, token: Option<TokenGrant>, peer: IpAddr) -> Principal {
        Principal {
            user: account.id,
            administrator: account.administrator,
            subadmin: account.subadmin && self.service.rules().allow_subadmins,
            token,
            origin: Origin::Address(peer),
        }
    }

    /// Verifies the password, or remembers that it did. The same for accounts that do not exist or are
    /// disabled, but that it never succeeds. Requests that bring the same credential at the same time
    /// share one computation.
    async fn verify(
        &self,
        header: &[u8],
        password: &Password,
        account: Option<&Account>,
        suspect: &Suspect,
    ) -> Result<(), Refusal> {
        let mut hashed = false;
        let check = async {
            let delay = self.guesses.begin(suspect).map_err(Failure::Blocked)?;
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            hashed = true;
            match self.service.verify_password(password, account).await {
                Ok(true) => {
                    self.guesses.succeeded(suspect);
                    self.renew_hash(account, password);
                    Ok(())
                }
                Ok(false) => Err(Failure::Refused),
                Err(error) => {
                    self.guesses.undecided(suspect);
                    Err(Failure::Broken(error))
                }
            }
        };
        let fingerprint = self.fingerprint(header, account);
        let verified = self.verified.try_get_with(fingerprint, check).await;
        if hashed {
            self.logins.credentials.misses.increment();
        } else if verified.is_ok() {
            self.logins.credentials.hits.increment();
        }
        verified.map_err(|failure| refusal(&failure))
    }

    /// Has a hash that came from another server replaced by one of ours, without making the request wait.
    fn renew_hash(&self, account: Option<&Account>, password: &Password) {
        let Some(account) = account.filter(|account| Passwords::is_outdated(&account.password)) else {
            return;
        };
        let (service, account, password) = (self.service.clone(), account.clone(), password.clone());
        tokio::spawn(async move {
            if let Err(error) = service.renew_hash(&account, &password).await {
                tracing::debug!(user = %account.id, %error, "a password was not hashed anew");
            }
        });
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

    /// The same for a token.
    fn note_token_use(&self, token: &Token) {
        if !Service::is_token_use_due(token) {
            return;
        }
        let (service, number) = (self.service.clone(), token.number);
        tokio::spawn(async move {
            if let Err(error) = service.note_token_use(number).await {
                tracing::debug!(token = %number, %error, "the time of a login was not kept");
            }
        });
    }
}

/// The refusal for a failure that several requests may share.
fn refusal(failure: &Arc<Failure>) -> Refusal {
    match &**failure {
        Failure::Refused => Refusal::WrongCredentials,
        Failure::Blocked(blocked) => too_many(*blocked),
        Failure::Broken(Error::Store(reason)) => Refusal::Failed(StoreFailure::new(reason).into()),
        Failure::Broken(error) => Refusal::Failed(StoreFailure::new(error).into()),
    }
}

fn too_many(blocked: Blocked) -> Refusal {
    Refusal::TooManyGuesses { seconds: blocked.remaining.as_secs() + 1 }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use futures_util::future::join_all;

    use super::*;
    use crate::domain::{
        Email, GroupId, NewUser, PasswordHash, Quota, Rules, TokenName, TokenScope, UserId, UserName,
    };
    use crate::store::sqlite::SqliteStore;
    use crate::store::{SharedStore, UserChange};

    /// Few enough to be reached in a test, though not by the tests of anything else.
    const LIMITS: GuessLimits = GuessLimits { per_account: 5, per_address: 40 };

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    struct Fixture {
        auth: Authenticator,
        store: SharedStore,
        _directory: tempfile::TempDir,
    }

    impl Fixture {
        /// With the administrator `Admin` and the user `Alice` (`alice@example.org`), whose passwords are
        /// `adminpw` and `pässword`. Alice is subadmin of `staff`.
        async fn new(rules: Rules) -> Self {
            let directory = tempfile::tempdir().expect("temporary directory");
            let store: SharedStore = Arc::new(SqliteStore::open(directory.path()).expect("store"));
            let passwords = Arc::new(Passwords::new().expect("hash"));
            let service = Service::new(Arc::clone(&store), passwords, rules);
            let email = Email::new("alice@example.org").expect("address");
            for (id, password, email, groups) in
                [("Admin", "adminpw", None, vec![GroupId::admin()]), ("Alice", "pässword", email, Vec::new())]
            {
                let (id, password) =
                    (UserId::new(id).expect("id"), Password::new(password).expect("password"));
                service.install_user(id, &password, None, email, groups).await.expect("user");
            }
            let made = store.write(|tx| {
                let staff = GroupId::new("staff")?;
                tx.insert_group(&staff)?;
                tx.add_subadmin(&staff, &UserId::new("Alice")?)
            });
            made.await.expect("subadmin");
            Self {
                auth: Authenticator::new(service, LIMITS).expect("random numbers"),
                store,
                _directory: directory,
            }
        }

        async fn login(&self, login: &str, password: &str) -> Result<Principal, Refusal> {
            self.login_from(HOME, login, password).await
        }

        async fn login_from(&self, peer: IpAddr, login: &str, password: &str) -> Result<Principal, Refusal> {
            let credentials = BASE64_STANDARD.encode(format!("{login}:{password}"));
            self.send(peer, format!("Basic {credentials}")).await
        }

        async fn bear(&self, token: &TokenSecret) -> Result<Principal, Refusal> {
            self.send(HOME, format!("Bearer {}", token.expose())).await
        }

        async fn send(&self, peer: IpAddr, authorization: String) -> Result<Principal, Refusal> {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, authorization.parse().expect("header"));
            self.auth.authenticate(&headers, peer).await
        }

        /// A token of `user` that is over after so many milliseconds.
        async fn token(&self, user: &str, life: i64) -> (Token, TokenSecret) {
            let expires = Some(Timestamp(Timestamp::now().0 + life));
            let (name, scope) = (TokenName::default(), TokenScope::Groups);
            self.auth.service.create_token(user, name, scope, expires).await.expect("a token")
        }

        async fn change(&self, user: &str, change: UserChange) {
            let user = UserId::stored(user);
            self.store.write(move |tx| tx.update_user(&user, &change)).await.expect("changed");
        }
    }

    fn assert_wrong(answer: &Result<Principal, Refusal>) {
        assert!(matches!(answer, Err(Refusal::WrongCredentials)), "{answer:?}");
    }

    #[tokio::test]
    async fn ids_in_any_case_and_addresses_log_in() {
        let fixture = Fixture::new(Rules::default()).await;
        for login in ["Alice", "alice", "ALICE", "alice@example.org", "Alice@Example.ORG"] {
            let who = fixture.login(login, "pässword").await.expect(login);
            assert_eq!((who.user.as_str(), who.administrator, who.subadmin), ("Alice", false, true));
        }
        let who = fixture.login("admin", "adminpw").await.expect("admin");
        assert_eq!((who.user.as_str(), who.administrator, who.subadmin), ("Admin", true, false));
    }

    #[tokio::test]
    async fn without_a_readable_header_there_are_no_credentials() {
        let fixture = Fixture::new(Rules::default()).await;
        let mut headers = HeaderMap::new();
        assert!(matches!(fixture.auth.authenticate(&headers, HOME).await, Err(Refusal::NoCredentials)));
        headers.insert(AUTHORIZATION, "Bearer x".parse().expect("header"));
        assert!(matches!(fixture.auth.authenticate(&headers, HOME).await, Err(Refusal::NoCredentials)));
    }

    #[tokio::test]
    async fn wrong_unknown_and_disabled_read_alike() {
        let fixture = Fixture::new(Rules::default()).await;
        fixture.login("alice", "pässword").await.expect("known before");
        for (login, password) in [("alice", "wrong"), ("alice", ""), ("nobody", "pässword"), ("", "")] {
            assert_wrong(&fixture.login(login, password).await);
        }
        fixture.change("Alice", UserChange::Enabled(false)).await;
        assert_wrong(&fixture.login("alice", "pässword").await);
        fixture.change("Alice", UserChange::Enabled(true)).await;
        assert!(fixture.login("alice", "pässword").await.is_ok());
    }

    /// The same work is the same time: one hash for each refusal, whatever its reason.
    #[tokio::test]
    async fn each_refusal_costs_one_hash() {
        let fixture = Fixture::new(Rules::default()).await;
        fixture.login("alice", "pässword").await.expect("verified");
        fixture.change("Alice", UserChange::Enabled(false)).await;
        for (login, password) in
            [("admin", "wrong"), ("nobody", "wrong"), ("alice", "pässword"), ("alice", "x")]
        {
            for _ in 0..2 {
                let before = fixture.auth.service.passwords().computations();
                assert_wrong(&fixture.login(login, password).await);
                assert_eq!(fixture.auth.service.passwords().computations() - before, 1, "{login}");
            }
        }
    }

    fn assert_blocked(answer: &Result<Principal, Refusal>) {
        assert!(matches!(answer, Err(Refusal::TooManyGuesses { seconds: 1.. })), "{answer:?}");
    }

    /// Those that exist, those that do not and those that are disabled are counted alike, a block costs no
    /// hash and tells nothing, and the owner gets in from elsewhere.
    #[tokio::test]
    async fn guessing_is_blocked_and_the_owner_is_not() {
        let fixture = Fixture::new(Rules::default()).await;
        fixture.login("alice", "pässword").await.expect("remembered from now on");
        for (login, otherwise) in [("nobody", "NOBODY"), ("alice", "ALICE@example.org")] {
            for guess in 0..LIMITS.per_account {
                assert_wrong(&fixture.login(login, &guess.to_string()).await);
            }
            let before = fixture.auth.service.passwords().computations();
            assert_blocked(&fixture.login(login, "pässword").await);
            assert_blocked(&fixture.login(otherwise, "pässword").await);
            assert_eq!(fixture.auth.service.passwords().computations(), before);
        }
        let elsewhere = IpAddr::from([192, 0, 2, 2]);
        fixture.login_from(elsewhere, "alice", "pässword").await.expect("the owner");
        fixture.login("admin", "adminpw").await.expect("somebody else from there");
        tokio::time::sleep(Duration::from_millis(1100)).await;
        fixture.login("alice", "pässword").await.expect("when the block is over");
    }

    #[tokio::test]
    async fn guesses_at_the_same_time_are_counted() {
        let fixture = Fixture::new(Rules::default()).await;
        let before = fixture.auth.service.passwords().computations();
        let guesses: Vec<_> = (0..100).map(|guess| guess.to_string()).collect();
        let answers = join_all(guesses.iter().map(|guess| fixture.login("alice", guess))).await;
        let wrong = answers.iter().filter(|answer| matches!(answer, Err(Refusal::WrongCredentials)));
        assert_eq!(wrong.count(), LIMITS.per_account as usize);
        let hashes = fixture.auth.service.passwords().computations() - before;
        assert_eq!(hashes, u64::from(LIMITS.per_account));
    }

    /// Users whose passwords other servers hashed, in each of the ways that cost differently.
    async fn add_foreign(fixture: &Fixture) {
        let bcrypt = bcrypt::hash_with_salt("old", 9, [7; 16]).expect("hashed");
        let argon2 = "3|$argon2id$v=19$m=256,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$+1nwfgdrsa+urIv+wPVqzQ";
        for (id, hash) in [
            ("bcrypt", format!("1|{}", bcrypt.format_for_version(bcrypt::Version::TwoY))),
            ("argon2", argon2.to_owned()),
            ("sha1", SHA1_OF_OLD.to_owned()),
            ("locked", "!".to_owned()),
        ] {
            let user = NewUser {
                id: UserId::new(id).expect("id"),
                password: PasswordHash::new(hash),
                display_name: UserName::stored(id),
                email: None,
                quota: Quota::Default,
            };
            fixture.store.write(move |tx| tx.insert_user(&user)).await.expect("user");
        }
    }

    /// How far two samples are from being of one distribution, in standard deviations of the test of
    /// Wilcoxon, Mann and Whitney. It takes no distribution for granted: whatever else the machine does,
    /// more than 4.5 comes by chance once in a hundred thousand times. 24 against 24 can reach 5.9.
    fn distance(one: &[Duration], other: &[Duration]) -> f64 {
        let ranks = |a: &Duration| other.iter().map(|b| if a > b { 1.0 } else { 0.0 }).sum::<f64>();
        let above: f64 = one.iter().map(ranks).sum();
        let (n, m) = (one.len() as f64, other.len() as f64);
        (above - n * m / 2.0).abs() / (n * m * (n + m + 1.0) / 12.0).sqrt()
    }

    /// The reason of a refusal does not show in its time, nor does which server the password came from.
    /// All take turns, so that what else the machine does meets all alike.
    #[tokio::test]
    async fn refusals_take_equally_long() {
        let fixture = Fixture::new(Rules::default()).await;
        add_foreign(&fixture).await;
        fixture.change("Alice", UserChange::Enabled(false)).await;
        let tries = [
            ("nobody", "wrong"),
            ("admin", "wrong"),
            ("alice", "pässword"),
            ("bcrypt", "wrong"),
            ("argon2", "wrong"),
            ("sha1", "wrong"),
            ("locked", "!"),
        ];
        let mut times = [const { Vec::new() }; 7];
        let mut quick = Vec::new();
        for round in 0..24_u8 {
            for turn in 0..tries.len() {
                let (login, password) = tries[(turn + usize::from(round)) % tries.len()];
                let started = std::time::Instant::now();
                assert_wrong(&fixture.login_from([10, 0, 0, round].into(), login, password).await);
                times[(turn + usize::from(round)) % tries.len()].push(started.elapsed());
            }
            // What would show: the work of our own hash alone.
            let started = std::time::Instant::now();
            let wrong = Password::offered("wrong".to_owned());
            fixture.auth.service.passwords().verify(&wrong, None, Vec::new()).await.expect("verified");
            quick.push(started.elapsed());
        }
        let found = times.each_ref().map(|times_of| distance(times_of, &times[0]));
        println!("standard deviations from an unknown user: {found:.1?}");
        assert!(distance(&quick, &times[0]) > 4.5, "the test would not see it: {quick:?} {times:?}");
        assert!(found.iter().all(|distance| *distance < 4.5), "{found:?} of {tries:?}: {times:?}");
    }

    #[tokio::test]
    async fn a_changed_password_counts_at_once() {
        let fixture = Fixture::new(Rules::default()).await;
        fixture.login("alice", "pässword").await.expect("old");
        let new = Password::new("new").expect("password");
        fixture.auth.service.install_password("alice", &new).await.expect("changed");
        assert_wrong(&fixture.login("alice", "pässword").await);
        fixture.login("alice", "new").await.expect("new");
    }

    /// SHA-1 of `old`, as servers kept it long ago.
    const SHA1_OF_OLD: &str = "c00dbbc9dadfbe1e232e93a729dd4752fade0abf";

    #[tokio::test]
    async fn a_hash_of_another_server_is_replaced_at_login() {
        let fixture = Fixture::new(Rules::default()).await;
        let taken_over = PasswordHash::new(SHA1_OF_OLD.to_owned());
        fixture.change("Alice", UserChange::Password(taken_over.clone())).await;
        let stored = || fixture.auth.service.account("alice").expect("read").expect("there").password;
        assert_wrong(&fixture.login("alice", "wrong").await);
        assert!(stored() == taken_over);
        fixture.login("alice", "old").await.expect("right");
        for _ in 0..500 {
            if stored().as_str().starts_with("$argon2id$") {
                fixture.login("alice", "old").await.expect("still right");
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the hash was not replaced");
    }

    #[tokio::test]
    async fn a_password_changed_in_the_meantime_stays() {
        let fixture = Fixture::new(Rules::default()).await;
        fixture.change("Alice", UserChange::Password(PasswordHash::new(SHA1_OF_OLD.to_owned()))).await;
        let service = &fixture.auth.service;
        let before = service.account("alice").expect("read").expect("there");
        service.install_password("alice", &Password::new("new").expect("password")).await.expect("changed");
        service.renew_hash(&before, &Password::offered("old".to_owned())).await.expect("nothing to do");
        fixture.login("alice", "new").await.expect("new");
        assert_wrong(&fixture.login("alice", "old").await);
    }

    #[tokio::test]
    async fn rights_are_read_anew() {
        let fixture = Fixture::new(Rules::default()).await;
        assert!(!fixture.login("alice", "pässword").await.expect("known").administrator);
        let promoted = fixture.store.write(|tx| tx.add_to_group(&GroupId::admin(), &UserId::new("Alice")?));
        promoted.await.expect("promoted");
        assert!(fixture.login("alice", "pässword").await.expect("known").administrator);
    }

    #[tokio::test]
    async fn nobody_is_subadmin_where_that_is_switched_off() {
        let fixture = Fixture::new(Rules { allow_subadmins: false, ..Rules::default() }).await;
        assert!(!fixture.login("alice", "pässword").await.expect("known").subadmin);
    }

    #[tokio::test]
    async fn simultaneous_logins_share_one_verification() {
        let fixture = Fixture::new(Rules::default()).await;
        let before = fixture.auth.service.passwords().computations();
        let logins = (0..64).map(|_| fixture.login("alice", "pässword"));
        assert!(join_all(logins).await.iter().all(Result::is_ok));
        assert_eq!(fixture.auth.service.passwords().computations() - before, 1);
        fixture.login("alice", "pässword").await.expect("remembered");
        assert_eq!(fixture.auth.service.passwords().computations() - before, 1);
    }

    #[tokio::test]
    async fn the_time_of_a_login_is_noted() {
        let fixture = Fixture::new(Rules::default()).await;
        let noted = || {
            let account = fixture.auth.service.account("alice").expect("read").expect("there");
            account.last_login
        };
        assert_wrong(&fixture.login("alice", "wrong").await);
        fixture.login("alice", "pässword").await.expect("right");
        for _ in 0..500 {
            if noted().is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the login was not noted");
    }

    /// Longer than any test.
    const HOUR: i64 = 3_600_000;

    #[tokio::test]
    async fn tokens_log_in_alone_and_in_place_of_a_password() {
        let fixture = Fixture::new(Rules::default()).await;
        let (token, secret) = fixture.token("alice", HOUR).await;
        let before = fixture.auth.service.passwords().computations();
        let expected = Some(TokenGrant { number: token.number, scope: TokenScope::Groups });
        for login in ["Alice", "ALICE", "alice@Example.org"] {
            let who = fixture.login(login, secret.expose()).await.expect(login);
            assert_eq!((who.user.as_str(), who.subadmin, who.token), ("Alice", true, expected));
        }
        let who = fixture.bear(&secret).await.expect("the token is enough");
        assert_eq!((who.user.as_str(), who.subadmin, who.token), ("Alice", true, expected));
        for login in ["admin", "nobody", ""] {
            assert_wrong(&fixture.login(login, secret.expose()).await);
        }
        assert_eq!(fixture.auth.service.passwords().computations(), before);
        assert_eq!(fixture.login("alice", "pässword").await.expect("a password").token, None);
    }

    #[tokio::test]
    async fn a_token_that_is_worth_nothing_reads_like_a_wrong_password() {
        let fixture = Fixture::new(Rules::default()).await;
        let (_, expired) = fixture.token("alice", -1).await;
        let (_, disabled) = fixture.token("alice", HOUR).await;
        let (revoked, secret) = fixture.token("admin", HOUR).await;
        fixture.bear(&secret).await.expect("known before");
        fixture.auth.service.revoke_token(revoked.number).await.expect("revoked");
        fixture.change("Alice", UserChange::Enabled(false)).await;
        let unknown = TokenSecret::random().expect("random numbers");
        for (login, token) in
            [("alice", &expired), ("alice", &disabled), ("admin", &secret), ("admin", &unknown)]
        {
            assert_wrong(&fixture.bear(token).await);
            assert_wrong(&fixture.login(login, token.expose()).await);
        }
        fixture.change("Alice", UserChange::Enabled(true)).await;
        fixture.bear(&disabled).await.expect("enabled again");
    }

    #[tokio::test]
    async fn a_token_ends_though_it_is_known_and_nothing_is_written() {
        let fixture = Fixture::new(Rules::default()).await;
        let (token, secret) = fixture.token("alice", 5000).await;
        let used = || async { fixture.bear(&secret).await };
        used().await.expect("valid");
        // That it was used is noted, and makes what is known worthless once.
        while fixture.auth.service.tokens(None).expect("read")[0].last_used.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        used().await.expect("valid, and known from now on");
        let hits = fixture.auth.logins().credentials.hits.get();
        let generation = fixture.store.generation().expect("read");
        used().await.expect("known");
        assert_eq!(fixture.auth.logins().credentials.hits.get(), hits + 1);
        let left = token.expires.expect("an end").0 - Timestamp::now().0;
        tokio::time::sleep(Duration::from_millis(u64::try_from(left + 1).unwrap_or(0))).await;
        assert_wrong(&used().await);
        assert_eq!(fixture.store.generation().expect("read"), generation);
    }

    #[tokio::test]
    async fn guessing_tokens_is_blocked_as_guessing_passwords_is() {
        let fixture = Fixture::new(Rules::default()).await;
        let (_, secret) = fixture.token("alice", HOUR).await;
        let guess = || TokenSecret::random().expect("random numbers");
        for _ in 0..LIMITS.per_account {
            assert_wrong(&fixture.login("alice", guess().expose()).await);
        }
        assert_blocked(&fixture.login("alice", secret.expose()).await);
        assert_blocked(&fixture.login("alice", "pässword").await);
        // A wrong one that comes alone holds no other back, until the address has sent too many.
        let stale = guess();
        for _ in 0..LIMITS.per_account {
            assert_wrong(&fixture.bear(&stale).await);
        }
        assert_blocked(&fixture.bear(&stale).await);
        fixture.bear(&secret).await.expect("another");
        for _ in 2 * LIMITS.per_account..LIMITS.per_address {
            assert_wrong(&fixture.bear(&guess()).await);
        }
        assert_blocked(&fixture.bear(&guess()).await);
        assert_blocked(&fixture.bear(&secret).await);
    }
}
