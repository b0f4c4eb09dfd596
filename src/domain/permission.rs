//! Who may do what: every decision that depends on the principal, as pure functions.

use super::audit::Action;
use super::custom_group::Role;
use super::error::{Error, Result};
use super::principal::Principal;
use super::rules::Rules;
use super::token::TokenScope;
use super::user::UserId;

/// What the principal is to one custom group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// May see and manage it: its admins, and administrators.
    Manager,
    /// May see it and leave it.
    Member,
    /// Neither.
    Stranger,
}

impl Standing {
    /// What `principal`, whose role in the group is `role`, is to that group.
    pub fn of(principal: &Principal, role: Option<Role>, rules: &Rules) -> Self {
        if sees_all_groups(principal, rules) {
            return Standing::Manager;
        }
        match role {
            Some(Role::Admin) => Standing::Manager,
            Some(Role::Member) => Standing::Member,
            None => Standing::Stranger,
        }
    }

    /// May see the group, its members, export and search them.
    pub fn may_see(self) -> bool {
        self != Standing::Stranger
    }

    /// May rename and delete it, add and remove members, and set roles.
    pub fn may_manage(self) -> bool {
        self == Standing::Manager
    }
}

/// Administrators see and manage every custom group, unless that is switched off. The operator, who could
/// switch it on again, always does.
pub fn sees_all_groups(principal: &Principal, rules: &Rules) -> bool {
    principal.is_operator() || (principal.administrator && !rules.disallow_admin_access_all)
}

/// Who may remove a membership: managers, and members their own.
pub fn may_remove(principal: &Principal, standing: Standing, member: &UserId) -> bool {
    standing.may_manage() || (standing.may_see() && principal.is(member))
}

/// Who may create custom groups.
pub fn may_create_group(principal: &Principal, rules: &Rules) -> bool {
    !rules.only_subadmin_can_create || principal.administrator || principal.subadmin
}

/// Who may see `users/{user}/`.
pub fn may_see_user(principal: &Principal, user: &UserId) -> bool {
    principal.administrator || principal.is(user)
}

/// Whether taking away one admin, of whom there are `admins`, would leave the group without.
pub fn is_last_admin(role: Role, admins: u64) -> bool {
    role == Role::Admin && admins <= 1
}

/// Lets those pass who were let in with a password, or with a token that reaches a change of this kind.
/// What the token's user may do is another question, and asked as well.
///
/// # Errors
/// `ScopeTooNarrow`.
pub fn check_scope(principal: &Principal, action: Action) -> Result<()> {
    check_reach(principal, scope_of(action))
}

/// The same for a change that makes somebody administrator or concerns one, whatever its kind.
///
/// # Errors
/// `ScopeTooNarrow`.
pub fn check_scope_over_administrators(principal: &Principal) -> Result<()> {
    check_reach(principal, TokenScope::Admin)
}

fn check_reach(principal: &Principal, needed: TokenScope) -> Result<()> {
    match principal.token {
        Some(token) if token.scope < needed => Err(Error::ScopeTooNarrow(needed)),
        _ => Ok(()),
    }
}

