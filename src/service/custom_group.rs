//! Custom groups: listing, making, renaming, deleting.

use super::Service;
use super::act::Act;
use super::locate::Tree;
use crate::domain::permission::{check_scope, may_create_group, sees_all_groups};
use crate::domain::{
    Action, Change, CustomGroup, Denied, DisplayName, Error, GroupUri, Membership, Node, Place, Principal,
    Result, Role, RoledGroup, Rules, Search, UserId,
};
use crate::store::{Generation, Reader};

/// How much of what lies below a place is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Only the place itself.
    Itself,
    /// What lies directly below it, too.
    Children(Search),
}

impl Scope {
    /// Everything directly below.
    pub fn all_children() -> Self {
        Scope::Children(Search::default())
    }
}

/// What lies directly below a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Children {
    /// Nothing, or nothing was asked for.
    None,
    /// The two collections at the top.
    Top,
    /// Views of users.
    Users(Vec<UserId>),
    /// Custom groups.
    Groups(Vec<RoledGroup>),
    /// Members of a custom group.
    Members(Vec<Membership>),
}

/// The last entry of a part of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Last {
    /// Of a listing of groups.
    Group(RoledGroup),
    /// Of a listing of members.
    Member(UserId),
}

impl Children {
    /// Where a listing goes on that was limited to `limit` entries; none if this was all of it.
    pub fn last_of(&self, limit: u64) -> Option<Last> {
        let is_full = |length: usize| length as u64 >= limit;
        match self {
            Children::Groups(groups) if is_full(groups.len()) => groups.last().cloned().map(Last::Group),
            Children::Members(members) if is_full(members.len()) => {
                members.last().map(|member| Last::Member(member.user.clone()))
            }
            _ => None,
        }
    }
}

/// A node and what lies directly below it, from one snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The node.
    pub node: Node,
    /// What lies below.
    pub children: Children,
}

impl Service {
    /// What lies at `place`, whether or not the principal may see more of it than that it exists.
    ///
    /// # Errors
    /// `CustomGroupUnknown`, `UserUnknown`, `NothingThere`, `NotAMember` for what is not there, and
    /// `NotPermitted` for another user's view or the members of a group one may not see.
    pub fn locate(&self, who: &Principal, place: &Place) -> Result<Node> {
        self.read(|reader| tree(reader, who, &self.rules, Denied::ListMembers).locate(place))
    }

    /// A node and what is below it, in a fixed number of queries.
    ///
    /// Groups come by number in a user's listing and by display name in that of all groups, members
    /// and users by id.
    ///
    /// # Errors
    /// As for [`Self::locate`], and `NotPermitted` for a group the principal may not see.
    pub async fn browse(&self, who: &Principal, place: &Place, scope: Scope) -> Result<Listing> {
        let (who, place, rules) = (who.clone(), place.clone(), self.rules);
        let short = scope == Scope::Itself;
        let job = move |reader: &dyn Reader| browse(reader, &who, &rules, &place, &scope);
        if short { self.read(job) } else { self.read_long(job).await }
    }

    /// The generation of what is stored, as [`crate::store::Store::generation`] says.
    ///
    /// # Errors
    /// `Store` when the store cannot be read.
    pub fn generation(&self) -> Result<Generation> {
        self.store.generation()
    }

    /// At most `limit` further entries of a listing, those that follow `last`; nothing for listings that
    /// always come whole. Whether the principal may see them was decided when the listing was begun. Each
    /// call reads a snapshot of its own: what is there all the while is listed just once.
    ///
    /// # Errors
    /// `Store` when the store cannot be read.
    pub async fn browse_on(&self, node: &Node, who: &Principal, last: Last, limit: u64) -> Result<Children> {
        let (user, group) = match node {
            Node::UserGroups(user) => (user.clone(), None),
            Node::Group(group) => (who.user.clone(), Some(group.number)),
            _ => (who.user.clone(), None),
        };
        self.read_long(move |reader| {
            Ok(match (last, group) {
                (Last::Member(last), Some(group)) => {
                    Children::Members(reader.memberships_after(group, &last, limit)?)
                }
                (Last::Group(RoledGroup { group: last, role: Some(_) }), _) => {
                    Children::Groups(reader.custom_groups_of_after(&user, &last, limit)?)
                }
                (Last::Group(RoledGroup { group: last, role: None }), _) => {
                    Children::Groups(reader.custom_groups_after(&last, limit)?)
                }
                _ => Children::None,
            })
        })
        .await
    }

