//! A declaration being made true.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::act::Act;
use super::custom_group::leave_all;
use super::declaration::{
    Applied, Declaration, DeclaredCustomGroup, DeclaredGroup, DeclaredPassword, DeclaredUser, Impossible,
};
use super::membership::check_admin_remains;
use crate::domain::{
    CustomGroup, CustomGroupNumber, DisplayName, Error, GroupId, GroupName, GroupRef, NewUser, PasswordHash,
    Quota, Result, Role, Search, User, UserId, UserName,
};
use crate::store::UserChange;

/// One declaration inside its transaction.
pub(super) struct Applying<'a, 't> {
    act: &'a mut Act<'t>,
    prune: bool,
    hashes: HashMap<UserId, PasswordHash>,
    impossible: Vec<Impossible>,
}

impl<'a, 't> Applying<'a, 't> {
    pub fn new(act: &'a mut Act<'t>, prune: bool, hashes: HashMap<UserId, PasswordHash>) -> Self {
        Self { act, prune, hashes, impossible: Vec::new() }
    }

    /// Users come first, since groups refer to them.
    pub fn run(mut self, declaration: &Declaration) -> Applied {
        for user in &declaration.users {
            let done = self.user(user);
            self.note(|| format!("user {}", user.id), done);
        }
        let names = self.group_names();
        for group in &declaration.groups {
            let done = names.as_ref().map_or(Ok(()), |names| self.group(group, names.get(&group.id)));
            self.note(|| format!("group {}", group.id), done);
        }
        self.note(|| "the groups".to_owned(), names.map(drop));
        for group in &declaration.custom_groups {
            let done = self.custom_group(group);
            self.note(|| format!("custom group {}", group.uri.as_str()), done);
        }
        if self.prune {
            let done = self.prune(declaration);
            self.note(|| "what is declared no longer".to_owned(), done);
        }
        if self.impossible.is_empty() { Ok(self.act.changes().to_vec()) } else { Err(self.impossible) }
    }

    fn note(&mut self, subject: impl FnOnce() -> String, done: Result<()>) {
        if let Err(error) = done {
            self.impossible.push(Impossible { subject: subject(), error });
        }
    }

    fn user(&mut self, declared: &DeclaredUser) -> Result<()> {
        match self.act.user(declared.id.as_str())? {
            Some(user) => self.change_user(&user, declared),
            None => self.make_user(declared),
        }
    }

    fn make_user(&mut self, declared: &DeclaredUser) -> Result<()> {
        let id = &declared.id;
        let password = match &declared.password {
            DeclaredPassword::Hash(hash) => hash.clone(),
            DeclaredPassword::Missing(reason) => return Err(Error::PasswordMissing(reason.clone())),
            DeclaredPassword::Plain(password) => {
                self.act.rules.check_password(password)?;
                // The one who only compares has no hashes, and keeps nothing.
                self.hashes.remove(id).unwrap_or_else(PasswordHash::locked)
            }
            DeclaredPassword::None => PasswordHash::locked(),
        };
        let display_name = declared.display_name.clone();
        self.act.insert_user(&NewUser {
            id: id.clone(),
            password,
            display_name: display_name.unwrap_or_else(|| UserName::stored(id.to_string())),
            email: declared.email.clone().flatten(),
            quota: declared.quota.unwrap_or(Quota::Default),
        })?;
        if declared.enabled == Some(false) {
            self.act.update_user(id, &UserChange::Enabled(false))?;
        }
        if declared.guest == Some(true) {
            self.act.update_user(id, &UserChange::Guest(true))?;
        }
        self.act.declare_user(id)
    }

    fn change_user(&mut self, user: &User, declared: &DeclaredUser) -> Result<()> {
        let changes = [
            differing(&user.display_name, &declared.display_name).map(UserChange::DisplayName),
            differing(&user.email, &declared.email).map(UserChange::Email),
            differing(&user.quota, &declared.quota).map(UserChange::Quota),
            differing(&user.enabled, &declared.enabled).map(UserChange::Enabled),
            differing(&user.guest, &declared.guest).map(UserChange::Guest),
        ];
        changes.into_iter().flatten().try_for_each(|change| self.act.update_user(&user.id, &change))
    }

    fn group_names(&self) -> Result<BTreeMap<GroupId, GroupName>> {
        let groups = self.act.groups(&Search::default())?;
        Ok(groups.into_iter().map(|group| (group.id, group.display_name)).collect())
    }

    /// `name` is the display name that the group has, if it is there.
    fn group(&mut self, declared: &DeclaredGroup, name: Option<&GroupName>) -> Result<()> {
        let id = &declared.id;
        if name.is_none() {
            self.act.insert_group(id)?;
            self.act.declare_group(id)?;
        }
        if let Some(wanted) = &declared.display_name
            && name.map_or(id.as_str(), GroupName::as_str) != wanted.as_str()
        {
            self.act.rename_group(id, wanted)?;
        }
        if let Some(members) = &declared.members {
            self.members(id, members)?;
        }
        if let Some(subadmins) = &declared.subadmins {
            self.subadmins(id, subadmins)?;
        }
        Ok(())
    }

    fn members(&mut self, group: &GroupId, declared: &[UserId]) -> Result<()> {
        let declared = self.users(declared)?;
        for user in &declared {
            self.act.add_to_group(group, user)?;
        }
        if !self.prune {
            return Ok(());
        }
        let mut others = self.act.group_members(group)?;
        others.retain(|user| !declared.contains(user));
        if group.is_admin() && declared.is_empty() && !others.is_empty() {
            return Err(Error::AdminGroup);
        }
        others.iter().try_for_each(|user| self.act.remove_from_group(group, user))
    }

