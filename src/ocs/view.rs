//! Users and apps as clients are shown them.

use std::path::Path;

use super::value::Value;
use crate::domain::provisioning::{Relation, UserField};
use crate::domain::{Email, GroupId, Principal, User};
use crate::edge::Compat;
use crate::service::{AppInfo, GroupDetails, Usage, UserDetails};

/// Everything there is to say about a user.
pub(super) struct Details<'a> {
    pub found: &'a UserDetails,
    pub usage: &'a Usage,
    pub home: Option<&'a Path>,
}

/// How much is said about a user.
#[derive(Clone, Copy, Debug)]
pub(super) enum Extent {
    /// What one is told about oneself at login.
    Login,
    /// Everything.
    Full,
}

/// One entry of a user's details: the name clients know it by, and where it comes from.
type Entry = (&'static str, fn(&Details<'_>, Compat) -> Value);

/// What ownCloud says at login.
const LOGIN: &[Entry] = &[
    ("id", |details, _| details.found.user.id.as_str().into()),
    ("display-name", |details, _| details.found.user.display_name.as_str().into()),
    ("email", |details, _| email(&details.found.user)),
    ("language", |_, _| LANGUAGE.into()),
];

/// What ownCloud shows, in its order; the manual's entries are among them.
const USER: &[Entry] = &[
    ("enabled", |details, compat| enabled(compat, &details.found.user)),
    ("quota", |details, compat| quota(compat, &details.found.user, details.usage)),
    ("email", |details, _| email(&details.found.user)),
    ("displayname", |details, _| details.found.user.display_name.as_str().into()),
    ("home", home),
    ("two_factor_auth_enabled", |_, _| "false".into()),
    ("last_login", |details, _| Value::Number(details.found.user.last_login.map_or(0, |at| at.seconds()))),
    ("creation_time", |details, _| Value::Number(details.found.user.created.seconds())),
    ("language", |_, _| LANGUAGE.into()),
];

/// What clients of Nextcloud read besides. They fail when one of these is missing, so that what nobody
/// can say here about a user is there and blank.
const NEXTCLOUD: &[Entry] = &[
    ("id", |details, _| details.found.user.id.as_str().into()),
    ("display-name", |details, _| details.found.user.display_name.as_str().into()),
    ("storageLocation", home),
    ("lastLogin", |details, _| Value::Number(details.found.user.last_login.map_or(0, |at| at.0))),
    ("backend", |_, _| "Database".into()),
    ("groups", |details, _| groups(&details.found.groups)),
    ("subadmin", |details, _| groups(&details.found.subadmin_of)),
    ("additional_mail", |_, _| Value::List(Vec::new())),
    ("notify_email", |_, _| Value::Null),
    ("locale", |_, _| Value::blank()),
    ("phone", |_, _| Value::blank()),
    ("address", |_, _| Value::blank()),
    ("website", |_, _| Value::blank()),
    ("twitter", |_, _| Value::blank()),
    ("fediverse", |_, _| Value::blank()),
    ("organisation", |_, _| Value::blank()),
    ("role", |_, _| Value::blank()),
    ("headline", |_, _| Value::blank()),
    ("biography", |_, _| Value::blank()),
    ("profile_enabled", |_, _| "0".into()),
    ("backendCapabilities", |_, _| {
        Value::map([("setDisplayName", Value::Flag(true)), ("setPassword", Value::Flag(true))])
    }),
];

/// The language of every message.
const LANGUAGE: &str = "en";

/// Which entries a profile shows.
fn entries(extent: Extent, compat: Compat) -> impl Iterator<Item = &'static Entry> {
    let (first, more) = match (compat, extent) {
        (Compat::Owncloud | Compat::Documented, Extent::Login) => (LOGIN, &[][..]),
        (Compat::Owncloud | Compat::Documented, Extent::Full) => (USER, &[][..]),
        (Compat::Nextcloud, _) => (USER, NEXTCLOUD),
    };
    first.iter().chain(more)
}

/// Whether the quota is among what is shown, which takes some time to measure.
pub(super) fn tells_quota(extent: Extent, compat: Compat) -> bool {
    entries(extent, compat).any(|(name, _)| *name == "quota")
}

/// A user's details. Those who manage no users are not told what they know, that they are enabled.
pub(super) fn user(extent: Extent, compat: Compat, details: &Details<'_>) -> Value {
    let told = details.found.relation != Relation::Oneself;
    let shown = |entry: &&Entry| told || entry.0 != "enabled";
    let entries = entries(extent, compat).filter(shown);
    Value::Map(entries.map(|(name, value)| ((*name).to_owned(), value(details, compat))).collect())
}

/// What `who` may change about itself, by the keys for it.
pub(super) fn fields(who: &Principal) -> Value {
    let relation = Relation::of(who, &who.user, who.administrator, false);
    let fields = [
        ("displayname", UserField::DisplayName),
        ("email", UserField::Email),
        ("password", UserField::Password),
        ("quota", UserField::Quota),
    ];
    let open = fields.into_iter().filter(|(_, field)| relation.may_change(*field));
    Value::texts(open.map(|(key, _)| key))
}

/// A group's details.
pub(super) fn group(details: &GroupDetails) -> Value {
    let group = &details.group;
    Value::map([
        ("id", group.id.as_str().into()),
        ("displayname", group.display_name.as_str().into()),
        ("usercount", Value::amount(group.members)),
        ("disabled", Value::amount(group.disabled)),
        ("canAdd", Value::Flag(details.may_add)),
        ("canRemove", Value::Flag(details.may_remove)),
    ])
}

fn groups(ids: &[GroupId]) -> Value {
    Value::texts(ids)
}

fn home(details: &Details<'_>, _: Compat) -> Value {
    Value::optional(details.home.map(|home| home.to_string_lossy()))
}

/// What is said about a user who has just been made.
pub(super) fn new_user(compat: Compat, user: &User, usage: &Usage) -> Value {
    Value::map([
        ("email", email(user)),
        ("quota", quota(compat, user, usage)),
        ("enabled", enabled(compat, user)),
    ])
}

/// ownCloud writes a word where Nextcloud has a boolean.
fn enabled(compat: Compat, user: &User) -> Value {
    match compat {
        Compat::Owncloud | Compat::Documented => if user.enabled { "true" } else { "false" }.into(),
        Compat::Nextcloud => Value::Flag(user.enabled),
    }
}

fn email(user: &User) -> Value {
    Value::optional(user.email.as_ref().map(Email::as_str))
}

/// The manual prints a number of bytes, 0 for no limit; ownCloud has more to say.
fn quota(compat: Compat, user: &User, usage: &Usage) -> Value {
    match compat {
        Compat::Documented => Value::amount(user.quota.bytes().unwrap_or(0)),
        Compat::Owncloud => Value::Map(usage_and_definition(user, usage)),
        Compat::Nextcloud => {
            let mut shown = usage_and_definition(user, usage);
            shown.push(("quota".to_owned(), user.quota.bytes().map_or("none".into(), Value::amount)));
            Value::Map(shown)
        }
    }
}

fn usage_and_definition(user: &User, usage: &Usage) -> Vec<(String, Value)> {
    let shown = [
        ("free", Value::amount(usage.free)),
        ("used", Value::amount(usage.used)),
        ("total", Value::amount(usage.total)),
        ("relative", Value::Decimal(usage.relative)),
        ("definition", user.quota.to_string().into()),
    ];
    shown.map(|(name, value)| (name.to_owned(), value)).into()
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
