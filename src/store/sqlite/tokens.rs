//! Tokens.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Row, params};

use super::session::Session;
use super::users::user_id;
use crate::domain::{
    NewToken, Result, StoreFailure, Timestamp, Token, TokenHash, TokenName, TokenNumber, TokenScope, UserId,
};
use crate::store::{TokenReader, TokenWriter};

impl TokenReader for Session<'_> {
    fn token(&self, number: TokenNumber) -> Result<Option<Token>> {
        self.first(
            "SELECT number, user_id, name, scope, created, expires, last_used FROM tokens WHERE number = ?1",
            [number.get()],
            token,
        )
    }

    fn token_with(&self, hash: &TokenHash) -> Result<Option<Token>> {
        self.first(
            "SELECT number, user_id, name, scope, created, expires, last_used FROM tokens WHERE hash = ?1",
            [hash.as_bytes()],
            token,
        )
    }

    fn tokens(&self, user: Option<&UserId>) -> Result<Vec<Token>> {
        self.all(
            "SELECT number, user_id, name, scope, created, expires, last_used FROM tokens
             WHERE ?1 IS NULL OR user_id = ?1 ORDER BY number",
            [user.map(UserId::as_str)],
            token,
        )
    }
}

impl TokenWriter for Session<'_> {
    fn insert_token(&mut self, new: &NewToken) -> Result<Token> {
        let made = self.first(
            "INSERT INTO tokens (user_id, name, hash, scope, created, expires, last_used)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL)
             RETURNING number, user_id, name, scope, created, expires, last_used",
            params![
                new.user.as_str(),
                new.name.as_str(),
                new.hash.as_bytes(),
                new.scope.as_str(),
                self.now.0,
                new.expires.map(|end| end.0),
            ],
            token,
        )?;
        Ok(made.ok_or_else(|| StoreFailure::new("a token was not kept"))?)
    }

    fn note_token_use(&mut self, token: TokenNumber, at: Timestamp) -> Result<()> {
        self.change("UPDATE tokens SET last_used = ?2 WHERE number = ?1", [token.get(), at.0])?;
        Ok(())
    }

    fn delete_token(&mut self, token: TokenNumber) -> Result<()> {
        self.change("DELETE FROM tokens WHERE number = ?1", [token.get()])?;
        Ok(())
    }
}

fn token(row: &Row<'_>) -> rusqlite::Result<Token> {
    Ok(Token {
        number: TokenNumber::new(row.get(0)?),
        user: user_id(row, 1)?,
        name: TokenName::stored(row.get(2)?),
        scope: row.get::<_, StoredScope>(3)?.0,
        created: Timestamp(row.get(4)?),
        expires: row.get::<_, Option<i64>>(5)?.map(Timestamp),
        last_used: row.get::<_, Option<i64>>(6)?.map(Timestamp),
    })
}

struct StoredScope(TokenScope);

impl FromSql for StoredScope {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        TokenScope::from_name(value.as_str()?).map(Self).ok_or(FromSqlError::InvalidType)
    }
}
