//! Custom groups and who belongs to them.

use std::fmt;

use thiserror::Error as ThisError;

use super::error::{Error, NameFault, Result};
use super::fold::{fold, is_unwritable};
use super::user::{User, UserId, UserName};

/// The number of a custom group: positive, given at creation, never used again.
///
/// `oc:group-id` shows it, and `users/{number}/` names the group by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomGroupNumber(i64);

/// Why a custom group cannot bring a number along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum NumberFault {
    /// Nothing comes before 1.
    #[error("its number is not positive")]
    NotPositive,
    /// New groups get larger numbers than all before them, for which there has to be room.
    #[error("its number is too large; the largest is {}", CustomGroupNumber::LARGEST_BROUGHT)]
    TooLarge,
}

impl CustomGroupNumber {
    /// Above it there is room for any number of new groups; up to it, every program reads numbers in JSON
    /// as they are.
    const LARGEST_BROUGHT: i64 = (1 << 53) - 1;

    /// The number that a group has elsewhere, and keeps here.
    ///
    /// # Errors
    /// [`NumberFault`].
    pub fn brought(number: i64) -> Result<Self, NumberFault> {
        match number {
            1..=Self::LARGEST_BROUGHT => Ok(Self(number)),
            ..1 => Err(NumberFault::NotPositive),
            _ => Err(NumberFault::TooLarge),
        }
    }

    /// The number as the store keeps it.
    pub fn new(number: i64) -> Self {
        Self(number)
    }

    /// Reads a path segment that consists of digits alone; anything else, or a number too large to be
    /// one of ours, is none.
    pub fn from_digits(segment: &str) -> Option<Self> {
        let digits = !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| segment.parse().ok().map(Self)).flatten()
    }

    /// The plain number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for CustomGroupNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The path segment of a custom group, percent-decoded. Case-sensitive and never changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupUri(String);

impl GroupUri {
    /// Checks a new uri.
    ///
    /// # Errors
    /// [`Error::NameInvalid`] with the first rule that is broken: length, a digit as the second of two
    /// ASCII characters, a leading space, control characters, a slash, `.` or `..`.
    pub fn new(uri: &str) -> Result<Self> {
        check_name(uri)?;
        let bytes = uri.as_bytes();
        if bytes.len() == 2 && bytes[1].is_ascii_digit() {
            return Err(Error::NameInvalid(NameFault::TooShort));
        }
        if uri.contains('/') {
            return Err(Error::NameInvalid(NameFault::Slash));
        }
        Ok(Self(uri.to_owned()))
    }

    /// A uri that was checked before it was stored.
    pub fn stored(uri: String) -> Self {
        Self(uri)
    }

    /// The uri as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name people see of a custom group; unique without regard to case unless duplicates are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    /// Checks a new display name.
    ///
    /// # Errors
    /// [`Error::NameInvalid`] with the first rule that is broken: blank, length, a leading space,
    /// control characters, `.` or `..`.
    pub fn new(name: &str) -> Result<Self> {
        if name.trim().is_empty() {
            return Err(Error::NameInvalid(NameFault::Blank));
        }
        check_name(name)?;
        Ok(Self(name.to_owned()))
    }

    /// A name that was checked before it was stored.
    pub fn stored(name: String) -> Self {
        Self(name)
    }

    /// The display name a group gets when none is given: its uri.
    pub fn of_uri(uri: &GroupUri) -> Self {
        Self(uri.0.clone())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in the form in which names are compared.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

/// What holds for a uri and a display name alike: 2 to 64 characters, no leading space, no control
/// character, not a path segment that means "here" or "above".
fn check_name(name: &str) -> Result<()> {
    let length = name.chars().count();
    let fault = if length < 2 && name != "." {
        NameFault::TooShort
    } else if length > 64 {
        NameFault::TooLong
    } else if name.starts_with(' ') {
        NameFault::LeadingSpace
    } else if name.chars().any(is_unwritable) {
        NameFault::ControlCharacter
    } else if name == "." || name == ".." {
        NameFault::Dots
    } else {
        return Ok(());
    };
    Err(Error::NameInvalid(fault))
}

/// What a member of a custom group is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees the group and its members, and may leave.
    Member,
    /// May also rename and delete the group, and manage its members.
    Admin,
}

impl Role {
    /// The word on the wire: `member` or `admin`.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Member => "member",
            Role::Admin => "admin",
        }
    }

    /// Reads the word on the wire; it has to match exactly.
    pub fn from_word(word: &str) -> Option<Self> {
        [Role::Member, Role::Admin].into_iter().find(|role| role.as_str() == word)
    }
}

