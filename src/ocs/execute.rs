//! From a command to what is answered: one call of the service each.

use super::command::{AppCommand, Command, GroupCommand, InfoCommand, UserCommand, Wanted};
use super::value::Value;
use super::view::{self, Extent};
use super::{OcsSettings, info};
use crate::domain::{AppId, Principal, Result};
use crate::service::{Apps, Homes, Paged, Service, Usage, UserDetails};

/// What was done, or found.
#[derive(Debug)]
pub(super) struct Outcome {
    /// What is answered.
    pub data: Value,
    /// For a part of a listing, how many entries there are, and how many were wanted at once.
    pub paging: Option<(u64, Option<u64>)>,
}

impl Outcome {
    pub fn of(data: Value) -> Self {
        Self { data, paging: None }
    }

    fn done() -> Self {
        Self::of(Value::Null)
    }

    fn listing<T: ToString>(name: &str, found: Paged<T>, wanted: &Wanted) -> Self {
        Self::page(name, Value::texts(found.entries), found.total, wanted)
    }

    fn page(name: &str, entries: Value, total: Option<u64>, wanted: &Wanted) -> Self {
        let paging = total.map(|total| (total, wanted.page.limit));
        Self { paging, ..Self::of(Value::map([(name, entries)])) }
    }
}

/// Everything that commands are carried out with.
pub(super) struct Executor {
    pub service: Service,
    pub settings: OcsSettings,
    pub apps: Apps,
    pub homes: Homes,
}

impl Executor {
    /// Carries out a command for `who`.
    ///
    /// # Errors
    /// Those of the service.
    pub async fn execute(&self, who: &Principal, command: Command) -> Result<Outcome> {
        match command {
            Command::Info(command) => self.inform(who, command).await,
            Command::Users(command) => self.execute_on_users(who, command).await,
            Command::Groups(command) => self.execute_on_groups(who, command).await,
            Command::Apps(command) => self.execute_on_apps(who, command).await,
        }
    }

    async fn inform(&self, who: &Principal, command: InfoCommand) -> Result<Outcome> {
        Ok(Outcome::of(match command {
            InfoCommand::Capabilities => {
                let customgroups = self.service.app_enabled(&AppId::new("customgroups"))?;
                info::capabilities(self.settings.compat, customgroups)
            }
            InfoCommand::CurrentUser => {
                let found = self.service.user_details(who, who.user.as_str())?;
                self.show(Extent::Login, &found).await
            }
            InfoCommand::UserFields => view::fields(who),
        }))
    }

    async fn execute_on_users(&self, who: &Principal, command: UserCommand) -> Result<Outcome> {
        use UserCommand as User;
        let service = &self.service;
        match command {
            User::List(wanted) => {
                let found = service.find_users(who, wanted.search()?).await?;
                return Ok(Outcome::listing("users", found, &wanted));
            }
            User::Add(request) => {
                let user = service.create_user(who, request).await?;
                let usage = self.homes.usage(&user.id, user.quota).await;
                return Ok(Outcome::of(view::new_user(self.settings.compat, &user, &usage)));
            }
            User::Get { user } => {
                let found = service.user_details(who, &user)?;
                return Ok(Outcome::of(self.show(Extent::Full, &found).await));
            }
            User::ListDetails(wanted) => {
                let found = service.find_user_details(who, wanted.search()?).await?;
                let users = self.show_all(&found.entries).await;
                return Ok(Outcome::page("users", users, found.total, &wanted));
            }
            User::ListGroups { user } => {
                let groups = Value::texts(service.groups_of_user(who, &user)?);
                return Ok(Outcome::of(Value::map([("groups", groups)])));
            }
            User::ListSubadminGroups { user } => {
                return Ok(Outcome::of(Value::texts(service.subadmin_groups(who, &user)?)));
            }
            User::Edit { user, field, value } => service.edit_user(who, &user, field, value).await?,
            User::Delete { user } => service.delete_user(who, &user).await?,
            User::SetEnabled { user, enabled } => service.set_enabled(who, &user, enabled).await?,
            User::AddToGroup { user, group } => service.add_to_group(who, &user, &group).await?,
            User::RemoveFromGroup { user, group } => service.remove_from_group(who, &user, &group).await?,
            User::AddSubadmin { user, group } => service.add_subadmin(who, &user, &group).await?,
            User::RemoveSubadmin { user, group } => service.remove_subadmin(who, &user, &group).await?,
        }
        Ok(Outcome::done())
    }

    /// A user as far as `what` goes in the profile.
    async fn show(&self, what: Extent, found: &UserDetails) -> Value {
        let measured = view::tells_quota(what, self.settings.compat);
        let usage = match measured {
            true => self.homes.usage(&found.user.id, found.user.quota).await,
            false => Usage::default(),
        };
        let home = self.homes.path(&found.user.id);
        let details = view::Details { found, usage: &usage, home: home.as_deref() };
        view::user(what, self.settings.compat, &details)
    }

    /// Users by id.
    async fn show_all(&self, found: &[UserDetails]) -> Value {
        let mut users = Vec::with_capacity(found.len());
        for found in found {
            users.push((found.user.id.to_string(), self.show(Extent::Full, found).await));
        }
        Value::Keyed(users)
    }

    async fn execute_on_groups(&self, who: &Principal, command: GroupCommand) -> Result<Outcome> {
        let service = &self.service;
        match command {
            GroupCommand::List(wanted) => {
                let found = service.find_groups(who, wanted.search()?).await?;
                return Ok(Outcome::listing("groups", found, &wanted));
            }
            GroupCommand::ListDetails(wanted) => {
                let found = service.find_group_details(who, wanted.search()?).await?;
                let groups = Value::List(found.entries.iter().map(view::group).collect());
                return Ok(Outcome::page("groups", groups, found.total, &wanted));
            }
            GroupCommand::GetMembersDetails { group } => {
                let members = service.member_details(who, &group).await?;
                return Ok(Outcome::of(Value::map([("users", self.show_all(&members).await)])));
            }
            GroupCommand::Get { group } => {
                let members = Value::texts(service.group_members(who, &group).await?);
                return Ok(Outcome::of(Value::map([("users", members)])));
            }
            GroupCommand::ListSubadmins { group } => {
                return Ok(Outcome::of(Value::texts(service.subadmins(who, &group).await?)));
            }
            GroupCommand::Add { group, name } => service.create_group(who, &group, name.as_deref()).await?,
            GroupCommand::Rename { group, name } => service.rename_group(who, &group, &name).await?,
            GroupCommand::Delete { group } => service.delete_group(who, &group).await?,
        }
        Ok(Outcome::done())
    }

    async fn execute_on_apps(&self, who: &Principal, command: AppCommand) -> Result<Outcome> {
        match command {
            AppCommand::List(filter) => {
                let apps = self.service.list_apps(who, &self.apps, filter).await?;
                Ok(Outcome::of(Value::map([("apps", Value::texts(apps))])))
            }
            AppCommand::Get { app } => {
                let info = self.service.app_info(who, &self.apps, &app).await?;
                Ok(Outcome::of(view::app(info)))
            }
            AppCommand::Switch { app, enabled } => {
                self.service.switch_app(who, &self.apps, &app, enabled).await?;
                Ok(Outcome::done())
            }
        }
    }
}
