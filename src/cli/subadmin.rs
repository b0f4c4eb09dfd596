//! `davgroups subadmin`: who manages a group without being administrator.

use clap::{Args, Subcommand};
use serde_json::json;

use super::Failure;
use super::operator::{block_on, open_existing};
use super::output::Output;
use crate::config::Config;
use crate::domain::{Principal, Search};
use crate::service::Service;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the subadmins: a group and a user a line
    #[command(after_help = "Examples:
  davgroups subadmin list
  davgroups subadmin list --group staff --output json")]
    List(List),
    /// Make a user subadmin of a group
    #[command(after_help = "Example:
  davgroups subadmin add alice staff")]
    Add(Pair),
    /// Take the right over a group away
    #[command(after_help = "Example:
  davgroups subadmin remove alice staff")]
    Remove(Pair),
}

#[derive(Args)]
pub(super) struct List {
    /// Only those of this group
    #[arg(long)]
    group: Option<String>,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Pair {
    /// The user's id
    user: String,
    /// The group's id
    group: String,
}

pub(super) fn run(command: Command, config: &Config) -> Result<(), Failure> {
    block_on(async {
        let service = open_existing(config)?;
        let operator = Principal::operator();
        match command {
            Command::List(command) => list(&service, command).await?,
            Command::Add(pair) => service.add_subadmin(&operator, &pair.user, &pair.group).await?,
            Command::Remove(pair) => service.remove_subadmin(&operator, &pair.user, &pair.group).await?,
        }
        Ok(())
    })
}

async fn list(service: &Service, command: List) -> Result<(), Failure> {
    let operator = Principal::operator();
    let groups = match command.group {
        Some(group) => vec![group],
        None => {
            let groups = service.find_groups(&operator, Search::default()).await?.entries;
            groups.iter().map(ToString::to_string).collect()
        }
    };
    let mut rows = Vec::new();
    for group in groups {
        let subadmins = service.subadmins(&operator, &group).await?;
        rows.extend(subadmins.iter().map(|user| vec![json!(group), json!(user.as_str())]));
    }
    command.output.list(&["group", "user"], &rows)
}
