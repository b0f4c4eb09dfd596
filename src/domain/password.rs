//! Passwords and what is kept of them.

use std::fmt;

use zeroize::Zeroizing;

use super::error::{Error, Result};

/// A password in clear, wiped from memory when dropped and never shown.
#[derive(Clone, Default)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Checks a new password: any Unicode, but not blank.
    ///
    /// # Errors
    /// [`Error::PasswordBlank`] when there is nothing but white space.
    pub fn new(password: &str) -> Result<Self> {
        if password.trim().is_empty() {
            return Err(Error::PasswordBlank);
        }
        Ok(Self(Zeroizing::new(password.to_owned())))
    }

    /// A password as somebody gave it when logging in; it may be anything.
    pub fn offered(password: String) -> Self {
        Self(Zeroizing::new(password))
    }

    /// The password itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What no password has as its hash.
const LOCKED: &str = "!";

/// The hash of a password, in the form the hash function names itself (`$argon2id$...`), or as another
/// server kept it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps the text form of a hash.
    pub fn new(hash: String) -> Self {
        Self(hash)
    }

    /// What no password matches: nobody logs in until one is set.
    pub fn locked() -> Self {
        Self(LOCKED.to_owned())
    }

    /// Whether no password matches, on purpose.
    pub fn is_locked(&self) -> bool {
        self.0 == LOCKED
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_blank_and_not_shown() {
        assert!(Password::new("").is_err());
        assert!(Password::new(" \t").is_err());
        let password = Password::new("pässwörd 🎉").expect("any Unicode");
        assert_eq!(password.expose(), "pässwörd 🎉");
        assert!(!format!("{password:?}").contains("pässwörd"));
    }
}
