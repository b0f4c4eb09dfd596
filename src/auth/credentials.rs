//! What an `Authorization` header says: Basic, RFC 7617, or Bearer with a token, RFC 6750.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::domain::{Password, TokenSecret};

/// Base64 as clients send it, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What somebody offers to be let in.
#[derive(Debug)]
pub(super) enum Credentials {
    /// A user name or e-mail address, and a password.
    Password { login: String, password: Password },
    /// A token, and the user name or e-mail address that came with it, if one did.
    Token { login: Option<String>, secret: TokenSecret },
}

impl Credentials {
    /// Reads the value of the header; none if it is of another scheme or malformed.
    pub(super) fn parse(header: &[u8]) -> Option<Self> {
        let blank = header.iter().position(|byte| *byte == b' ')?;
        let (scheme, rest) = (&header[..blank], header[blank..].trim_ascii());
        if scheme.eq_ignore_ascii_case(b"basic") {
            Self::basic(rest)
        } else if scheme.eq_ignore_ascii_case(b"bearer") {
            let secret = TokenSecret::offered(std::str::from_utf8(rest).ok()?)?;
            Some(Self::Token { login: None, secret })
        } else {
            None
        }
    }

    /// A password that looks like a token is one: clients that know passwords alone can use tokens, too.
    fn basic(encoded: &[u8]) -> Option<Self> {
        let decoded = Zeroizing::new(BASE64.decode(encoded).ok()?);
        let text = Zeroizing::new(text(&decoded));
        let (login, password) = text.split_once(':')?;
        let login = login.to_owned();
        Some(match TokenSecret::offered(password) {
            Some(secret) => Self::Token { login: Some(login), secret },
            None => Self::Password { login, password: Password::offered(password.to_owned()) },
        })
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
        match Credentials::parse(header.as_bytes())? {
            Credentials::Password { login, password } => Some((login, password.expose().to_owned())),
            Credentials::Token { .. } => None,
        }
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
        for header in
            ["", "Basic", "Basic ", "Basic %%%", "Bearer abc", "Bearer", "Basicx YTpi", "Basic YWxpY2U="]
        {
            assert!(Credentials::parse(header.as_bytes()).is_none(), "{header}");
        }
    }

    #[test]
    fn tokens_come_in_either_scheme() {
        let token = format!("dgt_{}", "x".repeat(43));
        let basic = |text: String| basic(text.as_bytes());
        for (header, with) in [
            (format!("Bearer {token}"), None),
            (format!("bEARER   {token} "), None),
            (basic(format!("alice:{token}")), Some("alice")),
            (basic(format!(":{token}")), Some("")),
        ] {
            match Credentials::parse(header.as_bytes()) {
                Some(Credentials::Token { login, secret }) => {
                    assert_eq!((login.as_deref(), secret.expose()), (with, token.as_str()), "{header}");
                }
                other => panic!("{header}: {other:?}"),
            }
        }
        assert_eq!(parsed(&basic("alice:dgt_x".to_owned())), Some(("alice".into(), "dgt_x".into())));
        let debugged = format!("{:?}", Credentials::parse(format!("Bearer {token}").as_bytes()));
        assert!(!debugged.contains(&token), "{debugged}");
    }
}
