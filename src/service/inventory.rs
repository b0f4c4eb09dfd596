//! Everything there is to move from one server to another: users, groups, custom groups.

use std::fmt;

use super::Service;
use crate::domain::{
    CustomGroup, CustomGroupNumber, DisplayName, GroupId, GroupName, GroupUri, NewUser, PasswordHash, Result,
    Role, Search, Timestamp, User, UserId,
};
use crate::store::Reader;

/// A user with all that moves along.
#[derive(Clone, Debug)]
pub struct UserRecord {
    /// What every user has. The password is hashed as the server did it that the user comes from.
    pub user: NewUser,
    /// Whether the user may log in.
    pub enabled: bool,
    /// Whether the account is marked as a guest's.
    pub guest: bool,
    /// When the account was made, if that is known.
    pub created: Option<Timestamp>,
    /// When its password was last verified, if ever.
    pub last_login: Option<Timestamp>,
}

/// A custom group.
#[derive(Clone, Debug)]
pub struct CustomGroupRecord {
    /// The number it is to keep; without one it gets the next that is free.
    pub number: Option<CustomGroupNumber>,
    /// Its uri, unique among all.
    pub uri: GroupUri,
    /// The name people see.
    pub display_name: DisplayName,
}

impl fmt::Display for CustomGroupRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "custom group {}", self.uri.as_str())?;
        self.number.map_or(Ok(()), |number| write!(f, " (number {number})"))
    }
}

/// What there is to move. Each value has been checked; whether one fits to another, or to what is there
/// already where it goes, has not.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Users.
    pub users: Vec<UserRecord>,
    /// Groups of the provisioning API, with their display names.
    pub groups: Vec<(GroupId, GroupName)>,
    /// Who is in which group.
    pub group_members: Vec<(GroupId, UserId)>,
    /// Who is subadmin of which group.
    pub subadmins: Vec<(GroupId, UserId)>,
    /// Custom groups.
    pub custom_groups: Vec<CustomGroupRecord>,
    /// Who belongs to which of them, those of longest standing first.
    pub memberships: Vec<(GroupUri, UserId, Role)>,
}

impl Service {
    /// Everything in the store at one moment, as the operator, in an order that is always the same.
    ///
    /// # Errors
    /// `Store`.
    pub fn export(&self) -> Result<Inventory> {
        self.read(|reader| {
            let groups = reader.groups(&Search::default())?;
            Ok(Inventory {
                users: users(reader)?,
                groups: groups.into_iter().map(|group| (group.id, group.display_name)).collect(),
                group_members: reader.all_group_members()?,
                subadmins: reader.all_subadmins()?,
                custom_groups: reader.all_custom_groups()?.into_iter().map(CustomGroupRecord::from).collect(),
                memberships: reader.all_memberships()?,
            })
        })
    }
}

/// Users and passwords come in one order.
fn users(reader: &dyn Reader) -> Result<Vec<UserRecord>> {
    let passwords = reader.passwords()?.into_iter().map(|(_, password)| password);
    Ok(reader.users()?.into_iter().zip(passwords).map(|(user, password)| record(user, password)).collect())
}

fn record(user: User, password: PasswordHash) -> UserRecord {
    UserRecord {
        enabled: user.enabled,
        guest: user.guest,
        created: Some(user.created),
        last_login: user.last_login,
        user: NewUser {
            id: user.id,
            password,
            display_name: user.display_name,
            email: user.email,
            quota: user.quota,
        },
    }
}

impl From<CustomGroup> for CustomGroupRecord {
    fn from(group: CustomGroup) -> Self {
        Self { number: Some(group.number), uri: group.uri, display_name: group.display_name }
    }
}
