//! `davgroups customgroup`: groups that users make and manage themselves.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Failure;
use super::operator::{block_on, open_existing};
use super::output::Output;
use crate::config::Config;
use crate::domain::{CustomGroup, DisplayName, Error, Membership, Node, Place, Principal, Role};
use crate::service::{Children, ImportOutcome, ImportRow, Scope, Service};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the custom groups: number, uri and display name
    #[command(after_help = "Example:
  davgroups customgroup list --output csv")]
    List(Output),
    /// Show a custom group with its members and their roles
    #[command(after_help = "Example:
  davgroups customgroup show team")]
    Show(Show),
    /// Make a custom group; a user becomes its admin
    #[command(after_help = "Example:
  davgroups customgroup create team --admin alice --display-name 'The Team'")]
    Create(Create),
    /// Give a custom group another display name; the uri stays
    #[command(after_help = "Example:
  davgroups customgroup rename team 'The A Team'")]
    Rename(Rename),
    /// Delete a custom group; its members stay users
    #[command(after_help = "Example:
  davgroups customgroup delete team")]
    Delete(Uri),
    /// Add a user to a custom group
    #[command(after_help = "Examples:
  davgroups customgroup add team bob
  davgroups customgroup add team carol --role admin")]
    Add(Add),
    /// Remove a member; the last admin stays
    #[command(after_help = "Example:
  davgroups customgroup remove team bob")]
    Remove(Member),
    /// Make a member an admin, or an admin a member; one admin stays
    #[command(after_help = "Example:
  davgroups customgroup set-role team bob admin")]
    SetRole(SetRole),
    /// List the custom groups that nobody is admin of, as they come from other servers
    #[command(after_help = "Example:
  davgroups customgroup orphans")]
    Orphans(Output),
}

#[derive(Args)]
pub(super) struct Uri {
    /// The group's uri, as it stands in its path
    uri: String,
}

#[derive(Args)]
pub(super) struct Show {
    /// The group's uri, as it stands in its path
    uri: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Create {
    /// The group's uri, as it will stand in its path
    uri: String,
    /// The id of the user who becomes its admin
    #[arg(long, value_name = "USER")]
    admin: String,
    /// The name people see [default: the uri]
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
}

#[derive(Args)]
pub(super) struct Rename {
    /// The group's uri, as it stands in its path
    uri: String,
    /// The name people see
    display_name: String,
}

#[derive(Args)]
pub(super) struct Member {
    /// The group's uri, as it stands in its path
    uri: String,
    /// The user's id, spelt as it was created
    user: String,
}

#[derive(Args)]
pub(super) struct Add {
    #[command(flatten)]
    member: Member,
    /// What the user becomes
    #[arg(long, value_parser = PossibleValuesParser::new(["member", "admin"]), default_value = "member")]
    role: String,
}

#[derive(Args)]
pub(super) struct SetRole {
    #[command(flatten)]
    member: Member,
    /// What the user becomes
    #[arg(value_parser = PossibleValuesParser::new(["member", "admin"]))]
    role: String,
}

impl Member {
    fn place(&self) -> Place {
        Place::Membership(self.uri.clone(), self.user.clone())
    }
}

pub(super) fn run(command: Command, config: &Config) -> Result<(), Failure> {
    block_on(async {
        let service = open_existing(config)?;
        let operator = Principal::operator();
        match command {
            Command::List(output) => list(&service, &output).await?,
            Command::Orphans(output) => print(&service.custom_groups_without_admin()?, &output)?,
            Command::Show(command) => show(&service, &command).await?,
            Command::Create(command) => create(&service, command).await?,
            Command::Rename(command) => {
                let name = DisplayName::new(&command.display_name)?;
                service.rename_custom_group(&operator, &Place::Group(command.uri), name).await?;
            }
            Command::Delete(command) => service.delete(&operator, &Place::Group(command.uri)).await?,
            Command::Add(command) => add(&service, command).await?,
            Command::Remove(member) => service.delete(&operator, &member.place()).await?,
            Command::SetRole(command) => {
                service.set_role(&operator, &command.member.place(), role(&command.role)).await?;
            }
        }
        Ok(())
    })
}

async fn add(service: &Service, command: Add) -> Result<(), Failure> {
    let Member { uri, user } = command.member;
    let row = ImportRow { user, role: Some(role(&command.role)) };
    let outcomes = service.import_members(&Principal::operator(), &Place::Group(uri), vec![row]).await?;
    match outcomes.into_iter().next() {
        Some((_, ImportOutcome::Refused(error))) => Err(error.into()),
        Some((_, ImportOutcome::AlreadyMember)) => Err(Error::AlreadyMember.into()),
        _ => Ok(()),
    }
}

/// One of the two words that the arguments allow.
fn role(word: &str) -> Role {
    Role::from_word(word).unwrap_or(Role::Member)
}

async fn list(service: &Service, output: &Output) -> Result<(), Failure> {
    let listing = service.browse(&Principal::operator(), &Place::Groups, Scope::all_children()).await?;
    let groups: Vec<_> = match listing.children {
        Children::Groups(groups) => groups.into_iter().map(|listed| listed.group).collect(),
        _ => Vec::new(),
    };
    print(&groups, output)
}

fn print(groups: &[CustomGroup], output: &Output) -> Result<(), Failure> {
    let row = |group: &CustomGroup| {
        vec![json!(group.number.get()), json!(group.uri.as_str()), json!(group.display_name.as_str())]
    };
    output.list(&["number", "uri", "display_name"], &groups.iter().map(row).collect::<Vec<_>>())
}

async fn create(service: &Service, command: Create) -> Result<(), Failure> {
    let name = command.display_name.map(|name| DisplayName::new(&name)).transpose()?;
    service.install_custom_group(&command.uri, name, &command.admin).await?;
    Ok(())
}

async fn show(service: &Service, command: &Show) -> Result<(), Failure> {
    let place = Place::Group(command.uri.clone());
    let listing = service.browse(&Principal::operator(), &place, Scope::all_children()).await?;
    let (Node::Group(group), Children::Members(members)) = (listing.node, listing.children) else {
        return Err(Error::CustomGroupUnknown(command.uri.clone()).into());
    };
    command.output.show(&[
        ("number", json!(group.number.get())),
        ("uri", json!(group.uri.as_str())),
        ("display_name", json!(group.display_name.as_str())),
        ("admins", with_role(&members, Role::Admin)),
        ("members", with_role(&members, Role::Member)),
    ])
}

fn with_role(members: &[Membership], role: Role) -> Value {
    members.iter().filter(|member| member.role == role).map(|member| member.user.as_str()).collect()
}
