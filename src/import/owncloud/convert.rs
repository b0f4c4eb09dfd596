//! From the tables of an ownCloud to what can be taken over: every rule of ours is checked here, and
//! every row that breaks one is named.

use std::collections::{HashMap, HashSet};

use super::source::Broken;
use super::tables::{AccountRow, CustomGroupRow, MemberRow, Preferences, Tables, UserRow};
use crate::domain::fold::fold;
use crate::domain::{
    CustomGroupNumber, DisplayName, Email, GroupId, GroupName, GroupUri, NewUser, PasswordHash, Quota, Role,
    Timestamp, UserId, UserName,
};
use crate::import::{Reading, shared_addresses};
use crate::service::{CustomGroupRecord, Finding, Inventory, Service, UserRecord};

/// The state of an account that may log in.
const ENABLED: i64 = 1;

/// The state of an account that is being deleted.
const DELETED: i64 = 3;

/// What the backend of users with passwords in the table of users is called.
const OWN_BACKEND: &str = "OC\\User\\Database";

/// Makes of `tables` what can be taken over. `salt` is what the oldest passwords were salted with.
pub(super) fn convert(tables: Tables, salt: Option<&str>) -> Reading {
    let mut conversion = Conversion { salt, ..Conversion::default() };
    let accounts = conversion.accounts(tables.accounts);
    conversion.users(tables.users, accounts, &tables.preferences);
    conversion.findings.extend(shared_addresses(&conversion.inventory.users));
    conversion.groups(tables.groups);
    let members = conversion.places("the place of", tables.group_members);
    let subadmins = conversion.places("the subadmin", tables.subadmins);
    conversion.inventory.group_members = members;
    conversion.inventory.subadmins = subadmins;
    conversion.custom_groups(tables.custom_groups);
    conversion.memberships(tables.memberships);
    Reading { inventory: conversion.inventory, findings: conversion.findings }
}

/// Somebody before anything was checked, put together from all tables.
struct Draft {
    id: String,
    user: Option<UserRow>,
    account: Option<AccountRow>,
}

/// What has been made so far.
#[derive(Default)]
struct Conversion<'a> {
    salt: Option<&'a str>,
    inventory: Inventory,
    findings: Vec<Finding>,
    /// The ids that were taken, as they are spelt there.
    users: HashSet<String>,
    /// The same without regard to case, and how each is spelt.
    folded: HashMap<String, UserId>,
    /// The groups that were taken.
    groups: HashSet<String>,
    /// The custom groups that were taken, by number.
    custom_groups: HashMap<i64, GroupUri>,
}

