//! Tokens: making, listing and revoking them, which the operator of the machine does, and logging in with
//! them.

use super::Service;
use super::account::is_due;
use super::act::Act;
use crate::domain::{
    Account, Error, NewToken, Result, Timestamp, Token, TokenName, TokenNumber, TokenScope, TokenSecret,
    UserId,
};
use crate::store::Reader;

impl Service {
    /// Makes a token for a user. What it says is returned, and known to nobody else.
    ///
    /// # Errors
    /// `UserUnknown`.
    pub async fn create_token(
        &self,
        user: &str,
        name: TokenName,
        scope: TokenScope,
        expires: Option<Timestamp>,
    ) -> Result<(Token, TokenSecret)> {
        let secret = TokenSecret::random()?;
        let (user, hash) = (user.to_owned(), secret.hash());
        let made = self.operate(move |act| {
            let user = existing(&**act, &user)?;
            act.insert_token(&NewToken { user, name, scope, hash, expires })
        });
        Ok((made.await?, secret))
    }

    /// The tokens of a user, or of everybody, by number; those that have expired among them.
    ///
    /// # Errors
    /// `UserUnknown`.
    pub fn tokens(&self, user: Option<&str>) -> Result<Vec<Token>> {
        self.read(|reader| match user {
            Some(user) => reader.tokens(Some(&existing(reader, user)?)),
            None => reader.tokens(None),
        })
    }

    /// Makes a token worthless from now on.
    ///
    /// # Errors
    /// `TokenUnknown`.
    pub async fn revoke_token(&self, number: TokenNumber) -> Result<()> {
        self.operate(move |act| {
            let token = act.token(number)?.ok_or(Error::TokenUnknown(number))?;
            act.delete_token(&token)
        })
        .await
    }

    /// The same for all tokens of a user, and says how many there were.
    ///
    /// # Errors
    /// `UserUnknown`.
    pub async fn revoke_tokens_of(&self, user: &str) -> Result<usize> {
        let user = user.to_owned();
        self.operate(move |act: &mut Act<'_>| {
            let tokens = act.tokens(Some(&existing(&**act, &user)?))?;
            tokens.iter().try_for_each(|token| act.delete_token(token))?;
            Ok(tokens.len())
        })
        .await
    }

    /// What a token says belongs to: itself, valid or not, and the account of its user.
    ///
    /// # Errors
    /// `Store` when the store cannot be read.
    pub fn token_account(&self, secret: &TokenSecret) -> Result<Option<(Token, Account)>> {
        let hash = secret.hash();
        self.read(|reader| {
            let Some(token) = reader.token_with(&hash)? else {
                return Ok(None);
            };
            Ok(reader.account(token.user.as_str())?.map(|account| (token, account)))
        })
    }

    /// Whether the last use of a token that was noted is long enough ago for another.
    pub fn is_token_use_due(token: &Token) -> bool {
        is_due(token.last_used)
    }

    /// Notes that somebody just logged in with a token.
    ///
    /// # Errors
    /// `Busy`, `StorageFull` or `Store` when it cannot be written.
    pub async fn note_token_use(&self, token: TokenNumber) -> Result<()> {
        let now = Timestamp::now();
        self.write(move |tx| tx.note_token_use(token, now)).await
    }
}

fn existing(reader: &dyn Reader, user: &str) -> Result<UserId> {
    reader.user(user)?.map(|user| user.id).ok_or_else(|| Error::UserUnknown(user.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::provisioning::UserField;
    use crate::domain::{
        Denied, GroupId, NewUser, Origin, PasswordHash, Place, Principal, Quota, Rules, TokenGrant, UserName,
    };
    use crate::service::Passwords;
    use crate::store::sqlite::SqliteStore;

    struct Fixture {
        service: Service,
        _directory: tempfile::TempDir,
    }

    impl Fixture {
        /// With the administrator `admin` and the user `alice`.
        async fn new() -> Self {
            let directory = tempfile::tempdir().expect("temporary directory");
            let store = Arc::new(SqliteStore::open(directory.path()).expect("store"));
            let service = Service::new(store, Arc::new(Passwords::new().expect("decoy")), Rules::default());
            let made = service.operate(|act| {
                for id in ["admin", "alice"] {
                    act.insert_user(&NewUser {
                        id: UserId::new(id)?,
                        password: PasswordHash::locked(),
                        display_name: UserName::stored(id),
                        email: None,
                        quota: Quota::Default,
                    })?;
                }
                act.add_to_group(&GroupId::admin(), &UserId::new("admin")?)
            });
            made.await.expect("made");
            Self { service, _directory: directory }
        }

        /// An administrator with a token that is valid for so many milliseconds.
        async fn administrator(&self, scope: TokenScope, life: i64) -> Principal {
            let expires = Some(Timestamp(Timestamp::now().0 + life));
            let made = self.service.create_token("admin", TokenName::default(), scope, expires).await;
            let (token, _) = made.expect("a token");
            Principal {
                user: token.user,
                administrator: true,
                subadmin: false,
                token: Some(TokenGrant { number: token.number, scope }),
                origin: Origin::Machine,
            }
        }

        async fn make_group(&self, who: &Principal) -> Result<()> {
            let place = Place::Group("team".to_owned());
            self.service.create_custom_group(who, &place, None).await.map(drop)
        }
    }

    fn assert_gone(answer: &Result<()>) {
        assert!(matches!(answer, Err(Error::NotPermitted(Denied::TokenGone))), "{answer:?}");
    }

    /// Between the check of the credentials and the transaction there may be time.
    #[tokio::test]
    async fn a_token_that_ended_meanwhile_changes_nothing() {
        let fixture = Fixture::new().await;
        assert_gone(&fixture.make_group(&fixture.administrator(TokenScope::Admin, -1).await).await);
        let who = fixture.administrator(TokenScope::Groups, 3_600_000).await;
        fixture.make_group(&who).await.expect("it may");
        assert_eq!(fixture.service.revoke_tokens_of("admin").await.expect("revoked"), 2);
        let place = Place::Group("team".to_owned());
        assert_gone(&fixture.service.delete(&who, &place).await);
    }

    /// What the rights are was looked up when the credentials were checked, and again in the transaction:
    /// the scope must be the same.
    #[tokio::test]
    async fn the_scope_holds_inside_the_transaction() {
        let fixture = Fixture::new().await;
        let who = fixture.administrator(TokenScope::Users, 3_600_000).await;
        let promote = || fixture.service.add_to_group(&who, "alice", "admin");
        assert!(matches!(promote().await, Err(Error::ScopeTooNarrow(TokenScope::Admin))));
        let rename = |id: &'static str| {
            let value = Some("x".to_owned().into());
            fixture.service.edit_user(&who, id, Some(UserField::DisplayName), value)
        };
        rename("alice").await.expect("a user like others");
        fixture.service.add_to_group(&Principal::operator(), "alice", "admin").await.expect("promoted");
        for administrator in ["alice", "admin"] {
            let refused = rename(administrator).await;
            assert!(matches!(refused, Err(Error::ScopeTooNarrow(TokenScope::Admin))), "{refused:?}");
        }
        // Even where nothing would change.
        assert!(matches!(promote().await, Err(Error::ScopeTooNarrow(TokenScope::Admin))));
    }
}
