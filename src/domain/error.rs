//! Everything that can go wrong, one variant per rule.

use thiserror::Error as ThisError;

use super::custom_group::CustomGroupNumber;
use super::token::{TokenNumber, TokenScope};

/// The result of whatever can break a rule.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum NameFault {
    /// Nothing, or white space alone.
    #[error("it must not be empty")]
    Blank,
    /// Fewer characters than asked.
    #[error("it is too short")]
    TooShort,
    /// More characters than allowed.
    #[error("it is too long")]
    TooLong,
    /// A space at the beginning.
    #[error("it must not start with a space")]
    LeadingSpace,
    /// White space at the beginning or the end.
    #[error("it must not start or end with white space")]
    OuterSpace,
    /// A control character.
    #[error("it must not contain control characters")]
    ControlCharacter,
    /// A slash where a path segment is meant.
    #[error("it must not contain a slash")]
    Slash,
    /// `.` or `..`.
    #[error("it must not be \".\" or \"..\"")]
    Dots,
    /// A character outside the list of those allowed.
    #[error("only letters a-z and A-Z, digits, spaces and +_.@-' are allowed")]
    Characters,
    /// A form that means something else.
    #[error("it is reserved")]
    Reserved,
}

/// What the principal may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum Denied {
    /// Make a custom group.
    #[error("No permission to create groups")]
    CreateGroup,
    /// See a group or its members.
    #[error("No permission to list members of group \"{0}\"")]
    ListMembers(CustomGroupNumber),
    /// Rename a group.
    #[error("No permission to rename group \"{0}\"")]
    RenameGroup(CustomGroupNumber),
    /// Delete a group.
    #[error("No permission to delete group \"{0}\"")]
    DeleteGroup(CustomGroupNumber),
    /// Add a member.
    #[error("No permission to add members to group \"{0}\"")]
    AddMember(CustomGroupNumber),
    /// Remove a member.
    #[error("No permission to remove members from group \"{0}\"")]
    RemoveMember(CustomGroupNumber),
    /// Change a member's role.
    #[error("No permission to change roles in group \"{0}\"")]
    SetRole(CustomGroupNumber),
    /// See another user's groups.
    #[error("Insufficient permissions")]
    SeeUser,
    /// Change the fixed parts of the tree.
    #[error("Permission denied to change this collection")]
    FixedCollection,
    /// Manage a user, or see it.
    #[error("No permission to manage this user")]
    ManageUser,
    /// Manage a group.
    #[error("No permission to manage this group")]
    ManageGroup,
    /// Do what only subadmins and administrators may.
    #[error("Only group administrators and administrators may do this")]
    SubadminsOnly,
    /// Do what only administrators may.
    #[error("Only administrators may do this")]
    AdministratorsOnly,
    /// Go on with a token that is worth nothing any more.
    #[error("The token was revoked or has expired")]
    TokenGone,
}