    /// Makes a custom group; the principal becomes its admin and only member.
    ///
    /// # Errors
    /// `ParentUnknown` and `ParentNotCollection` for the parent; `NotPermitted` for what the principal
    /// may not see; `GroupUriTaken` when something is there; `CollectionsNotHere` below a group;
    /// `NotPermitted` where groups cannot be made, or not by the principal; `NameInvalid`; and
    /// `DisplayNameTaken`.
    pub async fn create_custom_group(
        &self,
        who: &Principal,
        place: &Place,
        name: Option<DisplayName>,
    ) -> Result<CustomGroup> {
        let (attempt, place) = (Change::of(Action::CREATE_CUSTOM_GROUP, place), place.clone());
        self.act(who, attempt, move |act| {
            let founder = act.who.user.clone();
            create(act, &founder, &place, name)
        })
        .await
    }

    /// Whether a custom group could be made at `place`, as far as the place and rights go.
    ///
    /// # Errors
    /// As for [`Self::create_custom_group`], but for the names.
    pub async fn check_creatable(&self, who: &Principal, place: &Place) -> Result<()> {
        let attempt = Change::of(Action::CREATE_CUSTOM_GROUP, place);
        let creatable = check_scope(who, attempt.action)
            .and_then(|()| self.read(|reader| check_creatable(reader, who, &self.rules, place)));
        match creatable {
            Ok(()) => Ok(()),
            Err(error) => Err(self.refused(who, attempt, error).await),
        }
    }

    /// Gives a custom group another display name.
    ///
    /// # Errors
    /// As for [`Self::locate`], then `NotPermitted` for those who may not manage the group, then
    /// `DisplayNameTaken`.
    pub async fn rename_custom_group(&self, who: &Principal, place: &Place, name: DisplayName) -> Result<()> {
        let attempt = Change::with(Action::RENAME_CUSTOM_GROUP, place, name.as_str());
        let place = place.clone();
        self.act(who, attempt, move |act| {
            let Node::Group(group) = act.tree(Denied::RenameGroup).locate(&place)? else {
                return Err(Denied::FixedCollection.into());
            };
            rename(act, &group, &name)
        })
        .await
    }

    /// Deletes what lies at `place`: a custom group with its memberships, or one membership.
    ///
    /// # Errors
    /// As for [`Self::locate`]; `CollectionStays` and `NotPermitted` for the fixed parts of the tree;
    /// `NotPermitted` for those who lack the right; `LastAdmin`.
    pub async fn delete(&self, who: &Principal, place: &Place) -> Result<()> {
        let (attempt, place) = (Change::of(Action::DELETE_CUSTOM_GROUP, place), place.clone());
        self.act(who, attempt, move |act| match act.tree(Denied::RemoveMember).locate(&place)? {
            Node::Root => Err(Denied::FixedCollection.into()),
            Node::Groups | Node::Users | Node::UserGroups(_) => Err(Error::CollectionStays),
            Node::Group(group) => delete_custom_group(act, &group),
            Node::Membership(group, member) => super::membership::remove(act, &group, &member),
        })
        .await
    }
}

/// Gives a custom group another display name.
pub(super) fn rename(act: &mut Act<'_>, group: &CustomGroup, name: &DisplayName) -> Result<()> {
    act.tree(Denied::RenameGroup).check_manager(group)?;
    check_name_free(act, name, Some(group))?;
    act.rename_custom_group(group, name)
}

pub(super) fn tree<'a>(
    reader: &'a dyn Reader,
    who: &'a Principal,
    rules: &'a Rules,
    denied: fn(crate::domain::CustomGroupNumber) -> Denied,
) -> Tree<'a> {
    Tree { reader, who, rules, denied }
}

fn browse(
    reader: &dyn Reader,
    who: &Principal,
    rules: &Rules,
    place: &Place,
    scope: &Scope,
) -> Result<Listing> {
    let tree = tree(reader, who, rules, Denied::ListMembers);
    let node = tree.locate(place)?;
    if let Node::Group(group) = &node {
        tree.check_visible(group)?;
    }
    let children = match scope {
        Scope::Itself => Children::None,
        Scope::Children(search) => children(reader, who, rules, &node, search)?,
    };
    Ok(Listing { node, children })
}

