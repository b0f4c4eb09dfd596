//! `occ group:...`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::print::Output;
use crate::cli::Failure;
use crate::domain::{Error, GroupId, Page, Pattern, Principal, Search, User};
use crate::service::Service;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a group
    #[command(
        name = "group:add",
        after_help = "Example:
  davgroups occ group:add staff"
    )]
    Add(Id),
    /// Delete a group
    #[command(
        name = "group:delete",
        after_help = "Example:
  davgroups occ group:delete staff"
    )]
    Delete(Id),
    /// List the groups
    #[command(
        name = "group:list",
        after_help = "Examples:
  davgroups occ group:list
  davgroups occ group:list sta --output=json"
    )]
    List(List),
    /// Put users into a group
    #[command(
        name = "group:add-member",
        after_help = "Example:
  davgroups occ group:add-member --member=alice --member=bob staff"
    )]
    AddMember(Members),
    /// Take users out of a group
    #[command(
        name = "group:remove-member",
        after_help = "Example:
  davgroups occ group:remove-member --member=alice staff"
    )]
    RemoveMember(Members),
    /// List the members of a group
    #[command(
        name = "group:list-members",
        after_help = "Example:
  davgroups occ group:list-members staff --output=json"
    )]
    ListMembers(ListMembers),
}

#[derive(Args)]
pub(super) struct Id {
    /// The group's id
    group: String,
}

#[derive(Args)]
pub(super) struct List {
    /// Only groups with this in their id
    search: Option<String>,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Members {
    /// The group's id
    group: String,
    /// The id of a user; can be given more than once
    #[arg(short, long = "member", value_name = "USER", required = true)]
    members: Vec<String>,
}

#[derive(Args)]
pub(super) struct ListMembers {
    /// The group's id
    group: String,
    #[command(flatten)]
    output: Output,
}

pub(super) async fn run(command: Command, service: &Service) -> Result<String, Failure> {
    let operator = Principal::operator();
    match command {
        Command::Add(Id { group }) => {
            service.create_group(&operator, &group, None).await?;
            Ok(format!("Created group \"{group}\"\n"))
        }
        Command::Delete(Id { group }) => {
            service.delete_group(&operator, &group).await?;
            Ok("The specified group was deleted\n".to_owned())
        }
        Command::List(command) => list(service, &command).await,
        Command::AddMember(Members { group, members }) => {
            let added = service.install_members(&group, members.clone()).await?;
            Ok(say(&members, &added, |user, added| match added {
                true => format!("User \"{user}\" added to group \"{group}\"\n"),
                false => format!("User \"{user}\" is already a member of group \"{group}\"\n"),
            }))
        }
        Command::RemoveMember(Members { group, members }) => {
            let removed = service.uninstall_members(&group, members.clone()).await?;
            Ok(say(&members, &removed, |user, removed| match removed {
                true => format!("Member \"{user}\" removed from group \"{group}\"\n"),
                false => format!("Member \"{user}\" could not be found in group \"{group}\"\n"),
            }))
        }
        Command::ListMembers(command) => list_members(service, &command).await,
    }
}

/// A line for each user, and whether anything was changed about it.
fn say(members: &[String], changed: &[bool], line: impl Fn(&String, bool) -> String) -> String {
    members.iter().zip(changed).map(|(user, changed)| line(user, *changed)).collect()
}

async fn list(service: &Service, command: &List) -> Result<String, Failure> {
    let pattern = Pattern::new(command.search.as_deref().unwrap_or_default())?;
    let search = Search { pattern, page: Page::default() };
    let groups = service.find_groups(&Principal::operator(), search).await?.entries;
    Ok(command.output.render(&groups.iter().map(GroupId::as_str).collect()))
}

async fn list_members(service: &Service, command: &ListMembers) -> Result<String, Failure> {
    let operator = Principal::operator();
    let mut members = Map::new();
    for id in service.group_members(&operator, &command.group).await? {
        match service.user_details(&operator, id.as_str()) {
            Ok(view) => {
                let User { id, display_name, .. } = view.user;
                members.insert(id.to_string(), json!(display_name.as_str()));
            }
            // Deleted since the members were read.
            Err(Error::UserUnknown(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(command.output.render(&Value::Object(members)))
}
