//! Users.

use compact_str::CompactString;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Row, params};

use super::search::{Like, Search as Way};
use super::session::{Session, limit_offset};
use crate::domain::{
    Account, Email, Error, NewUser, PasswordHash, Pattern, Quota, Result, Search, Timestamp, User, UserId,
    UserName, fold::fold,
};
use crate::store::{Members, UserChange, UserReader, UserWriter};

/// What the index of names finds, up to a limit.
const CANDIDATES: &str = "SELECT rowid FROM users_search WHERE users_search MATCH ?1 LIMIT ?2";

impl UserReader for Session<'_> {
    fn user(&self, id: &str) -> Result<Option<User>> {
        self.first(
            "SELECT id, display_name, email, quota, enabled, guest, last_login, created
             FROM users WHERE id_folded = ?1",
            [fold(id)],
            user,
        )
    }

    fn account(&self, login: &str) -> Result<Option<Account>> {
        let login = fold(login);
        let by_id = self.first(
            "SELECT id, password, enabled, last_login,
                    EXISTS (SELECT 1 FROM group_members WHERE group_id = 'admin' AND user_id = id),
                    EXISTS (SELECT 1 FROM subadmins WHERE user_id = id)
             FROM users WHERE id_folded = ?1",
            [&login],
            account,
        )?;
        if by_id.is_some() {
            return Ok(by_id);
        }
        let mut by_email = self.all(
            "SELECT id, password, enabled, last_login,
                    EXISTS (SELECT 1 FROM group_members WHERE group_id = 'admin' AND user_id = id),
                    EXISTS (SELECT 1 FROM subadmins WHERE user_id = id)
             FROM users WHERE email_folded = ?1 LIMIT 2",
            [&login],
            account,
        )?;
        Ok(if by_email.len() == 1 { by_email.pop() } else { None })
    }

    fn foreign_password(&self, from: &str) -> Result<Option<PasswordHash>> {
        // In the words of the index, without which it would not be used.
        self.first(
            "SELECT password FROM users
             WHERE password GLOB '*$*' AND password NOT GLOB '$argon2id$v=19$m=12288,t=3,p=1$*'
               AND password >= ?1
             ORDER BY password LIMIT 1",
            [from],
            |row| Ok(PasswordHash::new(row.get(0)?)),
        )
    }

    fn find_users(&self, search: &Search) -> Result<Vec<UserId>> {
        self.find_users_behind(search, "")
    }

    fn find_users_after(&self, search: &Search, last: &UserId) -> Result<Vec<UserId>> {
        self.find_users_behind(search, last.as_str())
    }

    fn find_managed_users(
        &self,
        subadmin: &UserId,
        members: Members,
        search: &Search,
    ) -> Result<Vec<UserId>> {
        let (limit, offset) = limit_offset(search.page);
        self.all(
            "SELECT id FROM users
             WHERE id IN (SELECT m.user_id FROM group_members m JOIN subadmins s ON s.group_id = m.group_id
                          WHERE s.user_id = ?1)
               AND (name_folded LIKE ?2 ESCAPE '\\' OR email_folded LIKE ?2 ESCAPE '\\')
               AND (?3 OR id NOT IN (SELECT user_id FROM group_members WHERE group_id = 'admin'))
             ORDER BY id LIMIT ?4 OFFSET ?5",
            params![
                subadmin.as_str(),
                Like::or_null(&search.pattern),
                members == Members::All,
                limit,
                offset
            ],
            |row| user_id(row, 0),
        )
    }

    fn count_users(&self, pattern: &Pattern) -> Result<u64> {
        match self.search(pattern, CANDIDATES)? {
            Way::Nothing => Ok(0),
            Way::Everything => self.count("SELECT users FROM totals", []),
            Way::Scan(like) => self.count(
                "SELECT count(*) FROM users
                 WHERE name_folded LIKE ?1 ESCAPE '\\' OR email_folded LIKE ?1 ESCAPE '\\'",
                params![like],
            ),
            Way::Index(like, numbers) => self.count(
                "SELECT count(*) FROM users
                 WHERE number IN (SELECT value FROM json_each(?2))
                   AND (name_folded LIKE ?1 ESCAPE '\\' OR email_folded LIKE ?1 ESCAPE '\\')",
                params![like, numbers],
            ),
        }
    }

    fn count_managed_users(&self, subadmin: &UserId, members: Members, pattern: &Pattern) -> Result<u64> {
        self.count(
            "SELECT count(*) FROM users
             WHERE id IN (SELECT m.user_id FROM group_members m JOIN subadmins s ON s.group_id = m.group_id
                          WHERE s.user_id = ?1)
               AND (name_folded LIKE ?2 ESCAPE '\\' OR email_folded LIKE ?2 ESCAPE '\\')
               AND (?3 OR id NOT IN (SELECT user_id FROM group_members WHERE group_id = 'admin'))",
            params![subadmin.as_str(), Like::or_null(pattern), members == Members::All],
        )
    }

    fn users(&self) -> Result<Vec<User>> {
        self.all(
            "SELECT id, display_name, email, quota, enabled, guest, last_login, created
             FROM users ORDER BY id",
            [],
            user,
        )
    }

    fn users_with(&self, ids: &[UserId]) -> Result<Vec<User>> {
        self.all(
            "SELECT id, display_name, email, quota, enabled, guest, last_login, created
             FROM users WHERE id IN (SELECT value FROM json_each(?1)) ORDER BY id",
            [list(ids)],
            user,
        )
    }
}

