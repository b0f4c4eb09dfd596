//! The command line: one file per command.

mod any_certificate;
mod app;
mod apply;
mod audit;
mod backup;
mod bootstrap;
mod configuration;
mod customgroup;
mod documents;
mod export;
mod files;
mod group;
mod health;
mod import;
mod logging;
mod memory;
mod occ;
mod operator;
mod output;
mod password;
mod progress;
mod restore;
mod serve;
mod subadmin;
mod token;
mod user;
mod verify;
mod when;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::config::{self, Config, Flags, Loaded};
use crate::domain::Error;

const AFTER_HELP: &str = "\
Every key of the configuration can stand in a TOML file (--config), in the environment (the key
`listen` is DAVGROUPS_LISTEN) or, for the most common, in a flag; the later ones win.

The commands that manage users, groups and apps act for the operator of the machine, who needs no
login, and work beside a running server.

Exit codes:
  0  everything went well
  1  it could not be done; one line on standard error says why
  2  the arguments or the configuration are wrong, or `apply --check` found something to be changed

Examples:
  davgroups
  davgroups serve --data-dir /var/lib/davgroups --listen 127.0.0.1:8081
  davgroups user add alice --email alice@example.org --password-file alice.txt";

/// Custom groups over WebDAV and OCS user provisioning, in one binary on SQLite.
#[derive(Parser)]
#[command(name = "davgroups", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    serve: serve::Options,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What every command takes.
#[derive(Args)]
struct Common {
    /// Read the configuration from this file
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the database lies [default: ./data]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server; this is what happens without a command, too
    #[command(after_help = "Examples:
  davgroups serve
  davgroups serve --config /etc/davgroups/davgroups.toml
  davgroups serve --data-dir /var/lib/davgroups --listen unix:/run/davgroups/davgroups.sock")]
    Serve(serve::Options),
    #[command(flatten)]
    Operator(Operator),
    /// Show and check the configuration
    #[command(
        subcommand,
        after_help = "Examples:
  davgroups config show --origin
  davgroups config check --config davgroups.toml"
    )]
    Config(configuration::Command),
    /// Print a script that completes commands in a shell
    #[command(after_help = "Example:
  davgroups completions bash >/etc/bash_completion.d/davgroups")]
    Completions(documents::Completions),
    /// Print the manual page
    #[command(after_help = "Example:
  davgroups man --dir /usr/local/share/man/man1")]
    Man(documents::Man),
}

/// What the operator of the machine does with the store, as administrator and without a login.
#[derive(Subcommand)]
enum Operator {
    /// Manage users, whether or not the server is running
    #[command(
        subcommand,
        after_help = "Examples:
  echo 's3cret' | davgroups user add alice
  davgroups user list
  davgroups user show alice"
    )]
    User(user::Command),
    /// Write a copy of everything to a file, whether or not the server is running
    Backup(backup::Options),
    /// Make a new data directory from a backup
    Restore(restore::Options),
    /// Look for what is wrong in the database, and say what to do about it
    Verify(verify::Options),
    /// Manage groups
    #[command(
        subcommand,
        after_help = "Examples:
  davgroups group add staff --display-name 'The Staff'
  davgroups group add-member staff alice bob
  davgroups group show staff"
    )]
    Group(group::Command),
    /// Manage who manages a group without being administrator
    #[command(
        subcommand,
        after_help = "Examples:
  davgroups subadmin add alice staff
  davgroups subadmin list --output json"
    )]
    Subadmin(subadmin::Command),
    /// Manage the groups that users make themselves
    #[command(
        subcommand,
        name = "customgroup",
        after_help = "Examples:
  davgroups customgroup create team --admin alice --display-name 'The Team'
  davgroups customgroup add team bob
  davgroups customgroup show team"
    )]
    CustomGroup(customgroup::Command),
    /// Manage what programs log in with instead of a password
    #[command(
        subcommand,
        after_help = "Examples:
  davgroups token create --user alice --scope groups --name 'nightly sync'
  davgroups token list
  davgroups token revoke 3"
    )]
    Token(token::Command),
    /// Switch parts of the server on and off
    #[command(
        subcommand,
        after_help = "Examples:
  davgroups app list
  davgroups app disable customgroups"
    )]
    App(app::Command),
    /// Make users and groups be as a file declares them
    Apply(apply::Options),
    /// Show what was changed, by whom, from where and when
    Audit(audit::Options),
    /// Say whether the server answers
    #[command(after_help = "\
