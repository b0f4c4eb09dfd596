//! `davgroups app`: parts of the server that can be switched on and off.

use clap::{Args, Subcommand};
use serde_json::json;

use super::Failure;
use super::operator::{block_on, open_existing};
use super::output::Output;
use crate::config::Config;
use crate::domain::{AppId, Principal};
use crate::service::{AppFilter, Apps, Service};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the apps, and whether each is on
    #[command(after_help = "Example:
  davgroups app list --output json")]
    List(Output),
    /// Show what an app says about itself
    #[command(after_help = "Example:
  davgroups app info customgroups")]
    Info(Info),
    /// Switch an app on
    #[command(after_help = "Example:
  davgroups app enable customgroups")]
    Enable(Id),
    /// Switch an app off, within a second also in a running server
    #[command(after_help = "Example:
  davgroups app disable customgroups")]
    Disable(Id),
}

#[derive(Args)]
pub(super) struct Id {
    /// The app's id
    app: String,
}

#[derive(Args)]
pub(super) struct Info {
    /// The app's id
    app: String,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(command: Command, config: &Config) -> Result<(), Failure> {
    block_on(async {
        let (service, apps) = (open_existing(config)?, Apps::new(config.apps_dir.clone()));
        match command {
            Command::List(output) => list(&service, &apps, &output).await?,
            Command::Info(command) => info(&service, &apps, &command).await?,
            Command::Enable(Id { app }) => service.install_app_switch(&apps, &AppId::new(app), true).await?,
            Command::Disable(Id { app }) => {
                service.install_app_switch(&apps, &AppId::new(app), false).await?
            }
        }
        Ok(())
    })
}

async fn list(service: &Service, apps: &Apps, output: &Output) -> Result<(), Failure> {
    let operator = Principal::operator();
    let enabled = service.list_apps(&operator, apps, AppFilter::Enabled).await?;
    let mut rows = Vec::new();
    for app in service.list_apps(&operator, apps, AppFilter::All).await? {
        let state = if enabled.contains(&app) { "enabled" } else { "disabled" };
        rows.push(vec![json!(app.as_str()), json!(state)]);
    }
    output.list(&["id", "state"], &rows)
}

async fn info(service: &Service, apps: &Apps, command: &Info) -> Result<(), Failure> {
    let operator = Principal::operator();
    let app = AppId::new(command.app.clone());
    let info = service.app_info(&operator, apps, &app).await?;
    let enabled = service.list_apps(&operator, apps, AppFilter::Enabled).await?.contains(&app);
    command.output.show(&[
        ("id", json!(info.id)),
        ("name", json!(info.name)),
        ("description", json!(info.description)),
        ("version", json!(info.version)),
        ("author", json!(info.author)),
        ("licence", json!(info.licence)),
        ("shipped", json!(info.shipped)),
        ("enabled", json!(enabled)),
    ])
}
