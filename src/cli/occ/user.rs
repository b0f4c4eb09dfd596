//! `occ user:...`.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::print::Output;
use crate::cli::Failure;
use crate::cli::password::{self, Source};
use crate::domain::fold::fold;
use crate::domain::{Email, GroupId, Principal, Timestamp, User, UserId, UserName};
use crate::service::{Homes, Service, UserChanges};

/// What can be shown of a user.
const ATTRIBUTES: [&str; 10] = [
    "uid",
    "displayName",
    "email",
    "quota",
    "enabled",
    "lastLogin",
    "home",
    "backend",
    "cloudId",
    "searchTerms",
];

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a user
    #[command(
        name = "user:add",
        after_help = "Example:
  OC_PASS=s3cret davgroups occ user:add --password-from-env --display-name=Alice --group=staff alice"
    )]
    Add(Add),
    /// List the users
    #[command(
        name = "user:list",
        after_help = "Examples:
  davgroups occ user:list --output=json
  davgroups occ user:list alice -a uid -a email"
    )]
    List(List),
    /// Change the display name or the e-mail address of a user
    #[command(
        name = "user:modify",
        after_help = "Example:
  davgroups occ user:modify alice email alice@example.org"
    )]
    Modify(Modify),
    /// Give a user another password
    #[command(
        name = "user:resetpassword",
        after_help = "Example:
  OC_PASS=s3cret davgroups occ user:resetpassword --password-from-env alice"
    )]
    ResetPassword(ResetPassword),
    /// Let a user log in again
    #[command(
        name = "user:enable",
        after_help = "Example:
  davgroups occ user:enable alice"
    )]
    Enable(Id),
    /// Let a user no longer log in
    #[command(
        name = "user:disable",
        after_help = "Example:
  davgroups occ user:disable alice"
    )]
    Disable(Id),
    /// Delete a user
    #[command(
        name = "user:delete",
        after_help = "Example:
  davgroups occ user:delete alice"
    )]
    Delete(Delete),
}

#[derive(Args)]
pub(super) struct Add {
    /// The user's id
    uid: String,
    #[command(flatten)]
    password: Password,
    /// The name people see
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// The user's e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Put the user into this group, which is made if there is none; can be given more than once
    #[arg(short, long = "group", value_name = "GROUP")]
    groups: Vec<String>,
}

/// Where a password comes from: the environment, or standard input.
#[derive(Args)]
struct Password {
    /// Read the password from the environment variable OC_PASS
    #[arg(long)]
    password_from_env: bool,
}

impl Password {
    fn read(&self) -> Result<crate::domain::Password, Failure> {
        if self.password_from_env {
            password::from_variable(password::VARIABLE)
        } else {
            Source::default().read()
        }
    }
}

#[derive(Args)]
pub(super) struct List {
    /// Only users with this in id, display name or e-mail address
    search: Option<String>,
    /// What to show of each user; can be given more than once
    #[arg(short, long = "attributes", value_name = "NAME", default_value = "displayName",
          value_parser = PossibleValuesParser::new(ATTRIBUTES))]
    attributes: Vec<String>,
    /// Show all of that
    #[arg(long, conflicts_with = "attributes")]
    show_all_attributes: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Modify {
    /// The user's id
    uid: String,
    /// What to change
    #[arg(value_parser = PossibleValuesParser::new(["displayname", "email"]))]
    key: String,
    /// The new value
    value: String,
}

#[derive(Args)]
pub(super) struct ResetPassword {
    /// The user's id
    uid: String,
    #[command(flatten)]
    password: Password,
}

#[derive(Args)]
pub(super) struct Id {
    /// The user's id
    uid: String,
}

#[derive(Args)]
pub(super) struct Delete {
    #[command(flatten)]
    user: Id,
    /// Accepted for scripts; nothing is asked anyhow
    #[arg(short, long)]
    force: bool,
}

