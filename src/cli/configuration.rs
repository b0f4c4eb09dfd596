//! `davgroups config`.

use clap::{Args, Subcommand};

use super::{Failure, output};
use crate::config::Loaded;

/// Every key with its default and what it does.
const DEFAULTS: &str = include_str!("../../deploy/davgroups.toml");

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print the configuration that is in force, as TOML
    #[command(after_help = "Example:
  DAVGROUPS_COMPAT=documented davgroups config show --origin")]
    Show(Show),
    /// Say whether the configuration is valid; exit code 2 if not
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
    /// Say of each key where its value comes from
    #[arg(long)]
    origin: bool,
}

/// `load` is called by those that need a configuration.
pub(super) fn run(command: &Command, load: impl FnOnce() -> Result<Loaded, Failure>) -> Result<(), Failure> {
    match command {
        Command::Show(options) => show(&load()?, options.origin),
        Command::Check => {
            load()?;
            output::print("the configuration is valid\n")
        }
        Command::Default => output::print(DEFAULTS),
    }
}

fn show(loaded: &Loaded, origin: bool) -> Result<(), Failure> {
    let table = toml::Table::try_from(&loaded.config).map_err(Failure::failed)?;
    let mut text = String::new();
    for (key, value) in &table {
        text += &format!("{key} = {value}");
        if origin {
            match loaded.origins.get(key) {
                Some(source) => text += &format!("  # {source}"),
                None => text += "  # default",
            }
        }
        text.push('\n');
    }
    output::print(&text)
}
