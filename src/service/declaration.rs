//! Making users and groups be as a file declares them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::act::Act;
use super::applying::Applying;
use super::batch::HASHED_AT_ONCE;
use super::{Passwords, Service};
use crate::domain::{
    Action, Change, CustomGroupNumber, DisplayName, Email, Error, GroupId, GroupName, GroupUri, Password,
    PasswordHash, Principal, Quota, Result, Role, UserId, UserName,
};

/// What there is to be. What is not said of something is left as it is.
#[derive(Debug, Default)]
pub struct Declaration {
    /// Users.
    pub users: Vec<DeclaredUser>,
    /// Groups of the provisioning API.
    pub groups: Vec<DeclaredGroup>,
    /// Custom groups.
    pub custom_groups: Vec<DeclaredCustomGroup>,
}

/// A user that is to be.
#[derive(Debug)]
pub struct DeclaredUser {
    /// Its id.
    pub id: UserId,
    /// The name people see.
    pub display_name: Option<UserName>,
    /// Its address; `Some(None)` is none.
    pub email: Option<Option<Email>>,
    /// How much it may store.
    pub quota: Option<Quota>,
    /// Whether it may log in.
    pub enabled: Option<bool>,
    /// Whether it is a guest.
    pub guest: Option<bool>,
    /// With what it can log in when it is made.
    pub password: DeclaredPassword,
}

/// With what a user can log in who is made. Those who are there keep their password.
#[derive(Debug)]
pub enum DeclaredPassword {
    /// With nothing, until a password is set.
    None,
    /// With this.
    Plain(Password),
    /// With what has this hash.
    Hash(PasswordHash),
    /// With something that cannot be found, for this reason.
    Missing(String),
}

/// A group that is to be.
#[derive(Debug)]
pub struct DeclaredGroup {
    /// Its id.
    pub id: GroupId,
    /// The name people see.
    pub display_name: Option<GroupName>,
    /// Who is in it.
    pub members: Option<Vec<UserId>>,
    /// Who manages it without being administrator.
    pub subadmins: Option<Vec<UserId>>,
}

/// A custom group that is to be.
#[derive(Debug)]
pub struct DeclaredCustomGroup {
    /// Its uri.
    pub uri: GroupUri,
    /// The number it has, or gets when it is made.
    pub number: Option<CustomGroupNumber>,
    /// The name people see.
    pub display_name: Option<DisplayName>,
    /// Who belongs to it, and as what.
    pub members: Option<Vec<(UserId, Role)>>,
}

/// Something declared that cannot be.
#[derive(Debug)]
pub struct Impossible {
    /// What it is, such as `user alice`.
    pub subject: String,
    /// Why it cannot be.
    pub error: Error,
}

/// What came of a declaration.
pub type Applied = Result<Vec<Change>, Vec<Impossible>>;

impl Service {
    /// What would have to be changed for everything to be as declared, or what cannot be. With `prune`,
    /// whatever an earlier declaration made is deleted if this one does not have it, and whoever is in a
    /// group whose members are declared is taken out if not among them.
    ///
    /// # Errors
    /// `Busy`, `StorageFull` or `Store`.
    pub async fn compare(&self, declaration: Arc<Declaration>, prune: bool) -> Result<Applied> {
        let job = move |act: &mut Act<'_>| Ok(Applying::new(act, prune, HashMap::new()).run(&declaration));
        self.rehearse(&Principal::operator(), job).await
    }

    /// Changes that, in one transaction.
    ///
    /// # Errors
    /// As for [`Self::compare`]; and whatever cannot be, if that came up since.
    pub async fn apply(&self, declaration: Arc<Declaration>, prune: bool) -> Result<Applied> {
        let changes = match self.compare(Arc::clone(&declaration), prune).await? {
            Ok(changes) if changes.is_empty() => return Ok(Ok(changes)),
            Ok(changes) => changes,
            impossible => return Ok(impossible),
        };
        let hashes = hashes(&self.passwords, &declaration, &changes).await?;
        let done = self.operate(move |act| {
            let run = Applying::new(act, prune, hashes).run(&declaration);
            run.map_err(|mut impossible| impossible.swap_remove(0).error)
        });
        Ok(Ok(done.await?))
    }
}

/// The hashes of the passwords of those who are about to be made.
async fn hashes(
    passwords: &Passwords,
    declaration: &Declaration,
    changes: &[Change],
) -> Result<HashMap<UserId, PasswordHash>> {
    let made = changes.iter().filter(|change| change.action == Action::CREATE_USER);
    let made: HashSet<&str> = made.map(|change| change.subject.as_str()).collect();
    let hashed = declaration.users.iter().filter_map(|user| match &user.password {
        DeclaredPassword::Plain(password) if made.contains(user.id.as_str()) => {
            Some(async move { Ok((user.id.clone(), passwords.hash(password).await?)) })
        }
        _ => None,
    });
    stream::iter(hashed).buffer_unordered(HASHED_AT_ONCE).try_collect().await
}
