//! `occ app:...`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::print::Output;
use crate::cli::{Failure, output};
use crate::domain::{AppId, Principal};
use crate::service::{AppFilter, Apps, Service};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Switch an app on
    #[command(name = "app:enable")]
    Enable(Id),
    /// Switch an app off
    #[command(name = "app:disable")]
    Disable(Id),
    /// List the apps
    #[command(name = "app:list")]
    List(Output),
}

#[derive(Args)]
pub(super) struct Id {
    /// The app's id
    app: String,
}

pub(super) async fn run(command: Command, service: &Service, apps: &Apps) -> Result<(), Failure> {
    match command {
        Command::Enable(Id { app }) => {
            service.install_app_switch(apps, &AppId::new(&*app), true).await?;
            output::print(&format!("{app} enabled\n"))
        }
        Command::Disable(Id { app }) => {
            service.install_app_switch(apps, &AppId::new(&*app), false).await?;
            output::print(&format!("{app} disabled\n"))
        }
        Command::List(output) => {
            let enabled = versions(service, apps, AppFilter::Enabled).await?;
            let disabled = versions(service, apps, AppFilter::Disabled).await?;
            output.print_headed(&[("Enabled", enabled), ("Disabled", disabled)])
        }
    }
}

/// The version of each app, by id.
async fn versions(service: &Service, apps: &Apps, filter: AppFilter) -> Result<Value, Failure> {
    let operator = Principal::operator();
    let mut versions = Map::new();
    for app in service.list_apps(&operator, apps, filter).await? {
        let info = service.app_info(&operator, apps, &app).await?;
        versions.insert(app.to_string(), json!(info.version));
    }
    Ok(Value::Object(versions))
}
