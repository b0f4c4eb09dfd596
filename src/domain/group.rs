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
    /// custom groups, and an end that is a route of its own (`/users`, `/users/details`, `/subadmins`).
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
        let routes = ["/users", "/users/details", "/subadmins"];
        id.starts_with(Self::CUSTOM_PREFIX) || routes.iter().any(|route| id.ends_with(route))
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

/// The name people see of a group: at most 512 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupName(String);

impl GroupName {
    /// Checks a new display name of a group. A blank one is the same as none: the id is shown.
    ///
    /// # Errors
    /// [`Error::GroupIdInvalid`] when it is too long or holds control characters.
    pub fn new(name: &str, id: &GroupId) -> Result<Self> {
        let fault = if name.trim().is_empty() {
            return Ok(Self(id.0.clone()));
        } else if name.chars().count() > 512 {
            NameFault::TooLong
        } else if name.chars().any(is_unwritable) {
            NameFault::ControlCharacter
        } else {
            return Ok(Self(name.to_owned()));
        };
        Err(Error::GroupIdInvalid(fault))
    }

    /// A name that was checked before it was stored.
    pub fn stored(name: String) -> Self {
        Self(name)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// The name people see.
    pub display_name: GroupName,
    /// How many users are in it.
    pub members: u64,
    /// How many of them may not log in.
    pub disabled: u64,
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
            ("a/users/details", NameFault::Reserved),
        ] {
            assert!(matches!(GroupId::new(bad), Err(Error::GroupIdInvalid(f)) if f == fault), "{bad:?}");
        }
    }

    #[test]
    fn a_blank_name_is_the_id() {
        let id = GroupId::stored("staff".into());
        assert_eq!(GroupName::new(" ", &id).expect("blank").as_str(), "staff");
        assert_eq!(GroupName::new("The Staff", &id).expect("valid").as_str(), "The Staff");
        assert!(GroupName::new(&"d".repeat(513), &id).is_err());
        assert!(GroupName::new("a\nb", &id).is_err());
    }

    #[test]
    fn custom_groups_are_recognised_by_their_prefix() {
        assert_eq!(GroupId::stored("customgroup_a b".into()).custom_uri(), Some("a b"));
        assert_eq!(GroupId::admin().custom_uri(), None);
    }
}
