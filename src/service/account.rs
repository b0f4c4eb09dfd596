//! Accounts as the start-up, the command line and logins need them.

use super::act::Act;
use super::password_hash::{after, is_readable, kind};
use super::{Passwords, Service};
use crate::domain::{
    Account, Email, Error, GroupId, NewUser, Password, PasswordHash, Quota, Result, Timestamp, User, UserId,
    UserName,
};
use crate::store::{Reader, UserChange};

/// The time of a login moves at most this often per user or token, so that a busy client does not write
/// all the time.
const LOGIN_STEP_MS: i64 = 60_000;

impl Service {
    /// Whether anybody is administrator.
    ///
    /// # Errors
    /// `Store` when the store cannot be read.
    pub fn has_administrator(&self) -> Result<bool> {
        self.read(|reader| Ok(!reader.group_members(&GroupId::admin())?.is_empty()))
    }

    /// The account behind a login name: a user id in any case, or an e-mail address.
    ///
    /// # Errors
    /// `Store` when the store cannot be read.
    pub fn account(&self, login: &str) -> Result<Option<Account>> {
        self.read(|reader| reader.account(login))
    }

    /// Whether `offered` lets somebody in as `account`. No takes the same work whether there is no such
    /// account, it is disabled or the password is wrong, whichever server hashed it.
    ///
    /// # Errors
    /// `Store` when the store cannot be read or nothing be computed.
    pub async fn verify_password(&self, offered: &Password, account: Option<&Account>) -> Result<bool> {
        let foreign = self.read(foreign_kinds)?;
        let hash = account.filter(|account| account.enabled).map(|account| &account.password);
        self.passwords.verify(offered, hash, foreign).await
    }

    /// Whether the last login of `account` that was noted is long enough ago for another.
    pub fn is_login_due(account: &Account) -> bool {
        is_due(account.last_login)
    }

    /// Notes that the password of `account` was just verified, if that is due.
    ///
    /// # Errors
    /// `Busy`, `StorageFull` or `Store` when it cannot be written.
    pub async fn note_login(&self, account: &Account) -> Result<()> {
        if !Self::is_login_due(account) {
            return Ok(());
        }
        let (user, now) = (account.id.clone(), Timestamp::now());
        self.write(move |tx| tx.update_user(&user, &UserChange::LastLogin(now))).await
    }

    /// Hashes a password that was just verified anew, if its hash was taken over from another server.
    /// A password that was changed in the meantime stays as it is.
    ///
    /// # Errors
    /// `Busy`, `StorageFull` or `Store` when it cannot be written.
    pub async fn renew_hash(&self, account: &Account, password: &Password) -> Result<()> {
        if !Passwords::is_outdated(&account.password) {
            return Ok(());
        }
        let (user, old) = (account.id.clone(), account.password.clone());
        let new = self.passwords.hash(password).await?;
        self.write(move |tx| match tx.account(user.as_str())? {
            Some(now) if now.id == user && now.password == old => {
                tx.update_user(&user, &UserChange::Password(new))
            }
            _ => Ok(()),
        })
        .await
    }

    /// Makes a user as the operator of the server, who may do everything.
    ///
    /// # Errors
    /// `PasswordTooShort`; `UserExists`, then `GroupUnknown` for a group that is missing.
    pub async fn install_user(
        &self,
        id: UserId,
        password: &Password,
        display_name: Option<UserName>,
        email: Option<Email>,
        groups: Vec<GroupId>,
    ) -> Result<()> {
        let user = self.new_user(id, password, display_name, email).await?;
        self.operate(move |act| insert_user(act, &user, &groups)).await
    }

    /// The same, and makes the groups that are missing.
    ///
    /// # Errors
    /// `PasswordTooShort`, then `UserExists`.
    pub async fn install_user_and_groups(
        &self,
        id: UserId,
        password: &Password,
        display_name: Option<UserName>,
        email: Option<Email>,
        groups: Vec<GroupId>,
    ) -> Result<()> {
        let user = self.new_user(id, password, display_name, email).await?;
        self.operate(move |act| {
            for group in &groups {
                if !act.group_exists(group)? {
                    act.insert_group(group)?;
                }
            }
            insert_user(act, &user, &groups)
        })
        .await
    }

    async fn new_user(
        &self,
        id: UserId,
        password: &Password,
        display_name: Option<UserName>,
        email: Option<Email>,
    ) -> Result<NewUser> {
        self.rules.check_password(password)?;
        let password = self.passwords.hash(password).await?;
        let display_name = display_name.unwrap_or_else(|| UserName::stored(id.to_string()));
        Ok(NewUser { id, password, display_name, email, quota: Quota::Default })
    }

    /// Gives a user another password as the operator of the server.
    ///
    /// # Errors
    /// `PasswordTooShort`, then `UserUnknown`.
    pub async fn install_password(&self, id: &str, password: &Password) -> Result<UserId> {
        self.rules.check_password(password)?;
        let hash: PasswordHash = self.passwords.hash(password).await?;
        let id = id.to_owned();
        self.operate(move |act| {
            let user = act.user(&id)?.ok_or(Error::UserUnknown(id))?;
            act.update_user(&user.id, &UserChange::Password(hash))?;
            Ok(user.id)
        })
        .await
    }

    /// All users, by id, for the operator of the server.
    ///
    /// # Errors
    /// `Store` when the store cannot be read.
    pub fn list_users(&self) -> Result<Vec<User>> {
        self.read(|reader| reader.users())
    }
}

/// One of the stored hashes of each kind that costs something and is not ours. There are as many kinds as
/// other servers had, most often none.
fn foreign_kinds(reader: &dyn Reader) -> Result<Vec<PasswordHash>> {
    let (mut found, mut from) = (Vec::new(), String::new());
    while let Some(hash) = reader.foreign_password(&from)? {
        from = after(kind(hash.as_str()));
        found.push(hash);
    }
    found.retain(is_readable);
    Ok(found)
}

/// Whether what was noted last is long enough ago.
pub(super) fn is_due(last: Option<Timestamp>) -> bool {
    let now = Timestamp::now();
    last.is_none_or(|last| (now.0 - last.0).abs() >= LOGIN_STEP_MS)
}

fn insert_user(act: &mut Act<'_>, user: &NewUser, groups: &[GroupId]) -> Result<()> {
    act.insert_user(user)?;
    for group in groups {
        if !act.group_exists(group)? {
            return Err(Error::GroupUnknown(group.to_string()));
        }
        act.add_to_group(group, &user.id)?;
    }
    Ok(())
}
