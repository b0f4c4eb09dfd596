//! What is written down of changes: who did what, from where, and when.

use std::fmt;
use std::net::IpAddr;

use super::user::{Timestamp, UserId};

/// From where somebody acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The command line, or the server at its start.
    Machine,
    /// An address that a request came from.
    Address(IpAddr),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Machine => f.write_str("machine"),
            Origin::Address(address) => address.fmt(f),
        }
    }
}

/// A kind of change, under the name that the audit knows it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action(&'static str);

impl Action {
    /// A user is made. The detail is its display name.
    pub const CREATE_USER: Self = Self("user.create");
    /// A user is deleted.
    pub const DELETE_USER: Self = Self("user.delete");
    /// A user may log in again.
    pub const ENABLE_USER: Self = Self("user.enable");
    /// A user may no longer log in.
    pub const DISABLE_USER: Self = Self("user.disable");
    /// A user is made a guest, or one of those who belong here. The detail is `true` or `false`.
    pub const SET_GUEST: Self = Self("user.guest");
    /// A user gets another display name, which is the detail.
    pub const SET_DISPLAY_NAME: Self = Self("user.display_name");
    /// A user gets another e-mail address, which is the detail.
    pub const SET_EMAIL: Self = Self("user.email");
    /// A user gets another quota, which is the detail.
    pub const SET_QUOTA: Self = Self("user.quota");
    /// A user gets another password.
    pub const SET_PASSWORD: Self = Self("user.password");
    /// A group is made.
    pub const CREATE_GROUP: Self = Self("group.create");
    /// A group gets another display name, which is the detail.
    pub const RENAME_GROUP: Self = Self("group.rename");
    /// A group is deleted.
    pub const DELETE_GROUP: Self = Self("group.delete");
    /// A user, the detail, is put into a group.
    pub const ADD_TO_GROUP: Self = Self("group.add");
    /// A user, the detail, is taken out of a group.
    pub const REMOVE_FROM_GROUP: Self = Self("group.remove");
    /// A user, the detail, becomes subadmin of a group.
    pub const ADD_SUBADMIN: Self = Self("subadmin.add");
    /// A user, the detail, is subadmin of a group no longer.
    pub const REMOVE_SUBADMIN: Self = Self("subadmin.remove");
    /// A custom group is made. The subject is its uri, as in all that follow; the detail its display name.
    pub const CREATE_CUSTOM_GROUP: Self = Self("customgroup.create");
    /// A custom group gets another display name, which is the detail.
    pub const RENAME_CUSTOM_GROUP: Self = Self("customgroup.rename");
    /// A custom group is deleted.
    pub const DELETE_CUSTOM_GROUP: Self = Self("customgroup.delete");
    /// A user becomes a member; the detail is the user and, for an admin, the role.
    pub const ADD_MEMBER: Self = Self("customgroup.add");
    /// A user, the detail, is a member no longer.
    pub const REMOVE_MEMBER: Self = Self("customgroup.remove");
    /// A member gets a role; the detail is both.
    pub const SET_ROLE: Self = Self("customgroup.role");
    /// An app is switched on.
    pub const ENABLE_APP: Self = Self("app.enable");
    /// An app is switched off.
    pub const DISABLE_APP: Self = Self("app.disable");
    /// A token is made. The subject is its user, the detail its number and scope.
    pub const CREATE_TOKEN: Self = Self("token.create");
    /// A token is revoked. The subject is its user, the detail its number and scope.
    pub const REVOKE_TOKEN: Self = Self("token.revoke");
    /// Old records are forgotten; the detail says how many.
    pub const FORGET_AUDIT: Self = Self("audit.forget");
    /// Many things are taken over at once; the detail says how many.
    pub const IMPORT: Self = Self("import");

    /// The name.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

/// As many characters of a subject or a detail are kept. Nothing that is there has a longer name; somebody
/// who is denied a change could give any, and fill the disk with it.
const MOST: usize = 1000;

/// One change, made or tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What is done.
    pub action: Action,
    /// What it is done to; of what is very long, the beginning.
    pub subject: String,
    /// What else there is to say, as the action has it; blank for nothing. Of what is very long, the beginning.
    pub detail: String,
}

impl Change {
    /// Of `subject`, with no detail.
    pub fn of(action: Action, subject: impl fmt::Display) -> Self {
        Self::with(action, subject, "")
    }

    /// Of `subject`, with a detail.
    pub fn with(action: Action, subject: impl fmt::Display, detail: impl fmt::Display) -> Self {
        Self { action, subject: beginning(subject.to_string()), detail: beginning(detail.to_string()) }
    }
}

fn beginning(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MOST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was made.
    Done,
    /// It was not, for this reason.
    Denied(String),
}

/// A change as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// When.
    pub at: Timestamp,
    /// The user who made it; none is the operator of the machine.
    pub actor: Option<UserId>,
    /// From where: an address, or `machine`.
    pub origin: String,
    /// The name of the action.
    pub action: String,
    /// What it was done to.
    pub subject: String,
    /// What else there is to say.
    pub detail: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// Which records are asked for.
#[derive(Clone, Debug)]
pub struct AuditQuery {
    /// Not older than this.
    pub since: Timestamp,
    /// Not newer than this.
    pub until: Timestamp,
    /// By this user alone, in any case.
    pub actor: Option<UserId>,
    /// Actions whose names begin so.
    pub action: String,
    /// At most so many, the newest of them.
    pub limit: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_fills_the_disk_with_a_name() {
        let kept = |text: &str| Change::with(Action::CREATE_USER, text, text);
        let longest = "ä".repeat(1000);
        assert_eq!((kept(&longest).subject, kept(&longest).detail), (longest.clone(), longest.clone()));
        let more = Change::with(Action::CREATE_USER, longest.clone() + "b", longest.clone() + &longest);
        let expected = longest + "…";
        assert_eq!((&more.subject, &more.detail), (&expected, &expected));
    }
}
