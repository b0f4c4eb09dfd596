//! Who asks.

use super::audit::Origin;
use super::token::TokenGrant;
use super::user::UserId;

/// The user that a request was authenticated as.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Principal {
    /// The user's id as created.
    pub user: UserId,
    /// Whether the user is in the group `admin`.
    pub administrator: bool,
    /// Whether the user is subadmin of any group; always false where subadmins are switched off.
    pub subadmin: bool,
    /// The token with which it was authenticated; none is a password, which opens everything.
    pub token: Option<TokenGrant>,
    /// From where the request came.
    pub origin: Origin,
}

impl Principal {
    /// The operator of the machine, who acts as administrator without being a user. No user has the id.
    pub fn operator() -> Self {
        let user = UserId::stored(String::new());
        Self { user, administrator: true, subadmin: false, token: None, origin: Origin::Machine }
    }

    /// Whether this is the operator.
    pub fn is_operator(&self) -> bool {
        self.user.as_str().is_empty()
    }

    /// Whether `user` is the principal.
    pub fn is(&self, user: &UserId) -> bool {
        self.user == *user
    }
}
