//! `davgroups user`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Failure;
use super::operator::{block_on, open, open_existing};
use super::output::Output;
use super::password::Source;
use crate::config::Config;
use crate::domain::{Email, GroupId, Place, Principal, RoledGroup, Timestamp, User, UserId, UserName};
use crate::service::{Children, Scope, Service, UserChanges};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a user; the password is read from standard input
    #[command(after_help = "Examples:
  echo 's3cret' | davgroups user add alice --display-name 'Alice Liddell'
  OC_PASS=s3cret davgroups user add bob --password-from-env --group admin")]
    Add(Add),
    /// List the users: id, display name, e-mail address and state
    #[command(after_help = "Examples:
  davgroups user list --data-dir /var/lib/davgroups
  davgroups user list --output csv >users.csv")]
    List(Output),
    /// Show a user with its groups, custom groups and rights
    #[command(after_help = "Example:
  davgroups user show alice --output json")]
    Show(Show),
    /// Change a user's display name, e-mail address or quota; several at once, or none
    #[command(after_help = "Examples:
  davgroups user set alice --quota '5 GB' --email alice@example.org
  davgroups user set alice --email ''")]
    Set(Set),
    /// Give a user another password; it is read from standard input
    #[command(after_help = "Example:
  davgroups user passwd alice --password-file alice.txt")]
    Passwd(Passwd),
    /// Let a user log in again
    #[command(after_help = "Example:
  davgroups user enable alice")]
    Enable(Id),
    /// Let a user no longer log in; nothing else is taken away
    #[command(after_help = "Example:
  davgroups user disable alice")]
    Disable(Id),
    /// Delete a user with its places in groups and custom groups
    ///
    /// A custom group left without members goes, too; one left without an admin passes to its member of
    /// longest standing.
    #[command(after_help = "Example:
  davgroups user delete alice")]
    Delete(Id),
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
pub(super) struct Show {
    /// The user's id
    id: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Set {
    /// The user's id
    id: String,
    #[command(flatten)]
    changes: Changes,
}

#[derive(Args)]
#[group(required = true, multiple = true)]
struct Changes {
    /// The name people see; an empty one is the id
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// The user's e-mail address; an empty one is none
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// How much the user may store: none, default, or a size such as '5 GB'
    #[arg(long, value_name = "QUOTA")]
    quota: Option<String>,
}

#[derive(Args)]
pub(super) struct Passwd {
    /// The user's id
    id: String,
    #[command(flatten)]
    password: Source,
}

#[derive(Args)]
pub(super) struct Id {
    /// The user's id
    id: String,
}

pub(super) fn run(command: Command, config: &Config) -> Result<(), Failure> {
    block_on(async {
        if let Command::Add(command) = command {
            return add(command, config).await;
        }
        let service = open_existing(config)?;
        let operator = Principal::operator();
        match command {
            Command::Add(_) => {}
            Command::List(output) => list(&service, &output)?,
            Command::Show(command) => show(&service, &command).await?,
            Command::Set(command) => set(&service, command).await?,
            Command::Passwd(command) => {
                let password = command.password.read()?;
                service.install_password(&command.id, &password).await?;
            }
            Command::Enable(user) => service.set_enabled(&operator, &user.id, true).await?,
            Command::Disable(user) => service.set_enabled(&operator, &user.id, false).await?,
            Command::Delete(user) => service.delete_user(&operator, &user.id).await?,
        }
        Ok(())
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

fn list(service: &Service, output: &Output) -> Result<(), Failure> {
    let row = |user: &User| {
        let state = if user.enabled { "enabled" } else { "disabled" };
        vec![json!(user.id.as_str()), json!(user.display_name.as_str()), email(user), json!(state)]
    };
    let rows: Vec<_> = service.list_users()?.iter().map(row).collect();
    output.list(&["id", "display_name", "email", "state"], &rows)
}

fn email(user: &User) -> Value {
    user.email.as_ref().map_or(Value::Null, |email| json!(email.as_str()))
}

async fn show(service: &Service, command: &Show) -> Result<(), Failure> {
    let operator = Principal::operator();
    let user = service.user_details(&operator, &command.id)?.user;
    let id = user.id.as_str();
    let groups = ids_of(&service.groups_of_user(&operator, id)?);
    let subadmin = ids_of(&service.subadmin_groups(&operator, id)?);
    let place = Place::UsersEntry(id.to_owned());
    let custom = match service.browse(&operator, &place, Scope::all_children()).await?.children {
        Children::Groups(groups) => groups.iter().map(roled).collect(),
        _ => Vec::new(),
    };
    command.output.show(&[
        ("id", json!(id)),
        ("display_name", json!(user.display_name.as_str())),
        ("email", email(&user)),
        ("quota", json!(user.quota.to_string())),
        ("enabled", json!(user.enabled)),
        ("guest", json!(user.guest)),
        ("created", json!(user.created.seconds())),
        ("last_login", json!(user.last_login.map(Timestamp::seconds))),
        ("groups", groups),
        ("subadmin_of", subadmin),
        ("custom_groups", Value::Array(custom)),
    ])
}

fn ids_of(groups: &[GroupId]) -> Value {
    groups.iter().map(GroupId::as_str).collect()
}

/// A custom group and the user's role in it, `uri:role`.
fn roled(group: &RoledGroup) -> Value {
    let role = group.role.map_or("", |role| role.as_str());
    json!(format!("{}:{role}", group.group.uri.as_str()))
}

async fn set(service: &Service, command: Set) -> Result<(), Failure> {
    let Changes { display_name, email, quota } = command.changes;
    let changes = UserChanges { display_name, email, quota };
    Ok(service.install_changes(&command.id, changes).await?)
}
