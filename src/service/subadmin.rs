//! Subadmins: users who manage the members of a group without being administrators. Of a custom group,
//! those are its admins.

use super::Service;
use super::act::Act;
use super::custom_group::tree;
use super::group::{self, Target};
use super::membership::check_admin_remains;
use super::user::view;
use crate::domain::provisioning::Level;
use crate::domain::{
    Action, Change, CustomGroup, Denied, Error, GroupId, Principal, Result, Role, Search, User, UserId,
};
use crate::store::Reader;

impl Service {
    /// Makes a user subadmin of a group; nothing happens if it is. Of a custom group the user becomes
    /// an admin, and a member before.
    ///
    /// # Errors
    /// `NotPermitted` for those who are no administrators; `UserUnknown`; `GroupUnknown`; `AdminGroup`
    /// for the group of the administrators; `SubadminsOff` when they are switched off; and what the
    /// rules of custom groups refuse.
    pub async fn add_subadmin(&self, who: &Principal, user: &str, group: &str) -> Result<()> {
        let attempt = Change::with(Action::ADD_SUBADMIN, group, user);
        let (user, group) = (user.to_owned(), group.to_owned());
        self.act(who, attempt, move |act| add(act, &user, &group)).await
    }

    /// Takes a subadmin's right over a group away.
    ///
    /// # Errors
    /// `NotPermitted` for those who are no administrators; `UserUnknown`; `GroupUnknown`;
    /// `NotASubadmin`; and what the rules of custom groups refuse.
    pub async fn remove_subadmin(&self, who: &Principal, user: &str, group: &str) -> Result<()> {
        let attempt = Change::with(Action::REMOVE_SUBADMIN, group, user);
        let (user, group) = (user.to_owned(), group.to_owned());
        self.act(who, attempt, move |act| remove(act, &user, &group)).await
    }

    /// The groups a user is subadmin of, custom groups left out; none where subadmins are switched off.
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
    /// `NotPermitted` for those who are no administrators; `GroupUnknown`; `NotPermitted` for a custom
    /// group that the principal may not see.
    pub async fn subadmins(&self, who: &Principal, group: &str) -> Result<Vec<UserId>> {
        Level::Administrator.check(who)?;
        let (who, rules, group) = (who.clone(), self.rules, group.to_owned());
        self.read_long(move |reader| match group::find(reader, &group)? {
            Target::Group(group) if rules.allow_subadmins => reader.subadmins(&group),
            Target::Group(_) => Ok(Vec::new()),
            Target::Custom(group) => {
                tree(reader, &who, &rules, Denied::ListMembers).check_visible(&group)?;
                let mut members = reader.memberships(group.number, &Search::default())?;
                members.retain(|member| member.role == Role::Admin);
                Ok(members.into_iter().map(|member| member.user).collect())
            }
        })
        .await
    }
}

pub(super) fn add(act: &mut Act<'_>, user: &str, group: &str) -> Result<()> {
    Level::Administrator.check(&act.who)?;
    let (user, target) = find_pair(&**act, user, group)?;
    appoint(act, &target, &user.id)
}

pub(super) fn remove(act: &mut Act<'_>, user: &str, group: &str) -> Result<()> {
    Level::Administrator.check(&act.who)?;
    match find_pair(&**act, user, group)? {
        (user, Target::Custom(group)) => demote(act, &group, &user),
        // Where they are switched off nobody is one, whatever the store remembers.
        (user, Target::Group(group)) if act.rules.allow_subadmins && act.is_subadmin(&group, &user.id)? => {
            act.remove_subadmin(&group, &user.id)
        }
        (_, Target::Group(_)) => Err(Error::NotASubadmin),
    }
}

/// Makes a user subadmin of a group, whoever asks for it.
pub(super) fn appoint(act: &mut Act<'_>, target: &Target, user: &UserId) -> Result<()> {
    match target {
        Target::Group(group) if group.is_admin() => Err(Error::AdminGroup),
        Target::Group(_) if !act.rules.allow_subadmins => Err(Error::SubadminsOff),
        Target::Group(group) => act.add_subadmin(group, user),
        Target::Custom(group) => {
            group::put_in(act, target, user)?;
            act.set_role(group, user, Role::Admin)
        }
    }
}

fn find_pair(reader: &dyn Reader, user: &str, group: &str) -> Result<(User, Target)> {
    let user = reader.user(user)?.ok_or_else(|| Error::UserUnknown(user.to_owned()))?;
    Ok((user, group::find(reader, group)?))
}

fn demote(act: &mut Act<'_>, group: &CustomGroup, user: &User) -> Result<()> {
    act.tree(Denied::SetRole).check_manager(group)?;
    let member = act.membership(group.number, user.id.as_str())?.ok_or(Error::NotASubadmin)?;
    if member.role != Role::Admin {
        return Err(Error::NotASubadmin);
    }
    check_admin_remains(&**act, group, &member)?;
    act.set_role(group, &user.id, Role::Member)
}