    fn subadmins(&mut self, group: &GroupId, declared: &[UserId]) -> Result<()> {
        let declared = self.users(declared)?;
        if group.is_admin() && !declared.is_empty() {
            return Err(Error::AdminGroup);
        }
        for user in &declared {
            self.act.add_subadmin(group, user)?;
        }
        if self.prune {
            for user in self.act.subadmins(group)?.iter().filter(|user| !declared.contains(*user)) {
                self.act.remove_subadmin(group, user)?;
            }
        }
        Ok(())
    }

    /// The users with these ids, as they are spelt.
    fn users(&self, ids: &[UserId]) -> Result<HashSet<UserId>> {
        ids.iter().map(|id| self.user_id(id)).collect()
    }

    fn user_id(&self, id: &UserId) -> Result<UserId> {
        let found = self.act.user(id.as_str())?;
        found.map(|user| user.id).ok_or_else(|| Error::UserUnknown(id.to_string()))
    }

    fn custom_group(&mut self, declared: &DeclaredCustomGroup) -> Result<()> {
        let members = declared.members.as_deref().unwrap_or_default();
        let members = members.iter().map(|(user, role)| Ok((self.user_id(user)?, *role)));
        let members = members.collect::<Result<Vec<_>>>()?;
        let group = match self.act.custom_group(&GroupRef::Uri(declared.uri.as_str().to_owned()))? {
            Some(group) => {
                self.change_custom_group(&group, declared)?;
                group
            }
            None => self.make_custom_group(declared, &members)?,
        };
        if declared.members.is_some() { self.memberships(&group, &members) } else { Ok(()) }
    }

    fn make_custom_group(
        &mut self,
        declared: &DeclaredCustomGroup,
        members: &[(UserId, Role)],
    ) -> Result<CustomGroup> {
        if !members.iter().any(|(_, role)| *role == Role::Admin) {
            return Err(Error::AdminRequired);
        }
        let uri = declared.uri.clone();
        let display_name = declared.display_name.clone().unwrap_or_else(|| DisplayName::of_uri(&uri));
        self.check_name_free(&display_name, None)?;
        let group = match declared.number {
            Some(number) => {
                let group = CustomGroup { number, uri, display_name };
                self.act.insert_numbered_custom_group(&group)?;
                group
            }
            None => self.act.insert_custom_group(&uri, &display_name)?,
        };
        self.act.declare_custom_group(&group)?;
        Ok(group)
    }

    fn change_custom_group(&mut self, group: &CustomGroup, declared: &DeclaredCustomGroup) -> Result<()> {
        if declared.number.is_some_and(|number| number != group.number) {
            return Err(Error::GroupUriTaken);
        }
        match differing(&group.display_name, &declared.display_name) {
            Some(name) => {
                self.check_name_free(&name, Some(group.number))?;
                self.act.rename_custom_group(group, &name)
            }
            None => Ok(()),
        }
    }

    fn check_name_free(&self, name: &DisplayName, own: Option<CustomGroupNumber>) -> Result<()> {
        if !self.act.rules.allow_duplicate_names && self.act.display_name_taken(name, own)? {
            return Err(Error::DisplayNameTaken(name.as_str().to_owned()));
        }
        Ok(())
    }

    /// Admins are made before others cease to be admins, so that there is always one.
    fn memberships(&mut self, group: &CustomGroup, declared: &[(UserId, Role)]) -> Result<()> {
        let present = self.act.memberships(group.number, &Search::default())?;
        let present: BTreeMap<_, _> = present.into_iter().map(|member| (member.user, member.role)).collect();
        let (admins, members): (Vec<_>, Vec<_>) = declared.iter().partition(|(_, role)| *role == Role::Admin);
        for (user, role) in admins.into_iter().chain(members) {
            match present.get(user) {
                None => self.act.add_member(group, user, *role)?,
                Some(here) if here == role => {}
                Some(_) => {
                    self.check_admin_remains(group, user)?;
                    self.act.set_role(group, user, *role)?;
                }
            }
        }
        if self.prune {
            let declared: HashSet<&UserId> = declared.iter().map(|(user, _)| user).collect();
            for user in present.keys().filter(|user| !declared.contains(user)) {
                self.check_admin_remains(group, user)?;
                self.act.remove_member(group, user)?;
            }
        }
        Ok(())
    }

    fn check_admin_remains(&self, group: &CustomGroup, user: &UserId) -> Result<()> {
        match self.act.membership(group.number, user.as_str())? {
            Some(member) => check_admin_remains(&**self.act, group, &member),
            None => Ok(()),
        }
    }

    /// Deletes what a declaration made and this one does not have.
    fn prune(&mut self, declaration: &Declaration) -> Result<()> {
        let uris: HashSet<&str> = declaration.custom_groups.iter().map(|group| group.uri.as_str()).collect();
        for group in
            self.act.declared_custom_groups()?.iter().filter(|group| !uris.contains(group.uri.as_str()))
        {
            self.act.delete_custom_group(group)?;
        }
        let groups: HashSet<&GroupId> = declaration.groups.iter().map(|group| &group.id).collect();
        for group in self.act.declared_groups()?.iter().filter(|group| !groups.contains(*group)) {
            self.act.delete_group(group)?;
        }
        let users: HashSet<String> = declaration.users.iter().map(|user| user.id.folded()).collect();
        for user in self.act.declared_users()?.iter().filter(|user| !users.contains(&user.folded())) {
            leave_all(self.act, user)?;
            self.act.delete_user(user)?;
        }
        Ok(())
    }
}

/// What is wanted, if it is not what is there.
fn differing<T: PartialEq + Clone>(here: &T, wanted: &Option<T>) -> Option<T> {
    wanted.as_ref().filter(|wanted| *wanted != here).cloned()
}
