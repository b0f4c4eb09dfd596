//! From resource, operation and parameters to a command; whatever is wrong with the input is decided
//! here.

use zeroize::Zeroizing;

use super::params::{Malformed, Params};
use super::route::{Operation, Resource};
use crate::domain::provisioning::UserField;
use crate::domain::{AppId, Page, Password, Pattern, Result as DomainResult, Search};
use crate::service::{AppFilter, UserRequest};

/// One thing to do, with everything that is needed to do it.
#[derive(Clone, Debug)]
pub(super) enum Command {
    Info(InfoCommand),
    Users(UserCommand),
    Groups(GroupCommand),
    Apps(AppCommand),
}

/// About the server as users see it, and about oneself.
#[derive(Clone, Copy, Debug)]
pub(super) enum InfoCommand {
    Capabilities,
    CurrentUser,
    UserFields,
}

/// About users.
#[derive(Clone, Debug)]
pub(super) enum UserCommand {
    List(Wanted),
    ListDetails(Wanted),
    Add(UserRequest),
    Get { user: String },
    Edit { user: String, field: Option<UserField>, value: Option<Zeroizing<String>> },
    Delete { user: String },
    SetEnabled { user: String, enabled: bool },
    ListGroups { user: String },
    AddToGroup { user: String, group: String },
    RemoveFromGroup { user: String, group: String },
    ListSubadminGroups { user: String },
    AddSubadmin { user: String, group: String },
    RemoveSubadmin { user: String, group: String },
}

/// About groups.
#[derive(Clone, Debug)]
pub(super) enum GroupCommand {
    List(Wanted),
    ListDetails(Wanted),
    Add { group: String, name: Option<String> },
    Get { group: String },
    GetMembersDetails { group: String },
    Rename { group: String, name: String },
    Delete { group: String },
    ListSubadmins { group: String },
}

/// About apps.
#[derive(Clone, Debug)]
pub(super) enum AppCommand {
    List(AppFilter),
    Get { app: AppId },
    Switch { app: AppId, enabled: bool },
}

/// Which part of a listing is wanted, as it was asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pattern: String,
    /// Which page.
    pub page: Page,
}

impl Wanted {
    /// What to look for.
    ///
    /// # Errors
    /// `PatternTooLong`.
    pub fn search(&self) -> DomainResult<Search> {
        Ok(Search { pattern: Pattern::new(&self.pattern)?, page: self.page })
    }
}

