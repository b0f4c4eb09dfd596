//! Groups of the provisioning API, and who is in them. Custom groups appear here, too, under the id
//! `customgroup_{uri}`, and keep their own rules.

use super::Service;
use super::custom_group::{delete_custom_group, rename, tree};
use super::membership;
use super::paged::Paged;
use crate::domain::provisioning::{Level, may_manage_group, must_stay};
use crate::domain::{
    CustomGroup, Denied, DisplayName, Error, GroupId, GroupName, GroupRef, NameFault, Principal, Result,
    Rules, Search, UserId,
};
use crate::store::{Reader, Tx};

/// What a group id stands for.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// A group of the provisioning API.
    Group(GroupId),
    /// A custom group.
    Custom(CustomGroup),
}

impl Service {
    /// The groups that match, custom groups left out.
    ///
    /// # Errors
    /// `NotPermitted` for those who manage no users.
    pub async fn find_groups(&self, who: &Principal, search: Search) -> Result<Paged<GroupId>> {
        Level::Subadmin.check(who)?;
        self.read_long(move |reader| {
            let found = reader.find_groups(&search)?;
            Paged::new(found, &search, |pattern| reader.count_groups(pattern))
        })
        .await
    }

    /// Makes a group, with a display name if one is given.
    ///
    /// # Errors
    /// `NotPermitted` for those who manage no users; `GroupIdInvalid` for what is no id at all;
    /// `GroupExists`; `NotPermitted` for those who are no administrators; and `GroupIdInvalid` for all
    /// that is not allowed here, though it is in ownCloud.
    pub async fn create_group(&self, who: &Principal, id: &str, name: Option<&str>) -> Result<()> {
        Level::Subadmin.check(who)?;
        let checked = GroupId::new(id);
        if let Err(Error::GroupIdInvalid(NameFault::Blank | NameFault::OuterSpace)) = checked {
            return checked.map(drop);
        }
        let (who, rules, id) = (who.clone(), self.rules, id.to_owned());
        let name = name.map(str::to_owned);
        self.write(move |tx| {
            if exists(tx, &id)? {
                return Err(Error::GroupExists);
            }
            Level::Administrator.check(&super::refresh(tx, &who, &rules)?)?;
            let id = checked?;
            tx.insert_group(&id)?;
            name.map_or(Ok(()), |name| tx.rename_group(&id, &GroupName::new(&name, &id)?))
        })
        .await
    }

    /// Gives a group another display name; a custom group by its own rules.
    ///
    /// # Errors
    /// `NotPermitted` for those who are no administrators; `GroupUnknown`; what is wrong with the name;
    /// and what the rules of custom groups refuse.
    pub async fn rename_group(&self, who: &Principal, id: &str, name: &str) -> Result<()> {
        Level::Administrator.check(who)?;
        let (who, rules) = (who.clone(), self.rules);
        let (id, name) = (id.to_owned(), name.to_owned());
        self.write(move |tx| {
            let who = super::refresh(tx, &who, &rules)?;
            Level::Administrator.check(&who)?;
            match find(tx, &id)? {
                Target::Group(group) => tx.rename_group(&group, &GroupName::new(&name, &group)?),
                Target::Custom(group) => rename(tx, &who, &rules, &group, &DisplayName::new(&name)?),
            }
        })
        .await
    }

    /// The members of a group, by id.
    ///
    /// # Errors
    /// `NotPermitted` for those who manage no users, unless a custom group is asked for; `GroupUnknown`;
    /// `NotPermitted` for a subadmin of other groups, and for a custom group that the principal may not
    /// see or, managing no users, is no admin of.
    pub async fn group_members(&self, who: &Principal, id: &str) -> Result<Vec<UserId>> {
        if GroupId::stored(id.to_owned()).custom_uri().is_none() {
            Level::Subadmin.check(who)?;
        }
        let (who, rules, id) = (who.clone(), self.rules, id.to_owned());
        self.read_long(move |reader| members(reader, &who, &rules, &id)).await
    }

    /// Deletes a group with the places in it and the rights over it; a custom group by its own rules.
    ///
    /// # Errors
    /// `NotPermitted` for those who are no administrators; `GroupUnknown`; `AdminGroup`; and
    /// `NotPermitted` for a custom group that the principal may not manage.
    pub async fn delete_group(&self, who: &Principal, id: &str) -> Result<()> {
        Level::Administrator.check(who)?;
        let (who, rules, id) = (who.clone(), self.rules, id.to_owned());
        self.write(move |tx| {
            let who = super::refresh(tx, &who, &rules)?;
            Level::Administrator.check(&who)?;
            match find(tx, &id)? {
                Target::Group(group) if group.is_admin() => Err(Error::AdminGroup),
                Target::Group(group) => tx.delete_group(&group),
                Target::Custom(group) => delete_custom_group(tx, &who, &rules, &group),
            }
        })
        .await
    }

    /// Puts a user into a group; nothing happens if it is there.
    ///
    /// # Errors
    /// `NotPermitted` for those who manage no users; `NoGroupGiven`; `GroupUnknown`; `UserUnknown`;
    /// `NotPermitted` for those who are no administrators; and what the rules of custom groups refuse.
    pub async fn add_to_group(&self, who: &Principal, user: &str, group: &str) -> Result<()> {
        Level::Subadmin.check(who)?;
        check_given(group)?;
        let (who, rules) = (who.clone(), self.rules);
        let (user, group) = (user.to_owned(), group.to_owned());
        self.write(move |tx| {
            let who = super::refresh(tx, &who, &rules)?;
            let target = find(tx, &group)?;
            let user = tx.user(&user)?.ok_or(Error::UserUnknown(user))?;
            if matches!(target, Target::Group(_)) && !who.administrator {
                return Err(Denied::ManageGroup.into());
            }
            put_in(tx, &who, &rules, &target, &user.id)
        })
        .await
    }

