//! What must hold of credentials whatever is given for them.

#![allow(clippy::panic, reason = "a panic is what fuzzing looks for")]

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::credentials::Credentials;

/// Whatever a header says is read or is not, and what was read is read again from what a client would write.
pub fn credentials(header: &[u8]) {
    let Some(Credentials::Password { login, password }) = Credentials::parse(header) else { return };
    let plain = format!("{login}:{}", password.expose());
    let written = format!("Basic {}", BASE64_STANDARD.encode(&plain));
    match Credentials::parse(written.as_bytes()) {
        Some(Credentials::Password { login: same, password: again }) => {
            assert_eq!((same.as_str(), again.expose()), (login.as_str(), password.expose()));
        }
        other => panic!("{plain:?} became {other:?}"),
    }
}