impl Conversion<'_> {
    fn left_out(&mut self, subject: impl Into<String>, reason: impl ToString) {
        self.findings.push(Finding::left_out(subject, reason));
    }

    fn noted(&mut self, subject: impl Into<String>, reason: impl ToString) {
        self.findings.push(Finding::noted(subject, reason));
    }

    /// The rows that could be read; the others are named by their place in the table.
    fn readable<T>(&mut self, table: &str, rows: Vec<Result<T, Broken>>) -> Vec<T> {
        let mut readable = Vec::with_capacity(rows.len());
        for (index, row) in rows.into_iter().enumerate() {
            match row {
                Ok(row) => readable.push(row),
                Err(broken) => self.left_out(format!("row {} of {table}", index + 1), broken),
            }
        }
        readable
    }

    fn accounts(&mut self, rows: Vec<Result<AccountRow, Broken>>) -> Vec<AccountRow> {
        self.readable("accounts", rows)
    }

    /// Everybody in the table of users, then those whose passwords another service keeps.
    fn users(
        &mut self,
        rows: Vec<Result<UserRow, Broken>>,
        accounts: Vec<AccountRow>,
        preferences: &Preferences,
    ) {
        let rows = self.readable("users", rows);
        let mut accounts: Vec<Option<AccountRow>> = accounts.into_iter().map(Some).collect();
        let places: HashMap<String, usize> = accounts
            .iter()
            .enumerate()
            .filter_map(|(index, row)| row.as_ref().map(|row| (row.user.clone(), index)))
            .collect();
        for row in rows {
            let account = places.get(&row.id).and_then(|&index| accounts[index].take());
            let draft = Draft { id: row.id.clone(), user: Some(row), account };
            self.user(draft, preferences);
        }
        for account in accounts.into_iter().flatten() {
            let draft = Draft { id: account.user.clone(), user: None, account: Some(account) };
            self.user(draft, preferences);
        }
    }

    fn user(&mut self, draft: Draft, preferences: &Preferences) {
        let subject = format!("user {}", draft.id);
        let id = match UserId::new(&draft.id) {
            Ok(id) => id,
            Err(error) => return self.left_out(subject, error),
        };
        if let Some(reason) = draft.reason_against() {
            return self.left_out(subject, reason);
        }
        if let Some(other) = self.folded.get(&id.folded()) {
            let reason = format!("the id differs from {other} in nothing but case");
            return self.left_out(subject, reason);
        }
        let preference = |app: &str, key: &str| {
            let found = preferences.get(&draft.id)?.get(&(app.to_owned(), key.to_owned()))?;
            Some(found.clone())
        };
        let password = self.password(&subject, &draft);
        let user = NewUser {
            password,
            display_name: self.display_name(&subject, &id, &draft),
            email: self.email(&subject, draft.email().or_else(|| preference("settings", "email"))),
            quota: self.quota(&subject, draft.quota().or_else(|| preference("files", "quota"))),
            id: id.clone(),
        };
        let last_login = preference("login", "lastLogin").and_then(|seconds| seconds.parse().ok());
        let account = draft.account.as_ref();
        self.inventory.users.push(UserRecord {
            user,
            enabled: draft
                .enabled()
                .unwrap_or_else(|| preference("core", "enabled").as_deref() != Some("false")),
            guest: preference("owncloud", "isGuest").as_deref() == Some("1"),
            created: account.and_then(|account| moment(account.created)),
            last_login: account.and_then(|account| moment(account.last_login)).or(moment(last_login)),
        });
        self.folded.insert(id.folded(), id);
        self.users.insert(draft.id);
    }

    fn password(&mut self, subject: &str, draft: &Draft) -> PasswordHash {
        let text = draft.user.as_ref().and_then(|user| user.password.as_deref()).unwrap_or_default();
        let stored = match self.salt {
            // Only the oldest are without a prefix, and only they were salted.
            Some(salt) if text.starts_with("$2") => format!("{text}|{salt}"),
            _ => text.to_owned(),
        };
        let hash = PasswordHash::new(stored);
        if !hash.is_locked() && Service::is_known_hash(&hash) {
            return hash;
        }
        let reason = if text.is_empty() {
            "has no password here"
        } else if text.starts_with("$2") {
            "the password is salted with the passwordsalt of config.php; give that with --salt-file"
        } else {
            "the password is hashed in a way that is not known, or that takes seconds"
        };
        self.noted(subject, format!("{reason}; without one nobody logs in: davgroups user passwd"));
        PasswordHash::locked()
    }

    fn display_name(&mut self, subject: &str, id: &UserId, draft: &Draft) -> UserName {
        let account = draft.account.as_ref().and_then(|account| account.display_name.as_deref());
        let user = draft.user.as_ref().and_then(|user| user.display_name.as_deref());
        let name = account.filter(|name| !name.is_empty()).or(user).unwrap_or_default();
        UserName::new(name, id).unwrap_or_else(|error| {
            self.noted(subject, format!("{error}; the id stands in its place"));
            UserName::stored(id.to_string())
        })
    }

    fn email(&mut self, subject: &str, address: Option<String>) -> Option<Email> {
        let address = address.unwrap_or_default();
        Email::new(address.trim()).unwrap_or_else(|_| {
            self.noted(subject, format!("{address:?} is no e-mail address, and is not taken"));
            None
        })
    }

    fn quota(&mut self, subject: &str, quota: Option<String>) -> Quota {
        let Some(quota) = quota.filter(|quota| !quota.is_empty()) else {
            return Quota::Default;
        };
        Quota::parse(&quota).unwrap_or_else(|_| {
            self.noted(subject, format!("{quota:?} is no quota; the default stands in its place"));
            Quota::Default
        })
    }

    fn groups(&mut self, rows: Vec<Result<(String, Option<String>), Broken>>) {
        for (name, display_name) in self.readable("groups", rows) {
            let subject = format!("group {name}");
            match GroupId::new(&name) {
                Ok(id) if self.groups.insert(name) => {
                    let display_name = self.group_name(&subject, &id, display_name);
                    self.inventory.groups.push((id, display_name));
                }
                Ok(_) => {}
                Err(error) => self.left_out(subject, error),
            }
        }
    }

    fn group_name(&mut self, subject: &str, id: &GroupId, name: Option<String>) -> GroupName {
        GroupName::new(&name.unwrap_or_default(), id).unwrap_or_else(|error| {
            self.noted(subject, format!("{error}; the id stands in the place of its display name"));
            GroupName::stored(id.to_string())
        })
    }

    /// Pairs of a group and a user, both of which were taken.
    fn places(&mut self, what: &str, rows: Vec<Result<(String, String), Broken>>) -> Vec<(GroupId, UserId)> {
        let mut places = Vec::with_capacity(rows.len());
        for (group, user) in self.readable("the members of groups", rows) {
            let subject = format!("{what} {user} in group {group}");
            match self.taken_user(&user) {
                _ if !self.groups.contains(&group) => self.left_out(subject, "that group is not taken"),
                None => self.left_out(subject, "that user is not taken"),
                Some(user) => places.push((GroupId::stored(group), user)),
            }
        }
        places
    }

    /// The user that is meant: the one spelt so or, where there never was one, in another case.
    fn taken_user(&self, id: &str) -> Option<UserId> {
        if self.users.contains(id) {
            return Some(UserId::stored(id));
        }
        self.folded.get(&fold(id)).cloned()
    }

    fn custom_groups(&mut self, rows: Vec<Result<CustomGroupRow, Broken>>) {
        let mut uris = HashSet::new();
        for row in self.readable("custom_group", rows) {
            let subject = format!("custom group {}", row.uri);
            let uri = row.uri.clone();
            match custom_group(row) {
                Err(reason) => self.left_out(subject, reason),
                Ok(_) if !uris.insert(uri) => self.left_out(subject, "another group has this uri"),
                Ok(group) => {
                    if let Some(number) = group.number {
                        self.custom_groups.insert(number.get(), group.uri.clone());
                    }
                    self.inventory.custom_groups.push(group);
                }
            }
        }
    }

    fn memberships(&mut self, rows: Vec<Result<MemberRow, Broken>>) {
        let mut seen = HashSet::new();
        for row in self.readable("custom_group_member", rows) {
            let group = row.group.and_then(|number| self.custom_groups.get(&number).cloned());
            let number = row.group.map_or_else(|| "without a number".to_owned(), |number| number.to_string());
            let subject = format!("the membership of {} in custom group {number}", row.user);
            match (group, self.taken_user(&row.user), role(row.role)) {
                (None, ..) => self.left_out(subject, "that group is not taken"),
                (_, None, _) => self.left_out(subject, "that user is not taken"),
                (.., None) => self.left_out(subject, "its role is neither 0 (member) nor 1 (admin)"),
                (Some(group), Some(user), Some(role)) => {
                    if seen.insert((group.clone(), user.clone())) {
                        self.inventory.memberships.push((group, user, role));
                    } else {
                        self.left_out(subject, "that user is in that group already, in other capitals");
                    }
                }
            }
        }
    }
}

