//! Users and apps as clients are shown them.

use std::path::Path;

use super::value::Value;
use crate::domain::provisioning::Relation;
use crate::domain::{Email, User};
use crate::edge::Compat;
use crate::service::{AppInfo, Usage, UserView};

/// Everything there is to say about a user.
pub(super) struct Details<'a> {
    pub found: &'a UserView,
    pub usage: &'a Usage,
    pub home: Option<&'a Path>,
}

/// One entry of a user's details: the name clients know it by, and where it comes from.
type Entry = (&'static str, fn(&Details<'_>, Compat) -> Value);

/// What ownCloud shows, in its order; the manual's entries are among them.
const USER: &[Entry] = &[
    ("enabled", |details, _| enabled(&details.found.user)),
    ("quota", |details, compat| quota(compat, &details.found.user, details.usage)),
    ("email", |details, _| email(&details.found.user)),
    ("displayname", |details, _| details.found.user.display_name.as_str().into()),
    ("home", |details, _| Value::optional(details.home.map(|home| home.to_string_lossy()))),
    ("two_factor_auth_enabled", |_, _| "false".into()),
    ("last_login", |details, _| Value::Number(details.found.user.last_login.map_or(0, |at| at.seconds()))),
    ("creation_time", |details, _| Value::Number(details.found.user.created.seconds())),
    ("language", |_, _| LANGUAGE.into()),
];

/// The language of every message.
const LANGUAGE: &str = "en";

/// Which entries a profile shows.
fn entries(compat: Compat) -> &'static [Entry] {
    match compat {
        Compat::Owncloud | Compat::Documented => USER,
    }
}

/// A user's details. Those who manage no users are not told what they know, that they are enabled.
pub(super) fn user(compat: Compat, details: &Details<'_>) -> Value {
    let told = details.found.relation != Relation::Oneself;
    let shown = |entry: &&Entry| told || entry.0 != "enabled";
    let entries = entries(compat).iter().filter(shown);
    Value::Map(entries.map(|(name, value)| ((*name).to_owned(), value(details, compat))).collect())
}

/// What is said about a user who has just been made.
pub(super) fn new_user(compat: Compat, user: &User, usage: &Usage) -> Value {
    Value::map([("email", email(user)), ("quota", quota(compat, user, usage)), ("enabled", enabled(user))])
}

/// What one is told about oneself at login.
pub(super) fn own(user: &User) -> Value {
    Value::map([
        ("id", user.id.as_str().into()),
        ("display-name", user.display_name.as_str().into()),
        ("email", email(user)),
        ("language", LANGUAGE.into()),
    ])
}

fn enabled(user: &User) -> Value {
    if user.enabled { "true".into() } else { "false".into() }
}

fn email(user: &User) -> Value {
    Value::optional(user.email.as_ref().map(Email::as_str))
}

/// The manual prints a number of bytes, 0 for no limit; ownCloud has more to say.
fn quota(compat: Compat, user: &User, usage: &Usage) -> Value {
    match compat {
        Compat::Documented => Value::amount(user.quota.bytes().unwrap_or(0)),
        Compat::Owncloud => Value::map([
            ("free", Value::amount(usage.free)),
            ("used", Value::amount(usage.used)),
            ("total", Value::amount(usage.total)),
            ("relative", Value::Decimal(usage.relative)),
            ("definition", user.quota.to_string().into()),
        ]),
    }
}

/// What an app says about itself, in the order of the manual.
pub(super) fn app(info: AppInfo) -> Value {
    let flag = |flag: bool| if flag { Value::from("true") } else { Value::Null };
    let dependencies = info.dependencies.into_iter().map(|dependency| {
        let conditions = pairs(dependency.conditions);
        (dependency.name, if conditions.is_empty() { Value::Text(dependency.text) } else { conditions })
    });
    Value::map([
        ("info", Value::Null),
        ("remote", pairs(info.remote)),
        ("public", pairs(info.public)),
        ("id", info.id.into()),
        ("name", info.name.into()),
        ("description", info.description.into()),
        ("licence", info.licence.into()),
        ("author", info.author.into()),
        ("require", info.require.into()),
        ("shipped", flag(info.shipped)),
        ("standalone", flag(info.standalone)),
        ("default_enable", flag(info.default_enable)),
        ("types", Value::texts(info.types)),
        ("version", info.version.into()),
        ("dependencies", Value::Map(dependencies.collect())),
    ])
}

fn pairs(pairs: Vec<(String, String)>) -> Value {
    Value::Map(pairs.into_iter().map(|(name, text)| (name, Value::Text(text))).collect())
}
