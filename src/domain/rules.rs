//! What an administrator can decide about the rules.

use std::num::NonZeroU8;

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::password::Password;

/// The switches of the rules, with ownCloud's defaults but for subadmins, which are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Administrators see and manage only the custom groups that they belong to.
    pub disallow_admin_access_all: bool,
    /// Only subadmins and administrators may create custom groups.
    pub only_subadmin_can_create: bool,
    /// Two custom groups may have the same display name.
    pub allow_duplicate_names: bool,
    /// Only users who share a group with the one who adds them can be added to a custom group.
    pub only_share_with_group_members: bool,
    /// Groups can have subadmins.
    pub allow_subadmins: bool,
    /// As many characters a new password has at least. Those that are kept stay as they are.
    pub password_min_length: NonZeroU8,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            disallow_admin_access_all: false,
            only_subadmin_can_create: false,
            allow_duplicate_names: false,
            only_share_with_group_members: false,
            allow_subadmins: true,
            password_min_length: NonZeroU8::MIN,
        }
    }
}

impl Rules {
    /// Whether a new password is long enough.
    ///
    /// # Errors
    /// [`Error::PasswordTooShort`].
    pub fn check_password(&self, password: &Password) -> Result<()> {
        let least = self.password_min_length.get();
        if password.expose().chars().count() < least.into() {
            return Err(Error::PasswordTooShort(least));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_characters_of_a_new_password_are_counted() {
        let rules = |least| Rules { password_min_length: least, ..Rules::default() };
        let four = rules(const { NonZeroU8::new(4).unwrap() });
        for (password, long_enough) in [("pwd", false), ("äöü", false), ("äöüß", true), ("password", true)]
        {
            let password = Password::new(password).expect("not blank");
            assert_eq!(four.check_password(&password).is_ok(), long_enough, "{password:?}");
            assert!(Rules::default().check_password(&password).is_ok());
            assert!(rules(NonZeroU8::MAX).check_password(&password).is_err());
        }
    }
}