impl Draft {
    /// Why nobody should be taken for this.
    fn reason_against(&self) -> Option<&'static str> {
        let account = self.account.as_ref()?;
        let own = account.backend.as_deref().is_none_or(|backend| backend == OWN_BACKEND);
        if account.state == Some(DELETED) {
            Some("the account is being deleted there")
        } else if self.user.is_none() && own {
            Some("the account is a remainder of a user who was deleted")
        } else {
            None
        }
    }

    fn email(&self) -> Option<String> {
        self.account.as_ref().and_then(|account| account.email.clone())
    }

    fn quota(&self) -> Option<String> {
        self.account.as_ref().and_then(|account| account.quota.clone())
    }

    fn enabled(&self) -> Option<bool> {
        self.account.as_ref().and_then(|account| account.state).map(|state| state == ENABLED)
    }
}

fn custom_group(row: CustomGroupRow) -> Result<CustomGroupRecord, String> {
    let number = row.number.map(CustomGroupNumber::brought).ok_or("it has no number")?;
    let number = number.map_err(|fault| fault.to_string())?;
    let uri = GroupUri::new(&row.uri).map_err(|error| error.to_string())?;
    let display_name = DisplayName::new(&row.display_name).map_err(|error| error.to_string())?;
    Ok(CustomGroupRecord { number: Some(number), uri, display_name })
}

fn role(number: Option<i64>) -> Option<Role> {
    match number {
        Some(0) => Some(Role::Member),
        Some(1) => Some(Role::Admin),
        _ => None,
    }
}

/// Seconds since 1970 as a moment; 0 is never.
fn moment(seconds: Option<i64>) -> Option<Timestamp> {
    seconds.filter(|seconds| *seconds > 0).and_then(|seconds| seconds.checked_mul(1000)).map(Timestamp)
}
