//! The tables as they are, without any rule of ours.

use std::collections::HashMap;

use super::source::{Broken, Cells, Source, SourceError};

/// A row, or what is wrong with it.
type Readable<T> = Result<T, Broken>;

/// Somebody who logs in with a password of the server's own.
pub(super) struct UserRow {
    pub(super) id: String,
    pub(super) display_name: Option<String>,
    pub(super) password: Option<String>,
}

/// What ownCloud 10 and later know of a user, wherever the password is.
pub(super) struct AccountRow {
    pub(super) user: String,
    pub(super) email: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) quota: Option<String>,
    pub(super) last_login: Option<i64>,
    pub(super) created: Option<i64>,
    pub(super) backend: Option<String>,
    pub(super) state: Option<i64>,
}

/// A custom group.
pub(super) struct CustomGroupRow {
    pub(super) number: Option<i64>,
    pub(super) uri: String,
    pub(super) display_name: String,
}

/// A place in a custom group.
pub(super) struct MemberRow {
    pub(super) group: Option<i64>,
    pub(super) user: String,
    pub(super) role: Option<i64>,
}

/// The preferences that matter, by user and then by app and key.
pub(super) type Preferences = HashMap<String, HashMap<(String, String), String>>;

/// Everything that is read.
pub(super) struct Tables {
    pub(super) users: Vec<Readable<UserRow>>,
    pub(super) accounts: Vec<Readable<AccountRow>>,
    pub(super) preferences: Preferences,
    /// Id, and display name if there is one.
    pub(super) groups: Vec<Readable<(String, Option<String>)>>,
    /// Group, then user.
    pub(super) group_members: Vec<Readable<(String, String)>>,
    /// Group, then user.
    pub(super) subadmins: Vec<Readable<(String, String)>>,
    pub(super) custom_groups: Vec<Readable<CustomGroupRow>>,
    pub(super) memberships: Vec<Readable<MemberRow>>,
}

impl Tables {
    pub(super) fn read(source: &Source) -> Result<Self, SourceError> {
        let has = |table| source.columns(table).map(|columns| !columns.is_empty());
        // Nextcloud has another table of this name, in which nothing of this is.
        let accounts = source.columns("accounts")?.contains("user_id");
        let custom_groups = has("custom_group")?;
        Ok(Self {
            users: source.rows("users", &["uid", "displayname", "password"], &[], user)?,
            accounts: if accounts { read_accounts(source)? } else { Vec::new() },
            preferences: if has("preferences")? { preferences(source)? } else { HashMap::new() },
            groups: source
                .rows("groups", &["gid"], &["displayname"], |row| Ok((row.name(0)?, row.text(1)?)))?,
            group_members: source.rows("group_user", &["gid", "uid"], &[], pair)?,
            subadmins: match has("group_admin")? {
                true => source.rows("group_admin", &["gid", "uid"], &[], pair)?,
                false => Vec::new(),
            },
            custom_groups: match custom_groups {
                true => source.rows("custom_group", &["group_id", "uri", "display_name"], &[], group)?,
                false => Vec::new(),
            },
            memberships: match custom_groups {
                true => source.rows("custom_group_member", &["group_id", "user_id", "role"], &[], member)?,
                false => Vec::new(),
            },
        })
    }
}

fn user(row: &Cells<'_>) -> Readable<UserRow> {
    Ok(UserRow { id: row.name(0)?, display_name: row.text(1)?, password: row.text(2)? })
}

fn read_accounts(source: &Source) -> Result<Vec<Readable<AccountRow>>, SourceError> {
    let required = ["user_id", "email", "display_name", "quota", "last_login", "backend", "state"];
    source.rows("accounts", &required, &["creation_time"], |row| {
        Ok(AccountRow {
            user: row.name(0)?,
            email: row.text(1)?,
            display_name: row.text(2)?,
            quota: row.text(3)?,
            last_login: row.number(4)?,
            backend: row.text(5)?,
            state: row.number(6)?,
            created: row.number(7)?,
        })
    })
}

/// A preference that cannot be read is none.
fn preferences(source: &Source) -> Result<Preferences, SourceError> {
    let mut preferences = Preferences::new();
    source.rows("preferences", &["userid", "appid", "configkey", "configvalue"], &[], |row| {
        if let (Ok(user), Ok(app), Ok(key), Ok(value)) = (row.name(0), row.name(1), row.name(2), row.name(3))
            && is_wanted(&app, &key)
        {
            preferences.entry(user).or_default().insert((app, key), value);
        }
    })?;
    Ok(preferences)
}

fn is_wanted(app: &str, key: &str) -> bool {
    let wanted = [
        ("settings", "email"),
        ("files", "quota"),
        ("core", "enabled"),
        ("login", "lastLogin"),
        ("owncloud", "isGuest"),
    ];
    wanted.contains(&(app, key))
}

fn pair(row: &Cells<'_>) -> Readable<(String, String)> {
    Ok((row.name(0)?, row.name(1)?))
}

fn group(row: &Cells<'_>) -> Readable<CustomGroupRow> {
    Ok(CustomGroupRow { number: row.number(0)?, uri: row.name(1)?, display_name: row.name(2)? })
}

fn member(row: &Cells<'_>) -> Readable<MemberRow> {
    Ok(MemberRow { group: row.number(0)?, user: row.name(1)?, role: row.number(2)? })
}
