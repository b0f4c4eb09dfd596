//! Keeping everything: the traits a store implements, in domain types.
//!
//! A [`Store`] runs jobs. A reading job sees one snapshot through [`Reader`]; a writing job changes
//! things through [`Tx`] in one transaction, and has been made durable when its result comes back. A
//! writing job that returns an error has changed nothing. What a caller wrote, it reads.

mod call;
pub mod sqlite;

use std::sync::Arc;

use crate::domain::{
    Account, AppId, AuditQuery, AuditRecord, Change, CustomGroup, CustomGroupNumber, DisplayName, Email,
    Group, GroupId, GroupName, GroupRef, GroupUri, Membership, NewToken, NewUser, Outcome, PasswordHash,
    Pattern, Principal, Quota, Result, Role, RoledGroup, Search, Timestamp, Token, TokenHash, TokenNumber,
    User, UserId, UserName,
};

pub use call::{LongReads, WriteJob};

/// Which of the members of a subadmin's groups are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Members {
    /// All of them.
    All,
    /// All but administrators, whom no subadmin manages.
    Managed,
}

/// Questions about users.
pub trait UserReader {
    /// The user with this id in any case.
    fn user(&self, id: &str) -> Result<Option<User>>;

    /// The account to log in with: by user id in any case or, where no user has that id, by e-mail
    /// address in any case if it belongs to just one user.
    fn account(&self, login: &str) -> Result<Option<Account>>;

    /// Of the hashes of passwords that this server would not make today and that cost something to verify
    /// against, that is to say all with a `$` in them, the first by bytes that is not before `from`.
    fn foreign_password(&self, from: &str) -> Result<Option<PasswordHash>>;

    /// Ids of users that match in id, display name or e-mail, by id.
    fn find_users(&self, search: &Search) -> Result<Vec<UserId>>;

    /// The same among the members of the groups that `subadmin` manages, each once.
    fn find_managed_users(&self, subadmin: &UserId, members: Members, search: &Search)
    -> Result<Vec<UserId>>;

    /// How many users [`Self::find_users`] finds on all pages together.
    fn count_users(&self, pattern: &Pattern) -> Result<u64>;

    /// How many users [`Self::find_managed_users`] finds on all pages together.
    fn count_managed_users(&self, subadmin: &UserId, members: Members, pattern: &Pattern) -> Result<u64>;

    /// All users, by id.
    fn users(&self) -> Result<Vec<User>>;

    /// The users with these ids, by id; those that are missing are left out.
    fn users_with(&self, ids: &[UserId]) -> Result<Vec<User>>;
}

/// Questions about groups of the provisioning API.
pub trait GroupReader {
    /// Whether there is a group with this id.
    fn group_exists(&self, group: &GroupId) -> Result<bool>;

    /// Ids of groups that match in id or display name, by id.
    fn find_groups(&self, search: &Search) -> Result<Vec<GroupId>>;

    /// The same groups, with what there is to say about them.
    fn groups(&self, search: &Search) -> Result<Vec<Group>>;

    /// How many groups [`Self::find_groups`] finds on all pages together.
    fn count_groups(&self, pattern: &Pattern) -> Result<u64>;

    /// The groups `user` is in, by id.
    fn groups_of(&self, user: &UserId) -> Result<Vec<GroupId>>;

    /// The groups that each of these users is in, by the ids of both.
    fn groups_of_each(&self, users: &[UserId]) -> Result<Vec<(UserId, GroupId)>>;

    /// The groups that each of these users is subadmin of, by the ids of both.
    fn subadmin_groups_of_each(&self, users: &[UserId]) -> Result<Vec<(UserId, GroupId)>>;

    /// The members of `group`, by id.
    fn group_members(&self, group: &GroupId) -> Result<Vec<UserId>>;

    /// Whether `user` is in `group`.
    fn is_group_member(&self, group: &GroupId, user: &UserId) -> Result<bool>;

    /// Whether the two are in a common group.
    fn share_a_group(&self, one: &UserId, other: &UserId) -> Result<bool>;

    /// The groups `user` is subadmin of, by id.
    fn subadmin_groups(&self, user: &UserId) -> Result<Vec<GroupId>>;

    /// Those who are subadmin of `group`, by id.
    fn subadmins(&self, group: &GroupId) -> Result<Vec<UserId>>;

    /// Whether `user` is subadmin of `group`.
    fn is_subadmin(&self, group: &GroupId, user: &UserId) -> Result<bool>;

    /// Whether `subadmin` is subadmin of a group that `user` is in.
    fn manages(&self, subadmin: &UserId, user: &UserId) -> Result<bool>;
}

/// Questions about custom groups.
pub trait CustomGroupReader {
    /// The custom group that is meant.
    fn custom_group(&self, group: &GroupRef) -> Result<Option<CustomGroup>>;

    /// The role of `user` in a group; none for those who are no members.
    fn role(&self, group: CustomGroupNumber, user: &UserId) -> Result<Option<Role>>;

    /// How many admins a group has.
    fn count_admins(&self, group: CustomGroupNumber) -> Result<u64>;

