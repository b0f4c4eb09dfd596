//! What exports look like: the one place that says so, for writing and for reading.
//!
//! A [`Document`] is what JSON and YAML hold. In CSV, users, groups, members of groups, custom groups and
//! members of custom groups are a table each ([`TableName`]), whose columns are the fields of [`User`],
//! [`Group`], [`Place`], [`CustomGroup`] and [`Membership`]; an empty cell is a field that is not there.
//! Whatever may be left out says what stands for it then.

use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::Role;

/// The version of this shape. It rises when an older davgroups could misunderstand what is written.
pub const VERSION: u64 = 1;

/// Everything in one document. Other than in tables, members stand with their groups.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Document<U = User, G = Group, C = CustomGroup> {
    /// [`VERSION`]; what has no such field is no export.
    pub davgroups_export: u64,
    /// Users; none.
    #[serde(default = "Vec::new")]
    pub users: Vec<U>,
    /// Groups of the provisioning API; none.
    #[serde(default = "Vec::new")]
    pub groups: Vec<G>,
    /// Custom groups; none.
    #[serde(default = "Vec::new")]
    pub custom_groups: Vec<C>,
}

/// A user.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The id.
    pub id: String,
    /// The name people see; the id.
    #[serde(default)]
    pub display_name: String,
    /// The e-mail address; none.
    #[serde(default)]
    pub email: Option<String>,
    /// `default`, `none` or a size such as `5 GB`; `default`.
    #[serde(default = "default_quota", deserialize_with = "size")]
    pub quota: String,
    /// Whether the user may log in; true.
    #[serde(default = "yes", deserialize_with = "truth")]
    pub enabled: bool,
    /// Whether the account is marked as a guest's; false.
    #[serde(default, deserialize_with = "truth")]
    pub guest: bool,
    /// The hash of the password, as davgroups or the server made it that the user comes from; nobody logs
    /// in without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// A group of the provisioning API.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The id.
    pub id: String,
    /// The name people see; the id.
    #[serde(default)]
    pub display_name: String,
    /// The ids of its members; none. No column of a table.
    #[serde(default)]
    pub members: Vec<String>,
    /// The ids of those who manage it without being administrator; none. No column of a table.
    #[serde(default)]
    pub subadmins: Vec<String>,
}

/// What somebody is in a group of the provisioning API; the same person may be both, in two rows.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The id of the group.
    pub group: String,
    /// The id of the user.
    pub user: String,
    /// `member` or `subadmin`; `member`.
    #[serde(default = "member")]
    pub role: String,
}

/// What a [`Place`] says of those who manage a group.
pub const SUBADMIN: &str = "subadmin";

/// A custom group.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CustomGroup {
    /// The number that clients see; the next that is free.
    #[serde(default, deserialize_with = "number")]
    pub number: Option<i64>,
    /// The uri, which is its name in paths.
    pub uri: String,
    /// The name people see; the uri.
    #[serde(default)]
    pub display_name: String,
    /// Its members, those of longest standing first; none. No column of a table.
    #[serde(default)]
    pub members: Vec<Member>,
}

/// A member of the custom group that it stands with.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The id of the user.
    pub user: String,
    /// `member` or `admin`; `member`.
    #[serde(default = "member")]
    pub role: String,
}

/// A member of a custom group, in a table.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// The uri of the custom group.
    pub custom_group: String,
    /// The id of the user.
    pub user: String,
    /// `member` or `admin`; `member`.
    #[serde(default = "member")]
    pub role: String,
}

/// The tables of an export in CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableName {
    /// [`User`].
    Users,
    /// [`Group`].
    Groups,
    /// [`Place`].
    GroupMembers,
    /// [`CustomGroup`].
    CustomGroups,
    /// [`Membership`].
    CustomGroupMembers,
}

impl TableName {
    /// All of them, in the order in which they are read.
    pub const ALL: [Self; 5] =
        [Self::Users, Self::Groups, Self::GroupMembers, Self::CustomGroups, Self::CustomGroupMembers];

    /// The name of the file without `.csv`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Groups => "groups",
            Self::GroupMembers => "group_members",
            Self::CustomGroups => "custom_groups",
            Self::CustomGroupMembers => "custom_group_members",
        }
    }

    /// The table with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.as_str() == name)
    }

    /// The names of its columns.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Users => &["id", "display_name", "email", "quota", "enabled", "guest", PASSWORD],
            Self::Groups => &["id", "display_name"],
            Self::GroupMembers => &["group", "user", "role"],
            Self::CustomGroups => &["number", "uri", "display_name"],
            Self::CustomGroupMembers => &["custom_group", "user", "role"],
        }
    }
}

/// The column that is there only if passwords are wanted.
pub const PASSWORD: &str = "password";

fn default_quota() -> String {
    crate::domain::Quota::Default.to_string()
}

fn yes() -> bool {
    true
}

fn member() -> String {
    Role::Member.as_str().to_owned()
}

/// True or false, or what spreadsheets make of them.
fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "neither true nor false")]
    enum Truth {
        Bool(bool),
        Text(String),
    }
    match Truth::deserialize(deserializer)? {
        Truth::Bool(truth) => Ok(truth),
        Truth::Text(text) => text
            .to_ascii_lowercase()
            .parse()
            .map_err(|_| serde::de::Error::custom(format_args!("{text:?} is neither true nor false"))),
    }
}

/// A text, or a number of bytes that stands there as a number.
fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "no quota, which is none, default or a size")]
    enum Size {
        Bytes(u64),
        Text(String),
    }
    Ok(match Size::deserialize(deserializer)? {
        Size::Bytes(bytes) => bytes.to_string(),
        Size::Text(text) => text,
    })
}

/// A number, or a cell that holds one.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "no whole number where one belongs")]
    enum Number {
        Number(i64),
        Text(String),
    }
    match Option::deserialize(deserializer)? {
        None => Ok(None),
        Some(Number::Number(number)) => Ok(Some(number)),
        Some(Number::Text(text)) => text
            .parse()
            .map(Some)
            .map_err(|_| serde::de::Error::custom(format_args!("{text:?} is no whole number"))),
    }
}