pub(super) async fn run(command: Command, service: &Service, homes: &Homes) -> Result<String, Failure> {
    let operator = Principal::operator();
    match command {
        Command::Add(command) => add(service, command).await,
        Command::List(command) => list(service, homes, &command),
        Command::Modify(command) => modify(service, command).await,
        Command::ResetPassword(command) => {
            let password = command.password.read()?;
            let user = service.install_password(&command.uid, &password).await?;
            Ok(format!("Successfully reset password for {user}.\n"))
        }
        Command::Enable(user) => {
            service.set_enabled(&operator, &user.uid, true).await?;
            Ok("The specified user is enabled\n".to_owned())
        }
        Command::Disable(user) => {
            service.set_enabled(&operator, &user.uid, false).await?;
            Ok("The specified user is disabled\n".to_owned())
        }
        Command::Delete(command) => {
            service.delete_user(&operator, &command.user.uid).await?;
            Ok("The specified user was deleted\n".to_owned())
        }
    }
}

async fn add(service: &Service, command: Add) -> Result<String, Failure> {
    let id = UserId::new(&command.uid)?;
    let name = command.display_name.as_deref().map(|name| UserName::new(name, &id)).transpose()?;
    let email = Email::new(command.email.as_deref().unwrap_or_default())?;
    let groups = new_groups(&command.groups)?;
    let password = command.password.read()?;
    service.install_user_and_groups(id.clone(), &password, name, email, groups).await?;
    let mut said = format!("The user \"{id}\" was created successfully\n");
    if let Some(name) = command.display_name {
        said += &format!("Display name set to \"{name}\"\n");
    }
    if let Some(email) = command.email {
        said += &format!("Email address set to \"{email}\"\n");
    }
    for group in command.groups {
        said += &format!("User \"{id}\" added to group \"{group}\"\n");
    }
    Ok(said)
}

fn new_groups(groups: &[String]) -> Result<Vec<GroupId>, Failure> {
    groups.iter().map(|group| GroupId::new(group).map_err(Failure::from)).collect()
}

fn list(service: &Service, homes: &Homes, command: &List) -> Result<String, Failure> {
    let pattern = fold(command.search.as_deref().unwrap_or_default());
    let mut users = service.list_users()?;
    users.retain(|user| matches(user, &pattern));
    let wanted = command.attributes();
    let attributes = |user: &User| match wanted.as_slice() {
        [one] => attribute(user, homes, one),
        several => {
            let fields = several.iter().map(|name| ((*name).to_owned(), attribute(user, homes, name)));
            Value::Object(fields.collect())
        }
    };
    let listed: Map<_, _> = users.iter().map(|user| (user.id.to_string(), attributes(user))).collect();
    Ok(command.output.render(&Value::Object(listed)))
}

impl List {
    fn attributes(&self) -> Vec<&str> {
        match self.show_all_attributes {
            true => ATTRIBUTES.to_vec(),
            false => self.attributes.iter().map(String::as_str).collect(),
        }
    }
}

fn matches(user: &User, wanted: &str) -> bool {
    let email = user.email.as_ref().map(Email::folded).unwrap_or_default();
    user.id.folded().contains(wanted)
        || fold(user.display_name.as_str()).contains(wanted)
        || email.contains(wanted)
}

/// What is not known here is blank.
fn attribute(user: &User, homes: &Homes, name: &str) -> Value {
    match name {
        "uid" => json!(user.id.as_str()),
        "email" => json!(user.email.as_ref().map(Email::as_str)),
        "quota" => json!(user.quota.to_string()),
        "enabled" => json!(user.enabled),
        "lastLogin" => json!(user.last_login.map_or(0, Timestamp::seconds)),
        "displayName" => json!(user.display_name.as_str()),
        "home" => json!(homes.path(&user.id)),
        "backend" => json!("Database"),
        _ => Value::Null,
    }
}

async fn modify(service: &Service, command: Modify) -> Result<String, Failure> {
    let Modify { uid, key, value } = command;
    let changes = match key.as_str() {
        "email" => UserChanges { email: Some(value.clone()), ..UserChanges::default() },
        _ => UserChanges { display_name: Some(value.clone()), ..UserChanges::default() },
    };
    service.install_changes(&uid, changes).await?;
    Ok(format!("The {key} of {uid} updated to {value}\n"))
}
