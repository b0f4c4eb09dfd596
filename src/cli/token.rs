//! `davgroups token`: what programs log in with instead of a password.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::operator::{block_on, open_existing};
use super::output::{self, Output};
use super::{Failure, when};
use crate::config::Config;
use crate::domain::{Timestamp, Token, TokenName, TokenNumber, TokenScope};
use crate::service::Service;

/// What never ends.
const NEVER: &str = "never";

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a token for a user, and print it; it is shown this once
    ///
    /// A program sends it as `Authorization: Bearer dgt_...`, or as the password of its user. A token never
    /// allows more than its user may do. Each scope includes those before it:
    ///
    ///   read    look at what the user may look at
    ///   groups  change custom groups over WebDAV
    ///   users   change users and groups over OCS, but nothing that makes administrators or concerns them
    ///   admin   whatever the user may do
    #[command(
        verbatim_doc_comment,
        after_help = "Examples:
  davgroups token create --user alice --scope groups --name 'nightly sync'
  davgroups token create --user admin --scope read --expires never --output json
  davgroups token create --user admin --scope users --expires 2026-12-31"
    )]
    Create(Create),
    /// List tokens: number, user, name, scope, when made, when last used, and when they expire
    #[command(after_help = "Examples:
  davgroups token list
  davgroups token list --user alice --output csv")]
    List(List),
    /// Make a token worthless at once, also for a running server
    #[command(after_help = "Examples:
  davgroups token revoke 3
  davgroups token revoke --user alice --all")]
    Revoke(Revoke),
}

#[derive(Args)]
pub(super) struct Create {
    /// Whose token it is, by id
    #[arg(long, value_name = "USER")]
    user: String,
    /// How far it reaches
    #[arg(long, value_name = "SCOPE", value_parser = scope())]
    scope: TokenScope,
    /// When it stops being valid: 90d, 2026-12-31 (which begins at midnight UTC), or never
    #[arg(long, value_name = "TIME", default_value = "90d", value_parser = expiry)]
    expires: Expiry,
    /// What it is for
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    name: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct List {
    /// Only those of this user, by id
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Revoke {
    /// The token's number, as `token list` shows it
    #[arg(required_unless_present = "user", conflicts_with = "user")]
    number: Option<i64>,
    /// Revoke tokens of this user, by id
    #[arg(long, value_name = "USER", requires = "all")]
    user: Option<String>,
    /// Revoke all of them, and print how many there were
    #[arg(long, requires = "user")]
    all: bool,
}

#[derive(Clone, Copy)]
enum Expiry {
    Never,
    At(Timestamp),
}

fn expiry(text: &str) -> Result<Expiry, String> {
    if text == NEVER { Ok(Expiry::Never) } else { when::future(text).map(Expiry::At) }
}

fn scope() -> impl TypedValueParser<Value = TokenScope> {
    PossibleValuesParser::new(TokenScope::ALL.map(TokenScope::as_str))
        .try_map(|name| TokenScope::from_name(&name).ok_or("no such scope"))
}

pub(super) fn run(command: Command, config: &Config) -> Result<(), Failure> {
    block_on(async {
        let service = open_existing(config)?;
        match command {
            Command::Create(command) => create(&service, &command).await,
            Command::List(command) => list(&service, &command),
            Command::Revoke(command) => revoke(&service, &command).await,
        }
    })
}

async fn create(service: &Service, command: &Create) -> Result<(), Failure> {
    let name = TokenName::new(&command.name)?;
    let expires = match command.expires {
        Expiry::Never => None,
        Expiry::At(end) => Some(end),
    };
    let (token, secret) = service.create_token(&command.user, name, command.scope, expires).await?;
    command.output.show(&[
        ("token", json!(secret.expose())),
        ("number", json!(token.number.get())),
        ("user", json!(token.user.as_str())),
        ("name", json!(token.name.as_str())),
        ("scope", json!(token.scope.as_str())),
        ("expires", json!(expiry_of(&token))),
    ])
}

fn list(service: &Service, command: &List) -> Result<(), Failure> {
    let rows: Vec<_> = service.tokens(command.user.as_deref())?.iter().map(row).collect();
    command.output.list(&["number", "user", "name", "scope", "created", "last_used", "expires"], &rows)
}

fn row(token: &Token) -> Vec<Value> {
    vec![
        json!(token.number.get()),
        json!(token.user.as_str()),
        json!(token.name.as_str()),
        json!(token.scope.as_str()),
        json!(when::shown(token.created)),
        json!(token.last_used.map(when::shown)),
        json!(expiry_of(token)),
    ]
}

fn expiry_of(token: &Token) -> String {
    token.expires.map_or_else(|| NEVER.to_owned(), when::shown)
}

async fn revoke(service: &Service, command: &Revoke) -> Result<(), Failure> {
    if let Some(user) = &command.user {
        let revoked = service.revoke_tokens_of(user).await?;
        return output::print(&format!("{revoked}\n"));
    }
    let number = command.number.ok_or_else(|| Failure::Usage("name a token by its number".to_owned()))?;
    Ok(service.revoke_token(TokenNumber::new(number)).await?)
}
