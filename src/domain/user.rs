//! Users of the provisioning API.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use compact_str::{CompactString, ToCompactString};

use super::error::{Error, NameFault, Result};
use super::fold::{fold, is_unwritable};
use super::password::PasswordHash;
use super::quota::Quota;

/// The id of a user: kept as created, unique and looked up without regard to case.
///
/// Ids of up to 24 bytes are in the value itself, as names are: reading a thousand members takes no memory
/// for each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(CompactString);

impl UserId {
    /// Checks a new user id.
    ///
    /// # Errors
    /// [`Error::UserIdInvalid`] with the first rule that is broken: blank, characters other than
    /// `a-z A-Z 0-9 space + _ . @ - '`, fewer than 3 or more than 64 characters, outer white space,
    /// or an id that ownCloud keeps for itself.
    pub fn new(id: &str) -> Result<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || " +_.@-'".contains(c);
        let fault = if id.trim().is_empty() {
            NameFault::Blank
        } else if !id.chars().all(allowed) {
            NameFault::Characters
        } else if id.len() < 3 {
            NameFault::TooShort
        } else if id.len() > 64 {
            NameFault::TooLong
        } else if id.trim() != id {
            NameFault::OuterSpace
        } else if id.eq_ignore_ascii_case("avatars") || id.eq_ignore_ascii_case("meta") {
            NameFault::Reserved
        } else {
            return Ok(Self(id.to_compact_string()));
        };
        Err(Error::UserIdInvalid(fault))
    }

    /// An id that was checked before it was stored.
    pub fn stored(id: impl Into<CompactString>) -> Self {
        Self(id.into())
    }

    /// The id as it was created.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id in the form in which ids are compared.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name people see of a user: at most 512 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName(CompactString);

impl UserName {
    /// Checks a new display name of a user. A blank one is the same as none: the id is shown.
    ///
    /// # Errors
    /// [`Error::UserNameInvalid`] when it is too long or holds control characters.
    pub fn new(name: &str, id: &UserId) -> Result<Self> {
        let fault = if name.trim().is_empty() {
            return Ok(Self(id.0.clone()));
        } else if name.chars().count() > 512 {
            NameFault::TooLong
        } else if name.chars().any(is_unwritable) {
            NameFault::ControlCharacter
        } else {
            return Ok(Self(name.to_compact_string()));
        };
        Err(Error::UserNameInvalid(fault))
    }

    /// A name that was checked before it was stored.
    pub fn stored(name: impl Into<CompactString>) -> Self {
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An e-mail address that looks like one: something, `@`, a domain, no spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Checks a new address; an empty one is none.
    ///
    /// # Errors
    /// [`Error::EmailInvalid`] when it is not of the form `local@domain` or longer than 254 characters.
    pub fn new(address: &str) -> Result<Option<Self>> {
        if address.is_empty() {
            return Ok(None);
        }
        let plausible = |local: &str, domain: &str| {
            !local.is_empty()
                && local.len() <= 64
                && !domain.is_empty()
                && !domain.starts_with(['.', '-'])
                && !domain.ends_with(['.', '-'])
                && !domain.contains("..")
                && domain.chars().all(|c| c.is_alphanumeric() || c == '.' || c == '-')
                && !local.chars().any(|c| is_unwritable(c) || c.is_whitespace() || "@<>,;".contains(c))
        };
        match address.rsplit_once('@') {
            Some((local, domain)) if address.len() <= 254 && plausible(local, domain) => {
                Ok(Some(Self(address.to_owned())))
            }
            _ => Err(Error::EmailInvalid),
        }
    }

    /// An address that was checked before it was stored.
    pub fn stored(address: String) -> Self {
        Self(address)
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in the form in which addresses are compared.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

/// A moment, in milliseconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment by the clock of the machine; a clock before 1970 counts as 1970.
    pub fn now() -> Self {
        Self::of(SystemTime::now())
    }

    /// A moment by a clock; what is before 1970 counts as 1970.
    pub fn of(moment: SystemTime) -> Self {
        let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0 / 1000
    }
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The name people see.
    pub display_name: UserName,
    /// Its address, if any.
    pub email: Option<Email>,
    /// How much it may store.
    pub quota: Quota,
    /// Whether it may log in.
    pub enabled: bool,
    /// Whether its account is marked as a guest's.
    pub guest: bool,
    /// When its password was last verified; none if never.
    pub last_login: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
}

/// A user about to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Its id.
    pub id: UserId,
    /// The hash of its password.
    pub password: PasswordHash,
    /// The name people see.
    pub display_name: UserName,
    /// Its address, if any.
    pub email: Option<Email>,
    /// How much it may store.
    pub quota: Quota,
}

/// What logging in needs to know of a user, read in one query.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user's id as created.
    pub id: UserId,
    /// The hash of the password.
    pub password: PasswordHash,
    /// Whether the user may log in.
    pub enabled: bool,
    /// Whether the user is in the group `admin`.
    pub administrator: bool,
    /// Whether the user is subadmin of any group.
    pub subadmin: bool,
    /// When the password was last verified.
    pub last_login: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_follow_the_character_list() {
        for good in ["abc", "a b c", "o'neil+x@ex.org", "12345", "Mixed.Case_-"] {
            assert_eq!(UserId::new(good).expect(good).as_str(), good);
        }
        for (bad, fault) in [
            ("", NameFault::Blank),
            ("  ", NameFault::Blank),
            ("a/bc", NameFault::Characters),
            ("äbc", NameFault::Characters),
            ("ab", NameFault::TooShort),
            (" abc", NameFault::OuterSpace),
            ("avatars", NameFault::Reserved),
        ] {
            assert!(matches!(UserId::new(bad), Err(Error::UserIdInvalid(f)) if f == fault), "{bad:?}");
        }
        assert!(UserId::new(&"u".repeat(64)).is_ok());
        assert!(UserId::new(&"u".repeat(65)).is_err());
    }

    #[test]
    fn addresses_need_a_local_part_and_a_domain() {
        assert_eq!(Email::new("").expect("empty is none"), None);
        for good in ["a@b", "n@e.org", "o'neil+x@ex.org", "ü@exämple.org"] {
            assert!(Email::new(good).is_ok(), "{good}");
        }
        for bad in ["x", "@b", "a@", "a b@c", "a@b c", "a@.b", "a@b..c", "a@@"] {
            assert!(Email::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_blank_display_name_is_the_id() {
        let id = UserId::new("frank").expect("valid");
        assert_eq!(UserName::new("", &id).expect("blank").as_str(), "frank");
        assert!(UserName::new(&"d".repeat(513), &id).is_err());
        assert!(UserName::new("a\nb", &id).is_err());
    }
}
