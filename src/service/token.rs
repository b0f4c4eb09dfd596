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
