//! `davgroups group`: groups of the provisioning API.

use clap::{Args, Subcommand};
use serde_json::json;

use super::Failure;
use super::operator::{block_on, open_existing};
use super::output::Output;
use crate::config::Config;
use crate::domain::{Pattern, Principal, Search, UserId};
use crate::service::{GroupDetails, Service};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the groups: id and display name; custom groups have a command of their own
    #[command(after_help = "Example:
  davgroups group list --output json")]
    List(Output),
    /// Show a group with its members and subadmins
    #[command(after_help = "Example:
  davgroups group show staff")]
    Show(Show),
    /// Make a group
    #[command(after_help = "Example:
  davgroups group add staff --display-name 'The Staff'")]
    Add(Add),
    /// Give a group another display name; the id stays
    #[command(after_help = "Examples:
  davgroups group rename staff 'The Staff'
  davgroups group rename staff ''")]
    Rename(Rename),
    /// Delete a group with the places in it and the rights over it; its members stay users
    #[command(after_help = "Example:
  davgroups group delete staff")]
    Delete(Id),
    /// Put users into a group; nothing happens to those who are in it
    #[command(after_help = "Examples:
  davgroups group add-member staff alice bob
  davgroups group add-member admin alice")]
    AddMember(Members),
    /// Take users out of a group; nothing happens to those who are not in it
    #[command(after_help = "Example:
  davgroups group remove-member staff alice")]
    RemoveMember(Members),
}

#[derive(Args)]
pub(super) struct Show {
    /// The group's id
    group: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Add {
    /// The group's id
    group: String,
    /// The name people see [default: the id]
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
}

#[derive(Args)]
pub(super) struct Id {
    /// The group's id
    group: String,
}

#[derive(Args)]
pub(super) struct Rename {
    /// The group's id
    group: String,
    /// The name people see; an empty one is the id
    name: String,
}

#[derive(Args)]
pub(super) struct Members {
    /// The group's id
    group: String,
    /// The users' ids
    #[arg(required = true)]
    users: Vec<String>,
}

pub(super) fn run(command: Command, config: &Config) -> Result<(), Failure> {
    block_on(async {
        let service = open_existing(config)?;
        let operator = Principal::operator();
        match command {
            Command::List(output) => list(&service, &output).await?,
            Command::Show(command) => show(&service, &command).await?,
            Command::Add(Add { group, display_name }) => {
                service.create_group(&operator, &group, display_name.as_deref()).await?;
            }
            Command::Rename(Rename { group, name }) => service.rename_group(&operator, &group, &name).await?,
            Command::Delete(command) => service.delete_group(&operator, &command.group).await?,
            Command::AddMember(Members { group, users }) => {
                service.install_members(&group, users).await?;
            }
            Command::RemoveMember(Members { group, users }) => {
                service.uninstall_members(&group, users).await?;
            }
        }
        Ok(())
    })
}

async fn list(service: &Service, output: &Output) -> Result<(), Failure> {
    let groups = service.find_group_details(&Principal::operator(), Search::default()).await?.entries;
    let row = |details: &GroupDetails| {
        vec![json!(details.group.id.as_str()), json!(details.group.display_name.as_str())]
    };
    output.list(&["id", "display_name"], &groups.iter().map(row).collect::<Vec<_>>())
}

async fn show(service: &Service, command: &Show) -> Result<(), Failure> {
    let operator = Principal::operator();
    let members = service.group_members(&operator, &command.group).await?;
    let subadmins = service.subadmins(&operator, &command.group).await?;
    let named = Search { pattern: Pattern::new(&command.group)?, ..Search::default() };
    let named = service.find_group_details(&operator, named).await?.entries;
    let name = named.iter().find(|details| details.group.id.as_str() == command.group);
    command.output.show(&[
        ("id", json!(command.group)),
        ("display_name", json!(name.map(|details| details.group.display_name.as_str()))),
        ("members", members.iter().map(UserId::as_str).collect()),
        ("subadmins", subadmins.iter().map(UserId::as_str).collect()),
    ])
}
