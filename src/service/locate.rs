//! From the place a request names to what is there.

use crate::domain::permission::{Standing, may_see_user};
use crate::domain::{
    CustomGroup, CustomGroupNumber, Denied, Error, GroupRef, Node, Place, Principal, Result, Rules, UserId,
};
use crate::store::Reader;

/// One request's view of the tree: one snapshot, one principal.
pub(super) struct Tree<'a> {
    pub(super) reader: &'a dyn Reader,
    pub(super) who: &'a Principal,
    pub(super) rules: &'a Rules,
    /// What a stranger to a group is told when it reaches for one of its members.
    pub(super) denied: fn(CustomGroupNumber) -> Denied,
}

impl Tree<'_> {
    /// What lies at `place`. Groups are found whether or not the principal may see them: that depends
    /// on what is to be done with them.
    ///
    /// # Errors
    /// - `CustomGroupUnknown`, `UserUnknown`, `NothingThere` for what is not there, outermost first;
    /// - `NotPermitted` for another user's view, and for the members of a group the principal may not
    ///   see;
    /// - `NotAMember` for a user who is not in the group.
    pub(super) fn locate(&self, place: &Place) -> Result<Node> {
        match place {
            Place::Root => Ok(Node::Root),
            Place::Groups => Ok(Node::Groups),
            Place::Users => Ok(Node::Users),
            Place::Group(uri) => self.group(uri).map(Node::Group),
            Place::Membership(uri, user) => self.membership(self.group(uri)?, user),
            Place::UsersEntry(entry) => self.users_entry(entry),
            Place::UsersSecond(entry, second) => match self.users_entry(entry)? {
                Node::Group(group) => self.membership(group, second),
                _ => self.group(second).map(Node::Group),
            },
            Place::UsersThird(entry, second, user) => match self.users_entry(entry)? {
                Node::Group(group) => {
                    self.membership(group, second)?;
                    Err(Error::NothingThere(user.clone()))
                }
                _ => self.membership(self.group(second)?, user),
            },
            Place::Below(parent, name) => {
                self.locate(parent)?;
                Err(Error::NothingThere(name.clone()))
            }
        }
    }

    /// What the principal is to a group.
    pub(super) fn standing(&self, group: &CustomGroup) -> Result<Standing> {
        let role = self.reader.role(group.number, &self.who.user)?;
        Ok(Standing::of(self.who, role, self.rules))
    }

    /// `NotPermitted` unless the principal may see the group.
    pub(super) fn check_visible(&self, group: &CustomGroup) -> Result<()> {
        if self.standing(group)?.may_see() { Ok(()) } else { Err((self.denied)(group.number).into()) }
    }

    /// `NotPermitted` unless the principal may manage the group.
    pub(super) fn check_manager(&self, group: &CustomGroup) -> Result<()> {
        if self.standing(group)?.may_manage() { Ok(()) } else { Err((self.denied)(group.number).into()) }
    }

    fn group(&self, uri: &str) -> Result<CustomGroup> {
        let found = self.reader.custom_group(&GroupRef::Uri(uri.to_owned()))?;
        found.ok_or_else(|| Error::CustomGroupUnknown(uri.to_owned()))
    }

    /// The membership of a user in a group that was located.
    ///
    /// # Errors
    /// As for [`Self::locate`]: `NotPermitted`, `NotAMember`.
    pub(super) fn membership(&self, group: CustomGroup, user: &str) -> Result<Node> {
        self.check_visible(&group)?;
        let not_a_member = Error::NotAMember { user: user.to_owned(), group: group.number };
        let membership = self.reader.membership(group.number, user)?.ok_or(not_a_member)?;
        Ok(Node::Membership(group, membership))
    }

    /// `users/{entry}/`: the principal's own view; for administrators that of any user; else the group
    /// with that number. Ids have to be spelt as they were created.
    fn users_entry(&self, entry: &str) -> Result<Node> {
        let named = UserId::stored(entry);
        let visible = may_see_user(self.who, &named);
        if visible && (self.who.is(&named) || self.reader.user(entry)?.is_some_and(|user| user.id == named)) {
            return Ok(Node::UserGroups(named));
        }
        if let Some(number) = CustomGroupNumber::from_digits(entry)
            && let Some(group) = self.reader.custom_group(&GroupRef::Number(number))?
        {
            return Ok(Node::Group(group));
        }
        Err(if visible { Error::UserUnknown(entry.to_owned()) } else { Denied::SeeUser.into() })
    }
}
