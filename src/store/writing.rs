//! What a store is told: one trait for each kind of thing, all of them in [`Tx`].

use super::Reader;
use crate::domain::{
    AppId, Change, CustomGroup, CustomGroupNumber, DisplayName, Email, GroupId, GroupName, GroupUri,
    NewToken, NewUser, Outcome, PasswordHash, Principal, Quota, Result, Role, Timestamp, Token, TokenNumber,
    UserId, UserName,
};

/// One change of a user.
#[derive(Clone, Debug)]
pub enum UserChange {
    /// Another display name.
    DisplayName(UserName),
    /// Another e-mail address, or none.
    Email(Option<Email>),
    /// Another quota.
    Quota(Quota),
    /// Another password.
    Password(PasswordHash),
    /// Whether the user may log in.
    Enabled(bool),
    /// When the password was last verified.
    LastLogin(Timestamp),
    /// Whether the account is marked as a guest's.
    Guest(bool),
    /// When the user was made; for users who come from another server.
    Created(Timestamp),
}

/// Changes of users.
pub trait UserWriter {
    /// Makes a user, in no group yet.
    ///
    /// # Errors
    /// `UserExists` when the id is taken in any case.
    fn insert_user(&mut self, user: &NewUser) -> Result<()>;

    /// Changes one thing about a user.
    fn update_user(&mut self, user: &UserId, change: &UserChange) -> Result<()>;

    /// Deletes a user with its places in groups, its subadmin rights and its tokens. Memberships in custom groups
    /// must have been removed before, as rules hang on them.
    fn delete_user(&mut self, user: &UserId) -> Result<()>;
}

/// Changes of groups of the provisioning API.
pub trait GroupWriter {
    /// Makes a group, which bears its id as display name.
    ///
    /// # Errors
    /// `GroupExists` when the id is taken.
    fn insert_group(&mut self, group: &GroupId) -> Result<()>;

    /// Gives a group another display name.
    fn rename_group(&mut self, group: &GroupId, name: &GroupName) -> Result<()>;

    /// Deletes a group with everything that hangs on it.
    fn delete_group(&mut self, group: &GroupId) -> Result<()>;

    /// Puts a user into a group, and says whether it was not there before.
    fn add_to_group(&mut self, group: &GroupId, user: &UserId) -> Result<bool>;

    /// Takes a user out of a group, and says whether it was there.
    fn remove_from_group(&mut self, group: &GroupId, user: &UserId) -> Result<bool>;

    /// Makes a user subadmin of a group, and says whether it was none before.
    fn add_subadmin(&mut self, group: &GroupId, user: &UserId) -> Result<bool>;

    /// Takes the subadmin right away again, and says whether it was there.
    fn remove_subadmin(&mut self, group: &GroupId, user: &UserId) -> Result<bool>;
}

/// Changes of custom groups.
pub trait CustomGroupWriter {
    /// Makes a custom group without members.
    ///
    /// # Errors
    /// `GroupUriTaken` when the uri is taken.
    fn insert_custom_group(&mut self, uri: &GroupUri, name: &DisplayName) -> Result<CustomGroup>;

    /// Makes a custom group without members under a number that it has already, as groups do that come
    /// from another server. No later group gets a smaller number.
    ///
    /// # Errors
    /// `GroupUriTaken` when the uri or the number is taken.
    fn insert_numbered_custom_group(&mut self, group: &CustomGroup) -> Result<()>;

    /// Gives a custom group another display name.
    fn rename_custom_group(&mut self, group: CustomGroupNumber, name: &DisplayName) -> Result<()>;

    /// Deletes a custom group with its memberships.
    fn delete_custom_group(&mut self, group: CustomGroupNumber) -> Result<()>;

    /// Adds a member to a custom group.
    ///
    /// # Errors
    /// `AlreadyMember` when the user is one.
    fn add_member(&mut self, group: CustomGroupNumber, user: &UserId, role: Role) -> Result<()>;

    /// Gives a member another role.
    fn set_role(&mut self, group: CustomGroupNumber, user: &UserId, role: Role) -> Result<()>;

    /// Removes a member.
    fn remove_member(&mut self, group: CustomGroupNumber, user: &UserId) -> Result<()>;
}

/// Changes of apps.
pub trait AppWriter {
    /// Switches an app on or off.
    fn switch_app(&mut self, app: &AppId, enabled: bool) -> Result<()>;
}

/// Changes of tokens.
pub trait TokenWriter {
    /// Makes a token, as of the time of the transaction.
    fn insert_token(&mut self, token: &NewToken) -> Result<Token>;

    /// Notes when somebody logged in with a token.
    fn note_token_use(&mut self, token: TokenNumber, at: Timestamp) -> Result<()>;

    /// Deletes a token.
    fn delete_token(&mut self, token: TokenNumber) -> Result<()>;
}

/// Writing changes down.
pub trait AuditWriter {
    /// Adds a record of a change by `who`, at the time of the transaction.
    fn insert_audit(&mut self, who: &Principal, change: &Change, outcome: &Outcome) -> Result<()>;

    /// Forgets all records that are older than this, and says how many there were.
    fn delete_audit(&mut self, before: Timestamp) -> Result<u64>;
}

/// Remembering what was made because it was declared; it is forgotten with what it is about.
pub trait DeclaredWriter {
    /// A user.
    fn declare_user(&mut self, user: &UserId) -> Result<()>;

    /// A group of the provisioning API.
    fn declare_group(&mut self, group: &GroupId) -> Result<()>;

    /// A custom group.
    fn declare_custom_group(&mut self, group: CustomGroupNumber) -> Result<()>;
}

/// One write transaction. Rules are checked by whoever calls; constraints are the last line of defence.
pub trait Tx:
    Reader + UserWriter + GroupWriter + CustomGroupWriter + AppWriter + TokenWriter + AuditWriter + DeclaredWriter
{
    /// The time of the transaction; everything in it bears this one.
    fn now(&self) -> Timestamp;
}
