//! Who asks.

use super::user::UserId;

/// The user that a request was authenticated as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The user's id as created.
    pub user: UserId,
    /// Whether the user is in the group `admin`.
    pub administrator: bool,
    /// Whether the user is subadmin of any group; always false where subadmins are switched off.
    pub subadmin: bool,
}

impl Principal {
    /// Whether `user` is the principal.
    pub fn is(&self, user: &UserId) -> bool {
        self.user == *user
    }
}
