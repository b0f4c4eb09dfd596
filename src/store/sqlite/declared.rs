//! What was made because it was declared.

use super::custom_groups::custom_group;
use super::groups::group_id;
use super::session::Session;
use super::users::user_id;
use crate::domain::{CustomGroup, CustomGroupNumber, GroupId, Result, UserId};
use crate::store::{DeclaredReader, DeclaredWriter};

impl DeclaredReader for Session<'_> {
    fn declared_users(&self) -> Result<Vec<UserId>> {
        self.all("SELECT user_id FROM declared_users ORDER BY user_id", [], |row| user_id(row, 0))
    }

    fn declared_groups(&self) -> Result<Vec<GroupId>> {
        self.all("SELECT group_id FROM declared_groups ORDER BY group_id", [], group_id)
    }

    fn declared_custom_groups(&self) -> Result<Vec<CustomGroup>> {
        self.all(
            "SELECT number, uri, display_name FROM custom_groups
             JOIN declared_custom_groups ON group_number = number ORDER BY number",
            [],
            custom_group,
        )
    }
}

impl DeclaredWriter for Session<'_> {
    fn declare_user(&mut self, user: &UserId) -> Result<()> {
        self.change("INSERT INTO declared_users (user_id) VALUES (?1)", [user.as_str()])?;
        Ok(())
    }

    fn declare_group(&mut self, group: &GroupId) -> Result<()> {
        self.change("INSERT INTO declared_groups (group_id) VALUES (?1)", [group.as_str()])?;
        Ok(())
    }

    fn declare_custom_group(&mut self, group: CustomGroupNumber) -> Result<()> {
        self.change("INSERT INTO declared_custom_groups (group_number) VALUES (?1)", [group.get()])?;
        Ok(())
    }
}