impl Command {
    /// Reads what an operation needs.
    ///
    /// # Errors
    /// What is wrong with the parameters. What is missing is left to the service, which knows in which
    /// order things are refused.
    pub fn read(operation: Operation, resource: &Resource, params: &Params) -> Result<Self, Malformed> {
        use Operation as Do;
        use {Command as C, GroupCommand as Group, UserCommand as User};
        let id = resource.id().to_owned();
        let group = || Ok(params.text("groupid")?.unwrap_or_default().to_owned());
        Ok(match operation {
            Do::Capabilities => C::Info(InfoCommand::Capabilities),
            Do::CurrentUser => C::Info(InfoCommand::CurrentUser),
            Do::GetUserFields => C::Info(InfoCommand::UserFields),
            Do::GetUsersDetails => C::Users(User::ListDetails(wanted(params)?)),
            Do::GetUsers => C::Users(User::List(wanted(params)?)),
            Do::AddUser => C::Users(User::Add(user_request(params)?)),
            Do::GetUser => C::Users(User::Get { user: id }),
            Do::EditUser => C::Users(edit(id, params)?),
            Do::DeleteUser => C::Users(User::Delete { user: id }),
            Do::EnableUser => C::Users(User::SetEnabled { user: id, enabled: true }),
            Do::DisableUser => C::Users(User::SetEnabled { user: id, enabled: false }),
            Do::GetUserGroups => C::Users(User::ListGroups { user: id }),
            Do::AddToGroup => C::Users(User::AddToGroup { user: id, group: group()? }),
            Do::RemoveFromGroup => C::Users(User::RemoveFromGroup { user: id, group: group()? }),
            Do::GetSubadminGroups => C::Users(User::ListSubadminGroups { user: id }),
            Do::CreateSubadmin => C::Users(User::AddSubadmin { user: id, group: group()? }),
            Do::RemoveSubadmin => C::Users(User::RemoveSubadmin { user: id, group: group()? }),
            Do::GetGroups => C::Groups(Group::List(wanted(params)?)),
            Do::GetGroupsDetails => C::Groups(Group::ListDetails(wanted(params)?)),
            Do::GetMembersDetails => C::Groups(Group::GetMembersDetails { group: id }),
            Do::EditGroup => C::Groups(edit_group(id, params)?),
            Do::AddGroup => C::Groups(Group::Add {
                group: group()?,
                name: params.text("displayname")?.map(str::to_owned),
            }),
            Do::GetGroup => C::Groups(Group::Get { group: id }),
            Do::DeleteGroup => C::Groups(Group::Delete { group: id }),
            Do::GetSubadmins => C::Groups(Group::ListSubadmins { group: id }),
            Do::GetApps => C::Apps(AppCommand::List(filter(params)?)),
            Do::GetAppInfo => C::Apps(AppCommand::Get { app: AppId::new(id) }),
            Do::EnableApp => C::Apps(AppCommand::Switch { app: AppId::new(id), enabled: true }),
            Do::DisableApp => C::Apps(AppCommand::Switch { app: AppId::new(id), enabled: false }),
        })
    }
}

fn wanted(params: &Params) -> Result<Wanted, Malformed> {
    let pattern = params.text("search")?.unwrap_or_default().to_owned();
    let page = Page { limit: params.amount("limit")?, offset: params.amount("offset")?.unwrap_or(0) };
    Ok(Wanted { pattern, page })
}

/// An id or a password that is not one text counts as none: it is refused only after the groups have
/// been looked at, and with the same statuscode.
fn user_request(params: &Params) -> Result<UserRequest, Malformed> {
    let late = |name| params.text(name).unwrap_or_default().unwrap_or_default().to_owned();
    let optional = |name| Ok(params.text(name)?.map(str::to_owned));
    Ok(UserRequest {
        id: late("userid"),
        password: Password::offered(late("password")),
        // The one is ownCloud's name for it, the other Nextcloud's.
        display_name: optional("displayname")?.or(optional("displayName")?),
        email: optional("email")?,
        quota: optional("quota")?,
        groups: params.list("groups")?.to_vec(),
        subadmin_of: params.list("subadmin")?.to_vec(),
    })
}

fn edit(user: String, params: &Params) -> Result<UserCommand, Malformed> {
    let field = params.text("key")?.and_then(user_field);
    let value = params.text("value")?.map(|value| value.to_owned().into());
    Ok(UserCommand::Edit { user, field, value })
}

fn edit_group(group: String, params: &Params) -> Result<GroupCommand, Malformed> {
    match params.text("key")? {
        Some("displayname") => {
            let name = params.text("value")?.unwrap_or_default().to_owned();
            Ok(GroupCommand::Rename { group, name })
        }
        _ => Err(Malformed::NotKnown("key")),
    }
}

fn user_field(key: &str) -> Option<UserField> {
    Some(match key {
        "display" | "displayname" => UserField::DisplayName,
        "email" => UserField::Email,
        "quota" => UserField::Quota,
        "password" => UserField::Password,
        _ => return None,
    })
}

fn filter(params: &Params) -> Result<AppFilter, Malformed> {
    match params.text("filter")? {
        None | Some("") => Ok(AppFilter::All),
        Some("enabled") => Ok(AppFilter::Enabled),
        Some("disabled") => Ok(AppFilter::Disabled),
        Some(_) => Err(Malformed::NotKnown("filter")),
    }
}