fn children(
    reader: &dyn Reader,
    who: &Principal,
    rules: &Rules,
    node: &Node,
    search: &Search,
) -> Result<Children> {
    Ok(match node {
        Node::Root => Children::Top,
        Node::Groups if sees_all_groups(who, rules) => Children::Groups(reader.custom_groups(search)?),
        Node::Groups => Children::Groups(reader.custom_groups_of(&who.user, search)?),
        Node::Users if who.administrator => Children::Users(reader.users_with_memberships()?),
        Node::Users => Children::Users(vec![who.user.clone()]),
        Node::UserGroups(user) => Children::Groups(reader.custom_groups_of(user, search)?),
        Node::Group(group) => Children::Members(reader.memberships(group.number, search)?),
        Node::Membership(..) => Children::None,
    })
}

/// Existence is looked at before rights, and the parent before the place, as clients of ownCloud
/// expect (MKCOL, RFC 4918 section 9.3.1).
fn check_creatable(reader: &dyn Reader, who: &Principal, rules: &Rules, place: &Place) -> Result<()> {
    let tree = tree(reader, who, rules, Denied::ListMembers);
    let Some(parent) = place.parent() else {
        return Err(Error::GroupUriTaken);
    };
    let parent = match tree.locate(&parent) {
        Err(error) if is_absence(&error) => return Err(Error::ParentUnknown),
        other => other?,
    };
    if !parent.is_collection() {
        return Err(Error::ParentNotCollection);
    }
    let absence = match tree.locate(place) {
        Ok(_) => return Err(Error::GroupUriTaken),
        Err(error) if is_absence(&error) => error,
        Err(error) => return Err(error),
    };
    match parent {
        Node::Groups | Node::UserGroups(_) if may_create_group(who, rules) => Ok(()),
        Node::Groups | Node::UserGroups(_) => Err(Denied::CreateGroup.into()),
        Node::Group(_) => Err(Error::CollectionsNotHere),
        Node::Root => Err(Denied::FixedCollection.into()),
        Node::Users | Node::Membership(..) => Err(absence),
    }
}

/// Makes a custom group whose admin is `founder`.
pub(super) fn create(
    act: &mut Act<'_>,
    founder: &UserId,
    place: &Place,
    name: Option<DisplayName>,
) -> Result<CustomGroup> {
    check_creatable(&**act, &act.who, &act.rules, place)?;
    let uri = GroupUri::new(place.name())?;
    let name = name.unwrap_or_else(|| DisplayName::of_uri(&uri));
    check_name_free(act, &name, None)?;
    let group = act.insert_custom_group(&uri, &name)?;
    act.add_member(&group, founder, Role::Admin)?;
    Ok(group)
}

/// One's own name, in any capitals, is free.
fn check_name_free(act: &Act<'_>, name: &DisplayName, own: Option<&CustomGroup>) -> Result<()> {
    if !act.rules.allow_duplicate_names && act.display_name_taken(name, own.map(|group| group.number))? {
        return Err(Error::DisplayNameTaken(name.as_str().to_owned()));
    }
    Ok(())
}

/// Deletes a custom group for those who may manage it.
pub(super) fn delete_custom_group(act: &mut Act<'_>, group: &CustomGroup) -> Result<()> {
    act.tree(Denied::DeleteGroup).check_manager(group)?;
    act.delete_custom_group(group)
}

/// Takes a user who is about to be deleted out of all custom groups. A group left without members goes
/// too, and one left without an admin passes to its member of longest standing.
pub(super) fn leave_all(act: &mut Act<'_>, user: &UserId) -> Result<()> {
    for RoledGroup { group, .. } in act.custom_groups_of(user, &Search::default())? {
        act.remove_member(&group, user)?;
        match act.longest_standing(group.number)? {
            None => act.delete_custom_group(&group)?,
            Some(heir) if act.count_admins(group.number)? == 0 => {
                act.set_role(&group, &heir, Role::Admin)?;
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Whether an error says that there is nothing, rather than that it may not be seen.
pub(super) fn is_absence(error: &Error) -> bool {
    matches!(
        error,
        Error::CustomGroupUnknown(_)
            | Error::UserUnknown(_)
            | Error::NotAMember { .. }
            | Error::NothingThere(_)
    )
}
