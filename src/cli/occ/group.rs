//! `occ group:...`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::print::Output;
use crate::cli::{Failure, output};
use crate::domain::{Error, GroupId, Page, Pattern, Principal, Search, User};
use crate::service::Service;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a group
    #[command(name = "group:add")]
    Add(Id),
    /// Delete a group
    #[command(name = "group:delete")]
    Delete(Id),
    /// List the groups
    #[command(name = "group:list")]
    List(List),
    /// Put users into a group
    #[command(name = "group:add-member")]
    AddMember(Members),
    /// Take users out of a group
    #[command(name = "group:remove-member")]
    RemoveMember(Members),
    /// List the members of a group
    #[command(name = "group:list-members")]
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

pub(super) async fn run(command: Command, service: &Service) -> Result<(), Failure> {
    let operator = Principal::operator();
    match command {
        Command::Add(Id { group }) => {
            service.create_group(&operator, &group, None).await?;
            output::print(&format!("Created group \"{group}\"\n"))
        }
        Command::Delete(Id { group }) => {
            service.delete_group(&operator, &group).await?;
            output::print("The specified group was deleted\n")
        }
        Command::List(command) => list(service, &command).await,
        Command::AddMember(Members { group, members }) => {
            service.install_members(&group, members.clone()).await?;
            say(&members, |user| format!("User \"{user}\" added to group \"{group}\""))
        }
        Command::RemoveMember(Members { group, members }) => {
            service.uninstall_members(&group, members.clone()).await?;
            say(&members, |user| format!("Member \"{user}\" removed from group \"{group}\""))
        }
        Command::ListMembers(command) => list_members(service, &command).await,
    }
}

fn say(members: &[String], line: impl Fn(&String) -> String) -> Result<(), Failure> {
    output::print(&members.iter().map(|user| line(user) + "\n").collect::<String>())
}

async fn list(service: &Service, command: &List) -> Result<(), Failure> {
    let pattern = Pattern::new(command.search.as_deref().unwrap_or_default())?;
    let search = Search { pattern, page: Page::default() };
    let groups = service.find_groups(&Principal::operator(), search).await?.entries;
    command.output.print(&groups.iter().map(GroupId::as_str).collect())
}

async fn list_members(service: &Service, command: &ListMembers) -> Result<(), Failure> {
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
    command.output.print(&Value::Object(members))
}
