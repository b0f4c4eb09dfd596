//! Groups of the provisioning API and their subadmins.

use rusqlite::{Row, params};

use super::search::Like;
use super::session::{Session, limit_offset};
use super::users::user_id;
use crate::domain::{Error, GroupId, Pattern, Result, Search, UserId, fold::fold};
use crate::store::{GroupReader, GroupWriter};

impl GroupReader for Session<'_> {
    fn group_exists(&self, group: &GroupId) -> Result<bool> {
        self.exists("SELECT 1 FROM groups WHERE id = ?1", [group.as_str()])
    }

    fn find_groups(&self, search: &Search) -> Result<Vec<GroupId>> {
        let (limit, offset) = limit_offset(search.page);
        self.all(
            "SELECT id FROM groups WHERE id_folded LIKE ?1 ESCAPE '\\' ORDER BY id LIMIT ?2 OFFSET ?3",
            params![Like::or_null(&search.pattern), limit, offset],
            group_id,
        )
    }

    fn count_groups(&self, pattern: &Pattern) -> Result<u64> {
        self.count(
            "SELECT count(*) FROM groups WHERE id_folded LIKE ?1 ESCAPE '\\'",
            [Like::or_null(pattern)],
        )
    }

    fn groups_of(&self, user: &UserId) -> Result<Vec<GroupId>> {
        self.all(
            "SELECT group_id FROM group_members WHERE user_id = ?1 ORDER BY group_id",
            [user.as_str()],
            group_id,
        )
    }

    fn group_members(&self, group: &GroupId) -> Result<Vec<UserId>> {
        self.all(
            "SELECT user_id FROM group_members WHERE group_id = ?1 ORDER BY user_id",
            [group.as_str()],
            |row| user_id(row, 0),
        )
    }

    fn is_group_member(&self, group: &GroupId, user: &UserId) -> Result<bool> {
        self.exists(
            "SELECT 1 FROM group_members WHERE group_id = ?1 AND user_id = ?2",
            [group.as_str(), user.as_str()],
        )
    }

    fn share_a_group(&self, one: &UserId, other: &UserId) -> Result<bool> {
        self.exists(
            "SELECT 1 FROM group_members a JOIN group_members b ON b.group_id = a.group_id
             WHERE a.user_id = ?1 AND b.user_id = ?2 LIMIT 1",
            [one.as_str(), other.as_str()],
        )
    }

    fn subadmin_groups(&self, user: &UserId) -> Result<Vec<GroupId>> {
        self.all(
            "SELECT group_id FROM subadmins WHERE user_id = ?1 ORDER BY group_id",
            [user.as_str()],
            group_id,
        )
    }

    fn subadmins(&self, group: &GroupId) -> Result<Vec<UserId>> {
        self.all(
            "SELECT user_id FROM subadmins WHERE group_id = ?1 ORDER BY user_id",
            [group.as_str()],
            |row| user_id(row, 0),
        )
    }

    fn is_subadmin(&self, group: &GroupId, user: &UserId) -> Result<bool> {
        self.exists(
            "SELECT 1 FROM subadmins WHERE group_id = ?1 AND user_id = ?2",
            [group.as_str(), user.as_str()],
        )
    }

    fn manages(&self, subadmin: &UserId, user: &UserId) -> Result<bool> {
        self.exists(
            "SELECT 1 FROM subadmins s JOIN group_members m ON m.group_id = s.group_id
             WHERE s.user_id = ?1 AND m.user_id = ?2 LIMIT 1",
            [subadmin.as_str(), user.as_str()],
        )
    }
}

impl GroupWriter for Session<'_> {
    fn insert_group(&mut self, group: &GroupId) -> Result<()> {
        let added = self.change(
            "INSERT INTO groups (id, id_folded) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![group.as_str(), fold(group.as_str())],
        )?;
        if added == 0 { Err(Error::GroupExists) } else { Ok(()) }
    }

    fn delete_group(&mut self, group: &GroupId) -> Result<()> {
        self.change("DELETE FROM groups WHERE id = ?1", [group.as_str()])?;
        Ok(())
    }

    fn add_to_group(&mut self, group: &GroupId, user: &UserId) -> Result<()> {
        self.change(
            "INSERT INTO group_members (group_id, user_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            [group.as_str(), user.as_str()],
        )?;
        Ok(())
    }

    fn remove_from_group(&mut self, group: &GroupId, user: &UserId) -> Result<()> {
        self.change(
            "DELETE FROM group_members WHERE group_id = ?1 AND user_id = ?2",
            [group.as_str(), user.as_str()],
        )?;
        Ok(())
    }

    fn add_subadmin(&mut self, group: &GroupId, user: &UserId) -> Result<()> {
        self.change(
            "INSERT INTO subadmins (group_id, user_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            [group.as_str(), user.as_str()],
        )?;
        Ok(())
    }

    fn remove_subadmin(&mut self, group: &GroupId, user: &UserId) -> Result<()> {
        self.change(
            "DELETE FROM subadmins WHERE group_id = ?1 AND user_id = ?2",
            [group.as_str(), user.as_str()],
        )?;
        Ok(())
    }
}

fn group_id(row: &Row<'_>) -> rusqlite::Result<GroupId> {
    Ok(GroupId::stored(row.get(0)?))
}