impl UserWriter for Session<'_> {
    fn insert_user(&mut self, user: &NewUser) -> Result<()> {
        let added = self.change(
            "INSERT INTO users (id, id_folded, display_name, email, email_folded, password, quota,
                                enabled, guest, created, last_login, name_folded)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, 0, ?8, NULL, ?9)
             ON CONFLICT DO NOTHING",
            params![
                user.id.as_str(),
                user.id.folded(),
                user.display_name.as_str(),
                user.email.as_ref().map(Email::as_str),
                user.email.as_ref().map(Email::folded),
                user.password.as_str(),
                stored_quota(user.quota),
                self.now.0,
                name_folded(&user.id, &user.display_name),
            ],
        )?;
        if added == 0 { Err(Error::UserExists) } else { Ok(()) }
    }

    fn update_user(&mut self, user: &UserId, change: &UserChange) -> Result<()> {
        let id = user.as_str();
        match change {
            UserChange::DisplayName(name) => self.change(
                "UPDATE users SET display_name = ?2, name_folded = ?3 WHERE id = ?1",
                params![id, name.as_str(), name_folded(user, name)],
            ),
            UserChange::Email(email) => self.change(
                "UPDATE users SET email = ?2, email_folded = ?3 WHERE id = ?1",
                params![id, email.as_ref().map(Email::as_str), email.as_ref().map(Email::folded)],
            ),
            UserChange::Quota(quota) => {
                self.change("UPDATE users SET quota = ?2 WHERE id = ?1", params![id, stored_quota(*quota)])
            }
            UserChange::Password(hash) => {
                self.change("UPDATE users SET password = ?2 WHERE id = ?1", params![id, hash.as_str()])
            }
            UserChange::Enabled(enabled) => {
                self.change("UPDATE users SET enabled = ?2 WHERE id = ?1", params![id, enabled])
            }
            UserChange::Guest(guest) => {
                self.change("UPDATE users SET guest = ?2 WHERE id = ?1", params![id, guest])
            }
            UserChange::Created(at) => {
                self.change("UPDATE users SET created = ?2 WHERE id = ?1", params![id, at.0])
            }
            UserChange::LastLogin(at) => {
                self.change("UPDATE users SET last_login = ?2 WHERE id = ?1", params![id, at.0])
            }
        }?;
        Ok(())
    }

    fn delete_user(&mut self, user: &UserId) -> Result<()> {
        self.change("DELETE FROM users WHERE id = ?1", [user.as_str()])?;
        Ok(())
    }
}

impl Session<'_> {
    /// The users that match and whose ids come after `last`: every id comes after nothing.
    fn find_users_behind(&self, search: &Search, last: &str) -> Result<Vec<UserId>> {
        let (limit, offset) = limit_offset(search.page);
        match self.search(&search.pattern, CANDIDATES)? {
            Way::Nothing => Ok(Vec::new()),
            Way::Everything => self.all(
                "SELECT id FROM users WHERE id > ?1 ORDER BY id LIMIT ?2 OFFSET ?3",
                params![last, limit, offset],
                |row| user_id(row, 0),
            ),
            Way::Scan(like) => self.all(
                "SELECT id FROM users
                 WHERE id > ?1 AND (name_folded LIKE ?2 ESCAPE '\\' OR email_folded LIKE ?2 ESCAPE '\\')
                 ORDER BY id LIMIT ?3 OFFSET ?4",
                params![last, like, limit, offset],
                |row| user_id(row, 0),
            ),
            Way::Index(like, numbers) => self.all(
                "SELECT id FROM users
                 WHERE +id > ?1 AND number IN (SELECT value FROM json_each(?5))
                   AND (name_folded LIKE ?2 ESCAPE '\\' OR email_folded LIKE ?2 ESCAPE '\\')
                 ORDER BY id LIMIT ?3 OFFSET ?4",
                params![last, like, limit, offset, numbers],
                |row| user_id(row, 0),
            ),
        }
    }
}

/// What a search of names looks at: the id and the display name on a line each.
fn name_folded(id: &UserId, name: &UserName) -> String {
    format!("{}\n{}", id.folded(), fold(name.as_str()))
}

/// Ids as one value, which a query takes apart again with `json_each`: one statement for any number.
pub(super) fn list(ids: &[UserId]) -> String {
    serde_json::Value::from_iter(ids.iter().map(UserId::as_str)).to_string()
}

pub(super) fn user_id(row: &Row<'_>, column: usize) -> rusqlite::Result<UserId> {
    Ok(UserId::stored(row.get::<_, Text>(column)?.0))
}

pub(super) fn user_name(row: &Row<'_>, column: usize) -> rusqlite::Result<UserName> {
    Ok(UserName::stored(row.get::<_, Text>(column)?.0))
}

/// Text that takes no memory of its own if it is short.
struct Text(CompactString);

impl FromSql for Text {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str().map(|text| Self(text.into()))
    }
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: user_id(row, 0)?,
        display_name: user_name(row, 1)?,
        email: row.get::<_, Option<String>>(2)?.map(Email::stored),
        quota: row.get::<_, StoredQuota>(3)?.0,
        enabled: row.get(4)?,
        guest: row.get(5)?,
        last_login: row.get::<_, Option<i64>>(6)?.map(Timestamp),
        created: Timestamp(row.get(7)?),
    })
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: user_id(row, 0)?,
        password: PasswordHash::new(row.get(1)?),
        enabled: row.get(2)?,
        last_login: row.get::<_, Option<i64>>(3)?.map(Timestamp),
        administrator: row.get(4)?,
        subadmin: row.get(5)?,
    })
}

/// How a quota is written down: sizes as a number of bytes, so that nothing is lost by rounding.
fn stored_quota(quota: Quota) -> String {
    quota.bytes().map_or_else(|| quota.to_string(), |bytes| bytes.to_string())
}

struct StoredQuota(Quota);

impl FromSql for StoredQuota {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Quota::parse(value.as_str()?).map(Self).map_err(FromSqlError::other)
    }
}
