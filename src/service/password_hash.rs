//! Hashes of passwords as they are stored: ours, and those that other servers made.

use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::{Argon2, Params};
use sha1::{Digest, Sha1};

use crate::domain::PasswordHash;

/// What the hashes begin with that this server makes.
pub(super) const OWN: &str = "$argon2id$";

/// Everything of a hash before its salt: by which function it was made, and at which cost. Verifying
/// passwords against two hashes of one kind takes equally long.
pub(super) fn kind(hash: &str) -> &str {
    let fields = if hash.contains("$v=") { 4 } else { 3 };
    hash.match_indices('$').nth(fields - 1).map_or(hash, |(at, _)| &hash[..=at])
}

/// What comes first in the order of bytes after all hashes of a kind.
pub(super) fn after(kind: &str) -> String {
    match kind.strip_suffix('$') {
        // The next character.
        Some(start) => format!("{start}%"),
        None => format!("{kind}\0"),
    }
}

/// The logarithm of the most rounds of bcrypt that are taken over, about a second's. Nobody else could be
/// let in for longer, and a failed login takes the work of each kind of hash that there is.
const MOST_BCRYPT: u32 = 14;

/// The same of argon2: its memory in KiB times its passes.
const MOST_ARGON2: u64 = 1 << 20;

/// As many characters the text form of a bcrypt hash has.
const BCRYPT_LENGTH: usize = 60;

/// A stored hash, by the function that made it. ownCloud and Nextcloud write a number and a bar before
/// what PHP calls the hash; the number says nothing that the hash does not say itself.
#[derive(Debug)]
pub(super) enum Stored<'a> {
    /// Argon2id or argon2i, as a PHC string: `$argon2id$..`, `3|$argon2id$..`, `2|$argon2i$..`.
    Argon2(Box<Phc>),
    /// Bcrypt of the password: `1|$2y$..`.
    Bcrypt(&'a str),
    /// Bcrypt of the password and one salt for all users, which old servers kept in their configuration:
    /// `$2y$..|salt`.
    Salted(&'a str, &'a str),
    /// SHA-1 in hexadecimal digits, from before all others.
    Sha1(&'a str),
    /// What no password matches.
    Locked,
}

impl<'a> Stored<'a> {
    /// Reads the text form; none if it is of no kind that is known.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        if PasswordHash::new(text.to_owned()).is_locked() {
            return Some(Stored::Locked);
        }
        if text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Some(Stored::Sha1(text));
        }
        if let Some((hash, salt)) = text.split_at_checked(BCRYPT_LENGTH)
            && let Some(salt) = salt.strip_prefix('|')
            && is_bcrypt(hash)
        {
            return Some(Stored::Salted(hash, salt));
        }
        match text.split_once('|').unwrap_or(("", text)) {
            ("" | "2" | "3", hash) if hash.starts_with("$argon2") => Phc::new(hash)
                .ok()
                .filter(|hash| hash.hash.is_some() && is_affordable(hash))
                .map(|hash| Stored::Argon2(Box::new(hash))),
            ("1" | "2" | "3", hash) if is_bcrypt(hash) => Some(Stored::Bcrypt(hash)),
            _ => None,
        }
    }

    /// Whether `password` is behind it.
    pub(super) fn matches(&self, password: &str) -> bool {
        // What bcrypt calls an error is a hash that is none, which nothing matches.
        match self {
            Stored::Argon2(hash) => {
                Argon2::default().verify_password(password.as_bytes(), hash.as_ref()).is_ok()
            }
            Stored::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
            Stored::Salted(hash, salt) => bcrypt::verify(format!("{password}{salt}"), hash).unwrap_or(false),
            Stored::Sha1(digits) => is_sha1(password, digits),
            Stored::Locked => false,
        }
    }
}

fn is_affordable(hash: &Phc) -> bool {
    let work = |params: Params| u64::from(params.m_cost()) * u64::from(params.t_cost());
    Params::try_from(hash).is_ok_and(|params| work(params) <= MOST_ARGON2)
}

