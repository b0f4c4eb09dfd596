//! Everything there is to say about users and groups, one by one and in listings.

use std::collections::HashMap;

use super::Service;
use super::group::members;
use super::paged::Paged;
use super::user::find;
use crate::domain::provisioning::{Level, Relation, may_manage_group};
use crate::domain::{Denied, Error, Group, GroupId, Principal, Result, Rules, Search, User, UserId};
use crate::store::{Members, Reader};

/// A user with what hangs on it, as far as the principal may see it.
#[derive(Clone, Debug)]
pub struct UserDetails {
    /// The user.
    pub user: User,
    /// What the principal is to it.
    pub relation: Relation,
    /// The groups it is in; to a subadmin, those of them that are its own.
    pub groups: Vec<GroupId>,
    /// The groups it is subadmin of.
    pub subadmin_of: Vec<GroupId>,
}

/// A group, and what the principal may do with it.
#[derive(Clone, Debug)]
pub struct GroupDetails {
    /// The group.
    pub group: Group,
    /// Whether the principal may put users into it.
    pub may_add: bool,
    /// Whether the principal may take users out of it.
    pub may_remove: bool,
}

impl Service {
    /// A user with everything there is to say about it.
    ///
    /// # Errors
    /// `UserUnknown`, then `NotPermitted`.
    pub fn user_details(&self, who: &Principal, id: &str) -> Result<UserDetails> {
        self.read(|reader| {
            let user = reader.user(id)?.ok_or_else(|| Error::UserUnknown(id.to_owned()))?;
            let own = own(reader, who)?;
            let groups = reader.groups_of(&user.id)?;
            let subadmin_of = match self.rules.allow_subadmins {
                true => reader.subadmin_groups(&user.id)?,
                false => Vec::new(),
            };
            let details = details(who, &own, user, groups, subadmin_of);
            if details.relation.may_see() { Ok(details) } else { Err(Denied::ManageUser.into()) }
        })
    }

    /// The users that match among those whom the principal may see, with everything there is to say about
    /// them: what [`Self::find_users`] finds but administrators, to those who are none.
    ///
    /// # Errors
    /// `NotPermitted` for those who manage no users.
    pub async fn find_user_details(&self, who: &Principal, search: Search) -> Result<Paged<UserDetails>> {
        Level::Subadmin.check(who)?;
        let (who, rules) = (who.clone(), self.rules);
        let searches = self.searches.at(self.store.generation()?);
        self.read_long(move |reader| {
            let found = find(reader, &searches, &who, Members::Managed, &search)?;
            let entries = gather(reader, &who, &rules, &found.entries)?;
            Ok(Paged { entries, total: found.total })
        })
        .await
    }

    /// The members of a group, with everything there is to say about those whom the principal may see.
    ///
    /// # Errors
    /// As for [`Self::group_members`].
    pub async fn member_details(&self, who: &Principal, group: &str) -> Result<Vec<UserDetails>> {
        Level::Subadmin.check(who)?;
        let (who, rules, group) = (who.clone(), self.rules, group.to_owned());
        self.read_long(move |reader| {
            let members = members(reader, &who, &rules, &group)?;
            gather(reader, &who, &rules, &members)
        })
        .await
    }

    /// The groups that [`Self::find_groups`] finds, with everything there is to say about them.
    ///
    /// # Errors
    /// `NotPermitted` for those who manage no users.
    pub async fn find_group_details(&self, who: &Principal, search: Search) -> Result<Paged<GroupDetails>> {
        Level::Subadmin.check(who)?;
        let who = who.clone();
        self.read_long(move |reader| {
            let own = reader.subadmin_groups(&who.user)?;
            let details = |group: Group| GroupDetails {
                may_add: who.administrator,
                may_remove: may_manage_group(&who, own.contains(&group.id)),
                group,
            };
            let entries = reader.groups(&search)?.into_iter().map(details).collect();
            Paged::new(entries, &search, |pattern| reader.count_groups(pattern))
        })
        .await
    }
}

/// Those of these users whom the principal may see, by id. Costs the same number of queries for one
/// as for many.
fn gather(reader: &dyn Reader, who: &Principal, rules: &Rules, ids: &[UserId]) -> Result<Vec<UserDetails>> {
    let own = own(reader, who)?;
    let mut groups = by_user(reader.groups_of_each(ids)?);
    let mut subadmin_of = match rules.allow_subadmins {
        true => by_user(reader.subadmin_groups_of_each(ids)?),
        false => HashMap::new(),
    };
    let users = reader.users_with(ids)?.into_iter().map(|user| {
        let groups = groups.remove(&user.id).unwrap_or_default();
        let subadmin_of = subadmin_of.remove(&user.id).unwrap_or_default();
        details(who, &own, user, groups, subadmin_of)
    });
    Ok(users.filter(|details| details.relation.may_see()).collect())
}

/// The groups that the principal is subadmin of.
fn own(reader: &dyn Reader, who: &Principal) -> Result<Vec<GroupId>> {
    if who.subadmin { reader.subadmin_groups(&who.user) } else { Ok(Vec::new()) }
}

fn by_user(rows: Vec<(UserId, GroupId)>) -> HashMap<UserId, Vec<GroupId>> {
    let mut by_user: HashMap<UserId, Vec<GroupId>> = HashMap::new();
    for (user, group) in rows {
        by_user.entry(user).or_default().push(group);
    }
    by_user
}

/// `own` are the groups the principal is subadmin of.
fn details(
    who: &Principal,
    own: &[GroupId],
    user: User,
    mut groups: Vec<GroupId>,
    subadmin_of: Vec<GroupId>,
) -> UserDetails {
    let administrator = groups.iter().any(GroupId::is_admin);
    let manages = groups.iter().any(|group| own.contains(group));
    let relation = Relation::of(who, &user.id, administrator, manages);
    if relation == Relation::Subadmin {
        groups.retain(|group| own.contains(group));
    }
    UserDetails { user, relation, groups, subadmin_of }
}