    /// Whether a custom group other than `except` has this display name in any case.
    fn display_name_taken(&self, name: &DisplayName, except: Option<CustomGroupNumber>) -> Result<bool>;

    /// The groups of `user` that match in display name, with the user's role, by number.
    fn custom_groups_of(&self, user: &UserId, search: &Search) -> Result<Vec<RoledGroup>>;

    /// At most `limit` further groups of `user`, those that follow `last`.
    fn custom_groups_of_after(
        &self,
        user: &UserId,
        last: &CustomGroup,
        limit: u64,
    ) -> Result<Vec<RoledGroup>>;

    /// All groups that match in display name, without roles, by display name bytewise.
    fn custom_groups(&self, search: &Search) -> Result<Vec<RoledGroup>>;

    /// At most `limit` further groups, those that follow `last`.
    fn custom_groups_after(&self, last: &CustomGroup, limit: u64) -> Result<Vec<RoledGroup>>;

    /// The members of a group that match in id or display name, by id bytewise.
    fn memberships(&self, group: CustomGroupNumber, search: &Search) -> Result<Vec<Membership>>;

    /// At most `limit` further members of a group, those that follow `last`.
    fn memberships_after(
        &self,
        group: CustomGroupNumber,
        last: &UserId,
        limit: u64,
    ) -> Result<Vec<Membership>>;

    /// The membership of the user with just this id.
    fn membership(&self, group: CustomGroupNumber, user: &str) -> Result<Option<Membership>>;

    /// Every user who belongs to a custom group, by id bytewise.
    fn users_with_memberships(&self) -> Result<Vec<UserId>>;

    /// The groups that nobody is admin of, with or without members, by number.
    fn custom_groups_without_admin(&self) -> Result<Vec<CustomGroup>>;

    /// The member of a group who joined first.
    fn longest_standing(&self, group: CustomGroupNumber) -> Result<Option<UserId>>;
}

/// Questions about apps.
pub trait AppReader {
    /// The apps that were switched on (true) or off (false) by hand.
    fn app_switches(&self) -> Result<Vec<(AppId, bool)>>;
}

/// Questions about tokens.
pub trait TokenReader {
    /// The token with this number.
    fn token(&self, number: TokenNumber) -> Result<Option<Token>>;

    /// The token that has this hash, still valid or not.
    fn token_with(&self, hash: &TokenHash) -> Result<Option<Token>>;

    /// The tokens of `user`, or of everybody, by number.
    fn tokens(&self, user: Option<&UserId>) -> Result<Vec<Token>>;
}

/// Questions about what was written down of changes.
pub trait AuditReader {
    /// The records that are asked for, oldest first.
    fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditRecord>>;
}

/// Everything of a kind at once, for those who copy it elsewhere.
pub trait BulkReader {
    /// The hashes of the passwords of all users, by id.
    fn passwords(&self) -> Result<Vec<(UserId, PasswordHash)>>;

    /// Who is in which group, by the ids of group and user.
    fn all_group_members(&self) -> Result<Vec<(GroupId, UserId)>>;

    /// Who is subadmin of which group, by the ids of group and user.
    fn all_subadmins(&self) -> Result<Vec<(GroupId, UserId)>>;

    /// All custom groups, by number.
    fn all_custom_groups(&self) -> Result<Vec<CustomGroup>>;

    /// Who belongs to which custom group, by the group's number and then in the order of joining.
    fn all_memberships(&self) -> Result<Vec<(GroupUri, UserId, Role)>>;
}

/// Questions about what was made because it was declared.
pub trait DeclaredReader {
    /// The users, by id.
    fn declared_users(&self) -> Result<Vec<UserId>>;

    /// The groups of the provisioning API, by id.
    fn declared_groups(&self) -> Result<Vec<GroupId>>;

    /// The custom groups, by number.
    fn declared_custom_groups(&self) -> Result<Vec<CustomGroup>>;
}

/// One snapshot of the store.
pub trait Reader:
    UserReader
    + GroupReader
    + CustomGroupReader
    + AppReader
    + TokenReader
    + AuditReader
    + BulkReader
    + DeclaredReader
{
}

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

/// Stands for one state of everything that is stored; another state has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation(pub u64);

/// A job that reads.
pub type ReadJob<'a> = &'a mut dyn FnMut(&dyn Reader) -> Result<()>;

/// Somewhere to keep everything. See the module for what is promised.
pub trait Store: Send + Sync + 'static {
    /// Runs `job` on one snapshot, here and now; it should be short.
    ///
    /// # Errors
    /// Whatever the job returns, and `Store` when the store cannot be read.
    fn run_read(&self, job: ReadJob<'_>) -> Result<()>;

    /// The generation of what would be read now, whoever wrote it. What is read afterwards is of this one
    /// or of a later one.
    ///
    /// # Errors
    /// `Store` when the store cannot be read.
    fn generation(&self) -> Result<Generation>;

    /// Puts `job` into the queue of writes.
    ///
    /// # Errors
    /// `Busy` when the queue is full.
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<()>;
}

/// A store that is shared.
pub type SharedStore = Arc<dyn Store>;