/// Every rule that a request can break, in the words a client reads.
#[derive(Debug, ThisError)]
pub enum Error {
    /// A uri or display name of a custom group breaks a rule.
    #[error("The group name is not valid: {0}; use 2 to 64 characters without a leading space")]
    NameInvalid(NameFault),
    /// The uri belongs to another custom group.
    #[error("The resource you tried to create already exists")]
    GroupUriTaken,
    /// The display name belongs to another custom group.
    #[error("Group with display name \"{0}\" already exists")]
    DisplayNameTaken(String),
    /// There is no custom group with this uri or number.
    #[error("Group with uri \"{0}\" not found")]
    CustomGroupUnknown(String),
    /// The user is no member of the custom group.
    #[error("User with id \"{user}\" is not member of group with uri \"{group}\"")]
    NotAMember {
        /// The user asked for.
        user: String,
        /// The group's number.
        group: CustomGroupNumber,
    },
    /// Nothing has this name in the tree.
    #[error("File not found: {0}")]
    NothingThere(String),
    /// Something would have to be made below what is not there.
    #[error("Parent node does not exist")]
    ParentUnknown,
    /// Something would have to be made below a membership.
    #[error("Parent node is not a collection")]
    ParentNotCollection,
    /// A collection cannot be made here.
    #[error("Cannot create collections")]
    CollectionsNotHere,
    /// A member cannot be added here.
    #[error("Cannot create regular nodes")]
    MembersNotHere,
    /// What exists is in the way of a PUT.
    #[error("PUT is not allowed on non-files.")]
    PutOnCollection,
    /// This collection stays.
    #[error("Cannot delete this collection")]
    CollectionStays,
    /// The user is in the custom group already.
    #[error("PUT is not allowed on non-files.")]
    AlreadyMember,
    /// The user to be added does not exist in that spelling.
    #[error("The user \"{0}\" does not exist")]
    NoSuchMember(String),
    /// The view of a user who does not exist.
    #[error("User \"{0}\" not found")]
    UserUnknown(String),
    /// The principal lacks the right.
    #[error("{0}")]
    NotPermitted(Denied),
    /// The principal may do this, but not with this token.
    #[error("The scope of this token is too narrow; this needs at least the scope {0}")]
    ScopeTooNarrow(TokenScope),
    /// A custom group keeps at least one admin.
    #[error("Cannot remove the last admin from the group \"{0}\"")]
    LastAdmin(CustomGroupNumber),
    /// A custom group would be made without an admin.
    #[error("A custom group needs an admin among its members")]
    AdminRequired,
    /// The sharing policy forbids adding this user.
    #[error("The user \"{0}\" shares no group with you, and sharing is limited to group members")]
    SharingRestricted(String),
    /// A user id breaks a rule.
    #[error("The username is not valid: {0}; use 3 to 64 characters of a-z, A-Z, 0-9, space and +_.@-'")]
    UserIdInvalid(NameFault),
    /// A user's display name breaks a rule.
    #[error("The display name is not valid: {0}")]
    UserNameInvalid(NameFault),
    /// An e-mail address is none.
    #[error("The e-mail address is not valid; it should look like name@example.org")]
    EmailInvalid,
    /// A quota is none.
    #[error("Invalid quota value; use none, default, or a size such as 5 GB")]
    QuotaInvalid,
    /// A password is blank.
    #[error("A valid password must be provided")]
    PasswordBlank,
    /// A password has fewer characters than this.
    #[error("The password is too short; use at least {0} characters")]
    PasswordTooShort(u8),
    /// There should be a password to make a user with, and there is none.
    #[error("There is no password for the new user: {0}")]
    PasswordMissing(String),
    /// The user id is taken, in this or another case.
    #[error("User already exists")]
    UserExists,
    /// A group id breaks a rule.
    #[error("Invalid group name: {0}")]
    GroupIdInvalid(NameFault),
    /// The group id is taken.
    #[error("group exists")]
    GroupExists,
    /// There is no group with this id.
    #[error("group {0} does not exist")]
    GroupUnknown(String),
    /// The principal is not subadmin of this group.
    #[error("insufficient privileges for group {0}")]
    NotSubadminOf(String),
    /// A subadmin makes a user without naming a group.
    #[error("no group specified (required for subadmins)")]
    GroupRequired,
    /// A group is needed and none was named.
    #[error("No group was specified")]
    NoGroupGiven,
    /// There is no such field of a user, or none that could be changed.
    #[error("The key is not one of display, displayname, email, password and quota")]
    FieldUnknown,
    /// What would be done cannot be done to oneself.
    #[error("You cannot do this to your own account")]
    OneselfNotAllowed,
    /// The group of the administrators stays, and so does one's own place in it.
    #[error("The group admin cannot be changed in this way")]
    AdminGroup,
    /// Subadmins are switched off.
    #[error("Subadmins are switched off on this server")]
    SubadminsOff,
    /// The user is no subadmin of the group.
    #[error("User is not a subadmin of this group")]
    NotASubadmin,
    /// There is no app with this id.
    #[error("The request app was not found")]
    AppUnknown,
    /// The app is needed to switch it on again.
    #[error("This app can only be switched off on the command line of the server")]
    AppStays,
    /// There is no token with this number.
    #[error("There is no token with the number {0}")]
    TokenUnknown(TokenNumber),
    /// What a token is for breaks a rule.
    #[error("The name of the token is not valid: {0}")]
    TokenNameInvalid(NameFault),
    /// A search pattern is too long.
    #[error("The search pattern is too long; use at most {} bytes", super::search::Pattern::MAX_BYTES)]
    PatternTooLong,
    /// Too many writes are waiting.
    #[error("The server is busy; try again in a moment")]
    Busy,
    /// The disk, or the quota of the service, is full.
    #[error("There is no space left to store this")]
    StorageFull,
    /// The store failed. The reason is for the log, not for clients.
    #[error("The server could not read or write its data; the reason is in its log")]
    Store(#[source] StoreFailure),
}

impl Error {
    /// Whether it is about a right that somebody lacks, rather than about what is asked for.
    pub fn is_denial(&self) -> bool {
        match self {
            Error::NotPermitted(denied) => *denied != Denied::FixedCollection,
            Error::NotSubadminOf(_) | Error::SharingRestricted(_) | Error::ScopeTooNarrow(_) => true,
            _ => false,
        }
    }
}

/// Why the store failed, in words for the operator; opaque to everything else.
#[derive(Debug, ThisError)]
#[error("{0}")]
pub struct StoreFailure(String);

impl StoreFailure {
    /// Keeps the reason.
    pub fn new(reason: impl std::fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

impl From<StoreFailure> for Error {
    fn from(failure: StoreFailure) -> Self {
        Error::Store(failure)
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        Error::NotPermitted(denied)
    }
}
