//! The rules, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

/// The first is administrator, the second subadmin of `staff`, in which is the third; the last is not there.
pub const USERS: [&str; 5] = ["root", "erin", "frank", "gina", "nobody"];
/// The last is not there.
pub const GROUPS: [&str; 4] = ["admin", "staff", "club", "none"];

pub type Name = &'static str;

#[derive(Clone, Debug)]
pub enum Action {
    Create(Name, Vec<Name>),
    Delete(Name),
    Enable(Name, bool),
    Rename(Name, Name),
    SetQuota(Name, u64),
    CreateGroup(Name),
    DeleteGroup(Name),
    Add(Name, Name),
    Remove(Name, Name),
    Appoint(Name, Name),
    Dismiss(Name, Name),
}

/// What somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Done,
    NoSuchUser,
    NoSuchGroup,
    Forbidden,
    Taken,
    Oneself,
    GroupOfAdministrators,
    NoGroupNamed,
    NoSubadmin,
}

type Told = Result<(), Answer>;

/// Of a user: whether it may log in, its display name, its quota in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub enabled: bool,
    pub name: String,
    pub quota: Option<u64>,
}

/// Everything, as the rules see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    pub users: BTreeMap<String, User>,
    pub groups: BTreeMap<String, BTreeSet<String>>,
    /// Group and subadmin.
    pub subadmins: BTreeSet<(String, String)>,
}

fn user(name: &str) -> User {
    User { enabled: true, name: name.to_owned(), quota: None }
}

fn require(holds: bool, otherwise: Answer) -> Told {
    if holds { Ok(()) } else { Err(otherwise) }
}

