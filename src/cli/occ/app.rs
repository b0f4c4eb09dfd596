//! `occ app:...`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::print::Output;
use crate::cli::Failure;
use crate::domain::{AppId, Principal};
use crate::service::{AppFilter, AppInfo, Apps, Service};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Switch apps on
    #[command(
        name = "app:enable",
        after_help = "Example:
  davgroups occ app:enable customgroups"
    )]
    Enable(Ids),
    /// Switch apps off
    #[command(
        name = "app:disable",
        after_help = "Example:
  davgroups occ app:disable customgroups"
    )]
    Disable(Ids),
    /// List the apps
    #[command(
        name = "app:list",
        after_help = "Examples:
  davgroups occ app:list
  davgroups occ app:list --shipped=false --output=json
  davgroups occ app:list custom --enabled --minimal"
    )]
    List(List),
}

#[derive(Args)]
pub(super) struct Ids {
    /// The ids of the apps
    #[arg(required = true)]
    apps: Vec<String>,
}

#[derive(Args)]
pub(super) struct List {
    /// Only apps with this in their id
    search: Option<String>,
    /// Only those that come with the server (true), or only those that do not (false)
    #[arg(long, value_name = "SHIPPED")]
    shipped: Option<bool>,
    /// Only those that are on
    #[arg(long, conflicts_with = "disabled")]
    enabled: bool,
    /// Only those that are off
    #[arg(long)]
    disabled: bool,
    /// Without their versions
    #[arg(short, long)]
    minimal: bool,
    #[command(flatten)]
    output: Output,
}

pub(super) async fn run(command: Command, service: &Service, apps: &Apps) -> Result<String, Failure> {
    match command {
        Command::Enable(ids) => switch(service, apps, &ids, true).await,
        Command::Disable(ids) => switch(service, apps, &ids, false).await,
        Command::List(command) => list(service, apps, &command).await,
    }
}

async fn switch(service: &Service, apps: &Apps, ids: &Ids, enabled: bool) -> Result<String, Failure> {
    // All of them or none: one that does not exist is found before any is switched.
    for app in &ids.apps {
        service.app_info(&Principal::operator(), apps, &AppId::new(&**app)).await?;
    }
    let state = if enabled { "enabled" } else { "disabled" };
    let mut said = String::new();
    for app in &ids.apps {
        service.install_app_switch(apps, &AppId::new(&**app), enabled).await?;
        said += &format!("{app} {state}\n");
    }
    Ok(said)
}

async fn list(service: &Service, apps: &Apps, command: &List) -> Result<String, Failure> {
    let mut headed = Vec::new();
    for (name, filter, left_out) in [
        ("Enabled", AppFilter::Enabled, command.disabled),
        ("Disabled", AppFilter::Disabled, command.enabled),
    ] {
        if !left_out {
            headed.push((name, listed(service, apps, command, filter).await?));
        }
    }
    Ok(command.output.render_headed(&headed))
}

/// The version of each app, by id; or the ids alone.
async fn listed(service: &Service, apps: &Apps, command: &List, filter: AppFilter) -> Result<Value, Failure> {
    let operator = Principal::operator();
    let mut versions = Map::new();
    for app in service.list_apps(&operator, apps, filter).await? {
        let info = service.app_info(&operator, apps, &app).await?;
        if command.wants(&info) {
            versions.insert(info.id, json!(info.version));
        }
    }
    Ok(match command.minimal {
        true => versions.keys().map(String::as_str).collect(),
        false => Value::Object(versions),
    })
}

impl List {
    fn wants(&self, info: &AppInfo) -> bool {
        let wanted = self.search.as_deref().unwrap_or_default().to_lowercase();
        info.id.to_lowercase().contains(&wanted) && self.shipped.is_none_or(|shipped| shipped == info.shipped)
    }
}