/// Whether this has the form of a bcrypt hash: `$2y$10$`, and 53 characters of salt and hash.
fn is_bcrypt(text: &str) -> bool {
    let mut parts = text.split('$');
    let version = (parts.next(), parts.next());
    let (cost, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '/';
    matches!(version, (Some(""), Some("2a" | "2b" | "2x" | "2y")))
        && cost.len() == 2
        && cost.bytes().all(|byte| byte.is_ascii_digit())
        && cost.parse().is_ok_and(|cost: u32| cost <= MOST_BCRYPT)
        && rest.len() == 53
        && rest.chars().all(plain)
        && parts.next().is_none()
}

fn is_sha1(password: &str, digits: &str) -> bool {
    let digest = Sha1::digest(password.as_bytes());
    let found: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    found.eq_ignore_ascii_case(digits)
}

/// Whether a hash that another server made is one that passwords can be verified against.
pub(crate) fn is_readable(hash: &PasswordHash) -> bool {
    Stored::parse(hash.as_str()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(stored: &str, password: &str) -> bool {
        Stored::parse(stored).is_some_and(|stored| stored.matches(password))
    }

    /// Made with other programs: PHP's `password_hash` writes the same forms.
    const BCRYPT: &str = "$2y$04$pOiAOxWXQXnpNwW4GVAW3uMdMpw/RLpLhdgHL2TMlzkM/NFkiysg.";
    const SALTED: &str = "$2y$04$oH8Q.3G1E/3wCVyrEWYqjuFFY8l1tdu1WBD8jpEC6Z.EboVuQoJFm";
    const ARGON2I: &str = "$argon2i$v=19$m=256,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$6WR78a8zULS9+H4TRwEu5g";
    const ARGON2ID: &str = "$argon2id$v=19$m=256,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$+1nwfgdrsa+urIv+wPVqzQ";

    #[test]
    fn hashes_of_other_servers_are_verified() {
        let sha1 = "23b74494475f5f874980b7676d511e23d886da64".to_owned();
        for stored in [
            format!("1|{BCRYPT}"),
            format!("2|{ARGON2I}"),
            format!("3|{ARGON2ID}"),
            ARGON2ID.to_owned(),
            format!("{SALTED}|s4lt|y"),
            sha1.to_uppercase(),
            sha1,
        ] {
            assert!(matches(&stored, "pässword"), "{stored}");
            assert!(!matches(&stored, "password"), "{stored}");
            assert!(!matches(&stored, ""), "{stored}");
        }
    }

    #[test]
    fn the_salt_belongs_to_the_hash() {
        assert!(!matches(&format!("{SALTED}|other"), "pässword"));
        assert!(!matches(&format!("1|{SALTED}"), "pässword"));
    }

    #[test]
    fn hashes_that_take_seconds_are_not_known() {
        let bcrypt = |cost| format!("1|{}", BCRYPT.replace("$04$", cost));
        let argon2 = |cost| ARGON2ID.replace("m=256,t=2", cost);
        for hash in [bcrypt("$14$"), argon2("m=65536,t=16"), argon2("m=1048576,t=1")] {
            assert!(Stored::parse(&hash).is_some(), "{hash}");
        }
        for hash in [bcrypt("$15$"), bcrypt("$31$"), argon2("m=65536,t=17"), argon2("m=4194304,t=1")] {
            assert!(Stored::parse(&hash).is_none(), "{hash}");
        }
    }

    #[test]
    fn a_kind_is_what_stands_before_the_salt() {
        for (hash, expected) in [
            (ARGON2ID.to_owned(), "$argon2id$v=19$m=256,t=2,p=1$"),
            (format!("2|{ARGON2I}"), "2|$argon2i$v=19$m=256,t=2,p=1$"),
            ("$argon2i$m=256,t=2,p=1$c2FsdHNhbHQ$aGFzaA".to_owned(), "$argon2i$m=256,t=2,p=1$"),
            (format!("1|{BCRYPT}"), "1|$2y$04$"),
            (format!("{SALTED}|s$lt"), "$2y$04$"),
            ("!".to_owned(), "!"),
            ("$x".to_owned(), "$x"),
        ] {
            assert_eq!(kind(&hash), expected);
            assert!(after(expected) > hash, "{hash}");
        }
        assert!(*after("1|$2y$04$") < *"1|$2y$05$");
    }

    #[test]
    fn what_is_no_hash_matches_nothing() {
        for text in
            ["", "|", "1|", "1|plain", "plain", "4|x", "$argon2id$", "1|$2y$10$short", "3|$argon2id$v=19"]
        {
            assert!(Stored::parse(text).is_none(), "{text}");
        }
        assert!(Stored::parse(&format!("4|{BCRYPT}")).is_none());
        assert!(Stored::parse(BCRYPT).is_none(), "without a prefix it was salted");
        assert!(!matches("!", "!") && !matches("!", ""));
    }
}
