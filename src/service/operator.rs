//! What only the operator of the machine does, beside what administrators do.

use super::{Service, custom_group};
use crate::domain::{
    CustomGroup, DisplayName, Email, Error, GroupId, Place, Principal, Quota, Result, UserId, UserName,
};
use crate::store::{Tx, UserChange};

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
        self.write(move |tx| {
            let user = tx.user(&id)?.ok_or(Error::UserUnknown(id))?.id;
            let name = changes.display_name.map(|name| UserName::new(&name, &user)).transpose()?;
            let email = changes.email.map(|email| Email::new(&email)).transpose()?;
            let quota = changes.quota.map(|quota| Quota::parse(&quota)).transpose()?;
            let changes = [
                name.map(UserChange::DisplayName),
                email.map(UserChange::Email),
                quota.map(UserChange::Quota),
            ];
            changes.into_iter().flatten().try_for_each(|change| tx.update_user(&user, &change))
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
        let (place, admin, rules) = (Place::Group(uri.to_owned()), admin.to_owned(), self.rules);
        self.write(move |tx| {
            let user = tx.user(&admin)?.ok_or(Error::UserUnknown(admin))?.id;
            // On behalf of the user, but not limited to what the user may do.
            let who = Principal { user, administrator: true, subadmin: false };
            custom_group::create(tx, &who, &rules, &place, name)
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

    /// Puts users into a group, all of them or none.
    ///
    /// # Errors
    /// `GroupUnknown`, then `UserUnknown`.
    pub async fn install_members(&self, group: &str, users: Vec<String>) -> Result<()> {
        self.change_members(group, users, |tx, group, user| tx.add_to_group(group, user)).await
    }

    /// Takes users out of a group, all of them or none; nothing happens to those who are not in it.
    ///
    /// # Errors
    /// As for [`Self::install_members`].
    pub async fn uninstall_members(&self, group: &str, users: Vec<String>) -> Result<()> {
        self.change_members(group, users, |tx, group, user| tx.remove_from_group(group, user)).await
    }

    async fn change_members(
        &self,
        group: &str,
        users: Vec<String>,
        change: fn(&mut dyn Tx, &GroupId, &UserId) -> Result<()>,
    ) -> Result<()> {
        let group = GroupId::stored(group.to_owned());
        self.write(move |tx| {
            if !tx.group_exists(&group)? {
                return Err(Error::GroupUnknown(group.to_string()));
            }
            for id in users {
                let user = tx.user(&id)?.ok_or(Error::UserUnknown(id))?;
                change(tx, &group, &user.id)?;
            }
            Ok(())
        })
        .await
    }
}
