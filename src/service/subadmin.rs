//! Subadmins: users who manage the members of a group without being administrators.

use super::Service;
use super::group::{self, Target};
use super::user::view;
use crate::domain::provisioning::Level;
use crate::domain::{Denied, Error, GroupId, Principal, Result, User, UserId};
use crate::store::Reader;

impl Service {
    /// Makes a user subadmin of a group; nothing happens if it is.
    ///
    /// # Errors
    /// `NotPermitted` for those who are no administrators; `UserUnknown`; `GroupUnknown`; `AdminGroup`
    /// for the group of the administrators; `SubadminsOff` when they are switched off.
    pub async fn add_subadmin(&self, who: &Principal, user: &str, group: &str) -> Result<()> {
        Level::Administrator.check(who)?;
        let (who, rules) = (who.clone(), self.rules);
        let (user, group) = (user.to_owned(), group.to_owned());
        self.write(move |tx| {
            Level::Administrator.check(&super::refresh(tx, &who, &rules)?)?;
            let (user, group) = check_pair(tx, &user, &group)?;
            if group.is_admin() {
                return Err(Error::AdminGroup);
            }
            if !rules.allow_subadmins {
                return Err(Error::SubadminsOff);
            }
            tx.add_subadmin(&group, &user.id)
        })
        .await
    }

    /// Takes a subadmin's right over a group away.
    ///
    /// # Errors
    /// `NotPermitted` for those who are no administrators; `UserUnknown`; `GroupUnknown`;
    /// `NotASubadmin`.
    pub async fn remove_subadmin(&self, who: &Principal, user: &str, group: &str) -> Result<()> {
        Level::Administrator.check(who)?;
        let (who, rules) = (who.clone(), self.rules);
        let (user, group) = (user.to_owned(), group.to_owned());
        self.write(move |tx| {
            Level::Administrator.check(&super::refresh(tx, &who, &rules)?)?;
            let (user, group) = check_pair(tx, &user, &group)?;
            if !tx.is_subadmin(&group, &user.id)? {
                return Err(Error::NotASubadmin);
            }
            tx.remove_subadmin(&group, &user.id)
        })
        .await
    }

    /// The groups a user is subadmin of; none where subadmins are switched off.
    ///
    /// # Errors
    /// `UserUnknown`, then `NotPermitted`.
    pub fn subadmin_groups(&self, who: &Principal, user: &str) -> Result<Vec<GroupId>> {
        self.read(|reader| {
            let view = view(reader, who, user)?;
            if !view.relation.may_see() {
                return Err(Denied::ManageUser.into());
            }
            if !self.rules.allow_subadmins {
                return Ok(Vec::new());
            }
            reader.subadmin_groups(&view.user.id)
        })
    }

    /// Those who are subadmin of a group; nobody where subadmins are switched off.
    ///
    /// # Errors
    /// `NotPermitted` for those who are no administrators, then `GroupUnknown`.
    pub async fn subadmins(&self, who: &Principal, group: &str) -> Result<Vec<UserId>> {
        Level::Administrator.check(who)?;
        let (rules, group) = (self.rules, group.to_owned());
        self.read_long(move |reader| match group::find(reader, &group)? {
            Target::Group(group) if rules.allow_subadmins => reader.subadmins(&group),
            Target::Group(_) | Target::Custom(_) => Ok(Vec::new()),
        })
        .await
    }
}

/// The user and the group; custom groups have no subadmins, but admins of their own.
fn check_pair(reader: &dyn Reader, user: &str, group: &str) -> Result<(User, GroupId)> {
    let user = reader.user(user)?.ok_or_else(|| Error::UserUnknown(user.to_owned()))?;
    match group::find(reader, group)? {
        Target::Group(group) => Ok((user, group)),
        Target::Custom(_) => Err(Error::GroupUnknown(group.to_owned())),
    }
}
