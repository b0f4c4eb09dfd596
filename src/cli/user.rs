//! `davgroups user`.

use std::io::{self, Write};
use std::sync::Arc;

use clap::{Args, Subcommand};
use tokio::runtime::Builder;

use super::Failure;
use super::password::Source;
use crate::config::Config;
use crate::domain::{Email, GroupId, User, UserId, UserName};
use crate::service::{Passwords, Service};
use crate::store::sqlite::{FILE_NAME, SqliteStore};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a user; the password is read from standard input
    #[command(after_help = "Examples:
  echo 's3cret' | davgroups user add alice --display-name 'Alice Liddell'
  OC_PASS=s3cret davgroups user add bob --password-from-env --group admin")]
    Add(Add),
    /// List the users: id, display name, e-mail address and state, separated by tabs
    #[command(after_help = "Example:
  davgroups user list --data-dir /var/lib/davgroups")]
    List,
    /// Give a user another password; it is read from standard input
    #[command(after_help = "Example:
  davgroups user passwd alice --password-file alice.txt")]
    Passwd(Passwd),
}

#[derive(Args)]
pub(super) struct Add {
    /// The user's id
    id: String,
    #[command(flatten)]
    password: Source,
    /// The name people see [default: the id]
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// The user's e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Put the user into this group; can be given more than once
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
}

#[derive(Args)]
pub(super) struct Passwd {
    /// The user's id
    id: String,
    #[command(flatten)]
    password: Source,
}

pub(super) fn run(command: Command, config: &Config) -> Result<(), Failure> {
    let runtime = Builder::new_current_thread().build().map_err(Failure::failed)?;
    runtime.block_on(async {
        match command {
            Command::Add(command) => add(command, config).await,
            Command::List => list(config),
            Command::Passwd(command) => passwd(&command, config).await,
        }
    })
}

async fn add(command: Add, config: &Config) -> Result<(), Failure> {
    let id = UserId::new(&command.id)?;
    let display_name = command.display_name.map(|name| UserName::new(&name, &id)).transpose()?;
    let email = Email::new(&command.email.unwrap_or_default())?;
    let groups = command.groups.into_iter().map(GroupId::stored).collect();
    let password = command.password.read()?;
    Ok(open(config)?.install_user(id, &password, display_name, email, groups).await?)
}

fn list(config: &Config) -> Result<(), Failure> {
    let users = open_existing(config)?.list_users()?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = users.iter().try_for_each(|user| write_line(&mut out, user)).and_then(|()| out.flush());
    match written {
        // Whoever reads has seen enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::Failed(format!("cannot print: {error}"))),
    }
}

fn write_line(out: &mut impl Write, user: &User) -> io::Result<()> {
    let email = user.email.as_ref().map_or("", Email::as_str);
    let state = if user.enabled { "enabled" } else { "disabled" };
    writeln!(out, "{}\t{}\t{email}\t{state}", user.id, user.display_name.as_str())
}

async fn passwd(command: &Passwd, config: &Config) -> Result<(), Failure> {
    let service = open_existing(config)?;
    let password = command.password.read()?;
    service.install_password(&command.id, &password).await?;
    Ok(())
}

/// The service over the store, whether or not a server runs over it, too.
fn open(config: &Config) -> Result<Service, Failure> {
    let store = SqliteStore::open(&config.data_dir).map_err(Failure::failed)?;
    Ok(Service::new(Arc::new(store), Arc::new(Passwords::new()?), config.rules))
}

/// The same, but a store is not made where there is none: most likely it is elsewhere.
fn open_existing(config: &Config) -> Result<Service, Failure> {
    let path = config.data_dir.join(FILE_NAME);
    match path.try_exists() {
        Ok(true) => open(config),
        Ok(false) => Err(Failure::Failed(format!("there is no database {}", path.display()))),
        Err(error) => Err(Failure::Failed(format!("cannot look for {}: {error}", path.display()))),
    }
}
