//! Groups of the provisioning API, and who is in them. Custom groups appear here, too, under the id
//! `customgroup_{uri}`, and keep their own rules.

use super::Service;
use super::act::Act;
use super::custom_group::{self, delete_custom_group, tree};
use super::membership;
use super::paged::Paged;
use crate::domain::provisioning::{Level, may_manage_group, must_stay};
use crate::domain::{
    Action, Change, CustomGroup, Denied, DisplayName, Error, GroupId, GroupName, GroupRef, NameFault,
    Principal, Result, Rules, Search, UserId,
};
use crate::store::Reader;

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
        let attempt = Change::of(Action::CREATE_GROUP, id);
        let (id, name) = (id.to_owned(), name.map(str::to_owned));
        self.act(who, attempt, move |act| create(act, &id, name.as_deref())).await
    }

    /// Gives a group another display name; a custom group by its own rules.
    ///
    /// # Errors
    /// `NotPermitted` for those who are no administrators; `GroupUnknown`; what is wrong with the name;
    /// and what the rules of custom groups refuse.
    pub async fn rename_group(&self, who: &Principal, id: &str, name: &str) -> Result<()> {
        let attempt = Change::with(Action::RENAME_GROUP, id, name);
        let (id, name) = (id.to_owned(), name.to_owned());
        self.act(who, attempt, move |act| rename(act, &id, &name)).await
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
        let (attempt, id) = (Change::of(Action::DELETE_GROUP, id), id.to_owned());
        self.act(who, attempt, move |act| delete(act, &id)).await
    }

    /// Puts a user into a group; nothing happens if it is there.
    ///
    /// # Errors
    /// `NotPermitted` for those who manage no users; `NoGroupGiven`; `GroupUnknown`; `UserUnknown`;
    /// `NotPermitted` for those who are no administrators; and what the rules of custom groups refuse.
    pub async fn add_to_group(&self, who: &Principal, user: &str, group: &str) -> Result<()> {
        let attempt = Change::with(Action::ADD_TO_GROUP, group, user);
        let (user, group) = (user.to_owned(), group.to_owned());
        self.act(who, attempt, move |act| add(act, &user, &group)).await
    }

    /// Takes a user out of a group; nothing happens if it is not there.
    ///
    /// # Errors
    /// `NotPermitted` for those who manage no users; `NoGroupGiven`; `GroupUnknown`; `NotPermitted` for
    /// those who do not manage the group; `UserUnknown`; `AdminGroup` and `OneselfNotAllowed` for those
    /// who would shut themselves out; and what the rules of custom groups refuse.
    pub async fn remove_from_group(&self, who: &Principal, user: &str, group: &str) -> Result<()> {
        let attempt = Change::with(Action::REMOVE_FROM_GROUP, group, user);
        let (user, group) = (user.to_owned(), group.to_owned());
        self.act(who, attempt, move |act| remove(act, &user, &group)).await
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
pub(super) fn put_in(act: &mut Act<'_>, target: &Target, user: &UserId) -> Result<()> {
    match target {
        Target::Group(group) => act.add_to_group(group, user),
        Target::Custom(group) => match membership::add(act, group, user.as_str()) {
            Err(Error::AlreadyMember) => Ok(()),
            other => other,
        },
    }
}

pub(super) fn create(act: &mut Act<'_>, id: &str, name: Option<&str>) -> Result<()> {
    Level::Subadmin.check(&act.who)?;
    let checked = GroupId::new(id);
    if let Err(Error::GroupIdInvalid(NameFault::Blank | NameFault::OuterSpace)) = checked {
        return checked.map(drop);
    }
    if exists(&**act, id)? {
        return Err(Error::GroupExists);
    }
    Level::Administrator.check(&act.who)?;
    let id = checked?;
    act.insert_group(&id)?;
    name.map_or(Ok(()), |name| act.rename_group(&id, &GroupName::new(name, &id)?))
}

pub(super) fn rename(act: &mut Act<'_>, id: &str, name: &str) -> Result<()> {
    Level::Administrator.check(&act.who)?;
    match find(&**act, id)? {
        Target::Group(group) => act.rename_group(&group, &GroupName::new(name, &group)?),
        Target::Custom(group) => custom_group::rename(act, &group, &DisplayName::new(name)?),
    }
}

pub(super) fn delete(act: &mut Act<'_>, id: &str) -> Result<()> {
    Level::Administrator.check(&act.who)?;
    match find(&**act, id)? {
        Target::Group(group) if group.is_admin() => Err(Error::AdminGroup),
        Target::Group(group) => act.delete_group(&group),
        Target::Custom(group) => delete_custom_group(act, &group),
    }
}

pub(super) fn add(act: &mut Act<'_>, user: &str, group: &str) -> Result<()> {
    Level::Subadmin.check(&act.who)?;
    check_given(group)?;
    let target = find(&**act, group)?;
    let user = act.user(user)?.ok_or_else(|| Error::UserUnknown(user.to_owned()))?;
    if matches!(target, Target::Group(_)) && !act.who.administrator {
        return Err(Denied::ManageGroup.into());
    }
    put_in(act, &target, &user.id)
}

pub(super) fn remove(act: &mut Act<'_>, user: &str, group: &str) -> Result<()> {
    Level::Subadmin.check(&act.who)?;
    check_given(group)?;
    match find(&**act, group)? {
        Target::Group(group) => take_out(act, user, &group),
        Target::Custom(group) => take_out_of_custom(act, user, &group),
    }
}

fn take_out(act: &mut Act<'_>, user: &str, group: &GroupId) -> Result<()> {
    check_managed(&**act, &act.who, group)?;
    let user = act.user(user)?.ok_or_else(|| Error::UserUnknown(user.to_owned()))?;
    if must_stay(&act.who, &user.id, group, act.is_subadmin(group, &act.who.user)?) {
        return Err(if group.is_admin() { Error::AdminGroup } else { Error::OneselfNotAllowed });
    }
    act.remove_from_group(group, &user.id)
}

fn take_out_of_custom(act: &mut Act<'_>, user: &str, group: &CustomGroup) -> Result<()> {
    act.tree(Denied::RemoveMember).check_visible(group)?;
    let user = act.user(user)?.ok_or_else(|| Error::UserUnknown(user.to_owned()))?;
    match act.membership(group.number, user.id.as_str())? {
        Some(member) => membership::remove(act, group, &member),
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
