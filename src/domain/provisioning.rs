//! Who may manage users and groups: the other half of [`super::permission`], for the provisioning API.

use super::error::{Denied, Result};
use super::group::GroupId;
use super::principal::Principal;
use super::user::UserId;

/// What a principal has to be for an operation to be open to it at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Any user.
    User,
    /// Somebody who manages users: a subadmin or an administrator.
    Subadmin,
    /// An administrator.
    Administrator,
}

impl Level {
    /// Lets those pass who are on this level.
    ///
    /// # Errors
    /// `NotPermitted` for everybody else.
    pub fn check(self, who: &Principal) -> Result<()> {
        match self {
            Level::User => Ok(()),
            Level::Subadmin if who.administrator || who.subadmin => Ok(()),
            Level::Administrator if who.administrator => Ok(()),
            Level::Subadmin => Err(Denied::SubadminsOnly.into()),
            Level::Administrator => Err(Denied::AdministratorsOnly.into()),
        }
    }
}

/// A field of a user that can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserField {
    /// The name people see.
    DisplayName,
    /// The e-mail address.
    Email,
    /// How much the user may store.
    Quota,
    /// The password.
    Password,
}

/// What the principal is to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The principal manages every user, itself included.
    Administrator,
    /// It is the principal itself.
    Oneself,
    /// The principal is subadmin of a group that the user is in, and the user is no administrator.
    Subadmin,
    /// None of these.
    Stranger,
}

impl Relation {
    /// What `who` is to `user`. `manages` says whether `who` is subadmin of a group that the user is in.
    pub fn of(who: &Principal, user: &UserId, user_is_administrator: bool, manages: bool) -> Self {
        if who.administrator {
            Relation::Administrator
        } else if who.is(user) {
            Relation::Oneself
        } else if who.subadmin && manages && !user_is_administrator {
            Relation::Subadmin
        } else {
            Relation::Stranger
        }
    }

    /// May see the user's details, groups and rights.
    pub fn may_see(self) -> bool {
        self != Relation::Stranger
    }

    /// May delete, disable and enable the user. Oneself is refused before this is asked.
    pub fn may_manage(self) -> bool {
        matches!(self, Relation::Administrator | Relation::Subadmin)
    }

    /// May change this field. Nobody sets the quota of oneself but administrators.
    pub fn may_change(self, field: UserField) -> bool {
        match self {
            Relation::Administrator | Relation::Subadmin => true,
            Relation::Oneself => field != UserField::Quota,
            Relation::Stranger => false,
        }
    }
}

/// Who may see a group's members and take some out: administrators, and the group's subadmins.
pub fn may_manage_group(who: &Principal, is_subadmin_of_it: bool) -> bool {
    who.administrator || (who.subadmin && is_subadmin_of_it)
}

/// Whether `who` would shut itself out by leaving `group`, of which it is subadmin or not: nobody
/// leaves the group of the administrators, and no subadmin an own group.
pub fn must_stay(who: &Principal, user: &UserId, group: &GroupId, is_subadmin_of_it: bool) -> bool {
    who.is(user) && (group.is_admin() || (!who.administrator && who.subadmin && is_subadmin_of_it))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Origin;

    fn principal(administrator: bool, subadmin: bool) -> Principal {
        Principal {
            user: UserId::stored("erin"),
            administrator,
            subadmin,
            token: None,
            origin: Origin::Machine,
        }
    }

    #[test]
    fn levels() {
        let table = [
            (Level::User, false, false, true),
            (Level::Subadmin, false, false, false),
            (Level::Subadmin, false, true, true),
            (Level::Subadmin, true, false, true),
            (Level::Administrator, false, true, false),
            (Level::Administrator, true, false, true),
        ];
        for (level, administrator, subadmin, passes) in table {
            let who = principal(administrator, subadmin);
            assert_eq!(level.check(&who).is_ok(), passes, "{level:?} {administrator} {subadmin}");
        }
    }

    #[test]
    fn relations() {
        let erin = UserId::stored("erin");
        let frank = UserId::stored("frank");
        let table = [
            (true, false, &erin, true, false, Relation::Administrator),
            (true, false, &frank, true, false, Relation::Administrator),
            (false, true, &erin, false, true, Relation::Oneself),
            (false, true, &frank, false, true, Relation::Subadmin),
            (false, true, &frank, true, true, Relation::Stranger),
            (false, true, &frank, false, false, Relation::Stranger),
            (false, false, &frank, false, true, Relation::Stranger),
        ];
        for (administrator, subadmin, user, is_administrator, manages, expected) in table {
            let found = Relation::of(&principal(administrator, subadmin), user, is_administrator, manages);
            assert_eq!(found, expected, "{administrator} {subadmin} {user} {is_administrator} {manages}");
        }
    }

    #[test]
    fn nobody_raises_an_own_quota() {
        assert!(!Relation::Oneself.may_change(UserField::Quota));
        assert!(Relation::Oneself.may_change(UserField::Email));
        assert!(Relation::Subadmin.may_change(UserField::Quota));
        assert!(!Relation::Stranger.may_change(UserField::Email));
    }

    #[test]
    fn leaving_what_one_manages() {
        let erin = UserId::stored("erin");
        let staff = GroupId::stored("staff".into());
        assert!(must_stay(&principal(false, true), &erin, &staff, true));
        assert!(!must_stay(&principal(false, true), &erin, &staff, false));
        assert!(!must_stay(&principal(true, true), &erin, &staff, true));
        assert!(must_stay(&principal(true, false), &erin, &GroupId::admin(), false));
        assert!(!must_stay(&principal(true, false), &UserId::stored("x"), &GroupId::admin(), false));
    }
}
