//! Members of custom groups: adding, removing, changing roles.

use super::Service;
use super::act::Act;
use crate::domain::permission::{is_last_admin, may_remove};
use crate::domain::{
    Action, Change, CustomGroup, Denied, Error, Membership, Node, Place, Principal, Result, Role, User,
    UserId,
};
use crate::store::Reader;

impl Service {
    /// Adds the user that `place` names to the custom group above it, as a plain member.
    ///
    /// # Errors
    /// As for [`Self::locate`] of the parent; `NotPermitted` for strangers; `AlreadyMember`;
    /// `PutOnCollection` and `MembersNotHere` where no member can be; `NotPermitted` for plain members;
    /// `NoSuchMember` unless the user exists in that spelling; `SharingRestricted`.
    pub async fn add_member(&self, who: &Principal, place: &Place) -> Result<()> {
        let (attempt, place) = (Change::of(Action::ADD_MEMBER, place), place.clone());
        self.act(who, attempt, move |act| {
            let group = find_joinable(act, &place)?;
            add(act, &group, place.name())
        })
        .await
    }

    /// Gives a member another role.
    ///
    /// # Errors
    /// As for [`Self::locate`], then `NotPermitted` for those who may not manage the group, then
    /// `LastAdmin`.
    pub async fn set_role(&self, who: &Principal, place: &Place, role: Role) -> Result<()> {
        let attempt = Change::with(Action::SET_ROLE, place, role.as_str());
        let place = place.clone();
        self.act(who, attempt, move |act| {
            let tree = act.tree(Denied::SetRole);
            let Node::Membership(group, member) = tree.locate(&place)? else {
                return Err(Denied::FixedCollection.into());
            };
            tree.check_manager(&group)?;
            if role == Role::Member {
                check_admin_remains(&**act, &group, &member)?;
            }
            act.set_role(&group, &member.user, role)
        })
        .await
    }
}

/// One line of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRow {
    /// The id of the user to be added.
    pub user: String,
    /// The role the user is to have; none if the one given is none.
    pub role: Option<Role>,
}

/// What became of one line of an import.
#[derive(Debug)]
pub enum ImportOutcome {
    /// Added with the role that was asked for.
    Added,
    /// Nothing was done, for the user is a member.
    AlreadyMember,
    /// Added as a plain member, for there is no such role.
    RoleFailed,
    /// Not added.
    Refused(Error),
}

impl Service {
    /// Adds many members at once; what cannot be added does not stop the others.
    ///
    /// # Errors
    /// As for [`Self::locate`], and `NotPermitted` for strangers. What a single user runs into is its
    /// [`ImportOutcome`].
    pub async fn import_members(
        &self,
        who: &Principal,
        place: &Place,
        rows: Vec<ImportRow>,
    ) -> Result<Vec<(String, ImportOutcome)>> {
        let (attempt, place) = (Change::of(Action::ADD_MEMBER, place), place.clone());
        self.act(who, attempt, move |act| {
            let tree = act.tree(Denied::AddMember);
            let Node::Group(group) = tree.locate(&place)? else {
                return Err(Denied::FixedCollection.into());
            };
            tree.check_visible(&group)?;
            let import = |row: ImportRow| Ok((row.user.clone(), import(act, &group, &row)?));
            rows.into_iter().map(import).collect()
        })
        .await
    }
}

/// One line. Only a failing store is an error here.
fn import(act: &mut Act<'_>, group: &CustomGroup, row: &ImportRow) -> Result<ImportOutcome> {
    if act.membership(group.number, &row.user)?.is_some() {
        return Ok(ImportOutcome::AlreadyMember);
    }
    match (add(act, group, &row.user), row.role) {
        (Err(error @ (Error::Store(_) | Error::StorageFull | Error::Busy)), _) => Err(error),
        (Err(error), _) => Ok(ImportOutcome::Refused(error)),
        (Ok(()), None) => Ok(ImportOutcome::RoleFailed),
        (Ok(()), Some(role)) => {
            act.set_role(group, &UserId::stored(row.user.clone()), role)?;
            Ok(ImportOutcome::Added)
        }
    }
}

/// The group that a member could be added to at `place`.
fn find_joinable(act: &Act<'_>, place: &Place) -> Result<CustomGroup> {
    let tree = act.tree(Denied::AddMember);
    let parent = place.parent().map(|parent| tree.locate(&parent)).transpose()?;
    let there = match &parent {
        // Which need not be looked for again.
        Some(Node::Group(group)) => tree.membership(group.clone(), place.name()),
        _ => tree.locate(place),
    };
    match (parent, there) {
        (_, Ok(Node::Membership(..))) => Err(Error::AlreadyMember),
        (_, Ok(_)) => Err(Error::PutOnCollection),
        (Some(Node::Group(group)), Err(Error::NotAMember { .. })) => Ok(group),
        (Some(Node::Groups | Node::UserGroups(_)), Err(Error::CustomGroupUnknown(_))) => {
            Err(Error::MembersNotHere)
        }
        (_, Err(error)) => Err(error),
    }
}

/// Adds a user, named by its id in just the spelling in which it was created.
///
/// # Errors
/// `NotPermitted`, `NoSuchMember`, `SharingRestricted`, `AlreadyMember`.
pub(super) fn add(act: &mut Act<'_>, group: &CustomGroup, user: &str) -> Result<()> {
    act.tree(Denied::AddMember).check_manager(group)?;
    let user = exact_user(&**act, user)?;
    check_sharing(act, &user)?;
    act.add_member(group, &user.id, Role::Member)
}

fn exact_user(reader: &dyn Reader, id: &str) -> Result<User> {
    let found = reader.user(id)?.filter(|user| user.id.as_str() == id);
    found.ok_or_else(|| Error::NoSuchMember(id.to_owned()))
}

fn check_sharing(act: &Act<'_>, user: &User) -> Result<()> {
    let who = &act.who;
    if act.rules.only_share_with_group_members
        && !who.is_operator()
        && !who.is(&user.id)
        && !act.share_a_group(&who.user, &user.id)?
    {
        return Err(Error::SharingRestricted(user.id.to_string()));
    }
    Ok(())
}

/// Removes a membership for those who may.
///
/// # Errors
/// `NotPermitted`, then `LastAdmin`.
pub(super) fn remove(act: &mut Act<'_>, group: &CustomGroup, member: &Membership) -> Result<()> {
    let standing = act.tree(Denied::RemoveMember).standing(group)?;
    if !may_remove(&act.who, standing, &member.user) {
        return Err(Denied::RemoveMember(group.number).into());
    }
    check_admin_remains(&**act, group, member)?;
    act.remove_member(group, &member.user)
}

/// `LastAdmin` if `member` is the only admin of the group.
pub(super) fn check_admin_remains(
    reader: &dyn Reader,
    group: &CustomGroup,
    member: &Membership,
) -> Result<()> {
    if is_last_admin(member.role, reader.count_admins(group.number)?) {
        return Err(Error::LastAdmin(group.number));
    }
    Ok(())
}
