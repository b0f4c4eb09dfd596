//! `davgroups config`.

use clap::{Args, Subcommand};
use serde_json::json;

use super::output::Output;
use super::{Failure, output, serve};
use crate::config::Loaded;

/// Every key with its default and what it does.
const DEFAULTS: &str = include_str!("../../deploy/davgroups.toml");

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print the configuration that is in force, as TOML
    #[command(after_help = "Examples:
  DAVGROUPS_COMPAT=documented davgroups config show --origin
  davgroups config show --output json")]
    Show(Show),
    /// Say whether the configuration is valid; exit code 2 if not
    ///
    /// The files with the certificate and its key are read, too.
    #[command(after_help = "Example:
  davgroups config check --config davgroups.toml")]
    Check,
    /// Print a configuration file with all defaults and what each key does
    #[command(after_help = "Example:
  davgroups config default >davgroups.toml")]
    Default,
}

#[derive(Args)]
pub(super) struct Show {
    /// Say of each key where its value comes from; JSON and CSV always do
    #[arg(long)]
    origin: bool,
    #[command(flatten)]
    output: Output,
}

/// `load` is called by those that need a configuration.
pub(super) fn run(command: &Command, load: impl FnOnce() -> Result<Loaded, Failure>) -> Result<(), Failure> {
    match command {
        Command::Show(options) => show(&load()?, options),
        Command::Check => {
            // Files are as much part of it as what names them.
            serve::tls(&load()?.config).map_err(Failure::usage)?;
            output::print("the configuration is valid\n")
        }
        Command::Default => output::print(DEFAULTS),
    }
}

fn show(loaded: &Loaded, options: &Show) -> Result<(), Failure> {
    let table = toml::Table::try_from(&loaded.config).map_err(Failure::failed)?;
    let origin = |key: &String| loaded.origins.get(key).map_or("default".to_owned(), ToString::to_string);
    if !options.output.is_plain() {
        let row = |(key, value)| vec![json!(key), json!(value), json!(origin(key))];
        return options.output.list(&["key", "value", "origin"], &table.iter().map(row).collect::<Vec<_>>());
    }
    let mut text = String::new();
    for (key, value) in &table {
        text += &format!("{key} = {value}");
        if options.origin {
            text += &format!("  # {}", origin(key));
        }
        text.push('\n');
    }
    output::print(&text)
}
