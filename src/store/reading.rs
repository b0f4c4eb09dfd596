//! What a store is asked: one trait for each kind of thing, all of them in [`Reader`].

use crate::domain::{
    Account, AppId, AuditQuery, AuditRecord, CustomGroup, CustomGroupNumber, DisplayName, Group, GroupId,
    GroupRef, GroupUri, Membership, PasswordHash, Pattern, Result, Role, RoledGroup, Search, Token,
    TokenHash, TokenNumber, User, UserId,
};

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

    /// The same among those who come after `last`.
    fn find_users_after(&self, search: &Search, last: &UserId) -> Result<Vec<UserId>>;

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