    /// Takes a user out of a group; nothing happens if it is not there.
    ///
    /// # Errors
    /// `NotPermitted` for those who manage no users; `NoGroupGiven`; `GroupUnknown`; `NotPermitted` for
    /// those who do not manage the group; `UserUnknown`; `AdminGroup` and `OneselfNotAllowed` for those
    /// who would shut themselves out; and what the rules of custom groups refuse.
    pub async fn remove_from_group(&self, who: &Principal, user: &str, group: &str) -> Result<()> {
        Level::Subadmin.check(who)?;
        check_given(group)?;
        let (who, rules) = (who.clone(), self.rules);
        let (user, group) = (user.to_owned(), group.to_owned());
        self.write(move |tx| {
            let who = super::refresh(tx, &who, &rules)?;
            match find(tx, &group)? {
                Target::Group(group) => take_out(tx, &who, &user, &group),
                Target::Custom(group) => take_out_of_custom(tx, &who, &rules, &user, &group),
            }
        })
        .await
    }
}

/// The members of the group with this id, by id.
///
/// # Errors
/// `GroupUnknown`; `NotPermitted` for those who may not see them.
pub(super) fn members(reader: &dyn Reader, who: &Principal, rules: &Rules, id: &str) -> Result<Vec<UserId>> {
    match find(reader, id)? {
        Target::Group(group) => {
            check_managed(reader, who, &group)?;
            reader.group_members(&group)
        }
        Target::Custom(group) => {
            let tree = tree(reader, who, rules, Denied::ListMembers);
            // The admins of a custom group are its subadmins.
            match Level::Subadmin.check(who) {
                Ok(()) => tree.check_visible(&group)?,
                Err(_) => tree.check_manager(&group)?,
            }
            let members = reader.memberships(group.number, &Search::default())?;
            Ok(members.into_iter().map(|member| member.user).collect())
        }
    }
}

/// What `id` stands for.
///
/// # Errors
/// `GroupUnknown`.
pub(super) fn find(reader: &dyn Reader, id: &str) -> Result<Target> {
    let group = GroupId::stored(id.to_owned());
    let custom = group.custom_uri().map(|uri| GroupRef::Uri(uri.to_owned()));
    if let Some(custom) = custom {
        let found = reader.custom_group(&custom)?.map(Target::Custom);
        return found.ok_or_else(|| Error::GroupUnknown(id.to_owned()));
    }
    if reader.group_exists(&group)? {
        Ok(Target::Group(group))
    } else {
        Err(Error::GroupUnknown(id.to_owned()))
    }
}

fn exists(reader: &dyn Reader, id: &str) -> Result<bool> {
    match find(reader, id) {
        Ok(_) => Ok(true),
        Err(Error::GroupUnknown(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the principal may make new users in a group.
pub(super) fn may_fill(reader: &dyn Reader, who: &Principal, rules: &Rules, target: &Target) -> Result<bool> {
    match target {
        Target::Group(group) => Ok(may_manage_group(who, reader.is_subadmin(group, &who.user)?)),
        Target::Custom(group) => {
            Ok(tree(reader, who, rules, Denied::AddMember).standing(group)?.may_manage())
        }
    }
}

/// Puts a user into a group. Rights are looked at for custom groups only, where they are part of the
/// rules of membership.
pub(super) fn put_in(
    tx: &mut dyn Tx,
    who: &Principal,
    rules: &Rules,
    target: &Target,
    user: &UserId,
) -> Result<()> {
    match target {
        Target::Group(group) => tx.add_to_group(group, user),
        Target::Custom(group) => match membership::add(tx, who, rules, group, user.as_str()) {
            Err(Error::AlreadyMember) => Ok(()),
            other => other,
        },
    }
}

fn take_out(tx: &mut dyn Tx, who: &Principal, user: &str, group: &GroupId) -> Result<()> {
    check_managed(tx, who, group)?;
    let user = tx.user(user)?.ok_or_else(|| Error::UserUnknown(user.to_owned()))?;
    if must_stay(who, &user.id, group, tx.is_subadmin(group, &who.user)?) {
        return Err(if group.is_admin() { Error::AdminGroup } else { Error::OneselfNotAllowed });
    }
    tx.remove_from_group(group, &user.id)
}

fn take_out_of_custom(
    tx: &mut dyn Tx,
    who: &Principal,
    rules: &Rules,
    user: &str,
    group: &CustomGroup,
) -> Result<()> {
    tree(tx, who, rules, Denied::RemoveMember).check_visible(group)?;
    let user = tx.user(user)?.ok_or_else(|| Error::UserUnknown(user.to_owned()))?;
    match tx.membership(group.number, user.id.as_str())? {
        Some(member) => membership::remove(tx, who, rules, group, &member),
        None => Ok(()),
    }
}

fn check_managed(reader: &dyn Reader, who: &Principal, group: &GroupId) -> Result<()> {
    if may_manage_group(who, reader.is_subadmin(group, &who.user)?) {
        Ok(())
    } else {
        Err(Denied::ManageGroup.into())
    }
}

fn check_given(group: &str) -> Result<()> {
    if group.is_empty() { Err(Error::NoGroupGiven) } else { Ok(()) }
}
