//! Groups of the provisioning API.

use std::fmt;

use super::error::{Error, NameFault, Result};
use super::fold::is_unwritable;

/// The id of a group: any Unicode, case-sensitive, slashes included.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(String);

impl GroupId {
    /// The group whose members are administrators. It always exists.
    pub const ADMIN: &'static str = "admin";

    /// How custom groups appear among groups: this, and the uri.
    pub const CUSTOM_PREFIX: &'static str = "customgroup_";

    /// Checks the id of a new group.
    ///
    /// # Errors
    /// [`Error::GroupIdInvalid`] with the first rule that is broken: blank, outer white space, more
    /// than 512 characters, control characters, `.` or `..`, or a form that is taken: the prefix of
    /// custom groups, and an end that is a route of its own (`/users`, `/subadmins`).
    pub fn new(id: &str) -> Result<Self> {
        let fault = if id.trim().is_empty() {
            NameFault::Blank
        } else if id.trim() != id {
            NameFault::OuterSpace
        } else if id.chars().count() > 512 {
            NameFault::TooLong
        } else if id.chars().any(is_unwritable) {
            NameFault::ControlCharacter
        } else if id == "." || id == ".." {
            NameFault::Dots
        } else if Self::is_reserved(id) {
            NameFault::Reserved
        } else {
            return Ok(Self(id.to_owned()));
        };
        Err(Error::GroupIdInvalid(fault))
    }

    fn is_reserved(id: &str) -> bool {
        id.starts_with(Self::CUSTOM_PREFIX) || id.ends_with("/users") || id.ends_with("/subadmins")
    }

    /// An id that was checked before it was stored, or one that is only looked up.
    pub fn stored(id: String) -> Self {
        Self(id)
    }

    /// The group of the administrators.
    pub fn admin() -> Self {
        Self(Self::ADMIN.to_owned())
    }

    /// Whether this is the group of the administrators.
    pub fn is_admin(&self) -> bool {
        self.0 == Self::ADMIN
    }

    /// The uri of the custom group that this id stands for, if it has that form.
    pub fn custom_uri(&self) -> Option<&str> {
        self.0.strip_prefix(Self::CUSTOM_PREFIX)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_ids_are_free_but_for_a_few() {
        for good in ["x", "0", "Mgmt/Sydney", "50%2Fix", "var/../etc", "Größe", "🎉", "a\\b+c#d?e"] {
            assert!(GroupId::new(good).is_ok(), "{good}");
        }
        for (bad, fault) in [
            ("", NameFault::Blank),
            (" x", NameFault::OuterSpace),
            ("x ", NameFault::OuterSpace),
            (".", NameFault::Dots),
            ("..", NameFault::Dots),
            ("a\tb", NameFault::ControlCharacter),
            ("a\u{ffff}b", NameFault::ControlCharacter),
            ("customgroup_x", NameFault::Reserved),
            ("a/subadmins", NameFault::Reserved),
            ("a/users", NameFault::Reserved),
        ] {
            assert!(matches!(GroupId::new(bad), Err(Error::GroupIdInvalid(f)) if f == fault), "{bad:?}");
        }
    }

    #[test]
    fn custom_groups_are_recognised_by_their_prefix() {
        assert_eq!(GroupId::stored("customgroup_a b".into()).custom_uri(), Some("a b"));
        assert_eq!(GroupId::admin().custom_uri(), None);
    }
}