Prints `healthy` if the server is ready; else the exit code is 1, and one line on standard error says why.

Examples:
  davgroups health --config /etc/davgroups/davgroups.toml
  davgroups health --listen 127.0.0.1:8080")]
    Health(health::Options),
    /// Manage users, groups and apps in the words of ownCloud's occ
    Occ(occ::Options),
    /// Write users, groups and custom groups to a file that people and programs can read
    Export(export::Options),
    /// Take over users, groups and custom groups from a file or another server
    Import(import::Options),
}

/// Why a command failed.
enum Failure {
    /// It was told something wrong.
    Usage(String),
    /// It could not be done.
    Failed(String),
}

impl Failure {
    fn failed(reason: impl fmt::Display) -> Self {
        Self::Failed(reason.to_string())
    }

    /// The same, but what was told is to blame.
    fn usage(self) -> Self {
        match self {
            Self::Usage(reason) | Self::Failed(reason) => Self::Usage(reason),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(words(error))
    }
}

/// What went wrong, in an operator's words: with the reason why a store failed, which clients are not told,
/// and without what clients are told in ownCloud's words or by numbers that nobody here typed.
fn words(error: Error) -> String {
    match error {
        Error::Store(reason) => reason.to_string(),
        Error::AlreadyMember => "the user is a member of the group already".to_owned(),
        Error::GroupUriTaken => "a custom group with this uri or number already exists".to_owned(),
        Error::LastAdmin(_) => "Cannot remove the last admin: a custom group keeps one".to_owned(),
        Error::AppUnknown => "the app was not found".to_owned(),
        error => error.to_string(),
    }
}

/// Runs the command that `arguments` name, and returns the exit code of the process.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments).and_then(check) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help goes to standard output and is no failure. If neither can be written, the code is
            // all that is left to say.
            let _ = error.print();
            return ExitCode::from(u8::from(error.use_stderr()) * 2);
        }
    };
    let (code, reason) = match execute(arguments, environment) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Failed(reason)) => (1, reason),
        Err(Failure::Usage(reason)) => (2, reason),
    };
    eprintln!("davgroups: {reason}");
    ExitCode::from(code)
}

/// Options of the server before another command would have no effect; say so instead.
fn check(arguments: Arguments) -> Result<Arguments, clap::Error> {
    if arguments.command.is_some() && arguments.serve.any() {
        let message = "options of the server belong behind the command `serve`\n";
        return Err(Arguments::command().error(ErrorKind::ArgumentConflict, message));
    }
    Ok(arguments)
}

fn execute(
    arguments: Arguments,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let load = |options: &serve::Options| {
        let mut values = vec![("data_dir", arguments.common.data_dir)];
        values.extend(options.values());
        let flags = Flags { file: arguments.common.config, values };
        config::load(&flags, environment).map_err(|error| Failure::Usage(error.to_string()))
    };
    match arguments.command {
        None => serve::run(load(&arguments.serve)?),
        Some(Command::Serve(options)) => serve::run(load(&options)?),
        Some(Command::Operator(command)) => {
            let Loaded { config, .. } = load(&serve::Options::default())?;
            operate(command, &config)
        }
        Some(Command::Config(command)) => configuration::run(&command, || load(&serve::Options::default())),
        Some(Command::Completions(options)) => documents::completions(&options, Arguments::command()),
        Some(Command::Man(options)) => documents::man(&options, Arguments::command()),
    }
}

/// Runs a command of the operator over the store that `config` names.
fn operate(command: Operator, config: &Config) -> Result<(), Failure> {
    match command {
        Operator::User(command) => user::run(command, config),
        Operator::Group(command) => group::run(command, config),
        Operator::Subadmin(command) => subadmin::run(command, config),
        Operator::CustomGroup(command) => customgroup::run(command, config),
        Operator::Token(command) => token::run(command, config),
        Operator::App(command) => app::run(command, config),
        Operator::Apply(options) => apply::run(&options, config),
        Operator::Audit(options) => audit::run(&options, config),
        Operator::Health(options) => health::run(&options, config),
        Operator::Occ(options) => occ::run(options, config),
        Operator::Export(options) => export::run(&options, config),
        Operator::Import(options) => import::run(&options, config),
        Operator::Backup(options) => backup::run(&options, config),
        Operator::Restore(options) => restore::run(&options, config),
        Operator::Verify(options) => verify::run(&options, config),
    }
}