impl Model {
    pub fn new() -> Self {
        let set = |names: &[Name]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            users: USERS[..4].iter().map(|name| ((*name).to_owned(), user(name))).collect(),
            groups: [("admin", set(&["root"])), ("staff", set(&["frank"])), ("club", set(&[]))]
                .map(|(group, members)| (group.to_owned(), members))
                .into(),
            subadmins: [("staff".to_owned(), "erin".to_owned())].into(),
        }
    }

    fn is_in(&self, user: Name, group: Name) -> bool {
        self.groups.get(group).is_some_and(|members| members.contains(user))
    }

    fn is_administrator(&self, user: Name) -> bool {
        self.is_in(user, "admin")
    }

    fn is_subadmin_of(&self, user: Name, group: Name) -> bool {
        self.subadmins.contains(&(group.to_owned(), user.to_owned()))
    }

    /// Administrators, and subadmins of whatever group.
    fn manages_users(&self, who: Name) -> bool {
        self.is_administrator(who) || self.subadmins.iter().any(|(_, subadmin)| subadmin == who)
    }

    /// Administrators everybody; subadmins the members of their groups who are no administrators.
    fn manages(&self, who: Name, user: Name) -> bool {
        let shared = |group: &Name| self.is_subadmin_of(who, group) && self.is_in(user, group);
        self.is_administrator(who) || (!self.is_administrator(user) && GROUPS.iter().any(shared))
    }

    fn fills(&self, who: Name, group: Name) -> bool {
        self.is_administrator(who) || self.is_subadmin_of(who, group)
    }

    fn there(&self, user: Name) -> Told {
        require(self.users.contains_key(user), Answer::NoSuchUser)
    }

    fn group_there(&self, group: Name) -> Told {
        require(self.groups.contains_key(group), Answer::NoSuchGroup)
    }

    /// Does what `who` asks for, if the rules allow it.
    pub fn act(&mut self, who: Name, action: &Action) -> Answer {
        let may_log_in = self.users.get(who).is_some_and(|user| user.enabled);
        let allowed = require(may_log_in, Answer::Forbidden).and_then(|()| self.check(who, action));
        match allowed {
            Ok(()) => {
                self.make(action);
                Answer::Done
            }
            Err(refused) => refused,
        }
    }

    fn check(&self, who: Name, action: &Action) -> Told {
        let administrator = require(self.is_administrator(who), Answer::Forbidden);
        let subadmin = require(self.manages_users(who), Answer::Forbidden);
        match *action {
            Action::Create(user, ref groups) => subadmin.and_then(|()| self.check_new(who, user, groups)),
            Action::Delete(user) | Action::Enable(user, _) => {
                subadmin.and_then(|()| self.there(user))?;
                require(who != user, Answer::Oneself)?;
                require(self.manages(who, user), Answer::Forbidden)
            }
            Action::Rename(user, _) => {
                self.there(user)?;
                require(who == user || self.manages(who, user), Answer::Forbidden)
            }
            Action::SetQuota(user, _) => {
                self.there(user)?;
                let oneself = who == user && !self.is_administrator(who);
                require(!oneself && self.manages(who, user), Answer::Forbidden)
            }
            Action::CreateGroup(group) => {
                subadmin.and_then(|()| require(!self.groups.contains_key(group), Answer::Taken))?;
                administrator
            }
            Action::DeleteGroup(group) => {
                administrator.and_then(|()| self.group_there(group))?;
                require(group != "admin", Answer::GroupOfAdministrators)
            }
            Action::Add(user, group) => {
                subadmin.and_then(|()| self.group_there(group)).and_then(|()| self.there(user))?;
                administrator
            }
            Action::Remove(user, group) => subadmin.and_then(|()| self.check_removal(who, user, group)),
            Action::Appoint(user, group) => {
                administrator.and_then(|()| self.there(user)).and_then(|()| self.group_there(group))?;
                require(group != "admin", Answer::GroupOfAdministrators)
            }
            Action::Dismiss(user, group) => {
                administrator.and_then(|()| self.there(user)).and_then(|()| self.group_there(group))?;
                require(self.is_subadmin_of(user, group), Answer::NoSubadmin)
            }
        }
    }

    fn check_new(&self, who: Name, user: Name, groups: &[Name]) -> Told {
        require(!self.users.contains_key(user), Answer::Taken)?;
        for group in groups {
            self.group_there(group)?;
            require(self.fills(who, group), Answer::Forbidden)?;
        }
        require(!groups.is_empty() || self.is_administrator(who), Answer::NoGroupNamed)
    }

    fn check_removal(&self, who: Name, user: Name, group: Name) -> Told {
        self.group_there(group)?;
        require(self.fills(who, group), Answer::Forbidden)?;
        self.there(user)?;
        require(who != user || group != "admin", Answer::GroupOfAdministrators)?;
        require(who != user || self.is_administrator(who), Answer::Oneself)
    }

    /// Makes a change that is allowed.
    fn make(&mut self, action: &Action) {
        let pair = |group: &str, user: &str| (group.to_owned(), user.to_owned());
        match *action {
            Action::Create(new, ref groups) => {
                self.users.insert(new.to_owned(), user(new));
                groups.iter().for_each(|group| self.make(&Action::Add(new, group)));
            }
            Action::Delete(user) => {
                self.users.remove(user);
                self.groups.values_mut().for_each(|members| members.retain(|member| member != user));
                self.subadmins.retain(|(_, subadmin)| subadmin != user);
            }
            Action::DeleteGroup(group) => {
                self.groups.remove(group);
                self.subadmins.retain(|(of, _)| of != group);
            }
            Action::CreateGroup(group) => drop(self.groups.insert(group.to_owned(), BTreeSet::new())),
            Action::Add(user, group) => {
                self.groups.entry(group.to_owned()).or_default().insert(user.to_owned());
            }
            Action::Remove(user, group) => {
                self.groups.entry(group.to_owned()).or_default().remove(user);
            }
            Action::Appoint(user, group) => drop(self.subadmins.insert(pair(group, user))),
            Action::Dismiss(user, group) => drop(self.subadmins.remove(&pair(group, user))),
            Action::Enable(user, enabled) => self.change(user, |user| user.enabled = enabled),
            Action::Rename(user, name) => self.change(user, |user| name.clone_into(&mut user.name)),
            Action::SetQuota(user, bytes) => self.change(user, |user| user.quota = Some(bytes)),
        }
    }

    fn change(&mut self, user: Name, change: impl FnMut(&mut User)) {
        self.users.get_mut(user).into_iter().for_each(change);
    }
}
