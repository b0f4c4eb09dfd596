//! What only the operator of the machine does, beside what administrators do.

use super::act::Act;
use super::{Service, custom_group};
use crate::domain::{
    AuditQuery, AuditRecord, CustomGroup, DisplayName, Email, Error, GroupId, Place, Quota, Result,
    Timestamp, UserId, UserName,
};
use crate::store::UserChange;

/// What is to be changed about a user; none leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct UserChanges {
    /// Another display name; a blank one is the id.
    pub display_name: Option<String>,
    /// Another e-mail address; a blank one is none.
    pub email: Option<String>,
    /// Another quota.
    pub quota: Option<String>,
}

impl Service {
    /// Changes several things about a user at once.
    ///
    /// # Errors
    /// `UserUnknown`, then what is wrong with the values.
    pub async fn install_changes(&self, id: &str, changes: UserChanges) -> Result<()> {
        let id = id.to_owned();
        self.operate(move |act| {
            let user = act.user(&id)?.ok_or(Error::UserUnknown(id))?.id;
            let name = changes.display_name.map(|name| UserName::new(&name, &user)).transpose()?;
            let email = changes.email.map(|email| Email::new(&email)).transpose()?;
            let quota = changes.quota.map(|quota| Quota::parse(&quota)).transpose()?;
            let changes = [
                name.map(UserChange::DisplayName),
                email.map(UserChange::Email),
                quota.map(UserChange::Quota),
            ];
            changes.into_iter().flatten().try_for_each(|change| act.update_user(&user, &change))
        })
        .await
    }

    /// Makes a custom group whose admin and only member is `admin`.
    ///
    /// # Errors
    /// `UserUnknown`; `GroupUriTaken`; `NameInvalid`; `DisplayNameTaken`.
    pub async fn install_custom_group(
        &self,
        uri: &str,
        name: Option<DisplayName>,
        admin: &str,
    ) -> Result<CustomGroup> {
        let (place, admin) = (Place::Group(uri.to_owned()), admin.to_owned());
        self.operate(move |act| {
            let founder = act.user(&admin)?.ok_or(Error::UserUnknown(admin))?.id;
            custom_group::create(act, &founder, &place, name)
        })
        .await
    }

    /// The custom groups that nobody is admin of, by number.
    ///
    /// # Errors
    /// `Store` when the store cannot be read.
    pub fn custom_groups_without_admin(&self) -> Result<Vec<CustomGroup>> {
        self.read(|reader| reader.custom_groups_without_admin())
    }

    /// What was written down of changes, oldest first.
    ///
    /// # Errors
    /// `Store` when the store cannot be read.
    pub async fn audit(&self, query: AuditQuery) -> Result<Vec<AuditRecord>> {
        self.read_long(move |reader| reader.audit(&query)).await
    }

    /// Forgets what was written down before that time, and says of how many changes. That is written down.
    ///
    /// # Errors
    /// `Busy`, `StorageFull` or `Store`.
    pub async fn forget_audit(&self, before: Timestamp) -> Result<u64> {
        self.operate(move |act| act.forget_audit(before)).await
    }

    /// Puts users into a group, all of them or none, and says of each whether it was not in it.
    ///
    /// # Errors
    /// `GroupUnknown`, then `UserUnknown`.
    pub async fn install_members(&self, group: &str, users: Vec<String>) -> Result<Vec<bool>> {
        self.change_members(group, users, |act, group, user| act.add_to_group(group, user)).await
    }

    /// Takes users out of a group, all of them or none, and says of each whether it was in it.
    ///
    /// # Errors
    /// As for [`Self::install_members`].
    pub async fn uninstall_members(&self, group: &str, users: Vec<String>) -> Result<Vec<bool>> {
        self.change_members(group, users, |act, group, user| act.remove_from_group(group, user)).await
    }

    async fn change_members(
        &self,
        group: &str,
        users: Vec<String>,
        change: fn(&mut Act<'_>, &GroupId, &UserId) -> Result<()>,
    ) -> Result<Vec<bool>> {
        let group = GroupId::stored(group.to_owned());
        self.operate(move |act| {
            if !act.group_exists(&group)? {
                return Err(Error::GroupUnknown(group.to_string()));
            }
            let mut changed = Vec::with_capacity(users.len());
            for id in users {
                let user = act.user(&id)?.ok_or(Error::UserUnknown(id))?.id;
                let before = act.is_group_member(&group, &user)?;
                change(act, &group, &user)?;
                changed.push(before != act.is_group_member(&group, &user)?);
            }
            Ok(changed)
        })
        .await
    }
}
