//! Everything of a kind at once.

use rusqlite::Row;

use super::custom_groups::{custom_group, role};
use super::session::Session;
use super::users::user_id;
use crate::domain::{CustomGroup, GroupId, GroupUri, PasswordHash, Result, Role, UserId};
use crate::store::BulkReader;

impl BulkReader for Session<'_> {
    fn passwords(&self) -> Result<Vec<(UserId, PasswordHash)>> {
        self.all("SELECT id, password FROM users ORDER BY id", [], |row| {
            Ok((user_id(row, 0)?, PasswordHash::new(row.get(1)?)))
        })
    }

    fn all_group_members(&self) -> Result<Vec<(GroupId, UserId)>> {
        self.all("SELECT group_id, user_id FROM group_members ORDER BY group_id, user_id", [], group_and_user)
    }

    fn all_subadmins(&self) -> Result<Vec<(GroupId, UserId)>> {
        self.all("SELECT group_id, user_id FROM subadmins ORDER BY group_id, user_id", [], group_and_user)
    }

    fn all_custom_groups(&self) -> Result<Vec<CustomGroup>> {
        let sql = "SELECT number, uri, display_name FROM custom_groups ORDER BY number";
        self.all(sql, [], custom_group)
    }

    fn all_memberships(&self) -> Result<Vec<(GroupUri, UserId, Role)>> {
        self.all(
            "SELECT g.uri, m.user_id, m.role
             FROM custom_group_members m JOIN custom_groups g ON g.number = m.group_number
             ORDER BY m.group_number, m.joined_at, m.user_id",
            [],
            |row| Ok((GroupUri::stored(row.get(0)?), user_id(row, 1)?, role(row, 2)?)),
        )
    }
}

fn group_and_user(row: &Row<'_>) -> rusqlite::Result<(GroupId, UserId)> {
    Ok((GroupId::stored(row.get(0)?), user_id(row, 1)?))
}