/// The narrowest scope that reaches a kind of change.
fn scope_of(action: Action) -> TokenScope {
    match action {
        Action::CREATE_CUSTOM_GROUP
        | Action::RENAME_CUSTOM_GROUP
        | Action::DELETE_CUSTOM_GROUP
        | Action::ADD_MEMBER
        | Action::REMOVE_MEMBER
        | Action::SET_ROLE => TokenScope::Groups,
        Action::CREATE_USER
        | Action::DELETE_USER
        | Action::ENABLE_USER
        | Action::DISABLE_USER
        | Action::SET_DISPLAY_NAME
        | Action::SET_EMAIL
        | Action::SET_QUOTA
        | Action::SET_PASSWORD
        | Action::CREATE_GROUP
        | Action::RENAME_GROUP
        | Action::DELETE_GROUP
        | Action::ADD_TO_GROUP
        | Action::REMOVE_FROM_GROUP => TokenScope::Users,
        // Subadmins and apps among them, and whatever nobody has thought of yet.
        _ => TokenScope::Admin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Origin, TokenGrant, TokenNumber};

    fn principal(administrator: bool, subadmin: bool) -> Principal {
        Principal {
            user: UserId::stored("alice"),
            administrator,
            subadmin,
            token: None,
            origin: Origin::Machine,
        }
    }

    #[test]
    fn standing_in_a_group() {
        let rules = Rules::default();
        let strict = Rules { disallow_admin_access_all: true, ..rules };
        let table = [
            (false, Some(Role::Admin), &rules, Standing::Manager),
            (false, Some(Role::Member), &rules, Standing::Member),
            (false, None, &rules, Standing::Stranger),
            (true, None, &rules, Standing::Manager),
            (true, None, &strict, Standing::Stranger),
            (true, Some(Role::Member), &strict, Standing::Member),
            (true, Some(Role::Admin), &strict, Standing::Manager),
        ];
        for (administrator, role, rules, expected) in table {
            let found = Standing::of(&principal(administrator, false), role, rules);
            assert_eq!(found, expected, "administrator {administrator}, {role:?}, {rules:?}");
        }
    }

    #[test]
    fn the_operator_manages_every_group() {
        for disallow_admin_access_all in [false, true] {
            let rules = Rules { disallow_admin_access_all, ..Rules::default() };
            assert_eq!(Standing::of(&Principal::operator(), None, &rules), Standing::Manager);
        }
    }

    #[test]
    fn leaving_and_removing() {
        let me = UserId::stored("alice");
        let other = UserId::stored("bob");
        let alice = principal(false, false);
        assert!(may_remove(&alice, Standing::Member, &me));
        assert!(!may_remove(&alice, Standing::Member, &other));
        assert!(may_remove(&alice, Standing::Manager, &other));
        assert!(!may_remove(&alice, Standing::Stranger, &me));
    }

    #[test]
    fn creating_groups() {
        let open = Rules::default();
        let closed = Rules { only_subadmin_can_create: true, ..open };
        assert!(may_create_group(&principal(false, false), &open));
        assert!(!may_create_group(&principal(false, false), &closed));
        assert!(may_create_group(&principal(false, true), &closed));
        assert!(may_create_group(&principal(true, false), &closed));
    }

    #[test]
    fn the_last_admin() {
        assert!(is_last_admin(Role::Admin, 1));
        assert!(!is_last_admin(Role::Admin, 2));
        assert!(!is_last_admin(Role::Member, 1));
    }

    #[test]
    fn a_token_reaches_as_far_as_its_scope() {
        use TokenScope::{Admin, Groups, Users};
        let table = [
            (Action::CREATE_CUSTOM_GROUP, Groups),
            (Action::SET_ROLE, Groups),
            (Action::REMOVE_MEMBER, Groups),
            (Action::CREATE_USER, Users),
            (Action::SET_PASSWORD, Users),
            (Action::ADD_TO_GROUP, Users),
            (Action::DELETE_GROUP, Users),
            (Action::ADD_SUBADMIN, Admin),
            (Action::REMOVE_SUBADMIN, Admin),
            (Action::DISABLE_APP, Admin),
            (Action::CREATE_TOKEN, Admin),
            (Action::FORGET_AUDIT, Admin),
        ];
        for scope in TokenScope::ALL {
            let token = TokenGrant { number: TokenNumber::new(1), scope };
            let who = Principal { token: Some(token), ..principal(true, false) };
            for (action, needed) in table {
                match check_scope(&who, action) {
                    Ok(()) => assert!(scope >= needed, "{scope} {action:?}"),
                    Err(Error::ScopeTooNarrow(named)) => {
                        assert!(scope < needed && named == needed, "{scope} {action:?}");
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            assert_eq!(check_scope_over_administrators(&who).is_ok(), scope == Admin);
        }
        for (action, _) in table {
            assert!(check_scope(&principal(false, false), action).is_ok(), "rights are another question");
        }
    }
}