/// A custom group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomGroup {
    /// Its number.
    pub number: CustomGroupNumber,
    /// Its path segment.
    pub uri: GroupUri,
    /// The name people see.
    pub display_name: DisplayName,
}

/// A custom group in a listing that may have been taken for one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoledGroup {
    /// The group.
    pub group: CustomGroup,
    /// The role of the user the listing was taken for; none in a listing of all groups.
    pub role: Option<Role>,
}

/// One user's place in one custom group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The user.
    pub user: UserId,
    /// The name people see of the user.
    pub user_display_name: UserName,
    /// Whether the user's account is marked as a guest's.
    pub guest: bool,
    /// What the user is in the group.
    pub role: Role,
}

impl Membership {
    /// The membership of `user` with `role`.
    pub fn of(user: User, role: Role) -> Self {
        Self { user_display_name: user.display_name, guest: user.guest, user: user.id, role }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of_uri(uri: &str) -> Option<NameFault> {
        match GroupUri::new(uri) {
            Err(Error::NameInvalid(fault)) => Some(fault),
            Ok(_) => None,
            Err(other) => panic!("{uri:?}: {other}"),
        }
    }

    #[test]
    fn uris_are_counted_in_characters() {
        assert_eq!(fault_of_uri("é"), Some(NameFault::TooShort));
        assert_eq!(fault_of_uri("ab"), None);
        assert_eq!(fault_of_uri("é1"), None);
        assert_eq!(fault_of_uri("a1"), Some(NameFault::TooShort));
        assert_eq!(fault_of_uri("11"), Some(NameFault::TooShort));
        assert_eq!(fault_of_uri("ab1"), None);
        assert_eq!(fault_of_uri(&"é".repeat(64)), None);
        assert_eq!(fault_of_uri(&"é".repeat(65)), Some(NameFault::TooLong));
    }

    #[test]
    fn uris_are_plain_path_segments() {
        assert_eq!(fault_of_uri(" lead"), Some(NameFault::LeadingSpace));
        assert_eq!(fault_of_uri("trail "), None);
        assert_eq!(fault_of_uri("a\rb"), Some(NameFault::ControlCharacter));
        assert_eq!(fault_of_uri("a\u{fffe}b"), Some(NameFault::ControlCharacter));
        assert_eq!(fault_of_uri("."), Some(NameFault::Dots));
        assert_eq!(fault_of_uri(".."), Some(NameFault::Dots));
        assert_eq!(fault_of_uri("a/b"), Some(NameFault::Slash));
        assert_eq!(fault_of_uri("100% #?+"), None);
    }

    #[test]
    fn display_names_may_end_in_a_digit_and_hold_slashes() {
        assert!(DisplayName::new("a1").is_ok());
        assert!(DisplayName::new("Sales/East").is_ok());
        assert!(matches!(DisplayName::new("   "), Err(Error::NameInvalid(NameFault::Blank))));
        assert!(matches!(DisplayName::new("x"), Err(Error::NameInvalid(NameFault::TooShort))));
    }

    #[test]
    fn roles_are_read_to_the_letter() {
        assert_eq!(Role::from_word("admin"), Some(Role::Admin));
        assert_eq!(Role::from_word("Admin"), None);
        assert_eq!(Role::from_word(" member"), None);
    }

    #[test]
    fn numbers_are_digits_only() {
        assert_eq!(CustomGroupNumber::from_digits("12").map(CustomGroupNumber::get), Some(12));
        assert_eq!(CustomGroupNumber::from_digits("+1"), None);
        assert_eq!(CustomGroupNumber::from_digits(""), None);
        assert_eq!(CustomGroupNumber::from_digits("99999999999999999999"), None);
    }

    #[test]
    fn a_number_that_is_brought_leaves_room_for_others() {
        let largest = 9_007_199_254_740_991;
        for number in [1, 7, largest] {
            assert_eq!(CustomGroupNumber::brought(number).map(CustomGroupNumber::get), Ok(number));
        }
        for number in [i64::MIN, -1, 0] {
            assert_eq!(CustomGroupNumber::brought(number), Err(NumberFault::NotPositive));
        }
        for number in [largest + 1, i64::MAX] {
            assert_eq!(CustomGroupNumber::brought(number), Err(NumberFault::TooLarge));
        }
    }
}
