//! Tokens: what programs log in with instead of a password.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::error::{NameFault, Result};
use super::fold::is_unwritable;
use super::user::{Timestamp, UserId};
use super::{Error, StoreFailure};

/// What every token begins with, so that people and programs that look for secrets know one.
const PREFIX: &str = "dgt_";

/// As many random bytes are in a token.
const RANDOM_BYTES: usize = 32;

/// As many characters follow the prefix.
const RANDOM_CHARACTERS: usize = (RANDOM_BYTES * 8).div_ceil(6);

/// A token in clear, wiped from memory when dropped and never shown: `dgt_` and 256 random bits in base64url.
#[derive(Clone)]
pub struct TokenSecret(Zeroizing<String>);

impl TokenSecret {
    /// A new one.
    ///
    /// # Errors
    /// `Store` when the system gives no random numbers.
    pub fn random() -> Result<Self> {
        let mut random = Zeroizing::new([0; RANDOM_BYTES]);
        getrandom::fill(&mut *random).map_err(StoreFailure::new)?;
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + RANDOM_CHARACTERS));
        text.push_str(PREFIX);
        BASE64_URL_SAFE_NO_PAD.encode_string(random.as_slice(), &mut text);
        Ok(Self(text))
    }

    /// A token as somebody gave it when logging in; none for what does not look like one, such as a
    /// password that just begins so.
    pub fn offered(text: &str) -> Option<Self> {
        let random = text.strip_prefix(PREFIX)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let valid = random.len() == RANDOM_CHARACTERS && random.bytes().all(plain);
        valid.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The token itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash(blake3::hash(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret(..)")
    }
}

/// What is kept of a token: its BLAKE3. Passwords need a hash that is slow, since people choose few of all
/// that are possible; nobody tries 256 random bits, however fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenHash([u8; blake3::OUT_LEN]);

impl TokenHash {
    /// The bytes, as the store keeps them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The number of a token, by which people revoke it. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenNumber(i64);

impl TokenNumber {
    /// The number as the store keeps it, and as people type it.
    pub fn new(number: i64) -> Self {
        Self(number)
    }

    /// As the store keeps it.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for TokenNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How far a token reaches, never further than its user. Each scope includes those before it;
/// [`super::permission`] says what belongs to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenScope {
    /// Ask, and change nothing.
    Read,
    /// Change custom groups over WebDAV.
    Groups,
    /// Change users and groups over OCS, but nothing that makes administrators or concerns them.
    Users,
    /// Do whatever its user may.
    Admin,
}

impl TokenScope {
    /// All of them, the narrowest first.
    pub const ALL: [Self; 4] = [Self::Read, Self::Groups, Self::Users, Self::Admin];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Groups => "groups",
            Self::Users => "users",
            Self::Admin => "admin",
        }
    }

    /// The scope with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

impl fmt::Display for TokenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a token is for, as whoever makes it says: at most 64 characters, none of them a control character.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenName(String);

impl TokenName {
    /// Checks a new name; it may be blank.
    ///
    /// # Errors
    /// [`Error::TokenNameInvalid`] when it is too long or holds control characters.
    pub fn new(name: &str) -> Result<Self> {
        let fault = if name.chars().count() > 64 {
            NameFault::TooLong
        } else if name.chars().any(is_unwritable) {
            NameFault::ControlCharacter
        } else {
            return Ok(Self(name.to_owned()));
        };
        Err(Error::TokenNameInvalid(fault))
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

/// A token about to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Whose it is.
    pub user: UserId,
    /// What it is for.
    pub name: TokenName,
    /// How far it reaches.
    pub scope: TokenScope,
    /// What is kept of it.
    pub hash: TokenHash,
    /// From when it is worth nothing; none is never.
    pub expires: Option<Timestamp>,
}

/// What is known of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub number: TokenNumber,
    /// Whose it is.
    pub user: UserId,
    /// What it is for.
    pub name: TokenName,
    /// How far it reaches.
    pub scope: TokenScope,
    /// When it was made.
    pub created: Timestamp,
    /// From when it is worth nothing; none is never.
    pub expires: Option<Timestamp>,
    /// When somebody logged in with it last, to a minute; none if never.
    pub last_used: Option<Timestamp>,
}

impl Token {
    /// Whether it is worth something at that time.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now < end)
    }
}

/// The token that somebody was let in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenGrant {
    /// Its number.
    pub number: TokenNumber,
    /// How far it reaches.
    pub scope: TokenScope,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_random_and_not_shown() {
        let (one, other) = (TokenSecret::random().expect("random"), TokenSecret::random().expect("random"));
        assert_eq!(one.expose().len(), 47);
        assert_ne!(one.expose(), other.expose());
        assert_ne!(one.hash(), other.hash());
        assert!(!format!("{one:?}").contains(one.expose()));
        let again = TokenSecret::offered(one.expose()).expect("it looks like one");
        assert_eq!(again.hash(), one.hash());
    }

    #[test]
    fn what_does_not_look_like_a_token_is_none() {
        let random = "a-_Z".repeat(11);
        let (right, long) = (&random[..43], &random);
        assert!(TokenSecret::offered(&format!("dgt_{right}")).is_some());
        for text in ["", "dgt_", "dgt_password", &format!("DGT_{right}"), right, &format!("dgt_{long}")] {
            assert!(TokenSecret::offered(text).is_none(), "{text}");
        }
        assert!(TokenSecret::offered(&format!("dgt_{}", right.replace('_', "+"))).is_none());
    }

    #[test]
    fn each_scope_includes_those_before_it() {
        assert!(TokenScope::ALL.is_sorted());
        for scope in TokenScope::ALL {
            assert_eq!(TokenScope::from_name(scope.as_str()), Some(scope));
        }
        assert_eq!(TokenScope::from_name("Admin"), None);
    }

    #[test]
    fn names_fit_into_a_line() {
        assert!(TokenName::new("").is_ok());
        assert!(TokenName::new(&"ü".repeat(64)).is_ok());
        assert!(TokenName::new(&"x".repeat(65)).is_err());
        assert!(TokenName::new("a\nb").is_err());
    }
}
