//! The first administrator of a new store.

use std::fmt::Write;

use zeroize::Zeroizing;

use super::{Failure, password};
use crate::config::Loaded;
use crate::domain::{GroupId, Password, UserId};
use crate::service::Service;

/// The id of the first administrator.
const ID: &str = "admin";

/// What random passwords are made of: no two characters that look alike, and 32 of them, so that each
/// stands for five random bits.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// As many characters a random password has at least: 100 bits.
const LENGTH: usize = 20;

/// An administrator that was just made.
pub(super) struct FirstAdministrator {
    /// The random password; none where the operator gave one.
    password: Option<Password>,
}

impl FirstAdministrator {
    /// Whether there is something nobody else knows.
    pub(super) fn is_to_be_told(&self) -> bool {
        self.password.is_some()
    }

    /// What the operator needs to get in. `target` is where curl finds the custom groups.
    pub(super) fn describe(&self, target: &str) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        let mut login = Zeroizing::new(ID.to_owned());
        if let Some(password) = &self.password {
            login.push(':');
            login.push_str(password.expose());
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "The administrator is {ID}; the password, shown this once: {}",
                password.expose()
            );
        }
        let _ = writeln!(text, "Try: curl -u {} -X PROPFIND {target}groups/", *login);
        text
    }
}

/// Makes the administrator of a store that has none: with the password that was given, else with a
/// random one. A user who has the administrator's name already keeps the rights that it has.
pub(super) async fn first_administrator(
    service: &Service,
    loaded: &Loaded,
) -> Result<Option<FirstAdministrator>, Failure> {
    if service.has_administrator()? {
        return Ok(None);
    }
    if service.account(ID)?.is_some() {
        tracing::warn!("nobody is administrator; make one: davgroups user add ID --group admin");
        return Ok(None);
    }
    let given = given_password(loaded)?;
    let least = usize::from(service.rules().password_min_length.get());
    let random = if given.is_none() { Some(random_password(LENGTH.max(least))?) } else { None };
    if let Some(password) = given.as_ref().or(random.as_ref()) {
        let id = UserId::stored(ID);
        service.install_user(id, password, None, None, vec![GroupId::admin()]).await?;
    }
    Ok(Some(FirstAdministrator { password: random }))
}

/// The password that the environment or the configuration gives.
fn given_password(loaded: &Loaded) -> Result<Option<Password>, Failure> {
    match (&loaded.admin_password, &loaded.config.admin_password_file) {
        (Some(text), _) => password::checked(text, "DAVGROUPS_ADMIN_PASSWORD").map(Some),
        (None, Some(path)) => password::from_file(path).map(Some),
        (None, None) => Ok(None),
    }
}

fn random_password(length: usize) -> Result<Password, Failure> {
    let mut random = Zeroizing::new(vec![0; length]);
    getrandom::fill(&mut random).map_err(Failure::failed)?;
    let text: String = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    Ok(Password::offered(text))
}
