//! What an `Authorization: Basic` header says. RFC 7617.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::domain::Password;

/// Base64 as clients send it, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A user name or e-mail address, and a password, as they were offered.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) login: String,
    pub(super) password: Password,
}

impl Credentials {
    /// Reads the value of the header; none if it is of another scheme or malformed.
    pub(super) fn parse(header: &[u8]) -> Option<Self> {
        let (scheme, encoded) = header.split_at_checked(b"basic ".len())?;
        if !scheme.eq_ignore_ascii_case(b"basic ") {
            return None;
        }
        let decoded = Zeroizing::new(BASE64.decode(encoded.trim_ascii()).ok()?);
        let text = Zeroizing::new(text(&decoded));
        let (login, password) = text.split_once(':')?;
        Some(Self { login: login.to_owned(), password: Password::offered(password.to_owned()) })
    }
}

/// UTF-8, which we ask for; else Latin-1, which old clients send whatever they are asked for.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(header: &str) -> Option<(String, String)> {
        let credentials = Credentials::parse(header.as_bytes())?;
        Some((credentials.login, credentials.password.expose().to_owned()))
    }

    fn basic(bytes: &[u8]) -> String {
        format!("Basic {}", BASE64.encode(bytes))
    }

    #[test]
    fn headers_are_read_as_clients_write_them() {
        let alice = Some(("alice".to_owned(), "a:b".to_owned()));
        for header in ["Basic YWxpY2U6YTpi", "bASIC YWxpY2U6YTpi", "Basic   YWxpY2U6YTpi "] {
            assert_eq!(parsed(header), alice, "{header}");
        }
        let padded = Some(("alice".to_owned(), "ab".to_owned()));
        for header in ["Basic YWxpY2U6YWI=", "Basic YWxpY2U6YWI"] {
            assert_eq!(parsed(header), padded, "{header}");
        }
        assert_eq!(parsed(&basic("u:pässwörd 🎉".as_bytes())), Some(("u".into(), "pässwörd 🎉".into())));
        assert_eq!(parsed(&basic(b"u:p\xE4ss")), Some(("u".into(), "päss".into())));
        assert_eq!(parsed(&basic(b":")), Some((String::new(), String::new())));
    }

    #[test]
    fn anything_else_is_no_credentials() {
        for header in ["", "Basic", "Basic ", "Basic %%%", "Bearer abc", "Basicx YTpi", "Basic YWxpY2U="] {
            assert!(parsed(header).is_none(), "{header}");
        }
    }
}
