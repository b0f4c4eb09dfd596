//! `davgroups occ`: the verbs, options and answers of ownCloud's own command, so that scripts go on
//! working with another name in front.

mod app;
mod group;
mod print;
mod user;

use clap::{ArgAction, Args, Subcommand};

use super::operator::{block_on, open_existing};
use super::{Failure, output};
use crate::config::Config;
use crate::service::{Apps, Homes};

#[derive(Args)]
#[command(after_help = "Examples:
  OC_PASS=s3cret davgroups occ user:add --password-from-env --display-name=Alice --group=staff alice
  davgroups occ user:list --output=json
  davgroups occ group:add-member --member=alice --member=bob staff
  davgroups occ app:disable customgroups")]
pub(super) struct Options {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What scripts pass to every command. Most of it makes no difference here: nothing is ever asked, and
/// nothing is coloured.
#[derive(Args)]
struct Common {
    /// Print nothing but what goes wrong
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Accepted for scripts; nothing more is said
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Accepted for scripts; nothing is asked anyhow
    #[arg(short = 'n', long, global = true)]
    no_interaction: bool,
    /// Accepted for scripts; nothing is coloured anyhow
    #[arg(long, global = true)]
    ansi: bool,
    /// Accepted for scripts; nothing is coloured anyhow
    #[arg(long, global = true)]
    no_ansi: bool,
    /// Accepted for scripts; there are no such warnings
    #[arg(long, global = true)]
    no_warnings: bool,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    User(user::Command),
    #[command(flatten)]
    Group(group::Command),
    #[command(flatten)]
    App(app::Command),
}

pub(super) fn run(options: Options, config: &Config) -> Result<(), Failure> {
    block_on(async {
        let service = open_existing(config)?;
        let said = match options.command {
            Command::User(command) => user::run(command, &service, &homes(config)).await?,
            Command::Group(command) => group::run(command, &service).await?,
            Command::App(command) => app::run(command, &service, &Apps::new(config.apps_dir.clone())).await?,
        };
        if options.common.quiet { Ok(()) } else { output::print(&said) }
    })
}

fn homes(config: &Config) -> Homes {
    let template = config.home_template.as_ref().map(|template| template.as_str().to_owned());
    Homes::new(template, config.data_dir.clone())
}
